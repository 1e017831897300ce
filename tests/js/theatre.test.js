import assert from "node:assert/strict"
import { test } from "node:test"
import { figure, spread, ticks } from "../../app/browser/theatre/numbers.js"
import { Reel } from "../../app/browser/theatre/reel.js"

test("a figure alone: decimals, thousands by letter, a true minus", () => {
  assert.deepEqual([1.26, -1234.56, 12345, 1234567, -2e9, 3e16, null, undefined].map((v) => figure(v)), ["1.3", "−1234.6", "12345", "1.2M", "−2.0G", "3.0e16", "–", "–"])
})

test("ticks are steps of 1, 2 or 5 inside the span", () => {
  const { found, say } = ticks(0.13, 0.97, 5)
  assert.deepEqual(found.map(say), ["0.2", "0.4", "0.6", "0.8"])
})

test("the last tick is not lost to rounding", () => {
  const { found, say } = ticks(0, 0.3, 3)
  assert.deepEqual(found.map(say), ["0", "0.1", "0.2", "0.3"])
})

test("ticks of large numbers share a unit, and 0 is plain", () => {
  const { found, say } = ticks(-20_000, 40_000, 3)
  assert.deepEqual(found.map(say), ["−20k", "0", "20k", "40k"])
})

test("a span of nothing has no endless ticks", () => assert.ok(ticks(1, 1, 4).found.length <= 50))

test("an axis leaves a margin, also around equal values", () => {
  assert.deepEqual(spread([0, 10]), [-0.8, 10.8])
  const [low, high] = spread([3, 3])
  assert.ok(low < 3 && high > 3)
})

function reel(axis = "epoch", values = [1, 2, 4, 8]) {
  const made = new Reel("run/a b", () => {})
  made.fixed = {}
  made.index = { axis, values, tags: values, until: null, history: [{ epoch: 1, rate: 10 }, { epoch: 3, rate: 30 }], figures: values.map((v) => ({ distortion: 100 - v })) }
  return made
}

test("the address of a part, whatever is in its name", async () => {
  let asked = ""
  globalThis.fetch = async (address) => { asked = address; return { ok: true } }
  await reel().fetch("index.json")
  assert.match(asked, /\/app\/frames\/run\/a%20b\/index\.json$/)
})

test("the frames beside a place", () => {
  assert.deepEqual(reel().beside(1.25), { i: 1, j: 2, t: 0.25 })
  assert.deepEqual(reel().beside(-1), { i: 0, j: 1, t: 0 })
  assert.deepEqual(reel().beside(99), { i: 3, j: 3, t: 0 })
  assert.deepEqual([1.4, 1.6].map((f) => reel().nearest(f)), [1, 2])
})

test("epochs are drawn to scale, values of a setting a step each", () => {
  assert.deepEqual([reel().xAt(1.5), reel().xAt(3)], [3, 8])
  assert.deepEqual([reel("beta").xAt(1.5), reel("beta").xAt(3)], [1.5, 3])
})

test("the place of an x, and back", () => {
  for (const f of [0, 0.5, 1.5, 2.25, 3]) assert.equal(reel().placeOf(reel().xAt(f)), f)
  assert.deepEqual([reel().placeOf(-5), reel().placeOf(99)], [0, 3])
})

test("a figure between two records is interpolated, and is missing where one has none", () => {
  const made = reel("beta", [0, 1])
  made.index.figures = [{ rate: 10 }, { rate: 20, mse: 1 }]
  assert.deepEqual([made.figure("rate", 0), made.figure("rate", 0.5), made.figure("rate", 1)], [10, 15, 20])
  assert.deepEqual([made.figure("mse", 0.5), made.figure("mse", 1)], [null, 1])
  assert.ok(made.has("mse") && !made.has("elbo"))
})

test("records: each epoch once, in order", () => assert.deepEqual(reel().records.map(({ x }) => x), [1, 2, 3, 4, 8]))

test("what a place is called", () => {
  assert.equal(reel().placeNamed(1.5), "epoch 3")
  assert.equal(reel("beta", [0.5, 4]).placeNamed(0.9), "beta 4")
})

test("a training is going on until it has an end", () => {
  const made = reel()
  assert.ok(!made.going)
  made.index.until = 20
  assert.ok(made.going)
  made.index = { empty: true, active: true }
  assert.ok(made.going && !made.ready)
})
