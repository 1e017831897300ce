// The legend of a saved picture of the map: the classes that are shown, or the scale of a quantity with its range.
import assert from "node:assert/strict"
import { test } from "node:test"
import "./page/page.js"
import { DrawnLegend } from "../../app/browser/latent_map/drawn_legend.js"

function mapped(given = {}) {
  const said = [], stops = []
  const context = new Proxy(/** @type {any} */ ({
    measureText: (text) => ({ width: 6 * text.length }), fillText: (text, x, y) => said.push({ text, x, y }),
    createLinearGradient: () => ({ addColorStop: (at, colour) => stops.push([at, colour]) }),
  }), { get: (own, name) => own[name] ?? (() => {}) })
  const legend = { geometry: { classes: ["bag", "boot", "coat"] }, total: [3, 2, 0], hidden: new Set(), overlaid: [], column: null, limits: null, drawn: null, freest: () => ({ at: [12, 300] }), ...given }
  const plot = { above: ["names"], explained: true, size: () => [600, 450], outside: "#fff", edge: "#ccc" }
  const map = { plot, legend, theme: { font: "sans-serif", text: "#000" }, looks: { dark: false, shapes: null, colours: [[1, 2, 3], [4, 5, 6], [7, 8, 9]] } }
  return { drawn: new DrawnLegend(map), map, plot, legend, context, said, stops, words: () => said.map(({ text }) => text) }
}

test("the page has its own legend: one is drawn for a picture alone, before the names, which keep clear of it", () => {
  const { drawn, plot, context, said, legend } = mapped()
  assert.deepEqual(plot.above, [drawn, "names"])
  plot.explained = false
  drawn.draw(context, plot)
  assert.deepEqual([said, legend.drawn], [[], null])
})

test("the classes that are shown and have samples are named", () => {
  const { drawn, plot, context, words, legend } = mapped()
  drawn.draw(context, plot)
  assert.deepEqual(words(), ["bag", "boot"])
  const [left, top, width, height] = /** @type {any} */ (legend.drawn)
  assert.deepEqual([left, top, height], [12, 300, 2 * 17 + 16])
  assert.ok(width >= 15 + 24 + 16)
  legend.hidden.add(0)
  drawn.draw(context, plot)
  assert.deepEqual(words(), ["bag", "boot", "boot"])
})

test("more classes than there is room for are counted", () => {
  const classes = Array.from({ length: 200 }, (_each, k) => `a long name ${k}`)
  const { drawn, plot, context, words, map } = mapped({ geometry: { classes }, total: classes.map(() => 1) })
  map.looks.colours = classes.map(() => [0, 0, 0])
  drawn.draw(context, plot)
  const named = words().length - 1
  assert.ok(named > 10 && named < 200)
  assert.equal(words().at(-1), `and ${200 - named} more`)
})

test("a quantity has a bar with its range and its unit, what lies below the points its own", () => {
  const overlaid = [{ lead: "Decisions", low: "pale", high: "strong", hatched: "hatched: low trust", colours: "rgb(1 2 3 / 0), rgb(1 2 3 / 0.5)" }]
  const { drawn, plot, context, words, stops } = mapped({ column: { title: "Rate", unit: "nats", written: "" }, limits: [2, 10], overlaid })
  drawn.draw(context, plot)
  assert.deepEqual(words(), ["Decisions", "pale", "strong", "hatched: low trust", "Rate, nats", "2", "6", "10"])
  assert.deepEqual(stops.slice(0, 2), [[0, "rgb(1 2 3 / 0)"], [1, "rgb(1 2 3 / 0.5)"]])
  assert.ok(stops.slice(2).every(([at]) => at >= 0 && at <= 1))
})
