import assert from "node:assert/strict"
import { test } from "node:test"
import { how, inside } from "../../app/browser/latent_map/lasso.js"
import { find, single } from "../../app/browser/latent_map/search.js"
import { Selection } from "../../app/browser/latent_map/selection.js"

const rows = (selection) => selection.rows

test("set replaces, add joins, remove takes away", () => {
  const selection = new Selection(6)
  selection.take([1, 2])
  selection.take([4])
  assert.deepEqual(rows(selection), [4])
  selection.take([0, 4], "add")
  assert.deepEqual(rows(selection), [0, 4])
  selection.take([4, 5], "remove")
  assert.deepEqual([rows(selection), selection.count], [[0], 1])
})

test("a selection of nothing is none", () => {
  const selection = new Selection(3)
  selection.take([])
  assert.equal(selection.mask, null)
  selection.take([2])
  selection.take([2], "remove")
  assert.deepEqual([selection.mask, selection.count, selection.text], [null, 0, ""])
})

test("add and remove leave the mask that others hold alone", () => {
  const selection = new Selection(4)
  selection.take([0])
  const before = selection.mask
  selection.take([1], "add")
  assert.deepEqual([...before], [1, 0, 0, 0])
})

test("as text the first row is the lowest bit of the first byte", () => {
  const selection = new Selection(10)
  selection.take([0, 9])
  assert.equal(selection.text, btoa(String.fromCharCode(1, 2)))
})

test("a selection comes back from its text, also a large one", () => {
  const selection = new Selection(100_000), again = new Selection(100_000)
  selection.take(Array.from({ length: 33_334 }, (_, i) => 3 * i))
  again.text = selection.text
  assert.deepEqual([again.count, rows(again).slice(0, 3)], [33_334, [0, 3, 6]])
  again.text = ""
  assert.equal(again.mask, null)
})

test("shift adds, alt removes, alt before shift", () => {
  assert.deepEqual([{}, { shiftKey: true }, { altKey: true }, { altKey: true, shiftKey: true }].map(how), ["set", "add", "remove", "remove"])
})

const square = [[0, 0], [4, 0], [4, 4], [0, 4]]

test("a point lies inside a square or not", () => {
  assert.ok(inside(square, 2, 2))
  for (const [x, y] of [[5, 2], [-1, 2], [2, 5], [2, -1]]) assert.ok(!inside(square, x, y))
})

test("the direction of a stroke does not matter", () => assert.ok(inside([...square].reverse(), 1, 3)))

test("a bay is outside", () => {
  const bay = [[0, 0], [6, 0], [6, 6], [3, 1], [0, 6]]
  assert.ok(inside(bay, 1, 2))
  assert.ok(!inside(bay, 3, 4))
})

test("what a stroke encloses twice is outside, by the even-odd rule", () => {
  const star = [0, 2, 4, 1, 3].map((k) => [Math.sin((2 * Math.PI * k) / 5), Math.cos((2 * Math.PI * k) / 5)])
  assert.ok(!inside(star, 0, 0))
  assert.ok(inside(star, 0, 0.8))
})

const set = { classes: ["Bag", "Ankle boot", "Boot", "7"], labels: Uint8Array.of(0, 1, 2, 1, 3, 255), index: Int32Array.of(10, 4127, 7, 8, 9, 11), n: 6 }

test("a label finds its rows, whatever the case, and the whole name before a part", () => {
  assert.deepEqual(find("boot", set), { rows: [2], label: "Boot" })
  assert.deepEqual(find(" ANKLE ", set), { rows: [1, 3], label: "Ankle boot" })
  assert.deepEqual(find("ba", set).rows, [0])
})

test("a single sample is that sample, whatever found it", () => {
  assert.deepEqual(single(find("boot", set)), { row: 2 })
  assert.deepEqual(single(find("ankle", set)).rows, [1, 3])
  assert.deepEqual(single(find("#7", set)), { row: 2 })
})

test("a number finds the sample of that number, however it is written", () => {
  for (const text of ["4127", "#4127", "# 4 127", "4,127", "4\u202f127"]) assert.deepEqual(find(text, set), { row: 1 })
})

test("a number that is a class is the class, and with # the sample", () => {
  assert.deepEqual(find("7", set), { rows: [4], label: "7" })
  assert.deepEqual(find("#7", set), { row: 2 })
  assert.deepEqual(find("#7", { ...set, classes: ["#7"] }), { row: 2 })
})

test("what is not there is said", () => {
  assert.match(find("#5", set).nothing, /#5 .*#7 .*#4127/)
  assert.match(find("sandal", set).nothing, /sandal.*Bag, Ankle boot/)
  assert.match(find("x", { ...set, classes: [] }).nothing, /no labels/)
  assert.equal(find("  ", set).nothing, "")
})

test("a class without samples on this map is said", () => {
  assert.match(find("trouser", { ...set, classes: ["Trouser"], labels: new Uint8Array(6).fill(255) }).nothing, /Trouser/)
})

const columns = [{ name: "City", values: ["Bern", "Basel", "", "Bern", "Genf", "Bern"] }, { name: "age", values: [31, 30, null, 7, 60, 4127] }]

test("a word of any column finds its rows, after labels and numbers", () => {
  assert.deepEqual(find("bern", set, columns), { rows: [0, 3, 5], label: "bern" })
  assert.deepEqual(find("4127", set, columns), { row: 1 })
  assert.deepEqual(find("bag", set, [{ name: "kind", values: ["bag", "bag", "", "", "", ""] }]).rows, [0])
  assert.deepEqual(find("1999", set, [{ name: "id", values: ["a1999", "", "", "", "", ""] }]).rows, [0])
  assert.match(find("zug", set, columns).nothing, /zug.*Columns: City, age/)
})

test("a comparison finds the rows of a column, and none where a value is missing", () => {
  assert.deepEqual(find("AGE > 30", set, columns).rows, [0, 4, 5])
  assert.deepEqual(find("age<=30", set, columns).rows, [1, 3])
  assert.deepEqual(find("city: b", set, columns).rows, [0, 1, 3, 5])
  assert.deepEqual(find("city = genf", set, columns).rows, [4])
  assert.deepEqual(find("city != bern", set, columns).rows, [1, 4])
  assert.match(find("age > 5000", set, columns).nothing, /age > 5000/)
})

test("dates are compared as they are written", () => {
  const dated = [{ name: "date", values: ["2020-01-05", "2021-03-01", "", "2019-12-31", "2020-02-01", "2020-01-31"] }]
  assert.deepEqual(find("date >= 2020-02", set, dated).rows, [1, 4])
})
