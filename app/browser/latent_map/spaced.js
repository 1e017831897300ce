// @ts-check
// Where points lie too close for shapes to be told from one another, some of them stand for the rest: no two of these are
// nearer than that, and all others are dots of their class's colour until the map is zoomed.

import { LOOK, SHAPE } from "./points.js"
import { DOT } from "./shapes.js"

const EVERYWHERE = [-Infinity, Infinity, -Infinity, Infinity]

/**
 * The looks, as points.js takes them, with the shape of every point that has no room replaced by a dot.
 * @param {Uint8Array} look (4 n), each with its shape @param {Float32Array} xy (2 n) @param {number} least distance, in units of xy
 * @param {number[]} within [x0, x1, y0, y1]: beyond it nothing is looked at
 */
export function spaced(look, xy, least, [x0, x1, y0, y1] = EVERYWHERE) {
  const out = look.slice(), taken = new Map(), n = xy.length / 2
  const apart = (i, j) => j === undefined || (xy[2 * i] - xy[2 * j]) ** 2 + (xy[2 * i + 1] - xy[2 * j + 1]) ** 2 >= least * least
  const cell = (column, row) => column * 0x4000000 + row
  for (let i = 0; i < n; i++) {
    const x = xy[2 * i], y = xy[2 * i + 1]
    if (look[4 * i + 3] % SHAPE === LOOK.hidden || x < x0 || x > x1 || y < y0 || y > y1) continue
    const column = Math.floor(x / least), row = Math.floor(y / least)
    let free = !taken.has(cell(column, row))
    for (let k = 0; free && k < 9; k++) free = apart(i, taken.get(cell(column + (k % 3) - 1, row + Math.floor(k / 3) - 1)))
    if (free) taken.set(cell(column, row), i)
    else out[4 * i + 3] = (look[4 * i + 3] % SHAPE) + SHAPE * DOT
  }
  return out
}
