// @ts-check
// What a checkpoint shows in the browser: its map's geometry, its thumbnails, and pictures painted from pixels.
// Part of zscope.js, which says what each function gives; the parts of the page import from there.

import { mapOf } from "./frame_codec.js"
import { fetched } from "./server.js"

const maps = new Map(), sheets = new Map()

/** @type {Map<string, string>} model -> the version of it that is shown */
const versions = new Map()

/** Whether a model was saved anew since it was last told of: what was fetched of it is dropped. @param {{model: string, version?: string}} link */
export function renewed({ model, version = "" }) {
  const before = versions.get(model)
  versions.set(model, version)
  if (before === undefined || before === version) return false
  maps.delete(model)
  sheets.delete(model)
  return true
}

function once(cache, key, make) {
  if (!cache.has(key)) cache.set(key, make().catch((error) => { cache.delete(key); throw error }))
  return cache.get(key)
}

/** @param {string} model @returns {Promise<Geometry>} */
export function geometry(model) {
  return once(maps, model, async () => {
    const answer = await fetched("asset", model, "map.bin")
    return mapOf(await answer.arrayBuffer())
  })
}

// the label of a row of the map, or what one without a label is called
export const sampleName = ({ labels, classes }, row, unlabelled = "sample") => classes[labels[row]] ?? unlabelled

/** @param {string} model @returns {Promise<SpriteSheet>} */
export function spriteSheet(model) {
  return once(sheets, model, async () => {
    const { thumbs } = await geometry(model)
    const answer = await fetched("asset", model, "thumbnails.webp")
    const image = await createImageBitmap(await answer.blob()) // an <img> would be decoded by its first drawImage, which blocks the page
    const { columns, width, height } = thumbs, count = thumbs.count ?? Infinity
    const draw = (context, index, x, y, size) => {
      if (index >= count) return false
      context.imageSmoothingQuality = "high"
      const left = (index % columns) * width, top = Math.floor(index / columns) * height
      context.drawImage(image, left, top, width, height, x, y, size, (size * height) / width)
      return true
    }
    return { draw }
  })
}

// the canvas as wide as it is, and as high as pictures of that shape then are: nothing is left empty or stretched
/** @template {HTMLCanvasElement} C @param {C} canvas @param {number[]} shape @returns {C} */
export function fit(canvas, [h, w]) {
  canvas.height = Math.max(1, Math.round((canvas.width * h) / w))
  return canvas
}

const kernels = new Map(), easels = new WeakMap()

// for every output pixel of `to`: its four source pixels of `from` and their Catmull-Rom weights
function kernel(from, to) {
  const key = 65536 * from + to
  if (kernels.has(key)) return kernels.get(key)
  const at = new Int32Array(4 * to), weight = new Float32Array(4 * to)
  for (let i = 0; i < to; i++) {
    const x = ((i + 0.5) * from) / to - 0.5, left = Math.floor(x), t = x - left
    const w = [-t * (1 - t) ** 2, 2 - 5 * t * t + 3 * t ** 3, t + 4 * t * t - 3 * t ** 3, -t * t * (1 - t)]
    for (let k = 0; k < 4; k++) {
      at[4 * i + k] = Math.min(from - 1, Math.max(0, left - 1 + k))
      weight[4 * i + k] = w[k] / 2
    }
  }
  kernels.set(key, { at, weight })
  return kernels.get(key)
}

// what painting pictures of one size on one canvas needs, made once
function easel(canvas, h, w) {
  const { width, height } = canvas, kept = easels.get(canvas)
  if (kept && kept.width === width && kept.height === height && kept.h === h && kept.w === w) return kept
  const context = canvas.getContext("2d"), image = context.createImageData(width, height)
  image.data.fill(255)
  const made = { width, height, h, w, context, image, rows: new Float32Array(width * h), across: kernel(w, width), down: kernel(h, height) }
  easels.set(canvas, made)
  return made
}

// Bicubic to the canvas' own size, then one putImageData: without a GPU this costs less than drawing one canvas into
// another. doubt 0-1 fades the picture towards the colour [r, g, b].
/** @param {HTMLCanvasElement} canvas @param {Uint8ClampedArray} pixels @param {number[]} shape @param {number} [doubt] @param {number[]} [colour] */
export function paint(canvas, pixels, [h, w, c], doubt = 0, colour = [128, 128, 128]) {
  const kit = easel(canvas, h, w), out = kit.image.data
  for (let k = 0; k < Math.min(3, c); k++) {
    widen(kit, pixels, c, k)
    heighten(kit, out, k, 1 - doubt, doubt * colour[k])
  }
  if (c === 1)
    for (let j = 0, green = doubt * (colour[1] - colour[0]), blue = doubt * (colour[2] - colour[0]); j < out.length; j += 4) {
      out[j + 1] = out[j] + green
      out[j + 2] = out[j] + blue
    }
  kit.context.putImageData(kit.image, 0, 0)
}

// channel k of the pixels -> rows (h, W)
function widen({ rows, width, h, w, across: { at, weight } }, pixels, c, k) {
  for (let y = 0, j = 0, start = k; y < h; y++, start += w * c)
    for (let i = 0; i < 4 * width; i += 4, j++)
      rows[j] = weight[i] * pixels[start + c * at[i]] + weight[i + 1] * pixels[start + c * at[i + 1]]
        + weight[i + 2] * pixels[start + c * at[i + 2]] + weight[i + 3] * pixels[start + c * at[i + 3]]
}

// rows (h, W) -> channel k of out (H, W)
function heighten({ rows, width, height, down: { at, weight } }, out, k, gain, offset) {
  for (let y = 0, j = k; y < height; y++) {
    const i = 4 * y, a = weight[i], b = weight[i + 1], c = weight[i + 2], d = weight[i + 3]
    const A = at[i] * width, B = at[i + 1] * width, C = at[i + 2] * width, D = at[i + 3] * width
    for (let x = 0; x < width; x++, j += 4) {
      const sum = a * rows[A + x] + b * rows[B + x] + c * rows[C + x] + d * rows[D + x]
      out[j] = gain * Math.min(255, Math.max(0, sum)) + offset
    }
  }
}
