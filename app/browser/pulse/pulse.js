// @ts-check
// A beat for a fragment of the page. data: {every_ms}   triggers: beat
// It waits while Python runs, and a while after each click and key: what is sent while one of them is being handled may be
// answered after it has changed the page.

import { Part, mounting } from "../shared/part.js"

const CHECK_MS = 100, REST_MS = 300, AFTER_INPUT_MS = 2000

class Pulse extends Part {
  static subject() { return "" }

  start() {
    this.last = this.ran = performance.now() // the last beat, and when Python was last seen to run
    this.input = -Infinity
    const timer = setInterval(() => this.look(), CHECK_MS), note = () => { this.input = performance.now() }
    this.offs.push(() => clearInterval(timer))
    for (const kind of ["pointerdown", "keydown"]) {
      document.addEventListener(kind, note, true)
      this.offs.push(() => document.removeEventListener(kind, note, true))
    }
  }

  look() {
    const now = performance.now()
    if (busy()) this.ran = now
    if (document.hidden || now < this.ran + REST_MS || now < this.input + AFTER_INPUT_MS) return
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
