import assert from "node:assert/strict"
import { readdirSync, readFileSync } from "node:fs"
import { test } from "node:test"

const BROWSER = new URL("../../app/browser/", import.meta.url)
const files = readdirSync(BROWSER, { recursive: true }).map(String).filter((name) => name.endsWith(".js"))
// where text is shown: markup between tags and in attributes, and what is put on an element or into an error
const SHOWN = [
  />\s*([A-Za-z][A-Za-z ,.]{2,})\s*</g,
  /\b(?:title|placeholder|aria-label|alt)="([^"$]*[A-Za-z]{3}[^"$]*)"/g,
  /\b(?:textContent|title|placeholder) = "([^"]*[A-Za-z]{3}[^"]*)"/g,
  /\b(?:textContent|title|placeholder): "([^"]*[A-Za-z]{3}[^"]*)"/g,
  /setAttribute\("(?:aria-label|title|placeholder)", "([^"]*[A-Za-z]{3}[^"]*)"/g,
  /new Error\("([^"]*)"/g,
  /\bnote\("([^"]+)"/g,
]
const NAMES = ["std", "PCA", "UMAP", "GIF"] // the same in every language

// a template with words beside its values is glued from parts, and no message
const TEMPLATE = /(?:textContent|title|placeholder)(?: =|:) (?:[^`"\n;]*\? )?`((?:[^`$]|\$\{(?:[^{}`]|\{[^{}]*\})*\})*)`/g
const glued = (text) => [...text.matchAll(TEMPLATE)].map(([, found]) => found.replace(/\$\{(?:[^{}`]|\{[^{}]*\})*\}/g, "")).filter((found) => /[A-Za-z]{3}/.test(found))

const outside = (text) => SHOWN.flatMap((pattern) => [...text.matchAll(pattern)].map(([, found]) => found.trim())).filter((found) => !NAMES.includes(found))
const code = (name) => readFileSync(new URL(name, BROWSER), "utf8").replace(/^\s*\/\/.*$/gm, "").replace(/ \/\/ .*$/gm, "")

for (const name of files)
  test(`the texts of ${name} are in the catalogue`, () => assert.deepEqual([...outside(code(name)), ...glued(code(name))], []))

for (const name of files)
  test(`no callback of ${name} hides the function that translates`, () => assert.doesNotMatch(code(name), /\(_[,)] ?[a-z]*\)? =>|\(_, /))

test("a text outside is found", () => {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is code that is looked through
  assert.deepEqual(glued("a.textContent = `${n} points`; b.title = c ? `of ${f({ d })}, all` : ``; e.title = `${x} ${y}`"), [" points", "of , all"])
  assert.deepEqual(outside('<b title="Close it">Open</b>`; a.title = "Shut the door"; throw new Error("no door")'), ["Open", "Close it", "Shut the door", "no door"])
})
