// @ts-check
// What a person chose for this browser, kept between visits where the browser lets us.

export function preferred(name, otherwise) {
  try { return JSON.parse(localStorage.getItem(`zscope.${name}`)) ?? otherwise } catch { return otherwise }
}

export function prefer(name, value) {
  try { localStorage.setItem(`zscope.${name}`, JSON.stringify(value)) } catch { /* for this visit only */ }
}
