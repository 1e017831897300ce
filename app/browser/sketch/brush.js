// @ts-check
// Pixels under a brush: values are those that the model sees.

import { paint } from "../shared/zscope.js"

const CLEAR = 0.2 // how much nearer to the usual border an inverted picture has to be

// the mean of the pixels on the border, 0-1
export function border(pixels, [h, w, c]) {
  let sum = 0, n = 0
  for (let y = 0; y < h; y++)
    for (let x = 0; x < w; x += y % (h - 1) ? Math.max(1, w - 1) : 1)
      for (let k = 0; k < c; k++, n++) sum += pixels[(y * w + x) * c + k]
  return sum / n / 255
}

// "light" or "dark": the background of a picture, where it is the opposite of the usual one; "" where it is not
export function otherGround(pixels, shape, usual) {
  const own = border(pixels, shape)
  if (Math.abs(own - usual) - Math.abs(1 - own - usual) <= CLEAR) return ""
  return own > 0.5 ? "light" : "dark"
}

// A picture (h, w, c) that strokes change. A stroke covers each pixel by its most, so that it does not pile up on itself.
export class Painting {
  past = []

  constructor([h, w, c]) {
    this.h = h
    this.w = w
    this.c = c
    this.pixels = new Uint8ClampedArray(h * w * c)
    this.cover = new Float32Array(h * w)
    this.under = this.pixels.slice()
  }

  replace(pixels) {
    this.remember()
    this.pixels.set(pixels)
  }

  get payload() { return Uint8Array.from(this.pixels) }

  show(canvas) { paint(canvas, this.pixels, [this.h, this.w, this.c]) }

  clear() { this.replace(new Uint8Array(this.pixels.length)) }

  remember() { this.past = [...this.past, this.pixels.slice()].slice(-30) }

  undo() {
    const last = this.past.pop()
    if (last) this.pixels.set(last)
    return Boolean(last)
  }

  begin() {
    this.remember()
    this.under = this.pixels.slice()
    this.cover.fill(0)
  }

  // from (x0, y0) to (x1, y1), in pixels, with a round brush of that radius and colour [c]
  line(x0, y0, x1, y1, radius, colour) {
    const { h, w, c, cover, pixels, under } = this, reach = radius + 1
    const top = Math.max(0, Math.floor(Math.min(y0, y1) - reach)), bottom = Math.min(h - 1, Math.ceil(Math.max(y0, y1) + reach))
    const left = Math.max(0, Math.floor(Math.min(x0, x1) - reach)), right = Math.min(w - 1, Math.ceil(Math.max(x0, x1) + reach))
    const dx = x1 - x0, dy = y1 - y0, long = dx * dx + dy * dy
    for (let y = top; y <= bottom; y++)
      for (let x = left; x <= right; x++) {
        const px = x + 0.5 - x0, py = y + 0.5 - y0
        const t = long ? Math.min(1, Math.max(0, (px * dx + py * dy) / long)) : 0
        const covered = Math.min(1, Math.max(0, radius + 0.5 - Math.hypot(px - t * dx, py - t * dy))), at = y * w + x
        if (covered <= cover[at]) continue
        cover[at] = covered
        for (let k = 0; k < c; k++) pixels[at * c + k] = under[at * c + k] * (1 - covered) + colour[k] * covered
      }
  }

  invert() {
    this.remember()
    for (let i = 0; i < this.pixels.length; i++) this.pixels[i] = 255 - this.pixels[i]
  }
}
