// @ts-check
// Text that people read, in the language of the page, and numbers as that language writes them: as vae/text does.
//
//   _("decoded in {time}", { time: ms(3) })
//   ngettext("{n} sample", "{n} samples", selection.length)
//
// The English text is a message's own name; messages.js, written by the server, holds the other language's.

import { language, messages } from "./messages.js"

const DAY_MS = 864e5, YEAR_DAYS = 365.2425 // as vae/data/metadata.py has it
const MINUS = "\u2212", NOTHING = "\u2013"
const plural = new Intl.PluralRules(language)
const forms = plural.resolvedOptions().pluralCategories

/** @param {string} text @param {Record<string, unknown>} values */
const filled = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole))

/** A message in the language of the page, with its {named} values. @param {string} message @param {Record<string, unknown>} [values] */
export function _(message, values = {}) {
  const text = messages[message] ?? message
  return filled(Array.isArray(text) ? text[0] : text, values)
}

/**
 * The form of a message that n takes; {n} is filled in as `number` writes it.
 * @param {string} one @param {string} many @param {number} n @param {Record<string, unknown>} [values]
 */
export function ngettext(one, many, n, values = {}) {
  const known = messages[one]
  const text = Array.isArray(known) ? known[Math.min(known.length - 1, ordered.indexOf(plural.select(n)))] : n === 1 ? one : many
  return filled(text, { n: number(n), ...values })
}

// gettext's plural forms stand in CLDR's order: one, few, many, other; a language has some of these
const ordered = ["zero", "one", "two", "few", "many", "other"].filter((form) => forms.includes(/** @type {Intl.LDMLPluralRule} */ (form)))

/** @type {Map<string, Intl.NumberFormat>} by their options: to make one takes some twenty times as long as to use it */
const formats = new Map()

/** @param {number} n @param {Intl.NumberFormatOptions} options */
function decimal(n, options) {
  const key = JSON.stringify(options)
  if (!formats.has(key)) formats.set(key, new Intl.NumberFormat(language, options))
  return formats.get(key).format(n).replace("-", MINUS)
}

/** With that many decimals: 1437 -> "1,437". @param {number | null | undefined} n @param {number} [digits] */
export const number = (n, digits = 0) =>
  n == null ? NOTHING : !Number.isFinite(n) ? String(n).replace("-", MINUS) : decimal(n, { minimumFractionDigits: digits, maximumFractionDigits: digits })

/** With at most that many significant digits; beyond 1e-4 and 1e7 with an exponent. @param {number | null | undefined} n @param {number} [digits] */
export function significant(n, digits = 3) {
  if (!n || !Number.isFinite(n)) return number(n)
  const size = Math.abs(n)
  if (size < 1e-4 || size >= 1e7) {
    const [mantissa, exponent] = n.toExponential(digits - 1).split("e")
    return `${Number(mantissa)}e${Number(exponent)}`.replaceAll("-", MINUS)
  }
  return size >= 10 ** digits ? number(n) : decimal(n, { maximumSignificantDigits: digits }) // no digit before the point is dropped
}

/** A share of one: 0.983 -> "98%". @param {number | null | undefined} share @param {number} [digits] */
export const percent = (share, digits = 0) =>
  share == null || !Number.isFinite(share) ? number(share) : decimal(share, { style: "percent", minimumFractionDigits: digits, maximumFractionDigits: digits })

/** "3.6 ms". @param {number} v */
export const ms = (v) => `${number(v, v < 10 ? 1 : 0)} ms`

/** A decimal year as a date, or as its month or its year where the span of years about it is long. @param {number} year @param {number} span */
export function dated(year, span) {
  /** @type {Intl.DateTimeFormatOptions} */
  const parts = { timeZone: "UTC", year: "numeric", ...(span < 20 && { month: "short" }), ...(span < 1 && { day: "numeric" }) }
  return new Date(DAY_MS * Math.round(YEAR_DAYS * (year - 1970))).toLocaleDateString(language, parts)
}

/** A text of so many letters at most. @param {string} text @param {number} letters */
export const shortened = (text, letters) => (text.length > letters ? `${text.slice(0, letters - 1)}…` : text)
