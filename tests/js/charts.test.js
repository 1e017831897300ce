// The charts of the theatre for every kind of values: what they write, and where they put what.
import assert from "node:assert/strict"
import { test } from "node:test"
import { COLOUR, bars, curves, plane } from "../../app/browser/theatre/charts.js"
import { spread, ticks } from "../../app/browser/theatre/numbers.js"
import { ink } from "../../app/browser/shared/zscope.js"
import { Reel } from "../../app/browser/theatre/reel.js"

const WIDTH = 400, HEIGHT = 300
const LOOK = { text: "#111", background: "#fff", font: "sans-serif", dark: false }

/** A context that remembers its texts and dots, with the style they had. */
class Context {
  said = []
  dots = []
  strokes = new Set()
  measureText(text) { return { width: 6 * text.length } }
  fillText(text, x, y) { this.said.push({ text, x, y, colour: this.fillStyle, align: this.textAlign, baseline: this.textBaseline }) }
  arc(x, y, r) { this.at = { x, y, r } }
  beginPath() { this.at = null }
  fill() { if (this.at) this.dots.push({ ...this.at, hollow: this.fillStyle === LOOK.background }) }
  rotate() {}
  restore() {}
  save() {}
  setLineDash() {}
  stroke() { this.strokes.add(this.strokeStyle) }
  strokeText() {}
  translate(x, y) { for (const v of [x, y]) assert.ok(Number.isFinite(v)) }
  lineTo(x, y) { assert.ok(Number.isFinite(x) && Number.isFinite(y), `a line to ${x} ${y}`) }
  moveTo(x, y) { this.lineTo(x, y) }
  rect() {}
  clip() {}
  fillRect(...box) { assert.ok(box.every(Number.isFinite), `a bar ${box}`) }
}

const record = ([rate, distortion]) => ({ rate_nats: rate, distortion_nats: distortion, elbo_nats: -(rate + distortion) })

function reel(pairs, { axis = "beta", history = [] } = {}) {
  const made = new Reel("sweep/a", "", () => {}), values = pairs.map((_each, i) => (axis === "epoch" ? i + 1 : 0.5 * (i + 1)))
  made.fixed = {}
  made.index = { axis, values, name: "a", until: null, history, figures: pairs.map(record), rates: pairs.map(([rate]) => (Number.isFinite(rate) ? [rate, 0] : null)), active: pairs.map(() => [true, false]) }
  return made
}

const drawn = (chart, rows) => { const context = new Context(); chart(context, WIDTH, HEIGHT, rows, LOOK); return context }
const row = (made, f, second = false) => ({ reel: made, f, second })

// pairs of rate and distortion, of as many models
const KINDS = {
  "the two models of a sweep": [[23.1, 60], [7.3, 81]],
  "one model": [[7.3, 81]],
  "three models, of which each has a third of the rate of the one before": [[200, 10], [50, 60], [3, 300]],
  "a first model far from the others": [[200, 10], [20, 60], [8, 80], [3, 90]],
  "equal models": [[5, 80], [5, 80], [5, 80]],
  "models that differ by a hair": [[5, 1e6], [5 + 1e-13, 1e6 + 1e-7]],
  "nothing but zeros": [[0, 0], [0, 0]],
  "figures that are none": [[Number.NaN, 80], [7, 81], [Number.POSITIVE_INFINITY, 82], [6, 83]],
  "one figure among none": [[Number.NaN, Number.NaN], [7, 81]],
  "tiny figures": [[1e-200, 2e-200], [3e-200, 9e-200]],
  "huge figures": [[1e15, 3e16], [2.5e16, 1.1e17]],
  "the largest there are": [[1, -1.7e308], [2, 1.7e308]],
  "large figures close together": [[1e9, 2e9], [1e9 + 10, 2e9 + 3]],
}

// the texts of each axis: they stand in one line, and go upwards or to the right
function axes({ said }) {
  const found = []
  let last = null
  for (const one of said) {
    const { text, x, y, align, baseline } = one, along = `${align} ${baseline}`
    if ((along !== "right middle" && along !== "center top") || /nats →|^rate /.test(text)) continue
    const goesOn = last?.along === along && (align === "right" ? x === last.x && y < last.y : y === last.y && x > last.x)
    if (goesOn) found.at(-1).push(text)
    else found.push([text])
    last = { ...one, along }
  }
  return found
}

for (const [name, pairs] of Object.entries(KINDS))
  for (const axis of ["beta", "epoch"])
    test(`${name}, by ${axis}: axes have different numbers, and no dot at an edge is without its own`, () => {
      const made = reel(pairs, { axis }), other = reel(KINDS["the two models of a sweep"], { axis })
      for (let f = 0; f < pairs.length; f += 0.5)
        for (const rows of [[row(made, f)], [row(made, f), row(other, 0, true)], [row(other, 0), row(made, f, true)]])
          for (const chart of [plane, curves, bars]) {
            const context = drawn(chart, rows), { said, dots } = context
            for (const { text } of said) assert.doesNotMatch(String(text), /NaN|Infinity|undefined|null/)
            for (const texts of axes(context)) {
              if (chart !== bars) assert.ok(texts.length > 1, `${chart.name}: ${texts}`)
              assert.equal(new Set(texts).size, texts.length, `${chart.name}: ${texts}`)
            }
            const hollow = dots.filter((dot) => dot.hollow).length, told = said.filter(({ text }) => /nats|^rate /.test(text)).length
            if (chart === plane) assert.equal(said.filter(({ text }) => text.startsWith("rate ") && !text.includes("→")).length, hollow)
            else assert.ok(told >= hollow || rows.length > 1)
            for (const { x, y } of dots) assert.ok(Number.isFinite(x) && Number.isFinite(y))
          }
    })

test("a sweep of two models stays on its axes, from wherever it is seen", () => {
  const made = reel(KINDS["the two models of a sweep"])
  for (const f of [0, 0.5, 1]) for (const chart of [plane, curves]) assert.ok(drawn(chart, [row(made, f)]).dots.every(({ hollow }) => !hollow), `${chart.name} at ${f}`)
})

test("a model far from the others leaves the axes, which two and more of them span", () => {
  const hollow = (pairs, f) => drawn(plane, [row(reel(pairs), f)]).dots.some((dot) => dot.hollow)
  assert.ok(hollow(KINDS["a first model far from the others"], 0))
  for (const f of [0, 1, 2]) assert.ok(!hollow(KINDS["three models, of which each has a third of the rate of the one before"], f))
})

test("a training that diverged at once is drawn with the epochs that it has", () => {
  const pairs = Array.from({ length: 20 }, (_each, i) => (i < 2 ? [10 + i, 90 - i] : [Number.NaN, Number.NaN]))
  for (const f of [0, 1]) assert.ok(drawn(plane, [row(reel(pairs, { axis: "epoch" }), f)]).dots.every((dot) => !dot.hollow))
})

test("a single record of a curve is a dot", () => {
  const { dots } = drawn(curves, [row(reel([[7, 80]], { axis: "epoch" }), 0)])
  assert.equal(dots.filter(({ r }) => r < 4).length, 3)
})

test("an axis around numbers of every size has a width and different numbers", () => {
  for (const values of [[], [Number.NaN], [0], [1e-300], [1e300], [0, 5e-324], [-1e308, 1e308], [1, 1 + 2 ** -52], [1e17, 1e17 + 32], [3, Number.POSITIVE_INFINITY]]) {
    const [low, high] = spread(values)
    assert.ok(Number.isFinite(high - low) && high > low, `${values}: ${low} ${high}`)
    const { found, say } = ticks(low, high, 5), said = found.map(say)
    assert.equal(new Set(said).size, said.length, `${values}: ${said}`)
    assert.ok(found.length >= 2, `${values}: ${said}`)
  }
})

test("the number of a tick is its own", () => {
  for (const [low, high] of [[4e15, 2.1e16], [1e-9, 4.2e-9], [-3e-8, 3e-8], [0, 1], [1e4, 1.0003e4]])
    for (const { v, text } of ((made) => made.found.map((v) => ({ v, text: made.say(v) })))(ticks(low, high, 4))) {
      const [, digits, unit] = /^(.*?)([kMGT]?)$/.exec(text.replaceAll("−", "-"))
      const by = { "": 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12 }[unit]
      assert.ok(Math.abs(Number(digits) * by - v) <= 1e-9 * (high - low), `${v} as ${text}`)
    }
})

test("each curve has the colour of what it shows, and its name that colour as text", () => {
  const { said, strokes } = drawn(curves, [row(reel(KINDS["the two models of a sweep"]), 1)])
  for (const [name, symbol] of [["ELBO", "elbo"], ["distortion", "distortion"], ["rate", "rate"]]) {
    assert.equal(said.find(({ text }) => text === name).colour, ink(LOOK.dark)[symbol])
    assert.ok(strokes.has(COLOUR[symbol]))
  }
})
