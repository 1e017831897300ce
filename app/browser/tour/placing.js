// @ts-check
// Where the card of a stop stands.

const GAP_PX = 14, EDGE_PX = 12

/** The smallest box around several, [left, top, width, height] each; null for none. @param {number[][]} boxes */
export function around(boxes) {
  if (!boxes.length) return null
  const [left, top] = [0, 1].map((k) => Math.min(...boxes.map((box) => box[k])))
  const [right, bottom] = [0, 1].map((k) => Math.max(...boxes.map((box) => box[k] + box[k + 2])))
  return [left, top, right - left, bottom - top]
}

/**
 * The top left corner of a card of [w, h] for a target [left, top, width, height] in a window of [W, H]: at the first of its
 * sides that has the room, else within it, at its foot; in the middle of the window where there is no target.
 * @param {number[] | null} target @param {number[]} size @param {number[]} room @param {boolean} [inside]
 */
export function placed(target, [w, h], [W, H], inside = false) {
  /** @param {number[]} at */
  const within = ([x, y]) => [Math.max(EDGE_PX, Math.min(W - EDGE_PX - w, x)), Math.max(EDGE_PX, Math.min(H - EDGE_PX - h, y))]
  if (!target) return within([(W - w) / 2, (H - h) / 2])
  const [left, top, width, height] = target, middle = [left + (width - w) / 2, top + (height - h) / 2]
  const foot = [middle[0], top + height - h - GAP_PX]
  if (inside) return within(foot)
  const sides = [[left - w - GAP_PX, middle[1]], [left + width + GAP_PX, middle[1]], [middle[0], top + height + GAP_PX], [middle[0], top - h - GAP_PX]]
  const along = [1, 1, 0, 0] // the coordinate that may be moved to stay in the window; the other one must fit as it is
  const most = [W - EDGE_PX - w, H - EDGE_PX - h]
  const fits = sides.find((side, k) => { const v = side[1 - along[k]]; return v >= EDGE_PX && v <= most[1 - along[k]] })
  return within(fits ?? foot)
}
