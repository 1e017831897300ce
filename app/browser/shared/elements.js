// @ts-check
// Elements of the page and of drawings in it, made in one line.

const SVG = "http://www.w3.org/2000/svg"

export function element(tag, className, text = "") {
  const made = document.createElement(tag)
  made.className = className
  made.textContent = text
  return made
}

// of a drawing (SVG)
export function drawing(tag, attributes = {}, parent = null) {
  const made = document.createElementNS(SVG, tag)
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value)
  parent?.append(made)
  return made
}
