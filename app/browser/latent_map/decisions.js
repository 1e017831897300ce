// @ts-check
// What a classifier says of the places of the map: each has the colour of its class, the stronger the surer, coarse first and
// then fine; and at the pointer the name of the class of the very picture that is shown, with its probability.

import { ClassLooks } from "./class_looks.js"
import { css } from "./colours.js"
import { payload } from "./views.js"
import { element, hide, write } from "../shared/elements.js"
import { decide, named } from "../shared/decide.js"
import { _, percent } from "../shared/text.js"
import { on, paced } from "../shared/zscope.js"

const GRIDS = [[20, 12], [64, 40]] // columns, rows
const REST_MS = 250 // of the view before it is asked for anew
const AGAIN_MS = 3000 // after a question that failed: its classifier may be open by then
const SAY_MS = 60 // from one question for the class at the pointer to the next
const ALPHA = [0.1, 0.62] // of a place whose class is a guess, and of a certain one
const PALEST = 0.45 // of that, where what is decoded does not come back: the classifier may be sure of what no sample is
const TAG_PX = [14, -30] // from the pointer
const TITLE = _("What the classifier says of the picture decoded at each place, as its colour: strong where it is sure, paler where trust is low. It was made for real samples: how often it is right for them, and for reconstructions, stands in the tool Decisions.")

export class Decisions {
  failed = false // the last question
  told = null // {name, classes, said, help} of the classifier
  on = false
  cells = [] // {canvas, box}
  turn = 0
  key = ""

  constructor(map) {
    this.map = map
    this.tag = element("div", "zm-decision")
    this.tag.setAttribute("aria-hidden", "true") // what is spoken of a place says it too
    this.tag.append(element("i", ""), element("span", ""))
    this.tag.hidden = true
    map.root.append(this.tag)
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
    const turn = ++this.turn, { plot, views, client } = this.map, [x0, x1, y0, y1] = plot.view
    let under = this.cells
    for (const [columns, rows] of GRIDS) {
      const canvas = Object.assign(document.createElement("canvas"), { width: columns, height: rows }), context = canvas.getContext("2d")
      const h = (y1 - y0) / rows, cell = { canvas, box: [x0, y0, x1, y1] }
      for (let r = 0; r < rows; r++) {
        let answer
        try {
          answer = await client.ask("decisions", named(this.told.name, payload(views.key, [x0, y1 - (r + 1) * h, x1, y1 - r * h, columns, 1, ...this.map.beyond()])), { idle: true })
        } catch (error) {
          if (turn !== this.turn || !this.on) return
          this.failed = true
          this.map.note(_("Decisions: {message}", { message: error.message }))
          this.timer = setTimeout(() => this.start(), AGAIN_MS)
          return
        }
        if (turn !== this.turn || !this.on) return
        this.clear()
        context.putImageData(this.strip(context, answer.arrays, columns), 0, r)
        this.cells = [...under, cell]
        plot.refresh()
      }
      under = this.cells = [cell]
    }
    this.map.root.dataset.decided = this.told.name
  }

  // what was said of a question that failed, once another was answered
  clear() {
    if (this.failed) this.map.note("")
    this.failed = false
  }

  strip(context, { label, confidence, trust }, columns) {
    const out = context.createImageData(columns, 1), chance = 1 / this.told.classes.length, [least, most] = ALPHA
    for (let i = 0; i < columns; i++) {
      const sure = Math.max(0, (confidence[i] - chance) / (1 - chance)), colour = this.looks.colours[label[i]] ?? [128, 128, 128]
      for (let k = 0; k < 3; k++) out.data[4 * i + k] = colour[k]
      out.data[4 * i + 3] = 255 * (least + (most - least) * sure) * (trust ? PALEST + (1 - PALEST) * trust[i] : 1)
    }
    return out
  }

  draw(context, plot) {
    if (!this.on || plot.t < 1) return
    context.imageSmoothingEnabled = false // a mixture of two colours would be a third class
    for (const { canvas, box: [x0, y0, x1, y1] } of this.cells) {
      const [left, top] = plot.toPixels(x0, y1), [right, bottom] = plot.toPixels(x1, y0)
      context.drawImage(canvas, left, top, right - left, bottom - top)
    }
    context.imageSmoothingEnabled = true
  }

  // of the picture that is shown; the answer may be of one before it while the pointer moves
  async say(frame) {
    const { client, pointer } = this.map, { told } = this
    if (!this.on) return
    const said = await decide(client, told.name, frame.z).catch((error) => { this.map.note(_("Decisions: {message}", { message: error.message })) })
    if (!said || !this.on || told !== this.told) return
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
    return { lead: _("Decisions {help}: {said}", this.told), low: _("a guess"), high: _("sure"), title: TITLE, colours: `rgb(128 128 128 / ${ALPHA[0]}), rgb(128 128 128 / ${ALPHA[1]})`, term: "decision-map" }
  }

  remove() {
    clearTimeout(this.timer)
    this.turn += 1
    this.ask.cancel()
    for (const off of this.offs) off()
  }
}
