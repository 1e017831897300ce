// @ts-check
// What the arrow keys move on the map: a small step, or with shift a leap.

const STEP_PX = 6, LEAP_PX = 36
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }

// [x, y] pixels, or undefined for another key
export function arrowed(event) {
  const step = event.shiftKey ? LEAP_PX : STEP_PX
  return ARROWS[event.key]?.map((v) => step * v)
}
