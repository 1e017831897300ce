// @ts-check
// The menu "Layers": what else the map shows besides the points.

import { Menu, item } from "./menu.js"
import { DENSITY_RGB, Fields, TRUST_RGB, densityOf } from "./fields.js"
import { TRUST_TITLE, count } from "../shared/zscope.js"

/** @param {number[]} colour @param {number} alpha */
const clear = ([r, g, b], alpha) => `rgb(${r} ${g} ${b} / 0), rgb(${r} ${g} ${b} / ${alpha})`

export class Layers {
  on = { trust: false, density: false }
  field // the picture of trust, once it was fetched

  // parts: {plot, geometry, link, legend, thumbnails, manifold, note}; view(): {title, trust}: whether the view has a trust of its places
  constructor(bar, parts) {
    this.plot = parts.plot
    this.geometry = parts.geometry
    this.link = parts.link
    this.legend = parts.legend
    this.thumbnails = parts.thumbnails
    this.manifold = parts.manifold
    this.note = parts.note
    this.view = parts.view
    this.fields = new Fields(this.plot)
    this.menu = new Menu(bar, { name: "Layers", title: "What else the map shows", fill: (panel) => this.fill(panel) })
  }

  fill(panel) {
    const flip = (act) => () => { act(); this.menu.refill() }
    const { trust, title } = this.view()
    item(panel, { text: "Trust", note: "near or far: a picture decoded there, encoded again", help: TRUST_TITLE, absent: trust ? "" : `not known beforehand on ${title}`, checked: this.on.trust && trust, radio: false, act: flip(() => this.toggle("trust")) })
    item(panel, { text: "Density", note: "where the samples are many", checked: this.on.density, radio: false, act: flip(() => this.toggle("density")) })
    item(panel, { text: "Manifold", note: "decoded pictures all over the view", checked: this.manifold.on, radio: false, act: flip(() => this.manifold.toggle(!this.manifold.on)) })
    item(panel, { text: "Pictures", note: "real samples as pictures, zoomed in", checked: this.thumbnails.on, radio: false, act: flip(() => { this.thumbnails.on = !this.thumbnails.on; this.thumbnails.view = null; this.plot.refresh() }) })
  }

  toggle(name) {
    this.on[name] = !this.on[name]
    return this.redo()
  }

  // another view, or other rows shown
  async redo() {
    const { on, plot, legend } = this, { trust } = this.view(), scales = []
    if (on.trust && trust) {
      try {
        this.fields.set("trust", { image: (this.field ??= await this.fetch()), box: this.geometry.trust_box })
        scales.push({ lead: "A picture decoded here, encoded again, lands", low: "far off", high: "near", title: TRUST_TITLE, colours: clear(TRUST_RGB, 0.53) })
      } catch (error) {
        this.note(`Trust: ${error.message}`)
      }
    } else this.fields.set("trust", null)
    const density = on.density ? densityOf(plot.xy, plot.near.box, plot.near.hidden) : null
    this.fields.set("density", density)
    if (density) {
      const most = density.most >= 10 ? count(Math.round(density.most)) : density.most.toFixed(1)
      scales.push({ low: "0", high: `${most} samples`, title: "Samples in a square of 1 % of the map's width", colours: clear(DENSITY_RGB, 0.59) })
    }
    legend.overlays(scales)
  }

  async fetch() {
    const { model, base } = this.link, answer = await fetch(`${base}/asset/${encodeURIComponent(model)}/trust.png`)
    if (!answer.ok) throw new Error(await answer.text())
    return createImageBitmap(await answer.blob())
  }
}
