// @ts-check
// What the points of each class look like: a colour, and a shape as well where that was chosen or there are more classes than colours.

import { classColours, css } from "./colours.js"
import { prefer, preferred } from "../shared/preference.js"
import { SHAPES, classShapes, clipPath } from "./shapes.js"
import { palette } from "../shared/zscope.js"

export class ClassLooks {
  on = false // whether classes have shapes
  colours = []
  shapes = null // of each class, where they have any
  /** @type {boolean | undefined} */
  dark

  // count: of the classes; onChange(): they look different now
  constructor(count, onChange = () => {}) {
    this.number(count)
    this.onChange = onChange
  }

  number(count) {
    this.count = Math.max(1, count)
    if (this.dark !== undefined) this.themed(this.dark)
  }

  themed(dark) {
    const colours = palette(dark)
    this.dark = dark
    this.on = preferred("shapes", this.count > colours.length)
    this.colours = classColours(colours, this.count, this.on ? SHAPES.length : 1)
    this.shapes = this.on ? classShapes(this.count) : null
    return this
  }

  // as the dot of a legend that has this style
  dot(style, k) { Object.assign(style, { background: css(this.colours[k]), clipPath: this.shapes ? clipPath(this.shapes[k]) : "", borderRadius: this.shapes ? "0" : "" }) }

  toggle() {
    prefer("shapes", !this.on)
    this.themed(this.dark)
    this.onChange()
  }
}
