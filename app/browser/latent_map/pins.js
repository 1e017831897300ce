// @ts-check
// The waypoints on the map, as buttons: dragged, moved by arrow keys, taken away by Delete. The ways through them are
// drawn as the film strips learn of them.
// bus: emits "waypoint" {at, row, xy} while one moves; hears "way" way.   trigger: waypoint {at, z, xy, row} or {at, remove: true}

import { arrowed } from "./arrows.js"
import { Voice, spoken } from "../shared/spoken.js"
import { KIND, emit, on } from "../shared/zscope.js"
import { _ } from "../shared/text.js"

const SNAP_PX = 6
const REST_MS = 450 // after the last arrow key

export class Pins {
  // view: the map, with client, component, overlay, plot, root and note()
  constructor(view) {
    this.view = view
    this.layer = document.createElement("div")
    this.layer.className = "zm-pins"
    view.root.append(this.layer)
    this.voice = new Voice(view.root.querySelector(".zm-words"))
    this.lines = new Map()
    this.off = on("way", (way) => this.drawn(way))
    emit("ways?")
  }

  update(waypoints, method) {
    this.method = method
    if (this.moving === undefined) this.view.overlay.waypoints = waypoints.map((waypoint) => ({ ...waypoint }))
    while (this.layer.children.length > waypoints.length) this.layer.lastChild.remove()
    while (this.layer.children.length < waypoints.length) this.layer.append(this.make(this.layer.children.length))
    waypoints.forEach(({ label, name }, i) => {
      const words = _("Waypoint {label}, {name}. Drag it, or move it with the arrow keys; Delete removes it.", { label, name })
      this.layer.children[i].setAttribute("aria-label", words)
      this.pins()[i].title = `${label}: ${name}`
    })
    this.order()
    this.place()
  }

  make(at) {
    const pin = document.createElement("button")
    pin.type = "button"
    pin.dataset.testid = `zscope-pin-${at}`
    pin.onpointerdown = (event) => {
      if (event.button !== 0) return
      event.stopPropagation() // the map does not pan
      pin.setPointerCapture(event.pointerId)
      const [x, y] = this.view.plot.toPixels(...this.at(at).xy)
      this.keyed = false
      this.grip = [event.clientX - x, event.clientY - y] // where on the pin it was taken
    }
    pin.onpointermove = (event) => {
      if (!this.grip || !pin.hasPointerCapture(event.pointerId)) return
      event.stopPropagation()
      this.move(at, event.clientX - this.grip[0], event.clientY - this.grip[1])
    }
    pin.onpointerup = pin.onpointercancel = () => { this.grip = null; this.drop(at) }
    pin.onclick = (event) => event.stopPropagation()
    pin.onkeydown = (event) => this.key(event, at)
    return pin
  }

  at(i) { return this.view.overlay.waypoints[i] }

  move(at, px, py) {
    const { plot, overlay } = this.view, { near } = plot, [width, height] = plot.size()
    const [x, y] = plot.toData(Math.min(width, Math.max(0, px)), Math.min(height, Math.max(0, py)))
    const { index, distance } = near.nearest(x, y)
    const row = index >= 0 && distance / plot.unitsPerPx <= SNAP_PX ? index : null
    this.moving = at
    this.target = { at, row, xy: [x, y] }
    this.nearest = index
    this.at(at).xy = [x, y]
    overlay.redraw()
    this.place()
    emit("waypoint", this.target)
  }

  async drop(at) {
    clearTimeout(this.resting)
    if (this.moving !== at) return
    const { row, xy } = this.target, { client, component } = this.view
    try {
      const frame = row === null ? await client.ask(KIND.map, xy) : await client.ask(KIND.row, [row])
      component.setTriggerValue("waypoint", { at, z: Array.from(frame.z), xy: frame.xy, row })
      this.view.note("")
      if (this.keyed) this.say(at, frame)
    } catch (error) {
      this.view.note(_("Could not move it: {message}", { message: error.message }))
    }
    if (this.moving === at) this.moving = undefined
  }

  key(event, at) {
    const arrow = arrowed(event)
    if (event.key === "Delete" || event.key === "Backspace") this.view.component.setTriggerValue("waypoint", { at, remove: true })
    else if (arrow) {
      const [x, y] = this.view.plot.toPixels(...this.at(at).xy)
      this.keyed = true
      this.move(at, x + arrow[0], y + arrow[1])
      clearTimeout(this.resting)
      this.resting = setTimeout(() => this.drop(at), REST_MS)
    } else return
    event.preventDefault()
    event.stopPropagation()
  }

  // where a waypoint is that the keys have moved
  say(at, frame) {
    const { row, xy } = this.target, words = spoken(this.view.geometry, { at: xy, row: this.nearest, near: row === null ? "near" : "on", frame })
    this.voice.now(_("Waypoint {label}. {words}", { label: this.at(at).label, words }))
  }

  drawn(way) {
    this.lines.set(way.method, way.line)
    this.order()
    this.view.overlay.redraw()
  }

  // the way that is walked first
  order() {
    const lines = [...this.lines].map(([name, xy]) => ({ name, xy }))
    this.view.overlay.paths = lines.sort((a, b) => Number(b.name === this.method) - Number(a.name === this.method))
  }

  pins() { return this.layer.querySelectorAll(":scope > *") }

  place() {
    this.pins().forEach((pin, i) => {
      const [px, py] = this.view.plot.toPixels(...this.at(i).xy)
      pin.style.transform = `translate(${px.toFixed(1)}px, ${py.toFixed(1)}px)`
    })
  }

  remove() {
    clearTimeout(this.resting)
    this.off()
    this.layer.remove()
  }
}
