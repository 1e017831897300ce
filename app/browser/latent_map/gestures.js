// @ts-check
// What a press becomes: a tap, a pan, the stroke of a tool; of a finger, which has no other way to point, a look instead of a pan;
// of two fingers a pinch. A finger that rests, or the right button, asks for the menu. The wheel zooms about the pointer.

const TAP_PX = 4, TOUCH_TAP_PX = 9 // further than this between press and release is a drag
const HOLD_MS = 500 // of a resting finger
const WHEEL = 0.0016, WHEEL_PINCH = 0.01, LINE_PX = 16 // a notch of 120 px zooms by a fifth

export class Gestures {
  down = new Map()
  box = null

  // ours(event): whether an event is the map's own; tap(event): pressed and released in one place; hold(px, py): asked for the
  // menu there; stroke(px, py, event): what a drag from there does, {move(px, py, event), end(px, py, event), cancel()}, or null:
  // it pans, and with a finger does what finger() gives
  /** @param {HTMLElement} root @param {import("./plot.js").Plot} plot @param {Record<string, (...given: any[]) => any>} acts */
  constructor(root, plot, { ours, tap, hold, stroke, finger }) {
    this.root = root
    this.plot = plot
    this.ours = ours
    this.tap = tap
    this.hold = hold
    this.stroke = stroke
    this.finger = finger
    const forget = () => { this.box = null }
    const listen = (target, name, act, options) => {
      target.addEventListener(name, act, options)
      return () => target.removeEventListener(name, act, options)
    }
    this.offs = [
      listen(root, "pointerdown", (event) => this.pressed(event)),
      listen(root, "pointermove", (event) => this.moved(event)),
      listen(root, "pointerup", (event) => this.released(event)),
      listen(root, "pointercancel", (event) => this.cancelled(event)),
      listen(root, "contextmenu", (event) => this.asked(event)),
      listen(root, "wheel", (event) => this.wheel(event), { passive: false }),
      listen(root, "pointerenter", forget),
      listen(window, "scroll", forget, { capture: true, passive: true }),
    ]
  }

  // px from the top left of the map
  at(event) {
    const box = (this.box ??= this.root.getBoundingClientRect())
    return [event.clientX - box.left - this.root.clientLeft, event.clientY - box.top - this.root.clientTop]
  }

  // whether a drag, a pinch or a stroke is under way
  get busy() { return Boolean(this.drag) }

  pressed(event) {
    if (event.button !== 0 || !this.ours(event)) return
    this.root.focus({ preventScroll: true }) // so that arrow keys go on from a click
    const touch = event.pointerType === "touch", at = this.at(event)
    this.down.set(event.pointerId, { first: at, last: at, touch, far: touch ? TOUCH_TAP_PX : TAP_PX })
    clearTimeout(this.resting)
    if (touch && this.down.size === 1) this.resting = setTimeout(() => this.held(at), HOLD_MS)
    if (this.down.size === 2) this.drag?.cancel?.() // a second finger: no stroke, but a pinch
    if (this.down.size === 2) this.drag = { pinch: true }
  }

  moved(event) {
    const press = this.down.get(event.pointerId)
    if (!press) return
    const [px, py] = this.at(event), [x, y] = press.last
    if (this.down.size === 2) return this.pinch(event.pointerId, [px, py])
    if (!this.drag) {
      if (Math.hypot(px - press.first[0], py - press.first[1]) <= press.far) return
      clearTimeout(this.resting)
      const pan = { move: (u, v) => this.plot.pan(u - press.last[0], v - press.last[1]) }
      this.drag = this.stroke(...press.first, event) ?? (press.touch ? this.finger() : pan)
      this.root.setPointerCapture(event.pointerId)
    }
    if (px !== x || py !== y) this.drag.move?.(px, py, event)
    press.last = [px, py]
  }

  pinch(id, now) {
    const other = [...this.down].find(([key]) => key !== id)[1].last, press = this.down.get(id), was = press.last
    const middle = (a) => [(a[0] + other[0]) / 2, (a[1] + other[1]) / 2], apart = (a) => Math.max(1, Math.hypot(a[0] - other[0], a[1] - other[1]))
    const [a, b] = [middle(was), middle(now)]
    press.last = now
    this.plot.pan(b[0] - a[0], b[1] - a[1])
    this.plot.zoomAt(...b, apart(was) / apart(now))
  }

  // the menu is wanted there; what is pressed meanwhile is neither tap nor drag any more
  held(at) {
    clearTimeout(this.resting)
    if (this.down.size) this.drag = { menu: true }
    this.hold(...at)
  }

  asked(event) {
    if (!this.ours(event)) return
    event.preventDefault()
    if (!this.drag) this.held(this.at(event)) // else a finger that rested: some browsers ask a second time
  }

  released(event) {
    clearTimeout(this.resting)
    const press = this.down.get(event.pointerId)
    if (!press) return
    this.down.delete(event.pointerId)
    const drag = this.drag
    if (this.down.size) return // the other finger stays: it is no tap of its own
    this.drag = null
    if (drag) return drag.end?.(...this.at(event), event)
    this.tap(event)
  }

  cancelled(event) {
    clearTimeout(this.resting)
    if (!this.down.delete(event.pointerId)) return
    this.drag?.cancel?.()
    this.drag = null
  }

  // Escape: the stroke under way is dropped
  cancel() {
    if (!this.drag?.cancel) return false
    this.drag.cancel()
    this.drag = { dropped: true }
    return true
  }

  wheel(event) {
    if (!this.ours(event)) return
    event.preventDefault()
    const px = event.deltaMode ? LINE_PX * event.deltaY : event.deltaY
    this.plot.zoomAt(...this.at(event), Math.exp(Math.max(-400, Math.min(400, px)) * (event.ctrlKey ? WHEEL_PINCH : WHEEL)))
  }

  remove() {
    clearTimeout(this.resting)
    for (const off of this.offs) off()
  }
}
