import assert from "node:assert/strict"
import { test } from "node:test"
import { joined } from "../../app/browser/one_step/one_step.js"
import render from "../../app/browser/pulse/pulse.js"

/** A browser's history that keeps its addresses. */
function browser(...entries) {
  const location = {
    get href() { return `http://here${entries.at(-1)}` },
    get pathname() { return new URL(this.href).pathname },
    get search() { return new URL(this.href).search },
  }
  const history = {
    entries,
    pushState(_state, _title, address) { entries.push(address) },
    replaceState(_state, _title, address) { entries[entries.length - 1] = address },
  }
  const events = new EventTarget()
  joined(history, location, events)
  return Object.assign(history, { click: () => events.dispatchEvent(new Event("click")) })
}

test("the steps in which Streamlit changes a page are one entry", () => {
  const history = browser("/generate?model=a&seed=3")
  for (const address of ["/generate", "/", "/?model=a&p=r3"]) history.pushState({}, "", address)
  assert.deepEqual(history.entries, ["/generate?model=a&seed=3", "/?model=a&p=r3"])
})

test("also when the link comes before the page that it belongs to", () => {
  const history = browser("/generate?model=a&seed=3")
  for (const address of ["/generate", "/generate?model=a&p=r3", "/?model=a&p=r3"]) history.pushState({}, "", address)
  assert.deepEqual(history.entries, ["/generate?model=a&seed=3", "/?model=a&p=r3"])
  for (const address of ["/?model=a&w=r7", "/interpolate?model=a&w=r7"]) history.pushState({}, "", address)
  assert.deepEqual(history.entries.slice(1), ["/?model=a&p=r3", "/interpolate?model=a&w=r7"])
  history.pushState({}, "", "/interpolate?model=a&w=r8")
  assert.deepEqual(history.entries.slice(2), ["/interpolate?model=a&w=r7", "/interpolate?model=a&w=r8"])
})

test("a page that shares its link with the one that is left is an entry of its own", () => {
  const history = browser("/?model=a")
  history.pushState({}, "", "/?model=a&p=r3")
  history.click()
  history.pushState({}, "", "/interpolate?model=a&p=r3")
  assert.deepEqual(history.entries, ["/?model=a", "/?model=a&p=r3", "/interpolate?model=a&p=r3"])
})

test("each view of a page stays an entry of its own", () => {
  const history = browser("/?model=a")
  for (const address of ["/?model=a&p=r3", "/?model=b"]) history.pushState({}, "", address)
  assert.deepEqual(history.entries, ["/?model=a", "/?model=a&p=r3", "/?model=b"])
})

/** A page with a pulse that is given `seconds` in which Streamlit is in that state; how often it beat. input: a click then. */
function beats(t, dataset, seconds, input = -1) {
  t.mock.timers.enable({ apis: ["setInterval"] })
  let sent = 0, now = 0
  const heard = {}
  t.mock.method(performance, "now", () => now)
  t.mock.method(document, "createElement", () => ({ dataset: {}, remove() {} }))
  t.mock.method(document, "addEventListener", (kind, act) => { heard[kind] = act })
  document.querySelector = () => ({ dataset })
  render({ parentElement: { append() {} }, data: { every_ms: 1000 }, setTriggerValue: () => { sent += 1 } })
  for (let ms = 0; ms < 1000 * seconds; ms += 100) {
    if (ms === 1000 * input) heard.pointerdown()
    now += 100
    t.mock.timers.tick(100)
  }
  return sent
}

test("a pulse beats while Python is at rest", (t) => assert.equal(beats(t, { testScriptState: "notRunning" }, 5), 5))
test("not while it runs: what is sent then may be answered after the page has changed", (t) => assert.equal(beats(t, { testScriptState: "running" }, 5), 0))
test("nor once a click was sent that it has not begun with", (t) => assert.equal(beats(t, { testScriptState: "rerunRequested" }, 5), 0))
test("nor right after a click, which may wait behind what runs", (t) => assert.equal(beats(t, { testScriptState: "notRunning" }, 5, 2.5), 3))
test("nor while the server is away", (t) => assert.equal(beats(t, { testScriptState: "notRunning", testConnectionState: "DISCONNECTED_FOREVER" }, 5), 0))
