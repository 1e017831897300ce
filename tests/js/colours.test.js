import assert from "node:assert/strict"
import { test } from "node:test"
import { classColours, css, limits, looks, scale } from "../../app/browser/latent_map/colours.js"
import { figures } from "../../app/browser/latent_map/legend.js"
import { LOOK, SHAPE } from "../../app/browser/latent_map/points.js"
import { median, palette, trustShown } from "../../app/browser/shared/zscope.js"

const luminance = ([r, g, b]) => 0.2126 * r + 0.7152 * g + 0.0722 * b

for (const dark of [false, true])
  test(`the ${dark ? "dark" : "light"} scale has 256 colours that only get brighter`, () => {
    const ramp = scale(dark)
    assert.equal(ramp.length, 256)
    for (let i = 1; i < 256; i++) assert.ok(luminance(ramp[i]) >= luminance(ramp[i - 1]) - 1, `at ${i}`)
  })

test("a dark page leaves the darkest colours out", () => assert.ok(luminance(scale(true)[0]) > luminance(scale(false)[0]) + 20))

test("a colour in CSS", () => assert.equal(css([1, 20, 255]), "rgb(1, 20, 255)"))

test("more classes than colours: lighter, then darker", () => {
  const found = classColours(["#808080", "#ff0000"], 6)
  assert.deepEqual(found[0], [128, 128, 128])
  assert.ok(luminance(found[2]) > luminance(found[0]))
  assert.ok(luminance(found[4]) < luminance(found[0]))
  assert.equal(new Set(found.map(String)).size, 6)
})

test("the scale spans the middle 98 % of the finite values", () => {
  const values = Float32Array.from({ length: 1001 }, (_, i) => i)
  values[500] = Number.NaN
  assert.deepEqual(limits(values), [10, 991].map((v) => values[v]).map((v, i) => (i ? 990 : v)))
})

test("one outlier does not stretch the scale", () => {
  const values = Float32Array.from({ length: 1000 }, (_, i) => i % 10)
  values[0] = 1e9
  assert.ok(limits(values)[1] <= 9)
})

test("a scale of equal or of no values still has a width", () => {
  assert.deepEqual(limits([3, 3, 3]), [3, 6])
  assert.deepEqual(limits([0, 0]), [0, 1])
  assert.deepEqual(limits([Number.NaN]), [0, 1])
})

const given = { classes: [[1, 2, 3], [4, 5, 6]], theme: { dark: false }, accent: "#0a0b0c", hidden: null, chosen: null }

test("labels colour the points, and one without a label has the accent", () => {
  const look = looks(3, { ...given, by: { labels: Uint8Array.of(1, 255, 0) } })
  assert.deepEqual([...look], [4, 5, 6, LOOK.plain, 10, 11, 12, LOOK.plain, 1, 2, 3, LOOK.plain])
})

test("values colour the points by the scale, clipped at its ends; what is not finite is grey", () => {
  const look = looks(4, { ...given, by: { values: [0, 5, 99, Number.NaN], limits: [0, 10] } }), ramp = scale(false)
  assert.deepEqual([...look.slice(0, 3)], ramp[0])
  assert.deepEqual([...look.slice(4, 7)], ramp[128])
  assert.deepEqual([...look.slice(8, 11)], ramp[255])
  assert.deepEqual([...look.slice(12, 15)], [150, 150, 150])
})

test("a hidden point is hidden also when it is selected, and what is not selected recedes", () => {
  const look = looks(3, { ...given, by: { labels: new Uint8Array(3) }, hidden: [1, 0, 0], chosen: [1, 1, 0] })
  assert.deepEqual([look[3], look[7], look[11]], [LOOK.hidden, LOOK.chosen, LOOK.receded])
})

test("shapes are those of the classes where labels colour the points, and hidden points have none", () => {
  const by = { labels: Uint8Array.of(0, 1, 1, 255) }, coded = (how) => [...looks(4, { ...given, hidden: [0, 0, 1, 0], shapes: [3, 5], ...how })].filter((_, i) => i % 4 === 3)
  assert.deepEqual(coded({ by }), [LOOK.plain + 3 * SHAPE, LOOK.plain + 5 * SHAPE, LOOK.hidden, LOOK.plain])
  assert.deepEqual(coded({ by: { values: [0, 1, 2, 3], limits: [0, 1] } }), [LOOK.plain, LOOK.plain, LOOK.hidden, LOOK.plain])
})

test("light and dark pages have a palette each", () => assert.notDeepEqual(palette(true), palette(false)))

test("trust is told in three words, each with its colour", () => {
  const words = [0, 0.24, 0.25, 0.59, 0.6, 1].map((trust) => trustShown(trust, {}).word)
  assert.deepEqual(words, ["unreliable", "unreliable", "doubtful", "doubtful", "reliable", "reliable"])
  assert.equal(new Set([0, 0.3, 1].map((trust) => trustShown(trust, {}).colour)).size, 3)
  assert.equal(trustShown(0.9, {}).figure, "0.90")
})

test("a first map has no trust, however near its samples are", () => {
  const { figure, word, share } = trustShown(0.9, { first: true })
  assert.deepEqual([figure, word, share], ["–", "first map, trust follows with UMAP", 0])
})

test("the median of an odd number of values, and of none", () => {
  assert.equal(median([3, 1, 2]), 2)
  assert.ok(Number.isNaN(median([])))
})

test("the legend writes figures with few digits", () => {
  for (const v of [0, 1, 0.5, 12.3456, 1e-7, -3.25, 123456]) assert.ok(figures([v])[0].length <= 8, `${v}: ${figures([v])}`)
})

test("no two numbers of a colour scale are written alike", () => {
  assert.deepEqual(figures([1000.1, 1000.2, 1000.3]), ["1,000.1", "1,000.2", "1,000.3"])
  assert.deepEqual(figures([0, 0.5, 1]), ["0", "0.5", "1"])
  for (const [low, high] of [[1, 1.00001], [1e-9, 2e-9], [-1e8, -1e8 + 1]]) assert.equal(new Set(figures([low, (low + high) / 2, high])).size, 3)
})

test("years and dates of a scale are written as such", () => {
  assert.deepEqual(figures([1998, 2004, 2010], "year"), ["1998", "2004", "2010"])
  const year = (date) => Math.fround(1970 + Date.parse(date) / 864e5 / 365.2425) // as they come with a column
  assert.deepEqual(figures([year("2010-01-01"), year("2010-07-02")], "date"), ["Jan 1, 2010", "Jul 2, 2010"])
  assert.deepEqual(figures([1990.5, 2000.5, 2020.5], "date"), ["1990", "2000", "2020"])
})
