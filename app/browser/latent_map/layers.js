// @ts-check
// The menu "Layers": what else the map shows besides the points.

import { fetched } from "../shared/server.js"
import { Menu, item } from "./menu.js"
import { DENSITY_RGB, Fields, TRUST_RGB, densityOf } from "./fields.js"
import { _, number } from "../shared/text.js"
import { TRUST_TITLE } from "../shared/zscope.js"

/** @param {number[]} colour @param {number} alpha */
const clear = ([r, g, b], alpha) => `rgb(${r} ${g} ${b} / 0), rgb(${r} ${g} ${b} / ${alpha})`

export class Layers {
  on = { trust: false, density: false }
  field // the picture of trust, once it was fetched

  // parts: {plot, geometry, link, legend, names, looks, thumbnails, manifold, note}; view(): {title, trust}: whether the view has a trust of its places
  constructor(bar, parts) {
    this.plot = parts.plot
    this.geometry = parts.geometry
    this.link = parts.link
    this.legend = parts.legend
    this.names = parts.names
    this.looks = parts.looks
    this.thumbnails = parts.thumbnails
    this.manifold = parts.manifold
    this.decisions = parts.decisions
    this.note = parts.note
    this.view = parts.view
    this.fields = new Fields(this.plot)
    this.menu = new Menu(bar, { name: _("Layers"), title: _("Choose what the map shows besides the points"), fill: (panel) => this.fill(panel) })
  }

  fill(panel) {
    const flip = (act) => () => { act(); this.menu.refill() }
    const { trust, title } = this.view(), absent = this.geometry.labelled ? "" : _("the data set has no labels")
    item(panel, { text: _("Class names"), note: _("each on its cluster"), absent, checked: this.names.on && !absent, radio: false, act: flip(() => this.names.toggle()) })
    item(panel, { text: _("Shapes"), note: _("a shape for each class, besides its colour"), absent, checked: this.looks.on && !absent, radio: false, act: flip(() => this.looks.toggle()) })
    item(panel, { text: _("Trust"), note: _("does a decoded picture, encoded again, come back?"), help: TRUST_TITLE, absent: this.untrusted ? _("follows with UMAP") : trust ? "" : _("not available on {title}", { title }), checked: this.on.trust && trust && !this.untrusted, radio: false, act: flip(() => this.toggle("trust")) })
    item(panel, { text: _("Density"), note: _("where samples are dense"), checked: this.on.density, radio: false, act: flip(() => this.toggle("density")) })
    item(panel, { text: _("Manifold"), note: _("decoded pictures on a grid"), checked: this.manifold.on, radio: false, act: flip(() => this.manifold.toggle(!this.manifold.on)) })
    if (this.decisions) item(panel, { text: _("Decisions"), note: _("what a classifier says of them"), absent: this.decisions.told ? "" : _("choose a classifier in the tool Decisions"), checked: this.decisions.on, radio: false, act: flip(() => this.decisions.toggle()) })
    item(panel, { text: _("Pictures"), note: _("real samples as pictures when zoomed in"), checked: this.thumbnails.on, radio: false, act: flip(() => { this.thumbnails.on = !this.thumbnails.on; this.thumbnails.view = null; this.plot.refresh() }) })
  }

  // a first map, by principal axes
  get untrusted() { return Boolean(this.geometry.first) }

  toggle(name) {
    this.on[name] = !this.on[name]
    return this.redo()
  }

  // that layer below the points and no other; "": none
  only(name) {
    for (const one of Object.keys(this.on)) this.on[one] = one === name
    this.manifold.toggle(name === "manifold")
    return this.redo()
  }

  // another view, or other rows shown
  async redo() {
    const { on, plot, legend } = this, { trust } = this.view(), scales = []
    if (on.trust && trust && !this.untrusted) {
      try {
        this.fields.set("trust", { image: (this.field ??= await this.fetch()), box: this.geometry.trust_box })
        scales.push({ lead: _("A picture decoded here and encoded again comes back"), low: _("far away"), high: _("near"), title: TRUST_TITLE, colours: clear(TRUST_RGB, 0.53), term: "trust" })
      } catch (error) {
        this.note(_("Trust: {message}", { message: error.message }))
      }
    } else this.fields.set("trust", null)
    const density = on.density ? densityOf(plot.xy, plot.near.box, plot.near.hidden) : null
    this.fields.set("density", density)
    if (density) {
      const most = density.most >= 10 ? number(Math.round(density.most)) : density.most.toFixed(1)
      scales.push({ lead: _("Density"), low: "0", high: _("{most} samples", { most }), title: _("Number of samples in a square of 1% of the map's width. The latent density, among the colours, is that of the latent space."), colours: clear(DENSITY_RGB, 0.59), term: "density" })
    }
    if (this.decisions?.on) scales.push(this.decisions.scale())
    legend.overlays(scales)
  }

  async fetch() {
    const answer = await fetched("asset", this.link.model, "trust.png")
    return createImageBitmap(await answer.blob())
  }
}
