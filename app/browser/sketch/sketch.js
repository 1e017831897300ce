// @ts-check
// Draw a sample: every stroke goes up as pixels, and its code, place, reconstruction and oddness come back while it is drawn.
//
// window.zscope.strokes = {sent, shown, ms}: updates of a stroke, and from the pointer's move to what it changed, ms.

import { Painting, otherGround } from "./brush.js"
import { Curve } from "./curve.js"
import { KeyPen } from "./key_pen.js"
import { verdict } from "./verdict.js"
import { annotation } from "../shared/annotation.js"
import { LivePart, mounting } from "../shared/part.js"
import { Roving } from "../shared/roving.js"
import { termLink } from "../shared/terms.js"
import { variablesOf } from "../shared/variables.js"
import { TRUST_TITLE, emit, fit, paced, paint, sampleName } from "../shared/zscope.js"
import { _, number } from "../shared/text.js"

const TEST = { sent: 0, shown: 0, ms: [] }
const ODDNESS = _("The oddness is the share of real samples that are less odd than this input.")
const WEIGHED = _("It is judged by the reconstruction error and by the rate, high or low: an input unlike any sample can be reconstructed well, but then its latent carries next to nothing.")
const BY_ERROR = _("It is judged by the reconstruction error.")
const MSE = _("Mean squared error of the reconstruction, pixels 0 to 1. Lower is better.")
const ELBO = _("A lower bound on the log density of this input, in nats. Higher is better.")
const GROUND = {
  light: { offer: _("Light background; the training samples have a dark one."), turned: _("Inverted: the background was light.") },
  dark: { offer: _("Dark background; the training samples have a light one."), turned: _("Inverted: the background was dark.") },
}

const MARKUP = `
<div class="zk-bar">
  <div class="zk-pair" role="radiogroup" aria-label="${_("Brush")}"><button type="button" role="radio" data-brush="draw" title="${_("Paint")}">${_("Brush")}</button><button type="button" role="radio" data-brush="erase" title="${_("Paint black")}">${_("Erase")}</button></div>
  <label title="${_("Width of the brush")}">${_("Size")}<input type="range" aria-label="${_("Width of the brush")}" data-of="radius" min="0.4" max="4" step="0.1" value="1.1"></label>
  <label title="${_("What the brush paints: from black to white, or a colour")}">${_("Paint")}<input type="range" aria-label="${_("Brightness of the brush")}" data-of="grey" min="0" max="255" step="1" value="255"><input type="color" aria-label="${_("Colour of the brush")}" data-of="colour" value="#ffffff"></label>
  <button type="button" data-do="undo" title="${_("Undo the last stroke")}">↶</button>
  <button type="button" data-do="invert" title="${_("Swap black and white: the data may be white on black")}">${_("Invert")}</button>
  <button type="button" data-do="clear" title="${_("All black")}">${_("Clear")}</button>
  <button type="button" data-do="sample" title="${_("Back to the current picture, or to the uploaded file")}">${_("Reset")}</button>
</div>
<p class="zk-ground" hidden><span></span> <button type="button" data-do="turn"></button></p>
<div class="zk-pictures">
  <figure><canvas class="zk-draw" width="224" tabindex="0" role="application" aria-label="${_("Canvas to draw on. Arrow keys move the brush, with Shift in larger steps; Space puts it down and lifts it.")}"></canvas><i class="zk-cursor" hidden></i><figcaption>${_("what the model sees")}</figcaption></figure>
  <figure><canvas class="zk-made" width="224" role="img" aria-label="${_("Reconstruction")}"></canvas><figcaption>${_("its reconstruction")}</figcaption></figure>
  <div class="zk-near"></div>
</div>
<div class="zk-foot">
  <p class="zk-said" aria-live="polite"></p>
  <button type="button" data-do="keep" disabled title="${_("Use the latent of this picture as the current point")}">${_("Keep")}</button>
</div>`
const READ_MS = 80
const KEPT = "committed" // the version without a file: the point under study

// how wide a stroke is for it: only a pen feels how hard it is pressed
const pressure = (event) => (event.pointerType === "pen" && event.pressure ? 0.4 + 1.2 * event.pressure : 1)

class Sketch extends LivePart {
  scene
  version
  pressed = false // the pointer

  static className = "zscope-sketch zscope-part"
  static testid = "zscope-sketch"
  static markup = MARKUP

  say = paced(READ_MS, (answer) => this.words(answer)) // no faster than eyes can read

  start() {
    this.roving = new Roving(this.find(".zk-pair"), "button")
    this.brush("draw")
    this.root.onclick = (event) => this.act(event.target.closest("button"))
    return super.start()
  }

  async build() {
    this.sheet = await this.loadSheet()
    if (this.gone) return
    const { shape, sample } = this.geometry
    const curve = sample.length === 2 ? new Curve([sample[0], sample[1]]) : null
    this.painting = curve ?? new Painting(shape)
    if (curve) this.pen(curve)
    this.canvas = fit(this.find(".zk-draw"), shape)
    this.made = fit(this.find(".zk-made"), shape)
    this.named = annotation(this.made, this.geometry)
    this.find("[data-of=grey]").hidden = shape[2] > 1
    this.find("[data-of=colour]").hidden = shape[2] === 1
    this.listen()
  }

  // a series has no brush: its pen draws one channel
  pen(curve) {
    const variables = variablesOf(this.geometry), channels = curve.channels((k) => variables.name(k))
    this.curve = curve
    const pair = this.find(".zk-pair")
    pair.setAttribute("aria-label", _("Channel"))
    pair.replaceChildren(...channels)
    for (const label of this.root.querySelectorAll(".zk-bar label")) label.hidden = true
    this.find("[data-do=invert]").title = _("Upside down")
    this.find("[data-do=clear]").title = _("All zero")
    if (channels.length) this.choose(channels[0])
  }

  choose(button) {
    this.curve.channel = Number(button.dataset.channel)
    for (const one of this.root.querySelectorAll("[data-channel]")) one.setAttribute("aria-checked", String(one === button))
    this.roving.refresh()
  }

  show() {
    const { version, label } = this.component.data, scene = `${version} ${label}`
    if (scene === this.scene) return
    const first = this.version === undefined, fresh = version !== this.version
    Object.assign(this, { scene, version })
    if (first || (fresh && version !== KEPT)) this.begin() // a file that was refused or taken away leaves what is drawn
    else this.changed()
  }

  begin() {
    const { start } = this.component.data
    if (start) this.painting.replace(Uint8Array.from(atob(start), (letter) => letter.charCodeAt(0)))
    else this.painting.clear()
    this.given = this.painting.payload
    if (!this.answer) this.awaiting()
    this.changed()
  }

  // until the model has answered for the first time: the sample itself, dimmed
  awaiting() {
    this.painting.show(this.made)
    this.made.classList.add("zk-awaited")
  }

  listen() {
    const { canvas } = this
    canvas.onpointerdown = (event) => {
      if (event.button > 0) return
      event.preventDefault()
      canvas.setPointerCapture(event.pointerId)
      canvas.focus({ preventScroll: true })
      this.pressed = true
      this.begun(this.place(event))
      this.line(this.place(event), pressure(event))
      this.changed(event.timeStamp)
    }
    canvas.onpointermove = (event) => {
      if (!this.pressed) return
      for (const one of event.getCoalescedEvents?.() ?? [event]) this.line(this.place(one), pressure(one))
      this.changed(event.timeStamp)
    }
    canvas.onpointerup = canvas.onpointercancel = () => { this.pressed = false }
    const at = (share) => [share[0] * this.painting.w, share[1] * this.painting.h]
    const pen = new KeyPen(canvas, this.find(".zk-cursor"), {
      begin: (share) => { this.begun(at(share)); this.line(at(share)); this.changed() },
      line: (share) => { this.line(at(share)); this.changed() },
    })
    canvas.onkeydown = (event) => {
      if (!event.ctrlKey && !event.metaKey && !event.altKey && pen.key(event)) { event.preventDefault(); event.stopPropagation() }
      if (event.key.toLowerCase() === "z" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); event.stopPropagation(); this.act(this.find("[data-do=undo]")) }
    }
  }

  place(event) {
    const box = this.canvas.getBoundingClientRect(), { w, h } = this.painting
    return [((event.clientX - box.left) / box.width) * w, ((event.clientY - box.top) / box.height) * h]
  }

  /** @param {number[]} at */
  begun(at) {
    this.painting.begin()
    this.last = at
  }

  /** From where it was last. @param {number[]} to @param {number} [pressed] */
  line([x1, y1], pressed = 1) {
    const [x0, y0] = this.last
    this.painting.line(x0, y0, x1, y1, (pressed * Number(this.find("[data-of=radius]").value) * this.painting.w) / 28, this.colour())
    this.last = [x1, y1]
  }

  colour() {
    const { c } = this.painting
    if (this.erasing) return new Array(c).fill(0)
    if (c === 1) return [Number(this.find("[data-of=grey]").value)]
    const hex = this.find("[data-of=colour]").value
    return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16))
  }

  brush(name) {
    this.erasing = name === "erase"
    for (const button of this.root.querySelectorAll("[data-brush]")) button.setAttribute("aria-checked", String(button.dataset.brush === name))
    this.roving.refresh()
  }

  act(button) {
    const what = button?.dataset.do
    if (button?.dataset.brush) this.brush(button.dataset.brush)
    if (button?.dataset.channel) this.choose(button)
    if (!what || !this.painting) return
    if (what === "keep") return this.keep()
    if (what === "sample") return this.begin()
    if (what === "undo" && !this.painting.undo()) return
    if (what === "invert" || what === "turn") this.painting.invert()
    if (what === "clear") this.painting.clear()
    this.changed()
  }

  // the canvas at once; what the model says of it as fast as it answers, the newest always
  async changed(t0 = performance.now()) {
    this.painting.show(this.canvas)
    this.ground()
    TEST.sent += 1
    let answer
    try {
      answer = await this.client.latest("stroke", "stroke", this.painting.payload)
    } catch (error) {
      this.find(".zk-said").textContent = _("Could not encode it: {message}", { message: error.message })
      return
    }
    if (!answer || this.gone) return
    this.answer = answer
    this.answered(answer)
    TEST.shown += 1
    TEST.ms.push(performance.now() - t0)
    if (TEST.ms.length > 1000) TEST.ms.shift()
  }

  // an uploaded picture with another background than the training samples: an offer to invert it, then to take that back
  ground() {
    const { ground, version } = this.component.data, { shape } = this.geometry, row = this.find(".zk-ground"), { given } = this
    if (ground === null || version === KEPT) { row.hidden = true; return }
    const now = this.painting.payload, other = otherGround(now, shape, ground), before = otherGround(given, shape, ground)
    const turned = !other && before && given.every((v, i) => v + now[i] === 255)
    row.hidden = !other && !turned
    if (row.hidden) return
    row.firstChild.textContent = turned ? GROUND[before].turned : GROUND[other].offer
    row.lastChild.textContent = turned ? _("Undo") : _("Invert")
  }

  answered(answer) {
    paint(this.made, answer.arrays.picture, this.geometry.shape)
    this.named?.show(answer.arrays.values)
    this.made.classList.remove("zk-awaited")
    emit("position", { xy: answer.xy, z: answer.arrays.mu })
    this.say(answer)
  }

  words({ arrays, mse, elbo_nats, oddness, by, reference, trust, label, label_given }) {
    this.find("[data-do=keep]").disabled = false
    const said = this.find(".zk-said"), nats = elbo_nats === null ? [] : [" · ", termLink("elbo", _("ELBO"), ELBO), ` ${_("{elbo} nats", { elbo: number(elbo_nats) })}`]
    said.innerHTML = ""
    const strong = document.createElement("b")
    strong.append(termLink("mse", _("reconstruction error"), MSE), ` ${number(mse, 4)}`)
    const { text, odd: word, tone } = verdict({ oddness, by, reference, trust, first: this.geometry.first }), odd = document.createElement("span"), at = text.indexOf(word)
    Object.assign(odd, { className: tone, title: TRUST_TITLE })
    odd.append(text.slice(0, at), termLink("oddness", word, `${ODDNESS} ${elbo_nats === null ? BY_ERROR : WEIGHED}`), text.slice(at + word.length))
    const named = { label: this.geometry.classes[label] }
    const as = label === null ? "" : label_given ? _(" · as {label}, chosen", named) : _(" · as {label}, the likeliest label", named)
    said.append(strong, ...nats, as, document.createElement("br"), odd)
    this.nearest(arrays)
  }

  nearest({ rows, distances }) {
    const list = this.find(".zk-near"), { index } = this.geometry
    while (list.children.length < rows.length) {
      const button = document.createElement("button"), canvas = document.createElement("canvas")
      canvas.width = 96
      button.type = "button"
      button.append(fit(canvas, this.geometry.shape), document.createElement("span"))
      list.append(button)
    }
    rows.forEach((row, i) => {
      const button = list.children[i]
      button.lastChild.textContent = distances[i].toFixed(2)
      if (Number(button.dataset.row) === row) return
      button.dataset.row = row
      button.title = _("{row} #{row2}, latent distance {i}: go there", { row: sampleName(this.geometry, row), row2: index[row], i: distances[i].toFixed(2) })
      button.setAttribute("aria-label", button.title)
      button.onclick = () => emit("goto", { row })
      this.sheet.draw(button.firstChild.getContext("2d", { willReadFrequently: true }), row, 0, 0, 96)
    })
  }

  keep() {
    if (this.answer) emit("goto", { z: Array.from(this.answer.arrays.mu) })
  }

  remove() {
    this.say.cancel()
    this.named?.remove()
    emit("position", null)
    super.remove()
  }
}

window.zscope.strokes = TEST
const { render, unmount } = mounting(Sketch)
export { render as default, unmount }
