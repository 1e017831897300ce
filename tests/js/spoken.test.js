// What is read out of the map, and when.
import assert from "node:assert/strict"
import { test } from "node:test"
import { given, moduleOf } from "./page/parts.js"
import { Place, pass, serve } from "./page/page.js"

const { Voice, spoken } = await import("../../app/browser/shared/spoken.js")
const geometry = { classes: ["ankle boot", "bag"], labels: Uint8Array.of(1, 0), index: Int32Array.of(40, 41), sample: [1, 28, 28], baselines: { neighbour: 0.12, pca: 0.14, components: 3 } }
const frame = { trust: 0.3, rms: 0.09 }

test("position, nearest class, trust and fidelity, in words", () => {
  const said = spoken(geometry, { at: [1.234, -0.5], row: 0, near: "near", frame })
  assert.equal(said, "Position 1.2, −0.5: near bag, number 40. Trust 0.30, doubtful. Reconstructions here are off by 0.09 (values 0–1), less than neighbouring samples differ (0.12). PCA with 3 components: 0.14.")
})

test("on a sample, far from all, with none shown; what is not decoded yet is not told", () => {
  const told = (row, near) => spoken(geometry, { at: [0, 0], row, near })
  assert.equal(told(1, "on"), "Position 0.0, 0.0: on ankle boot, number 41.")
  assert.equal(told(0, "far"), "Position 0.0, 0.0: far from all samples; the nearest is bag, number 40.")
  assert.equal(told(-1, "far"), "Position 0.0, 0.0: no sample is shown.")
})

test("a model without a measured fidelity is silent about it", () => {
  assert.ok(spoken(geometry, { at: [0, 0], row: 0, near: "on", frame: { trust: 0.9, rms: Number.NaN } }).endsWith("Trust 0.90, reliable."))
})

test("a first map has no trust to tell", () => {
  const said = spoken({ ...geometry, first: true }, { at: [0, 0], row: 0, near: "on", frame: { trust: 0.9, rms: Number.NaN } })
  assert.ok(said.endsWith("Trust: first map, trust follows with UMAP."))
})

test("words come once, half a second after the last that was said", async () => {
  const element = { textContent: "" }, voice = new Voice(element)
  let asked = 0
  const say = () => voice.later(() => `said ${(asked += 1)}`)
  for (let k = 0; k < 5; k++) { say(); await pass(300) }
  assert.equal(element.textContent, "")
  await pass(250)
  assert.equal(element.textContent, "said 1")
  say()
  voice.stop()
  await pass(1000)
  assert.equal(element.textContent, "said 1")
})

test("while keys move over the map nothing is read; at rest the place is, and a pointer is silent", async () => {
  serve()
  const place = new Place(await moduleOf("latent_map"))
  await place.render(given("latent_map", 0, "spoken"))
  await pass(2000)
  const map = place.host.querySelector(".zscope-map"), words = map.querySelector(".zm-words")
  const key = (name) => map.onkeydown({ key: name, target: map, timeStamp: 0, preventDefault() {} })
  for (let k = 0; k < 4; k++) { key("ArrowRight"); await pass(200); assert.equal(words.textContent, "") }
  await pass(700)
  assert.match(words.textContent, /^Position .*Trust 0\.\d\d, \w+\. Reconstructions here/)
  words.textContent = ""
  map.onpointermove({ clientX: 20, clientY: 20, timeStamp: 0, target: map, buttons: 0 })
  await pass(1500)
  assert.equal(words.textContent, "")
  place.leave()
})
