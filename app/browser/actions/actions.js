// @ts-check
// Undo, redo, the pin and what takes a point along, by button and by key; the status line.

import { TYPING, typing } from "../shared/keys.js"
import { Part, mounting } from "../shared/part.js"
import { copied, emit, on } from "../shared/zscope.js"
import { StatusLine } from "./status_line.js"
import { _ } from "../shared/text.js"

const MARKUP = `
<button type="button" data-do="undo" aria-label="${_("Undo")}" title="${_("Undo (Ctrl+Z)")}">↶</button>
<button type="button" data-do="redo" aria-label="${_("Redo")}" title="${_("Redo (Ctrl+Shift+Z)")}">↷</button>
<button type="button" data-do="pin" aria-pressed="false" title="${_("Pin this point to compare it with others (space)")}">${_("Pin")}</button>
<button type="button" data-do="flip" aria-pressed="false" title="${_("Show the pinned point in the large picture (hold space)")}">${_("Flip")}</button>
<button type="button" data-do="hold" aria-pressed="false" title="${_("Hold this point: the map is then decoded with what it cannot say of it, its residual (H)")}">${_("Hold")}</button>
<button type="button" data-do="present" title="${_("Show the map and the picture full screen, in large type (P)")}">${_("Present")}</button>
<button type="button" popovertarget="za-copy">${_("Copy")} ▾</button>
<div id="za-copy" class="za-copy" popover>
  <button type="button" data-do="link" title="${_("Copy a link to this view")}">${_("Copy link")}</button>
  <button type="button" data-do="picture" title="${_("Copy the decoded picture to the clipboard")}">${_("Copy picture")}</button>
  <button type="button" data-do="python" title="${_("Copy Python code that makes this picture")}">${_("Copy as Python")}</button>
</div>
<span class="za-said" role="status"></span>`
const LIST_PX = 170 // that the list takes at most, across
const REFUSED = _("The browser did not allow copying")
const PRESSING = `button, a, summary, [role=button], [role=tab], [role=radio], [role=option], ${TYPING}` // where space means something

class Actions extends Part {
  static className = "zscope-actions zscope-part"
  static markup = MARKUP

  flipped = false
  held = false // the space bar

  start() {
    this.root.onclick = (event) => this.act(event.target.closest("button")?.dataset.do)
    this.find(".za-copy").addEventListener("beforetoggle", ({ newState }) => { if (newState === "open") this.place() })
    this.down = (event) => this.keyDown(event)
    this.up = (event) => { if (event.key === " " && this.held) this.flip((this.held = false)) }
    addEventListener("keydown", this.down)
    addEventListener("keyup", this.up)
    this.offs.push(
      () => removeEventListener("keydown", this.down),
      () => removeEventListener("keyup", this.up),
      on("pin", ({ row, xy, z }) => this.component.setTriggerValue("pinned", { row, xy: Array.from(xy), z: Array.from(z) })),
    )
    this.show()
    this.connect()
    this.status = new StatusLine(this.root, this.client)
  }

  update(component) {
    super.update(component)
    this.connect()
    this.status.client = this.client
    this.show()
  }

  button(name) { return this.find(`[data-do=${name}]`) }

  show() {
    const { can_undo, can_redo, pinned, held } = this.component.data, at = document.activeElement
    for (const [name, can, other] of [["undo", can_undo, "redo"], ["redo", can_redo, "undo"], ["flip", pinned, "pin"]]) {
      this.button(name).disabled = !can
      if (!can && at === this.button(name)) this.button(other).focus({ preventScroll: true }) // not nowhere
    }
    this.button("pin").setAttribute("aria-pressed", String(pinned))
    this.button("pin").textContent = pinned ? _("Unpin") : _("Pin")
    this.button("hold").setAttribute("aria-pressed", String(Boolean(held)))
    this.button("hold").textContent = held ? _("Release") : _("Hold")
    if (!pinned && this.flipped) this.flip(false)
  }

  keyDown(event) {
    const at = event.composedPath()[0]
    const command = event.ctrlKey || event.metaKey
    if (command && event.key.toLowerCase() === "z" && !typing(event)) {
      event.preventDefault()
      return this.act(event.shiftKey ? "redo" : "undo")
    }
    if (event.key !== " " || command || event.altKey || event.defaultPrevented || at.closest?.(PRESSING)) return
    event.preventDefault() // it would scroll the page
    if (event.repeat) return
    if (!this.component.data.pinned) return this.act("pin")
    this.held = true
    this.flip(true)
  }

  flip(flipped) {
    this.flipped = flipped
    this.button("flip").setAttribute("aria-pressed", String(flipped))
    emit("flip", flipped)
  }

  // the list of what can be copied stands above its button, which lies near the foot of the window
  place() {
    const { left, top } = this.find("[popovertarget]").getBoundingClientRect()
    Object.assign(this.find(".za-copy").style, { left: `${Math.min(left, innerWidth - LIST_PX)}px`, bottom: `${innerHeight - top + 4}px` })
  }

  act(what) {
    const { data } = this.component
    if (what) this.find(".za-copy").hidePopover()
    if (what === "flip") this.flip(!this.flipped)
    if (what === "present") emit("present")
    if (what === "pin") this.component.setTriggerValue("act", data.pinned ? "unpin" : "pin")
    if (what === "hold") this.component.setTriggerValue("act", data.held ? "release" : "hold")
    if (what === "undo" || what === "redo") this.component.setTriggerValue("act", what)
    if (what === "link") this.copy(location.href, _("Link copied"))
    if (what === "picture") emit("copy picture", (done) => this.say(done ? _("Picture copied") : REFUSED))
    if (what === "python") this.copy(data.python, _("Python copied"))
  }

  async copy(text, said) { this.say((await copied(text)) ? said : REFUSED) }

  say(text) {
    this.find(".za-said").textContent = text
    clearTimeout(this.saying)
    this.saying = setTimeout(() => { this.find(".za-said").textContent = "" }, 4000)
  }

  remove() {
    clearTimeout(this.saying)
    if (this.flipped) emit("flip", false)
    this.status?.remove()
    super.remove()
  }
}

const { render, unmount } = mounting(Actions)
export { render as default, unmount }
