// Where the focus goes when what has it vanishes.
import assert from "node:assert/strict"
import { test } from "node:test"
import { Place, page, serve } from "./page/page.js"
import { Menu, item } from "../../app/browser/latent_map/menu.js"

test("a menu opens at its choice, and hands the focus back to its button when it closes", () => {
  const bar = page.createElement("div")
  page.body.append(bar)
  const menu = new Menu(bar, { name: "Map", title: "Choose", fill: (panel) => {
    for (const text of ["UMAP", "PCA"]) item(panel, { text, checked: text === "PCA", act: () => menu.close() })
  } })
  menu.open()
  assert.equal(page.activeElement.querySelector("span").textContent, "PCA")
  page.activeElement.onclick()
  assert.equal(page.activeElement, menu.button)
  page.body.focus?.()
})

test("Undo that has nothing left to undo hands the focus to Redo", async () => {
  serve()
  const place = new Place(await import("../../app/browser/actions/actions.js")), data = { link: { model: "m", token: "" }, python: "", pinned: false }
  await place.render({ ...data, can_undo: true, can_redo: false })
  place.host.querySelector("[data-do=undo]").focus()
  await place.render({ ...data, can_undo: false, can_redo: true })
  assert.equal(page.activeElement, place.host.querySelector("[data-do=redo]"))
  place.leave()
})
