// @ts-check
// Two maps under one pointer. The pointer on one asks its model for that very place, and the other for the nearest
// reference sample that both maps have. Each is zoomed on its own. data: {link, other: link, row}

import { write } from "../shared/elements.js"
import { fidelity } from "../shared/fidelity.js"
import { KIND, TRUST_TITLE, fit, geometry, open, paint, sampleName, spriteSheet, theme, trustShown } from "../shared/zscope.js"
import { ClassLooks } from "../latent_map/class_looks.js"
import { ClassNames } from "../latent_map/class_names.js"
import { looks } from "../latent_map/colours.js"
import { Gestures } from "../latent_map/gestures.js"
import { Part, mounting } from "../shared/part.js"
import { Plot } from "../latent_map/plot.js"
import { Voice, spoken } from "../shared/spoken.js"
import { term } from "../shared/terms.js"
import { _ } from "../shared/text.js"
import { variablesOf } from "../shared/variables.js"

const TOP_PX = 12 // above the points
const WORDS = 4 // columns whose values stand beside the picture
const ARROWS = { ArrowLeft: [-8, 0], ArrowRight: [8, 0], ArrowUp: [0, -8], ArrowDown: [0, 8] }

class Twins extends Part {
  static className = "zscope-part zscope-twins"
  static testid = "zscope-twins"

  async start() {
    const { link, other } = this.component.data
    this.sides = [link, other].map((one) => new Side(this.root, one))
    this.legend = document.createElement("div")
    this.legend.className = "zt-legend"
    this.root.append(this.legend)
    await Promise.all(this.sides.map((side) => side.load()))
    if (this.gone) return
    const [a, b] = this.sides
    for (const [side, other] of [[a, b], [b, a]]) {
      side.share(other)
      side.onMove = (row, at) => this.show(side, other, row, at)
      side.onKeep = (row) => { this.kept = side === a ? row : side.there[row] }
      side.onLeave = () => this.rest()
    }
    this.name(a)
    if (!a.there.some((there) => there >= 0)) return a.note(_("These maps have no sample in common."))
    this.keep()
    this.root.dataset.ready = "true"
  }

  // the row that Python names, where both maps have it
  keep() {
    const { row } = this.component.data, { there } = this.sides[0]
    this.row = row
    this.kept = row !== null && there[row] >= 0 ? row : there.findIndex((row) => row >= 0)
    this.rest()
  }

  // row: of `side`, and the place under the pointer where it is not the sample's own
  show(side, other, row, at) {
    side.point(row, at)
    other.point(side.there[row], null)
  }

  rest() { this.show(this.sides[0], this.sides[1], this.kept, null) }

  name({ geometry: { classes }, map }) {
    const looks = new ClassLooks(classes.length).themed(theme(map).dark)
    this.legend.replaceChildren(...classes.map((name, k) => {
      const entry = document.createElement("span"), dot = document.createElement("i")
      looks.dot(dot.style, k)
      entry.append(dot, name)
      return entry
    }))
  }

  update(component) {
    super.update(component)
    for (const { client } of this.sides) client.revive()
    if (this.sides.filter((side) => side.themed()).length) this.name(this.sides[0])
    if (this.root.dataset.ready && component.data.row !== this.row) this.keep()
  }

  remove() {
    for (const side of this.sides) side.remove()
    super.remove()
  }
}

class Side {
  gone = false
  geometry
  sheet
  look
  signature = "" // of the theme that it is drawn in
  onMove = (_row, _at) => {}
  onKeep = (_row) => {}
  onLeave = () => {}

  constructor(root, link) {
    this.link = link
    const part = document.createElement("section")
    part.innerHTML = `
      <div class="zt-map" tabindex="0" role="application"><div class="zt-ring"></div><div class="zt-note" role="status"></div><div class="zt-said" aria-live="polite"></div><button type="button" class="zt-all" title="${_("Show the whole map")}" aria-label="${_("Show the whole map")}" hidden>⌂</button></div>
      <div class="zt-below">
        <figure><canvas width="136" height="136" role="img" aria-label="${_("Decoded picture")}"></canvas><figcaption>${_("decoded")}</figcaption></figure>
        <figure><canvas width="136" height="136" role="img" aria-label="${_("Real sample")}"></canvas><figcaption>${_("nearest real sample")}</figcaption></figure>
        <div class="zt-words"><b></b><span></span><br><i></i><span></span> <span>${term("trust", _("trust"), TRUST_TITLE)} <b class="zt-trust"></b></span><span class="zt-fidelity"></span><p></p></div>
      </div>`
    root.append(part)
    this.map = part.querySelector(".zt-map")
    this.all = this.map.querySelector("button")
    this.ring = this.map.querySelector(".zt-ring")
    this.voice = new Voice(this.map.querySelector(".zt-said"))
    const [picture, real] = part.querySelectorAll("figure canvas")
    this.picture = picture
    this.real = real
    this.caption = part.querySelector("figcaption")
    this.words = part.querySelector(".zt-words")
    this.list = this.words.querySelector("p")
    this.trust = this.words.querySelectorAll("span")[1]
    this.trusted = this.words.querySelector(".zt-trust")
    this.fidelity = this.words.querySelector(".zt-fidelity")
    this.map.setAttribute("aria-label", _("Map of {model}. Arrow keys move the cursor over both maps, Enter selects the sample.", { model: link.model }))
  }

  note(text) { this.map.querySelector(".zt-note").textContent = text }

  async load() {
    const { model } = this.link
    this.client = open(model)
    this.off = this.client.onFrame((frame) => this.painted(frame))
    const [known, sheet] = await Promise.all([geometry(model), spriteSheet(model)])
    if (this.gone) return
    this.geometry = known
    this.variables = variablesOf(known)
    this.sheet = sheet
    for (const canvas of [this.picture, this.real]) fit(canvas, this.geometry.shape)
    const { xy, classes } = known
    this.plot = new Plot(this.map, xy)
    this.map.append(this.ring, this.map.querySelector(".zt-note"), this.all) // above its canvas
    this.looks = new ClassLooks(classes.length)
    this.names = new ClassNames(this.plot, known, () => ({ ...this.look, ground: this.plot.ground }), { boxes: [] })
    this.plot.below.push({ draw: () => this.follow() })
    this.themed()
    this.plot.resize(TOP_PX)
    this.watch = new ResizeObserver(() => { this.gestures.box = null; this.plot.resize() })
  }

  // which of the other map's rows shows the same sample; rows of this map alone are seen, but never found
  share(other) {
    const rows = new Map(), { index, n } = this.geometry, { map, plot } = this
    other.geometry.index.forEach((origin, row) => rows.set(origin, row))
    this.there = Array.from(index, (origin) => rows.get(origin) ?? -1)
    plot.near.hidden = Uint8Array.from({ length: n }, (_each, i) => Number(this.there[i] < 0))
    const look = { move: (px, py) => this.moved(px, py), end: () => { this.onKeep(this.row); this.left() }, cancel: () => this.left() }
    this.gestures = new Gestures(map, plot, {
      ours: (event) => event.target !== this.all && (event.type !== "wheel" || event.ctrlKey), // a wheel alone scrolls the page
      hold: () => {}, stroke: () => null, finger: () => look,
      tap: (event) => { this.keyed = false; this.moved(...this.gestures.at(event)); this.onKeep(this.row) },
    })
    this.watch.observe(map)
    this.all.onclick = () => plot.reset()
    map.onpointermove = (event) => { if (event.pointerType !== "touch" && !this.gestures.busy && event.target !== this.all) { this.keyed = false; this.moved(...this.gestures.at(event)) } }
    map.onpointerleave = () => this.left()
    map.onblur = () => this.left()
    map.onkeydown = (event) => this.key(event)
  }

  left() {
    if (!this.cursor) return
    this.cursor = null
    this.onLeave()
  }

  key(event) {
    const step = ARROWS[event.key]
    if (step) {
      const [px, py] = this.cursor ?? this.toPixels(this.row)
      this.keyed = true
      this.moved(px + step[0], py + step[1])
    } else if (event.key === "Enter" && this.cursor) this.onKeep(this.row)
    else if (event.key === "+" || event.key === "=") this.plot.zoom(0.7)
    else if (event.key === "-") this.plot.zoom(1 / 0.7)
    else if (event.key === "0") this.plot.reset()
    else return
    event.preventDefault()
  }

  moved(px, py) {
    this.cursor = [px, py]
    const at = this.plot.toData(px, py), { index } = this.plot.near.nearest(...at)
    if (index >= 0) this.onMove(index, at)
  }

  // the picture of a map position, or with none of the row's own latent; the ring is round what is shown
  point(row, at) {
    this.row = row
    this.client.request(...(at ? [KIND.map, at] : [KIND.row, [row]]), { source: "twins" })
    this.at = at
    this.follow()
    const { index } = this.geometry
    this.caption.textContent = at ? _("decoded at the pointer") : _("decoded sample")
    if (row === this.shown) return
    this.shown = row
    this.sheet.draw(this.real.getContext("2d"), row, 0, 0, this.real.width)
    this.words.querySelector("b").textContent = sampleName(this.geometry, row, _("Sample"))
    this.words.querySelector("span").textContent = `#${index[row]}`
  }

  painted(frame) {
    paint(this.picture, frame.pixels, this.geometry.shape)
    if (this.variables) this.figure(frame.values)
    const { figure, word, colour } = trustShown(frame.trust, this.geometry)
    this.words.querySelector("i").style.background = colour
    if (this.keyed && this.cursor) this.voice.later(() => this.said(frame))
    write(this.trust, `${word} ·`)
    write(this.trusted, figure)
    write(this.fidelity, fidelity(frame.rms, this.geometry.baselines, this.geometry.sample.length < 3).text)
  }

  // of both maps, by the one whose cursor the keys move
  said(frame) {
    const at = this.plot.toData(...this.cursor ?? this.toPixels(this.row))
    return spoken(this.geometry, { at, row: this.row, near: "near", frame })
  }

  // in place of a small chart its words: the columns that are furthest from their means, or the range of each channel
  figure(values) {
    write(this.list, this.variables.lines(values, WORDS).join("\n"))
    this.picture.title = this.variables.lines(values).join("\n")
  }

  // the ring stays on its place of the map while that is zoomed
  follow() {
    this.all.hidden = !this.plot.zoomed
    if (this.row === undefined) return
    const [px, py] = this.at ? this.plot.toPixels(...this.at) : this.toPixels(this.row)
    this.ring.style.transform = `translate(${px.toFixed(1)}px, ${py.toFixed(1)}px)`
    this.ring.style.visibility = "visible"
  }

  toPixels(row) {
    const { xy } = this.geometry
    return this.plot.toPixels(xy[2 * row], xy[2 * row + 1])
  }

  // whether the theme is another
  themed() {
    if (!this.plot) return false
    const look = theme(this.map), { plot, geometry: { n, labels } } = this, signature = JSON.stringify(look)
    if (signature === this.signature) return false
    Object.assign(this, { look, signature })
    const { colours, shapes } = this.looks.themed(look.dark)
    Object.assign(plot, { alpha: look.dark ? 0.8 : 0.72, shaped: Boolean(shapes), ground: getComputedStyle(this.map).backgroundColor, rgb: look.rgb, outside: look.background, edge: look.border })
    plot.paint(looks(n, { by: { labels }, classes: colours, shapes, theme: look, accent: look.accent }), false)
    this.names.again()
    return true
  }

  remove() {
    this.gone = true
    this.voice.stop()
    this.watch?.disconnect()
    this.gestures?.remove()
    this.plot?.remove()
    this.off?.()
    this.client?.close()
  }
}

const { render, unmount } = mounting(Twins)
export { render as default, unmount }
