// Charts at the ends of sliders, small as they are, so that they tell what the slider changes: on the rows that any of
// them uses, and over a faint grey one of the middle.

const USED = 64, MARGIN = 2 // of 255: more ink than the line at 0 has; rows left free above and below
const FAINT = 0.45, STRONG = 1.3 // of the ink of the middle and of the end

// [first, past the last] row that a picture has ink on, of pictures (h, w, c)
export function band(pictures, [h, w, c]) {
  const used = (y) => pictures.some((pixels) => pixels.subarray(y * w * c, (y + 1) * w * c).some((v) => v > USED))
  let top = 0, bottom = h
  while (top < bottom - 1 && !used(top)) top += 1
  while (bottom > top + 1 && !used(bottom - 1)) bottom -= 1
  return [Math.max(0, top - MARGIN), Math.min(h, bottom + MARGIN)]
}

// {pixels, shape}: rows [top, bottom) of an end over the middle
export function over(end, middle, [, w, c], [top, bottom]) {
  const pixels = new Uint8ClampedArray((bottom - top) * w * c), from = top * w * c
  for (let i = 0; i < pixels.length; i += c) {
    let grey = 0
    for (let k = 0; k < c; k++) grey = Math.max(grey, FAINT * middle[from + i + k])
    for (let k = 0; k < c; k++) pixels[i + k] = Math.max(grey, STRONG * end[from + i + k])
  }
  return { pixels, shape: [bottom - top, w, c] }
}
