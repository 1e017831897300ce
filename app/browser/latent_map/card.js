// @ts-check
// The card beside the pointer: the sample there, after a moment of rest. Of a table it has the sample's own values, fetched
// when the card is shown; where the data set is not on the server's machine, those decoded at the pointer.

import { write } from "../shared/elements.js"
import { connected } from "../shared/channel.js"
import { fetched } from "../shared/server.js"
import { fit, sampleName } from "../shared/zscope.js"
import { NAMED, isTable, variablesOf } from "../shared/variables.js"
import { _, ngettext } from "../shared/text.js"

const DWELL_MS = 125 // of rest on a sample before its card; the ring does not wait
const CARD_PX = [236, 74], LINE_PX = 17 // and of a column's value below the rest
const BARE_PX = 18, HALL_BARE = 2.2 // less where there is no picture: of a table
const HALL = [13, 4.4], HALL_LINE = 1.2 // the same for a lecture hall, in its type
const GAP_PX = [22, 16], FINGER_PX = [30, 44] // from the pointer, across and down; a finger hides what is below it
const EDGE_PX = 8
const POINTER = 1000 // as bad as so much of anything else is what lies below the pointer
export const REACH = 0.02 // of the map's width: "within reach"

// Where a card of [w, h] stands on a map of [width, height]: in the first of the four places about the pointer that lies within
// the map and clear of pointer and what is taken, [left, top, width, height] each; where there is none, where it covers least of that.
/** @param {number[]} at @param {number[]} size @param {number[]} map @param {any[]} taken @param {boolean} [touch] */
export function beside([px, py], [w, h], [width, height], taken, touch = false) {
  const [gx, gy] = touch ? FINGER_PX : GAP_PX, rows = [py + gy, py - gy - h]
  const within = (v, most) => Math.max(EDGE_PX, Math.min(most - EDGE_PX, v))
  const places = (touch ? rows.reverse() : rows).flatMap((top) => [px + gx, px - gx - w].map((left) => [left, top]))
  let best = places[0], least = Infinity
  for (const [wantedLeft, wantedTop] of places) {
    const left = within(wantedLeft, width - w), top = within(wantedTop, height - h)
    const covers = ([x, y, u, v]) => Math.max(0, Math.min(left + w, x + u) - Math.max(left, x)) * Math.max(0, Math.min(top + h, y + v) - Math.max(top, y))
    const cost = taken.reduce((sum, box) => sum + covers(box), POINTER * covers([px - gx / 2, py - gy / 2, gx, gy]))
    if (cost < least) [best, least] = [[left, top], cost]
  }
  return best
}

export class Card {
  taken = () => [] // what of the map the card leaves free
  drawn // the row whose picture is on the card
  sheet
  wanted = -1
  type = 0 // px, for a lecture hall
  rows = new Map() // of each row asked for its values, a promise of them; null where there are none

  constructor(root, plot, geometry, model) {
    this.plot = plot
    this.model = model
    this.geometry = geometry
    this.element = document.createElement("div")
    this.element.className = "zm-card"
    this.element.innerHTML = '<canvas width="224" height="224"></canvas><div><b></b><span></span><span></span></div>'
    fit(this.element.querySelector("canvas"), geometry.shape)
    this.variables = variablesOf(geometry)
    this.element.classList.toggle("zm-told", isTable(geometry))
    this.facts = this.element.appendChild(document.createElement("p"))
    this.enlarge(0)
    root.append(this.element)
    this.hide()
  }

  // px: the size of type for a lecture hall, 0 for a desk
  enlarge(px) {
    const lines = this.variables ? 1 + Math.min(NAMED, this.variables.count) : 0, [w, h] = HALL
    this.type = px
    const bare = this.variables && !this.variables.series
    this.size = px ? [w * px, (h + HALL_LINE * lines - (bare ? HALL_BARE : 0)) * px] : [CARD_PX[0], CARD_PX[1] + LINE_PX * lines - (bare ? BARE_PX : 0)]
    Object.assign(this.element.style, { width: `${this.size[0]}px`, height: `${this.size[1]}px` })
  }

  // near: {index, distance} of the sample at the pointer, index -1 for none; snapped: the cursor shows that very sample
  point(px, py, near, snapped, sheet, touch) {
    if (near.index < 0) return this.hide()
    this.where = [px, py, near, snapped, sheet, touch]
    if (near.index === this.wanted) return this.shown && this.fill()
    this.hide()
    this.wanted = near.index
    this.dwell = setTimeout(() => { this.shown = true; this.fill() }, DWELL_MS)
  }

  fill() {
    const [px, py, { index }, snapped, sheet, touch] = this.where, { element, geometry, plot } = this
    const [left, top] = beside([px, py], this.size, plot.size(), this.taken(), touch)
    element.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`
    element.style.visibility = "visible"
    if (sheet && (index !== this.drawn || sheet !== this.sheet)) {
      const canvas = element.querySelector("canvas"), context = canvas.getContext("2d", { willReadFrequently: true })
      if (!sheet.draw(context, index, 0, 0, canvas.width)) context.clearRect(0, 0, canvas.width, canvas.height)
      Object.assign(this, { drawn: index, sheet })
    }
    const [title, line, within] = element.querySelectorAll("b, span"), { index: origin } = geometry
    write(title, sampleName(geometry, index, _("Sample")))
    write(line, `#${origin[index]}${snapped || this.type ? "" : ` \u00b7 ${_("nearest sample")}`}`)
    const found = plot.near.within(...plot.toData(px, py), REACH * plot.near.width)
    write(within, ngettext("{n} sample nearby", "{n} samples nearby", found))
    this.tell(index)
    element.classList.add("zm-rested")
  }

  // the sample's own values, most unusual first
  async tell(index) {
    if (!this.variables || this.told === index) return
    this.told = index
    const own = await this.values(index)
    if (this.told !== index) return // the pointer went on
    const values = own ?? connected()?.last?.values
    if (!own) this.told = -1 // what is decoded changes with the pointer
    if (values) this.facts.textContent = [own ? _("this sample:") : _("decoded at the pointer:"), ...this.variables.lines(values, NAMED)].join("\n")
  }

  values(index) {
    if (!this.rows.has(index)) {
      const asked = fetched("asset", this.model, "row", String(index)).then(async (answer) => new Float32Array(await answer.arrayBuffer()))
      this.rows.set(index, asked.catch(() => null)) // the data set is not on this machine
    }
    return this.rows.get(index)
  }

  hide() {
    clearTimeout(this.dwell)
    Object.assign(this, { shown: false, wanted: -1, told: -1 })
    if (this.element.style.visibility === "hidden") return
    this.element.style.visibility = "hidden"
    this.element.classList.remove("zm-rested")
  }
}
