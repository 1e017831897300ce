// @ts-check
// Samples as pictures, where few enough are in view: each where its point is, none over another.

const MOST = 300 // in view, above which they stay points
const SIZES_PX = [26, 56] // of a picture's longer side: as large as the points stand apart
const GAP_PX = 3
const MARGIN = 0.5 // of the view, on each side: what is drawn does not depend on where its edge lies
const DIM = 0.25 // of a picture that is not selected

export class Thumbnails {
  view // that they were placed for
  near

  on = true
  placed = []

  // colourOf(row) -> css; sheet() -> sprite sheet or null
  constructor(plot, shape, { colourOf, chosen, sheet }) {
    this.plot = plot
    this.colourOf = colourOf
    this.chosen = chosen
    this.sheet = sheet
    this.aspect = shape[0] / shape[1]
    plot.above.push(this)
  }

  // which rows, and how large; the lower row stays where two would overlap
  choose() {
    const { plot } = this, [x0, x1, y0, y1] = plot.view, [width, height] = plot.size()
    this.placed = []
    if (!this.on || !this.sheet() || !plot.zoomed) return
    let visible = 0
    const near = []
    const [mx, my] = [MARGIN * (x1 - x0), MARGIN * (y1 - y0)]
    const cells = ((x1 - x0 + 2 * mx) * (y1 - y0 + 2 * my)) / plot.near.cell ** 2
    if (cells > 1e6) return
    plot.near.inBox(x0 - mx, y0 - my, x1 + mx, y1 + my, (i, x, y) => {
      if (x >= x0 && x <= x1 && y >= y0 && y <= y1) visible += 1
      if (near.length < 20_000) near.push(i)
    })
    if (!visible || visible > MOST) return
    const apart = Math.sqrt((width * height) / visible), long = Math.min(SIZES_PX[1], Math.max(SIZES_PX[0], 0.62 * apart))
    this.width = this.aspect > 1 ? long / this.aspect : long
    const w = this.width + GAP_PX, h = this.width * this.aspect + GAP_PX, taken = new Map()
    near.sort((a, b) => a - b)
    for (const i of near) {
      const [px, py] = plot.toPixels(plot.xy[2 * i], plot.xy[2 * i + 1]), c = Math.floor(px / w), r = Math.floor(py / h)
      let clear = true
      for (let dc = -1; clear && dc <= 1; dc++)
        for (let dr = -1; clear && dr <= 1; dr++) {
          const other = taken.get(`${c + dc},${r + dr}`)
          if (other && Math.abs(other[0] - px) < w && Math.abs(other[1] - py) < h) clear = false
        }
      if (!clear) continue
      taken.set(`${c},${r}`, [px, py])
      this.placed.push(i)
    }
  }

  draw(context, plot) {
    if (plot.t < 1) return
    if (plot.view !== this.view || plot.near !== this.near) {
      Object.assign(this, { view: plot.view, near: plot.near })
      this.choose()
    }
    const sheet = this.sheet(), [width, height] = plot.size(), w = this.width, h = this.width * this.aspect, mask = this.chosen()
    context.lineWidth = 1.5
    for (const i of this.placed) {
      const [px, py] = plot.toPixels(plot.xy[2 * i], plot.xy[2 * i + 1]), left = px - w / 2, top = py - h / 2
      if (left > width || top > height || left < -w || top < -h) continue
      context.globalAlpha = mask && !mask[i] ? DIM : 1
      if (!sheet.draw(context, i, left, top, w)) continue
      context.strokeStyle = this.colourOf(i)
      context.strokeRect(left - 0.75, top - 0.75, w + 1.5, h + 1.5)
    }
    context.globalAlpha = 1
  }
}
