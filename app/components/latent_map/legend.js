// The classes with their counts: "47 / 412" once the map is zoomed or filtered. A click hides or shows a class.

import { count } from "./zscope.js"

const CORNERS = [["bottom-left", false, true], ["bottom-right", true, true], ["top-right", true, false]] // the first of equals

export class Legend {
  // onChange(hidden: Set of class numbers)
  constructor(root, geometry, onChange) {
    Object.assign(this, { geometry, hidden: new Set(), onChange })
    const { classes, labels, n } = geometry
    this.total = classes.map(() => 0)
    for (let i = 0; i < n; i++) if (labels[i] !== 255) this.total[labels[i]] += 1
    this.element = document.createElement("div")
    this.element.className = "zm-legend"
    this.element.setAttribute("role", "group")
    this.element.setAttribute("aria-label", "Classes: click to hide or show, double-click to show only that one")
    this.element.style.display = classes.length ? "" : "none"
    this.element.style.setProperty("--rows", Math.ceil(classes.length / 2))
    this.entries = classes.map((name, k) => {
      const button = document.createElement("button")
      button.type = "button"
      button.innerHTML = "<i></i><span></span><em></em>"
      button.querySelector("span").textContent = name
      button.setAttribute("aria-pressed", "true")
      button.onclick = () => this.toggle(k)
      button.ondblclick = () => this.only(k)
      this.element.append(button)
      return button
    })
    root.append(this.element)
  }

  toggle(k) {
    if (!this.hidden.delete(k)) this.hidden.add(k)
    if (this.hidden.size === this.entries.length) this.hidden.clear()
    this.changed()
  }

  only(k) {
    this.hidden = new Set(this.entries.map((_, j) => j).filter((j) => j !== k))
    this.changed()
  }

  changed() {
    this.entries.forEach((button, k) => button.setAttribute("aria-pressed", String(!this.hidden.has(k))))
    this.onChange(this.hidden)
  }

  // into the corner of the whole map where it covers the fewest points
  dock(plot) {
    const { xy, n } = this.geometry, [width, height] = plot.size(), gap = 12
    const [w, h] = [this.element.offsetWidth, this.element.offsetHeight]
    const covered = Object.fromEntries(CORNERS.map(([name, right, bottom]) => {
      const left = right ? width - gap - w : gap, top = bottom ? height - gap - h : gap
      let hits = 0
      for (let i = 0; i < n; i++) {
        const [px, py] = plot.toPixels(xy[2 * i], xy[2 * i + 1])
        if (px > left && px < left + w && py > top && py < top + h) hits += 1
      }
      return [name, hits]
    }))
    this.element.dataset.corner = CORNERS.map(([name]) => name).reduce((best, name) => (covered[name] < covered[best] ? name : best))
  }

  paint(colours) {
    this.entries.forEach((button, k) => { button.firstChild.style.background = colours[k % colours.length] })
  }

  // counts within the view [x0, x1, y0, y1]; whole: nothing is cut off by it
  update([x0, x1, y0, y1], whole) {
    const { xy, labels, n } = this.geometry, inside = this.total.map(() => 0)
    if (!whole)
      for (let i = 0; i < n; i++) {
        const x = xy[2 * i], y = xy[2 * i + 1]
        if (labels[i] !== 255 && x >= x0 && x <= x1 && y >= y0 && y <= y1) inside[labels[i]] += 1
      }
    this.entries.forEach((button, k) => {
      const shown = this.hidden.has(k) ? 0 : whole ? this.total[k] : inside[k]
      button.lastChild.textContent = shown === this.total[k] ? count(shown) : `${count(shown)} / ${count(this.total[k])}`
    })
  }
}
