// Shapes where they have room: far enough apart to be told from one another, and none missing where the map is empty.
import assert from "node:assert/strict"
import { test } from "node:test"
import { LOOK, SHAPE } from "../../app/browser/latent_map/points.js"
import { DOT } from "../../app/browser/latent_map/shapes.js"
import { spaced } from "../../app/browser/latent_map/spaced.js"

const N = 2000, LEAST = 0.05
let seed = 7
const random = () => (seed = (16807 * seed) % 2147483647) / 2147483647
const xy = Float32Array.from({ length: 2 * N }, () => 2 * random() - 1)
const look = Uint8Array.from({ length: 4 * N }, (_, i) => (i % 4 < 3 ? i % 251 : i % 40 === 3 ? LOOK.hidden : LOOK.plain + SHAPE * (((i - 3) / 4) % 7)))
const codes = (bytes) => Array.from({ length: N }, (_, i) => bytes[4 * i + 3])
const shaped = (out) => codes(out).flatMap((code, i) => (code % SHAPE !== LOOK.hidden && Math.floor(code / SHAPE) !== DOT ? [i] : []))
const apart = (i, j) => Math.hypot(xy[2 * i] - xy[2 * j], xy[2 * i + 1] - xy[2 * j + 1])

test("no two shapes are nearer than they need, and each dot has one near it", () => {
  const out = spaced(look, xy, LEAST), kept = shaped(out)
  for (const [k, i] of kept.entries()) for (const j of kept.slice(0, k)) assert.ok(apart(i, j) >= LEAST, `${i} ${j}`)
  for (const [i, code] of codes(out).entries()) if (Math.floor(code / SHAPE) === DOT) assert.ok(kept.some((j) => apart(i, j) < Math.SQRT2 * LEAST))
  assert.ok(kept.length > 300)
})

test("a shape, a colour and what is hidden or chosen stay as they were", () => {
  const out = spaced(look, xy, LEAST)
  for (let i = 0; i < 4 * N; i++) assert.equal(i % 4 < 3 ? out[i] : out[i] % SHAPE, i % 4 < 3 ? look[i] : look[i] % SHAPE)
  for (const i of shaped(out)) assert.equal(out[4 * i + 3], look[4 * i + 3])
})

test("zoomed in far enough, every point has its shape", () => assert.deepEqual(spaced(look, xy, 1e-5), look))

test("only what lies within is looked at", () => {
  const out = spaced(look, xy, LEAST, [0, 1, 0, 1])
  for (let i = 0; i < N; i++) if (Math.min(xy[2 * i], xy[2 * i + 1]) < 0) assert.equal(out[4 * i + 3], look[4 * i + 3])
  assert.ok(shaped(out).length < N)
})
