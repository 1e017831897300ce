import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { test } from "node:test"
import { answer, headed, mapOf, request, sequenceOf, unpacked } from "../../app/browser/shared/frame_codec.js"

// the bytes that Python makes and reads, see tests/app/live/test_golden.py
const golden = (name) => {
  const bytes = readFileSync(new URL(`../golden/${name}`, import.meta.url))
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)
}
const same = (frame, name) => assert.deepEqual([...frame], [...new Uint8Array(golden(name))])

test("a request of two numbers", () => same(request(1, 1, 0, [0.5, -1.5]), "request_map.bin"))

test("a request with the highest number, a label and a latent", () => {
  const kind = new Uint8Array(golden("request_latent.bin"))[4]
  same(request(4294967295, kind, 3, [1, 2, 3]), "request_latent.bin")
})

test("bytes are sent as they are, other arrays as float32", () => {
  assert.deepEqual([...request(2, 9, 0, Uint8Array.of(1, 2, 255))], [2, 0, 0, 0, 9, 0, 0, 0, 1, 2, 255])
  assert.deepEqual([...request(2, 9, 0, Float32Array.of(1))].slice(8), [0, 0, 128, 63])
  assert.equal(request(2, 9, 0, []).length, 8)
})

test("a picture: trust, times, place, error, latent and pixels, rows first", () => {
  const { trust, decode_ms, server_ms, xy, rms, z, pixels } = answer(golden("picture.bin"), 3)
  assert.deepEqual({ trust, decode_ms, server_ms, xy, rms, z: [...z] }, { trust: 0.75, decode_ms: 1.5, server_ms: 2.5, xy: [3, -4], rms: 0.125, z: [0.5, -1.25, 2] })
  assert.deepEqual([...pixels], [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11]) // (c, h, w) became (h, w, c)
})

test("a picture of a sample with variables has its values before the pixels", () => {
  const { z, values, pixels } = answer(golden("picture_values.bin"), 3, 2)
  assert.deepEqual([[...z], [...values], [...pixels]], [[0.5, -1.25, 2], [1, -0.5], [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11]])
  assert.equal(answer(golden("picture.bin"), 3).values, null)
})

test("a frame says which request it answers", () => assert.equal(sequenceOf(golden("picture.bin")), 70000))

test("a parcel: facts, and arrays with their types and shapes", () => {
  const { state, share, arrays } = answer(golden("parcel.bin"), 3)
  assert.deepEqual({ state, share }, { state: "done", share: 0.5 })
  assert.deepEqual([[...arrays.bits], arrays.bits.shape], [[1, 0, 1], [1, 3]])
  assert.deepEqual([[...arrays.rows], arrays.rows.constructor], [[4, -5], Int32Array])
  assert.deepEqual([[...arrays.xy], arrays.xy.shape], [[0, 1, 2, 3, -4.5, 5], [3, 2]])
})

test("an error is a parcel without arrays", () => {
  const { error, arrays } = answer(golden("error.bin"), 3)
  assert.deepEqual([error, arrays], ["no such map", {}])
})

test("a map: places, rows of the training set, labels, and a header beyond ASCII", () => {
  const map = mapOf(golden("map.bin"))
  assert.deepEqual([map.model, map.n, map.classes, map.kinds], ["tiny", 3, ["é", "b"], { map: 1 }])
  assert.deepEqual([[...map.xy], [...map.index], [...map.labels]], [[0, 1, 2, 3, -4.5, 5], [7, 8, 9], [0, 255, 1]])
})

test("a parcel may begin anywhere in a buffer", () => {
  const body = new Uint8Array(golden("parcel.bin")).slice(8)
  assert.deepEqual([...unpacked(body.buffer).arrays.rows], [4, -5])
  assert.equal(headed(body.buffer).head.state, "done")
})
