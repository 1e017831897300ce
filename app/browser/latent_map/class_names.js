// @ts-check
// The layer "Class names": each on its cluster. Where they stand is worked out once the view is at rest or its scale changes;
// while the map is dragged they go with it, and the pointer does not touch them.

import { densest, placed } from "./placing.js"
import { prefer, preferred } from "../shared/preference.js"
import { shortened } from "../shared/text.js"

const TYPE_PX = 14, LONGEST = 24 // letters
const HALO = 0.22 // of the type's size
const LINE = 1.3
const STRAYS = 0.03 // of the samples in sight: what has fewer is no cluster there

export class ClassNames {
  on = preferred("names", true)
  px = TYPE_PX
  large = false // on show for a hall: there they are on
  rows = [] // of the samples that they stand at
  stands = [] // {k, at, dx, dy}: class, its sample's place, and how far from there, px
  seen = {}

  // look() -> {ground, text, font}; legend: whose box they leave free
  constructor(plot, geometry, look, legend) {
    this.plot = plot
    this.look = look
    this.of(geometry, legend)
    plot.above.push(this)
  }

  of({ classes, labels }, legend) {
    this.classes = classes
    this.labels = labels
    this.legend = legend
    this.total = classes.map(() => 0)
    for (const label of labels) if (label < classes.length) this.total[label] += 1
    this.seen = {}
    this.sprites = null
  }

  get shown() { return this.classes.length > 0 && (this.on || this.large) }

  toggle() {
    this.on = !this.on
    prefer("names", this.on)
    this.again()
  }

  // px: the size of the type, 0 for that of a desk
  enlarge(px) {
    this.large = px > 0
    this.px = px || TYPE_PX
    this.again()
  }

  // what they depend on has changed: the theme, the rows shown, the type
  again() {
    this.seen = {}
    this.sprites = null
    this.plot.refresh()
  }

  draw(context, plot) {
    if (!this.shown || plot.t < 1) return
    this.update(plot)
    for (const { k, at, dx, dy } of this.stands) {
      const [px, py] = plot.toPixels(...at), { canvas, width, height } = this.sprites[k]
      context.drawImage(canvas, px + dx - width / 2, py + dy - height / 2, width, height)
    }
  }

  update(plot) {
    const { seen } = this, { near, view, moving } = plot, { hidden } = near, [w, h] = plot.size(), unit = plot.unitsPerPx
    const others = seen.near !== near || seen.hidden !== hidden
    if (others) this.home = densest(plot.xy, this.labels, this.classes.length, near.box, hidden)
    const rest = !moving && (others || seen.view !== view)
    if (others || rest) this.rows = rest && plot.zoomed ? this.inSight(plot, hidden) : this.home
    if (!rest && !others && seen.unit === unit && seen.width === w && seen.height === h) return
    this.seen = { near, hidden, unit, width: w, height: h, view: rest ? view : seen.view }
    this.sprites ??= this.classes.map((name) => this.sprite(name, plot.ratio))
    this.place(plot, w, h)
  }

  // a class whose densest part lies outside of the view has its name at the densest part in sight, unless only strays are
  inSight({ view: [x0, x1, y0, y1], xy, near: { box: [left, bottom, right, top] } }, hidden) {
    const box = [Math.max(x0, left), Math.max(y0, bottom), Math.min(x1, right), Math.min(y1, top)]
    const inside = (row) => row >= 0 && xy[2 * row] >= x0 && xy[2 * row] <= x1 && xy[2 * row + 1] >= y0 && xy[2 * row + 1] <= y1
    const visible = densest(xy, this.labels, this.classes.length, box, hidden, STRAYS)
    return this.home.map((row, k) => (inside(row) ? row : visible[k]))
  }

  place(plot, width, height) {
    const known = this.rows.map((row, k) => ({ row, k })).filter(({ row }) => row >= 0).sort((a, b) => this.total[b.k] - this.total[a.k])
    const names = known.map(({ row, k }) => {
      const at = [plot.xy[2 * row], plot.xy[2 * row + 1]], [x, y] = plot.toPixels(...at)
      return { at, x, y, width: this.sprites[k].width, height: this.sprites[k].height }
    })
    const taken = [...this.legend.boxes, [0, 0, width, plot.top]] // legend, and toolbar or title
    const found = placed(names, [width, height], taken.map(([x, y, w, h]) => ({ x: x + w / 2, y: y + h / 2, width: w, height: h })))
    this.stands = known.flatMap(({ k }, i) => (found[i] ? [{ k, at: names[i].at, dx: found[i].x - names[i].x, dy: found[i].y - names[i].y }] : []))
  }

  // a name drawn once, to be copied
  sprite(name, ratio) {
    const said = shortened(name, LONGEST), { ground, text: ink, font } = this.look(), { px } = this
    const canvas = document.createElement("canvas"), context = canvas.getContext("2d"), type = `600 ${px}px ${font}`
    context.font = type
    const width = Math.ceil(context.measureText(said).width + 2 * HALO * px), height = Math.ceil(LINE * px)
    Object.assign(canvas, { width: Math.ceil(width * ratio), height: Math.ceil(height * ratio) })
    context.scale(ratio, ratio)
    Object.assign(context, { font: type, textAlign: "center", textBaseline: "middle", lineJoin: "round", lineWidth: 2 * HALO * px, strokeStyle: ground, fillStyle: ink })
    context.strokeText(said, width / 2, height / 2)
    context.fillText(said, width / 2, height / 2)
    return { canvas, width, height }
  }
}
