// Several controls as one stop of Tab.
import assert from "node:assert/strict"
import { test } from "node:test"
import { page } from "./page/page.js"

const { Roving } = await import("../../app/browser/shared/roving.js")

/** A row of controls, the second one chosen and the third one disabled, and what a key does to it. */
function row() {
  const root = page.createElement("div"), controls = ["a", "b", "c", "d"].map((name) => Object.assign(page.createElement("button"), { textContent: name }))
  controls[1].setAttribute("aria-selected", "true")
  controls[2].disabled = true
  root.append(...controls)
  let focused = null
  for (const one of controls) one.focus = () => { focused = one; root.dispatch("focusin", { target: one }) }
  const roving = new Roving(root, "button")
  roving.refresh()
  const press = (key, more = {}) => {
    let taken = false
    root.dispatch("keydown", { key, target: focused, preventDefault: () => { taken = true }, stopPropagation() {}, ...more })
    return taken
  }
  return { controls, press, start: (k) => controls[k].focus(), at: () => focused.textContent, stops: () => controls.filter(({ tabIndex }) => tabIndex === 0).map(({ textContent }) => textContent) }
}

test("Tab reaches the chosen one, then the one that had the focus last", () => {
  const { start, stops } = row()
  assert.deepEqual(stops(), ["b"])
  start(3)
  assert.deepEqual(stops(), ["d"])
})

test("arrow keys go round, over what is disabled; Home and End to the ends", () => {
  const { press, start, at } = row(), went = []
  start(0)
  for (const key of ["ArrowRight", "ArrowDown", "ArrowRight", "ArrowLeft", "ArrowUp", "Home", "End"]) { assert.ok(press(key)); went.push(at()) }
  assert.deepEqual(went, ["b", "d", "a", "d", "b", "a", "d"])
})

test("other keys, and those with Ctrl, are left alone", () => {
  const { press, start, at } = row()
  start(0)
  assert.equal(press("Enter") || press("x") || press("ArrowRight", { ctrlKey: true }), false)
  assert.equal(at(), "a")
})
