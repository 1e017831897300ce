// @ts-check
// Lasso and box: a stroke over the map becomes the rows inside it.

import { drawing } from "../shared/elements.js"

const STEP_PX = 3 // least distance between two corners of a lasso

export const how = (event) => (event.altKey ? "remove" : event.shiftKey ? "add" : "set")

// whether a point lies inside a polygon, by the even-odd rule; corners: [[x, y]]
export function inside(corners, x, y) {
  let within = false
  for (let i = 0, j = corners.length - 1; i < corners.length; j = i++) {
    const [xi, yi] = corners[i], [xj, yj] = corners[j]
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) within = !within
  }
  return within
}

export class Lasso {
  kind = null

  // onDone(rows, how)
  constructor(root, plot, onDone) {
    this.root = root
    this.plot = plot
    this.onDone = onDone
    this.svg = drawing("svg", { class: "zm-overlay zm-stroke", "aria-hidden": "true" })
    this.path = drawing("path", {}, this.svg)
    root.append(this.svg)
  }

  // "lasso", "box" or null: what a drag does from now on
  arm(kind) {
    this.kind = kind
    this.root.dataset.tool = kind ?? ""
  }

  stroke(px, py) {
    if (!this.kind) return null
    this.corners = [[px, py]]
    return { move: (u, v) => this.move(u, v), end: (_px, _py, event) => this.end(event), cancel: () => this.draw([]) }
  }

  move(px, py) {
    const [first] = this.corners, last = this.corners.at(-1)
    if (this.kind === "box") this.corners = [first, [px, first[1]], [px, py], [first[0], py]]
    else if (Math.hypot(px - last[0], py - last[1]) >= STEP_PX) this.corners.push([px, py])
    this.draw(this.corners)
  }

  draw(corners) { this.path.setAttribute("d", corners.length ? `M${corners.map((c) => c.map((v) => v.toFixed(1)).join(" ")).join("L")}Z` : "") }

  end(event) {
    this.draw([])
    if (this.corners.length < 3) return
    const polygon = this.corners.map((corner) => this.plot.toData(...corner)), rows = []
    const xs = polygon.map((c) => c[0]), ys = polygon.map((c) => c[1])
    this.plot.near.inBox(Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys), (i, x, y) => { if (inside(polygon, x, y)) rows.push(i) })
    this.onDone(rows, how(event))
  }
}
