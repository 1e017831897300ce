// @ts-check
// What the rows of a map are since their user edited them: their classes now, and which were dropped. Every part of the page
// shares the geometry, so that each calls a sample what it is called now.

import { maskOf } from "./selection.js"

const stored = new WeakMap() // geometry -> the labels and classes that it came with

export class Edits {
  dropped = null // mask (n), or null
  told = "null" // as it was said last

  // geometry: that of the page
  constructor(geometry) {
    this.geometry = geometry
    if (!stored.has(geometry)) stored.set(geometry, { labels: geometry.labels, classes: geometry.classes })
    Object.assign(geometry, stored.get(geometry)) // an earlier map may have been told of edits
  }

  // edited: {labels, classes, dropped} of edited_of in Python, or null where nothing was; whether that is new
  take(edited) {
    const told = JSON.stringify(edited), { geometry } = this
    if (told === this.told) return false
    this.told = told
    Object.assign(geometry, stored.get(geometry))
    if (edited?.labels) geometry.labels = Uint8Array.from(atob(edited.labels), (letter) => letter.charCodeAt(0))
    if (edited) geometry.classes = edited.classes
    this.dropped = edited?.dropped ? maskOf(edited.dropped, geometry.n) : null
    return true
  }
}
