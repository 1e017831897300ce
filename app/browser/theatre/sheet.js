// @ts-check
// Rows of small pictures on one canvas, each fading from its frame into the next. Charts are as high as there is room, up to squares.

import { Surface } from "./surface.js"

export class Sheet {
  shape
  charts
  t = 0

  tiles = []

  // columns: pictures in a row; gap: CSS pixels between them
  constructor(host, label, columns, gap) {
    this.columns = columns
    this.gap = gap
    this.tile = document.createElement("canvas")
    this.surface = new Surface(host, label, (...given) => this.draw(...given))
  }

  // tiles: [{from, to, at}]: the bytes of two lists of pictures, and which of them; t: from the first to the second
  show(tiles, { shape, charts }, t) {
    Object.assign(this, { tiles, shape, charts, t })
    this.surface.paint()
  }

  draw(context, width, height) {
    if (!this.tiles.length) return
    const [h, w] = this.shape, { columns, gap } = this, rows = Math.ceil(this.tiles.length / columns)
    const scale = Math.min((width - gap * (columns - 1)) / (columns * w), (height - gap * (rows - 1)) / (rows * h))
    const dw = w * scale, room = (height - gap * (rows - 1)) / rows, dh = this.charts ? Math.max(h * scale, Math.min(dw, room)) : h * scale
    const left = (width - columns * dw - gap * (columns - 1)) / 2
    if (this.tile.width !== w || this.tile.height !== h) Object.assign(this.tile, { width: w, height: h })
    const small = this.tile.getContext("2d", { willReadFrequently: true }), image = small.createImageData(w, h)
    image.data.fill(255)
    context.imageSmoothingQuality = "high"
    this.tiles.forEach((tile, k) => {
      mixed(image.data, tile, this.shape, this.t)
      small.putImageData(image, 0, 0)
      const [column, row] = [k % columns, Math.floor(k / columns)]
      context.drawImage(this.tile, left + column * (dw + gap), row * (dh + gap), dw, dh)
    })
  }

  remove() { this.surface.remove() }
}

function mixed(out, { from, to, at }, [h, w, c], t) {
  const start = at * h * w * c
  for (let p = 0; p < h * w; p++)
    for (let k = 0; k < 3; k++) {
      const s = start + p * c + Math.min(k, c - 1)
      out[4 * p + k] = from[s] + t * (to[s] - from[s])
    }
}
