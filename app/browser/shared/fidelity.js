// @ts-check
// How far the reconstructions of the nearest real samples are from these samples, in words.

import { _, ngettext, significant } from "./text.js"

const ALIKE = 0.1 // relative: differences that are this close are called equal, as in vae/atlas/fidelity.py
const DIGITS = 2

export const FIDELITY_TITLE = _("Whether the decoded pictures are right: the root mean squared difference, per value, between the six nearest real samples and their reconstructions. Compared with the difference between a training sample and the one most like it, and with reconstructions by PCA with as many components as the latent has dimensions.")

/**
 * @param {number} error NaN: not measured; in standard deviations of the data (sigma), or of values from 0 to 1
 * @param {{neighbour: number | null, pca: number | null, components: number | null}} baselines
 * @returns {{text: string, poor: boolean}} text "" where there is nothing to say
 */
export function fidelity(error, { neighbour, pca, components }, sigma = false) {
  if (!Number.isFinite(error)) return { text: "", poor: false }
  const said = (v) => (sigma ? `${significant(v, DIGITS)}\u202fσ` : significant(v, DIGITS))
  const off = sigma ? said(error) : _("{error} (values 0–1)", { error: said(error) })
  const values = { error: off, neighbour: said(neighbour) }, most = 1 + ALIKE
  let text = _("Reconstructions here are off by {error}.", values)
  if (neighbour !== null && error > most * neighbour)
    text = _("Reconstructions here are off by {error}, more than neighbouring samples differ ({neighbour}).", values)
  else if (neighbour !== null && error < (1 - ALIKE) * neighbour)
    text = _("Reconstructions here are off by {error}, less than neighbouring samples differ ({neighbour}).", values)
  else if (neighbour !== null)
    text = _("Reconstructions here are off by {error}, about as much as neighbouring samples differ ({neighbour}).", values)
  const better = pca !== null && error > most * pca, told = { pca: said(pca) }
  if (better && components !== null)
    text += ` ${ngettext("PCA with {n} component does better: {pca}.", "PCA with {n} components does better: {pca}.", components, told)}`
  else if (pca !== null && components !== null)
    text += ` ${ngettext("PCA with {n} component: {pca}.", "PCA with {n} components: {pca}.", components, told)}`
  return { text, poor: better || (neighbour !== null && error > most * neighbour) }
}
