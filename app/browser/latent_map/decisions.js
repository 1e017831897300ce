// @ts-check
// What a classifier says of the places of the map: each has the colour of its class, the stronger the surer, coarse first and
// then fine, each from the middle; hatched, where trust is low; and at the pointer the name of the class of the very picture
// that is shown, with its probability.

import { ClassLooks } from "./class_looks.js"
import { css } from "./colours.js"
import { payload } from "./views.js"
import { element, hide, write } from "../shared/elements.js"
import { MOST, decide, named } from "../shared/decide.js"
import { _, number, percent } from "../shared/text.js"
import { on, paced } from "../shared/zscope.js"

const GRIDS = [[10, 6], [20, 12], [64, 40]] // columns, rows: the first is one question
const CELLS = GRIDS.reduce((sum, [columns, rows]) => sum + columns * rows, 0)
const REST_MS = 250 // of the view before it is asked for anew
const AGAIN_MS = 3000 // after a question that failed: its classifier may be open by then
const SAY_MS = 60 // from one question for the class at the pointer to the next
const ALPHA = [0.1, 0.62] // of a place whose class is a guess, and of a certain one
const PALEST = 0.45 // of that, where what is decoded does not come back: the classifier may be sure of what no sample is
const DOUBTED = 0.5 // trust below which a place is hatched
const HATCH_PX = 9, HATCH_ALPHA = 0.28 // from line to line
const TAG_PX = [14, -30] // from the pointer
const TITLE = _("What the classifier says of the picture decoded at each place, as its colour: strong where it is sure, pale where it guesses. Hatched, and paler, are places of low trust, as far from all samples. It was made for real samples: how often it is right for them, and for reconstructions, stands in the tool Decisions.")

// [first row, rows] of each question of a grid, as many cells as one may have: the middle ones first
/** @param {number} columns @param {number} rows @returns {number[][]} */
export function strips(columns, rows) {
  const high = Math.max(1, Math.floor(MOST / columns)), n = Math.ceil(rows / high), middle = (n - 1) / 2
  const order = Array.from({ length: n }, (_each, k) => k).sort((a, b) => Math.abs(a - middle) - Math.abs(b - middle) || a - b)
  return order.map((k) => [k * high, Math.min(high, rows - k * high)])
}

export class Decisions {
  failed = false // the last question
  told = null // {name, classes, said, help} of the classifier
  on = false
  cells = [] // {canvas, box, rows: [first, after the last] that are there, doubted: [row, first column, after the last]}, coarse first
  turn = 0
  key = ""

  constructor(map) {
    this.map = map
    this.tag = element("div", "zm-decision")
    this.tag.setAttribute("aria-hidden", "true") // what is spoken of a place says it too
    this.tag.append(element("i", ""), element("span", ""))
    this.tag.hidden = true
    this.progress = element("div", "zm-computing")
    this.progress.setAttribute("aria-hidden", "true")
    this.progress.hidden = true
    map.root.append(this.tag, this.progress)
    map.plot.below.push(this)
    this.ask = paced(SAY_MS, (frame) => this.say(frame))
    this.offs = [on("frame", (frame) => { if (this.on) this.ask(frame) })]
  }

  /** @param {any} told of the classifier, or null */
  update(told) {
    const { dark } = this.map.theme, key = JSON.stringify([told ?? null, dark])
    if (key === this.key) return
    this.key = key
    this.told = told ?? null
    this.looks = new ClassLooks(told?.classes.length ?? 1).themed(dark)
    this.set(Boolean(told))
  }

  toggle() { this.set(!this.on) }

  set(on) {
    this.on = on && Boolean(this.told)
    this.clear()
    this.cells = []
    this.turn += 1
    this.said = null
    clearTimeout(this.timer)
    this.ask.cancel()
    hide(this.tag, true)
    hide(this.progress, true)
    Object.assign(this.map.root.dataset, { decided: "", deciding: String(this.on) })
    this.map.plot.refresh()
    this.map.layers?.redo()
    if (this.on) { this.start(); if (this.map.client.last) this.ask(this.map.client.last) }
  }

  changed() {
    clearTimeout(this.timer)
    if (this.on) this.timer = setTimeout(() => this.start(), REST_MS)
  }

  // the box in view, one strip of cells at a time
  async start() {
    const turn = ++this.turn, { plot } = this.map, [x0, x1, y0, y1] = plot.view
    let under = this.cells, done = 0
    this.computed(done)
    for (const [columns, rows] of GRIDS) {
      const canvas = Object.assign(document.createElement("canvas"), { width: columns, height: rows }), context = canvas.getContext("2d")
      const h = (y1 - y0) / rows, cell = { canvas, box: [x0, y0, x1, y1], rows: [rows, 0], doubted: [] }
      for (const [first, high] of strips(columns, rows)) {
        const arrays = await this.decided(turn, [x0, y1 - (first + high) * h, x1, y1 - first * h, columns, high])
        if (!arrays) return
        this.clear()
        context.putImageData(this.strip(context, arrays, columns, high), 0, first)
        cell.doubted.push(...this.doubted(arrays, columns, high, first))
        cell.rows = [Math.min(cell.rows[0], first), Math.max(cell.rows[1], first + high)]
        this.cells = [...under, cell]
        this.computed(done += columns * high)
        plot.refresh()
      }
      under = this.cells = [cell]
    }
    this.map.root.dataset.decided = this.told.name
  }

  // what is said of a box of cells; null where it failed, which is said, or something else is wanted by now
  async decided(turn, box) {
    const { views, client } = this.map
    try {
      const { arrays } = await client.ask("decisions", named(this.told.name, payload(views.key, [...box, ...this.map.beyond()])), { idle: true })
      return turn === this.turn && this.on ? arrays : null
    } catch (error) {
      if (turn !== this.turn || !this.on) return null
      hide(this.progress, true)
      this.fail(error)
      this.timer = setTimeout(() => this.start(), AGAIN_MS)
      return null
    }
  }

  // so many of all cells are there
  computed(done) {
    hide(this.progress, done === CELLS)
    write(this.progress, _("Decisions: {done} / {n} places computed", { done: number(done), n: number(CELLS) }))
  }

  fail(error) {
    this.failed = true
    this.map.note(_("Decisions: {message}", { message: error.message }))
  }

  // what was said of a question that failed, once another was answered, or another classifier was chosen
  clear() {
    if (this.failed) this.map.note("")
    this.failed = false
  }

  strip(context, { label, confidence, trust }, columns, rows = 1) {
    const out = context.createImageData(columns, rows), chance = 1 / this.told.classes.length, [least, most] = ALPHA
    for (let i = 0; i < columns * rows; i++) {
      const sure = Math.max(0, (confidence[i] - chance) / (1 - chance)), colour = this.looks.colours[label[i]] ?? [128, 128, 128]
      for (let k = 0; k < 3; k++) out.data[4 * i + k] = colour[k]
      out.data[4 * i + 3] = 255 * (least + (most - least) * sure) * (trust ? PALEST + (1 - PALEST) * trust[i] : 1)
    }
    return out
  }

  // the cells of low trust, those beside each other as one: [row, first column, after the last]
  doubted({ trust }, columns, rows, first) {
    const runs = []
    for (let r = 0; r < rows; r++)
      for (let c = 0; c < columns; c++) {
        if (!(trust?.[r * columns + c] < DOUBTED)) continue
        const last = runs.at(-1)
        if (last && last[0] === first + r && last[2] === c) last[2] = c + 1
        else runs.push([first + r, c, c + 1])
      }
    return runs
  }

  draw(context, plot) {
    if (!this.on || plot.t < 1) return
    const [width, height] = plot.size()
    context.save()
    context.imageSmoothingEnabled = false // a mixture of two colours would be a third class
    for (const { canvas, box: [x0, y0, x1, y1], rows, doubted } of [...this.cells].reverse()) {
      const [left, top] = plot.toPixels(x0, y1), [right, bottom] = plot.toPixels(x1, y0), w = (right - left) / canvas.width, h = (bottom - top) / canvas.height
      context.drawImage(canvas, left, top, right - left, bottom - top)
      this.hatch(context, doubted.map(([r, from, to]) => [left + from * w, top + r * h, left + to * w, top + (r + 1) * h]), left + top)
      context.beginPath() // what is coarser shows only where this has not come yet
      context.rect(0, 0, width, height)
      context.rect(left, top + rows[0] * h, right - left, (rows[1] - rows[0]) * h)
      context.clip("evenodd")
    }
    context.restore()
  }

  // lines from corner to corner over boxes [left, top, right, bottom] px, which go on from one box to the next
  hatch(context, boxes, origin) {
    context.beginPath()
    for (const [left, top, right, bottom] of boxes)
      for (let k = Math.ceil((left + top - origin) / HATCH_PX); k * HATCH_PX + origin < right + bottom; k++) {
        const sum = k * HATCH_PX + origin, from = Math.max(left, sum - bottom), to = Math.min(right, sum - top)
        context.moveTo(from, sum - from)
        context.lineTo(to, sum - to)
      }
    context.globalAlpha = HATCH_ALPHA
    context.lineWidth = 1
    context.strokeStyle = this.map.theme.text
    context.stroke()
    context.globalAlpha = 1
  }

  // of the picture that is shown; the answer may be of one before it while the pointer moves
  async say(frame) {
    const { client, pointer } = this.map, { told } = this
    if (!this.on) return
    const said = await decide(client, told.name, frame.z).catch((error) => { if (this.on && told === this.told) this.fail(error) })
    if (!said || !this.on || told !== this.told) return
    this.clear()
    this.said = { name: this.told.classes[said.label[0]], share: said.confidence[0] }
    const at = pointer?.cursor
    hide(this.tag, !at)
    if (!at) return
    write(this.tag.lastElementChild, `${this.said.name} ${percent(this.said.share)}`)
    this.tag.firstElementChild.style.background = css(this.looks.colours[said.label[0]] ?? [128, 128, 128])
    const [width] = this.map.plot.size(), x = Math.min(at[0] + TAG_PX[0], width - this.tag.offsetWidth - 8)
    this.tag.style.transform = `translate(${Math.round(x)}px, ${Math.round(Math.max(4, at[1] + TAG_PX[1]))}px)`
  }

  // for the legend: the colours are those of the classes
  scale() {
    return { lead: _("Decisions {help}: {said}", this.told), low: _("pale: a guess"), high: _("strong: sure"), hatched: _("hatched: low trust"), title: TITLE, colours: `rgb(128 128 128 / ${ALPHA[0]}), rgb(128 128 128 / ${ALPHA[1]})`, term: "decision-map" }
  }

  remove() {
    clearTimeout(this.timer)
    this.turn += 1
    this.ask.cancel()
    for (const off of this.offs) off()
  }
}
