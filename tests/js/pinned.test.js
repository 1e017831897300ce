// How far the pinned point is, in the unit of what is decoded.
import assert from "node:assert/strict"
import { test } from "node:test"
import { pass } from "./page/page.js"
import { Pinned } from "../../app/browser/latent_view/pinned.js"

const pixels = (v) => new Uint8Array(4).fill(v)

async function differing(geometry, from, to) {
  const root = document.createElement("div")
  document.createElement("figure").append(root)
  const pinned = new Pinned(root, /** @type {any} */ ({ ask: async () => from, last: to }), /** @type {any} */ (geometry))
  await pinned.update({ row: 1, z: [0] }, null)
  await pass(200)
  pinned.remove()
  return root.querySelector("div")
}

test("a pinned row of a table differs by standard deviations, without a chart of differences", async () => {
  const geometry = { shape: [2, 2, 1], sample: [2], variables: { names: [], units: [], mean: [], std: [] } }
  const said = await differing(geometry, { pixels: pixels(0), values: Float32Array.of(0, 1) }, { pixels: pixels(51), values: Float32Array.of(1, 0) })
  assert.deepEqual([said.querySelector("span").textContent, said.querySelector("canvas").hidden], ["differs 1\u202fσ", true])
  assert.match(said.title, /standard deviations/)
})

test("a pinned picture differs by a share of the range of a pixel", async () => {
  const said = await differing({ shape: [2, 2, 1], sample: [2, 2, 1] }, { pixels: pixels(0) }, { pixels: pixels(51) })
  assert.deepEqual([said.querySelector("span").textContent, said.querySelector("canvas").hidden], ["differs .200", false])
  assert.match(said.title, /range of a pixel/)
})
