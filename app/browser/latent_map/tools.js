// @ts-check
// The toolbar: one row of quiet buttons.

const ZOOM = [["in", "+", "Zoom in"], ["out", "−", "Zoom out"], ["reset", "⌂", "Show the whole map"]]
const STROKES = [
  ["lasso", "Lasso", "Select by drawing round points; shift adds, alt removes, Escape clears"],
  ["box", "Box", "Select by drawing a box; shift adds, alt removes, Escape clears"],
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
    if (name === "lasso" || name === "box") this.arm(this.lasso.kind === name ? null : name)
  }
}
