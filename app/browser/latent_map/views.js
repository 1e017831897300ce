// @ts-check
// The menu "Map": the same latents laid out in another way. The points move there; the latent under study stays what it is.

import { KIND } from "../shared/zscope.js"
import { Menu, heading, item } from "./menu.js"
import { headed } from "../shared/frame_codec.js"
import { fetched } from "../shared/server.js"
import { Refit } from "./refit.js"
import { _ } from "../shared/text.js"

const KEY_BYTES = 32
const FIRST = "umap"

// what the server reads: the view's name in 32 bytes, then numbers as float32
export function payload(key, numbers) {
  const bytes = new Uint8Array(KEY_BYTES + 4 * numbers.length)
  bytes.set(new TextEncoder().encode(key).subarray(0, KEY_BYTES))
  new DataView(bytes.buffer)
  bytes.set(new Uint8Array(new Float32Array(numbers).buffer), KEY_BYTES)
  return bytes
}

export class Views {
  key = FIRST

  // beyond(): what a place leaves open: the latent under study, or a held one and the share of its residual; onChange(): the points are on their way to other places
  constructor(bar, { plot, geometry, link, client, note, beyond, onChange }) {
    this.plot = plot
    this.geometry = geometry
    this.link = link
    this.client = client
    this.note = note
    this.beyond = beyond
    this.onChange = onChange
    this.kept = new Map([[FIRST, { key: FIRST, title: geometry.first ? _("First map") : "UMAP", trust: true, axes: null, xy: geometry.xy }]])
    if (!bar) return
    this.menu = new Menu(bar, { name: _("Map"), title: _("Choose the layout of the map"), fill: (panel) => this.fill(panel) })
    this.menu.says(this.view.title)
    this.refit = new Refit({ client, onReady: (key) => this.choose(key).then(() => this.menu.panel.hidden || this.menu.refill()) })
  }

  get view() { return this.kept.get(this.key) }
  get plain() { return this.key === FIRST }

  fill(panel) {
    const { d, spread = [] } = this.geometry, [i, j] = this.pair(), choose = (key) => () => { this.menu.close(); this.choose(key) }
    item(panel, { text: this.kept.get(FIRST).title, note: this.geometry.first ? _("until UMAP is fitted") : _("keeps neighbours together"), checked: this.plain, act: choose(FIRST) })
    if (d > 1) {
      item(panel, { text: "PCA", note: _("the two directions of largest variance"), checked: this.key === "pca", act: choose("pca") })
      const raw = item(panel, { text: _("Two dimensions"), note: "", checked: this.key === `z${i},z${j}`, act: () => choose(`z${selects[0].value},z${selects[1].value}`)() })
      const selects = [i, j].map((at) => this.select(spread, at))
      const line = document.createElement("div")
      line.className = "zm-line"
      line.append(selects[0], " across, ", selects[1], " up")
      for (const select of selects) select.onchange = () => { if (selects[0].value !== selects[1].value) this.choose(`z${selects[0].value},z${selects[1].value}`) }
      raw.after(line)
    }
    const fitted = [...this.kept.values()].filter(({ key }) => key.startsWith("umap:"))
    for (const { key, title } of fitted) item(panel, { text: title, note: _("fitted in this session"), checked: this.key === key, act: choose(key) })
    heading(panel, _("Another UMAP"))
    this.refit.fill(panel)
  }

  pair() {
    const now = /^z(\d+),z(\d+)$/.exec(this.key)
    return now ? [Number(now[1]), Number(now[2])] : (this.geometry.spread ?? []).slice(0, 2).map(({ j }) => j)
  }

  select(spread, chosen) {
    const select = document.createElement("select")
    select.setAttribute("aria-label", _("Latent dimension"))
    for (const { j, std } of spread) select.append(new Option(_("z{j} (std {std})", { j, std: std.toFixed(2) }), j, false, j === chosen))
    return select
  }

  async fetch(key) {
    if (this.kept.has(key)) return this.kept.get(key)
    const answer = await fetched("asset", this.link.model, "view", key)
    const buffer = await answer.arrayBuffer(), { head, at } = headed(buffer)
    this.kept.set(key, { ...head, xy: new Float32Array(buffer, at, 2 * this.geometry.n) })
    return this.kept.get(key)
  }

  // whether it is shown now; still: no way there, as when a page opens
  async choose(key, { still = false } = {}) {
    if (key === this.key) return true
    this.wanted = key
    try {
      const view = await this.fetch(key)
      if (this.wanted !== key) return false
      this.key = key
      this.menu?.says(view.title)
      this.plot.move(view.xy, still)
      this.onChange()
      return true
    } catch (error) {
      this.note(_("The layout could not be changed: {message}", { message: error.message }))
      return false
    }
  }

  // ---------------------------------------------------------------- places and latents

  // the request for what lies at a place of the present view
  ask(x, y) {
    const beyond = this.beyond()
    return this.plain && beyond.length === this.geometry.d ? [KIND.map, [x, y]] : ["place", payload(this.key, [x, y, ...beyond])]
  }

  // x, y of a request for a place
  asked(bytes) { return new Float32Array(bytes.slice(KEY_BYTES, KEY_BYTES + 8).buffer) }

  // the place in the present view of {row, z, xy on the first map}; of a view fitted here it is asked for
  /** @param {{row?: number | null, z?: ArrayLike<number>, xy?: number[]}} point */
  async at({ row = null, z, xy }) {
    const view = /** @type {Record<string, any>} */ (this.view)
    if (row !== null) return [view.xy[2 * row], view.xy[2 * row + 1]]
    if (this.plain) return xy
    if (view.axes) return view.axes.map((axis) => axis.reduce((sum, a, k) => sum + a * (z[k] - view.centre[k]), 0))
    const answer = await this.client().latest("locate", "locate", payload(this.key, z))
    return answer && [...answer.arrays.xy]
  }
}
