// @ts-check
// The menu "Colour": by label, by a column of the data, or by a quantity of the model, fetched when it is first chosen.

import { limits } from "./colours.js"
import { Menu, heading, item } from "./menu.js"
import { fetched } from "../shared/server.js"
import { _, ngettext } from "../shared/text.js"

export class ColourBy {
  key = "label"
  values = null
  groups = null // {classes, labels} of a column of text, whose groups are coloured and filtered as classes are
  kept = new Map()

  // onChange(): something else is to be shown
  constructor(bar, { geometry, link, note, onChange }) {
    this.geometry = geometry
    this.link = link
    this.note = note
    this.onChange = onChange
    this.columns = geometry.columns ?? []
    this.menu = new Menu(bar, { name: _("Colour"), title: _("Choose what colours the points"), fill: (panel) => this.fill(panel) })
    this.menu.says(this.word)
  }

  get column() { return this.columns.find(({ key }) => key === this.key) }
  get word() { return this.key === "label" ? (this.geometry.labelled ? "label" : "none") : this.column.title.toLowerCase() }
  get by() { return this.values && !this.groups ? { values: this.values, limits: this.limits } : { labels: (this.groups ?? this.geometry).labels } }

  fill(panel) {
    const labelled = this.geometry.labelled, choose = (key) => () => { this.menu.close(); this.choose(key) }
    item(panel, { text: labelled ? _("Label") : _("None"), note: labelled ? ngettext("{n} class", "{n} classes", this.geometry.classes.length) : _("the data set has no labels"), checked: this.key === "label", act: choose("label") })
    for (const kind of ["data", "model"]) {
      const some = this.columns.filter((column) => column.kind === kind)
      if (some.length) heading(panel, kind === "data" ? _("Data") : _("Model"))
      for (const { key, title, unit, help, absent } of some)
        item(panel, { text: title, note: unit, help: absent ? `${help}. ${absent}` : help, absent, checked: this.key === key, act: choose(key) })
    }
  }

  async choose(key) {
    const known = key === "label" || this.columns.some((column) => column.key === key && !column.absent)
    this.key = known ? key : "label"
    this.menu.says(this.word)
    let values = null
    try {
      values = this.key === "label" ? null : await this.fetch(this.key)
    } catch (error) {
      this.note(`${this.column.title}: ${error.message}`)
      this.key = "label"
      this.menu.says(this.word)
    }
    if (known && this.key !== key && values) return // another one was chosen meanwhile
    this.values = values
    this.limits = values && limits(values)
    this.groups = values && this.column.names?.length ? { classes: this.column.names, labels: Uint8Array.from(values) } : null
    this.onChange()
  }

  async fetch(key) {
    if (this.kept.has(key)) return this.kept.get(key)
    const { model } = this.link, slow = setTimeout(() => this.note(_("Computing {title} …", { title: this.column.title })), 400)
    try {
      const answer = await fetched("asset", model, "column", key)
      this.kept.set(key, new Float32Array(await answer.arrayBuffer()))
    } finally {
      clearTimeout(slow)
    }
    this.note("")
    return this.kept.get(key)
  }
}
