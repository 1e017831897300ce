// The sliders as a part of the page: tabs, rows, and what is done to saved directions.

import { connect, geometry, mounting, on } from "../shared/zscope.js"
import { CHART } from "./ends.js"
import { Sliders } from "./sliders.js"

const WIDEST = 1.5 // a slider's previews, over their height

class Console {
  constructor(component) {
    this.component = component
    this.model = component.data.link.model
    this.root = document.createElement("div")
    this.root.className = "zscope-console zscope-part"
    component.parentElement.append(this.root)
  }

  async start() {
    const { model, token, base } = this.component.data.link
    this.client = connect(model, token, base)
    const shape = await geometry(model, base)
    const [h, w] = shape.shape
    this.root.style.setProperty("--aspect", shape.sample.length < 3 ? CHART : Math.min(WIDEST, w / h))
    this.off = on("away", (source) => { this.root.dataset.away = source })
    const tell = (said) => this.component.setTriggerValue("named", { ...said, n: Date.now() })
    this.sliders = new Sliders(this.root, this.client, shape, tell)
    this.update(this.component)
  }

  update(component) {
    this.component = component
    const { link, committed, sliders, label, saves } = component.data
    this.client = connect(this.model, link.token, link.base)
    this.sliders?.update(committed, sliders, label, saves)
  }

  remove() {
    this.off?.()
    this.sliders?.remove()
    this.root.remove()
  }
}

const part = mounting((component) => new Console(component))
export default part.render
export const unmount = part.unmount
