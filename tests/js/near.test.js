import assert from "node:assert/strict"
import { test } from "node:test"
import { extent, Near } from "../../app/browser/latent_map/near.js"

const random = (seed) => () => ((seed = (seed * 1664525 + 1013904223) >>> 0) / 2 ** 32)
const cloud = (n, seed) => { const next = random(seed); return Float32Array.from({ length: 2 * n }, () => 10 * next() - 3) }

function brute(xy, x, y, hidden) {
  let index = -1, best = Infinity
  for (let i = 0; i < xy.length / 2; i++) {
    const d = Math.hypot(xy[2 * i] - x, xy[2 * i + 1] - y)
    if (!hidden?.[i] && d < best) [index, best] = [i, d]
  }
  return { index, distance: best }
}

test("the extent is the smallest box around the places", () => assert.deepEqual(extent([1, 2, -3, 5, 0, -1]), [-3, -1, 1, 5]))

for (const n of [1, 2, 40, 3000])
  test(`the nearest of ${n} points is that of a full search, inside the map and outside`, () => {
    const xy = cloud(n, n), near = new Near(xy), next = random(7)
    for (let k = 0; k < 300; k++) {
      const x = 30 * next() - 13, y = 30 * next() - 13, { index, distance } = near.nearest(x, y), other = brute(xy, x, y)
      assert.ok(Math.abs(distance - other.distance) < 1e-5, `${index} is ${distance} away, ${other.index} is ${other.distance}`)
    }
  })

test("a hidden row is never found, and with all hidden there is none", () => {
  const xy = cloud(500, 3), near = new Near(xy)
  near.hidden = Uint8Array.from({ length: 500 }, (_, i) => Number(i % 3 === 0))
  for (let i = 0; i < 500; i += 7) {
    const found = near.nearest(xy[2 * i], xy[2 * i + 1])
    assert.equal(near.hidden[found.index], 0)
    assert.equal(found.index, brute(xy, xy[2 * i], xy[2 * i + 1], near.hidden).index)
  }
  near.hidden.fill(1)
  assert.equal(near.nearest(0, 0).index, -1)
})

test("within counts the rows of a disc, its edge included", () => {
  const near = new Near(Float32Array.of(0, 0, 3, 4, 6, 8, 100, 100))
  assert.equal(near.within(0, 0, 5), 2)
  assert.equal(near.within(0, 0, 4.99), 1)
  assert.equal(near.within(0, 0, 10), 3)
})

test("inBox visits the shown rows of a box, its edges included", () => {
  const near = new Near(Float32Array.of(0, 0, 1, 1, 2, 2, 5, 5)), seen = []
  near.hidden = Uint8Array.of(0, 1, 0, 0)
  near.inBox(0, 0, 2, 2, (i, x, y) => seen.push([i, x, y]))
  assert.deepEqual(seen.sort(), [[0, 0, 0], [2, 2, 2]])
})

test("points that all lie in one place are found", () => assert.equal(new Near(new Float32Array(20).fill(2)).nearest(2, 2).distance, 0))
