// @ts-check
// The slider of the held sample: how much of its residual, what the map cannot say of it, places of the map are decoded with.

import { write } from "../shared/elements.js"
import { term } from "../shared/terms.js"
import { _, percent } from "../shared/text.js"

const TITLE = _("What a place of the map is decoded with besides the map's own latent: the residual, by which the held sample differs from the latent that the map has at its place. At the left the map alone, at the right all of it.")

export class Residual {
  // drag(share): it moves; tell(share): it was released
  constructor({ drag, tell }) {
    this.root = Object.assign(document.createElement("div"), { className: "zm-residual" })
    this.root.innerHTML = `<span>${term("residual", _("Residual"), TITLE)}</span><small>${_("the map's own")}</small><input type="range" min="0" max="1" step="0.01"><small>${_("the held sample's")}</small><output></output>`
    this.input = this.root.querySelector("input")
    this.input.value = "1"
    this.input.setAttribute("aria-label", _("Share of the held sample's residual"))
    this.input.oninput = () => { this.figure(); drag(Number(this.input.value)) }
    this.input.onchange = () => tell(Number(this.input.value))
    this.figure()
  }

  // the share as Python has it, unless the slider is being dragged
  update(share) {
    if (this.input.matches(":active")) return
    this.input.value = String(share)
    this.figure()
  }

  figure() {
    const said = percent(Number(this.input.value))
    write(this.root.querySelector("output"), said)
    this.input.setAttribute("aria-valuetext", said)
  }
}
