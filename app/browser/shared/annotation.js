// @ts-check
// A decoded sample with names and units, where it is no picture: the columns of a vector as a list in the place of its
// chart, the largest differences first, in an order that stays until the sample is a chosen one; a series with its time, its channels and their units on and below its chart.
//
//   const named = annotation(canvas, geometry)           null: pictures, which need none
//   named?.show(frame.values, { other, words, doubt, chosen })   other: values that differences are from (null: the mean),
//                                                        what these are in words; doubt 0-1, as a picture fades;
//                                                        chosen: not what the pointer passes: the columns are sorted by it

import { element, write } from "./elements.js"
import { number, ngettext, _ } from "./text.js"
import { Variables, signed, variablesOf } from "./variables.js"
import { emit, on, paced } from "./zscope.js"

const ROW_PX = 21, HALL_ROW = 1.25, READ_MS = 90 // of a list that eyes can follow; a row for a lecture hall, in its type
const LEAST_LETTERS = 5, MOST_LETTERS = 13 // for which a value has room
const REACH = 3 // standard deviations from the middle of a bar to its end
const TICKS = 4, CLOSE = 0.13 // on an axis; of the height, between two of them
const COLOURS = ["#59ccff", "#ff9e40", "#8ce673", "#f280cc"] // of channels, as vae/modalities/series.py draws them

/** @param {HTMLCanvasElement} canvas @param {Geometry} geometry */
export function annotation(canvas, geometry) {
  const variables = variablesOf(geometry)
  if (!variables) return null
  return variables.series ? new Axes(canvas, variables) : new Columns(canvas, variables)
}

// ---------------------------------------------------------------- vectors

class Columns {
  values = null
  other = null
  order = []
  rows = []
  row_px = ROW_PX

  /** @param {HTMLCanvasElement} canvas @param {Variables} variables */
  constructor(canvas, variables) {
    this.variables = variables
    this.root = element("div", "zn-list")
    this.caption = element("p", "zn-caption")
    this.window = element("div", "zn-window")
    this.space = element("div", "zn-space")
    this.scale = element("div", "zn-row zn-scale")
    this.scale.append(element("span", "", ngettext("{n} column", "{n} columns", variables.count)), element("i", ""), element("b", "", _("decoded")))
    this.scale.children[1].append(...[-REACH, 0, REACH].map((at) => element("em", "", at > 0 ? `${at}\u202fσ` : number(at))))
    this.window.tabIndex = 0
    this.window.setAttribute("role", "list")
    this.window.append(this.space)
    this.window.onscroll = () => this.draw()
    this.root.append(this.caption, this.scale, this.window)
    canvas.style.display = "none"
    canvas.after(this.root)
    this.read = paced(READ_MS, () => this.draw())
    this.watch = new ResizeObserver(() => this.draw()) // what is seen of the rows changes with the window
    this.watch.observe(this.window)
    this.say(_("the mean"))
    this.off = on("type", (px) => this.enlarge(px))
    this.enlarge(0)
    emit("type wanted")
  }

  // px: the size of type for a lecture hall, 0 for a desk
  enlarge(px) {
    this.row_px = px ? Math.round(HALL_ROW * px) : ROW_PX
    this.root.style.setProperty("--row", `${this.row_px}px`)
    this.root.style.setProperty("--count", String(this.variables.count))
    this.space.style.height = `${this.row_px * this.variables.count}px`
    this.draw()
  }

  show(values, { other = null, words = _("the mean"), doubt = 0, chosen = true } = {}) {
    const first = !this.values || this.other !== other
    Object.assign(this, { values, other })
    this.root.style.setProperty("--doubt", doubt.toFixed(2))
    if (first) this.say(words)
    if (first || chosen) this.sort()
    else this.read()
  }

  say(words) {
    const { given, measured } = this.variables
    const sorted = _("Largest differences from {words} first", { words })
    this.words = words
    this.caption.textContent = measured ? sorted : _("{sorted}; standardised (σ)", { sorted })
    this.caption.title = [
      _("Values are what the model decodes, which may differ from those measured."),
      _("The order is that of the selected point, and stays while the pointer moves."),
      _("Each bar begins at {words} and ends at the value; the mark is the mean of the column, the end of the bar {n} standard deviations (σ) from it.", { words, n: number(REACH) }),
      given.names.length ? "" : _("The data set came without names: the columns are numbered."),
      measured ? "" : _("The means of the data set are unknown: values are in standard deviations."),
    ].filter(Boolean).join(" ")
    this.window.setAttribute("aria-label", this.caption.textContent)
  }

  // another order begins at the top, where its largest differences are
  sort() {
    const order = this.variables.order(this.values, this.other)
    if (order.some((i, place) => i !== this.order[place])) this.window.scrollTop = 0
    this.order = order
    this.draw()
  }

  // the rows that are seen, and no others: there may be thousands
  draw() {
    if (!this.values) return
    const from = Math.floor(this.window.scrollTop / this.row_px), seen = Math.ceil((this.window.clientHeight || 9 * this.row_px) / this.row_px) + 1
    const to = Math.min(this.order.length, from + seen)
    this.root.dataset.more = String(this.window.scrollTop + this.window.clientHeight < this.row_px * this.order.length - 1)
    while (this.rows.length < to - from) this.rows.push(this.row())
    let longest = LEAST_LETTERS
    this.rows.forEach((row, k) => {
      row.root.hidden = from + k >= to
      if (from + k >= to) return
      this.fill(row, this.order[from + k], from + k)
      longest = Math.max(longest, row.value.textContent.length)
    })
    this.root.style.setProperty("--letters", String(Math.min(longest, MOST_LETTERS))) // bars below one another
  }

  row() {
    const root = element("div", "zn-row"), [name, bar, value] = ["span", "i", "b"].map((kind) => document.createElement(kind))
    const ink = document.createElement("u")
    bar.append(ink)
    root.setAttribute("role", "listitem")
    root.append(name, bar, value)
    this.space.append(root)
    return { root, name, ink, value, i: -1 }
  }

  fill(row, i, place) {
    const { variables, values, other } = this, v = values[i], base = other ? other[i] : 0
    row.root.style.transform = `translateY(${this.row_px * place}px)`
    if (row.i !== i) row.name.textContent = variables.name(i)
    row.i = i
    write(row.value, variables.text(i, v))
    const [a, b] = [base, v].map((one) => 50 + (50 * Math.max(-REACH, Math.min(REACH, one))) / REACH)
    row.ink.style.left = `${Math.min(a, b).toFixed(1)}%`
    row.ink.style.width = `${Math.abs(b - a).toFixed(1)}%`
    row.root.dataset.side = v < base ? "below" : "above"
    const apart = variables.measured ? _("{change} from {words} ({sigma} σ)", { change: variables.change(i, v - base), words: this.words, sigma: signed(v - base, 2) }) : _("{change} from {words}", { change: variables.change(i, v - base), words: this.words })
    row.root.title = `${variables.name(i)}: ${variables.text(i, v)}\n${apart}`
  }

  remove() {
    this.off()
    this.watch.disconnect()
    this.read.cancel()
  }
}

// ---------------------------------------------------------------- series

/** Round numbers between two others, some `about` of them. @param {number} low @param {number} high */
export function ticks(low, high, about = TICKS) {
  const rough = (high - low) / about, unit = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 5, 10].map((m) => m * unit).find((each) => each >= rough) ?? rough
  const out = []
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; k++) out.push(k * step + 0) // no minus before a zero
  return { at: out, digits: Math.max(0, -Math.floor(Math.log10(step) + 1e-9)) }
}

class Axes {
  values = null
  step = -1 // that the pointer is on

  /** @param {HTMLCanvasElement} canvas @param {Variables} variables */
  constructor(canvas, variables) {
    this.variables = variables
    this.root = element("div", "zn-chart")
    this.over = element("div", "zn-over")
    this.line = element("div", "zn-line")
    this.tip = element("div", "zn-tip")
    this.over.append(this.line, this.tip, this.legend())
    const plot = element("div", "zn-plot")
    canvas.after(this.root)
    plot.append(canvas, this.over)
    this.root.append(plot, this.timeAxis())
    for (const [channel, side] of this.variables.count > 2 ? [[-1, "left"]] : Array.from({ length: variables.count }, (_each, i) => [i, i ? "right" : "left"])) this.scale(Number(channel), String(side))
    this.over.onpointermove = (event) => this.point(event.offsetX / Math.max(1, this.over.clientWidth))
    this.over.onpointerleave = () => { this.step = -1; this.tell() }
    this.tell()
  }

  colour(i) { return this.variables.count > 1 ? COLOURS[i % COLOURS.length] : "#ffffff" }

  legend() {
    const list = element("div", "zn-legend")
    for (let i = 0; i < this.variables.count; i++) {
      const unit = this.variables.given.units[i], entry = element("span", "", unit ? `${this.variables.name(i)} (${unit})` : this.variables.name(i))
      entry.style.color = this.colour(i)
      entry.title = entry.textContent
      list.append(entry)
    }
    return list
  }

  // values beside the chart, in the unit of the channel; of several (-1), and where the means are unknown, in σ
  scale(i, side) {
    const { variables } = this, { given } = variables, own = i >= 0 && variables.measured
    const mean = own ? given.mean[i] : 0, std = own ? given.std[i] : 1, used = []
    const { at, digits } = ticks(mean - 7 * std, mean + 7 * std, 6)
    for (const value of at.sort((a, b) => Math.abs(a - mean) - Math.abs(b - mean))) {
      const y = variables.height((value - mean) / std)
      if (y < 0.04 || y > 0.96 || used.some((other) => Math.abs(other - y) < CLOSE)) continue
      used.push(y)
      const label = element("span", `zn-tick ${side}`, own ? number(value, digits) : `${signed(value, digits)}\u202fσ`)
      label.style.top = `${(100 * y).toFixed(1)}%`
      if (i >= 0) label.style.color = this.colour(i)
      this.over.append(label)
    }
  }

  timeAxis() {
    const { step, start, step_unit: unit, axis } = this.variables.given, row = element("div", "zn-time"), each = step || 1, from = step ? start : 0
    const last = from + each * Math.max(1, this.variables.steps - 1), { at, digits } = ticks(from, last)
    for (const value of at) {
      const label = element("span", "", number(value, digits)), share = (value - from) / (last - from)
      label.style.left = `${(100 * share).toFixed(1)}%`
      if (share < 0.04) label.dataset.end = "first"
      if (share > 0.96) label.dataset.end = "last"
      row.append(label)
    }
    this.named = step ? [axis || _("time"), unit && `(${unit})`].filter(Boolean).join(" ") : _("time steps")
    this.title = element("em", "", "")
    row.append(this.title)
    return row
  }

  point(share) {
    this.step = Math.round(Math.max(0, Math.min(1, share)) * (this.variables.steps - 1))
    this.line.style.left = `${(100 * this.step) / Math.max(1, this.variables.steps - 1)}%`
    this.tell()
  }

  tell() {
    const { variables, step, values } = this, on = step >= 0 && values
    this.line.hidden = this.tip.hidden = !on
    this.title.textContent = this.named
    if (!on) return
    this.tip.replaceChildren(element("span", "", variables.time(step)), ...Array.from({ length: variables.count }, (_each, i) => {
      const one = element("b", "", `${variables.count > 1 ? `${variables.name(i)} ` : ""}${variables.text(i, values[i * variables.steps + step])}`)
      one.style.color = this.colour(i)
      return one
    }))
  }

  show(values) {
    this.values = values
    if (this.step >= 0) this.tell()
  }

  remove() {}
}
