// @ts-check
// A term of the field where a part of the page names it: a link to its place in the terms, with its help as title.

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
