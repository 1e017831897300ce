// @ts-check
// Back and forth through frames: a slider with a mark for each and numbers at some, play and loop, keys. Rests on frames, glides to them, and stays
// at the end while frames are added there.

import { still } from "../shared/motion.js"
import { _ } from "../shared/text.js"

const LEG_MS = [160, 700], WHOLE_MS = 9000, GLIDE_MS = 350 // a frame while playing, at least and at most; of all; of one step
const NUMBERED = 10 // marks at most that have a number
const BUSY = "input:not(.th-range), textarea, select, button, [contenteditable], [role=combobox], [role=slider], [role=listbox]"
const MARKUP = `
<button type="button" class="th-play" aria-pressed="false" title="${_("Space")}"><span aria-hidden="true">▶</span> <b>${_("Play")}</b></button>
<button type="button" class="th-loop" aria-pressed="true" title="${_("Start over at the end")}">${_("Loop")}</button>
<div class="th-track"><input class="th-range" type="range" min="0" max="0" step="any" value="0" data-testid="zscope-scrub"><div class="th-marks" aria-hidden="true"></div></div>
<span class="th-live" title="${_("Follows new epochs while the slider is at the end")}">${_("live")}</span><output></output>
<button type="button" class="th-act" hidden></button>`

const ease = (t) => t * t * (3 - 2 * t)

export class Scrubber {
  f = 0
  last = -1

  constructor(root, { moved, act }) {
    this.root = root
    this.moved = moved
    root.innerHTML = MARKUP
    this.find = (selector) => root.querySelector(selector)
    this.range = this.find("input")
    this.range.oninput = () => { this.halt(); this.go(Number(this.range.value)) }
    this.range.onchange = () => this.glide(Math.round(this.f))
    this.range.onkeydown = (event) => this.key(event)
    this.find(".th-play").onclick = () => (this.playing ? this.rest() : this.play())
    this.find(".th-loop").onclick = ({ currentTarget: button }) => button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"))
    this.find(".th-act").onclick = () => act(Math.round(this.f))
    this.onkey = (event) => event.target.closest?.(BUSY) || event.target === this.range || this.key(event)
    document.addEventListener("keydown", this.onkey)
  }

  // as many frames as there are now; at the end, it goes on to the new end
  take(reel, action) {
    const last = reel.count - 1, first = this.last < 0, atEnd = this.f > this.last - 0.5
    this.reel = reel
    if (last !== this.last) {
      this.last = last
      this.range.max = Math.max(last, 0)
      this.range.disabled = this.find(".th-play").disabled = last < 1
      this.mark()
      if (first) this.go(last)
      else if (atEnd && !this.playing) this.glide(last)
    }
    Object.assign(this.find(".th-act"), { hidden: !action, textContent: action })
    this.say()
  }

  mark() {
    const { last } = this, { values } = this.reel.index, apart = Math.ceil(last / NUMBERED) // the last has its number, and so back from it
    const marks = last > 0 && last < 100 ? values.map((value, i) => {
      const mark = Object.assign(document.createElement("i"), { style: `left:${(100 * i) / last}%` })
      mark.dataset.value = (last - i) % apart === 0 ? value : ""
      return mark
    }) : []
    this.find(".th-marks").replaceChildren(...marks)
  }

  go(f) {
    this.f = Math.min(this.last, Math.max(0, f))
    this.say()
    this.moved()
  }

  say() {
    const { index } = this.reel
    this.range.value = this.f
    this.range.style.setProperty("--t", this.last > 0 ? this.f / this.last : 0)
    const place = this.reel.placeNamed(this.f)
    const said = index.axis === "epoch" ? _("{place} of {last}", { place, last: index.until ?? index.values.at(-1) }) : place
    this.find("output").textContent = said
    for (const name of ["aria-label", "aria-valuetext"]) this.range.setAttribute(name, said) // of the input itself the value is the frame's number
    this.root.dataset.live = String(index.until !== null && index.values.at(-1) < index.until && this.f > this.last - 0.5)
  }

  // to a frame, on its way through those between
  glide(to) {
    this.halt()
    const from = this.f, start = performance.now()
    if (still() || from === to) return this.go(to)
    const tick = (now) => {
      const t = Math.min(1, Math.max(0, now - start) / GLIDE_MS)
      this.go(from + ease(t) * (to - from))
      this.gliding = t < 1 ? requestAnimationFrame(tick) : null
      if (t === 1) this.aim = null
    }
    this.aim = to
    this.gliding = requestAnimationFrame(tick)
  }

  play() {
    this.halt()
    if (this.last < 1) return
    if (this.f > this.last - 0.01) this.go(0)
    this.shows(true)
    let before = performance.now(), wait = 0, at = this.f // kept still, it goes from frame to frame
    const tick = (now) => {
      const leg = Math.min(LEG_MS[1], Math.max(LEG_MS[0], WHOLE_MS / this.last)), passed = Math.max(0, now - before)
      before = now
      const looping = this.find(".th-loop").getAttribute("aria-pressed") === "true"
      if (this.f < this.last) this.go(still() ? Math.floor((at += passed / leg)) : (at = this.f + passed / leg))
      else if (!looping) return this.rest()
      else if ((wait += passed) > 1200) { wait = 0; this.go((at = 0)) }
      this.playing = requestAnimationFrame(tick)
    }
    this.playing = requestAnimationFrame(tick)
  }

  rest() { this.glide(Math.round(this.f)) }

  halt() {
    cancelAnimationFrame(this.playing)
    cancelAnimationFrame(this.gliding)
    this.playing = this.gliding = this.aim = null
    this.shows(false)
  }

  shows(playing) {
    const button = this.find(".th-play")
    button.setAttribute("aria-pressed", String(playing))
    button.innerHTML = playing ? `<span aria-hidden="true">❚❚</span> <b>${_("Pause")}</b>` : `<span aria-hidden="true">▶</span> <b>${_("Play")}</b>`
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || this.last < 1) return
    const at = this.aim ?? Math.round(this.f)
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, ArrowDown: at - 1, ArrowUp: at + 1, Home: 0, End: this.last }[event.key]
    if (event.key === " ") this.playing ? this.rest() : this.play()
    else if (to !== undefined) this.glide(Math.min(this.last, Math.max(0, to)))
    else return
    event.preventDefault()
    event.stopPropagation()
  }

  remove() {
    this.halt()
    document.removeEventListener("keydown", this.onkey)
  }
}
