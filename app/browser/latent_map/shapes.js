// @ts-check
// A shape for each class, besides its colour: the same seven for the points (points.js draws them too), the legend and a
// plain canvas. Each covers as much as the circle in whose place it stands.

/** @type {[string, [number, number][]][]} corners in radii of that circle, y down; a circle has none */
const OUTLINES = [
  ["circle", []],
  ["square", [[-0.886, -0.886], [0.886, -0.886], [0.886, 0.886], [-0.886, 0.886]]],
  ["triangle", [[0, -1.4], [1.212, 0.7], [-1.212, 0.7]]],
  ["diamond", [[0, -1.253], [1.253, 0], [0, 1.253], [-1.253, 0]]],
  ["plus", [[-0.38, -1.2], [0.38, -1.2], [0.38, -0.38], [1.2, -0.38], [1.2, 0.38], [0.38, 0.38], [0.38, 1.2], [-0.38, 1.2], [-0.38, 0.38], [-1.2, 0.38], [-1.2, -0.38], [-0.38, -0.38]]],
  ["cross", [[0, -0.537], [0.58, -1.117], [1.117, -0.58], [0.537, 0], [1.117, 0.58], [0.58, 1.117], [0, 0.537], [-0.58, 1.117], [-1.117, 0.58], [-0.537, 0], [-1.117, -0.58], [-0.58, -1.117]]],
  ["wedge", [[0, 1.4], [-1.212, -0.7], [1.212, -0.7]]],
]
const WIDEST = 1.4 // of all corners from the centre

export const SHAPES = OUTLINES.map(([name]) => name)
export const DOT = SHAPES.length // in place of the shape of a point that has no room for it

// of each of so many classes: seven shapes and ten colours, which have no common divisor, make 70 pairs before one comes again
export const classShapes = (count) => Array.from({ length: count }, (_each, k) => k % SHAPES.length)

// the outline of a point as the path of a canvas
export function trace(context, shape, x, y, radius) {
  const [, corners] = OUTLINES[shape]
  context.beginPath()
  if (!corners.length) context.arc(x, y, radius, 0, 2 * Math.PI)
  for (const [k, [dx, dy]] of corners.entries()) context[k ? "lineTo" : "moveTo"](x + radius * dx, y + radius * dy)
}

// for the CSS clip-path of a square element
export function clipPath(shape) {
  const [, corners] = OUTLINES[shape], share = (v) => `${(50 + (50 * v) / WIDEST).toFixed(1)}%`
  return corners.length ? `polygon(${corners.map(([x, y]) => `${share(x)} ${share(y)}`).join(", ")})` : `circle(${(50 / WIDEST).toFixed(1)}%)`
}
