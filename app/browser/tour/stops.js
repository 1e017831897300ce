// @ts-check
// The stops of the tour: what each one points at, and what it says in a sentence or two.

import { _ } from "../shared/text.js"

export const MAP = '.zscope-map[data-mode="explore"][data-ready="true"]'

// at: what is framed, as far as it is in sight; instead: what takes its place where nothing of it is; inside: the card stands
// within it, so that what is beside it stays free; touch: the text where one points with a finger
/** @type {{at: string, instead?: string, inside?: boolean, title: string, text: string, touch?: string}[]} */
export const STOPS = [
  {
    at: MAP, inside: true, title: _("The map"),
    text: _("Each dot is a training sample. Dots that are close have similar latents, the few numbers that the model encodes a sample as; move the mouse over the map, and every point of it is decoded to a picture at once."),
    touch: _("Each dot is a training sample. Dots that are close have similar latents, the few numbers that the model encodes a sample as; move a finger over the map, and every point of it is decoded to a picture at once."),
  },
  {
    at: ".zscope-view .zc-top, .zscope-view .zc-fidelity", title: _("The picture"),
    text: _("This is what the model decodes from the point under the pointer. Trust says whether that picture, encoded again, comes back to the point; fidelity, whether reconstructions of real samples near it are right."),
    touch: _("This is what the model decodes from the point under your finger. Trust says whether that picture, encoded again, comes back to the point; fidelity, whether reconstructions of real samples near it are right."),
  },
  {
    at: ".zscope-map .zm-legend", instead: ".zscope-map .zm-tools > .zm-drop:nth-child(1)", title: _("The colours"),
    text: _("Each colour is a class: click one in the legend to hide it. The menu Colour above the map shows errors, rates or trust instead."),
    touch: _("Each colour is a class: tap one in the legend to hide it. The menu Colour above the map shows errors, rates or trust instead."),
  },
  {
    at: ".zscope-view .zc-tools, .st-key-zscope-tool", title: _("The tools"),
    text: _("Click the map to select a point, then change it here: each slider follows one direction of the latent space. Draw encodes a picture of yours, and Attribute finds the direction between two groups."),
    touch: _("Tap the map to select a point, or hold a finger still for a menu. The tools change that point: each slider follows one direction of the latent space, Draw encodes a picture of yours, and Attribute finds the direction between two groups."),
  },
  {
    at: '[data-testid="stTopNavLink"], .st-key-zscope-pages', title: _("The other pages"),
    text: _("Follow a path between samples, generate new ones, compare two models, train your own, or read how good this one is. The button at the top right explains the terms and lists all keys, such as P, which presents the map to a hall."),
    touch: _("Follow a path between samples, generate new ones, compare two models, train your own, or read how good this one is. The button at the top right explains the terms and lists what fingers and keys do; Present fills the screen for a hall."),
  },
]
