// @ts-check
// The map: its parts put together, and what they tell Python. Where the pointer is becomes a request to the live channel; a
// click, or Enter, commits the point. data: {link, mode, committed, waypoints, method, view, colour, camera, selected}

import { ClassLooks } from "./class_looks.js"
import { ClassNames } from "./class_names.js"
import { Cloud } from "./cloud.js"
import { ColourBy } from "./colour_by.js"
import { css, looks } from "./colours.js"
import { Decisions } from "./decisions.js"
import { DrawnLegend } from "./drawn_legend.js"
import { Gestures } from "./gestures.js"
import { Grouping } from "./grouping.js"
import { Hold } from "./hold.js"
import { Lasso } from "./lasso.js"
import { Layers } from "./layers.js"
import { Manifold } from "./manifold.js"
import { extent } from "./near.js"
import { Overlay } from "./overlay.js"
import { LivePart, mounting } from "../shared/part.js"
import { PlaceMenu } from "./place_menu.js"
import { Pins } from "./pins.js"
import { Plot } from "./plot.js"
import { Pointer } from "./pointer.js"
import { Search } from "./search.js"
import { Selection } from "./selection.js"
import { Thumbnails } from "./thumbnails.js"
import { Tools } from "./tools.js"
import { Views, payload } from "./views.js"
import { _, ngettext, number } from "../shared/text.js"
import { KIND, emit, on, sampleName, theme } from "../shared/zscope.js"

const BAR_GAP_PX = 12 // above and below the toolbar
const TELL_MS = 900 // of rest before Python, and with it the link, is told what is in sight
const TITLE = 1.8 // height of the title of a presentation, over its type
const DESK_PX = 12, NAME = 1.15 // type at a desk; of a class's name for a hall, over its other type
const KEYS = _("Arrow keys move the cursor, with Shift in larger steps; Enter selects the point; plus and minus zoom, 0 shows all; ")
  + _("M opens a menu at the cursor, H holds the sample there; Escape clears the selection, releases what is held, then returns to the last point.")
const MARKUP = `
<div class="zm-plot"></div>
<div class="zm-tools" role="toolbar" aria-label="${_("Map")}"></div>
<div class="zm-note" role="status"></div>
<div class="zm-thinned" aria-hidden="true" hidden></div>
<div class="zm-words" aria-live="polite"></div>`

class MapView extends LivePart {
  static className = "zscope-map"
  static testid = "zscope-map"
  static markup = MARKUP

  type = 0 // px, for a lecture hall
  n = 0 // of the last point that was taken
  /** @type {import("./legend.js").Legend} */
  legend // that of the grouping
  said = {} // when Python was told what

  async start() {
    const { root } = this, { mode } = this.component.data
    root.dataset.mode = mode
    root.tabIndex = 0
    root.setAttribute("role", "application")
    this.note(_("Opening the map …"))
    await super.start()
    if (this.gone) return
    this.fit()
    window.zscope.plot = this.plot
    root.dataset.ready = "true"
  }

  note(text) { this.find(".zm-note").textContent = text }

  build() {
    const { link, mode } = this.component.data, shape = this.geometry
    this.root.setAttribute("aria-label", _("Map of {n} samples. {keys}", { n: shape.n, keys: KEYS }))
    this.plot = new Plot(this.root.firstElementChild, shape.xy)
    if (shape.first) this.note(_("A first map, by principal axes, whose trust is not measured; UMAP replaces it in a moment."))
    else this.note(this.plot.points.gl ? "" : _("This browser has no WebGL, so the map pans more slowly."))
    this.selection = new Selection(shape.n)
    this.parts(link, mode === "explore")
    this.themeNow()
    this.plot.onView = (settled) => this.viewed(settled)
    this.listen()
    this.loadSheet().then((sheet) => { this.sheet = sheet; this.thumbnails.view = null; this.hold?.picture(); this.plot.refresh() }, (error) => this.note(_("No thumbnails: {message}", { message: error.message })))
  }

  parts(link, whole) {
    const { root, plot, geometry: shape } = this, bar = this.find(".zm-tools"), note = (text) => this.note(text), client = () => this.client
    this.grouping = new Grouping(this)
    this.overlay = new Overlay(root, plot, shape, link.model)
    this.overlay.card.taken = () => [...this.legend.boxes, ...(this.hold?.boxes ?? []), ...(this.type ? [[0, 0, plot.size()[0], plot.top]] : [])]
    this.cloud = new Cloud(root, plot, () => this.views?.plain ?? true)
    if (!whole) this.pins = new Pins(this)
    this.looks = new ClassLooks(shape.classes.length, () => this.repaint())
    this.names = new ClassNames(plot, shape, () => ({ ...this.theme, ground: plot.ground }), this.legend)
    this.drawnLegend = new DrawnLegend(this)
    this.lasso = new Lasso(root, plot, (rows, how) => this.select(rows, how))
    this.tools = new Tools(bar, this)
    this.thumbnails = new Thumbnails(plot, shape.shape, { colourOf: (row) => this.colourOf(row), chosen: () => this.selection.mask, sheet: () => this.sheet })
    if (whole) { this.hold = new Hold(this); this.decisions = new Decisions(this) }
    this.manifold = new Manifold(plot, shape.shape, (box, columns, rows) =>
      this.client.ask("manifold", payload(this.views.key, [...box, columns, rows, ...this.beyond()]), { idle: true }))
    this.manifold.onCells = (count) => { root.dataset.cells = String(count) }
    this.manifold.onError = (error) => this.note(_("Manifold: {message}", { message: error.message }))
    this.colour = new ColourBy(bar, { geometry: shape, link, note, onChange: () => { this.grouping.by(this.colour.groups); this.repaint(); this.tell() } })
    this.views = new Views(whole ? bar : null, { plot, geometry: shape, link, client, note, beyond: () => this.beyond(), onChange: () => this.moved() })
    this.layers = new Layers(bar, { plot, geometry: shape, link, legend: this.legend, names: this.names, looks: this.looks, thumbnails: this.thumbnails, manifold: this.manifold, decisions: this.decisions, note, view: () => this.views.view })
    if (whole) {
      this.tools.strokes()
      this.search = new Search(bar, shape, link, (found) => this.found(found))
    }
    this.tools.zooms()
    this.gestures = new Gestures(root, plot, { ours: (event) => this.ours(event), tap: (event) => this.pointer.tap(event), hold: (px, py) => this.placeMenu.open(px, py), stroke: (px, py) => this.lasso.stroke(px, py), finger: () => this.pointer.finger() })
    this.placeMenu = new PlaceMenu(this)
    this.pointer = new Pointer(this)
  }

  listen() {
    const watch = new ResizeObserver(() => this.fit())
    watch.observe(this.root)
    this.offs.push(
      () => watch.disconnect(),
      on("goto", (to) => this.goto(to)), on("select", (what) => this.reselect(what)),
      on("position", (at) => this.dot(at?.length ? { xy: at } : at)),
      on("frame", (frame) => this.dot(frame.source === "slider" ? frame : this.hold?.landed(frame) ?? null)),
      on("type", (px) => this.enlarge(px)),
    )
    emit("type wanted") // a presentation may have begun before the map was there
  }

  // to the room there is, whatever of it the toolbar takes; in a hall the title does, and a legend at the foot
  fit() {
    const top = this.type ? TITLE * this.type : this.find(".zm-tools").offsetHeight + 2 * BAR_GAP_PX
    this.root.style.setProperty("--top", `${top}px`)
    this.gestures.box = null
    this.pointer.left() // another place lies under it now
    this.plot.resize(top, this.type && this.legend.foot)
    this.legend.dock()
  }

  // ---------------------------------------------------------------- what Python says

  themeNow() {
    this.theme = theme(this.root)
    this.looks.themed(this.theme.dark)
    this.plot.alpha = (this.theme.dark ? 0.8 : 0.72) * (this.geometry.n > 200_000 ? 0.6 : 1)
    this.root.dataset.dark = String(this.theme.dark)
    Object.assign(this.plot, { ground: getComputedStyle(this.root).backgroundColor, rgb: this.theme.rgb, outside: this.theme.background, edge: this.theme.border })
    this.signature = JSON.stringify(this.theme)
    this.names.again()
  }

  show() {
    const { data } = this.component, themed = JSON.stringify(theme(this.root)) !== this.signature
    if (themed) this.themeNow()
    this.pins?.update(data.waypoints, data.method)
    this.grouping.edit(data.edited ?? null)
    if (this.hold) { this.hold.update(data.held); this.decisions.update(data.decisions) }
    const told = JSON.stringify([data.committed?.row ?? null, data.committed?.z ?? null])
    if (told !== this.told) {
      this.told = told
      this.n = Math.max(this.n, data.committed?.n ?? 0)
      this.mark(data.committed)
      if (!this.pointer.cursor) { this.overlay.card.hide(); this.restore() }
    }
    if (data.selected !== this.selected && (data.heard?.selected ?? 0) >= (this.said.selected ?? 0)) {
      this.selected = data.selected
      this.selection.text = data.selected
      this.repaint()
    } else if (themed || !this.painted) this.repaint()
    this.shown(data)
    this.overlay.redraw()
    this.wanted(data)
  }

  // view, colour and camera as Python has them: followed when they changed there
  shown({ view = "umap", colour = "label", camera = null, heard }) {
    const given = JSON.stringify([view, colour, camera])
    if (given === this.given || (heard?.shown ?? 0) < (this.said.shown ?? 0)) return // known, or older than what was told
    const first = this.given === undefined
    this.given = given
    this.following = this.follow(view, colour, camera, first)
  }

  async follow(view, colour, camera, first) {
    const coloured = colour !== this.colour.key && this.colour.choose(colour)
    const there = await this.views.choose(view, { still: first })
    if (there && camera && JSON.stringify(camera) !== JSON.stringify(this.camera())) this.plot.show(camera, first ? 0 : undefined)
    await coloured
  }

  // what the program that holds an attached model wants: a layer below the points, and the map as a picture, once each
  async wanted({ layer = null, picture = null }) {
    if (layer !== null && layer !== this.layer) await this.layers.only((this.layer = layer))
    if (!picture || picture.n === this.drawn) return
    this.drawn = picture.n
    await this.following // the colour may still be on its way
    const png = this.plot.picture(picture).split(",")[1]
    this.component.setTriggerValue("drawn", { n: picture.n, png })
  }

  camera() { return this.plot.zoomed ? this.plot.view.map((v) => Number(v.toPrecision(6))) : null }

  // tells Python; a run that began before it heard this must not bring back what was there before
  say(name, value) {
    this.said[name] = Date.now()
    this.component.setStateValue(name, { ...value, n: this.said[name] })
  }

  // once all has been at rest for a while
  tell() {
    clearTimeout(this.telling)
    this.telling = setTimeout(() => {
      const shown = { view: this.views.key, colour: this.colour.key, camera: this.camera() }
      const given = JSON.stringify([shown.view, shown.colour, shown.camera])
      if (given === this.given || this.component.data.mode !== "explore") return
      this.given = given
      this.say("shown", shown)
    }, TELL_MS)
  }

  // ---------------------------------------------------------------- what is drawn

  viewed(settled) {
    this.overlay.redraw()
    if (!this.pointer?.cursor) this.overlay.card.hide() // that of a tap
    this.pins?.place()
    const thinned = this.find(".zm-thinned"), { fewer } = this.plot.points
    thinned.hidden = fewer === null
    if (fewer !== null) thinned.textContent = _("{fewer} of {n} points while the map moves", { fewer: number(fewer), n: number(this.geometry.n) })
    if (!settled) return
    this.legend.update()
    this.decode()
    this.tell()
  }

  repaint() {
    const { theme: { dark, accent }, looks: { colours, shapes }, geometry: { n }, selection: { mask }, plot: { near: { hidden } } } = this
    this.painted = true
    const values = this.colour.values && !this.grouping.groups
    this.plot.shaped = Boolean(shapes) && !values
    this.plot.paint(looks(n, { by: this.colour.by, classes: colours, shapes, theme: { dark }, accent, hidden, chosen: mask, dropped: this.grouping.edits.dropped }), Boolean(mask))
    this.legend.paint(this.looks, values ? this.colour.column : null, this.colour.limits)
    this.legend.update()
  }

  colourOf(row) { const at = 4 * row, { look } = this.plot; return css([look[at], look[at + 1], look[at + 2]]) }

  // which rows are shown: of the classes not hidden, and of the selection where only that is wanted
  filter() {
    const { hidden, geometry: { labels, n } } = this.legend, only = this.only
    this.plot.near.hidden = hidden.size || only ? Uint8Array.from({ length: n }, (_each, i) => Number(hidden.has(labels[i]) || (only && !only[i]))) : null
    this.thumbnails.view = null
    this.layers.redo()
    this.repaint()
  }

  // for a lecture hall, by the size of its type; 0: for a desk
  enlarge(px) {
    if (px === this.type) return
    this.type = px
    this.plot.enlarged = px ? px / DESK_PX : 1
    this.names.enlarge(px && NAME * px)
    this.overlay.card.enlarge(px)
    this.repaint()
    this.fit()
  }

  // the points are on their way to another view
  moved() {
    this.pointer.left()
    this.layers.redo()
    this.mark(this.committed)
    this.hold?.place()
    this.dot(null)
    this.decode()
    this.tell()
  }

  async mark(committed) {
    this.committed = committed
    if (!committed) { this.overlay.committed = null; return this.overlay.redraw() }
    const { view } = this.views, xy = await this.views.at(committed)
    if (!xy || this.committed !== committed || this.views.view !== view) return
    this.overlay.committed = { ...committed, xy }
    this.overlay.redraw()
  }

  async dot(frame) {
    const turn = (this.turn = {}), xy = frame && (this.views.plain || !frame.z ? frame.xy : await this.views.at({ z: frame.z }))
    if (turn === this.turn) this.overlay.setLive(xy)
  }

  // ---------------------------------------------------------------- what the user does

  decode() { this.manifold.changed(); this.decisions?.changed() } // what lies over the map is another
  ours(event) { return !event.target.closest?.(".zm-tools, .zm-legend, .zm-hold, .zm-pins, .zm-place") }
  // what a place leaves open: the residual of the held sample, or else the latent under study
  beyond() { return this.hold?.point ? [...this.hold.point.z, this.hold.share] : this.committed?.z ?? new Array(this.geometry.d).fill(0) }
  name(row) { return sampleName(this.geometry, row, _("Sample")) }
  home() { const [w, h] = this.plot.size(); return this.overlay.committed ? this.plot.toPixels(...this.overlay.committed.xy) : [w / 2, h / 2] }

  left() { this.restore(); emit("leave") }

  escape() {
    if (this.gestures.cancel() || this.pointer.drop()) return
    if (this.lasso.kind) return this.tools.arm(null)
    if (this.selection.count && !this.pointer.cursor) return this.select([], "set")
    if (this.hold?.point) return this.hold.release()
    if (this.pointer.cursor) return this.pointer.left()
  }

  restore() {
    if (!this.committed) return
    const { row = null, mapped, xy, z } = this.committed
    const what = row !== null ? [KIND.row, [row]] : mapped ? [KIND.map, xy] : [KIND.latent, z]
    this.client.request(...what, { source: "restore" })
  }

  select(rows, how) {
    this.selection.take(rows, how)
    if (this.only) { this.only = null; this.filter(); emit("only", false) } // what is selected now is not what was shown alone
    else this.repaint()
    this.selected = this.selection.text
    this.say("selected", { bits: this.selected })
    this.find(".zm-words").textContent = ngettext("{n} of {all} samples selected", "{n} of {all} samples selected", this.selection.count, { all: number(this.geometry.n) })
  }

  // the group's own buttons: "clear", "invert", "zoom" to it, or "only": these samples alone, and back again
  reselect(what) {
    const { mask } = this.selection
    if (what === "clear") this.select([], "set")
    if (what === "invert") this.select(Array.from({ length: this.geometry.n }, (_each, i) => i).filter((i) => !mask?.[i]), "set")
    if (what === "zoom") this.frame(this.selection.rows, 0.02)
    if (what !== "only" || !(this.only ?? mask)) return
    this.only = this.only ? null : mask
    this.filter()
    emit("only", Boolean(this.only))
  }

  // shows the part of the map with those rows
  frame(rows, margin) {
    const box = extent(rows.flatMap((i) => [this.plot.xy[2 * i], this.plot.xy[2 * i + 1]]))
    if (rows.length) this.plot.showBox(box, margin)
  }

  found({ rows, label, row, nothing }) {
    this.note(nothing ?? "")
    this.frame(rows ?? (row === undefined ? [] : [row]), row === undefined ? 0.02 : 0.06)
    if (row !== undefined) {
      this.pointer.hide() // the picture is that of the sample, though the pointer may lie on the map
      this.commit(KIND.row, [row])
      this.find(".zm-words").textContent = _("{name} #{n}, now selected", { name: this.name(row), n: this.geometry.index[row] })
      const others = this.selection.count
      if (others && !this.selection.mask?.[row]) this.note(ngettext("{n} other sample stays selected as a group; Esc on the map clears it", "{n} other samples stay selected as a group; Esc on the map clears it", others))
    } else if (rows) {
      this.select(rows, "set")
      this.find(".zm-words").textContent = ngettext("{n} sample found for {label}, now selected", "{n} samples found for {label}, now selected", rows.length, { label })
    }
  }

  goto({ row = null, z = null }) { return this.commit(row === null ? KIND.latent : KIND.row, row === null ? z : [row]) }

  // what is there, asked for and never superseded: {row, xy on the first map, z, mapped}
  async taken(kind, values) {
    const frame = await this.client.ask(kind, values), z = Array.from(frame.z)
    const xy = kind === "place" ? (await this.client.ask(KIND.latent, z)).xy : frame.xy
    return { row: kind === KIND.row ? values[0] : null, xy: [...xy], z, n: ++this.n, mapped: kind === KIND.map }
  }

  // marks it, and tells Python once
  async commit(kind, values) {
    let committed
    try {
      committed = await this.taken(kind, values)
    } catch (error) {
      return this.note(_("Could not select the point: {message}", { message: error.message }))
    }
    if (this.gone) return
    this.note("")
    this.told = JSON.stringify([committed.row, committed.z])
    if (this.component.data.mode === "explore") this.mark(committed)
    this.component.setStateValue("committed", committed)
    emit("commit", committed)
    if (this.pointer.keyed) this.pointer.taken()
    if (!this.views.plain) this.decode()
    if (!this.pointer.cursor) this.restore()
  }

  remove() {
    clearTimeout(this.telling)
    for (const part of [this.cloud, this.hold, this.decisions, this.placeMenu, this.pins, this.pointer, this.gestures, this.manifold, this.plot, this.colour?.menu, this.views?.menu, this.layers?.menu]) part?.remove()
    super.remove()
  }
}

const { render, unmount } = mounting(MapView)
export { render as default, unmount }
