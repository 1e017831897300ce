// @ts-check
// Fields below the points: how dense the samples are, and where a decoded point comes back to where it was asked for.

const CELLS = 192, SPREAD = 2.2 // nodes a side; standard deviation of the kernel, nodes
export const DENSITY_RGB = [0, 114, 178], TRUST_RGB = [10, 159, 120]
const DENSITY_ALPHA = 150
const SQUARE = 0.01 // of the map's width: the area that a density is told for

// {image: canvas, box: [x0, y0, x1, y1], most}: Gaussian kernel density of map positions; most: samples in a square of 1 %
export function densityOf(xy, [x0, y0, x1, y1], hidden) {
  const side = Math.max(x1 - x0, y1 - y0, 1e-9), pad = (3 * SPREAD) / CELLS * side
  const box = [x0 - pad, y0 - pad, x0 + side + pad, y0 + side + pad], unit = (side + 2 * pad) / CELLS
  const field = new Float32Array(CELLS * CELLS)
  for (let i = 0; i < xy.length / 2; i++) {
    if (hidden?.[i]) continue
    const c = Math.min(CELLS - 1, Math.floor((xy[2 * i] - box[0]) / unit)), r = Math.min(CELLS - 1, Math.floor((box[3] - xy[2 * i + 1]) / unit))
    field[c + r * CELLS] += 1
  }
  const blurred = blur(blur(field, 1, CELLS), CELLS, 1)
  let most = 1e-9
  for (const v of blurred) if (v > most) most = v
  const image = document.createElement("canvas")
  image.width = image.height = CELLS
  const context = image.getContext("2d"), pixels = context.createImageData(CELLS, CELLS)
  for (let i = 0; i < blurred.length; i++) {
    pixels.data.set(DENSITY_RGB, 4 * i)
    pixels.data[4 * i + 3] = DENSITY_ALPHA * Math.sqrt(blurred[i] / most)
  }
  context.putImageData(pixels, 0, 0)
  return { image, box, most: (most * (SQUARE * side) ** 2) / unit ** 2 }
}

// along rows (step 1, jump CELLS) or columns (step CELLS, jump 1)
function blur(field, step, jump) {
  const reach = Math.ceil(3 * SPREAD), weights = Array.from({ length: 2 * reach + 1 }, (_each, k) => Math.exp(-0.5 * ((k - reach) / SPREAD) ** 2))
  const total = weights.reduce((a, b) => a + b), out = new Float32Array(field.length)
  for (let line = 0; line < CELLS; line++)
    for (let at = 0; at < CELLS; at++) {
      let sum = 0
      for (let k = -reach; k <= reach; k++) if (at + k >= 0 && at + k < CELLS) sum += weights[k + reach] * field[line * jump + (at + k) * step]
      out[line * jump + at * step] = sum / total
    }
  return out
}

export class Fields {
  shown = { trust: null, density: null }

  constructor(plot) {
    this.plot = plot
    plot.below.push(this)
  }

  // field: {image, box} or null
  set(name, field) {
    this.shown[name] = field
    this.plot.refresh()
  }

  draw(context, plot) {
    context.imageSmoothingEnabled = true
    for (const field of Object.values(this.shown)) {
      if (!field) continue
      const [x0, y0, x1, y1] = field.box, [left, top] = plot.toPixels(x0, y1), [right, bottom] = plot.toPixels(x1, y0)
      context.drawImage(field.image, left, top, right - left, bottom - top)
    }
  }
}
