// What every part of the page shares in the browser: one live socket, one event bus, the map's geometry, pictures, colours.
//
//   connect(model, token, base)   -> client, the page's one socket; a second call for the same model returns the same client
//   open(model, token, base)      -> a client beside it, for a part that watches another model; whoever opens it, closes it
//     client.request(kind, payload, {t0, source})   live: one request in flight, only the newest waits; answers reach onFrame
//     client.ask(kind, payload, {idle})             -> Promise<frame>: never superseded; idle: only when nothing live waits
//     client.onFrame(callback)  -> off()            for each live answer painted, at most one an animation frame
//     client.setLabel(k)        class that conditional models decode with from now on, null: of the nearest sample; asks again
//     client.state, client.reason                   "connecting" | "open" | "away" | "refused", and why
//     kinds: KIND.map [x, y]   KIND.latent z   KIND.row [index]   KIND.path [method, t, ...za, ...zb]
//     frame: {sequence, kind, trust, decode_ms, server_ms, round_trip_ms, xy, z, pixels, source, t0}
//   on(event, callback) -> off(), emit(event, value)
//     "frame" frame | "position" xy or null (a live dot on the map) | "commit" committed | "goto" {row} or {z}
//     "leave" (the pointer left the map) | "connection" client
//   geometry(model, base) -> Promise<{n, d, shape: [h, w, c], sample, classes, xy, index, labels, thumbs, trust_box, device, title}>
//   spriteSheet(model, base) -> Promise<{draw(ctx, index, x, y, size)}>    real thumbnails, by row of the map
//   fit(canvas, shape) -> canvas                    with the height that pictures of that shape need
//   paint(canvas, pixels, shape, doubt, colour)     uint8 pixels -> canvas, bicubic to its own size (CSS does the rest)
//   paced(ms, act)                                  act at once, then at most every ms, the last call always
//   palette(dark) -> [colour], theme(element) -> {text, background, rgb, panel, border, accent, font, dark}
//   count(n) "10 000", ms(v) "3.6 ms", percent(share) "60 %", median(values)
//   trustWord(trust), trustColour(trust), TRUST_TITLE: does this point come back when its picture is encoded again
//   window.zscope.live = {sent, painted, dropped, latency_ms, shown_ms}: live requests alone, the last 1000 times. latency_ms:
//   from the move event to after putImageData; shown_ms: to the animation frame with it. sent = painted + dropped + under way.

import { fit, geometry, paint, spriteSheet } from "./pictures.js"

export { fit, geometry, paint, spriteSheet }
export const KIND = { map: 1, latent: 2, row: 3, path: 4 }
export const live = { sent: 0, painted: 0, dropped: 0, latency_ms: [], shown_ms: [] }
const HEAD_UP = 8, HEAD_DOWN = 28, KEEP = 1000
const RETRY_MS = [250, 500, 1000, 2000, 4000, 8000]

// ---------------------------------------------------------------- events

const listeners = new Map()

export function on(event, callback) {
  if (!listeners.has(event)) listeners.set(event, new Set())
  listeners.get(event).add(callback)
  return () => listeners.get(event).delete(callback)
}

export function emit(event, value) {
  for (const callback of [...(listeners.get(event) ?? [])]) callback(value)
}

// ---------------------------------------------------------------- the socket

class Client {
  constructor(model, token, base) {
    Object.assign(this, { model, token, base, state: "connecting", reason: "", closed: false })
    this.sequence = 0
    this.label = 0 // class + 1; 0: of the nearest sample
    this.flight = null // the request under way
    this.waiting = null // the newest live request not yet sent
    this.urgent = []
    this.idle = []
    this.due = null // when the first picture was painted that the screen does not show yet
    this.attempt = 0
    this.recent = [] // {at, round_trip_ms, decode_ms, server_ms} of the last second's paints
    this.refreshes = [] // times of the last second's screen refreshes that brought a new picture
    this.callbacks = new Set()
    this.open()
  }

  open() {
    clearTimeout(this.timer)
    const address = `${location.origin.replace(/^http/, "ws")}${this.base}/live/${encodeURIComponent(this.model)}`
    const socket = (this.socket = new WebSocket(`${address}?token=${encodeURIComponent(this.token)}`))
    socket.binaryType = "arraybuffer"
    socket.onopen = () => { this.attempt = 0; this.say("open", ""); this.pump() }
    socket.onmessage = (event) => this.receive(event.data)
    socket.onclose = (event) => { if (this.socket === socket) this.lost(event) }
  }

  say(state, reason) {
    if (state === this.state && reason === this.reason) return
    Object.assign(this, { state, reason })
    emit("connection", this)
  }

  lost(event) {
    const flight = this.flight
    this.flight = null
    this.socket = null
    if (flight?.resolve) flight.reject(new Error(event.reason || "the connection closed"))
    else if (flight) { live.dropped += 1; if (event.code !== 4400) this.waiting ??= flight }
    if (this.closed) return
    if (event.code === 4401 || event.code === 4403 || event.code === 4404) return this.say("refused", event.reason)
    const wait = RETRY_MS[Math.min(this.attempt++, RETRY_MS.length - 1)] * (0.8 + 0.4 * Math.random())
    this.say("away", event.reason || "the server does not answer")
    this.timer = setTimeout(() => this.open(), wait)
  }

  renew(token) {
    if (token === this.token) return
    this.token = token
    if (this.state === "refused") { this.say("connecting", ""); this.open() }
  }

  retry() {
    if (this.state !== "away") return
    this.attempt = 0
    this.open()
  }

  close() {
    this.closed = true
    clearTimeout(this.timer)
    for (const job of [...this.urgent, ...this.idle]) job.reject(new Error("another model was opened"))
    this.urgent = []
    this.idle = []
    this.waiting = null
    this.callbacks.clear()
    this.socket?.close()
  }

  setLabel(k) {
    const label = k === null ? 0 : k + 1
    if (label === this.label) return
    this.label = label
    if (this.asked) this.request(...this.asked)
  }

  request(kind, payload, { t0 = performance.now(), source = "" } = {}) {
    this.asked = [kind, payload, { source }]
    this.waiting = { kind, payload, t0, source }
    this.pump()
  }

  ask(kind, payload, { idle = false } = {}) {
    return new Promise((resolve, reject) => {
      ;(idle ? this.idle : this.urgent).push({ kind, payload, t0: performance.now(), source: "ask", resolve, reject })
      this.pump()
    })
  }

  onFrame(callback) {
    this.callbacks.add(callback)
    if (this.last) callback(this.last) // a part that comes late shows what the others show
    return () => this.callbacks.delete(callback)
  }

  // whether a live answer is on its way
  get busy() { return Boolean(this.flight && !this.flight.resolve) }

  pump() {
    if (this.flight || this.socket?.readyState !== WebSocket.OPEN) return
    let job = this.urgent.shift()
    if (!job && this.waiting) [job, this.waiting] = [this.waiting, null]
    job ??= this.idle.shift()
    if (!job) return
    this.sequence = (this.sequence + 1) >>> 0
    const frame = new ArrayBuffer(HEAD_UP + 4 * job.payload.length)
    const head = new DataView(frame)
    head.setUint32(0, this.sequence, true)
    head.setUint8(4, job.kind)
    head.setUint8(5, this.label)
    new Float32Array(frame, HEAD_UP).set(job.payload)
    this.flight = Object.assign(job, { sequence: this.sequence, sent_at: performance.now() })
    if (!job.resolve) live.sent += 1
    this.socket.send(frame)
  }

  receive(buffer) {
    const head = new DataView(buffer), job = this.flight, now = performance.now()
    if (!job || head.getUint32(0, true) !== job.sequence) return // stale
    this.flight = null
    const d = this.d
    const frame = {
      sequence: job.sequence, kind: head.getUint8(4), trust: head.getFloat32(8, true),
      decode_ms: head.getFloat32(12, true), server_ms: head.getFloat32(16, true), round_trip_ms: now - job.sent_at,
      xy: [head.getFloat32(20, true), head.getFloat32(24, true)],
      z: new Float32Array(buffer, HEAD_DOWN, d), pixels: new Uint8ClampedArray(buffer, HEAD_DOWN + 4 * d),
      source: job.source, t0: job.t0,
    }
    if (job.resolve) job.resolve(frame)
    else this.paint(frame)
    this.pump()
  }

  // At once, so that the very next refresh of the screen has the newest answer, whatever it had before.
  paint(frame) {
    this.last = frame
    for (const callback of this.callbacks) callback(frame)
    emit("frame", frame)
    const now = performance.now()
    live.painted += 1
    live.latency_ms.push(now - frame.t0)
    if (live.latency_ms.length > KEEP) live.latency_ms.shift()
    frame.at = now
    this.recent.push(frame)
    while (this.recent[0].at < now - 1000) this.recent.shift()
    if (!this.due) requestAnimationFrame(() => this.shown())
    this.due ??= now
  }

  // The refresh that brings the last painted picture to the screen.
  shown() {
    const now = performance.now()
    live.shown_ms.push(now - this.last.t0)
    if (live.shown_ms.length > KEEP) live.shown_ms.shift()
    frameGap += 0.1 * (Math.min(100, now - this.due) - frameGap)
    this.due = null
    this.refreshes.push(now)
    while (this.refreshes[0] < now - 1000) this.refreshes.shift()
  }
}

let current = null

export function connect(model, token, base = "") {
  if (current?.model === model) { current.renew(token); return current }
  current?.close()
  return (current = open(model, token, base))
}

export function open(model, token, base = "") {
  const client = new Client(model, token, base)
  const hold = client.pump // no frame can be read before the latent size is known
  client.pump = () => {}
  geometry(model, base).then(
    (info) => { Object.assign(client, { info, d: info.d, pump: hold }); client.pump() },
    (error) => client.say("refused", error.message),
  )
  return client
}

addEventListener("online", () => current?.retry())
document.addEventListener("visibilitychange", () => document.hidden || current?.retry())

// ---------------------------------------------------------------- parts

// What a part exports as default and as `unmount`: one view, made by make(component), in each place and for each choice
// of models, which starts once and is updated from then on. One that cannot start leaves, and the loader says why.
export function mounting(make) {
  const mounted = new WeakMap()
  const unmount = (host) => { mounted.get(host)?.view.remove(); mounted.delete(host) }
  const render = async (component) => {
    const host = component.parentElement, { link, other } = component.data, models = `${link.model} ${other?.model ?? ""}`
    if (mounted.get(host)?.models === models) return mounted.get(host).view.update(component)
    unmount(host)
    const view = make(component)
    mounted.set(host, { models, view })
    try { await view.start() } catch (error) { if (mounted.get(host)?.view === view) unmount(host); throw error }
  }
  return { render, unmount }
}

// ---------------------------------------------------------------- pace

let frameGap = 8 // ms from a paint to the next animation frame, smoothed
const SLOW_MS = 18, SLOWER = 3

// A function that runs at once, then at most every `ms`, the last call always. Where the screen cannot keep up (no GPU),
// it runs more rarely still, so that the picture need not wait for what only decorates it.
export function paced(ms, act) {
  let timer = null, newest = null
  const run = () => {
    if (!newest) { timer = null; return }
    const given = newest
    newest = null
    timer = setTimeout(run, frameGap > SLOW_MS ? SLOWER * ms : ms)
    act(...given)
  }
  const call = (...given) => { newest = given; if (timer === null) run() }
  call.cancel = () => { clearTimeout(timer); timer = null; newest = null }
  return call
}

// ---------------------------------------------------------------- colours and words

// Paul Tol's "muted" qualitative set, safe for colour-blind eyes; the dark page lifts what would sink into it.
const LIGHT = ["#332288", "#88ccee", "#44aa99", "#117733", "#999933", "#ddcc77", "#cc6677", "#882255", "#aa4499", "#555555"]
const DARK = ["#7d74e8", "#a6e0fb", "#3fc1ab", "#2f9e55", "#b5b545", "#efe08f", "#ee8392", "#d0447f", "#d077c4", "#b4b8c0"]

export const palette = (dark) => (dark ? DARK : LIGHT)

export function theme(element) {
  const style = getComputedStyle(element)
  const read = (name, fallback) => style.getPropertyValue(`--st-${name}`).trim() || fallback
  const background = read("background-color", "#ffffff"), text = read("text-color", "#1a1d24")
  const probe = document.createElement("canvas").getContext("2d")
  probe.fillStyle = background
  probe.fillRect(0, 0, 1, 1)
  const rgb = [...probe.getImageData(0, 0, 1, 1).data.slice(0, 3)]
  return {
    text, background, rgb, dark: 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2] < 128,
    panel: read("secondary-background-color", "#f6f7f9"), border: read("border-color", "#dfe3e8"), accent: read("primary-color", "#d55e00"), font: read("font", "sans-serif"),
  }
}

export const count = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, "\u202f")
export const ms = (v) => `${v < 10 ? v.toFixed(1) : Math.round(v)} ms`
export const percent = (share) => `${Math.round(100 * share)} %`

const TRUST_LEVELS = [[0.6, "comes back", "#0a9f78"], [0.25, "may not come back", "#e69f00"], [-Infinity, "does not come back", "#888888"]]
const trustLevel = (trust) => TRUST_LEVELS.find(([least]) => trust >= least)
export const trustWord = (trust) => trustLevel(trust)[1]
export const trustColour = (trust) => trustLevel(trust)[2]
export const TRUST_TITLE = "Decode this point, encode the picture again, place it: does it come back to where you pointed?"

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted.length ? sorted[sorted.length >> 1] : NaN
}

window.zscope = { live, on, emit, connect, geometry, spriteSheet, get client() { return current } }
