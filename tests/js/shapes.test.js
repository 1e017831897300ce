// The shapes of classes: all of one size, and no two classes alike.
import assert from "node:assert/strict"
import { test } from "node:test"
import { classColours } from "../../app/browser/latent_map/colours.js"
import { SHAPES, classShapes, clipPath, trace } from "../../app/browser/latent_map/shapes.js"

// corners as drawn on a canvas; a circle as a polygon of many
function outline(shape) {
  const corners = []
  trace({ beginPath() {}, moveTo: (...at) => corners.push(at), lineTo: (...at) => corners.push(at), arc: (x, y, r) => corners.push(...Array.from({ length: 360 }, (_, i) => [x + r * Math.cos((i * Math.PI) / 180), y + r * Math.sin((i * Math.PI) / 180)])) }, shape, 3, 4, 2)
  return corners
}

test("each shape covers what the circle in whose place it stands covers, and stands around the same centre", () => {
  for (const shape of SHAPES.keys()) {
    const at = outline(shape), twice = at.reduce((sum, [x, y], i) => sum + x * at[(i + 1) % at.length][1] - y * at[(i + 1) % at.length][0], 0)
    assert.ok(Math.abs(Math.abs(twice) / 2 / (4 * Math.PI) - 1) < 0.2, `${SHAPES[shape]}: ${twice / 2}`)
    for (const axis of [0, 1]) assert.ok(Math.abs(at.reduce((sum, one) => sum + one[axis], 0) / at.length - [3, 4][axis]) < 0.05, SHAPES[shape])
    assert.match(clipPath(shape), shape ? /^polygon\((-?[\d.]+% -?[\d.]+%(, )?)+\)$/ : /^circle/)
  }
})

test("70 classes are told apart by ten colours and seven shapes, neighbours by both", () => {
  const shapes = classShapes(71), looks = shapes.map((shape, k) => `${shape} ${k % 10}`)
  assert.equal(new Set(looks.slice(0, 70)).size, 70)
  for (let k = 1; k < 70; k++) assert.notEqual(shapes[k], shapes[k - 1])
})

test("while shapes tell classes apart, the palette needs no tints; after the last pair it does", () => {
  const plain = classColours(["#808080", "#ff0000"], 3, 7), many = classColours(["#808080", "#ff0000"], 15, 7)
  assert.deepEqual(plain[2], plain[0])
  assert.deepEqual(many[13], many[1])
  assert.notDeepEqual(many[14], many[0])
})
