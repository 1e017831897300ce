// @ts-check
// The Frames of one key in the browser: an index, looked at again while something is to come, and the bytes of each frame once.
// Sources: app/live/theatre.py. Between two frames the map's points are of a place between them, figures of the epochs there.

import { unpacked } from "../shared/frame_codec.js"
import { extent } from "../latent_map/near.js"
import { fetched } from "../shared/server.js"
import { _ } from "../shared/text.js"

const LOOK_MS = 1200, PATIENT_MS = 5000

export class Reel {
  index = null
  frames = []
  gone = false
  trouble = ""

  // changed(): something is there that was not
  constructor(key, changed) {
    this.key = key
    this.changed = changed
  }

  get count() { return this.index?.values?.length ?? 0 }
  get ready() { return this.count > 0 && Boolean(this.fixed) }
  get going() { return this.index?.empty ? this.index.active : this.index?.until !== null }

  async look() {
    if (this.gone) return
    clearTimeout(this.timer)
    try { await this.read(); this.trouble = this.index.trouble ?? "" } catch (error) { this.trouble = error.message }
    if (this.gone) return
    this.changed(this)
    const coming = !this.index || this.going || (this.index.laid ?? 0) < this.count
    if (coming) this.timer = setTimeout(() => this.look(), this.trouble ? PATIENT_MS : LOOK_MS)
  }

  async read() {
    const index = await (await this.fetch("index.json")).json()
    if (!index.empty) {
      if (!this.fixed) this.fixed = unpacked(await (await this.fetch("fixed.bin")).arrayBuffer()).arrays
      this.index = index
      const wanted = index.tags.map((_each, i) => i).filter((i) => this.frames[i]?.tag !== index.tags[i])
      for (const i of wanted.reverse()) { // the newest is the one that is looked at
        const { arrays } = unpacked(await (await this.fetch(`${i}.bin`)).arrayBuffer())
        if (this.gone) return
        this.frames[i] = { tag: index.tags[i], box: arrays.xy && extent(arrays.xy), ...arrays }
        this.changed(this)
      }
    }
    this.index = index
  }

  fetch(part) { return fetched("frames", ...this.key.split("/"), part) }

  // {i, j, t}: the frames beside place f, and how far it is from the first to the second
  beside(f) {
    const i = Math.max(0, Math.min(this.count - 1, Math.floor(f))), j = Math.min(this.count - 1, i + 1)
    return { i, j, t: j > i ? Math.min(1, Math.max(0, f - i)) : 0 }
  }

  nearest(f) { const { i, j, t } = this.beside(f); return t < 0.5 ? i : j }

  // the axis as it is drawn: epochs to scale, other values a step each
  x(i) { return this.index.axis === "epoch" ? this.index.values[i] : i }
  xAt(f) { const { i, j, t } = this.beside(f); return this.x(i) + t * (this.x(j) - this.x(i)) }
  get xs() { return this.index.values.map((_each, i) => this.x(i)) }

  // the place whose x that is, within what is there
  placeOf(x) {
    const xs = this.xs, j = xs.findIndex((v) => v >= x)
    if (j < 0) return xs.length - 1
    return j === 0 ? 0 : j - 1 + (x - xs[j - 1]) / (xs[j] - xs[j - 1])
  }

  // a figure at place f, of the records beside it; null where one of them has none
  figure(name, f) {
    const { records } = this, x = this.xAt(f), after = records.findIndex((record) => record.x > x)
    const to = records[after] ?? records.at(-1), from = records[Math.max(0, (after < 0 ? records.length : after) - 1)]
    const share = to === from ? 0 : (x - from.x) / (to.x - from.x), [a, b] = [from[name], share ? to[name] : from[name]]
    return a === undefined || b === undefined ? null : a + share * (b - a)
  }

  has(name) { return this.records.some((record) => record[name] !== undefined) }

  // of every frame, and of every epoch that is known, in order: {x, figures}
  get records() {
    const { index } = this, { history, figures, axis } = index
    if (this.known?.index === index) return this.known.records
    const every = axis === "epoch" ? history.map((record) => ({ x: record.epoch, ...record })) : []
    const told = new Set(every.map(({ x }) => x)), frames = figures.map((figure, i) => ({ x: this.x(i), ...figure }))
    const records = [...every, ...frames.filter(({ x }) => !told.has(x))].sort((a, b) => a.x - b.x)
    this.known = { index, records }
    return records
  }

  named(i) { return `${this.index.axis} ${this.index.values[i]}` }

  // what place f is called: an epoch between two frames has its own number
  placeNamed(f) { return this.index.axis === "epoch" ? _("epoch {f}", { f: Math.round(this.xAt(f)) }) : this.named(this.nearest(f)) }

  remove() { this.gone = true; clearTimeout(this.timer) }
}
