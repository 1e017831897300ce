import assert from "node:assert/strict"
import { test } from "node:test"
import { band, over } from "../../app/browser/latent_console/ends.js"
import { Painting, border, otherGround } from "../../app/browser/sketch/brush.js"
import { COLOURS, Curve, GROUND } from "../../app/browser/sketch/curve.js"
import { verdict } from "../../app/browser/sketch/verdict.js"
import { fit, paint } from "../../app/browser/shared/pictures.js"

const near = (a, b, within = 1e-5) => assert.ok(Math.abs(a - b) <= within, `${a} is not ${b}`)

test("the middle of the height is 0, and the scale is that of the charts", () => {
  const curve = new Curve([1, 5])
  curve.line(0, 0.5, 4, 0.5)
  for (const v of curve.values) near(v, 0)
  curve.line(2, 0.5 - 0.25, 2, 0.25)
  near(curve.values[2], 5 * Math.atanh(0.25 / (0.5 - 2 / 64)), 1e-4)
})

test("a stroke is a straight line, to the right or to the left", () => {
  for (const [x0, x1] of [[0, 4], [4, 0]]) {
    const curve = new Curve([1, 5]), y = (x) => 0.6 - 0.05 * x
    curve.line(x0, y(x0), x1, y(x1))
    for (let i = 0; i < 5; i++) near(Math.tanh(curve.values[i] / 5) * (0.5 - 2 / 64), 0.5 - y(i))
  }
})

test("a pen beyond the edge stays finite, and within the series", () => {
  const curve = new Curve([1, 4])
  curve.line(-3, -2, 9, 3)
  assert.ok(curve.values.every(Number.isFinite))
})

test("the pen draws the chosen channel alone", () => {
  const curve = new Curve([2, 3])
  curve.channel = 1
  curve.line(0, 0.2, 2, 0.2)
  assert.deepEqual([...curve.values.slice(0, 3)], [0, 0, 0])
  assert.ok(curve.values.slice(3).every((v) => v > 0))
})

test("a series is sent as the bytes of its float32 values, and comes back from them", () => {
  const curve = new Curve([1, 3]), other = new Curve([1, 3])
  curve.values.set([1, -2, 0.5])
  assert.equal(curve.payload.length, 12)
  other.replace(curve.payload)
  assert.deepEqual([...other.values], [1, -2, 0.5])
})

test("undo goes back a stroke at a time, at most 30", () => {
  const curve = new Curve([1, 1])
  for (let k = 1; k <= 40; k++) { curve.begin(); curve.values[0] = k }
  let steps = 0
  while (curve.undo()) steps += 1
  assert.deepEqual([steps, curve.values[0]], [30, 10])
})

test("upside down twice is as before", () => {
  const curve = new Curve([1, 2])
  curve.values.set([1, -2])
  curve.invert()
  assert.deepEqual([...curve.values], [-1, 2])
  curve.undo()
  assert.deepEqual([...curve.values], [1, -2])
})

test("the brush covers its disc with the colour", () => {
  const picture = new Painting([9, 9, 1])
  picture.begin()
  picture.line(4.5, 4.5, 4.5, 4.5, 2, [200])
  assert.equal(picture.pixels[4 * 9 + 4], 200)
  assert.equal(picture.pixels[0], 0)
})

test("a stroke over itself does not pile up; a second one does", () => {
  const picture = new Painting([5, 5, 1]), edge = 2 * 5 + 3
  picture.begin()
  picture.line(2.5, 2.5, 2.5, 2.5, 1, [100])
  const once = picture.pixels[edge]
  picture.line(2.5, 2.5, 2.5, 2.5, 1, [100])
  assert.equal(picture.pixels[edge], once)
  assert.ok(once > 0 && once < 100)
  picture.begin()
  picture.line(2.5, 2.5, 2.5, 2.5, 1, [100])
  assert.ok(picture.pixels[edge] > once)
})

test("a stroke that comes back beside itself takes nothing away", () => {
  const picture = new Painting([5, 9, 1])
  picture.begin()
  picture.line(2.5, 2.5, 2.5, 2.5, 1, [100])
  picture.line(4, 2.5, 6, 2.5, 1, [100])
  assert.equal(picture.pixels[2 * 9 + 2], 100)
})

test("a stroke has no gaps, and works in colour", () => {
  const picture = new Painting([3, 20, 3])
  picture.begin()
  picture.line(1, 1.5, 19, 1.5, 1, [10, 20, 30])
  for (let x = 1; x < 19; x++) assert.deepEqual([...picture.pixels.slice(3 * (20 + x), 3 * (20 + x) + 3)], [10, 20, 30])
})

test("invert and clear of a picture can be undone", () => {
  const picture = new Painting([1, 2, 1])
  picture.replace([0, 255])
  picture.invert()
  assert.deepEqual([...picture.payload], [255, 0])
  picture.clear()
  assert.deepEqual([...picture.payload], [0, 0])
  picture.undo()
  assert.deepEqual([...picture.payload], [255, 0])
})

test("the rows with ink on any of the pictures, and two free ones around them", () => {
  const a = new Uint8ClampedArray(10 * 4), b = new Uint8ClampedArray(10 * 4)
  a[4 * 4] = 200
  b[6 * 4 + 3] = 200
  assert.deepEqual(band([a, b], [10, 4, 1]), [2, 9])
  assert.deepEqual(band([new Uint8ClampedArray(4)], [1, 4, 1]), [0, 1])
})

test("an end over the middle: what is equal is faint, what differs is bright", () => {
  const middle = Uint8ClampedArray.of(100, 100), end = Uint8ClampedArray.of(100, 250)
  const { pixels, shape } = over(end, middle, [1, 2, 1], [0, 1])
  assert.deepEqual([shape, pixels[0], pixels[1]], [[1, 2, 1], 40, 255])
})

test("a canvas takes the height that its pictures need", () => {
  const canvas = Object.assign(new globalThis.Canvas(), { width: 100 })
  assert.equal(fit(canvas, [14, 28]).height, 50)
  assert.equal(fit(canvas, [1, 1000]).height, 1)
})

const painted = (pixels, shape, doubt, colour, size = shape) => {
  const canvas = Object.assign(new globalThis.Canvas(), { height: size[0], width: size[1] })
  paint(canvas, Uint8ClampedArray.from(pixels), shape, doubt, colour)
  return [...canvas.put.data]
}

test("a picture in its own size is painted as it is, grey as three equal channels", () => {
  assert.deepEqual(painted([0, 80, 160, 255], [2, 2, 1]), [0, 0, 0, 255, 80, 80, 80, 255, 160, 160, 160, 255, 255, 255, 255, 255])
  assert.deepEqual(painted([1, 2, 3], [1, 1, 3]), [1, 2, 3, 255])
})

test("doubt fades a picture towards the page", () => {
  assert.deepEqual(painted([200], [1, 1, 1], 1, [10, 20, 30]), [10, 20, 30, 255])
  assert.deepEqual(painted([200], [1, 1, 1], 0.5, [100, 0, 200]), [150, 100, 200, 255])
})

test("an even picture stays even when it is enlarged", () => {
  assert.ok(painted(new Array(16).fill(77), [4, 4, 1], 0, undefined, [11, 13]).every((v) => v === 77 || v === 255))
})

// a picture of one channel: an edge of one pixel around another brightness
const framed = (edge, inside, [h, w]) => Uint8ClampedArray.from({ length: h * w }, (_each, i) => {
  const y = Math.floor(i / w), x = i % w
  return y && x && y < h - 1 && x < w - 1 ? inside : edge
})

test("the border of a picture is its outermost pixels, of every shape and number of channels", () => {
  near(border(framed(51, 255, [5, 4]), [5, 4, 1]), 0.2)
  near(border(Uint8ClampedArray.of(0, 51, 102), [1, 1, 3]), 0.2)
  near(border(Uint8ClampedArray.of(255, 0, 0, 0), [1, 4, 1]), 0.25)
  near(border(Uint8ClampedArray.of(255, 0, 0, 0), [4, 1, 1]), 0.25)
})

test("a background is told where it is the opposite of the usual one, and clearly so", () => {
  const shape = [6, 6, 1], of = (edge, usual) => otherGround(framed(edge, 128, shape), shape, usual)
  assert.equal(of(255, 0.05), "light")
  assert.equal(of(170, 0.05), "light") // paper in a dim room
  assert.equal(of(0, 0.95), "dark")
  for (const [edge, usual] of [[0, 0.05], [60, 0.05], [130, 0.05], [255, 1], [255, 0.5], [0, 0.5]]) assert.equal(of(edge, usual), "", `${edge} against ${usual}`)
  assert.equal(otherGround(framed(0, 255, shape), shape, 0), "") // a light garment on black
})

test("how odd a sample is and how reliable its point are one sentence, for each of the four cases", () => {
  const of = (oddness, trust) => verdict({ oddness, trust, by: "low rate", reference: "500 test samples" }), said = new Set()
  for (const oddness of [0.74, 0.999])
    for (const trust of [0.14, 0.91]) {
      const { text, tone } = of(oddness, trust)
      said.add(text)
      assert.equal(text.match(/\./g).length, 2, text) // the one of the trust, and the one at the end
      assert.match(text, oddness > 0.9 ? /^Very odd, by its low rate: odder than 99% of 500 test samples, / : /^Ordinary: odder than 74% of 500 test samples, /)
      assert.match(text, trust < 0.5 ? /unreliable \(trust 0\.14\)/ : / reliable \(trust 0\.91\)/)
      assert.match(text, oddness < 0.9 === trust > 0.5 || oddness > 0.9 && trust < 0.5 ? /, and its point/ : /, (but|although) its point/)
      assert.equal(tone, oddness > 0.9 ? "zk-odd" : "")
    }
  assert.equal(said.size, 4)
  assert.match(of(0.9999, 0.9).text, /99%/) // never rounded up to all
  assert.match(of(1, 0.4).text, /100% .*doubtful/)
})

test("on a first map the sentence says that trust follows", () => {
  const { text } = verdict({ oddness: 0.74, trust: 0.9, by: "low rate", reference: "500 test samples", first: true })
  assert.equal(text, "Ordinary: odder than 74% of 500 test samples. How far to trust its point follows with UMAP: this is a first map.")
})

const luminance = (colour) => {
  const hex = colour.length === 4 ? [...colour.slice(1)].map((one) => one + one) : colour.slice(1).match(/../g)
  const [r, g, b] = hex.map((one) => Number.parseInt(one, 16) / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

test("a channel's button shows its curve's colour on the ground of the canvas, in contrast to it in every theme", () => {
  assert.deepEqual(new Curve([1, 5]).channels(String), [])
  const buttons = new Curve([5, 5]).channels(String)
  buttons.forEach((button, k) => {
    const colour = COLOURS[k % COLOURS.length], { background } = button.children[0].style
    assert.ok(background.includes(colour) && background.endsWith(GROUND), background)
    assert.ok((luminance(colour) + 0.05) / (luminance(GROUND) + 0.05) >= 4.5, colour)
  })
})
