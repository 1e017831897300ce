// @ts-check
// The pinned point beside the picture: what it looks like, and where the picture at the pointer differs from it.

import { KIND, emit, fit, paced, paint } from "../shared/zscope.js"
import { _, significant } from "../shared/text.js"
import { isTable } from "../shared/variables.js"

const COMPARE_MS = 50
const DIGITS = 2
const SIGMA = _("Root mean squared difference between the two decoded samples, in standard deviations of the data (σ)")
const APART = _("Mean absolute difference between the two pictures, relative to the range of a pixel")

export class Pinned {
  frame = null
  key = ""

  constructor(root, client, geometry) {
    this.root = root
    this.client = client
    this.geometry = geometry
    root.innerHTML =
      `<button type="button"><canvas width="128"></canvas><span>${_("pinned")}</span></button><div title="${APART}"><canvas width="128"></canvas><span></span></div>`
    this.canvases = [...root.querySelectorAll("canvas")]
    for (const canvas of this.canvases) fit(canvas, geometry.shape)
    this.canvases[1].hidden = isTable(geometry) // the list shows the differences, by column
    const [button] = root.children
    button.title = _("Hold to show the pinned point in the large picture")
    button.onpointerdown = (event) => { button.setPointerCapture(event.pointerId); emit("flip", true) }
    button.onpointerup = button.onpointercancel = () => emit("flip", false)
    button.onkeydown = (event) => { if (event.key === "Enter" && !event.repeat) emit("flip", true) }
    button.onkeyup = button.onblur = () => emit("flip", false)
    this.compare = paced(COMPARE_MS, (frame) => this.differ(frame))
  }

  // the picture of {row, z}, asked for once for each point and label
  async update(pin, label) {
    const key = JSON.stringify([pin, label])
    if (key === this.key) return
    this.key = key
    this.frame = null
    if (!pin) return
    let frame
    try {
      frame = await (pin.row === null ? this.client.ask(KIND.latent, pin.z) : this.client.ask(KIND.row, [pin.row]))
    } catch {
      this.key = "" // the connection closed, as the status line says: asked for again at the next update
      return
    }
    if (this.key !== key) return
    this.frame = frame
    paint(this.canvases[0], frame.pixels, this.geometry.shape)
    if (this.client.last) this.differ(this.client.last)
  }

  differ({ pixels, values }) {
    if (!this.frame) return
    const said = this.root.lastElementChild
    const gap = new Uint8ClampedArray(pixels.length)
    let sum = 0
    for (let i = 0; i < gap.length; i++) sum += gap[i] = Math.abs(pixels[i] - this.frame.pixels[i])
    paint(this.canvases[1], gap, this.geometry.shape)
    const far = values && Math.sqrt(values.reduce((square, v, i) => square + (v - this.frame.values[i]) ** 2, 0) / values.length)
    said.title = values ? SIGMA : APART
    said.lastElementChild.textContent = _("differs {share}", { share: values ? `${significant(far, DIGITS)}\u202fσ` : (sum / gap.length / 255).toFixed(3).replace(/^0/, "") })
  }

  remove() { this.compare.cancel() }
}
