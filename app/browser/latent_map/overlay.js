// @ts-check
// What is drawn over the points without redrawing them: cursor, rings, waypoints, paths, the live dot, the hover card.
// What follows the pointer is a small layer of its own, moved by transform alone: nothing is painted again for it.

import { Card } from "./card.js"
import { drawing } from "../shared/elements.js"
import { paced } from "../shared/zscope.js"

const RING_MS = 30, CARD_MS = 80
const NAME_PX = 3.2, NAME_GAP_PX = 24 // half a letter; from a path's name to a pin or to the other name
const NAME_AT = [[1 / 3, 0.5, 0.2], [2 / 3, 0.5, 0.8]] // of the visible path: where its name may stand, the best first

function sprite(root, name, size, shapes) {
  const svg = drawing("svg", { class: `zm-sprite ${name}`, width: size, height: size, viewBox: `${-size / 2} ${-size / 2} ${size} ${size}`, "aria-hidden": "true" })
  for (const [tag, attributes] of shapes) drawing(tag, attributes, svg)
  svg.half = size / 2
  root.append(svg)
  return svg
}

export class Overlay {
  committed = null
  held = null // where the held sample lies
  live = null
  waypoints = []
  paths = []

  constructor(root, plot, geometry, model) {
    this.root = root
    this.plot = plot
    this.geometry = geometry
    this.svg = drawing("svg", { class: "zm-overlay", "aria-hidden": "true" })
    this.pathLayer = drawing("g", { class: "zm-path-layer" }, this.svg)
    root.append(this.svg)
    this.mark = sprite(root, "zm-committed", 52, [
      ["circle", { r: 15, class: "zm-halo" }], ["path", { d: "M-25 0H-12M12 0H25M0 -25V-12M0 12V25" }], ["circle", { r: 8 }],
    ])
    this.hold = sprite(root, "zm-held", 22, [["path", { d: "M0 -9L9 0L0 9L-9 0Z" }]])
    this.ring = sprite(root, "zm-ring", 18, [["circle", { r: 6.5 }]])
    this.dot = sprite(root, "zm-live", 20, [["circle", { r: 6.5 }]])
    this.pins = drawing("svg", { class: "zm-overlay", "aria-hidden": "true" }) // above the dot, which would hide their letters
    root.append(this.pins)
    this.cursor = sprite(root, "zm-cursor", 24, [["path", { d: "M-11 0H-4M4 0H11M0 -11V-4M0 4V11" }]])
    this.card = new Card(root, plot, geometry, model)
    this.moveRing = paced(RING_MS, (at, snapped) => {
      this.place(this.ring, at)
      this.ring.classList.toggle("zm-snapped", snapped)
    })
    this.moveCard = paced(CARD_MS, (...what) => this.card.point(...what))
    this.hideCursor()
    this.redraw()
  }

  place(element, xy) {
    element.style.visibility = xy ? "visible" : "hidden"
    if (!xy) return
    const [px, py] = this.plot.toPixels(...xy)
    if (element.half) element.style.transform = `translate(${(px - element.half).toFixed(1)}px, ${(py - element.half).toFixed(1)}px)`
    else element.setAttribute("transform", `translate(${px.toFixed(1)} ${py.toFixed(1)})`)
  }

  redraw() {
    this.place(this.mark, this.committed?.xy)
    this.place(this.hold, this.held)
    this.place(this.dot, this.live)
    this.pathLayer.replaceChildren()
    this.taken = this.waypoints.filter(({ xy }) => xy).map(({ xy }) => this.plot.toPixels(...xy))
    for (let at = this.paths.length - 1; at >= 0; at--) this.drawPath(this.paths[at], at) // the first lies above the others
    if (this.paths.length > 1) this.paths.forEach((path, at) => this.namePath(path, at))
    this.pins.replaceChildren()
    for (const { label, xy } of this.waypoints) {
      const pin = drawing("g", { class: "zm-pin" }, this.pins)
      drawing("circle", { r: 11 }, pin)
      drawing("text", { "text-anchor": "middle", dy: "0.36em" }, pin).textContent = label
      this.place(pin, xy)
    }
  }

  // the steps as a line; thin dashes over each jump, where the map is torn (a null between two places)
  drawPath({ xy }, at) {
    let steps = "", jumps = "", last = null, torn = true
    for (const point of xy) {
      if (!point) { torn = true; continue }
      const place = this.plot.toPixels(...point).map((v) => v.toFixed(1))
      steps += (torn ? "M" : "L") + place + (torn ? "h0" : "") // a place between two jumps is a dot
      if (torn && last) jumps += `M${last}L${place}`
      last = place
      torn = false
    }
    drawing("path", { d: jumps, class: `zm-jump zm-path-${at % 3}` }, this.pathLayer)
    drawing("path", { d: steps, class: "zm-path-edge" }, this.pathLayer)
    drawing("path", { d: steps, class: `zm-path zm-path-${at % 3}` }, this.pathLayer)
  }

  // beside the visible part of its line, clear of pins and of the other name; where there is no such place, no name
  namePath({ name, xy }, at) {
    const [width, height] = this.plot.size(), half = NAME_PX * name.length
    const drawn = xy.filter((point, i) => point && (xy[i - 1] || xy[i + 1])) // a place between two torn hops has no line
    const line = drawn.map((point) => this.plot.toPixels(...point)).filter(([x, y]) => x > 0 && y > 0 && x < width && y < height)
    if (line.length < 3) return
    for (const share of NAME_AT[at % 2])
      for (const side of at % 2 ? [1, -1] : [-1, 1]) {
        const k = Math.min(line.length - 2, Math.max(1, Math.round(share * (line.length - 1))))
        const [dx, dy] = [line[k + 1][0] - line[k - 1][0], line[k + 1][1] - line[k - 1][1]], long = Math.hypot(dx, dy) || 1
        const turn = dx < 0 ? -side : side // +1 is below, whichever way the line runs
        const x = line[k][0] - (turn * dy * (half + 8)) / long, y = line[k][1] + (turn * dx * 14) / long
        const clear = this.taken.every(([u, v]) => Math.hypot(Math.max(0, Math.abs(u - x) - half), v - y) >= NAME_GAP_PX)
        if (!clear || x < half || x > width - half || y < NAME_GAP_PX || y > height - NAME_GAP_PX) continue
        this.taken.push([x - half / 2, y], [x + half / 2, y])
        const text = drawing("text", { class: "zm-path-name", "text-anchor": "middle", dy: "0.36em", x, y }, this.pathLayer)
        text.textContent = name
        return
      }
  }

  // px, py: the cursor; near: {index, distance} of the sample there, index -1 for none; snapped: the cursor shows that very sample.
  // The mouse brings a crosshair of its own (CSS), so one is drawn for keys and fingers alone.
  moveCursor(px, py, near, snapped, sheet, { keyed, touch }) {
    const { index } = near, { xy } = this.plot
    this.place(this.cursor, (keyed || touch) && !snapped ? this.plot.toData(px, py) : null)
    this.moveRing(index < 0 ? null : [xy[2 * index], xy[2 * index + 1]], snapped)
    this.moveCard(px, py, near, snapped, sheet, touch)
  }

  hideCursor() {
    this.moveRing.cancel()
    this.moveCard.cancel()
    for (const part of [this.cursor, this.ring]) part.style.visibility = "hidden"
    this.card.hide()
  }

  setLive(xy) {
    this.live = xy
    this.place(this.dot, xy)
  }
}
