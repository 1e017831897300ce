// Text that changes with every frame.
import assert from "node:assert/strict"
import { test } from "node:test"
import "./page/page.js"

const { hide, write } = await import("../../app/browser/shared/elements.js")

test("a text is written into the text node that is there", () => {
  let made = 0
  const element = { firstChild: null, set textContent(_text) { made++ } }
  write(element, "first")
  assert.equal(made, 1)
  element.firstChild = { nodeValue: "first" }
  write(element, "second")
  write(element, "")
  assert.deepEqual([made, element.firstChild.nodeValue], [1, ""])
})

test("hidden is set only where it changes", () => {
  let times = 0
  const element = { get hidden() { return true }, set hidden(_value) { times++ } }
  hide(element, true)
  assert.equal(times, 0)
  hide(element, false)
  assert.equal(times, 1)
})
