// A term says what it is, to a finger too.
import assert from "node:assert/strict"
import { test } from "node:test"
import { page } from "./page/page.js"
import { termLink } from "../../app/browser/shared/terms.js"

function clicked(pointerType, help) {
  const link = termLink("trust", "Trust", help)
  page.body.append(link)
  let opens = true
  page.dispatch("click", { target: link, pointerType, preventDefault: () => { opens = false } })
  link.remove()
  return opens
}

test("a tap on a term shows its help and a link to the terms; a click of a mouse opens them", () => {
  assert.deepEqual([clicked("mouse", "how near"), page.body.querySelector(".zscope-help")], [true, null])
  assert.equal(clicked("touch", "how near"), false)
  const card = page.body.querySelector(".zscope-help")
  assert.equal(card.querySelector("p").textContent, "how near")
  assert.equal(card.querySelector("a").href, "terms#trust")
  assert.equal(clicked("touch", ""), true) // nothing to show
  card.remove()
})
