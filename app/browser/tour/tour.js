// @ts-check
// What am I looking at? The tour of Explore, shown once in each browser; T brings it back. The dialog of all keys, by ? or by
// the button in the bar. Both lie in the top layer: the page below keeps its place, and the map stays live during the tour.

import { Part, mounting } from "../shared/part.js"
import { arrive } from "./arrival.js"
import { keyList } from "./key_list.js"
import { opensList } from "./picker_key.js"
import { typing } from "../shared/keys.js"
import { around, placed } from "./placing.js"
import { prefer, preferred } from "../shared/preference.js"
import { MAP, STOPS } from "./stops.js"
import { _ } from "../shared/text.js"

const LOOK_MS = 250 // from one look at the page to the next: whether the map is there, and where a stop has moved to
const RING_PX = 4 // around what is pointed at
const SEEN = "tour"
const MARKUP = `
<button type="button" class="zh-open" title="${_("Keys, terms and the tour (?)")}" aria-label="${_("Help")}">?</button>
<div class="zh-ring" popover="manual" aria-hidden="true"></div>
<div class="zh-card" popover="manual" role="dialog" aria-label="${_("Tour of Explore")}">
  <div aria-live="polite"><h4></h4><p></p></div>
  <footer><span></span><button type="button" data-do="skip">${_("Skip")}</button><button type="button" data-do="next"></button></footer>
</div>
<dialog class="zh-keys" aria-label="${_("Help")}">
  <header><h3>${_("Help")}</h3><button type="button" data-do="close" aria-label="${_("Close")}">×</button></header>
  <footer><button type="button" data-do="tour">${_("Take the tour")}</button><a href="terms" target="_blank">${_("All terms explained")}</a></footer>
  <div class="zh-list"></div>
</dialog>`

/** Whether an address shows more than a model: whoever follows it wants to see that, not a tour. @param {string} address */
export function shows(address) {
  return [...new URL(address, "http://page").searchParams.keys()].some((name) => name !== "model")
}

// the address as the page was opened: Python has written more into it since
const opened = () => performance.getEntriesByType?.("navigation")[0]?.name ?? location.href

// the box around what is in sight of those elements
function seen(selectors) {
  const boxes = [...document.querySelectorAll(selectors)].map((one) => one.getBoundingClientRect())
  return around(boxes.map(({ left, top, width, height }) => [left, top, width, height]).filter(([, , w, h]) => w && h))
}

class Tour extends Part {
  static className = "zscope-tour zscope-part"
  static markup = MARKUP

  static subject() { return "" }

  at = -1 // the stop; -1: no tour
  card = this.find(".zh-card")
  ring = this.find(".zh-ring")
  keys = this.find(".zh-keys")

  start() {
    this.find(".zh-list").replaceChildren(...keyList())
    this.root.onclick = (event) => this.act(event.target)
    const listen = (target, name, act) => {
      target.addEventListener(name, act, true)
      this.offs.push(() => target.removeEventListener(name, act, true))
    }
    listen(globalThis, "keydown", (event) => this.key(event))
    for (const name of ["resize", "scroll"]) listen(globalThis, name, () => this.place())
    this.first = !preferred(SEEN, false) && !shows(opened())
    const timer = setInterval(() => this.look(), LOOK_MS)
    this.offs.push(() => clearInterval(timer), arrive(location.hash ?? ""))
  }

  get map() { return /** @type {HTMLElement | null} */ (document.querySelector(MAP)) }

  look() {
    if (this.at >= 0) return this.map ? this.place() : this.end()
    if (this.first && this.map && !document.hidden) this.begin()
  }

  act(target) {
    const what = target.closest("button")?.dataset.do
    if (target.closest(".zh-open")) this.help()
    else if (what === "next") this.go(this.at + 1)
    else if (what === "skip") this.end()
    else if (what === "close" || target === this.keys) this.keys.close() // a click beside the dialog is one on its backdrop
    else if (what === "tour") { this.keys.close(); this.begin() }
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key], own = this.card.contains(event.target)
    if (this.at >= 0 && event.key === "Escape") this.end()
    else if (this.at >= 0 && own && step) this.go(Math.max(0, this.at + step))
    else if (this.keys.open && event.key === "Escape") return event.stopPropagation() // the dialog closes by itself
    else if (opensList(event)) { /* it is open */ }
    else if (event.repeat || typing(event)) return
    else if (event.key === "?") this.help()
    else if (event.key?.toLowerCase() === "t" && this.map) this.begin()
    else return
    event.preventDefault()
    event.stopPropagation()
  }

  // ---------------------------------------------------------------- the list of keys

  help() {
    if (this.keys.open) return this.keys.close()
    if (this.at >= 0) this.end()
    this.find("[data-do=tour]").hidden = !this.map
    this.keys.showModal()
  }

  // ---------------------------------------------------------------- the tour

  begin() {
    if (this.keys.open) this.keys.close()
    this.first = false
    prefer(SEEN, true)
    this.before = /** @type {HTMLElement | null} */ (document.activeElement)
    for (const part of [this.ring, this.card]) part.showPopover()
    this.go(0)
    this.find("[data-do=next]").focus({ preventScroll: true })
  }

  go(at) {
    if (at >= STOPS.length) return this.end()
    this.at = at
    const { title, text, touch = text } = STOPS[at], last = at === STOPS.length - 1
    this.card.querySelector("h4").textContent = title
    this.card.querySelector("p").textContent = matchMedia("(pointer: coarse)").matches ? touch : text
    this.card.querySelector("span").textContent = _("{at} of {all}", { at: at + 1, all: STOPS.length })
    this.find("[data-do=skip]").hidden = last
    this.find("[data-do=next]").textContent = last ? _("Done") : _("Next")
    this.place()
  }

  // beside what it points at, wherever that is now
  place() {
    if (this.at < 0) return
    const { at, instead = at, inside } = STOPS[this.at], room = [innerWidth, innerHeight], target = seen(at) ?? seen(instead)
    const [left, top] = placed(target, [this.card.offsetWidth, this.card.offsetHeight], room, inside)
    this.card.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`
    this.ring.hidden = !target
    if (!target) return
    const [x, y, w, h] = [target[0] - RING_PX, target[1] - RING_PX, target[2] + 2 * RING_PX, target[3] + 2 * RING_PX].map(Math.round)
    Object.assign(this.ring.style, { transform: `translate(${x}px, ${y}px)`, width: `${w}px`, height: `${h}px` })
  }

  end() {
    this.at = -1
    for (const part of [this.card, this.ring]) part.hidePopover()
    const before = this.before?.isConnected && this.before !== document.body ? this.before : this.map
    before?.focus({ preventScroll: true })
  }

  remove() {
    if (this.at >= 0) this.end()
    super.remove()
  }
}

const { render, unmount } = mounting(Tour)
export { render as default, unmount }
