// @ts-check
// The menu of a place on the map, for the right button, a finger that rests and the key M: select, pin, zoom there, one class alone.

import { heading, item, step } from "./menu.js"
import { emit } from "../shared/zscope.js"
import { _ } from "../shared/text.js"

const EDGE_PX = 8
const CLOSER = 0.4 // of what is in sight

export class PlaceMenu {
  // map: with pointer, plot, legend, geometry, commit(), taken(), name(), note()
  constructor(map) {
    this.map = map
    this.panel = Object.assign(document.createElement("div"), { className: "zm-menu zm-place", hidden: true })
    this.panel.setAttribute("role", "group")
    this.panel.setAttribute("aria-label", _("This place on the map"))
    this.panel.onkeydown = (event) => {
      event.stopPropagation()
      step(this.panel, event)
    }
    this.outside = (event) => {
      if (event.type === "keydown" ? event.key === "Escape" : !this.panel.contains(event.target)) this.close()
      if (this.keyed && (event.key === "Escape" || event.key === "Tab")) this.back(event)
    }
    map.root.append(this.panel)
  }

  // keyed: by a key, so that keys go on in it
  open(px, py, keyed = false) {
    const { map, panel } = this
    this.close()
    map.pointer.aim(px, py, performance.now())
    const { target, hit } = map.pointer
    panel.replaceChildren()
    this.fill(px, py, target, hit.index)
    panel.hidden = false
    const [width, height] = map.plot.size(), within = (v, size, most) => Math.max(EDGE_PX, Math.min(v, most - size - EDGE_PX))
    panel.style.left = `${within(px, panel.offsetWidth, width)}px`
    panel.style.top = `${within(py, panel.offsetHeight, height)}px`
    for (const name of ["pointerdown", "keydown"]) addEventListener(name, this.outside, true)
    this.keyed = keyed
    if (keyed) this.panel.querySelector("button").focus({ preventScroll: true })
  }

  // the focus goes back to the map
  back(event) {
    this.close()
    this.map.root.focus({ preventScroll: true })
    event.preventDefault()
  }

  fill(px, py, target, row) {
    const { map } = this, { plot, legend, geometry: { classes, labels, index } } = map
    const line = (text, act) => item(this.panel, { text, checked: undefined, act: () => { this.close(); if (this.keyed) map.root.focus({ preventScroll: true }); act() } })
    heading(this.panel, row < 0 ? _("No sample near") : `${map.name(row)} #${index[row]}`)
    if (map.component.data.mode === "explore") {
      line(_("Select this point"), () => map.commit(...target))
      line(_("Pin this point"), () => this.pin(target))
      line(row < 0 ? _("Hold this point") : _("Hold this sample"), () => map.hold.here({ index: row }, target))
    } else line(_("Add a waypoint here"), () => map.commit(...target))
    line(_("Zoom in here"), () => plot.show(plot.closer(px, py, CLOSER)))
    line(_("Show the whole map"), () => plot.reset())
    const name = row < 0 || classes.length < 2 ? undefined : classes[labels[row]]
    if (name !== undefined) line(_("Show only {name}", { name }), () => legend.only(labels[row]))
    if (legend.hidden.size) line(_("Show all classes"), () => legend.all())
  }

  async pin(target) {
    try {
      emit("pin", await this.map.taken(...target))
    } catch (error) {
      this.map.note(_("Could not select the point: {message}", { message: error.message }))
    }
  }

  close() {
    this.panel.hidden = true
    this.remove()
  }

  remove() { for (const name of ["pointerdown", "keydown"]) removeEventListener(name, this.outside, true) }
}
