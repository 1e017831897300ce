// @ts-check
// What the model makes of a drawn sample, in one sentence: how odd the sample is, and how reliable its point on the map.

import { trustShown } from "../shared/zscope.js"
import { _, percent } from "../shared/text.js"

/** @type {[number, string, string][]} from which oddness on: the word, and its class */
const ODD = [[0.99, _("Very odd"), "zk-odd"], [0.95, _("Odd"), "zk-odd"], [0.85, _("Unusual"), "zk-doubt"], [-Infinity, _("Ordinary"), ""]]

/** @param {{oddness: number, by: string, reference: string, trust: number, first?: boolean}} facts of a stroke; first: on a first map, which has no trust @returns {{text: string, odd: string, tone: string}} odd: the part of text that says how odd it is */
export function verdict({ oddness, by, reference, trust, first = false }) {
  const [, word, tone] = /** @type {[number, string, string]} */ (ODD.find(([least]) => oddness >= least)), { figure, word: trusted } = trustShown(trust, { first }), reliable = trusted === trustShown(1, {}).word
  const values = {
    odd: tone ? _("{word}, by its {by}", { word, by: _(by) }) : word,
    more: percent(Math.floor(100 * oddness) / 100), // never rounded up to "odder than all"
    reference, trusted, trust: figure,
  }
  if (first)
    return { tone, odd: values.odd, text: _("{odd}: odder than {more} of {reference}. How far to trust its point follows with UMAP: this is a first map.", values) }
  if (!tone && reliable)
    return { tone, odd: values.odd, text: _("{odd}: odder than {more} of {reference}, and its point is {trusted} (trust {trust}): the reconstruction, encoded again, comes back to it.", values) }
  if (!tone)
    return { tone, odd: values.odd, text: _("{odd}: odder than {more} of {reference}, but its point is {trusted} (trust {trust}): the sample is reconstructed as well as others, yet the reconstruction, encoded again, may land far from it.", values) }
  if (reliable)
    return { tone, odd: values.odd, text: _("{odd}: odder than {more} of {reference}, although its point is {trusted} (trust {trust}): the reconstruction, encoded again, comes back to it, but the sample is unlike the training samples.", values) }
  return { tone, odd: values.odd, text: _("{odd}: odder than {more} of {reference}, and its point is {trusted} (trust {trust}): the sample is unlike the training samples, and its reconstruction, encoded again, may land far from it.", values) }
}
