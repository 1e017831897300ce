// @ts-check
// Curves, the rate-distortion plane and the bars of the rates. Each symbol has its one colour (app/show/figures.py; as text that of
// app/show/palette.py); a second row of
// frames has one colour of its own in all of them. An axis spans what comes after the first tenth, whose fall would hide the
// rest, and stays while one scrubs; what lies beyond is a hollow dot at its edge, beside its value.

import { figure, spread, ticks } from "./numbers.js"
import { _ } from "../shared/text.js"
import { ink } from "../shared/zscope.js"

export const COLOUR = { elbo: "#d55e00", distortion: "#2f7fc1", rate: "#0a9f78", dead: "#9aa3af", other: { light: "#a4478f", dark: "#d98bc9" } }
export const otherColour = (look) => (look.dark ? COLOUR.other.dark : COLOUR.other.light)
const WIDEST = 56 // CSS pixels of a bar and what is left beside it
const SHORT = 12 // epochs: of fewer, all are shown
const FAR = 3 // times the next rate

// whether a rate means something: without an elbo (a plain autoencoder's codes are no draws) it is a 0 that says nothing
const bounded = (reel) => reel.has("elbo_nats") && reel.has("rate_nats")

const CURVES = [["ELBO", "elbo_nats", "elbo"], [_("distortion"), "distortion_nats", "distortion"], [_("rate"), "rate_nats", "rate"]]
export const HELD_OUT = ["validation_", "test_"] // prefixes of what is dotted; a training has one of them
const FONT = (look, px = 11.5) => `${px}px ${look.font}`

// what an axis spans: of a training all but its first tenth, of other models all from where the rate falls to no less than a
// third from one to the next (without a price on it, it is many times the others'); all where less than two values are left
function late({ records, index }, ...names) {
  const long = records.length >= SHORT ? Math.floor((records.length - 1) / 10) : 0
  const far = records.findIndex((record, i) => !(record.rate_nats > FAR * records[i + 1]?.rate_nats))
  const values = (some) => some.flatMap((record) => names.map((name) => record[name])).filter((v) => v !== undefined)
  const shown = values(records.slice(index.axis === "epoch" ? long : Math.max(0, far)))
  return shown.length > 1 ? shown : values(records)
}

function polyline(context, points) {
  context.beginPath()
  points.forEach(([x, y], k) => (k ? context.lineTo(x, y) : context.moveTo(x, y)))
  context.stroke()
}

function point(context, x, y, colour) {
  context.fillStyle = colour
  context.beginPath()
  context.arc(x, y, 2, 0, 2 * Math.PI)
  context.fill()
}

// within its box full, beyond it hollow at the edge; whether it was within
function dot(context, x, y, r, colour, ring, box) {
  const [cx, cy] = [Math.min(box.right, Math.max(box.left, x)), Math.min(box.bottom, Math.max(box.top, y))]
  const inside = Math.hypot(cx - x, cy - y) < 1
  context.beginPath()
  context.arc(cx, cy, r, 0, 2 * Math.PI)
  Object.assign(context, { fillStyle: inside ? colour : ring, strokeStyle: inside ? ring : colour, lineWidth: 2 })
  context.fill()
  context.stroke()
  return inside
}

// ---------------------------------------------------------------- curves

// rows: [{reel, f, second}]; the first one gives the cursor
export function curves(context, width, height, rows, look) {
  const shown = CURVES.filter(([, key]) => rows.some(({ reel }) => reel.has(key) && (key !== "rate_nats" || bounded(reel))))
  const gap = 12, foot = 16, each = (height - foot - gap * (shown.length - 1)) / Math.max(1, shown.length)
  const xs = rows.flatMap(({ reel }) => [...reel.records.map((r) => r.x), reel.index.axis === "epoch" && reel.index.until ? reel.index.until : reel.x(0)])
  const span = [Math.min(...xs), Math.max(...xs)], left = 46, right = 8
  const px = (x) => left + ((x - span[0]) / (span[1] - span[0] || 1)) * (width - left - right)
  shown.forEach((one, k) => {
    const top = k * (each + gap)
    curve(context, { top: top + 15, bottom: top + each, left, right: width - right, width }, px, rows, one, look)
  })
  Object.assign(context, { fillStyle: look.text, globalAlpha: 0.66, font: FONT(look, 11), textBaseline: "bottom" })
  const { reel } = rows[0], ends = reel.index.axis === "epoch" ? span.map(String) : [reel.index.values[0], reel.index.values.at(-1)].map(String)
  context.textAlign = "left"
  context.fillText(`${reel.index.axis} ${ends[0]}`, left, height)
  context.textAlign = "right"
  if (span[1] > span[0]) context.fillText(ends[1], width - right, height)
  context.globalAlpha = 1
}

function curve(context, box, px, rows, one, look) {
  const [name, key, symbol] = one, colour = COLOUR[symbol], here = rows.map(({ reel, f }) => reel.figure(key, f))
  const [low, high] = spread(rows.flatMap(({ reel }) => late(reel, key, ...HELD_OUT.map((prefix) => prefix + key))))
  const py = (v) => box.bottom - ((v - low) / (high - low)) * (box.bottom - box.top)
  grid(context, box, py, low, high, look)
  context.save()
  context.beginPath()
  context.rect(box.left, box.top - 2, box.right - box.left + 8, box.bottom - box.top + 4)
  context.clip()
  for (const { reel, second } of [...rows].reverse())
    for (const [prefix, dash] of [["", []], ...HELD_OUT.map((prefix) => [prefix, [2, 3]])]) {
      const points = reel.records.filter((r) => r[prefix + key] !== undefined).map((r) => [px(r.x), py(r[prefix + key])])
      Object.assign(context, { strokeStyle: second ? otherColour(look) : colour, lineWidth: 1.8, globalAlpha: prefix ? 0.75 : 1 })
      context.setLineDash(dash)
      if (points.length > 1) polyline(context, points)
      for (const [x, y] of points.length === 1 ? points : []) point(context, x, y, context.strokeStyle)
    }
  context.restore()
  const at = px(rows[0].reel.xAt(rows[0].f))
  Object.assign(context, { strokeStyle: look.text, lineWidth: 1, globalAlpha: 0.35 })
  polyline(context, [[at, box.top - 2], [at, box.bottom]])
  context.globalAlpha = 1
  rows.forEach(({ reel, f, second }, k) => here[k] !== null && dot(context, px(reel.xAt(f)), py(here[k]), 4, second ? otherColour(look) : colour, look.background, box))
  heading(context, name, here, ink(look.dark)[symbol], box, look)
}

function heading(context, name, here, colour, box, look) {
  Object.assign(context, { font: `600 ${FONT(look, 12)}`, fillStyle: colour, textAlign: "left", textBaseline: "alphabetic" })
  context.fillText(name, box.left, box.top - 5)
  context.textAlign = "right"
  let at = box.right
  for (const [k, v] of [...here.entries()].reverse()) {
    if (v === null) continue
    const said = k ? figure(v) : _("{value} nats", { value: figure(v) })
    context.fillStyle = k ? otherColour(look) : colour
    context.fillText(said, at, box.top - 5)
    at -= context.measureText(said).width + 10
  }
}

const lines = (box) => Math.max(2, (box.bottom - box.top) / 28) // of a grid, about

function grid(context, box, py, low, high, look) {
  const { found, say } = ticks(low, high, lines(box))
  Object.assign(context, { font: FONT(look, 10.5), fillStyle: look.text, strokeStyle: look.text, lineWidth: 1, textAlign: "right", textBaseline: "middle" })
  for (const v of found) {
    context.globalAlpha = 0.1
    polyline(context, [[box.left, py(v)], [box.right, py(v)]])
    context.globalAlpha = 0.6
    context.fillText(say(v), box.left - 6, py(v), box.left - 8) // squeezed rather than cut off
  }
  context.globalAlpha = 1
}

// ---------------------------------------------------------------- the plane

const R = "rate_nats", D = "distortion_nats"

// whether a row of frames has places there
export const inPlane = (reel) => bounded(reel) && reel.has(D)

export function plane(context, width, height, rows, look) {
  const box = { left: 46, right: width - 10, top: 6, bottom: height - 32 }
  const here = rows.map(({ reel, f }) => [reel.figure(R, f), reel.figure(D, f)]).map(([r, d]) => (r === null || d === null ? null : [r, d]))
  const [r0, r1] = spread(rows.flatMap(({ reel }) => late(reel, R))), [d0, d1] = spread(rows.flatMap(({ reel }) => late(reel, D)))
  const px = (r) => box.left + ((r - r0) / (r1 - r0)) * (box.right - box.left), py = (d) => box.bottom - ((d - d0) / (d1 - d0)) * (box.bottom - box.top)
  context.font = FONT(look, 10.5)
  const { found, say } = ticks(d0, d1, lines(box))
  box.left = Math.max(box.left, 26 + Math.max(...found.map((v) => context.measureText(say(v)).width))) // beside the axis' name
  grid(context, box, py, d0, d1, look)
  const across = ticks(r0, r1, (box.right - box.left) / 70)
  Object.assign(context, { fillStyle: look.text, globalAlpha: 0.6, font: FONT(look, 10.5), textAlign: "center", textBaseline: "top" })
  for (const r of across.found) context.fillText(across.say(r), px(r), box.bottom + 4)
  context.save()
  context.beginPath()
  context.rect(box.left, box.top, box.right - box.left, box.bottom - box.top)
  context.clip()
  iso(context, { r0, r1, d0, d1 }, px, py, look)
  for (const { reel, second } of [...rows].reverse()) {
    const points = reel.records.filter((record) => record[R] !== undefined && record[D] !== undefined).map((record) => [px(record[R]), py(record[D])])
    Object.assign(context, { strokeStyle: second ? otherColour(look) : look.text, lineWidth: 1.6, globalAlpha: second ? 0.9 : 0.55 })
    polyline(context, points)
    for (const [x, y] of points) point(context, x, y, context.strokeStyle)
  }
  context.restore()
  context.globalAlpha = 1
  for (const [k, at] of [...here.entries()].reverse()) if (at) place(context, at, k, px, py, box, rows[k].second, look)
  Object.assign(context, { font: `600 ${FONT(look)}`, fillStyle: ink(look.dark).rate, textAlign: "right", textBaseline: "bottom" })
  context.fillText(_("rate, nats →"), box.right, height - 1)
  context.save()
  context.translate(11, box.top)
  context.rotate(-Math.PI / 2)
  context.fillStyle = ink(look.dark).distortion
  context.textBaseline = "middle"
  context.fillText(_("distortion, nats →"), 0, 0)
  context.restore()
}

// where the model of row k stands; of one beyond the axes the numbers, too, each row's on a line of its own
function place(context, [r, d], k, px, py, box, second, look) {
  if (dot(context, px(r), py(d), 6.5, second ? otherColour(look) : COLOUR.elbo, look.background, box)) return
  const right = px(r) > (box.left + box.right) / 2, low = py(d) > (box.top + box.bottom) / 2, down = (low ? -1 : 1) * (9 + 15 * k)
  const x = Math.min(box.right, Math.max(box.left, px(r))) + (right ? -11 : 11), y = Math.min(box.bottom, Math.max(box.top, py(d))) + down
  const said = _("rate {r}, distortion {d}", { r: figure(r), d: figure(d) })
  Object.assign(context, { fillStyle: second ? otherColour(look) : ink(look.dark).elbo, strokeStyle: look.background, lineWidth: 4, lineJoin: "round", font: `600 ${FONT(look, 11)}` })
  Object.assign(context, { textAlign: right ? "right" : "left", textBaseline: "middle" })
  context.strokeText(said, x, y)
  context.fillText(said, x, y)
}

// lines of one elbo, which is -(distortion + rate)
function iso(context, { r0, r1, d0, d1 }, px, py, look) {
  const { found, say } = ticks(r0 + d0, r1 + d1, 7)
  Object.assign(context, { strokeStyle: COLOUR.elbo, fillStyle: ink(look.dark).elbo, lineWidth: 1, font: FONT(look, 10.5), textAlign: "left", textBaseline: "bottom" })
  context.setLineDash([5, 4])
  for (const total of found) {
    context.globalAlpha = look.dark ? 0.6 : 0.45
    polyline(context, [[px(r0), py(total - r0)], [px(r1), py(total - r1)]])
    const [x, y] = total - r0 <= d1 ? [r0, total - r0] : [total - d1, d1] // where it enters, at the left or the top
    const said = _("ELBO {total}", { total: say(-total) })
    if (px(x) + 14 + context.measureText(said).width > px(r1)) continue
    context.save()
    context.translate(px(x) + 6, py(y) + (y === d1 ? 12 : -2))
    context.rotate(Math.atan2(py(total - r1) - py(total - r0), px(r1) - px(r0)))
    context.globalAlpha = 1
    context.fillText(said, 4, -1)
    context.restore()
  }
  context.setLineDash([])
  context.globalAlpha = 1
}

// ---------------------------------------------------------------- bars

// the rate of each dimension, in the order of the last frame, or where each frame is a model of its own, of that; grey: at most 0.05 nats
export function bars(context, width, height, rows, look) {
  const [{ reel, f }] = rows, { i, j, t } = reel.beside(f), { rates, active } = reel.index
  const from = rates[i] ?? [], to = rates[j]?.length === from.length ? rates[j] : from // without bars where the frame has no rates
  const box = { left: 34, right: width - 2, top: 6, bottom: height - 16 }, d = from.length
  const one = reel.index.axis === "epoch" ? rates.findLast((rate) => rate?.length === d) ?? from : t < 0.5 ? from : to
  const order = from.map((_each, k) => k).sort((a, b) => one[b] - one[a])
  const ends = rows.flatMap(({ reel, f }) => [reel.index.rates.at(-1), reel.index.rates[reel.beside(f).i], reel.index.rates[reel.beside(f).j]])
  const most = Math.max(0.1, ...ends.flatMap((rate) => rate ?? [])), slots = Math.max(...ends.map((rate) => rate?.length ?? 0))
  const py = (v) => box.bottom - (v / (1.05 * most)) * (box.bottom - box.top), pitch = Math.min(WIDEST, (box.right - box.left) / slots)
  grid(context, box, py, 0, 1.05 * most, look)
  order.forEach((k, place) => {
    const v = from[k] + t * (to[k] - from[k]), on = active[t < 0.5 ? i : j][k]
    context.fillStyle = on ? COLOUR.rate : COLOUR.dead
    context.fillRect(box.left + place * pitch + 0.12 * pitch, py(v), 0.76 * pitch, Math.max(1, box.bottom - py(v)))
  })
  const names = Math.max(1, Math.ceil(26 / pitch))
  Object.assign(context, { fillStyle: look.text, globalAlpha: 0.66, font: FONT(look, 10.5), textAlign: "center", textBaseline: "bottom" })
  order.forEach((k, place) => place % names === 0 && context.fillText(`z${k}`, box.left + (place + 0.5) * pitch, height))
  context.globalAlpha = 1
  if (rows[1]) steps(context, rows[1], box, py, pitch, look)
}

// another model's dimensions are others: its rates from the largest down, as a line
function steps(context, { reel, f }, box, py, pitch, look) {
  const rate = reel.index.rates[reel.nearest(f)]
  if (!rate) return
  Object.assign(context, { font: FONT(look, 10.5), fillStyle: otherColour(look), textAlign: "right", textBaseline: "top" })
  context.fillText(reel.index.name, box.right, box.top - 4, (box.right - box.left) / 2)
  const sorted = [...rate].sort((a, b) => b - a)
  Object.assign(context, { strokeStyle: otherColour(look), lineWidth: 2 })
  polyline(context, sorted.flatMap((v, k) => [[box.left + k * pitch, py(v)], [box.left + (k + 1) * pitch, py(v)]]))
}
