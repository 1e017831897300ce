// @ts-check
// The search box: "ankle boot" selects every sample of that class, "#4127" or "4127" goes to that sample, and what is kept
// of the samples beside their values is searched too, see columns.js.

import { fetched } from "../shared/server.js"
import { findIn } from "./columns.js"
import { _, number } from "../shared/text.js"

// {rows, label} | {row} | {nothing: sentence}. A number that is the name of a class is that class; with # it never is.
// columns: of the metadata of the rows
/** @param {string} text @param {Record<string, any>} geometry @param {import("./columns.js").Column[]} columns */
export function find(text, { classes, labels, index, n }, columns = []) {
  const asked = text.trim(), plain = asked.toLowerCase()
  if (!plain) return { nothing: "" }
  const rank = (name) => { const at = name.toLowerCase(); return at === plain ? 0 : at.startsWith(plain) ? 1 : at.includes(plain) ? 2 : 3 }
  const best = classes.map((name, k) => [rank(name), k]).filter(([r]) => r < 3).sort((a, b) => a[0] - b[0] || a[1] - b[1])[0]
  const digits = /^#?\s*(\d[\d\s\u202f,.]*)$/.exec(plain)
  if (best && (best[0] === 0 || !digits) && !plain.startsWith("#")) {
    const rows = []
    for (let i = 0; i < n; i++) if (labels[i] === best[1]) rows.push(i)
    return rows.length ? { rows, label: classes[best[1]] } : { nothing: _("No sample on this map is labelled {best}.", { best: classes[best[1]] }) }
  }
  const inside = plain.startsWith("#") ? null : findIn(asked, columns)
  if (inside && !digits) return inside
  if (digits) {
    const wanted = Number(digits[1].replace(/\D/g, "")), row = index.indexOf(wanted)
    if (row >= 0) return { row }
    if (inside) return inside
    let [low, high] = [Infinity, -Infinity]
    for (const v of index) { if (v < low) low = v; if (v > high) high = v }
    return { nothing: _("Sample #{wanted} is not on this map, which shows {n} training samples from #{low} to #{high}.", { wanted, n: number(n), low, high }) }
  }
  const known = classes.length ? _("Labels: {names}. ", { names: classes.slice(0, 12).join(", ") + (classes.length > 12 ? " …" : "") }) : _("The data set has no labels. ")
  const searched = columns.length ? _("Columns: {names}. ", { names: columns.slice(0, 12).map(({ name }) => name).join(", ") + (columns.length > 12 ? " …" : "") }) : ""
  return { nothing: _("Nothing is called “{asked}”. {known}A number such as #{index} opens that sample.", { asked: asked.slice(0, 40), known: known + searched, index: index[0] }) }
}

/** What was found, a single sample as such: it is selected as by a click, whatever it was found by. @param {Record<string, any>} found */
export const single = (found) => (found.rows?.length === 1 ? { row: found.rows[0] } : found)

export class Search {
  /** @type {import("./columns.js").Column[] | null} */
  columns = null // once they were fetched

  // onFound(result of find)
  constructor(bar, geometry, link, onFound) {
    this.geometry = geometry
    this.link = link
    this.onFound = onFound
    this.form = document.createElement("form")
    this.form.className = "zm-search"
    this.form.setAttribute("role", "search")
    this.form.innerHTML = `<input type="search" placeholder="${_("Search")}" aria-label="${_("Search by label or number")}" list="" autocomplete="off" spellcheck="false" enterkeyhint="search">`
    const input = (this.input = this.form.querySelector("input")), names = (this.names = document.createElement("datalist"))
    names.id = `zm-names-${Math.random().toString(36).slice(2)}`
    this.offer()
    input.setAttribute("list", names.id)
    input.title = geometry.described ? _("Type a label, a word of any column, a comparison such as age > 30, or the number of a sample, then Enter") : geometry.classes.length ? _("Type a label or the number of a sample, then Enter") : _("Type the number of a sample, then Enter")
    this.form.append(names)
    this.form.onsubmit = (event) => { event.preventDefault(); this.look(input.value) }
    this.form.onkeydown = (event) => {
      event.stopPropagation()
      if (event.key === "Escape") { input.value = ""; input.blur(); this.empty() }
    }
    input.oninput = () => this.empty()
    bar.append(this.form)
  }

  // the classes that there are now
  offer() { this.names.replaceChildren(...this.geometry.classes.map((name) => Object.assign(document.createElement("option"), { value: name }))) }

  // what was said of an earlier search goes with its words
  empty() { if (!this.input.value) this.onFound({}) }

  async look(text) {
    try {
      this.columns ??= this.geometry.described ? await (await fetched("asset", this.link.model, "metadata.json")).json() : []
    } catch (error) {
      return this.onFound({ nothing: _("The columns could not be searched: {message}", { message: error.message }) })
    }
    this.onFound(single(find(text, this.geometry, this.columns)))
  }
}
