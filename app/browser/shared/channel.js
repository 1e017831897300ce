// @ts-check
// The live socket and the event bus; what they offer is told at the top of zscope.js, which hands it on.

import { answer, request, sequenceOf } from "./frame_codec.js"
import { geometry, renewed } from "./pictures.js"
import { renew, socketOf } from "./server.js"
import { _ } from "./text.js"

export const KIND = { map: "map", latent: "latent", row: "row" }
export const live = { sent: 0, painted: 0, dropped: 0, latency_ms: [], shown_ms: [] }
const NO_TOKEN = 4401, FOREIGN = 4403, UNKNOWN = 4404 // codes of a close that the server gives a reason for: app/live/access.py, app/live/channel.py
const KEEP = 1000
export const pace = { gap: 8 } // ms from a paint to the next animation frame, smoothed
const RETRY_MS = [250, 500], STEADY_MS = 1000, LATE = 120, LATE_MS = 8000, AGAIN_MS = 5000 // after the server has gone: it may be back any moment

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
  /** @type {Geometry} the map of the model, once it is known */
  info
  d = 0 // of the model's latents
  m = 0 // of the values of a sample that are sent with its picture
  state = "connecting"
  reason = ""
  closed = false
  mapless = false // its map did not come: the next who connects opens another

  constructor(model) {
    this.model = model
    this.sequence = 0
    this.label = 0 // class + 1; 0: of the nearest sample
    this.flight = null // the request under way
    this.waiting = null // the newest live request not yet sent
    this.urgent = []
    this.idle = []
    this.lanes = new Map() // name -> the newest request of that lane not yet sent
    this.due = null // when the first picture was painted that the screen does not show yet
    this.attempt = 0 // tries since the last answer
    this.renewed = -Infinity // when it last had a new token
    this.recent = [] // {at, round_trip_ms, decode_ms, server_ms} of the last second's paints
    this.refreshes = [] // times of the last second's screen refreshes that brought a new picture
    this.callbacks = new Set()
    this.open()
  }

  open() {
    clearTimeout(this.timer)
    const socket = (this.socket = new WebSocket(socketOf(this.model)))
    socket.binaryType = "arraybuffer"
    socket.onopen = () => { this.say("open", ""); this.pump() }
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
    if (flight?.resolve) flight.reject(new Error(event.reason || _("the connection closed")))
    else if (flight) { live.dropped += 1; if (event.code !== 4400) this.waiting ??= flight }
    if (this.closed) return
    if (event.code === NO_TOKEN && performance.now() >= this.renewed + AGAIN_MS) return this.renew()
    if ([NO_TOKEN, FOREIGN, UNKNOWN].includes(event.code)) return this.say("refused", event.reason)
    this.again(event.reason)
  }

  again(reason) {
    const wait = RETRY_MS[this.attempt] ?? (this.attempt < LATE ? STEADY_MS : LATE_MS)
    this.attempt += 1
    this.say("away", reason || _("the server does not answer"))
    this.timer = setTimeout(() => this.open(), wait * (0.8 + 0.4 * Math.random()))
  }

  // the token is of a server that has been started again since, or has expired: a new one, and no third if that fails
  async renew() {
    this.say("away", _("the server has been started again"))
    try { await renew() } catch (error) { return this.closed || this.again(error.message) }
    this.renewed = performance.now()
    if (!this.closed) this.open()
  }

  // Python has run, and has brought a new token
  revive() {
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
    for (const job of [...this.urgent, ...this.idle, ...this.lanes.values()]) job.reject(new Error(_("another model was opened")))
    this.urgent = []
    this.idle = []
    this.lanes.clear()
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

  latest(lane, kind, payload) {
    return new Promise((resolve, reject) => {
      this.lanes.get(lane)?.resolve(null)
      this.lanes.set(lane, { kind, payload, t0: performance.now(), source: "ask", resolve, reject })
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

  // what is to be sent next; a lane has its turn after each live request, however many follow
  next() {
    if (this.urgent.length) return this.urgent.shift()
    const [lane] = this.lanes.keys()
    if (this.waiting && !(lane !== undefined && this.lived)) {
      const job = this.waiting
      this.waiting = null
      this.lived = true
      return job
    }
    this.lived = false
    if (lane === undefined) return this.idle.shift()
    const job = this.lanes.get(lane)
    this.lanes.delete(lane)
    return job
  }

  pump() {
    if (this.flight || this.socket?.readyState !== WebSocket.OPEN) return
    const job = this.next()
    if (!job) return
    this.sequence = (this.sequence + 1) >>> 0
    const frame = request(this.sequence, this.info.kinds[job.kind], this.label, job.payload)
    this.flight = Object.assign(job, { sequence: this.sequence, sent_at: performance.now() })
    if (!job.resolve) live.sent += 1
    this.socket.send(frame)
  }

  receive(buffer) {
    const job = this.flight
    if (!job || sequenceOf(buffer) !== job.sequence) return // stale
    this.flight = null
    this.attempt = 0
    const frame = answer(buffer, this.d, this.m)
    Object.assign(frame, { sequence: job.sequence, kind: job.kind, payload: job.payload, source: job.source, t0: job.t0, round_trip_ms: performance.now() - job.sent_at })
    if (frame.error && job.resolve) job.reject(new Error(frame.error))
    else if (frame.error) { live.dropped += 1; emit("trouble", frame.error) }
    else if (job.resolve) job.resolve(frame)
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
    pace.gap += 0.1 * (Math.min(100, now - this.due) - pace.gap)
    this.due = null
    this.refreshes.push(now)
    while (this.refreshes[0] < now - 1000) this.refreshes.shift()
  }
}

let current = null

// the client of the page's one socket, if there is one
export const connected = () => current

export function connect(model) {
  if (current?.model === model && !current.mapless) { current.revive(); return current }
  current?.close()
  return (current = open(model))
}

/** Python has run for that model: the socket to one that has been saved anew since is closed. @param {{model: string, version?: string}} link */
export function refreshed(link) {
  if (!renewed(link) || current?.model !== link.model) return
  current.close()
  current = null
}

export function open(model) {
  const client = new Client(model)
  const hold = client.pump // no frame can be read before the latent size is known
  client.pump = () => {}
  geometry(model).then(
    (info) => { Object.assign(client, { info, d: info.d, m: info.variables ? info.sample.reduce((a, b) => a * b, 1) : 0, pump: hold }); client.pump() },
    (error) => { client.mapless = true; client.say("refused", error.message) },
  )
  return client
}

addEventListener("online", () => current?.retry())
document.addEventListener("visibilitychange", () => document.hidden || current?.retry())
