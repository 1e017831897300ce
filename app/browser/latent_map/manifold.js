// @ts-check
// A grid of decoded pictures over what is in view, each as strong as it can be trusted; coarse first, then fine.

const GRIDS = [[8, 5], [16, 10]] // columns, rows
const REST_MS = 250 // of the view before it is asked for anew
const CELL = 0.86 // of a cell that its picture fills
const FAINTEST = 0.12 // what is not trusted at all is marked so, and not hidden

export class Manifold {
  onCells = (_count) => {}
  onError = (_error) => {}

  on = false
  cells = []
  turn = 0

  // onCells(count): so many are shown now. ask(box, columns, rows) -> Promise<{arrays: {pixels, trust}}>, one strip of cells at a time
  constructor(plot, shape, ask) {
    this.plot = plot
    this.shape = shape
    this.ask = ask
    plot.below.push(this)
  }

  toggle(on) {
    this.on = on
    this.cells = []
    this.plot.faded = on ? 0.45 : 1
    this.plot.refresh()
    this.onCells(0)
    if (on) this.start()
  }

  // the view has come to rest, or what is decoded is another
  changed() {
    clearTimeout(this.timer)
    if (this.on) this.timer = setTimeout(() => this.start(), REST_MS)
  }

  async start() {
    const turn = ++this.turn, [x0, x1, y0, y1] = this.plot.view
    let shown = this.cells
    for (const [columns, rows] of GRIDS) {
      const w = (x1 - x0) / columns, h = (y1 - y0) / rows, found = []
      for (let r = 0; r < rows; r++) {
        let answer
        try {
          answer = await this.ask([x0, y1 - (r + 1) * h, x1, y1 - r * h], columns, 1)
        } catch (error) {
          if (turn === this.turn) this.onError(error)
          return
        }
        if (turn !== this.turn || !this.on) return
        for (let c = 0; c < columns; c++) found.push({ x: x0 + (c + 0.5) * w, y: y1 - (r + 0.5) * h, w, h, ...this.picture(answer.arrays, c) })
        const low = y1 - (r + 1) * h // below what has come so far, the coarser ones stay
        this.cells = [...found, ...shown.filter(({ y, h: tall }) => y + tall / 2 <= low + 1e-9 * h)]
        this.plot.refresh()
      }
      this.onCells(found.length)
      shown = found
    }
  }

  picture({ pixels, trust }, k) {
    const [h, w, c] = this.shape, at = k * h * w * c
    const image = document.createElement("canvas")
    Object.assign(image, { width: w, height: h })
    const context = image.getContext("2d"), out = context.createImageData(w, h)
    for (let i = 0; i < w * h; i++) {
      for (let k = 0; k < 3; k++) out.data[4 * i + k] = pixels[at + c * i + (c === 3 ? k : 0)]
      out.data[4 * i + 3] = 255
    }
    context.putImageData(out, 0, 0)
    return { image, trust: trust[k] }
  }

  draw(context, plot) {
    if (!this.on || plot.t < 1) return
    const [h, w] = this.shape, unit = plot.unitsPerPx
    context.imageSmoothingQuality = "high"
    for (const cell of this.cells) {
      const size = Math.min((CELL * cell.w) / unit / w, (CELL * cell.h) / unit / h), [px, py] = plot.toPixels(cell.x, cell.y)
      context.globalAlpha = FAINTEST + (1 - FAINTEST) * cell.trust
      context.drawImage(cell.image, px - (size * w) / 2, py - (size * h) / 2, size * w, size * h)
    }
    context.globalAlpha = 1
  }

  remove() { clearTimeout(this.timer); this.turn += 1 }
}
