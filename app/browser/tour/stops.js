// @ts-check
// The stops of the tour: what each one points at, and what it says in a sentence or two.

import { _ } from "../shared/text.js"

export const MAP = '.zscope-map[data-mode="explore"][data-ready="true"]'

// at: what is framed, as far as it is in sight; instead: what takes its place where nothing of it is; inside: the card stands
// within it, so that what is beside it stays free
/** @type {{at: string, instead?: string, inside?: boolean, title: string, text: string}[]} */
export const STOPS = [
  {
    at: MAP, inside: true, title: _("The map"),
    text: _("Each dot is a training sample, and dots that are close have similar latents. Move the mouse, or a finger, over the map: every point of it is decoded to a picture at once."),
  },
  {
    at: ".zscope-view .zc-top, .zscope-view .zc-fidelity", title: _("The picture"),
    text: _("This is what the model decodes from the point under the pointer. Trust says whether that picture, encoded again, comes back to the point; fidelity, whether reconstructions of real samples near it are right."),
  },
  {
    at: ".zscope-map .zm-legend", instead: ".zscope-map .zm-tools > .zm-drop:nth-child(1)", title: _("The colours"),
    text: _("Each colour is a class: click one in the legend to hide it. The menu Colour above the map shows errors, rates or trust instead."),
  },
  {
    at: ".zscope-view .zc-tools, .st-key-zscope-tool", title: _("The tools"),
    text: _("Click the map to select a point, then change it here: each slider follows one direction of the latent space. Draw encodes a picture of yours, and Attribute finds the direction between two groups."),
  },
  {
    at: '[data-testid="stTopNavLink"], .st-key-zscope-pages', title: _("The other pages"),
    text: _("Follow a path between samples, generate new ones, compare two models, train your own, or read how good this one is. The button at the top right lists all keys and explains the terms."),
  },
]
