// @ts-check
// What the values of a vector, or the channels of a series, are called, and how their values are written: in the units of
// the data set where its means are known, else in standard deviations. They come once with the map, see types.d.ts.

import { _, number, shortened, significant } from "./text.js"

const DIGITS = 8, LONG = 1e7, FINE = 1.6 // decimals at most; from there on numbers have an exponent; decimals for a standard deviation of 1
const LEAST = 0.05 // standard deviations: a smaller change is none
const EXACT = 3 // decimals in which a time step is written out, if it can be
const SHORT = 18 // letters of a name within a line of words
export const NAMED = 3, TOLD = 8 // columns in a few words, and in a title

/** The variables of a model's samples, or null: pictures have none. @param {Geometry} geometry */
export const variablesOf = ({ variables, sample }) => (variables ? new Variables(variables, sample) : null)

/** Whether samples are rows of a table, whose charts say little when they are small. @param {Geometry} geometry */
export const isTable = ({ variables, sample }) => Boolean(variables) && sample.length === 1

export class Variables {
  /** @param {Geometry["variables"]} given @param {number[]} sample its shape: (m), or (channels, steps) */
  constructor(given, sample) {
    this.given = given
    this.series = sample.length > 1
    this.count = sample[0]
    this.steps = sample[1] ?? 1
    this.measured = given.std.length > 0 // else values can only be standardised
    this.digits = given.std.map((std) => Math.max(0, Math.min(DIGITS, Math.round(FINE - Math.log10(std)))))
  }

  name(i) { return this.given.names[i] || (this.series ? _("channel {i}", { i: number(i + 1) }) : _("column {i}", { i: number(i + 1) })) }

  /** A standardised value in the unit of its column. */
  text(i, v) {
    if (!this.measured) return `${signed(v, 2)}\u202fσ`
    return this.withUnit(i, this.given.mean[i] + this.given.std[i] * v)
  }

  /** A difference of standardised values, with its sign. */
  change(i, by) {
    if (!this.measured) return `${signed(by, 2)}\u202fσ`
    const text = this.withUnit(i, this.given.std[i] * by)
    return by > 0 ? `+${text}` : text
  }

  withUnit(i, value) {
    const unit = this.given.units[i], long = Math.abs(value) >= LONG || this.given.std[i] < 10 ** -DIGITS
    const text = long ? significant(value) : plain(value, this.digits[i])
    return unit ? `${text}\u202f${unit}` : text
  }

  /** Where a chart draws a standardised value: share of the height from the top. */
  height(v) { return 0.5 - (0.5 - this.given.margin) * Math.tanh(v / this.given.soft) }

  /** The time of a step of a series. */
  time(step) {
    const { step: each, start, step_unit: unit } = this.given
    if (!each) return _("step {n}", { n: number(step) })
    const text = number(start + each * step, decimals(each))
    return unit ? `${text}\u202f${unit}` : text
  }

  /** The columns of a vector, those with the largest change from the other first. */
  order(values, other = null) {
    const apart = Array.from(values, (v, i) => Math.abs(v - (other ? other[i] : 0)))
    return apart.map((_each, i) => i).sort((i, j) => apart[j] - apart[i] || i - j)
  }

  /** The columns of a vector that change most from one to the other, [index, by how much], in standard deviations. */
  changes(from, to, most) {
    return this.order(to, from).slice(0, most).map((i) => /** @type {[number, number]} */ ([i, to[i] - from[i]])).filter(([, by]) => Math.abs(by) >= LEAST)
  }

  /** "alcohol +1.2, proline +310", with names cut off. */
  words(from, to, most = NAMED) {
    return this.changes(from, to, most).map(([i, by]) => `${shortened(this.name(i), SHORT)} ${this.change(i, by)}`).join(", ") || _("hardly any change")
  }

  /** The same for a title, with whole names, a line each. */
  told(from, to) {
    return this.changes(from, to, TOLD).map(([i, by]) => `${this.name(i)} ${this.change(i, by)}`)
  }

  /** What there is to say of one sample, a line each: its most unusual columns, or the range of each channel. */
  lines(values, most = TOLD) {
    if (this.series) return Array.from({ length: Math.min(most, this.count) }, (_each, i) => this.range(i, values))
    return this.order(values).slice(0, most).map((i) => `${this.name(i)} ${this.text(i, values[i])}`)
  }

  range(i, values) {
    const channel = values.subarray(i * this.steps, (i + 1) * this.steps)
    return _("{name} from {low} to {high}", { name: this.name(i), low: this.text(i, Math.min(...channel)), high: this.text(i, Math.max(...channel)) })
  }
}

// as few decimals as write the step exactly, or to a tenth
function decimals(step) {
  const most = Math.max(0, Math.min(DIGITS, Math.ceil(-Math.log10(step))))
  for (let digits = 0; digits <= EXACT; digits++) if (Math.abs(step - Number(step.toFixed(digits))) < 1e-6 * step) return digits
  return most
}

// a number that is written as zero has no sign
const plain = (v, digits) => number(Math.abs(v) < 0.5 * 10 ** -digits ? 0 : v, digits)

/** A number with its sign. @param {number} v @param {number} digits */
export const signed = (v, digits) => (v >= 0.5 * 10 ** -digits ? `+${plain(v, digits)}` : plain(v, digits))

/**
 * The title of a small picture says more once the pointer is on it: what its sample has.
 * @param {HTMLElement} element @param {Variables | null} variables @param {() => any} ask -> a promise of a frame
 */
export function tells(element, variables, ask) {
  if (!variables) return
  const title = element.title
  element.addEventListener("pointerenter", () => {
    ask().then(({ values }) => { if (values) element.title = [title, ...variables.lines(values)].filter(Boolean).join("\n") }, () => {}) // the status line says that the server is away
  }, { once: true })
}
