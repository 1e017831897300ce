// @ts-check
// Choose what colours the points: a class, another column of the data, or a quantity of the model.
// Continuous scale: cividis (Nunez et al., 2018), uniform to the eye and the same for colour-blind eyes.

import { LOOK, SHAPE } from "./points.js"

const CIVIDIS = ["#00224e", "#123570", "#3b496c", "#575d6d", "#707173", "#8a8678", "#a59c74", "#c3b369", "#e1cc55", "#fee838"]
const MISSING = [150, 150, 150]
const ENDS = [0.01, 0.99] // quantiles at the ends of the scale: a few extremes must not flatten all others
const TINTS = [0, 0.38, -0.32] // of the palette's second and third round

const rgb = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16))
const mix = (a, b, t) => a.map((v, i) => Math.round(v + t * (b[i] - v)))

// 256 colours; the dark page takes the scale without its darkest part, which would sink into it
export function scale(dark) {
  const stops = CIVIDIS.map(rgb), low = dark ? 0.16 : 0, high = dark ? 1 : 0.96
  return Array.from({ length: 256 }, (_each, i) => {
    const at = (low + ((high - low) * i) / 255) * (stops.length - 1), k = Math.min(stops.length - 2, Math.floor(at))
    return mix(stops[k], stops[k + 1], at - k)
  })
}

export const css = ([r, g, b]) => `rgb(${r}, ${g}, ${b})`

// a colour for each of so many classes: the palette, then the same lighter, then darker. shapes: of how many shapes there is
// one for each class as well (shapes.js); then the palette serves that many rounds as it is
export function classColours(colours, count, shapes = 1) {
  return Array.from({ length: count }, (_each, k) => {
    const tint = TINTS[Math.floor(k / (colours.length * shapes)) % TINTS.length], base = rgb(colours[k % colours.length])
    return mix(base, tint > 0 ? [255, 255, 255] : [0, 0, 0], Math.abs(tint))
  })
}

// [low, high] of the scale over finite values
export function limits(values) {
  const sample = [], step = Math.max(1, Math.floor(values.length / 20_000))
  for (let i = 0; i < values.length; i += step) if (Number.isFinite(values[i])) sample.push(values[i])
  sample.sort((a, b) => a - b)
  if (!sample.length) return [0, 1]
  const [low, high] = ENDS.map((q) => sample[Math.round(q * (sample.length - 1))])
  return high > low ? [low, high] : [low, low + (Math.abs(low) || 1)]
}

// the bytes that Plot.paint takes. by: {values, limits} or {labels}; hidden, chosen: masks (n) or null; shapes: of each
// class, where labels colour the points, or null; dropped: mask of those that the next training leaves out, or null
/** @param {number} n @param {Record<string, any>} how */
export function looks(n, { by, classes, theme, accent, hidden, chosen, shapes = null, dropped = null }) {
  const look = new Uint8Array(4 * n), ramp = by.values ? scale(theme.dark) : null, plain = rgb(accent)
  const [low, high] = by.limits ?? [0, 1], per = 255 / (high - low)
  for (let i = 0; i < n; i++) {
    let colour = plain
    if (ramp) {
      const v = by.values[i]
      colour = Number.isFinite(v) ? ramp[Math.min(255, Math.max(0, Math.round((v - low) * per)))] : MISSING
    } else if (by.labels[i] !== 255) colour = classes[by.labels[i]]
    if (dropped?.[i]) colour = MISSING
    look[4 * i] = colour[0]
    look[4 * i + 1] = colour[1]
    look[4 * i + 2] = colour[2]
    look[4 * i + 3] = hidden?.[i] ? LOOK.hidden : !chosen ? (dropped?.[i] ? LOOK.receded : LOOK.plain) : chosen[i] ? LOOK.chosen : LOOK.receded
    if (shapes && !ramp && look[4 * i + 3] !== LOOK.hidden) look[4 * i + 3] += SHAPE * (shapes[by.labels[i]] ?? 0)
  }
  return look
}
