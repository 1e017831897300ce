import assert from "node:assert/strict"
import { mock, test } from "node:test"
import { arrowed } from "../../app/browser/latent_map/arrows.js"
import { payload } from "../../app/browser/latent_map/views.js"
import { pace } from "../../app/browser/shared/channel.js"
import { _, ms, ngettext, number, percent, significant } from "../../app/browser/shared/text.js"
import { paced } from "../../app/browser/shared/zscope.js"

test("numbers as English writes them, the minus a minus sign", () => {
  assert.deepEqual([number(1437), number(-1234.567, 2), number(null), number(Number.NaN)], ["1,437", "−1,234.57", "–", "NaN"])
})

test("significant digits, none before the point lost", () => {
  assert.deepEqual([0.00123456, 123456.7, 0, 12.3456].map((v) => significant(v)), ["0.00123", "123,457", "0", "12.3"])
  assert.deepEqual([-1e-9, 1.2345e9, -1234.5].map((v) => significant(v)), ["−1e−9", "1.23e9", "−1,235"].map((v, i) => (i === 2 ? number(-1234.5) : v)))
})

test("shares in percent", () => assert.deepEqual([percent(0.983), percent(0.98345, 1), percent(null)], ["98%", "98.3%", "–"]))

test("milliseconds have a decimal where they are few", () => assert.deepEqual([ms(3.64), ms(123.4)], ["3.6 ms", "123 ms"]))

test("named values fill a message, and a name without one stays", () => {
  assert.equal(_("{a} of {b}, {c}", { a: 1, b: "x" }), "1 of x, {c}")
  assert.equal(_("no {values}"), "no {values}")
})

test("plural forms, the number written as numbers are", () => {
  const said = (n) => ngettext("{n} sample of {set}", "{n} samples of {set}", n, { set: "digits" })
  assert.deepEqual([0, 1, 2000].map(said), ["0 samples of digits", "1 sample of digits", "2,000 samples of digits"])
})

test("arrow keys step, with shift they leap, other keys do nothing", () => {
  assert.deepEqual(arrowed({ key: "ArrowLeft" }), [-6, 0].map((v) => v + 0))
  assert.deepEqual(arrowed({ key: "ArrowDown", shiftKey: true }), [0, 36])
  assert.equal(arrowed({ key: "a" }), undefined)
})

test("a view's key and numbers share a payload", () => {
  const bytes = payload("pca", [1.5, -2])
  assert.ok(bytes instanceof Uint8Array)
  assert.deepEqual([...new Float32Array(bytes.slice(-8).buffer)], [1.5, -2])
})

test("paced: at once, then the last call once in the time given", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] })
  pace.gap = 8
  const seen = [], act = paced(100, (v) => seen.push(v))
  act(1); act(2); act(3)
  assert.deepEqual(seen, [1])
  t.mock.timers.tick(100)
  assert.deepEqual(seen, [1, 3])
  t.mock.timers.tick(100)
  act(4)
  assert.deepEqual(seen, [1, 3, 4])
})

test("paced runs more rarely where the screen is slow", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] })
  pace.gap = 40
  const seen = [], act = paced(100, (v) => seen.push(v))
  act(1); act(2)
  t.mock.timers.tick(299)
  assert.deepEqual(seen, [1])
  t.mock.timers.tick(1)
  assert.deepEqual(seen, [1, 2])
  pace.gap = 8
})

test("a cancelled call is not made", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] })
  const seen = [], act = paced(100, (v) => seen.push(v))
  act(1); act(2)
  act.cancel()
  t.mock.timers.tick(1000)
  assert.deepEqual(seen, [1])
  assert.equal(mock.timers !== undefined, true)
})
