// @ts-check
// A button with the picture of a real sample, which goes there.

import { emit, fit } from "./zscope.js"
import { _ } from "./text.js"

// words: what sample it is
export function sampleButton({ shape }, sheet, row, width, words) {
  const button = document.createElement("button"), canvas = fit(Object.assign(document.createElement("canvas"), { width }), shape)
  button.type = "button"
  button.title = _("{words}: go there", { words })
  button.setAttribute("aria-label", button.title)
  sheet.draw(canvas.getContext("2d"), row, 0, 0, width)
  button.append(canvas)
  button.onclick = () => emit("goto", { row })
  return button
}
