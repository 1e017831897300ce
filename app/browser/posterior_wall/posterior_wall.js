// @ts-check
// A wall of decoded draws; the cloud they make is drawn by the map. Under the pointer, a draw shows its place there.

import { Part, mounting } from "../shared/part.js"
import { Roving } from "../shared/roving.js"
import { term } from "../shared/terms.js"
import { _, number, percent } from "../shared/text.js"
import { emit, geometry, on } from "../shared/zscope.js"

const WIDTH = _("Standard deviation of the posterior, averaged over the active dimensions, and the width of the cloud on the map. The cloud is drawn to scale: zoom in to see a small one. Each draw is placed by its own latent, so the cloud can lie slightly beside the sample's point.")
const MARKUP = `
<div class="zp-head">
  <div role="radiogroup" aria-label="${_("What to show")}">
    <button type="button" role="radio" data-show="draws">${_("Draws")}</button><button type="button" role="radio" data-show="mean">${_("Mean only")}</button>
  </div>
  <button type="button" data-do="resample">${_("Resample")}</button>
  <span class="zp-width">${term("posterior", _("Posterior width"), WIDTH)}: <span></span></span>
</div>
<div class="zp-body">
  <div class="zp-sums">
    <figure><img alt="${_("Picture of the posterior mean")}"><figcaption>${_("mean")}</figcaption></figure>
    <figure><img alt="${_("Standard deviation of the pictures")}"><figcaption></figcaption></figure>
  </div>
  <div class="zp-wall" role="group" aria-label="${_("Pictures of the draws")}"></div>
</div>
<p class="zp-said"></p>`
const SMALL = 0.01 // of the map: a cloud that is hardly a dot

class Wall extends Part {
  static className = "zscope-posterior zscope-part"
  static testid = "zscope-posterior"
  static markup = MARKUP

  shown = "draws" // or "mean"

  async start() {
    this.roving = new Roving(this.find("[role=radiogroup]"), "button")
    this.root.onclick = (event) => this.act(event.target.closest("button"))
    this.shape = (await geometry(this.component.data.link.model)).shape
    if (this.gone) return
    this.offs.push(on("cloud wanted", () => this.show(this.shown)))
    this.update(this.component)
  }

  update(component) {
    super.update(component)
    if (!this.shape) return
    const { said, width, extent, point, mean, spread, most, wall } = component.data
    this.root.classList.toggle("zp-point", point)
    this.find("[data-do=resample]").disabled = point
    this.find(".zp-said").textContent = said
    this.find(".zp-width span").textContent = point ? _("zero") : extent < SMALL ? _("std {std} × that of all latents; spans less than 1% of the map", { std: number(width, 2) }) : _("std {std} × that of all latents; spans {share} of the map", { std: number(width, 2), share: percent(extent) })
    const [first, second] = this.root.querySelectorAll("figure img")
    first.src = mean
    second.src = spread
    this.root.querySelectorAll("figcaption")[1].textContent = point ? _("no spread") : _("std (white: {most})", { most: number(most / 255, 2) })
    if (wall !== this.wall) this.build()
    this.show(this.shown)
  }

  build() {
    const { wall, n, columns, z, xy } = this.component.data, [h, w] = this.shape, lines = Math.ceil(n / columns)
    this.wall = wall
    const tiles = Array.from({ length: n }, (_each, i) => {
      const tile = document.createElement("button"), row = Math.floor(i / columns), column = i % columns
      tile.type = "button"
      tile.setAttribute("aria-label", _("Draw {i}: go there", { i: i + 1 }))
      tile.style.aspectRatio = `${w} / ${h}`
      tile.style.backgroundImage = `url(${wall})`
      tile.style.backgroundSize = `${100 * columns}% ${100 * lines}%`
      tile.style.backgroundPosition = `${columns > 1 ? (100 * column) / (columns - 1) : 0}% ${lines > 1 ? (100 * row) / (lines - 1) : 0}%`
      tile.onpointerenter = tile.onfocus = () => emit("position", { xy: xy[i], z: z[i] })
      tile.onpointerleave = tile.onblur = () => emit("position", null)
      tile.onclick = () => emit("goto", { z: z[i] })
      return tile
    })
    const box = this.find(".zp-wall")
    box.style.setProperty("--columns", columns)
    box.replaceChildren(...tiles)
  }

  act(button) {
    if (button?.dataset.do === "resample") this.component.setStateValue("seed", this.component.data.seed + 1)
    if (button?.dataset.show) this.show(button.dataset.show)
  }

  show(what) {
    this.shown = what
    for (const button of this.root.querySelectorAll("[data-show]")) button.setAttribute("aria-checked", String(button.dataset.show === what))
    this.roving.refresh()
    this.root.dataset.show = what
    emit("cloud", what === "draws" && !this.component.data.point ? { xy: this.component.data.xy } : null)
  }

  remove() {
    emit("cloud", null)
    emit("position", null)
    super.remove()
  }
}

const { render, unmount } = mounting(Wall)
export { render as default, unmount }
