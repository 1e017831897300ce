// @ts-check
// What every part of the page shares in the browser: one live socket, one event bus, the map's geometry, pictures, colours.
//
//   connect(model)   -> client, the page's one socket; a second call for the same model returns the same client
//   open(model)      -> a client beside it, for a part that watches another model; whoever opens it, closes it
//     client.request(kind, payload, {t0, source})   live: one request in flight, only the newest waits; answers reach onFrame
//     client.ask(kind, payload, {idle})             -> Promise<frame>: never superseded; idle: only when nothing live waits
//     client.latest(lane, kind, payload)            -> Promise<frame or null>: of a lane only the newest waits; null: superseded
//     client.onFrame(callback)  -> off()            for each live answer painted, at most one an animation frame
//     client.setLabel(k)        class that conditional models decode with from now on, null: of the nearest sample; asks again
//     client.state, client.reason                   "connecting" | "open" | "away" | "refused", and why
//     kinds: KIND.map [x, y]   KIND.latent z   KIND.row [index]; others by their name
//       on the server (app/live/requests); payload: numbers, sent as float32, or a Uint8Array, sent as it is
//     frame: {sequence, kind, payload, trust, decode_ms, server_ms, round_trip_ms, xy, z, pixels, source, t0}, or of a parcel
//       {sequence, kind, round_trip_ms, ...its facts, arrays: {name: typed array}}; a parcel's error rejects the promise
//   on(event, callback) -> off(), emit(event, value)
//     "frame" frame | "position" {xy, z}, xy or null (a live dot on the map) | "commit" committed | "goto" {row} or {z}
//     "cloud" {xy} or null (dots on the map) | "flip" bool (the pinned picture) | "away" source (of what is not the kept point)
//     "select" "clear", "invert", "zoom" or "only" (of the selection on the map) | "only" whether the selection is shown alone
//     "copy picture" said(whether the decoded picture is on the clipboard)
//     "present" (starts or ends the presentation) | "type" px for a hall, 0 at a desk | "type wanted" (tell it again)
//     "leave" (the pointer left the map) | "connection" client | "trouble" sentence (a live request was refused)
//   geometry(model) -> Promise<{n, d, shape: [h, w, c], sample, classes, xy, index, labels, thumbs, trust_box, baselines, device, title}>
//   spriteSheet(model) -> Promise<{draw(ctx, index, x, y, size) -> whether there is one}>    real thumbnails, by row of the map
//   sampleName(geometry, row, unlabelled) -> its label, or that word     of a row of the map
//   fit(canvas, shape) -> canvas                    with the height that pictures of that shape need
//   paint(canvas, pixels, shape, doubt, colour)     uint8 pixels -> canvas, bicubic to its own size (CSS does the rest)
//   paced(ms, act)                                  act at once, then at most every ms, the last call always
//   palette(dark) -> [colour], ink(dark) -> {elbo, distortion, rate}, theme(element) -> {text, background, rgb, panel, border, accent, font, dark}
//   copied(text) -> Promise<bool>                   to the clipboard
//   copiedPicture(canvas) -> Promise<bool>          to the clipboard, as a PNG
//   median(values); numbers are written by text.js
//   trustShown(trust, geometry) -> {figure, word, colour, share}, TRUST_TITLE: does this point come back when its picture is encoded again
//   window.zscope.live = {sent, painted, dropped, latency_ms, shown_ms}: live requests alone, the last 1000 times. latency_ms:
//   from the move event to after putImageData; shown_ms: to the animation frame with it. sent = painted + dropped + under way.

import { KIND, connect, connected, emit, live, on, open, pace } from "./channel.js"
import { fit, geometry, paint, sampleName, spriteSheet } from "./pictures.js"
import { DARK, INK_DARK, INK_LIGHT, LIGHT } from "./palette.js"
import { _, number } from "./text.js"

export { KIND, connect, emit, fit, geometry, live, on, open, paint, sampleName, spriteSheet }

// ---------------------------------------------------------------- the clipboard

// Whether the text is on the clipboard now.
export async function copied(text) {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    const field = document.createElement("textarea") // pages served without TLS have no clipboard of their own
    field.value = text
    document.body.append(field)
    field.select()
    const done = document.execCommand("copy")
    field.remove()
    return done
  }
}

// Whether a canvas is on the clipboard now, as a PNG; pages served without TLS cannot put one there. The item is made at
// once: browsers allow it only in the click itself.
export async function copiedPicture(canvas) {
  try {
    const png = new Promise((done, fail) => canvas.toBlob((blob) => (blob ? done(blob) : fail(null)), "image/png"))
    await navigator.clipboard.write([new ClipboardItem({ "image/png": png })])
    return true
  } catch {
    return false
  }
}

// ---------------------------------------------------------------- pace

const SLOW_MS = 18, SLOWER = 3

// A function that runs at once, then at most every `ms`, the last call always. Where the screen cannot keep up (no GPU),
// it runs more rarely still, so that the picture need not wait for what only decorates it.
export function paced(ms, act) {
  let timer = null, newest = null
  const run = () => {
    if (!newest) { timer = null; return }
    const given = newest
    newest = null
    timer = setTimeout(run, pace.gap > SLOW_MS ? SLOWER * ms : ms)
    act(...given)
  }
  const call = (...given) => { newest = given; if (timer === null) run() }
  call.cancel = () => { clearTimeout(timer); timer = null; newest = null }
  return call
}

// ---------------------------------------------------------------- colours and words

// The colours of classes.
export const palette = (dark) => (dark ? DARK : LIGHT)

// The colours of symbols in text.
export const ink = (dark) => (dark ? INK_DARK : INK_LIGHT)

export function theme(element) {
  const style = getComputedStyle(element)
  const read = (name, fallback) => style.getPropertyValue(`--st-${name}`).trim() || fallback
  const background = read("background-color", "#ffffff"), text = read("text-color", "#10131a")
  const probe = document.createElement("canvas").getContext("2d")
  probe.fillStyle = background
  probe.fillRect(0, 0, 1, 1)
  const rgb = [...probe.getImageData(0, 0, 1, 1).data.slice(0, 3)]
  return {
    text, background, rgb, dark: 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2] < 128,
    panel: read("secondary-background-color", "#f6f7f9"), border: read("border-color", "#dfe3e8"), accent: read("primary-color", "#a34500"), font: read("font", "sans-serif"),
  }
}


/** @type {[number, string, string][]} */
const TRUST_LEVELS = [[0.6, _("reliable"), "#0a9f78"], [0.25, _("doubtful"), "#e69f00"], [-Infinity, _("unreliable"), "#888888"]]

/** How a trust is shown: as a number, a word, and a bar of that colour and share. A first map has none: how far a point may move on it is not measured. @param {number} trust @param {{first?: boolean}} map */
export function trustShown(trust, { first }) {
  const [, word, colour] = /** @type {[number, string, string]} */ (TRUST_LEVELS.find(([least]) => !first && trust >= least) ?? TRUST_LEVELS.at(-1))
  return first ? { figure: "–", word: _("first map, trust follows with UMAP"), colour, share: 0 } : { figure: number(trust, 2), word, colour, share: trust }
}
export const TRUST_TITLE = _("How likely the picture decoded here, encoded again, comes back near this point (as near as 95% of real samples come back to theirs), from 0 to 1. It does not say whether the picture is right: that is fidelity.")

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted.length ? sorted[sorted.length >> 1] : NaN
}

window.zscope = { live, on, emit, connect, geometry, spriteSheet, get client() { return connected() } }
