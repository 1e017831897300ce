// @ts-check
// Where a class's name stands: at the middle of its densest part, and clear of other names.

const CELLS = 40 // a side, of the grid in which density is counted
const KERNEL = [1, 2, 1]
const AWAY = [[0, 0], [0, -1], [0, 1], [0.6, 0], [-0.6, 0], [0.6, -1], [-0.6, -1], [0.6, 1], [-0.6, 1]] // in widths and heights, best first
const GAP_PX = 4

// The sample in the middle of each class's densest part within a box: its row, -1 for a class without samples there.
// A sample, not a mean: that may lie outside of a bent class, or between two halves. least: of all samples there, the share
// that a class has to have.
/** @param {ArrayLike<number>} xy @param {ArrayLike<number>} labels @param {number} count @param {number[]} box x0, y0, x1, y1 @param {ArrayLike<number> | null} [hidden] @param {number} [least] */
export function densest(xy, labels, count, [x0, y0, x1, y1], hidden = null, least = 0) {
  const n = labels.length, kx = CELLS / Math.max(x1 - x0, 1e-9), ky = CELLS / Math.max(y1 - y0, 1e-9), at = new Int16Array(n).fill(-1)
  const counted = new Uint32Array(count * CELLS * CELLS), totals = new Uint32Array(count)
  for (let i = 0; i < n; i++) {
    const x = xy[2 * i], y = xy[2 * i + 1]
    if (labels[i] >= count || hidden?.[i] || !(x >= x0 && x <= x1 && y >= y0 && y <= y1)) continue
    at[i] = Math.min(CELLS - 1, Math.floor((x - x0) * kx)) + CELLS * Math.min(CELLS - 1, Math.floor((y - y0) * ky))
    counted[at[i] + labels[i] * CELLS * CELLS] += 1
    totals[labels[i]] += 1
  }
  const enough = least * totals.reduce((a, b) => a + b, 0)
  const peaks = Array.from({ length: count }, (_each, k) => peak(counted.subarray(k * CELLS * CELLS, (k + 1) * CELLS * CELLS)))
  const near = peaks.map(() => [])
  for (let i = 0; i < n; i++) if (at[i] >= 0 && beside(at[i], peaks[labels[i]])) near[labels[i]].push(i)
  return near.map((rows, k) => (totals[k] < enough ? -1 : middle(xy, rows)))
}

// the cell that has most samples in it and around it
function peak(counted) {
  let best = -1, most = 0
  for (let cell = 0; cell < counted.length; cell++) {
    if (!counted[cell]) continue
    let sum = 0
    const c = cell % CELLS, r = (cell - c) / CELLS
    for (let dr = -1; dr <= 1; dr++)
      for (let dc = -1; dc <= 1; dc++)
        if (c + dc >= 0 && c + dc < CELLS && r + dr >= 0 && r + dr < CELLS) sum += KERNEL[dr + 1] * KERNEL[dc + 1] * counted[cell + dc + CELLS * dr]
    if (sum > most) [best, most] = [cell, sum]
  }
  return best
}

const beside = (cell, other) => Math.abs((cell % CELLS) - (other % CELLS)) <= 1 && Math.abs(Math.floor(cell / CELLS) - Math.floor(other / CELLS)) <= 1

// the row nearest to the median of those rows
function middle(xy, rows) {
  const [mx, my] = [0, 1].map((axis) => { const sorted = rows.map((i) => xy[2 * i + axis]).sort((a, b) => a - b); return sorted[sorted.length >> 1] })
  let best = -1, least = Infinity
  for (const i of rows) {
    const d2 = (xy[2 * i] - mx) ** 2 + (xy[2 * i + 1] - my) ** 2
    if (d2 < least) [best, least] = [i, d2]
  }
  return best
}

// The centre of each name, as near to where it belongs as it can stand within the window, clear of those before it; null
// where there is no such place.
/** @param {{x: number, y: number, width: number, height: number}[]} names the most important first @param {number[]} size of the window
 *  @param {{x: number, y: number, width: number, height: number}[]} [taken] what they must not cover, by its centre */
export function placed(names, [width, height], taken = []) {
  const stands = [...taken]
  return names.map(({ x, y, width: w, height: h }) => {
    if (x < 0 || y < 0 || x > width || y > height) return null
    for (const [across, down] of AWAY) {
      const at = { x: within(x + across * w, w / 2, width - w / 2), y: within(y + down * h, h / 2, height - h / 2), width: w, height: h }
      if (stands.some((one) => overlap(one, at))) continue
      stands.push(at)
      return at
    }
    return null
  })
}

const within = (v, low, high) => Math.max(low, Math.min(high, v))
const overlap = (a, b) => Math.abs(a.x - b.x) < (a.width + b.width) / 2 + GAP_PX && Math.abs(a.y - b.y) < (a.height + b.height) / 2
