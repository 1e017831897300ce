// @ts-check
// A canvas that is as large as its place in the page, at the screen's own density, and is drawn anew when that changes.

export class Surface {
  // draw(context, width, height), in CSS pixels, on a cleared canvas
  constructor(host, label, draw) {
    this.draw = draw
    this.canvas = document.createElement("canvas")
    this.canvas.setAttribute("role", "img")
    this.canvas.setAttribute("aria-label", label)
    host.append(this.canvas)
    this.watch = new ResizeObserver(() => this.paint())
    this.watch.observe(this.canvas)
  }

  get size() { return [this.canvas.clientWidth, this.canvas.clientHeight] }

  paint() {
    const [width, height] = this.size, ratio = Math.max(1, devicePixelRatio || 1)
    if (!width || !height) return
    const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)]
    if (this.canvas.width !== w || this.canvas.height !== h) Object.assign(this.canvas, { width: w, height: h })
    const context = this.canvas.getContext("2d")
    context.setTransform(ratio, 0, 0, ratio, 0, 0)
    context.clearRect(0, 0, width, height)
    this.draw(context, width, height, ratio)
  }

  remove() { this.watch.disconnect(); this.canvas.remove() }
}
