// @ts-check
// What a map shows at a place, in words for a screen reader, once the place has been at rest for a moment.

import { fidelity } from "./fidelity.js"
import { _, number } from "./text.js"
import { sampleName, trustShown } from "./zscope.js"

const REST_MS = 500
const DIGITS = 1 // of a position on the map

/**
 * @param {Geometry} geometry
 * @param {{at: ArrayLike<number>, row: number, near: string, frame?: Frame | null}} what at: the position; row: of the nearest
 *   sample, -1 where none is shown; near: "on" that sample, "near" it or "far" from it; frame: what is decoded there
 */
export function spoken(geometry, { at, row, near, frame = null }) {
  const values = row < 0 ? {} : { name: sampleName(geometry, row, _("Sample")), number: geometry.index[row] }
  const place = row < 0 ? _("no sample is shown")
    : near === "on" ? _("on {name}, number {number}", values)
    : near === "near" ? _("near {name}, number {number}", values)
    : _("far from all samples; the nearest is {name}, number {number}", values)
  const said = [_("Position {x}, {y}: {place}.", { x: number(at[0], DIGITS), y: number(at[1], DIGITS), place })]
  if (frame) said.push(trusted(frame.trust, geometry), fidelity(frame.rms, geometry.baselines, geometry.sample.length < 3).text)
  return said.filter(Boolean).join(" ")
}

/** @param {number} trust @param {Geometry} geometry */
function trusted(trust, geometry) {
  const { figure, word } = trustShown(trust, geometry)
  return geometry.first ? _("Trust: {word}.", { word }) : _("Trust {trust}, {word}.", { trust: figure, word })
}

// An element with aria-live that is written once nothing was said for a while.
export class Voice {
  /** @param {HTMLElement} element */
  constructor(element) { this.element = element }

  /** @param {() => string} words */
  later(words) {
    clearTimeout(this.waiting)
    this.waiting = setTimeout(() => this.now(words()), REST_MS)
  }

  /** @param {string} words */
  now(words) {
    clearTimeout(this.waiting)
    this.element.textContent = words
  }

  stop() { clearTimeout(this.waiting) }
}
