// What is drawn over the points without redrawing them: cursor, rings, waypoints, paths, the live dot, the hover card.
// What follows the pointer is a small layer of its own, moved by transform alone: nothing is painted again for it.

import { count, paced } from "./zscope.js"

const SVG = "http://www.w3.org/2000/svg"
const DWELL_MS = 70 // of rest before the card counts what is within reach; the ring does not wait
const RING_MS = 30, CARD_MS = 80
export const REACH = 0.02 // of the map's width: "within reach"
const FAR = 0.04
const CARD_PX = [236, 74]

function make(tag, attributes = {}, parent = null) {
  const element = document.createElementNS(SVG, tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
  parent?.append(element)
  return element
}

function sprite(root, name, size, shapes) {
  const svg = make("svg", { class: `zm-sprite ${name}`, width: size, height: size, viewBox: `${-size / 2} ${-size / 2} ${size} ${size}`, "aria-hidden": "true" })
  for (const [tag, attributes] of shapes) make(tag, attributes, svg)
  svg.half = size / 2
  root.append(svg)
  return svg
}

export class Overlay {
  constructor(root, plot, geometry, near) {
    Object.assign(this, { root, plot, geometry, near, committed: null, live: null, waypoints: [], paths: [] })
    this.svg = make("svg", { class: "zm-overlay", "aria-hidden": "true" })
    this.pathLayer = make("g", {}, this.svg)
    this.pins = make("g", {}, this.svg)
    root.append(this.svg)
    this.mark = sprite(root, "zm-committed", 52, [
      ["circle", { r: 15, class: "zm-halo" }], ["path", { d: "M-25 0H-12M12 0H25M0 -25V-12M0 12V25" }], ["circle", { r: 8 }],
    ])
    this.ring = sprite(root, "zm-ring", 18, [["circle", { r: 6.5 }]])
    this.dot = sprite(root, "zm-live", 20, [["circle", { r: 6.5 }]])
    this.cursor = sprite(root, "zm-cursor", 24, [["path", { d: "M-11 0H-4M4 0H11M0 -11V-4M0 4V11" }]])
    this.card = document.createElement("div")
    this.card.className = "zm-card"
    this.card.innerHTML = '<canvas width="112" height="112"></canvas><div><b></b><span></span><span></span></div>'
    root.append(this.card)
    this.moveRing = paced(RING_MS, (at, snapped) => {
      this.place(this.ring, at)
      this.ring.classList.toggle("zm-snapped", snapped)
    })
    this.moveCard = paced(CARD_MS, (...what) => this.showCard(...what))
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
    this.place(this.dot, this.live)
    this.pathLayer.replaceChildren()
    this.paths.forEach((path, at) => this.drawPath(path, at))
    this.pins.replaceChildren()
    for (const { label, xy } of this.waypoints) {
      const pin = make("g", { class: "zm-pin" }, this.pins)
      make("circle", { r: 11 }, pin)
      make("text", { "text-anchor": "middle", dy: "0.36em" }, pin).textContent = label
      this.place(pin, xy)
    }
  }

  drawPath({ name, xy }, at) {
    let d = "", pen = "M"
    for (const point of xy) {
      if (point) d += pen + this.plot.toPixels(...point).map((v) => v.toFixed(1))
      pen = point ? "L" : "M"
    }
    make("path", { d, class: "zm-path-edge" }, this.pathLayer)
    make("path", { d, class: `zm-path zm-path-${at % 3}` }, this.pathLayer)
    const middle = xy.filter(Boolean)[Math.floor(xy.filter(Boolean).length / 2)]
    if (!middle || this.paths.length < 2) return
    const text = make("text", { class: "zm-path-name", dx: 8, dy: -6 }, this.pathLayer)
    text.textContent = name
    this.place(text, middle)
  }

  // px, py: the cursor; near: {index, distance} of the nearest real sample; snapped: the cursor shows that very sample.
  // The mouse brings a crosshair of its own (CSS), so one is drawn for the keys alone.
  moveCursor(px, py, near, snapped, sheet, keyed) {
    const { index } = near, { xy } = this.geometry
    this.place(this.cursor, keyed && !snapped ? this.plot.toData(px, py) : null)
    this.moveRing(index < 0 ? null : [xy[2 * index], xy[2 * index + 1]], snapped)
    this.moveCard(px, py, near, snapped, sheet)
  }

  // a card is read at rest: while the pointer runs it follows at its own pace, since words cost more to draw than pictures
  showCard(px, py, { index, distance }, snapped, sheet) {
    this.card.style.visibility = index < 0 ? "hidden" : "visible"
    if (index < 0) return
    const { labels, classes, index: origin } = this.geometry, [width, height] = this.plot.size()
    const left = px + 22 + CARD_PX[0] > width ? px - 22 - CARD_PX[0] : px + 22
    const top = Math.min(height - CARD_PX[1] - 8, Math.max(8, py + 16))
    this.card.style.transform = `translate(${Math.round(Math.max(8, left))}px, ${Math.round(top)}px)`
    if (sheet && index !== this.drawn) {
      const canvas = this.card.firstChild
      sheet.draw(canvas.getContext("2d", { willReadFrequently: true }), index, 0, 0, canvas.width)
      this.drawn = index
    }
    const far = distance > FAR * this.near.width, [title, line, count_] = this.card.querySelectorAll("b, span")
    title.textContent = labels[index] === 255 ? "Sample" : classes[labels[index]]
    line.textContent = `#${count(origin[index])}${snapped ? "" : far ? " \u00b7 nearest, yet far" : " \u00b7 nearest sample"}`
    this.card.classList.remove("zm-rested")
    clearTimeout(this.dwell)
    this.dwell = setTimeout(() => {
      const within = this.near.within(...this.plot.toData(px, py), REACH * this.near.width)
      count_.textContent = `${count(within)} sample${within === 1 ? "" : "s"} within reach`
      this.card.classList.add("zm-rested")
    }, DWELL_MS)
  }

  hideCursor() {
    clearTimeout(this.dwell)
    this.moveRing.cancel()
    this.moveCard.cancel()
    for (const part of [this.cursor, this.ring, this.card]) part.style.visibility = "hidden"
    this.card.classList.remove("zm-rested")
  }

  setLive(xy) {
    this.live = xy
    this.place(this.dot, xy)
  }
}
