// @ts-check
// The toolbar: one row of quiet buttons.

import { _ } from "../shared/text.js"

const ZOOM = [["in", "+", _("Zoom in")], ["out", "−", _("Zoom out")], ["reset", "⌂", _("Show the whole map")]]
const STROKES = [
  ["lasso", _("Lasso"), _("Draw around points to select them; Shift adds, Alt removes, Escape clears. By keys: Enter begins and ends, arrow keys draw")],
  ["box", _("Box"), _("Draw a box to select points; Shift adds, Alt removes, Escape clears. By keys: Enter begins and ends, arrow keys draw")],
]

function button(bar, name, text, title) {
  const made = Object.assign(document.createElement("button"), { type: "button", textContent: text, title })
  made.dataset.do = name
  made.setAttribute("aria-label", text.length > 1 ? text : title)
  bar.append(made)
  return made
}

export class Tools {
  constructor(bar, { plot, lasso }) {
    this.bar = bar
    this.plot = plot
    this.lasso = lasso
    bar.addEventListener("click", (event) => this.act(event.target.closest("[data-do]")?.dataset.do))
  }

  strokes() {
    this.buttons = Object.fromEntries(STROKES.map(([name, text, title]) => [name, button(this.bar, name, text, title)]))
    this.arm(null)
  }

  zooms() {
    const group = document.createElement("span")
    group.className = "zm-zoom"
    for (const [name, text, title] of ZOOM) button(group, name, text, title)
    this.bar.append(group)
  }

  arm(kind) {
    this.lasso.arm(kind)
    for (const [name, one] of Object.entries(this.buttons ?? {})) one.setAttribute("aria-pressed", String(name === kind))
  }

  act(name) {
    if (name === "in") this.plot.zoom(0.7)
    if (name === "out") this.plot.zoom(1 / 0.7)
    if (name === "reset") this.plot.reset()
    if (name !== "lasso" && name !== "box") return
    this.arm(this.lasso.kind === name ? null : name)
    if (this.lasso.kind) this.lasso.root.focus({ preventScroll: true }) // so that keys draw at once
  }
}
