// What fingers and buttons do to the map, where the card beside the pointer stands, and when the legend folds.
import assert from "node:assert/strict"
import { test } from "node:test"
import { page, pass } from "./page/page.js"

const { Gestures } = await import("../../app/browser/latent_map/gestures.js")
const { beside } = await import("../../app/browser/latent_map/card.js")
const { Legend } = await import("../../app/browser/latent_map/legend.js")

/** A map that writes down what is done to it; press, move, lift take [x, y] and the number of the finger. */
function map({ type = "touch", armed = false } = {}) {
  const root = page.createElement("div"), done = []
  const tells = (name) => (...given) => { done.push([name, ...given.filter((one) => typeof one === "number")].join(" ")) }
  const drag = (name) => ({ move: tells(`${name} to`), end: tells(`${name} ends`), cancel: tells(`${name} dropped`) })
  const plot = { pan: (...by) => { if (by.some(Boolean)) tells("pan")(...by) }, zoomAt: (x, y, factor) => tells("zoom")(x, y, Number(factor.toFixed(2))) }
  const gestures = new Gestures(root, plot, { ours: () => true, tap: tells("tap"), hold: tells("menu"), stroke: () => (armed ? drag("stroke") : null), finger: () => drag("look") })
  const send = (name) => ([clientX, clientY], pointerId = 1) => root.dispatch(name, { clientX, clientY, pointerId, pointerType: type, button: 0, preventDefault() {} })
  return { root, gestures, done, press: send("pointerdown"), move: send("pointermove"), lift: send("pointerup"), lost: send("pointercancel"), asks: send("contextmenu") }
}

test("a finger looks where it is drawn, a mouse pans, an armed tool strokes", () => {
  for (const [what, wanted] of [[{}, ["look to 90 50", "look ends 90 50"]], [{ type: "mouse" }, ["pan 40 0"]], [{ armed: true }, ["stroke to 90 50", "stroke ends 90 50"]]]) {
    const one = map(what)
    one.press([50, 50])
    one.move([90, 50])
    one.lift([90, 50])
    assert.deepEqual(one.done, wanted)
  }
})

test("two fingers zoom about their middle and pan with it; the look of the first is dropped, and none of them taps", () => {
  const one = map()
  one.press([100, 100])
  one.move([120, 100])
  one.press([180, 100], 2)
  one.move([240, 100], 2)
  one.lift([240, 100], 2)
  one.lift([120, 100])
  assert.deepEqual(one.done, ["look to 120 100", "look dropped", "pan 30 0", "zoom 180 100 0.5"])
})

test("a finger that rests asks for the menu once, and is no tap; one that was drawn, lifted or lost does not", async () => {
  const rests = map()
  rests.press([60, 70])
  await pass(600)
  rests.asks([60, 70]) // some browsers ask as well
  rests.lift([60, 70])
  assert.deepEqual(rests.done, ["menu 60 70"])
  for (const [end, wanted] of [["move", ["look to 90 70"]], ["lift", ["tap"]], ["lost", []]]) {
    const one = map()
    one.press([60, 70])
    one[end]([90, 70])
    await pass(600)
    assert.deepEqual(one.done, wanted)
  }
})

test("the right button asks for the menu, and a mouse that rests does not", async () => {
  const one = map({ type: "mouse" })
  one.asks([60, 70])
  one.press([60, 70])
  await pass(600)
  one.lift([60, 70])
  assert.deepEqual(one.done, ["menu 60 70", "tap"])
})

const SIZE = [236, 74], MAP = [800, 600], LEGEND = [500, 50, 280, 140]
const apart = ([x, y], [left, top, w, h]) => x >= left + w || x + SIZE[0] <= left || y >= top + h || y + SIZE[1] <= top

test("the card lies within the map, clear of pointer and legend, wherever the pointer is", () => {
  for (const touch of [false, true])
    for (let x = 5; x < MAP[0]; x += 35)
      for (let y = 5; y < MAP[1]; y += 35) {
        const [left, top] = beside([x, y], SIZE, MAP, [LEGEND], touch)
        assert.ok(left >= 0 && top >= 0 && left + SIZE[0] <= MAP[0] && top + SIZE[1] <= MAP[1], `${x} ${y}`)
        assert.ok(apart([left, top], [x - 4, y - 4, 8, 8]), `over the pointer at ${x} ${y}`)
        if (x < LEGEND[0] || y > LEGEND[1] + LEGEND[3]) assert.ok(apart([left, top], LEGEND), `over the legend at ${x} ${y}`)
      }
})

test("a finger has the card above it, a mouse below", () => {
  assert.ok(beside([300, 300], SIZE, MAP, [], true)[1] + SIZE[1] < 300)
  assert.ok(beside([300, 300], SIZE, MAP, [])[1] > 300)
})

/** The legend of a map of that size, of n classes, with all points in the middle. */
function legend(n, size, element = [100, 40]) {
  const root = page.createElement("div"), plot = { xy: new Float32Array(2 * n), n, size: () => size, top: 52, toPixels: () => [size[0] / 2, size[1] / 2] }
  const made = new Legend(root, plot, { classes: Array.from({ length: n }, (_each, k) => `class ${k}`), labels: Uint8Array.from({ length: n }, (_each, k) => k), n }, () => {})
  Object.assign(made.element, { offsetWidth: element[0], offsetHeight: element[1] })
  return made
}
const open = ({ button }) => button.getAttribute("aria-expanded") === "true"

test("a legend opens where there is room, folds where it covers points or much of the map, and stays as it was chosen", () => {
  for (const [n, size, element, wanted] of [[2, [800, 600], [100, 60], true], [100, [800, 600], [300, 340], true], [10, [300, 250], [180, 220], false], [10, [300, 250], [120, 220], false], [100, [300, 250], [180, 120], false]]) {
    const one = legend(n, size, element)
    one.dock()
    assert.equal(open(one), wanted, `${n} classes, ${element} on ${size}`)
    one.button.onclick()
    one.dock()
    assert.equal(open(one), !wanted)
  }
})
