// One page for the parts of app/browser: globals, a clock that a test turns, and the server behind them. Import it before
// any of the parts.

import { Canvas, Document, Element, Target } from "./dom.js"
import { Server } from "./server.js"

const turn = () => new Promise((resolve) => setImmediate(resolve))

// ---------------------------------------------------------------- the clock

let now = 0, last = 0
const timers = new Map() // number -> {at, act, every}

const after = (act, ms = 0, every = null) => { timers.set((last += 1), { at: now + Math.max(1, ms), act, every }); return last }
const next = () => (timers.size ? [Math.min(...[...timers.values()].map(({ at }) => at))] : [Number.POSITIVE_INFINITY])
const forget = (number) => timers.delete(number)

/** Let so much time pass: whatever is due runs, and whatever that sets off. */
export async function pass(ms) {
  for (const end = now + ms; now < end; now = Math.min(end, Math.max(now + 1, ...next()))) {
    for (let k = 0; k < 3; k++) await turn()
    for (const [number, { at, act, every }] of [...timers]) {
      if (at > now || !timers.has(number)) continue
      if (every === null) timers.delete(number)
      else timers.get(number).at = now + every
      try { act(now) } catch (error) { troubles.push(error) }
    }
  }
  for (let k = 0; k < 3; k++) await turn()
}

export const ticking = () => [...timers.values()].filter(({ every }) => every !== null).length

// ---------------------------------------------------------------- what stands there

export const troubles = [] // what was thrown and caught by nobody
process.on("unhandledRejection", (error) => troubles.push(error))

export const page = new Document(), win = new Target()
export let server = new Server()
export const look = { dark: false }

class Observer {
  static on = 0
  constructor(act) { this.act = act }
  observe() { Observer.on += 1; after(() => this.act([])) }
  disconnect() { Observer.on -= 1 }
}

class Picture extends Element {
  constructor() { super("img") }
  decode() { return server.let("image") }
}

Object.assign(globalThis, {
  look, document: page, Image: Picture, ResizeObserver: Observer, devicePixelRatio: 1, innerWidth: 1280, innerHeight: 800, location: { origin: "http://page", href: "http://page/", search: "" },
  history: { pushState() {}, replaceState() {} },
  Option: class extends Element { constructor(text, value) { super("option"); Object.assign(this, { textContent: text, value }) } },
  addEventListener: (name, act) => win.addEventListener(name, act), removeEventListener: (name, act) => win.removeEventListener(name, act),
  setTimeout: (act, ms) => after(act, ms), clearTimeout: forget, setInterval: (act, ms) => after(act, ms, ms), clearInterval: forget,
  requestAnimationFrame: (act) => after(act, 16), cancelAnimationFrame: forget,
  matchMedia: () => ({ matches: true }), createImageBitmap: () => server.let("bitmap"), fetch: (address) => server.fetch(address),
  getComputedStyle: () => ({ backgroundColor: look.dark ? "#000" : "#fff", getPropertyValue: (name) => (name === "--st-primary-color" ? (look.dark ? "#ff9966" : "#d55e00") : "") }),
  Canvas,
})
globalThis.performance.now = () => now

/** How many listen, tick and watch: what a part that has left must not leave behind. */
export const left = () => ({ page: page.listening, window: win.listening, ticking: ticking(), watched: Observer.on, open: server.sockets.filter(({ readyState }) => readyState < 3).length })

/** A fresh server, with those names on hold. */
export function serve(held = []) {
  server = new Server()
  server.held = new Set(held)
  globalThis.WebSocket = server.Socket
  troubles.length = 0
  return server
}

/** A place in the page, and what Streamlit gives to the part in it. */
export class Place {
  host = new Element("div")
  sent = []
  results = []

  constructor(module) {
    this.module = module
    page.body.append(this.host)
  }

  render(data) {
    const tell = (name, value) => this.sent.push([name, value])
    const result = Promise.resolve(this.module.default({ parentElement: this.host, data, setStateValue: tell, setTriggerValue: tell }))
    result.catch(() => {}) // the loader says it; a test looks at it in `results`
    this.results.push(result)
    return result
  }

  leave() { this.module.unmount(this.host) }
}
