// @ts-check
// The points as they were drawn last, with a margin around what is shown. While the map moves, the drawing moves along,
// and is made anew where it no longer covers the map or is too coarse, or once the map rests: however many points there are.

import { FlatPoints, Points, webgl } from "./points.js"

const MARGIN = 0.25 // of the width and of the height, on each side
const SCALES = [0.7, 1.4] // of a drawing that is shown smaller or larger than it was made

export class Drawn {
  constructor(n) {
    this.gl = webgl()
    this.points = new (this.gl ? Points : FlatPoints)(n)
    this.sheet = document.createElement("canvas") // the drawing: a plain canvas is drawn from without being copied first
    this.last = null // {view, unit, key, whole, made: the view it was made for}
    this.made = 0 // how often
  }

  set onRestored(act) { this.points.onRestored = () => { this.last = null; act() } }

  places(from, to) { this.points.places(from, to); this.last = null }
  looks(look) { this.points.looks(look); this.last = null }

  // what: see Points.draw; moving: the map is on its way, most: of the points to draw until it rests
  draw(context, what) {
    const { width, ratio, view: [x0, x1, , y1] } = what, unit = (x1 - x0) / width
    if (!this.serves(what, unit)) this.make(what, unit)
    const [left, right, bottom, top] = this.last.view, scale = this.last.unit / unit
    const grid = Math.abs(scale - 1) < 1e-6 ? (px) => Math.round(px * ratio) / ratio : (px) => px // as sharp as it was made
    context.drawImage(this.sheet, grid((left - x0) / unit), grid((y1 - top) / unit), grid((right - left) / unit), grid((top - bottom) / unit))
  }

  serves({ view, t, moving, ...what }, unit) {
    const { last } = this
    if (!last || t < 1 || last.key !== key(what)) return false
    if (!moving) return last.whole && last.made === view
    const [x0, x1, y0, y1] = view, [left, right, bottom, top] = last.view, scale = last.unit / unit
    return left <= x0 && right >= x1 && bottom <= y0 && top >= y1 && scale > SCALES[0] && scale < SCALES[1]
  }

  make({ view, moving, most, ...what }, unit) {
    const { width, height } = what, [x0, x1, y0, y1] = view, still = what.t === 1
    const [mx, my] = still ? [width, height].map((v) => 2 * Math.round(0.5 * MARGIN * v)) : [0, 0] // on their way points need none
    const wide = [x0 - mx * unit, x1 + mx * unit, y0 - my * unit, y1 + my * unit]
    const drawn = this.points.draw({ ...what, width: width + 2 * mx, height: height + 2 * my, view: wide, most: moving || !still ? most : Infinity })
    if (this.sheet.width !== drawn.width || this.sheet.height !== drawn.height) Object.assign(this.sheet, { width: drawn.width, height: drawn.height })
    const context = this.sheet.getContext("2d")
    context.globalCompositeOperation = "copy"
    context.drawImage(drawn, 0, 0)
    this.last = { view: wide, unit, key: key(what), whole: !moving && still, most: Math.min(most, this.points.n), made: view }
    this.made += 1
  }

  // of the points, where fewer than all stand for them
  get fewer() { return !this.last || this.last.whole || this.last.most >= this.points.n ? null : this.last.most }

  remove() { this.points.remove() }
}

/** @param {Record<string, any>} what */
const key = ({ width, height, ratio, alpha, front }) => [width, height, ratio, alpha, front].join()
