// @ts-check
// Where the pointer, a finger or the arrow keys are: asked for live, marked on the map, kept by a tap, Enter, or a finger let go.

import { arrowed } from "./arrows.js"
import { prefer, preferred } from "../shared/preference.js"
import { Voice, spoken } from "../shared/spoken.js"
import { KIND, on } from "../shared/zscope.js"
import { _ } from "../shared/text.js"

const HELD = "menu" // whether this browser was told how a finger opens the menu
const SNAP_PX = 3
const PICK_PX = 14 // a sample this near is ringed at once
const GAP_MS = 8 // least time between early requests; the newest position always follows at the frame
const LATE_MS = 40 // what is drawn at the pointer waits this long for the picture, so that one screen refresh shows both

export class Pointer {
  cursor = null
  drawing = null // the stroke that the keys draw
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
    root.onpointerleave = ({ pointerType }) => { if (pointerType !== "touch") this.left() } // a finger leaves with every tap
    root.onblur = () => { if (this.keyed) this.left() }
    root.onkeydown = (event) => this.key(event)
    this.voice = new Voice(root.querySelector(".zm-words"))
    this.off = on("frame", (frame) => {
      if (!this.cursor || frame.source !== "map") return
      this.frame = frame
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
    if (this.keyed) this.voice.later(() => this.words())
  }

  // what lies at a pixel, asked for unless it was the last thing asked
  aim(px, py, t0) {
    const same = this.aimed?.[0] === px && this.aimed[1] === py && this.view === this.plot.view
    this.aimed = [px, py]
    const [x, y] = this.plot.toData(px, py), { index, distance } = this.plot.near.nearest(x, y)
    const px_away = distance / this.plot.unitsPerPx
    this.hit = { index: px_away <= PICK_PX ? index : -1, distance }
    this.nearest = { row: index, near: px_away <= SNAP_PX ? "on" : px_away <= PICK_PX ? "near" : "far" }
    const on = index >= 0 && px_away <= SNAP_PX, { xy } = this.plot
    this.target = on && this.map.hold?.point ? this.map.views.ask(xy[2 * index], xy[2 * index + 1]) : on ? [KIND.row, [index]] : this.map.views.ask(x, y)
    if (same) return
    this.frame = null // until this place is decoded
    this.view = this.plot.view
    this.asked = t0
    this.map.client.request(...this.target, { t0, source: "map" })
  }

  left() {
    if (!this.cursor) return this.map.overlay.card.hide()
    this.hide()
    this.map.left()
  }

  hide() {
    this.drop()
    Object.assign(this, { cursor: null, aimed: null, keyed: false, touch: false })
    this.voice.stop()
    this.map.overlay.hideCursor()
  }

  // a finger does not hover: its tap brings the card of the sample there too
  async tap(event) {
    const at = this.map.gestures.at(event)
    this.aim(...at, event.timeStamp) // a tap comes without a move before it
    const committed = this.map.commit(...this.target)
    if (event.pointerType !== "touch") return
    this.map.overlay.card.point(...at, this.hit, this.target[0] === KIND.row, this.map.sheet, true)
    if (preferred(HELD, false)) return
    prefer(HELD, true)
    await committed
    this.map.note(_("Hold a finger still to open a menu"))
  }

  key(event) {
    if (event.target !== this.root) return
    if (event.ctrlKey || event.metaKey || event.altKey && event.key !== "Enter") return
    const arrow = arrowed(event)
    if (arrow) {
      const [width, height] = this.plot.size()
      const at = this.cursor ?? this.map.home()
      const [px, py] = [at[0] + arrow[0], at[1] + arrow[1]]
      const [x, y] = [Math.min(width, Math.max(0, px)), Math.min(height, Math.max(0, py))]
      this.keyed = true
      if (!this.drawing && (x !== px || y !== py)) this.plot.pan(x - px, y - py) // beyond the edge the map moves
      this.look(x, y, event.timeStamp)
      this.drawing?.move(x, y)
    } else if (event.key === "Enter" && this.map.lasso.kind) this.draw(event)
    else if (event.key === "Enter" && this.cursor) this.map.commit(...this.target)
    else if (event.key === "ContextMenu" || event.key.toLowerCase() === "m") this.map.placeMenu.open(...(this.cursor ?? this.map.home()), true)
    else if (event.key.toLowerCase() === "h" && this.map.hold) this.map.hold.here(this.cursor ? this.hit : null, this.target)
    else if (event.key === "Escape") this.map.escape()
    else if (event.key === "+" || event.key === "=") this.plot.zoom(0.7)
    else if (event.key === "-") this.plot.zoom(1 / 0.7)
    else if (event.key === "0") this.plot.reset()
    else return
    event.preventDefault()
  }

  // with Lasso or Box, Enter begins a stroke and ends it
  draw(event) {
    this.keyed = true
    if (!this.cursor) this.look(...this.map.home(), event.timeStamp)
    if (!this.drawing) { this.drawing = this.map.lasso.stroke(...this.cursor); return }
    this.drawing.end(...this.cursor, event)
    this.drawing = null
  }

  // whether there was a stroke to drop
  drop() {
    const { drawing } = this
    drawing?.cancel()
    this.drawing = null
    return Boolean(drawing)
  }

  // ---------------------------------------------------------------- for those who hear the map

  words() { return spoken(this.map.geometry, { at: this.plot.toData(...this.cursor), ...this.nearest, frame: this.frame }) }

  taken() { this.voice.now(_("Selected. {words}", { words: this.words() })) }

  remove() {
    clearTimeout(this.late)
    this.voice.stop()
    this.off()
  }
}
