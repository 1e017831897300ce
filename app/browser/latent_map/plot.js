// @ts-check
// What part of the map is shown, and the canvas that shows it: layers below the points, the points, layers above them.

import { Drawn } from "./drawn.js"
import { Near } from "./near.js"
import { LOOK } from "./points.js"
import { spaced } from "./spaced.js"
import { still } from "../shared/motion.js"

const POINT_PX = [2.2, 4.2], MANY_PX = 1.3, MANY = 200_000 // smallest and largest point before zooming in; smallest of very many
const SHAPED_PX = 8.5, SHAPED_GROWTH = 1.5, ROOM = 1.5, BESIDE = 0.7 // of shapes: their size, times that at most when zoomed in, how far apart they stand, in sizes, and the size of dots beside them
const WHOLE = 50_000 // points up to here get their shapes on the whole map, more where the view lies
const REST_MS = 140 // without a change of the view: then it is drawn in full
const FLY_MS = 300, MOVE_MS = 600
const FRAME_MS = [20, 34] // from frame to frame: slower draws fewer points, faster draws more
const FEWEST = 20_000
const CORNER_PX = 11
const FOOT_PX = 28
const CLOSEST = 1e-4, FARTHEST = 4 // of the whole map's width

const ease = (t) => (t < 0.5 ? 4 * t ** 3 : 1 - (-2 * t + 2) ** 3 / 2)

export class Plot {
  below = []
  above = []
  onView = (_settled) => {}
  t = 1
  alpha = 0.72
  faded = 1
  front = false
  shaped = false // the points have shapes: those that have room for one, which is larger
  enlarged = 1 // times the size that points have at a desk
  moving = false
  bare = false // without the frame that the page gives it
  explained = false // with a legend, which the page has beside it
  most = 50_000
  gone = false
  ground = "#fff"
  rgb = [255, 255, 255] // around shapes
  outside = "#fff"
  edge = "#fff"
  top = 52 // px that the toolbar takes
  bottom = FOOT_PX // px below the points

  // xy: Float32Array (2 n)
  constructor(element, xy) {
    this.element = element
    this.canvas = document.createElement("canvas")
    this.context = this.canvas.getContext("2d", { alpha: false }) // nothing below it is drawn: a third more frames where there is no GPU
    element.append(this.canvas)
    this.points = new Drawn(xy.length / 2)
    this.points.onRestored = () => { this.points.places(this.xy, this.xy); this.dress(); this.refresh() }
    this.settle(xy)
    this.view = this.home = this.fitted(...this.size())
    this.look = new Uint8Array(4 * this.n).fill(LOOK.plain)
    this.points.places(xy, xy)
    this.resized()
  }

  get n() { return this.xy.length / 2 }

  settle(xy) {
    const hidden = this.near?.hidden ?? null
    this.xy = xy
    this.near = new Near(xy)
    this.near.hidden = hidden
  }

  // ---------------------------------------------------------------- geometry

  // [width, height] px, as measured at the last resize: a measurement for every pointer move would force a layout each time
  size() { return (this.measured ??= this.measure()) }

  measure() {
    const box = this.element.getBoundingClientRect()
    return [Math.max(120, Math.round(box.width)), Math.max(120, Math.round(box.height))]
  }

  // [x0, x1, y0, y1] that shows every point, undistorted, clear of the toolbar above and the legend below
  fitted(width, height, [x0, y0, x1, y1] = this.near.box) {
    const [left, right, top, bottom] = [24, 24, this.top, this.bottom]
    const unit = Math.max((x1 - x0) / (width - left - right), (y1 - y0) / (height - top - bottom), 1e-9)
    const x = (x0 + x1) / 2 + ((right - left) / 2) * unit, y = (y0 + y1) / 2 + ((top - bottom) / 2) * unit
    return [x - (width / 2) * unit, x + (width / 2) * unit, y - (height / 2) * unit, y + (height / 2) * unit]
  }

  get zoomed() { return this.view.some((v, i) => Math.abs(v - this.home[i]) > 1e-3 * (this.home[1] - this.home[0])) }
  get unitsPerPx() { return (this.view[1] - this.view[0]) / this.size()[0] }

  toData(px, py) {
    const [width, height] = this.size(), [x0, x1, y0, y1] = this.view
    return [x0 + (px / width) * (x1 - x0), y1 - (py / height) * (y1 - y0)]
  }

  toPixels(x, y) {
    const [width, height] = this.size(), [x0, x1, y0, y1] = this.view
    return [((x - x0) / (x1 - x0)) * width, ((y1 - y) / (y1 - y0)) * height]
  }

  // px, of the points; where classes have shapes, of those shapes
  pointSize() { return this.shaped ? SHAPED_PX * this.enlarged * Math.min(SHAPED_GROWTH, this.grown) : this.dotSize() }

  dotSize() {
    const [width, height] = this.size(), least = this.n > MANY ? MANY_PX : POINT_PX[0]
    const bare = 0.38 * Math.sqrt((width * height) / Math.max(1, this.n))
    return this.enlarged * Math.min(POINT_PX[1], Math.max(least, bare)) * this.grown
  }

  // times as large as on the whole map
  get grown() { return Math.min(2.5, Math.max(1, Math.sqrt((this.home[1] - this.home[0]) / (this.view[1] - this.view[0])))) }

  // ---------------------------------------------------------------- the view

  shift(view) {
    this.view = this.element.view = view
    this.moving = true
    clearTimeout(this.resting)
    this.resting = setTimeout(() => this.rest(), REST_MS)
    this.refresh()
  }

  rest() {
    this.moving = false
    if (this.shaped && (this.n > WHOLE || this.room !== this.wantedRoom())) this.dress()
    this.refresh()
    this.onView(true)
  }

  // at once while a gesture goes on
  pan(dx, dy) {
    const unit = this.unitsPerPx, [x0, x1, y0, y1] = this.view
    this.flight = null
    this.shift([x0 - dx * unit, x1 - dx * unit, y0 + dy * unit, y1 + dy * unit])
  }

  zoomAt(px, py, factor) {
    this.flight = null
    this.shift(this.closer(px, py, factor))
  }

  // the view in which that pixel stays where it is
  closer(px, py, factor) {
    const [x, y] = this.toData(px, py), [x0, x1, y0, y1] = this.view, whole = this.near.width
    const f = Math.min((FARTHEST * whole) / (x1 - x0), Math.max((CLOSEST * whole) / (x1 - x0), factor))
    return [x + (x0 - x) * f, x + (x1 - x) * f, y + (y0 - y) * f, y + (y1 - y) * f]
  }

  // a way there, unless the page is asked to keep still
  show(view, ms = FLY_MS) {
    if (!ms || still()) { this.flight = null; return this.shift([...view]) }
    this.flight = { from: [...this.view], to: [...view], start: performance.now(), ms }
    this.refresh()
  }

  /** @param {number[]} box @param {number} [least] */
  showBox([x0, y0, x1, y1], least = 0.02) {
    const pad = Math.max(0.06 * Math.max(x1 - x0, y1 - y0), (least * this.near.width - Math.max(x1 - x0, y1 - y0)) / 2, 0)
    return this.show(this.fitted(...this.size(), [x0 - pad, y0 - pad, x1 + pad, y1 + pad]))
  }

  reset() { return this.show(this.home) }

  zoom(factor) {
    const [x0, x1, y0, y1] = this.flight?.to ?? this.view, [x, y] = [(x0 + x1) / 2, (y0 + y1) / 2]
    const [w, h] = [((x1 - x0) / 2) * factor, ((y1 - y0) / 2) * factor]
    return this.show([x - w, x + w, y - h, y + h])
  }

  // the points go to new places, and the view with them
  move(xy, at_once = false) {
    const from = this.xy
    this.settle(xy)
    this.home = this.fitted(...this.size())
    if (at_once || still()) { this.points.places(xy, xy); return this.show(this.home, 0) }
    this.points.places(from, xy)
    this.travel = { start: performance.now() }
    this.t = 0
    this.show(this.home, MOVE_MS)
  }

  // a new window size, or a toolbar or a legend below that takes more of it, keeps the centre and the scale of what is shown; an untouched view is fitted anew
  resize(top = this.top, foot = 0) {
    const [w, h] = this.size(), [width, height] = (this.measured = this.measure())
    const bottom = foot + FOOT_PX
    if (width === w && height === h && top === this.top && bottom === this.bottom) return
    Object.assign(this, { top, bottom })
    const untouched = !this.zoomed, [x0, x1, y0, y1] = this.view, unit = (x1 - x0) / w
    this.home = this.fitted(width, height)
    const [x, y] = [(x0 + x1) / 2, (y0 + y1) / 2]
    const kept = [x - (width / 2) * unit, x + (width / 2) * unit, y - (height / 2) * unit, y + (height / 2) * unit]
    this.flight = null
    this.resized()
    this.shift(untouched ? this.home : kept)
    this.draw(performance.now()) // at once: a canvas of a new size is black until it is drawn
  }

  resized() {
    const [width, height] = this.size()
    this.ratio = Math.max(1, devicePixelRatio)
    Object.assign(this.canvas, { width: Math.round(width * this.ratio), height: Math.round(height * this.ratio) })
    this.element.view = this.view
  }

  // ---------------------------------------------------------------- drawing

  // look: Uint8Array (4 n), see points.js; front: whether some are chosen
  paint(look, front) {
    Object.assign(this, { look, front })
    this.dress()
    this.refresh()
  }

  // shapes on those points alone that have room for one at this scale
  dress() {
    this.room = this.wantedRoom()
    const [x0, x1, y0, y1] = this.view, [dx, dy] = [x1 - x0, y1 - y0]
    const around = this.n > WHOLE ? [x0 - dx, x1 + dx, y0 - dy, y1 + dy] : undefined
    this.points.looks(this.shaped ? spaced(this.look, this.xy, this.room, around) : this.look)
  }

  wantedRoom() { return ROOM * this.pointSize() * this.unitsPerPx }

  refresh() { this.due ??= requestAnimationFrame((now) => this.draw(now)) }

  step(now) {
    if (this.travel) {
      this.t = ease(Math.min(1, Math.max(0, now - this.travel.start) / MOVE_MS))
      if (this.t === 1) { this.travel = null; this.points.places(this.xy, this.xy) }
      else this.refresh()
    }
    if (!this.flight) return
    const { from, to, start, ms } = this.flight, t = Math.min(1, Math.max(0, now - start) / ms)
    if (t === 1) this.flight = null
    this.shift(t === 1 ? to : from.map((v, i) => v + ease(t) * (to[i] - v)))
  }

  draw(now) {
    this.due = null
    if (this.gone) return
    this.step(now)
    const [width, height] = this.size(), { context, ratio, view, t, most, front, moving } = this, before = this.points.made
    context.setTransform(ratio, 0, 0, ratio, 0, 0)
    context.fillStyle = this.ground
    context.fillRect(0, 0, width, height)
    for (const layer of this.below) layer.draw(context, this)
    this.points.draw(context, { width, height, ratio, view, t, size: this.pointSize(), ...(this.shaped && { dot: BESIDE * this.dotSize(), ground: this.rgb }), alpha: this.alpha * this.faded, most, front, moving })
    for (const layer of this.above) layer.draw(context, this)
    if (!this.bare) this.corners(width, height)
    this.keepPace(now, this.points.made > before)
    this.onView(false)
  }

  // the map at another size, as the address of a PNG: what is seen stays in the middle, at the same scale of the whole
  picture({ width, height, scale, legend = true }) {
    const { measured, ratio, view } = this, [w, h] = this.size(), [x0, x1, y0, y1] = view
    const unit = Math.max((x1 - x0) / width, (y1 - y0) / height), [x, y] = [(x0 + x1) / 2, (y0 + y1) / 2]
    const become = (size, dots, shown) => {
      Object.assign(this, { measured: size, ratio: dots, view: shown })
      Object.assign(this.canvas, { width: Math.round(size[0] * dots), height: Math.round(size[1] * dots) })
      this.draw(performance.now())
    }
    Object.assign(this, { bare: true, explained: legend })
    become([width, height], scale, [x - (unit * width) / 2, x + (unit * width) / 2, y - (unit * height) / 2, y + (unit * height) / 2])
    const made = this.canvas.toDataURL("image/png")
    Object.assign(this, { bare: false, explained: false })
    become(measured ?? [w, h], ratio, view)
    return made
  }

  // round ones, drawn: to clip the canvas to them would cost every frame of the page where there is no GPU
  corners(width, height) {
    const { context } = this
    context.beginPath()
    context.rect(0, 0, width, height)
    context.roundRect(0, 0, width, height, CORNER_PX)
    context.fillStyle = this.outside
    context.fill("evenodd")
    context.beginPath()
    context.roundRect(-0.5, -0.5, width + 1, height + 1, CORNER_PX + 0.5)
    context.strokeStyle = this.edge
    context.stroke()
  }

  // as many points while moving as the screen keeps up with; made: the points were drawn anew for this frame
  keepPace(now, made) {
    const gap = now - (this.last ?? -Infinity), counts = this.madeLast
    this.last = this.moving ? now : null
    this.madeLast = made
    if (!this.moving || gap > 500 || !counts) return
    if (gap > FRAME_MS[1]) this.most = Math.max(FEWEST, Math.round(Math.min(this.most, this.n) * 0.6))
    else if (gap < FRAME_MS[0] && this.most < this.n) this.most = Math.round(this.most * 1.15)
  }

  remove() {
    this.gone = true
    clearTimeout(this.resting)
    this.points.remove()
    this.canvas.remove()
  }
}
