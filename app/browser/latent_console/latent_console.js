// @ts-check
// The sliders as a part of the page: tabs, rows, and what is done to saved directions.

import { CHART } from "./ends.js"
import { LivePart, mounting } from "../shared/part.js"
import { Sliders } from "./sliders.js"
import { emit, on } from "../shared/zscope.js"

const WIDEST = 1.5 // a slider's previews, over their height

class Console extends LivePart {
  static className = "zscope-console zscope-part"
  /** @type {number | undefined} */
  type // px, for a lecture hall

  build() {
    const { shape: [h, w], sample } = this.geometry
    this.root.style.setProperty("--aspect", String(sample.length < 3 ? CHART : Math.min(WIDEST, w / h)))
    this.fit()
    this.offs.push(on("away", (source) => { this.root.dataset.away = source }))
    const tell = (said) => this.component.setTriggerValue("named", { ...said, n: Date.now() })
    const place = document.createElement("div")
    this.root.append(place)
    this.sliders = new Sliders(place, this.client, this.geometry, tell)
    this.offs.push(on("type", (px) => { this.type = px; setTimeout(() => this.sliders?.fit(px)) })) // once all is laid out
  }

  // Eight rows fill the place of the tool. A container query unit would style all rows anew with every layout of the page,
  // which a frame that changes a word causes.
  fit() {
    const tool = this.root.closest(".st-key-zscope-tool")
    if (!tool) return
    const watch = new ResizeObserver(([{ contentRect }]) => this.root.style.setProperty("--room", `${contentRect.height}px`))
    watch.observe(tool)
    this.offs.push(() => watch.disconnect())
  }

  show() {
    const { committed, sliders, label, saves } = this.component.data
    this.sliders.update(committed, sliders, label, saves)
    if (this.type === undefined) emit("type wanted") // a presentation may have begun before
  }

  remove() {
    this.sliders?.remove()
    super.remove()
  }
}

const { render, unmount } = mounting(Console)
export { render as default, unmount }
