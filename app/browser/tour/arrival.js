// @ts-check
// A link to a heading of the page: /terms#rate. Streamlit goes there before the page has its final height, so that the heading
// is followed until it stays where it is.

const LOOK_MS = 250, TRIES = 12

/** @param {string} hash of the address, "" for none @returns {() => void} ends it, as the first scroll of the visitor does */
export function arrive(hash) {
  let tries = hash.length > 1 ? TRIES : 0, was = NaN, timer
  const end = () => {
    clearTimeout(timer)
    for (const name of ["wheel", "pointerdown", "keydown"]) removeEventListener(name, end, true)
  }
  const look = () => {
    const heading = document.getElementById(decodeURIComponent(hash.slice(1))), top = heading?.getBoundingClientRect().top
    if (heading && top !== was) heading.scrollIntoView({ block: "start" })
    was = heading?.getBoundingClientRect().top ?? NaN
    if (--tries > 0) timer = setTimeout(look, LOOK_MS)
    else end()
  }
  if (!tries) return end
  for (const name of ["wheel", "pointerdown", "keydown"]) addEventListener(name, end, true)
  look()
  return end
}
