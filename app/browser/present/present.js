// @ts-check
// Present: the map, the picture and the open tool fill the screen; present.css lays them out. Key P, or the event "present",
// starts and ends it, Escape ends it. Only the page changes: what is live stays live, and Python is not asked.
// Tells event "type" px: the size of type that can be read from the last row, 0 at a desk.

import { Part, mounting } from "../shared/part.js"
import { element } from "../shared/elements.js"
import { typing } from "../shared/keys.js"
import { _ } from "../shared/text.js"
import { emit, on, theme } from "../shared/zscope.js"

const LEAST_PX = 24, OF_WIDTH = 0.019 // of the type

class Present extends Part {
  static className = "zscope-present zscope-part"
  static markup = `<button type="button" title="${_("Leave the presentation (Escape)")}" aria-label="${_("Leave the presentation (Escape)")}">×</button>`

  static subject() { return "" }

  shown = false
  label = element("p", "zm-title")
  whole = false // whether the browser shows the page on the whole screen

  start() {
    this.find("button").onclick = () => this.leave()
    const listen = (target, name, act) => {
      target.addEventListener(name, act, true)
      this.offs.push(() => target.removeEventListener(name, act, true))
    }
    listen(globalThis, "keydown", (event) => this.key(event))
    listen(globalThis, "resize", () => this.size())
    listen(document, "fullscreenchange", () => this.screen())
    this.offs.push(on("present", () => this.toggle()), on("type wanted", () => this.size()))
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event)) return
    if (event.key?.toLowerCase() === "p" && !event.repeat) this.toggle()
    else if (event.key === "Escape" && this.shown && !document.querySelector("dialog[open]")) { event.stopPropagation(); this.leave() } // it is not for the map as well
  }

  toggle() { if (this.shown) this.leave(); else this.enter() }

  enter() {
    const page = document.documentElement
    this.shown = true
    page.dataset.present = ""
    page.style.setProperty("--present-ground", theme(this.root).background)
    this.title()?.focus({ preventScroll: true }) // arrow keys move the cursor of the map
    this.size()
    page.requestFullscreen?.().then(() => { this.whole = true }, () => {}) // a browser that refuses: the window is filled
  }

  leave() {
    if (!this.shown) return
    this.shown = false
    delete document.documentElement.dataset.present
    this.label.remove()
    if (document.fullscreenElement) document.exitFullscreen()
    this.size()
  }

  // the browser's own way out of the whole screen ends it too
  screen() {
    if (this.whole && !document.fullscreenElement) this.leave()
    this.whole = Boolean(document.fullscreenElement)
  }

  size() {
    const px = this.shown ? Math.round(Math.max(LEAST_PX, OF_WIDTH * innerWidth)) : 0
    document.documentElement.style.setProperty("--present-type", `${px}px`)
    emit("type", px)
  }

  // on the map, which it gives: what model is shown, as the page's own bar is not in sight
  title() {
    const { title, about } = this.component.data
    /** @type {HTMLElement | null} */
    const map = document.querySelector(".zscope-map")
    this.label.replaceChildren(element("b", "", title), " ", element("span", "", about))
    map?.append(this.label)
    return map
  }

  // the theme may be another, and the model
  update(component) {
    super.update(component)
    if (!this.shown) return
    this.title()
    document.documentElement.style.setProperty("--present-ground", theme(this.root).background)
  }

  remove() {
    this.leave()
    super.remove()
  }
}

const { render, unmount } = mounting(Present)
export { render as default, unmount }
