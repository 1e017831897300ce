// The line at the foot of the page: why a live request was refused, until one is answered.
import assert from "node:assert/strict"
import { test } from "node:test"
import "./page/page.js"
import { Element } from "./page/dom.js"
import { StatusLine } from "../../app/browser/actions/status_line.js"
import { emit } from "../../app/browser/shared/zscope.js"

test("why a request was refused is said until one is answered", () => {
  const client = { state: "open", reason: "", recent: [], refreshes: [], info: null }
  const line = new StatusLine(new Element("div"), client)
  const said = () => [line.part("state").textContent, line.element.dataset.state]
  assert.deepEqual(said(), ["", "open"])
  emit("trouble", "your model is busy")
  assert.deepEqual(said(), ["your model is busy", "trouble"])
  client.state = "away"
  client.reason = "gone"
  line.connection()
  assert.equal(said()[1], "away")
  client.state = "open"
  line.connection()
  assert.equal(said()[0], "your model is busy")
  emit("frame", {})
  assert.deepEqual(said(), ["", "open"])
  line.remove()
})
