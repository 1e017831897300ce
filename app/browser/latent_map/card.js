// @ts-check
// The card beside the pointer: the sample there, after a moment of rest.

import { connected } from "../shared/channel.js"
import { fit, sampleName } from "../shared/zscope.js"
import { NAMED, variablesOf } from "../shared/variables.js"
import { _, ngettext } from "../shared/text.js"

const DWELL_MS = 125 // of rest on a sample before its card; the ring does not wait
const CARD_PX = [236, 74], LINE_PX = 17 // of a column's value below the rest
export const REACH = 0.02 // of the map's width: "within reach"

export class Card {
  drawn // the row whose picture is on the card
  sheet
  wanted = -1

  constructor(root, plot, geometry) {
    this.plot = plot
    this.geometry = geometry
    this.element = document.createElement("div")
    this.element.className = "zm-card"
    this.element.innerHTML = '<canvas width="112" height="112"></canvas><div><b></b><span></span><span></span></div>'
    fit(this.element.querySelector("canvas"), geometry.shape)
    this.variables = variablesOf(geometry)
    this.facts = this.element.appendChild(document.createElement("p"))
    this.tall = CARD_PX[1] + LINE_PX * (this.variables ? (1 + Math.min(NAMED, this.variables.count)) : 0)
    this.element.style.height = `${this.tall}px`
    root.append(this.element)
    this.hide()
  }

  // near: {index, distance} of the sample at the pointer, index -1 for none; snapped: the cursor shows that very sample
  point(px, py, near, snapped, sheet) {
    if (near.index < 0) return this.hide()
    this.where = [px, py, near, snapped, sheet]
    if (near.index === this.wanted) return this.shown && this.fill()
    this.hide()
    this.wanted = near.index
    this.dwell = setTimeout(() => { this.shown = true; this.fill() }, DWELL_MS)
  }

  fill() {
    const [px, py, { index }, snapped, sheet] = this.where, { element, geometry, plot } = this
    const [width, height] = plot.size(), [w] = CARD_PX, h = this.tall
    const left = px + 22 + w > width ? px - 22 - w : px + 22, top = Math.min(height - h - 8, Math.max(8, py + 16))
    element.style.transform = `translate(${Math.round(Math.max(8, left))}px, ${Math.round(top)}px)`
    element.style.visibility = "visible"
    if (sheet && (index !== this.drawn || sheet !== this.sheet)) {
      const canvas = element.querySelector("canvas"), context = canvas.getContext("2d", { willReadFrequently: true })
      if (!sheet.draw(context, index, 0, 0, canvas.width)) context.clearRect(0, 0, canvas.width, canvas.height)
      Object.assign(this, { drawn: index, sheet })
    }
    const [title, line, within] = element.querySelectorAll("b, span"), { index: origin } = geometry
    title.textContent = sampleName(geometry, index, _("Sample"))
    line.textContent = `#${origin[index]}${snapped ? "" : " \u00b7 nearest sample"}`
    const found = plot.near.within(...plot.toData(px, py), REACH * plot.near.width)
    within.textContent = ngettext("{n} sample nearby", "{n} samples nearby", found)
    this.tell()
    element.classList.add("zm-rested")
  }

  // what is decoded at the pointer; no sample but its picture came with the map
  tell() {
    const values = connected()?.last?.values
    if (this.variables && values) this.facts.textContent = [_("decoded:"), ...this.variables.lines(values, NAMED)].join("\n")
  }

  hide() {
    clearTimeout(this.dwell)
    Object.assign(this, { shown: false, wanted: -1 })
    if (this.element.style.visibility === "hidden") return
    this.element.style.visibility = "hidden"
    this.element.classList.remove("zm-rested")
  }
}
