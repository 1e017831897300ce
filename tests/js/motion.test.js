// Asked to keep still, films go from frame to frame, and nothing else moves by itself.
import assert from "node:assert/strict"
import { readFileSync, readdirSync } from "node:fs"
import { afterEach, test } from "node:test"
import { given, moduleOf } from "./page/parts.js"
import { Place, page, pass, serve } from "./page/page.js"

const { on } = await import("../../app/browser/shared/zscope.js")
const { Scrubber } = await import("../../app/browser/theatre/scrubber.js")
const BROWSER = new URL("../../app/browser/", import.meta.url)
const DRAWS = ["latent_map/cloud.js", "shared/channel.js", "theatre/theatre.js"] // these draw in a frame what was moved elsewhere

const asked = (reduce) => { globalThis.matchMedia = () => ({ matches: reduce }) }
afterEach(() => asked(true))

/** The places that a film of five frames passes in two seconds of play from its first frame, or on the way to its third. */
async function passed(act) {
  const found = [], root = page.createElement("div")
  const scrubber = new Scrubber(root, { moved: () => found.push(scrubber.f), act: () => {} })
  scrubber.take({ count: 5, index: { axis: "epoch", values: [1, 2, 3, 4, 5], until: null }, placeNamed: String }, "")
  scrubber.go(0)
  found.length = 0
  act(scrubber)
  await pass(2000)
  scrubber.remove()
  return found
}

const between = (places) => places.filter((f) => !Number.isInteger(f)).length

test("a film glides between its frames, and kept still it goes from one to the next", async () => {
  for (const act of [(film) => film.play(), (film) => film.glide(2)]) {
    asked(false)
    assert.ok(between(await passed(act)) > 5)
    asked(true)
    const still = await passed(act)
    assert.equal(between(still), 0)
    assert.ok(still.at(-1) >= 2)
  }
})

test("a path is played smoothly, and kept still in ten hops a leg", async () => {
  for (const reduce of [false, true]) {
    asked(reduce)
    serve()
    const place = new Place(await moduleOf("path_player")), found = [], off = on("walk", ({ t }) => found.push(t))
    await place.render(given("path_player", 0, `still-${reduce}`))
    await pass(500)
    found.length = 0
    place.host.querySelector(".wp-buttons").onclick({ target: place.host.querySelector("[data-do=play]") })
    await pass(1500)
    assert.equal(found.length > 20, !reduce, String(found.length))
    if (reduce) assert.deepEqual(found, [0.6, 0.7, 0.8, 0.9])
    off()
    place.leave()
  }
})

test("whatever moves frame after frame asks whether it may", () => {
  const moving = readdirSync(BROWSER, { recursive: true }).map(String).filter((name) => name.endsWith(".js") && readFileSync(new URL(name, BROWSER), "utf8").includes("requestAnimationFrame("))
  const free = moving.filter((name) => !readFileSync(new URL(name, BROWSER), "utf8").includes("still()"))
  assert.deepEqual(free.sort(), DRAWS)
  assert.ok(moving.length > free.length)
})
