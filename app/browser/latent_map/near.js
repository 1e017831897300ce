// @ts-check
// Nearest points of a map by a uniform grid: exact, no tree to build, about a microsecond a query at 10 000 points.

// [x0, y0, x1, y1] of places [x, y, x, y, ...]
export function extent(xy) {
  let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity]
  for (let i = 0; i < xy.length; i += 2) {
    x0 = Math.min(x0, xy[i]); x1 = Math.max(x1, xy[i])
    y0 = Math.min(y0, xy[i + 1]); y1 = Math.max(y1, xy[i + 1])
  }
  return [x0, y0, x1, y1]
}

export class Near {
  hidden = null

  // xy: Float32Array (2 n). Rows can be hidden; hidden rows are never found.
  constructor(xy) {
    const n = xy.length / 2
    const [x0, y0, x1, y1] = extent(xy)
    this.xy = xy
    this.n = n
    this.box = [x0, y0, x1, y1]
    this.width = Math.max(x1 - x0, y1 - y0, 1e-9)
    this.cell = Math.max(Math.sqrt(((x1 - x0) * (y1 - y0)) / Math.max(n, 1)), this.width / 512) * 1.5
    this.columns = Math.floor((x1 - x0) / this.cell) + 1
    this.rows = Math.floor((y1 - y0) / this.cell) + 1
    const starts = (this.starts = new Uint32Array(this.columns * this.rows + 1))
    const at = new Uint32Array(n)
    for (let i = 0; i < n; i++) {
      at[i] = this.column(xy[2 * i]) + this.columns * this.row(xy[2 * i + 1])
      starts[at[i] + 1] += 1
    }
    for (let c = 1; c < starts.length; c++) starts[c] += starts[c - 1]
    const next = starts.slice()
    this.items = new Uint32Array(n)
    for (let i = 0; i < n; i++) this.items[next[at[i]]++] = i
  }

  column(x) { return Math.min(this.columns - 1, Math.max(0, Math.floor((x - this.box[0]) / this.cell))) }
  row(y) { return Math.min(this.rows - 1, Math.max(0, Math.floor((y - this.box[1]) / this.cell))) }

  // visit(index, squared distance) for every shown row of the cells [c0, c1] x [r0, r1]
  cells(c0, c1, r0, r1, x, y, visit) {
    for (let r = Math.max(0, r0); r <= Math.min(this.rows - 1, r1); r++)
      for (let c = Math.max(0, c0); c <= Math.min(this.columns - 1, c1); c++)
        for (let k = this.starts[c + r * this.columns]; k < this.starts[c + r * this.columns + 1]; k++) {
          const i = this.items[k]
          if (this.hidden?.[i]) continue
          visit(i, (this.xy[2 * i] - x) ** 2 + (this.xy[2 * i + 1] - y) ** 2)
        }
  }

  // {index, distance} of the nearest shown row, index -1 if none is shown
  nearest(x, y) {
    const c = this.column(x), r = this.row(y)
    let index = -1, best = Infinity
    const take = (i, d2) => { if (d2 < best) [index, best] = [i, d2] }
    for (let ring = 0; ring <= Math.max(this.columns, this.rows); ring++) {
      if (index >= 0 && (ring - 1) * this.cell > Math.sqrt(best)) break
      if (ring === 0) this.cells(c, c, r, r, x, y, take)
      else {
        this.cells(c - ring, c + ring, r - ring, r - ring, x, y, take)
        this.cells(c - ring, c + ring, r + ring, r + ring, x, y, take)
        this.cells(c - ring, c - ring, r - ring + 1, r + ring - 1, x, y, take)
        this.cells(c + ring, c + ring, r - ring + 1, r + ring - 1, x, y, take)
      }
    }
    return { index, distance: Math.sqrt(best) }
  }

  // shown rows within a radius
  within(x, y, radius) {
    let found = 0
    const side = Math.ceil(radius / this.cell) + 1
    const c = this.column(x), r = this.row(y)
    this.cells(c - side, c + side, r - side, r + side, x, y, (_each, d2) => { if (d2 <= radius * radius) found += 1 })
    return found
  }

  // visit(index, x, y) for every shown row of a box
  inBox(x0, y0, x1, y1, visit) {
    this.cells(this.column(x0), this.column(x1), this.row(y0), this.row(y1), 0, 0, (i) => {
      const x = this.xy[2 * i], y = this.xy[2 * i + 1]
      if (x >= x0 && x <= x1 && y >= y0 && y <= y1) visit(i, x, y)
    })
  }
}
