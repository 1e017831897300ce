// @ts-check
// A button with the picture of a real sample, which goes there.

import { tells, variablesOf } from "./variables.js"
import { KIND, emit, fit } from "./zscope.js"
import { _ } from "./text.js"

// words: what sample it is; client: asked what its values are, where they have names
export function sampleButton(geometry, sheet, row, width, words, client) {
  const { shape } = geometry
  const button = document.createElement("button"), canvas = fit(Object.assign(document.createElement("canvas"), { width }), shape)
  button.type = "button"
  button.title = _("{words}: go there", { words })
  button.setAttribute("aria-label", button.title)
  sheet.draw(canvas.getContext("2d"), row, 0, 0, width)
  button.append(canvas)
  tells(button, variablesOf(geometry), () => client.ask(KIND.row, [row]))
  button.onclick = () => emit("goto", { row })
  return button
}
