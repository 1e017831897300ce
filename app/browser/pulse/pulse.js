// @ts-check
// A beat for a fragment of the page. data: {every_ms}   triggers: beat
// It waits while Python runs, as what is sent then is answered after the page may have changed.

import { Part, mounting } from "../shared/part.js"

const CHECK_MS = 100

class Pulse extends Part {
  static subject() { return "" }

  start() {
    this.last = performance.now()
    const timer = setInterval(() => this.look(), CHECK_MS)
    this.offs.push(() => clearInterval(timer))
  }

  look() {
    if (document.hidden || busy()) return
    const now = performance.now()
    if (now - this.last < this.component.data.every_ms) return
    this.last = now
    this.component.setTriggerValue("beat", now)
  }
}

function busy() {
  /** @type {HTMLElement | null} */
  const app = document.querySelector("[data-testid=stApp]")
  const { testScriptState = "notRunning", testConnectionState = "CONNECTED" } = app?.dataset ?? {}
  return testScriptState !== "notRunning" || testConnectionState !== "CONNECTED"
}

const { render, unmount } = mounting(Pulse)
export { render as default, unmount }
