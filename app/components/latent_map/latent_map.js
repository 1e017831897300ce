// The map: where the pointer is becomes a request to the live channel; a click, or Enter, commits the point to Python.

import { KIND, TRUST_TITLE, connect, emit, geometry, mounting, on, palette, spriteSheet, theme } from "./zscope.js"
import { Legend } from "./legend.js"
import { Near } from "./near.js"
import { Overlay } from "./overlay.js"
import { Plot, plotly, webgl } from "./plot.js"

const SNAP_PX = 3
const CLICK_PX = 4 // further than this between press and release is a drag
const GAP_MS = 8 // least time between early requests; the newest position always follows at the frame
const LATE_MS = 40 // what is drawn at the pointer waits this long for the picture, so that one screen refresh shows both
const STEP_PX = 6, LEAP_PX = 36
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }

const MARKUP = `
<div class="zm-plot"></div>
<div class="zm-tools" role="toolbar" aria-label="Map">
  <button type="button" data-do="trust" aria-pressed="false" title="Green where a decoded point comes back to where it was asked for">Trust overlay</button>
  <button type="button" data-do="in" aria-label="Zoom in">+</button>
  <button type="button" data-do="out" aria-label="Zoom out">−</button>
  <button type="button" data-do="reset">⌂ Reset</button>
  <span class="zm-scale" title="${TRUST_TITLE}" hidden>does not come back <i></i> comes back</span>
</div>
<div class="zm-note" role="status"></div>`

class MapView {
  constructor(component) {
    this.component = component
    this.model = component.data.link.model
    this.root = document.createElement("div")
    this.root.className = "zscope-map"
    this.root.dataset.testid = "zscope-map"
    this.root.dataset.mode = component.data.mode
    this.root.style.setProperty("--height", `${component.data.height}px`)
    this.root.tabIndex = 0
    this.root.setAttribute("role", "application")
    this.root.innerHTML = MARKUP
    component.parentElement.append(this.root)
    this.offs = []
    this.cursor = null // [px, py] while the pointer or the arrow keys are on the map
    this.n = 0
  }

  note(text) { this.root.querySelector(".zm-note").textContent = text }

  async start() {
    const { model, token, base, plotly: address } = this.component.data.link
    this.client = connect(model, token, base)
    this.note("Opening the map …")
    const [Plotly, shape] = await Promise.all([plotly(address), geometry(model, base)])
    if (this.gone) return
    this.geometry = shape
    const keys = "Arrow keys move the cursor, with shift further; Enter takes the point; Escape goes back to the last one."
    this.root.setAttribute("aria-label", `Map of ${shape.n} samples. ${keys}`)
    this.near = new Near(shape.xy)
    this.plot = new Plot(this.root.firstElementChild, Plotly, shape, this.near)
    this.legend = new Legend(this.root, shape, (hidden) => this.filter(hidden))
    this.themeNow()
    const gl = webgl()
    await this.plot.draw(this.theme, this.colours, gl ? "scattergl" : "scatter")
    if (this.gone) return this.plot.remove()
    this.note(gl ? "" : "This browser has no WebGL: the map is drawn without it, and pans more slowly.")
    this.overlay = new Overlay(this.root, this.plot, shape, this.near)
    this.plot.onView = () => this.viewed()
    this.viewed()
    this.legend.dock(this.plot)
    spriteSheet(model, base).then((sheet) => { this.sheet = sheet }, (error) => this.note(`No thumbnails: ${error.message}`))
    this.listen()
    this.update(this.component)
    this.root.dataset.ready = "true"
  }

  listen() {
    const { root } = this
    // a request leaves as soon as the pointer moves; what is drawn at the pointer waits for the frame
    this.raw = "onpointerrawupdate" in root
    root.onpointermove = (event) => this.moved(event)
    if (this.raw) root.addEventListener("pointerrawupdate", (event) => this.early(event))
    root.onpointerleave = () => this.left()
    root.onpointerdown = (event) => {
      this.pressed = this.tool(event) ? null : [event.clientX, event.clientY]
      if (this.pressed) root.focus({ preventScroll: true }) // so that arrow keys go on from a click
    }
    const up = (event) => this.released(event)
    addEventListener("pointerup", up, true)
    root.onkeydown = (event) => this.key(event)
    root.onblur = () => { if (this.keyed) this.left() }
    root.querySelector(".zm-tools").onclick = (event) => this.tools(event.target.closest("button"))
    const watch = new ResizeObserver(() => { this.box = null; this.plot.resize() })
    watch.observe(root)
    const scrolled = () => { this.box = null }
    addEventListener("scroll", scrolled, { capture: true, passive: true })
    root.onpointerenter = scrolled
    this.offs.push(
      () => removeEventListener("pointerup", up, true), () => watch.disconnect(),
      () => removeEventListener("scroll", scrolled, true),
      on("goto", (to) => this.goto(to)), on("position", (xy) => this.overlay.setLive(xy)),
      on("frame", (frame) => {
        this.overlay.setLive(frame.source === "slider" ? frame.xy : null)
        if (this.cursor && frame.source === "map") this.decorate()
      }),
    )
  }

  themeNow() {
    this.theme = theme(this.root)
    this.colours = palette(this.theme.dark)
    this.legend.paint(this.colours)
    this.root.dataset.dark = this.theme.dark
    this.signature = JSON.stringify(this.theme)
  }

  update(component) {
    this.component = component
    const { data } = component
    this.client = connect(this.model, data.link.token, data.link.base)
    if (!this.overlay) return
    if (JSON.stringify(theme(this.root)) !== this.signature) {
      this.themeNow()
      this.plot.restyle(this.theme, this.colours)
    }
    this.overlay.waypoints = data.waypoints
    this.overlay.paths = data.paths
    const told = JSON.stringify([data.committed?.row ?? null, data.committed?.z ?? null])
    if (told !== this.told) {
      this.told = told
      this.n = Math.max(this.n, data.committed?.n ?? 0)
      this.overlay.committed = data.committed
      if (!this.cursor) this.restore()
    }
    this.overlay.redraw()
  }

  viewed() {
    this.overlay?.redraw()
    this.legend.update(this.plot.view, !this.plot.zoomed)
  }

  filter(hidden) {
    const { labels, n } = this.geometry
    this.near.hidden = hidden.size ? Uint8Array.from({ length: n }, (_, i) => hidden.has(labels[i])) : null
    this.plot.filter()
    this.legend.update(this.plot.view, !this.plot.zoomed)
  }

  // ---------------------------------------------------------------- the pointer and the keys

  tool(event) { return event.target.closest?.(".zm-tools, .zm-legend") }

  moved(event) {
    if (event.buttons && this.pressed && this.far(event)) return // panning: the point under the pointer stays
    if (this.tool(event)) return this.cursor && this.left()
    this.keyed = false
    this.look(...this.at(event), event.timeStamp)
  }

  early(event) {
    if (event.timeStamp - (this.asked ?? 0) < GAP_MS || (event.buttons && this.pressed && this.far(event)) || this.tool(event)) return
    this.aim(...this.at(event), event.timeStamp)
  }

  at(event) {
    const box = (this.box ??= this.root.getBoundingClientRect())
    return [event.clientX - box.left - this.root.clientLeft, event.clientY - box.top - this.root.clientTop]
  }

  far(event) { return Math.hypot(event.clientX - this.pressed[0], event.clientY - this.pressed[1]) > CLICK_PX }

  look(px, py, t0) {
    this.cursor = [px, py]
    this.aim(px, py, t0)
    if (!this.client.busy) this.decorate()
    else this.late ??= setTimeout(() => this.decorate(), LATE_MS)
  }

  // what is drawn at the pointer
  decorate() {
    clearTimeout(this.late)
    this.late = null
    if (this.cursor) this.overlay.moveCursor(...this.cursor, this.hit, this.target[0] === KIND.row, this.sheet, this.keyed)
  }

  // what lies at a pixel, asked for unless it was the last thing asked
  aim(px, py, t0) {
    const same = this.aimed?.[0] === px && this.aimed[1] === py
    this.aimed = [px, py]
    const [x, y] = this.plot.toData(px, py)
    this.hit = this.near.nearest(x, y)
    const snapped = this.hit.index >= 0 && this.hit.distance / this.plot.unitsPerPx <= SNAP_PX
    this.target = snapped ? [KIND.row, [this.hit.index]] : [KIND.map, [x, y]]
    if (same && this.view === this.plot.view) return
    this.view = this.plot.view
    this.asked = t0
    this.client.request(...this.target, { t0, source: "map" })
  }

  left() {
    if (!this.cursor) return
    this.cursor = null
    this.aimed = null
    this.keyed = false
    this.overlay.hideCursor()
    this.restore()
    emit("leave")
  }

  restore() {
    const { committed } = this.overlay
    if (!committed) return
    const { row = null, mapped, xy, z } = committed
    const what = row !== null ? [KIND.row, [row]] : mapped ? [KIND.map, xy] : [KIND.latent, z]
    this.client.request(...what, { source: "restore" })
  }

  released(event) {
    const pressed = this.pressed
    this.pressed = null
    if (!pressed || event.button !== 0 || Math.hypot(event.clientX - pressed[0], event.clientY - pressed[1]) > CLICK_PX) return
    this.aim(...this.at(event), event.timeStamp) // a tap comes without a move before it
    this.commit(...this.target)
  }

  key(event) {
    if (event.target !== this.root) return
    const arrow = ARROWS[event.key]
    if (arrow) {
      const step = event.shiftKey ? LEAP_PX : STEP_PX, [width, height] = this.plot.size()
      const at = this.cursor ?? (this.overlay.committed ? this.plot.toPixels(...this.overlay.committed.xy) : [width / 2, height / 2])
      const [px, py] = [at[0] + step * arrow[0], at[1] + step * arrow[1]]
      this.keyed = true
      this.look(Math.min(width, Math.max(0, px)), Math.min(height, Math.max(0, py)), event.timeStamp)
    } else if (event.key === "Enter" && this.cursor) this.commit(...this.target)
    else if (event.key === "Escape") this.left()
    else if (event.key === "+" || event.key === "=") this.plot.zoom(0.7)
    else if (event.key === "-") this.plot.zoom(1 / 0.7)
    else if (event.key === "0") this.plot.reset()
    else return
    event.preventDefault()
  }

  tools(button) {
    const act = button?.dataset.do
    if (act === "in") this.plot.zoom(0.7)
    if (act === "out") this.plot.zoom(1 / 0.7)
    if (act === "reset") this.plot.reset()
    if (act !== "trust") return
    const shown = !this.plot.trust
    button.setAttribute("aria-pressed", String(shown))
    this.root.querySelector(".zm-scale").hidden = !shown
    const { model, base } = this.component.data.link
    this.plot.overlay(shown, `${location.origin}${base}/asset/${encodeURIComponent(model)}/trust.png`)
  }

  // ---------------------------------------------------------------- commits

  goto({ row = null, z = null }) {
    return this.commit(row === null ? KIND.latent : KIND.row, row === null ? z : [row])
  }

  // asks what is there (never superseded), marks it, and tells Python once
  async commit(kind, payload) {
    let frame
    try {
      frame = await this.client.ask(kind, payload)
    } catch (error) {
      return this.note(`Not taken: ${error.message}`)
    }
    if (this.gone) return
    this.note("")
    this.n += 1
    const committed = { row: kind === KIND.row ? payload[0] : null, xy: frame.xy, z: Array.from(frame.z), n: this.n, mapped: kind === KIND.map }
    this.told = JSON.stringify([committed.row, committed.z])
    if (this.component.data.mode === "explore") this.overlay.committed = committed
    this.overlay.redraw()
    this.component.setStateValue("committed", committed)
    emit("commit", committed)
    if (!this.cursor) this.restore()
  }

  remove() {
    this.gone = true
    clearTimeout(this.late)
    for (const off of this.offs) off()
    this.plot?.remove()
    this.root.remove()
  }
}

const part = mounting((component) => new MapView(component))
export default part.render
export const unmount = part.unmount
