// @ts-check
// A page is left in two or three steps: Streamlit pushes the address of the next page without parameters, and the link of
// the state when Python has run. An entry without a model is replaced by what comes next, so that Back has one step to take.
// When the messages with the next page and with its link come together, Streamlit first writes the link at the path of the
// page that is left, and then the same at the path of the next one, which replaces it here, too.

import { Part, mounting } from "../shared/part.js"

/** @param {History} history @param {Location} location */
export function joined(history, location) {
  const push = history.pushState.bind(history)
  let last = "" // the address that was written last
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
    if (!done) joined(history, location)
    done = true
  }
}

const { render, unmount } = mounting(OneStep)
export { render as default, unmount }
