// Every part of the page with its messages in every order: whatever comes before what, it ends as if it had come alone, and
// nothing is thrown, written that is no number, or left behind.
import assert from "node:assert/strict"
import { afterEach, test } from "node:test"
import { Place, left, look, pass, serve, troubles } from "./page/page.js"
import { told } from "./page/dom.js"
import { PARTS, given, moduleOf } from "./page/parts.js"

const { connect, connected, emit } = await import("../../app/browser/shared/channel.js")
const MODULES = Object.fromEntries(await Promise.all(Object.keys(PARTS).map(async (part) => [part, await moduleOf(part)])))
const HELD = ["map.bin", "index.json", "fixed.bin", "thumbnails.webp", "bitmap", "image", "socket"]
// what has come when something happens, and what is still to come
const STAGES = {
  "before anything has come": [],
  "before the thumbnails": ["map.bin", "index.json"],
  "before the connection": ["map.bin", "index.json", "fixed.bin", "thumbnails.webp", "bitmap", "image"],
  "when all is there": HELD,
}
const SAID = [
  ["goto", { row: 1 }], ["goto", { z: [1, 2, 3] }], ["position", { xy: [0.1, 0.2], z: [1, 2, 3] }], ["position", null], ["cloud", { xy: [[0, 0]] }], ["cloud", null], ["cloud wanted"],
  ["residual", 0.3], ["flip", true], ["flip", false], ["away", "map"], ["select", "invert"], ["select", "only"], ["select", "clear"], ["only", false], ["leave"], ["pin", { row: 1, xy: [0, 0], z: [1, 2, 3] }],
  ["walk", { t: 0.5, method: "linear" }], ["walk-to", { t: 0.25, method: "slerp", code: 1 }], ["ways?"], ["waypoint", { at: 0, row: null, xy: [0.1, 0.1] }], ["trouble", "it was refused"],
  ["commit", { row: 1, xy: [0.1, 0.2], z: [1, 2, 3], n: 9 }], ["way", { method: "linear", line: [[0, 0], [1, 1]], off_data: 0.2, arrays: { t: [0, 1], z: new Float32Array(6) } }],
]
const WAIT_MS = 1600
const FREE = new Set(["sketch: other data, and back"]) // what is drawn stays where the file is taken away
const places = []
let made = 0

// what a test that fails leaves behind is no matter of the next one
afterEach(async () => {
  look.dark = false
  for (const place of places.splice(0)) if (place.host.isConnected) { place.leave(); place.host.remove() }
  await pass(WAIT_MS)
  troubles.length = 0
})

new Place(MODULES.one_step).render({}) // it listens as long as the page is open, from the first time it is mounted

/** Mount the part with its first data, and bring it to that stage; the rest is held back. */
async function mounted(part, stage = "when all is there", later = 0) {
  const model = `model-${(made += 1)}-`, server = serve(HELD), before = left()
  const place = new Place(MODULES[part])
  places.push(place)
  place.render(given(part, later, model))
  await pass(48)
  for (const name of STAGES[stage]) { server.release(name); await pass(48) }
  const go = async () => { for (const name of HELD) { server.release(name); await pass(32) } await pass(WAIT_MS) }
  return { part, place, model, server, before, go, update: (now, token) => place.render(given(part, now, model, token)) }
}

const plain = (text) => text.replace(/model-\d+-/g, "model").replace(/zm-names-\w+/g, "names").replace(/ *This browser has no WebGL.*\n/, "")
const stands = ({ place }) => plain(place.host.nodes.map((node) => told(node)).join(""))

async function fine({ place, part }) {
  for (const result of place.results) await result
  assert.deepEqual(troubles, [], `${part}: ${troubles.map(({ stack }) => stack)}`)
  assert.doesNotMatch(stands({ place }), /NaN|undefined|\[object|Infinity/)
}

async function gone(one) {
  one.place.leave()
  connected()?.close()
  await pass(WAIT_MS)
  assert.equal(one.place.host.nodes.length, 0)
  assert.deepEqual({ ...left(), open: 0 }, { ...one.before, open: 0 }, "left behind")
  assert.deepEqual(troubles.splice(0), [])
  one.place.host.remove()
}

/** What the part is where it is mounted with those data and nothing else happens. */
const alone = new Map()
async function reference(part, later, dark = false) {
  const key = `${part} ${later} ${dark}`
  if (alone.has(key)) return alone.get(key)
  look.dark = dark
  const one = await mounted(part, "when all is there", later)
  await one.go()
  await fine(one)
  alone.set(key, stands(one))
  await gone(one)
  look.dark = false
  return alone.get(key)
}

// what happens to a part; whether it then stands as with the first data or the later ones, null where it may be anything
const HAPPENS = {
  "the same data again": (one) => { one.update(0); return 0 },
  "other data": (one) => { one.update(1); return 1 },
  "other data, and then others": (one) => { one.update(1); one.update(0); one.update(1); return 1 },
  "other data, and back": (one) => { one.update(1); one.update(0); return 0 },
  "a fresh token": (one) => { one.update(0, "t2"); return 0 },
  "an expired token": (one) => { one.server.expire(); return 0 },
  "a lost connection": (one) => { one.server.lose(); one.update(0); return 0 },
  "another model": ({ part, place }) => { place.render(given(part, 1, `model-${(made += 1)}-`)); return 1 },
  "another theme": (one) => { look.dark = true; one.update(0); return 0 },
  "all that other parts say": () => { for (const [event, value] of SAID) emit(event, value); return null },
  "a picture that another part asked for": ({ part, model }) => {
    if (!/theatre|share/.test(part)) connect(given(part, 0, model).link.model).request("latent", [1, 2, 3], { source: "map" })
    return null
  },
}

for (const part of Object.keys(PARTS)) {
  for (const [what, happen] of Object.entries(HAPPENS))
    for (const stage of Object.keys(STAGES))
      test(`${part}: ${what}, ${stage}`, async () => {
        const one = await mounted(part, stage), later = happen(one), { dark } = look
        await one.go()
        await fine(one)
        const now = stands(one)
        await gone(one)
        look.dark = false
        if (later !== null && !FREE.has(`${part}: ${what}`)) assert.equal(now, await reference(part, later, dark))
      })

  for (const stage of Object.keys(STAGES))
    test(`${part}: leaves, ${stage}, and comes again`, async () => {
      const one = await mounted(part, stage)
      one.place.leave()
      for (const [event, value] of SAID) emit(event, value)
      await one.go()
      assert.equal(one.place.host.nodes.length, 0)
      one.update(1)
      await one.go()
      await fine(one)
      assert.equal(stands(one), await reference(part, 1))
      await gone(one)
    })

  for (const lost of ["map.bin", "index.json", "0.bin", "thumbnails.webp", "bitmap", "image"])
    test(`${part}: ${lost} does not come, and then it does`, async () => {
      const one = await mounted(part, "before anything has come")
      one.server.failing.add(lost)
      await one.go()
      const before = await Promise.allSettled(one.place.results)
      one.server.failing.clear()
      one.update(0)
      await pass(6000)
      await one.place.results.at(-1)
      assert.deepEqual(troubles.splice(0), [])
      if (before.some(({ status }) => status === "rejected")) assert.equal(stands(one), await reference(part, 0))
      await gone(one)
    })

  if (part.startsWith("picture_grid"))
    test(`${part}: a first picture that does not come does no harm to those that follow it`, async () => {
      const one = await mounted(part, "before the thumbnails")
      one.server.failing.add("image")
      one.update(1)
      one.server.release("image")
      one.server.failing.clear()
      one.update(0)
      await one.go()
      assert.equal(stands(one), await reference(part, 0))
      await gone(one)
    })
}

for (const part of Object.keys(PARTS).filter((part) => part !== "sketch"))
  test(`${part}: every slider says what it is and where it stands`, async () => {
    const one = await mounted(part)
    await one.go()
    for (const slider of one.place.host.querySelectorAll("input[type=range]"))
      for (const name of ["aria-label", "aria-valuetext"]) assert.ok(slider.getAttribute(name), `${name} of a slider`)
    await gone(one)
  })

for (const [part, ...said] of [["theatre of a sweep", "beta 4", "beta 0.5"], ["theatre of a training", "epoch 3 of 3", "epoch 1 of 3"]])
  test(`${part}: name and value of the slider are those of its axis`, async () => {
    const one = await mounted(part)
    await one.go()
    const slider = one.place.host.querySelector("input[type=range]"), hears = () => ["aria-label", "aria-valuetext"].map((name) => slider.getAttribute(name))
    assert.deepEqual(hears(), [said[0], said[0]])
    slider.value = "0"
    slider.oninput()
    assert.deepEqual(hears(), [said[1], said[1]])
    await gone(one)
  })

test("every part of app/browser is in the table", async () => {
  const { readdirSync } = await import("node:fs"), folder = new URL("../../app/browser/", import.meta.url)
  const parts = readdirSync(folder, { withFileTypes: true }).filter((one) => one.isDirectory() && !/^(shared|__pycache__)$/.test(one.name)).map(({ name }) => name)
  assert.deepEqual([...new Set(Object.keys(PARTS).map((part) => part.split(" ")[0]))].sort(), parts.sort())
})
