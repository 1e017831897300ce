// @ts-check
// Where the pointer, a finger or the arrow keys are: asked for live, marked on the map, kept by a tap, Enter, or a finger let go.

import { arrowed } from "./arrows.js"
import { KIND, on } from "../shared/zscope.js"
import { _ } from "../shared/text.js"

const SNAP_PX = 3
const PICK_PX = 14 // a sample this near is ringed at once
const GAP_MS = 8 // least time between early requests; the newest position always follows at the frame
const LATE_MS = 40 // what is drawn at the pointer waits this long for the picture, so that one screen refresh shows both
const SAY_MS = 350 // of rest before a screen reader is told

export class Pointer {
  cursor = null
  keyed = false
  touch = false

  constructor(map) {
    this.map = map
    this.root = map.root
    this.plot = map.plot
    const { root } = this
    root.onpointermove = (event) => this.moved(event)
    // a request leaves as soon as the pointer moves; what is drawn at the pointer waits for the frame
    if ("onpointerrawupdate" in root) root.addEventListener("pointerrawupdate", (event) => this.early(event))
    root.onpointerleave = () => this.left()
    root.onblur = () => { if (this.keyed) this.left() }
    root.onkeydown = (event) => this.key(event)
    this.words = root.querySelector(".zm-words")
    this.off = on("frame", (frame) => {
      if (!this.cursor || frame.source !== "map") return
      this.trust = frame.trust
      this.decorate()
    })
  }

  passes(event) { return event.pointerType === "touch" || this.map.gestures.busy || event.buttons }

  moved(event) {
    if (this.passes(event)) return // panning: the point under the pointer stays
    if (!this.map.ours(event)) return this.cursor && this.left()
    this.keyed = false
    this.look(...this.map.gestures.at(event), event.timeStamp)
  }

  early(event) {
    if (event.timeStamp - (this.asked ?? 0) < GAP_MS || this.passes(event) || !this.map.ours(event)) return
    this.aim(...this.map.gestures.at(event), event.timeStamp)
  }

  // what a finger does that is drawn over the map: a mouse that moves, and where it is let go, a click
  finger() {
    return {
      move: (px, py, event) => { this.touch = true; this.look(px, py, event.timeStamp) },
      end: () => this.lifted(),
      cancel: () => this.left(),
    }
  }

  lifted() {
    const { target } = this
    if (this.map.component.data.mode !== "explore" || !this.cursor) return this.left() // there it would add a waypoint
    this.hide()
    this.map.commit(...target)
  }

  look(px, py, t0) {
    this.cursor = [px, py]
    this.aim(px, py, t0)
    if (!this.map.client.busy) this.decorate()
    else this.late ??= setTimeout(() => this.decorate(), LATE_MS)
  }

  // what is drawn at the pointer
  decorate() {
    clearTimeout(this.late)
    this.late = null
    if (this.cursor) this.map.overlay.moveCursor(...this.cursor, this.hit, this.target[0] === KIND.row, this.map.sheet, this)
    if (this.keyed) this.sayLater()
  }

  // what lies at a pixel, asked for unless it was the last thing asked
  aim(px, py, t0) {
    const same = this.aimed?.[0] === px && this.aimed[1] === py && this.view === this.plot.view
    this.aimed = [px, py]
    const [x, y] = this.plot.toData(px, py), { index, distance } = this.plot.near.nearest(x, y)
    const px_away = distance / this.plot.unitsPerPx
    this.hit = { index: px_away <= PICK_PX ? index : -1, distance }
    this.target = index >= 0 && px_away <= SNAP_PX ? [KIND.row, [index]] : this.map.views.ask(x, y)
    if (same) return
    this.view = this.plot.view
    this.asked = t0
    this.map.client.request(...this.target, { t0, source: "map" })
  }

  left() {
    if (!this.cursor) return
    this.hide()
    this.map.left()
  }

  hide() {
    Object.assign(this, { cursor: null, aimed: null, keyed: false, touch: false })
    clearTimeout(this.saying)
    this.map.overlay.hideCursor()
  }

  tap(event) {
    this.aim(...this.map.gestures.at(event), event.timeStamp) // a tap comes without a move before it
    this.map.commit(...this.target)
  }

  key(event) {
    if (event.target !== this.root) return
    const arrow = arrowed(event)
    if (arrow) {
      const [width, height] = this.plot.size()
      const at = this.cursor ?? this.map.home()
      const [px, py] = [at[0] + arrow[0], at[1] + arrow[1]]
      this.keyed = true
      this.look(Math.min(width, Math.max(0, px)), Math.min(height, Math.max(0, py)), event.timeStamp)
    } else if (event.key === "Enter" && this.cursor) this.map.commit(...this.target)
    else if (event.key === "Escape") this.map.escape()
    else if (event.key === "+" || event.key === "=") this.plot.zoom(0.7)
    else if (event.key === "-") this.plot.zoom(1 / 0.7)
    else if (event.key === "0") this.plot.reset()
    else return
    event.preventDefault()
  }

  // ---------------------------------------------------------------- for those who hear the map

  sayLater() {
    clearTimeout(this.saying)
    this.saying = setTimeout(() => this.say(), SAY_MS)
  }

  say(start = "") {
    const { index, distance } = this.hit, trust = this.trust === undefined ? "" : _(", trust {trust}", { trust: this.trust.toFixed(2) })
    const far = index >= 0 && distance / this.plot.unitsPerPx > SNAP_PX
    this.words.textContent = `${start}${index < 0 ? "No sample near" : `${far ? "Near " : ""}${this.map.name(index)}, number ${this.map.geometry.index[index]}`}${trust}`
  }

  remove() {
    clearTimeout(this.late)
    clearTimeout(this.saying)
    this.off()
  }
}
