// @ts-check
// A cloud of places that another part of the page knows: event "cloud" {xy: [[x, y], ...]}, or null. Drawn where each is, so
// that its size is the map's own scale; follows the view by looking at it, once a frame while there is a cloud.

import { emit, on, theme } from "../shared/zscope.js"

const DOT_PX = 2.4, OPACITY = 0.6

export class Cloud {
  xy = null
  drawn = ""

  // shown(): whether the map is laid out as those places are
  constructor(root, plot, shown) {
    this.root = root
    this.plot = plot
    this.shown = shown
    this.canvas = document.createElement("canvas")
    this.canvas.className = "zm-overlay zm-cloud"
    this.canvas.dataset.testid = "zscope-cloud"
    root.append(this.canvas)
    this.off = on("cloud", (cloud) => this.show(cloud?.xy ?? null))
    emit("cloud wanted") // whoever has one may have told it before this map was there
  }

  show(xy) {
    const idle = !this.xy
    this.xy = xy
    this.drawn = ""
    this.canvas.dataset.n = xy?.length ?? 0
    if (!xy) this.draw()
    else if (idle) this.follow()
  }

  follow() {
    if (!this.xy || !this.root.isConnected) return
    const seen = `${this.plot.view} ${this.plot.size()} ${this.shown()}`
    if (seen !== this.drawn) { this.draw(); this.drawn = seen }
    requestAnimationFrame(() => this.follow())
  }

  draw() {
    const [width, height] = this.plot.size(), density = Math.min(2, devicePixelRatio || 1)
    Object.assign(this.canvas, { width: width * density, height: height * density }) // this clears it
    if (!this.xy || !this.shown()) return
    const context = this.canvas.getContext("2d")
    context.scale(density, density)
    context.fillStyle = theme(this.root).accent
    context.globalAlpha = OPACITY
    for (const [x, y] of this.xy) {
      const [px, py] = this.plot.toPixels(x, y)
      context.beginPath()
      context.arc(px, py, DOT_PX, 0, 2 * Math.PI)
      context.fill()
    }
  }

  remove() {
    this.off()
    this.xy = null
    this.canvas.remove()
  }
}
