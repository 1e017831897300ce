// @ts-check
// Charts at the ends of sliders, small as they are, so that they tell what the slider changes: on the rows that any of
// them uses, bright where they leave the chart of the middle, which lies faint and grey below them.

const USED = 64, MARGIN = 2 // of 255: more ink than the line at 0 has; rows left free above and below
const FAINT = 0.4, STRONG = 1.5, APART = 70 // of the ink of what stays, and of what changes; a difference of ink that is one, of 255

export const CHART = 2.4 // times as wide as high: the tile of such a chart

// [first, past the last] row that a picture has ink on, of pictures (h, w, c)
export function band(pictures, [h, w, c]) {
  const used = (y) => pictures.some((pixels) => pixels.subarray(y * w * c, (y + 1) * w * c).some((v) => v > USED))
  let top = 0, bottom = h
  while (top < bottom - 1 && !used(top)) top += 1
  while (bottom > top + 1 && !used(bottom - 1)) bottom -= 1
  return [Math.max(0, top - MARGIN), Math.min(h, bottom + MARGIN)]
}

// {pixels, shape}: rows [top, bottom) of an end over the middle
/** @param {Uint8ClampedArray} end @param {Uint8ClampedArray} middle @param {number[]} shape @param {number[]} rows */
export function over(end, middle, [, w, c], [top, bottom]) {
  const pixels = new Uint8ClampedArray((bottom - top) * w * c), from = top * w * c
  for (let i = 0; i < pixels.length; i += c) {
    let grey = 0, apart = 0
    for (let k = 0; k < c; k++) {
      grey = Math.max(grey, FAINT * middle[from + i + k])
      apart = Math.max(apart, Math.abs(end[from + i + k] - middle[from + i + k]))
    }
    const ink = FAINT + (STRONG - FAINT) * Math.min(1, apart / APART)
    for (let k = 0; k < c; k++) pixels[i + k] = Math.max(grey, ink * end[from + i + k])
  }
  return { pixels, shape: [bottom - top, w, c] }
}
