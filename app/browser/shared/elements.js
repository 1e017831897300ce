// @ts-check
// Elements of the page and of drawings in it, made in one line.

const SVG = "http://www.w3.org/2000/svg"

export function element(tag, className, text = "") {
  const made = document.createElement(tag)
  made.className = className
  made.textContent = text
  return made
}

/**
 * The text of an element that changes with every frame. The text node that is there is kept: one that is put in its place
 * is a new child, for which the page asks anew what its `:has()` rules, of which there are many, apply to.
 * @param {Node} element without other children @param {string} text
 */
export function write(element, text) {
  const node = element.firstChild
  if (!node) element.textContent = text
  else if (node.nodeValue !== text) node.nodeValue = text
}

/** hidden is set only if it changes: an attribute that is set again is styled again. @param {HTMLElement} element @param {boolean} hidden */
export function hide(element, hidden) {
  if (element.hidden !== hidden) element.hidden = hidden
}

// of a drawing (SVG)
export function drawing(tag, attributes = {}, parent = null) {
  const made = document.createElementNS(SVG, tag)
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value)
  parent?.append(made)
  return made
}
