// @ts-check
// A - B + C: three places that take the point under study, the decoded sum, and the real sample nearest to it.

import { LivePart, mounting } from "../shared/part.js"
import { KIND, emit, fit, paint, sampleName } from "../shared/zscope.js"
import { _, number } from "../shared/text.js"

const PLACES = ["A", "B", "C"], SIGNS = ["", "−", "+"]

class Arithmetic extends LivePart {
  static className = "zscope-sum zscope-part"
  static testid = "zscope-sum"

  taken = {} // place -> z

  async build() {
    this.sheet = await this.loadSheet()
    const parts = PLACES.flatMap((place, i) => [this.text(SIGNS[i]), this.place(place)])
    this.sum = this.tile(_("the sum"), _("Go to the sum"), () => this.z && emit("goto", { z: Array.from(this.z) }))
    this.real = this.tile(_("nearest sample"), _("Go to the real sample nearest to it"), () => this.row !== undefined && emit("goto", { row: this.row }))
    this.root.replaceChildren(...parts.slice(1), this.text("="), this.sum, this.text("≈"), this.real)
  }

  // another label decodes the sum into another picture
  show() {
    const { label } = this.component.data
    if (label === this.label) return
    this.label = label
    this.reckon()
  }

  text(words) { return Object.assign(document.createElement("span"), { textContent: words, className: "zu-sign" }) }

  tile(words, title, act) {
    const button = document.createElement("button"), canvas = document.createElement("canvas")
    canvas.width = 112
    Object.assign(button, { type: "button", title, onclick: act })
    button.append(fit(canvas, this.geometry.shape), Object.assign(document.createElement("small"), { textContent: words }))
    return button
  }

  place(name) {
    const button = this.tile(_("set {name}", { name }), _("Use the current point as {name}", { name }), () => this.take(name, button))
    button.dataset.place = name
    return button
  }

  async take(place, button) {
    const { committed, name } = this.component.data
    this.taken[place] = Float32Array.from(committed.z)
    button.lastChild.textContent = `${place}: ${name}`
    button.lastChild.title = name
    await this.picture(button, committed.row === null ? [KIND.latent, committed.z] : [KIND.row, [committed.row]])
    await this.reckon()
  }

  async picture(button, [kind, payload]) {
    try {
      const frame = await this.client.ask(kind, payload)
      paint(button.firstChild, frame.pixels, this.geometry.shape)
    } catch (error) {
      button.lastChild.textContent = error.message
    }
  }

  async reckon() {
    const { A, B, C } = this.taken
    if (!A || !B || !C) return
    const z = (this.z = A.map((v, i) => v - B[i] + C[i]))
    await this.picture(this.sum, [KIND.latent, z])
    try {
      const { arrays } = await this.client.ask("nearest", z)
      this.row = arrays.rows[0]
      this.sheet.draw(this.real.querySelector("canvas").getContext("2d"), this.row, 0, 0, 112)
      this.real.lastChild.textContent = _("{name} #{number}, {distance} away", { name: sampleName(this.geometry, this.row), number: this.geometry.index[this.row], distance: number(arrays.distances[0], 2) })
      this.root.dataset.row = this.row
    } catch (error) {
      this.real.lastChild.textContent = error.message
    }
  }
}

const { render, unmount } = mounting(Arithmetic)
export { render as default, unmount }
