// The held sample on the map: what places are asked for, where their latents lie, and what is held by a key.
import assert from "node:assert/strict"
import { test } from "node:test"
import { pass } from "./page/page.js"
import { Hold } from "../../app/browser/latent_map/hold.js"
import { Views, payload } from "../../app/browser/latent_map/views.js"

const HELD = { row: 1, z: [1, 2, 3], xy: [0.5, 0.25], share: 0.5 }
const floats = (bytes) => [...new Float32Array(bytes.slice(32).buffer)]

function mapped() {
  const root = document.createElement("div"), told = [], asked = []
  const geometry = { d: 3, index: Int32Array.of(100, 101), xy: Float32Array.of(0, 0, 0.5, 0.25) }
  const map = {
    root, geometry, overlay: { committed: { xy: [2, 3] }, redraw() {} }, decode() {}, plot: { near: { box: [0, 0, 10, 5] } },
    committed: { row: null, xy: [2, 3], z: [7, 8, 9] }, client: { request: (...what) => asked.push(what) }, note() {}, name: () => "bag",
    component: { setTriggerValue: (name, value) => told.push(name === "hold" ? value.point : value) }, taken: async (kind, values) => ({ row: kind === "row" ? values[0] : null, xy: [4, 5], z: [0, 0, 1] }),
  }
  map.views = new Views(null, /** @type {any} */ ({ geometry, plot: {}, link: {}, beyond: () => (map.hold.point ? [...map.hold.point.z, map.hold.share] : [0, 0, 0]) }))
  map.hold = new Hold(map)
  return { map, told, asked }
}

test("places are asked for with the residual of what is held, and without when it is released", () => {
  const { map } = mapped()
  assert.deepEqual(map.views.ask(1, 2), ["map", [1, 2]])
  map.hold.update(HELD)
  const [kind, bytes] = map.views.ask(1, 2)
  assert.equal(kind, "place")
  assert.deepEqual(floats(bytes), [1, 2, 1, 2, 3, 0.5])
  assert.match(map.hold.words.textContent, /^Holding bag #101/)
  map.hold.update(null)
  assert.deepEqual(map.views.ask(1, 2), ["map", [1, 2]])
  assert.equal(map.hold.element.hidden, true)
  map.hold.remove()
})

test("where a latent lies is told beside where it was asked for", async () => {
  const { map } = mapped()
  map.hold.update(HELD)
  await pass(200)
  const frame = { kind: "place", xy: [4, 2], payload: payload("umap", [3.5, 2, 1, 2, 3, 0.5]) }
  assert.deepEqual(map.hold.landed(frame), { xy: [4, 2] })
  await pass(200)
  assert.match(map.hold.words.textContent, /5\.0% of the map's width/)
  assert.equal(map.hold.landed({ ...frame, kind: "row" }), null)
  map.hold.remove()
})

test("the slider asks for the place of the selected point, and tells the share once it is released", () => {
  const { map, asked, told } = mapped(), { input } = map.hold.residual
  const drag = (share) => { input.value = String(share); input.oninput() }
  drag(0.1)
  assert.deepEqual(asked, []) // nothing is held
  map.hold.update(HELD)
  assert.equal(input.value, "0.5")
  assert.equal(input.getAttribute("aria-valuetext"), "50%")
  drag(0.25)
  const [[kind, bytes, { source }]] = asked
  assert.deepEqual([kind, floats(bytes), source], ["place", [2, 3, 1, 2, 3, 0.25], "slider"])
  input.onchange()
  assert.deepEqual(told, [{ share: 0.25 }])
  map.hold.remove()
})

test("the sample at the cursor is held, else what lies there, without a cursor the selected point", async () => {
  const { map, told } = mapped()
  await map.hold.here({ index: 1 }, ["map", [4, 5]])
  await map.hold.here({ index: -1 }, ["map", [4, 5]])
  await map.hold.here(null)
  map.hold.release()
  assert.deepEqual(told, [{ row: 1, xy: [4, 5], z: [0, 0, 1] }, { row: null, xy: [4, 5], z: [0, 0, 1] }, { row: null, xy: [2, 3], z: [7, 8, 9] }, null])
  map.hold.remove()
})
