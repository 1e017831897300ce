// @ts-check
// The sliders as a part of the page: tabs, rows, and what is done to saved directions.

import { CHART } from "./ends.js"
import { LivePart, mounting } from "../shared/part.js"
import { Sliders } from "./sliders.js"
import { on } from "../shared/zscope.js"

const WIDEST = 1.5 // a slider's previews, over their height

class Console extends LivePart {
  static className = "zscope-console zscope-part"

  build() {
    const { shape: [h, w], sample } = this.geometry
    this.root.style.setProperty("--aspect", String(sample.length < 3 ? CHART : Math.min(WIDEST, w / h)))
    this.offs.push(on("away", (source) => { this.root.dataset.away = source }))
    const tell = (said) => this.component.setTriggerValue("named", { ...said, n: Date.now() })
    this.sliders = new Sliders(this.root, this.client, this.geometry, tell)
  }

  show() {
    const { committed, sliders, label, saves } = this.component.data
    this.sliders.update(committed, sliders, label, saves)
  }

  remove() {
    this.sliders?.remove()
    super.remove()
  }
}

const { render, unmount } = mounting(Console)
export { render as default, unmount }
