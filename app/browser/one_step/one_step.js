// @ts-check
// A page is left in two or three steps: Streamlit pushes the address of the next page without parameters, and the link of
// the state when Python has run. An entry without a model is replaced by what comes next, so that Back has one step to take.
// When the messages with the next page and with its link come together, Streamlit first writes the link at the path of the
// page that is left, and then the same at the path of the next one, which replaces it here, too. It also writes the next
// page with its link at once: a click tells that the page that is left has been seen with the link that it shares.

import { Part, mounting } from "../shared/part.js"

const ASKED = ["pointerdown", "click", "keydown", "popstate"]

/** @param {History} history @param {Location} location @param {EventTarget} events what tells that someone asked for something */
export function joined(history, location, events) {
  const push = history.pushState.bind(history)
  let last = "" // the address that was written since someone last asked for something
  for (const kind of ASKED) events.addEventListener(kind, () => { last = "" }, true)
  history.pushState = (state, title, address) => {
    const here = location.pathname + location.search
    const bare = !new URLSearchParams(location.search).has("model")
    const next = new URL(address ?? here, location.href)
    const again = here === last && next.search === location.search && next.pathname !== location.pathname
    if (bare || again) history.replaceState(state, title, address)
    else push(state, title, address)
    last = next.pathname + next.search
  }
}

let done = false

class OneStep extends Part {
  static subject() { return "" }

  start() {
    if (!done) joined(history, location, window)
    done = true
  }
}

const { render, unmount } = mounting(OneStep)
export { render as default, unmount }
