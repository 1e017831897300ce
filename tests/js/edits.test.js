// Edits of the data on the map: labels and classes as they are now, dropped samples in grey, and back again.

import assert from "node:assert/strict"
import { test } from "node:test"
import { Edits } from "../../app/browser/latent_map/edits.js"
import { looks } from "../../app/browser/latent_map/colours.js"
import { LOOK } from "../../app/browser/latent_map/points.js"

const shape = () => ({ n: 3, labels: Uint8Array.of(0, 1, 1), classes: ["bag", "boot"] })
const edited = { labels: btoa("\x00\x02\x01"), classes: ["bag", "boot", "shoe"], dropped: btoa("\x04") }

test("the geometry that all parts share has the labels as they were edited, and as they came once nothing is known", () => {
  const geometry = shape(), edits = new Edits(geometry)
  assert.equal(edits.take(null), false)
  assert.equal(edits.take(edited), true)
  assert.equal(edits.take({ ...edited }), false)
  assert.deepEqual([...geometry.labels], [0, 2, 1])
  assert.deepEqual(geometry.classes, ["bag", "boot", "shoe"])
  assert.deepEqual([...edits.dropped], [0, 0, 1])
  const other = new Edits(geometry) // of a map that is mounted later
  assert.deepEqual(geometry.classes, ["bag", "boot"])
  assert.equal(other.take(edited), true)
  assert.equal(other.take(null), true)
  assert.deepEqual([...geometry.labels], [0, 1, 1])
  assert.deepEqual(geometry.classes, ["bag", "boot"])
  assert.equal(other.dropped, null)
})

test("dropped points are grey and recede, unless they are selected or hidden", () => {
  const by = { labels: Uint8Array.of(0, 1, 1) }, classes = [[9, 8, 7], [1, 2, 3]], dropped = Uint8Array.of(0, 0, 1)
  const of = (how) => looks(3, { by, classes, theme: { dark: false }, accent: "#000000", hidden: null, chosen: null, dropped, ...how })
  assert.deepEqual([...of({})], [9, 8, 7, LOOK.plain, 1, 2, 3, LOOK.plain, 150, 150, 150, LOOK.receded])
  assert.equal(of({ chosen: Uint8Array.of(0, 0, 1) })[11], LOOK.chosen)
  assert.equal(of({ hidden: Uint8Array.of(0, 0, 1) })[11], LOOK.hidden)
})
