// Where the names of classes stand on the map.
import assert from "node:assert/strict"
import { test } from "node:test"
import { densest, placed } from "../../app/browser/latent_map/placing.js"
import { ClassNames } from "../../app/browser/latent_map/class_names.js"
import { extent } from "../../app/browser/latent_map/near.js"

const random = (seed) => () => ((seed = (seed * 1664525 + 1013904223) >>> 0) / 2 ** 32)
const all = [0, 0, 10, 10]

test("a bent class has its name on it, though its mean lies outside", () => {
  const next = random(1), angles = Array.from({ length: 600 }, () => Math.PI * next()), xy = angles.flatMap((a) => [5 + 4 * Math.cos(a), 5 + 4 * Math.sin(a)])
  const [row] = densest(xy, new Uint8Array(600), 1, all), mean = [0, 1].map((axis) => xy.filter((_, i) => i % 2 === axis).reduce((a, b) => a + b) / 600)
  assert.ok(Math.hypot(mean[0] - 5, mean[1] - 5) < 3)
  assert.ok(Math.abs(Math.hypot(xy[2 * row] - 5, xy[2 * row + 1] - 5) - 4) < 1e-6)
})

test("of two halves the denser one, at its middle", () => {
  const next = random(2), xy = Array.from({ length: 500 }, (_, i) => (i < 350 ? [2 + 0.4 * (next() - 0.5), 2 + 0.4 * (next() - 0.5)] : [8 + 2 * (next() - 0.5), 8 + 2 * (next() - 0.5)])).flat()
  const [row] = densest(xy, new Uint8Array(500), 1, all)
  assert.ok(Math.hypot(xy[2 * row] - 2, xy[2 * row + 1] - 2) < 0.15, `${xy[2 * row]}, ${xy[2 * row + 1]}`)
})

test("only shown samples of the box count; a class without any has none, and one without a label belongs to none", () => {
  const xy = [1, 1, 9, 9, 5, 5, 3, 3], labels = Uint8Array.of(0, 0, 1, 255)
  assert.deepEqual(densest(xy, labels, 3, all, Uint8Array.of(1, 0, 0, 0)), [1, 2, -1])
  assert.deepEqual(densest(xy, labels, 2, [0, 0, 4, 4]), [0, -1])
  assert.deepEqual(densest(xy, labels, 2, all, null, 0.4), [0, -1])
  assert.deepEqual(densest(new Float32Array(6).fill(2), new Uint8Array(3), 1, extent(new Float32Array(6).fill(2))).map((row) => row >= 0), [true])
})

const name = (x, y, width = 60, height = 20) => ({ x, y, width, height })
const apart = (a, b) => Math.abs(a.x - b.x) >= (a.width + b.width) / 2 || Math.abs(a.y - b.y) >= (a.height + b.height) / 2

test("no name lies over another, over the legend, or beyond the window; what finds no place is left out", () => {
  const next = random(3), names = Array.from({ length: 60 }, () => name(400 * next(), 300 * next(), 30 + 60 * next())), legend = name(350, 50, 100, 100)
  const stands = placed(names, [400, 300], [legend]), shown = stands.filter(Boolean)
  assert.ok(shown.length > 15 && shown.length < 60, `${shown.length}`)
  for (const [i, a] of shown.entries()) {
    assert.ok(apart(a, legend) && a.x >= a.width / 2 && a.x <= 400 - a.width / 2 && a.y >= 10 && a.y <= 290)
    for (const b of shown.slice(0, i)) assert.ok(apart(a, b))
  }
})

test("the first name stands where it belongs, the next one beside it, and one out of sight nowhere", () => {
  const [first, second, third] = placed([name(100, 100), name(105, 102), name(500, 100)], [400, 300])
  assert.deepEqual([first.x, first.y], [100, 100])
  assert.ok(Math.abs(second.x - 105) <= 36 && Math.abs(second.y - 102) <= 20 && second.y !== 102)
  assert.equal(third, null)
})

// a map of 100 px a unit with a cluster of each class
const plotOf = (view) => ({
  above: [], xy: Float32Array.of(1, 1, 1, 1, 3, 3, 3, 3), view, home: view, moving: false, t: 1, ratio: 1, zoomed: false, near: { box: [1, 1, 3, 3], hidden: null }, drawn: 0,
  size: () => [400, 400], refresh() { this.drawn += 1 },
  get unitsPerPx() { return (this.view[1] - this.view[0]) / 400 },
  toPixels(x, y) { const [x0, x1, y0, y1] = this.view; return [((x - x0) / (x1 - x0)) * 400, ((y1 - y) / (y1 - y0)) * 400] },
})
const canvas = () => { const drawn = []; return { drawn, drawImage: (...given) => drawn.push(given) } }

test("names go with the map while it is dragged, and are placed anew once it rests or its scale changes", () => {
  const create = document.createElement
  document.createElement = () => ({ getContext: () => ({ measureText: (said) => ({ width: 8 * said.length }), scale() {}, strokeText() {}, fillText() {} }) })
  const plot = plotOf([0, 4, 0, 4]), names = new ClassNames(plot, { classes: ["bag", "coat"], labels: Uint8Array.of(0, 0, 1, 1) }, () => ({ ground: "#fff", text: "#000", font: "sans" }), { boxes: [] })
  const at = () => { const context = canvas(); names.draw(context, plot); return context.drawn.map(([, x, y, w, h]) => [x + w / 2, y + h / 2]) }
  assert.deepEqual(at(), [[100, 300], [300, 100]])
  const { stands, home } = names
  Object.assign(plot, { view: [1, 5, 0, 4], moving: true, zoomed: true })
  assert.deepEqual(at(), [[0, 300], [200, 100]])
  assert.equal(names.stands, stands)
  Object.assign(plot, { view: [2, 4, 2, 4] })
  assert.deepEqual(at(), [[200, 200]])
  Object.assign(plot, { view: [2, 4, 2, 4.001], moving: false })
  at()
  assert.equal(names.home, home)
  plot.near.hidden = Uint8Array.of(0, 0, 1, 1)
  assert.deepEqual(at(), [])
  names.on = false
  plot.near.hidden = null
  assert.deepEqual(at(), [])
  names.enlarge(30) // for a hall there are names
  assert.deepEqual([at().length, names.sprites[0].height], [1, 39])
  document.createElement = create
})
