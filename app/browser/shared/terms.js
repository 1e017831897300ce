// @ts-check
// A term of the field where a part of the page names it: a link to its place in the terms, with its help as title. A finger
// sees no title: its tap shows the help, and the link below it.

import { element } from "./elements.js"
import { _ } from "./text.js"

const GAP_PX = 8 // from the term, and from the edges of the window

/**
 * As an element. @param {string} anchor @param {string} name @param {string} help
 */
export function termLink(anchor, name, help) {
  return Object.assign(document.createElement("a"), { className: "zscope-term", href: `terms#${anchor}`, target: "_blank", title: help, textContent: name })
}

/**
 * As markup. @param {string} anchor of its heading in docs/terms.md @param {string} name @param {string} help as text without quotes
 */
export const term = (anchor, name, help) => `<a class="zscope-term" href="terms#${anchor}" target="_blank" title="${help}">${name}</a>`

/** @type {HTMLElement | undefined} */
let card

// the help of a term, until something else is tapped
function explain(link) {
  card ??= Object.assign(element("div", "zscope-help"), { popover: "auto" })
  const more = Object.assign(element("a", "", _("More on this term")), { href: link.href, target: "_blank" })
  card.replaceChildren(element("p", "", link.title), more)
  const part = link.parentElement.closest('[class^="zscope-"]') ?? document.body // which has the colours of the theme
  part.append(card)
  card.showPopover()
  const { left, top, bottom } = link.getBoundingClientRect(), below = bottom + GAP_PX
  const fits = below + card.offsetHeight + GAP_PX <= innerHeight
  card.style.left = `${Math.max(GAP_PX, Math.min(left, innerWidth - card.offsetWidth - GAP_PX))}px`
  card.style.top = `${fits ? below : Math.max(GAP_PX, top - GAP_PX - card.offsetHeight)}px`
}

document.addEventListener("click", (event) => {
  const link = /** @type {any} */ (event.target)?.closest?.(".zscope-term")
  if (/** @type {PointerEvent} */ (event).pointerType !== "touch" || !link?.title) return
  event.preventDefault()
  explain(link)
}, true)
