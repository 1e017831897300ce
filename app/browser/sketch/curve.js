// @ts-check
// A series under a pen: time to the right, values upward, one channel at a time. The scale is that of all charts of series
// (vae/modalities/series.py): a value v is drawn at tanh(v / 5) of half the height.

import { _ } from "../shared/text.js"

const SOFT = 5, MARGIN = 2 / 64, EDGE = 0.995 // of the height left free at either side; how near the pen comes to the end of the scale
export const GROUND = "#000", COLOURS = ["#59ccff", "#ff9e40", "#8ce673", "#f280cc"] // of the canvas and of its curves, in every theme
const ZERO = "#292929", LINE = 1.2 / 96

// {values (c, t), channel} that strokes change; places are [0, w] in time, [0, h] from the top
export class Curve {
  h = 1
  past = []
  channel = 0

  constructor([c, t]) {
    this.c = c
    this.t = t
    this.w = t - 1
    this.values = new Float32Array(c * t)
  }

  get payload() { return new Uint8Array(this.values.slice().buffer) }

  replace(bytes) {
    this.remember()
    this.values.set(new Float32Array(Uint8Array.from(bytes).buffer))
  }

  clear() {
    this.remember()
    this.values.fill(0)
  }

  remember() { this.past = [...this.past, this.values.slice()].slice(-30) }

  undo() {
    const last = this.past.pop()
    if (last) this.values.set(last)
    return Boolean(last)
  }

  begin() { this.remember() }

  // every time step from (x0, y0) to (x1, y1) gets the value there
  line(x0, y0, x1, y1) {
    if (x1 < x0) [x0, y0, x1, y1] = [x1, y1, x0, y0]
    const first = Math.max(0, Math.round(x0)), last = Math.min(this.t - 1, Math.round(x1))
    for (let i = first; i <= last; i++) {
      const share = x1 > x0 ? Math.min(1, Math.max(0, (i - x0) / (x1 - x0))) : 1, y = y0 + share * (y1 - y0)
      const high = Math.min(EDGE, Math.max(-EDGE, (0.5 - y) / (0.5 - MARGIN)))
      this.values[this.channel * this.t + i] = SOFT * Math.atanh(high)
    }
  }

  invert() {
    this.remember()
    for (let i = 0; i < this.values.length; i++) this.values[i] = -this.values[i]
  }

  show(canvas) {
    const context = canvas.getContext("2d"), { width, height } = canvas, { c, t, values } = this
    Object.assign(context, { globalCompositeOperation: "source-over", fillStyle: GROUND, lineJoin: "round", lineWidth: LINE * width })
    context.fillRect(0, 0, width, height)
    context.fillStyle = ZERO
    context.fillRect(0, height / 2, width, height / 64)
    context.globalCompositeOperation = "lighter"
    for (let k = 0; k < c; k++) {
      context.strokeStyle = c === 1 ? "#fff" : COLOURS[k % COLOURS.length]
      context.beginPath()
      for (let i = 0; i < t; i++) context.lineTo((i / (t - 1)) * width, height * (0.5 - (0.5 - MARGIN) * Math.tanh(values[k * t + i] / SOFT)))
      context.stroke()
    }
  }

  // buttons that choose the channel, where there are several; each has a piece of the canvas with its curve
  // name(k): what a channel is called
  channels(name) {
    if (this.c === 1) return []
    return Array.from({ length: this.c }, (_each, k) => {
      const button = document.createElement("button"), piece = document.createElement("i"), colour = COLOURS[k % COLOURS.length]
      Object.assign(button, { type: "button", textContent: name(k), title: _("The channel that the pen draws") })
      piece.className = "zk-piece"
      piece.style.background = `linear-gradient(${colour}, ${colour}) center / 14px 4px no-repeat ${GROUND}`
      button.prepend(piece)
      button.setAttribute("role", "radio")
      button.dataset.channel = String(k)
      return button
    })
  }
}
