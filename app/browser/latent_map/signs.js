// @ts-check
// What is drawn on the map besides its points, as entries of the legend.

import { _ } from "../shared/text.js"

/** @type {Record<string, [string, string, string, string][]>} by mode: name of its style, shapes, text, what it means */
const SIGNS = {
  explore: [
    ["selected", '<path d="M0 8H4M12 8H16M8 0V4M8 12V16"/><circle cx="8" cy="8" r="3.5"/>', _("selected point"), _("The point that the picture, its neighbours and the tools belong to. Click the map to select another.")],
    ["live", '<circle cx="8" cy="8" r="4.5"/>', _("moved point"), _("Where the latent lies that a slider, a drawing or the residual of a held sample makes at this moment. The selected point stays where it is.")],
  ],
  waypoints: [
    ["live", '<circle cx="8" cy="8" r="4.5"/>', _("picture shown"), _("Where on the path the large picture is decoded.")],
    ["jump", '<path d="M0 8H16"/>', _("jump"), _("Two steps that follow each other on the path but lie far apart on the map. UMAP tears apart what is connected in latent space, so that the straight dotted line passes over places that the path does not visit.")],
  ],
}

/** @param {string} mode of the map */
export function signs(mode) {
  const line = document.createElement("div")
  line.className = "zm-signs"
  for (const [name, shapes, text, title] of SIGNS[mode] ?? []) {
    const sign = document.createElement("span")
    Object.assign(sign, { title, innerHTML: `<svg class="zm-sign-${name}" width="16" height="16" aria-hidden="true">${shapes}</svg>` })
    sign.append(text)
    line.append(sign)
  }
  return line
}
