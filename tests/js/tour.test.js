// The tour: where its card stands, when it starts by itself, and what its keys do.
import assert from "node:assert/strict"
import { afterEach, test } from "node:test"
import { Place, page, pass, win } from "./page/page.js"
import { Element } from "./page/dom.js"
import { around, placed } from "../../app/browser/tour/placing.js"
import { KEYS } from "../../app/browser/tour/key_list.js"
import { MAP, STOPS } from "../../app/browser/tour/stops.js"

import { arrive } from "../../app/browser/tour/arrival.js"
import { signs } from "../../app/browser/latent_map/signs.js"

const module = await import("../../app/browser/tour/tour.js")
const ROOM = [1280, 800], CARD = [300, 160]

test("the card stands beside what it points at, at the first side with room", () => {
  assert.deepEqual(placed([840, 60, 400, 300], CARD, ROOM), [526, 130]) // left
  assert.deepEqual(placed([40, 60, 400, 300], CARD, ROOM), [454, 130]) // right
  assert.deepEqual(placed([0, 0, 1280, 50], CARD, ROOM), [490, 64]) // below
  assert.deepEqual(placed([0, 700, 1280, 100], CARD, ROOM), [490, 526]) // above
  assert.deepEqual(placed([840, 780, 400, 20], CARD, ROOM), [526, 628]) // left, pushed up into the window
})

test("the card of something large stands within it, at its foot; that of nothing, in the middle", () => {
  assert.deepEqual(placed([0, 0, 1280, 800], CARD, ROOM), [490, 626])
  assert.deepEqual(placed([20, 60, 800, 700], CARD, ROOM, true), [270, 586])
  assert.deepEqual(placed(null, CARD, ROOM), [490, 320])
  assert.deepEqual(placed([0, 0, 390, 844], [366, 200], [390, 844]), [12, 630])
})

test("several are pointed at by one box around them", () => {
  assert.deepEqual(around([[10, 20, 30, 40], [50, 10, 10, 10]]), [10, 10, 50, 50])
  assert.equal(around([]), null)
})

test("only a link to more than a model shows something", () => {
  for (const plain of ["http://page/", "http://page/explore?model=a"]) assert.equal(module.shows(plain), false)
  for (const link of ["http://page/?model=a&point=3", "/?selected=4"]) assert.equal(module.shows(link), true)
})

// ---------------------------------------------------------------- on a page

let places = []
afterEach(() => {
  for (const { place, map } of places) { place.leave(); place.host.remove(); map?.remove() }
  places = []
  delete globalThis.localStorage
})

/** A browser that has stored those things, null for one that stores nothing, and a page with the map. */
async function opened(stored, withMap = true) {
  globalThis.localStorage = stored && { getItem: (name) => stored[name] ?? null, setItem: (name, value) => { stored[name] = value } }
  const map = withMap ? Object.assign(new Element("div"), { className: "zscope-map" }) : null
  map?.setAttribute("data-mode", "explore")
  map?.setAttribute("data-ready", "true")
  if (map) page.body.append(map)
  const place = new Place(module)
  places.push({ place, map })
  await place.render({})
  await pass(600)
  return { place, map, card: place.host.querySelector(".zh-card"), keys: place.host.querySelector(".zh-keys"), said: () => place.host.querySelector(".zh-card h4").textContent }
}

const press = (key, target = page.body, more = {}) =>
  win.dispatch("keydown", { key, target, composedPath: () => [target], preventDefault() {}, stopPropagation() {}, ...more })

test("the first visit has a tour, and no other", async () => {
  const stored = {}, { card, said } = await opened(stored)
  assert.ok(card.open)
  assert.equal(said(), STOPS[0].title)
  assert.equal(stored["zscope.tour"], "true")
  assert.ok(!(await opened(stored)).card.open)
})

test("a browser that stores nothing has the tour too", async () => assert.ok((await opened(null)).card.open))

test("there is no tour without the map", async () => {
  const { card } = await opened({}, false)
  press("t")
  assert.ok(!card.open)
})

test("Next and the arrow keys go on, Escape and the last stop end it, T begins it again", async () => {
  const { place, map, card, said } = await opened({}), next = place.host.querySelector("[data-do=next]")
  assert.equal(page.activeElement, next)
  place.host.querySelector(".zscope-tour").onclick({ target: next })
  press("ArrowRight", next)
  press("ArrowLeft", next)
  press("ArrowLeft", map) // that of the map itself
  assert.equal(said(), STOPS[1].title)
  for (const _stop of STOPS.slice(1)) press("ArrowRight", next)
  assert.ok(!card.open)
  assert.equal(page.activeElement, map)
  press("t")
  assert.ok(card.open)
  press("Escape", map)
  assert.ok(!card.open)
})

test("a stop says what a finger does where one points with it", async () => {
  const { matchMedia } = globalThis, { place, said } = await opened({}), next = place.host.querySelector("[data-do=next]")
  const text = () => place.host.querySelector(".zh-card p").textContent, all = { true: [], false: [] }
  for (const matches of [true, false]) {
    globalThis.matchMedia = () => ({ matches })
    press("t")
    for (const stop of STOPS) {
      assert.equal(said(), stop.title)
      all[matches].push(text())
      press("ArrowRight", next)
    }
  }
  globalThis.matchMedia = matchMedia
  assert.ok(!/click|mouse|pointer|keys, such/i.test(all.true.join()), all.true.join())
  assert.match(all.true.join(), /hold a finger still for a menu/)
  for (const known of [/P, which presents/, /latents, the few numbers/, /explains the terms/]) assert.match(all.false.join(), known)
})

test("Enter opens a closed list, and nothing else", async () => {
  await opened({ "zscope.tour": "true" })
  globalThis.KeyboardEvent ??= class { constructor(type, init) { Object.assign(this, { type }, init) } }
  const list = new Element("input"), sent = []
  list.dispatchEvent = ({ key }) => sent.push(key)
  for (const [role, expanded] of [["combobox", "false"], ["combobox", "true"], ["button", "false"]]) {
    list.setAttribute("role", role)
    list.setAttribute("aria-expanded", expanded)
    press("Enter", list)
  }
  assert.deepEqual(sent, ["ArrowDown"])
})

test("? opens and closes the list of keys, unless it is typed", async () => {
  const { place, keys } = await opened({ "zscope.tour": "true" }), field = new Element("input")
  press("?", field)
  press("?", page.body, { ctrlKey: true })
  assert.ok(!keys.open)
  press("?")
  assert.ok(keys.open)
  assert.equal(place.host.querySelectorAll("dt").length, KEYS.flatMap(([, all]) => all).length)
  press("?")
  assert.ok(!keys.open)
})

test("every stop points at something, and MAP is where it begins", () => {
  assert.equal(STOPS.length, 5)
  assert.equal(STOPS[0].at, MAP)
  for (const { title, text } of STOPS) assert.ok(title && text.split(/[.?!](?:\s|$)/).filter(Boolean).length <= 2, title)
})

test("a heading that a link leads to is followed until it stays, or the visitor scrolls", async () => {
  let top = 500
  const went = [], heading = { getBoundingClientRect: () => ({ top }), scrollIntoView: () => { went.push(top); top = 60 } }
  page.getElementById = (id) => (id === "off-data-score" ? heading : null)
  const end = arrive("#off-data-score")
  await pass(600)
  top = -400 // what is above it has become smaller
  await pass(600)
  assert.deepEqual(went, [500, -400])
  win.dispatch("wheel")
  top = 900
  await pass(5000)
  assert.equal(went.length, 2)
  end()
  const { listening } = win
  arrive("")()
  assert.equal(win.listening, listening)
})

test("the legend explains what each map draws besides its points", () => {
  for (const [mode, count] of [["explore", 2], ["waypoints", 2], ["other", 0]]) {
    const all = signs(mode).querySelectorAll("span")
    assert.equal(all.length, count, mode)
    for (const one of all) assert.ok(one.title && one.textContent && one.querySelector("svg"))
  }
})
