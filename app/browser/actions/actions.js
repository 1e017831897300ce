// Undo, redo, the pin and what takes a point along, by button and by key; the status line.

import { connect, copied, emit, mounting, on } from "../shared/zscope.js"
import { StatusLine } from "./status_line.js"

const MARKUP = `
<button type="button" data-do="undo" title="ctrl+z">Undo</button>
<button type="button" data-do="redo" title="ctrl+shift+z">Redo</button>
<button type="button" data-do="pin" aria-pressed="false" title="Keep this point to compare with (space)">Pin</button>
<button type="button" data-do="flip" aria-pressed="false" title="Show the pinned point in the large picture (hold space)">Flip</button>
<button type="button" data-do="link" title="The address of this very view">Copy link</button>
<button type="button" data-do="python" title="The lines that make this picture, with import vae alone">Copy as Python</button>
<span class="za-said" role="status"></span>`
const TYPING = "input:not([type=range]):not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable=true]"
const PRESSING = `button, a, summary, [role=button], [role=tab], [role=radio], [role=option], ${TYPING}` // where space means something

class Actions {
  constructor(component) {
    this.component = component
    this.model = component.data.link.model
    this.root = document.createElement("div")
    this.root.className = "zscope-actions zscope-part"
    this.root.innerHTML = MARKUP
    component.parentElement.append(this.root)
    this.find = (name) => this.root.querySelector(`[data-do=${name}]`)
    this.root.onclick = (event) => this.act(event.target.closest("button")?.dataset.do)
    this.down = (event) => this.keyDown(event)
    this.up = (event) => { if (event.key === " " && this.held) this.flip((this.held = false)) }
    addEventListener("keydown", this.down)
    addEventListener("keyup", this.up)
    this.off = on("pin", ({ row, xy, z }) => this.component.setTriggerValue("pinned", { row, xy: Array.from(xy), z: Array.from(z) }))
    this.show()
  }

  async start() {
    const { model, token, base } = this.component.data.link
    this.client = connect(model, token, base)
    this.status = new StatusLine(this.root, this.client, () => this.component.setTriggerValue("renew", Date.now()))
  }

  update(component) {
    this.component = component
    this.client = connect(this.model, component.data.link.token, component.data.link.base)
    this.show()
  }

  show() {
    const { can_undo, can_redo, pinned } = this.component.data
    this.find("undo").disabled = !can_undo
    this.find("redo").disabled = !can_redo
    this.find("flip").disabled = !pinned
    this.find("pin").setAttribute("aria-pressed", String(pinned))
    this.find("pin").textContent = pinned ? "Unpin" : "Pin"
    if (!pinned && this.flipped) this.flip(false)
  }

  keyDown(event) {
    const at = event.composedPath()[0]
    const command = event.ctrlKey || event.metaKey
    if (command && event.key.toLowerCase() === "z" && !at.closest?.(TYPING)) {
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
    this.find("flip").setAttribute("aria-pressed", String(flipped))
    emit("flip", flipped)
  }

  act(what) {
    const { data } = this.component
    if (what === "flip") this.flip(!this.flipped)
    if (what === "pin") this.component.setTriggerValue("act", data.pinned ? "unpin" : "pin")
    if (what === "undo" || what === "redo") this.component.setTriggerValue("act", what)
    if (what === "link") this.copy(location.href, "Link copied")
    if (what === "python") this.copy(data.python, "Python copied")
  }

  async copy(text, said) { this.say((await copied(text)) ? said : "The browser refused to copy") }

  say(text) {
    this.root.querySelector(".za-said").textContent = text
    clearTimeout(this.saying)
    this.saying = setTimeout(() => { this.root.querySelector(".za-said").textContent = "" }, 4000)
  }

  remove() {
    clearTimeout(this.saying)
    this.off()
    removeEventListener("keydown", this.down)
    removeEventListener("keyup", this.up)
    if (this.flipped) emit("flip", false)
    this.status?.remove()
    this.root.remove()
  }
}

const part = mounting((component) => new Actions(component))
export default part.render
export const unmount = part.unmount
