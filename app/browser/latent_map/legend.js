// @ts-check
// What the colours mean: the classes with their counts, "47 / 412" once the map is zoomed, filtered or something is selected
// (a click hides or shows a class), or the scale of a quantity; and the scales of what lies below the points.

import { element } from "../shared/elements.js"
import { termLink } from "../shared/terms.js"
import { _, dated, number, significant } from "../shared/text.js"
import { css, scale } from "./colours.js"
import { Roving } from "../shared/roving.js"

const CORNERS = [["bottom-left", false, true], ["bottom-right", true, true], ["top-right", true, false]] // the first of equals
const COVERED = 0.002, WIDE = 0.3 // of the points, of the map: a legend that covers more begins folded
const GAP_PX = 12

const DIGITS = [3, 15] // of a number of a scale, at least and at most

// with as few digits as tell them apart; written: "date" or "year" of numbers that are these
export function figures(values, written = "") {
  if (written === "date") return values.map((v) => dated(v, values.at(-1) - values[0]))
  if (written === "year") return values.map((v) => String(Math.round(v)))
  for (let digits = DIGITS[0]; ; digits++) {
    const said = values.map((v) => significant(v, digits))
    if (digits === DIGITS[1] || new Set(said).size === values.length) return said
  }
}

export class Legend {
  hidden = new Set()
  signs = null // what is drawn besides the points
  selection = null
  column = null // of the quantity that colours the points, with its limits
  limits = null
  overlaid = []
  /** @type {number[] | null} */
  drawn = null // what it takes of a picture, while that is drawn: [left, top, width, height]

  // onChange(hidden: Set of class numbers)
  constructor(root, plot, geometry, onChange) {
    this.plot = plot
    this.geometry = geometry
    this.onChange = onChange
    const { classes, labels, n } = geometry
    this.total = classes.map(() => 0)
    for (let i = 0; i < n; i++) if (labels[i] !== 255) this.total[labels[i]] += 1
    this.element = document.createElement("div")
    this.element.className = "zm-legend"
    this.bar = document.createElement("div")
    this.bar.className = "zm-bar"
    this.bar.innerHTML = "<b></b><i></i><span><em></em><em></em><em></em></span>"
    this.list = document.createElement("div")
    this.list.className = "zm-classes"
    this.list.setAttribute("role", "group")
    this.list.setAttribute("aria-label", _("Classes: click to hide or show one, double-click or Shift-click to show only that one"))
    this.list.style.setProperty("--rows", String(Math.ceil(classes.length / 2)))
    this.entries = classes.map((name, k) => this.entry(name, k))
    new Roving(this.list, "button").refresh()
    this.scales = document.createElement("div")
    this.scales.className = "zm-scales"
    this.element.append(this.scales, this.bar, this.list)
    this.foldable()
    root.append(this.element)
  }

  foldable() {
    this.button = Object.assign(document.createElement("button"), { type: "button", className: "zm-fold", title: _("What the colours mean") })
    this.button.onclick = () => { this.chosen = true; this.fold(this.button.getAttribute("aria-expanded") === "true") }
    this.element.prepend(this.button)
    this.fold(false)
  }

  fold(folded) {
    this.button.setAttribute("aria-expanded", String(!folded))
    this.button.textContent = `${_("Legend")} ${folded ? "▸" : "▾"}`
  }

  entry(name, k) {
    const button = document.createElement("button")
    button.type = "button"
    button.title = _("Click to hide or show it, double-click or Shift-click to show only this one")
    button.innerHTML = "<i></i><span></span><em></em>"
    button.querySelector("span").textContent = name
    button.setAttribute("aria-pressed", "true")
    button.onclick = ({ shiftKey }) => (shiftKey ? this.only(k) : this.toggle(k)) // Enter, with or without Shift, is a click too
    button.ondblclick = () => this.only(k)
    this.list.append(button)
    return button
  }

  toggle(k) {
    if (!this.hidden.delete(k)) this.hidden.add(k)
    if (this.hidden.size === this.entries.length) this.hidden.clear()
    this.changed()
  }

  only(k) {
    this.hidden = new Set(this.entries.map((_each, j) => j).filter((j) => j !== k))
    this.changed()
  }

  all() {
    this.hidden.clear()
    this.changed()
  }

  changed() {
    this.entries.forEach((button, k) => button.setAttribute("aria-pressed", String(!this.hidden.has(k))))
    this.onChange(this.hidden)
  }

  // into the corner of the whole map where it covers the fewest points, folded where these are too many or the map is small
  dock() {
    if (!this.chosen) this.fold(false)
    const { covered, share } = this.freest()
    if (!this.chosen) this.fold(covered > COVERED || share > WIDE)
    this.element.dataset.corner = this.freest().corner
  }

  // [left, top, width, height] px of the map that it takes; none where it is not shown
  get boxes() {
    if (this.drawn) return [this.drawn]
    const { hidden, offsetLeft: left, offsetTop: top, offsetWidth: width, offsetHeight: height } = this.element
    return hidden || !height ? [] : [[left, top, width, height]]
  }

  // px that it takes below the points, where present.css lays it there: the key to the shapes
  get foot() { return this.list.hidden || this.list.dataset.shapes !== "true" ? 0 : this.element.offsetHeight }

  // its name and left top, the share of the points covered there, and that of the map
  freest([w, h] = [this.element.offsetWidth, this.element.offsetHeight], above = this.plot.top) {
    const { xy, n } = this.plot, [width, height] = this.plot.size(), gap = GAP_PX, step = Math.max(1, Math.floor(n / 20_000)), places = {}
    const covered = Object.fromEntries(CORNERS.map(([name, right, bottom]) => {
      const [left, top] = (places[String(name)] = [right ? width - gap - w : gap, bottom ? height - gap - h : above])
      let hits = 0
      for (let i = 0; i < n; i += step) {
        const [px, py] = this.plot.toPixels(xy[2 * i], xy[2 * i + 1])
        if (px > left && px < left + w && py > top && py < top + h) hits += 1
      }
      return [name, hits]
    }))
    const best = CORNERS.map(([name]) => String(name)).reduce((best, name) => (covered[name] < covered[best] ? name : best))
    return { corner: best, at: places[best], covered: (covered[best] * step) / n, share: (w * h) / (width * height) }
  }

  // looks: of the classes; column: {title, unit} of a quantity with its limits, or null for the classes
  /** @param {import("./class_looks.js").ClassLooks} looks @param {any} column @param {number[]} limits */
  paint(looks, column, limits) {
    this.list.dataset.shapes = String(looks.on)
    for (const [k, { firstChild: { style } }] of this.entries.entries()) looks.dot(style, k)
    this.list.hidden = Boolean(column) || !this.entries.length
    this.bar.hidden = !column
    Object.assign(this, { column, limits })
    if (column) {
      const [low, high] = limits, [a, middle, b] = this.bar.querySelectorAll("em")
      this.bar.title = _("{help}. The ends of the scale are the 1st and 99th percentiles.", { help: column.help })
      this.bar.querySelector("b").replaceChildren(column.term ? termLink(column.term, column.title, this.bar.title) : column.title, column.unit ? `, ${column.unit}` : "")
      this.bar.querySelector(":scope > :nth-child(2)").style.background = `linear-gradient(90deg, ${scale(looks.dark).filter((_each, i) => i % 17 === 0).map(css).join(", ")})`
      const said = figures([low, (low + high) / 2, high], column.written)
      for (const [k, place] of [a, middle, b].entries()) place.textContent = said[k]
    }
    this.sync()
  }

  // {lead, low, high, title, colours: css, term} for each overlay that is on; hatched: what that means on it
  overlays(list) {
    this.overlaid = list
    this.scales.replaceChildren(...list.map(({ lead, low, high, title, colours, term, hatched }) => {
      const line = document.createElement("div")
      line.className = "zm-scale"
      line.title = title
      line.innerHTML = "<b></b><span></span><i></i><span></span>"
      line.querySelector("b").append(termLink(term, lead, title))
      line.children[1].textContent = low
      line.querySelector(":scope > :nth-child(3)").style.background = `linear-gradient(90deg, ${colours})`
      line.lastChild.textContent = high
      if (hatched) line.append(element("i", "zm-hatched"), element("span", "", hatched))
      return line
    }))
    this.sync()
  }

  explain(signs) {
    this.signs = signs
    this.element.append(signs)
  }

  sync() { this.element.hidden = !this.signs && this.list.hidden && this.bar.hidden && !this.scales.children.length }

  // counts of the points in view, or of the selected ones
  update() {
    const { view: [x0, x1, y0, y1], xy, near: { hidden }, zoomed } = this.plot, { labels, n } = this.geometry, chosen = this.selection?.mask
    const whole = !chosen && !zoomed && !hidden, counted = whole ? this.total : this.total.map(() => 0)
    if (!whole)
      for (let i = 0; i < n; i++) {
        if (labels[i] === 255 || hidden?.[i] || (chosen && !chosen[i])) continue
        const x = xy[2 * i], y = xy[2 * i + 1]
        if (chosen || (x >= x0 && x <= x1 && y >= y0 && y <= y1)) counted[labels[i]] += 1
      }
    this.entries.forEach((button, k) => {
      button.lastChild.textContent = counted[k] === this.total[k] ? number(counted[k]) : `${number(counted[k])} / ${number(this.total[k])}`
    })
  }
}
