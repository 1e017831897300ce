// @ts-check
// Search in the metadata of the rows: a word in any column, or a comparison such as "age > 30" or "city: Bern".

import { _ } from "../shared/text.js"

/** @typedef {{name: string, values: (string | number | null)[]}} Column */

const COMPARED = /^(.+?)\s*(<=|>=|!=|≠|≤|≥|=|:|<|>)\s*(.+)$/

/** @type {Record<string, (a: number, b: number) => boolean>} */
const NUMBERS = {
  "<": (a, b) => a < b, ">": (a, b) => a > b, "<=": (a, b) => a <= b, ">=": (a, b) => a >= b, "≤": (a, b) => a <= b, "≥": (a, b) => a >= b,
  "=": (a, b) => a === b, ":": (a, b) => a === b, "!=": (a, b) => a !== b, "≠": (a, b) => a !== b,
}

const rowsWhere = (values, fits) => values.flatMap((value, row) => (fits(value) ? [row] : []))

// "< 2020-05" of a column of text: words in their order, as ISO dates are
function compared(sign, asked) {
  const plain = asked.toLowerCase(), number = Number(asked.replace(",", "."))
  return (value) => {
    if (value === null || value === "") return false
    if (typeof value === "number") return Number.isFinite(number) && NUMBERS[sign](value, number)
    const cell = value.toLowerCase()
    if (sign === ":") return cell.includes(plain)
    if (sign === "=") return cell === plain
    if (sign === "!=" || sign === "≠") return cell !== plain
    return NUMBERS[sign](cell < plain ? -1 : cell > plain ? 1 : 0, 0)
  }
}

/**
 * {rows, label} of a comparison with a column, or of a word in a column of text; {nothing} for a comparison that no row
 * fits; null if the text is neither.
 * @param {string} text @param {Column[]} columns
 */
export function findIn(text, columns) {
  const asked = text.trim(), plain = asked.toLowerCase(), [, name, sign, value] = COMPARED.exec(asked) ?? []
  const column = name && columns.find((one) => one.name.toLowerCase() === name.toLowerCase())
  if (column) {
    const rows = rowsWhere(column.values, compared(sign, value.trim()))
    return rows.length ? { rows, label: asked } : { nothing: _("No sample on this map has {asked}.", { asked }) }
  }
  const rows = new Set()
  for (const { values } of columns)
    for (const row of rowsWhere(values, (cell) => typeof cell === "string" && cell.toLowerCase().includes(plain))) rows.add(row)
  return rows.size ? { rows: [...rows].sort((a, b) => a - b), label: asked } : null
}
