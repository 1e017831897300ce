// What a classifier says: the colours of places, the name at the pointer, and where a path's class flips.
import assert from "node:assert/strict"
import { test } from "node:test"
import { pass } from "./page/page.js"
import { ClassStrip, flips } from "../../app/browser/frame_strip/class_strip.js"
import { Decisions, strips } from "../../app/browser/latent_map/decisions.js"
import { named } from "../../app/browser/shared/decide.js"

const { emit } = await import("../../app/browser/shared/channel.js")
const TOLD = { name: "labels", classes: ["bag", "boot"], said: "right for 90% of test samples", help: "trained here" }

function mapped() {
  const root = document.createElement("div"), notes = [], asked = []
  const client = {
    last: null,
    ask: async (_kind, bytes) => { asked.push(bytes); return { arrays: { label: new Int32Array(64).fill(1), confidence: new Float32Array(64).fill(0.75), trust: new Float32Array(64).fill(1) } } },
    latest: async (_lane, _kind, bytes) => { client.asked = bytes; return { arrays: { label: Int32Array.of(1), confidence: Float32Array.of(0.9) } } },
  }
  const map = {
    root, client, theme: { dark: false, text: "#000" }, views: { key: "umap" }, pointer: { cursor: [100, 50] }, note: (text) => notes.push(text), beyond: () => [0, 0, 0],
    plot: { below: [], view: [0, 1, 0, 1], refresh() {}, size: () => [400, 300] },
  }
  const decisions = new Decisions(map)
  return { map, decisions, notes, asked, client }
}

test("the places in view are asked for coarse and then fine, each strip with the classifier's name", async () => {
  const { decisions, asked, map } = mapped()
  decisions.update(TOLD)
  await pass(400)
  assert.equal(asked.length, 1 + 4 + 40)
  assert.equal(new TextDecoder().decode(asked[0].slice(0, 6)), "labels")
  assert.deepEqual([...new Float32Array(asked[0].slice(64 + 32).buffer)].slice(0, 6), [0, 0, 1, 1, 10, 6])
  assert.equal(map.root.dataset.decided, "labels")
  decisions.update(null)
  assert.equal(decisions.on, false)
  decisions.remove()
})

test("a place is as strong as its class is sure, and paler where nothing comes back", () => {
  const { decisions } = mapped()
  decisions.update(TOLD)
  const context = { createImageData: (w, h) => ({ data: new Uint8ClampedArray(4 * w * h) }) }
  const alpha = (confidence, trust) => decisions.strip(context, { label: Int32Array.of(0), confidence: Float32Array.of(confidence), trust: trust === null ? undefined : Float32Array.of(trust) }, 1).data[3]
  assert.ok(alpha(0.5, 1) < alpha(0.75, 1) && alpha(0.75, 1) < alpha(1, 1))
  assert.ok(alpha(1, 0) < alpha(1, 1) / 2)
  assert.equal(alpha(1, null), alpha(1, 1)) // where trust is not known beforehand
  decisions.remove()
})

test("the name of the class of the shown picture stands at the pointer", async () => {
  const { decisions, client, map } = mapped()
  decisions.update(TOLD)
  emit("frame", { z: Float32Array.of(1, 2, 3) })
  await pass(100)
  assert.deepEqual([...new Float32Array(client.asked.slice(64).buffer)], [1, 2, 3])
  assert.equal(decisions.tag.textContent, "boot 90%")
  assert.equal(decisions.tag.hidden, false)
  map.pointer.cursor = null
  emit("frame", { z: Float32Array.of(1, 2, 3) })
  await pass(100)
  assert.equal(decisions.tag.hidden, true)
  decisions.remove()
})

test("each grid grows from its middle, in questions of as many cells as one may have", () => {
  assert.deepEqual(strips(20, 12), [[3, 3], [6, 3], [0, 3], [9, 3]])
  assert.deepEqual(strips(64, 5).map(([first]) => first), [2, 1, 3, 0, 4])
})

test("how many places are computed is said until all are", async () => {
  const { decisions, client } = mapped(), { ask } = client
  let go = () => {}
  client.ask = async (...what) => { await new Promise((done) => { go = () => done(null) }); return ask(...what) }
  decisions.update(TOLD)
  await pass(50)
  assert.deepEqual([decisions.progress.hidden, decisions.progress.textContent], [false, "Decisions: 0 / 2,860 places computed"])
  go()
  await pass(50)
  assert.match(decisions.progress.textContent, /^Decisions: 60 /)
  client.ask = ask
  go()
  await pass(400)
  assert.equal(decisions.progress.hidden, true)
  decisions.remove()
})

test("places of low trust are hatched, those beside each other as one", () => {
  const { decisions } = mapped(), trust = Float32Array.of(1, 0.2, 0.4, 0.1, 0.9, 0.9)
  assert.deepEqual(decisions.doubted({ trust }, 3, 2, 4), [[4, 1, 3], [5, 0, 1]])
  assert.deepEqual(decisions.doubted({ trust: undefined }, 3, 2, 4), [])
  const lines = [], context = { beginPath() {}, stroke() {}, moveTo: (x, y) => lines.push([x, y]), lineTo: (x, y) => lines.push([x, y]) }
  decisions.hatch(context, [[10, 20, 40, 50]], 0)
  assert.ok(lines.length > 6 && lines.every(([x, y]) => x >= 10 && x <= 40 && y >= 20 && y <= 50 && (x + y) % 9 === 0))
  decisions.update(TOLD)
  assert.equal(decisions.scale().hatched, "hatched: low trust")
  decisions.remove()
})

test("an error goes with the classifier that it is of", async () => {
  const { decisions, client, notes } = mapped()
  let fail
  client.latest = () => new Promise((_done, no) => { fail = no })
  decisions.update(TOLD)
  await pass(50)
  emit("frame", { z: Float32Array.of(1, 2, 3) })
  await pass(100)
  decisions.update({ ...TOLD, name: "file:other.pt" }) // while the question of the first is on its way
  fail(new Error("labels: it failed"))
  await pass(400)
  assert.deepEqual(notes, [])
  emit("frame", { z: Float32Array.of(1, 2, 3) })
  await pass(100)
  fail(new Error("other.pt: it failed"))
  await pass(50)
  assert.deepEqual(notes, ["Decisions: other.pt: it failed"])
  decisions.update(TOLD)
  assert.equal(notes.at(-1), "")
  decisions.remove()
})

test("a classifier that fails is told on the map", async () => {
  const { decisions, client, notes } = mapped()
  client.ask = async () => { throw new Error("the classifier failed") }
  decisions.update(TOLD)
  await pass(100)
  assert.deepEqual(notes, ["Decisions: the classifier failed"])
  decisions.remove()
})

test("a path flips in the middle between two steps of other classes", () => {
  assert.deepEqual(flips([0, 0.25, 0.5, 1], [0, 0, 1, 0]), [{ t: 0.375, from: 0, to: 1 }, { t: 0.75, from: 1, to: 0 }])
  assert.deepEqual(flips([0, 1], [2, 2]), [])
})

test("the strip of a path has a bar for each step, as high as it is sure, and says the flips in words", async () => {
  const svg = document.createElementNS("", "svg"), words = document.createElement("span")
  const z = new Float32Array(200 * 3), t = Float32Array.from({ length: 200 }, (_each, i) => i / 199)
  const asked = []
  const client = { latest: async (_lane, _kind, bytes) => { const n = (bytes.length - 64) / 12; asked.push(n); return { arrays: { label: Int32Array.from({ length: n }, (_each, i) => Number(i >= n / 2)), confidence: new Float32Array(n).fill(0.5) } } } }
  const strip = new ClassStrip({ classes: svg, flips: words }, "linear", () => client)
  strip.update(TOLD, { arrays: { t, z } }, false)
  await pass(50)
  assert.ok(asked[0] <= 64) // as many as one request takes
  const bars = [...svg.childNodes].filter((one) => one.getAttribute("height"))
  assert.equal(bars.length, asked[0])
  assert.equal(Number(bars[0].getAttribute("height")), 5)
  assert.match(words.textContent, /^t 0\.\d\d: bag → boot$/)
  assert.match(svg.getAttribute("aria-label"), /flips once; t 0\.\d\d: bag → boot; least sure 50%/)
  strip.update(null, null, false)
  assert.equal(svg.style.display, "none")
})

test("a name is padded to its place", () => {
  const bytes = named("labels", Uint8Array.of(7))
  assert.deepEqual([bytes.length, bytes[6], bytes[64]], [65, 0, 7])
})
