// @ts-check
// By what the points are grouped, in the legend, in their colours and in the names on the map: the classes of the data, as they
// were edited, or the values of a column of text that colours the points.

import { Edits } from "./edits.js"
import { Legend } from "./legend.js"
import { signs } from "./signs.js"

export class Grouping {
  groups = null // {classes, labels} that the legend shows in place of the classes

  // map: the MapView that it belongs to
  constructor(map) {
    this.map = map
    this.edits = new Edits(map.geometry)
    this.edits.take(map.component.data.edited ?? null)
    this.legend(map.geometry)
  }

  legend(geometry) {
    const { map } = this, before = map.legend
    map.legend = new Legend(map.root, map.plot, geometry, () => map.filter())
    before?.element.replaceWith(map.legend.element)
    map.legend.selection = map.selection
    map.legend.explain(signs(map.component.data.mode))
  }

  // the labels as they were edited since the page opened
  edit(edited) {
    if (!this.edits.take(edited)) return
    this.map.search?.offer()
    if (this.groups) this.map.repaint()
    else this.again()
  }

  by(groups) {
    if (groups === this.groups) return
    this.groups = groups
    this.again()
  }

  // the legend, and what goes by it, anew
  again() {
    const { map } = this, filtered = map.legend.hidden.size
    this.legend({ ...map.geometry, ...this.groups })
    map.layers.legend = map.legend
    map.names.of(map.legend.geometry, map.legend)
    map.looks.number(map.legend.geometry.classes.length)
    if (filtered) map.filter()
    else map.repaint()
    map.layers.redo()
    map.legend.dock()
  }
}
