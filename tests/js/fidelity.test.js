import assert from "node:assert/strict"
import { test } from "node:test"
import { fidelity } from "../../app/browser/shared/fidelity.js"

const known = { neighbour: 0.1, pca: 0.2, components: 16 }

test("reconstructions are compared with neighbouring samples", () => {
  assert.match(fidelity(0.08, known).text, /by 0\.08 \(values 0–1\), less than neighbouring samples differ \(0\.1\)\. PCA with 16 components: 0\.2\.$/)
  assert.match(fidelity(0.0901, known).text, /about as much as/)
  assert.match(fidelity(0.1099, known).text, /about as much as/)
  assert.match(fidelity(0.1101, known).text, /more than/)
})

test("what is standardised is off by standard deviations", () => {
  assert.match(fidelity(0.08, known, true).text, /by 0\.08\u202fσ, less than neighbouring samples differ \(0\.1\u202fσ\)\. PCA with 16 components: 0\.2\u202fσ\.$/)
})

test("a model is poor here beyond neighbours or beyond PCA", () => {
  assert.deepEqual([0.08, 0.109, 0.111].map((error) => fidelity(error, known).poor), [false, false, true])
  assert.deepEqual([0.05, 0.054, 0.056].map((error) => fidelity(error, { neighbour: null, pca: 0.05, components: 1 }).poor), [false, false, true])
  assert.match(fidelity(0.05, { neighbour: null, pca: 0.05, components: 1 }).text, /PCA with 1 component: 0\.05\.$/)
  assert.match(fidelity(0.06, { neighbour: null, pca: 0.05, components: 16 }).text, /PCA with 16 components does better: 0\.05\.$/)
})

test("what was not measured is left out", () => {
  assert.deepEqual(fidelity(0.5, { neighbour: null, pca: null, components: null }), { text: "Reconstructions here are off by 0.5 (values 0–1).", poor: false })
  assert.deepEqual(fidelity(NaN, known), { text: "", poor: false })
})
