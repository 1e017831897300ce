// @ts-check
// A page is left in two or three steps: Streamlit pushes the address of the next page without parameters, and the link of
// the state when Python has run. An entry without a model is replaced by what comes next, so that Back has one step to take.

import { Part, mounting } from "../shared/part.js"

/** @param {History} history @param {Location} location */
export function joined(history, location) {
  const push = history.pushState.bind(history)
  history.pushState = (state, title, address) => {
    const bare = !new URLSearchParams(location.search).has("model")
    if (bare) history.replaceState(state, title, address)
    else push(state, title, address)
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
