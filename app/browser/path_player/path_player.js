// @ts-check
// The live picture of a walk. The slider asks the socket for every place it passes; Python hears of it when it rests.
// data: {link, waypoints: [{z, row, name, label}], method, code, t, help}   state: t   triggers: edit {do, at}
// bus: "walk" {t, method} says where the walk is; "walk-to" {t, method, code} asks it to go somewhere; "way" way (film.js of
// the strips) is what it walks on

import { write } from "../shared/elements.js"
import { annotation } from "../shared/annotation.js"
import { typing } from "../shared/keys.js"
import { still } from "../shared/motion.js"
import { LivePart, mounting } from "../shared/part.js"
import { term } from "../shared/terms.js"
import { WaypointList } from "./waypoint_list.js"
import { KIND, TRUST_TITLE, emit, fit, on, paint, trustShown } from "../shared/zscope.js"
import { _ } from "../shared/text.js"

const LEG_MS = 3500
const HOPS = 10 // of a leg, where the page is to keep still
const STEP = 0.02 // of the way, for an arrow key
const BUSY = "input, textarea, select, button, [contenteditable], [role], .zscope-map" // these need their keys themselves
const MARKUP = `
<div class="wp-top">
  <div class="wp-frame">
    <canvas data-testid="zscope-picture" role="img" aria-label="${_("Decoded picture")}" width="448" height="448"></canvas>
    <span>${_("at the pointer")}</span>
  </div>
  <div class="wp-side">
    <h4 class="wp-help">${term("off-data-score", _("Off-data score of the path"), "")}</h4>
    <div class="wp-scores"></div>
    <h4>${term("trust", _("Trust here"), TRUST_TITLE)}</h4>
    <div class="wp-bar"><i></i></div>
    <p class="wp-trust"><b>–</b> <span></span></p>
  </div>
</div>
<div class="wp-drive">
<div class="wp-slider">
  <div>
    <input type="range" min="0" max="1" step="0.001" data-testid="zscope-walk" />
    <div class="wp-marks" aria-hidden="true"></div>
  </div>
  <output>t 0.50</output>
</div>
<div class="wp-buttons">
  <button type="button" data-do="play" aria-pressed="false" title="${_("Space")}"><span aria-hidden="true">▶</span> <em>${_("Play")}</em></button>
  <button type="button" data-do="loop" aria-pressed="true" title="${_("Play forwards and backwards in a loop")}">${_("Loop")}</button>
</div>
</div>
<ul class="wp-list" aria-label="${_("Waypoints")}"></ul>`

class Player extends LivePart {
  static className = "zscope-player"
  static markup = MARKUP

  slider = this.find("input")
  t = this.component.data.t
  asked = this.t
  told = [] // places that Python was told of and has not yet answered
  ways = new Map() // of each method, the last that came

  async start() {
    await super.start()
    if (this.gone) return
    emit("ways?")
    this.sheet = await this.loadSheet()
    this.list.show(this.component.data.waypoints, this.client, this.sheet)
    this.late()
  }

  build() {
    this.picture = fit(this.find("canvas"), this.geometry.shape)
    this.root.style.setProperty("--aspect", String(this.picture.width / this.picture.height))
    this.named = annotation(this.picture, this.geometry)
    this.list = new WaypointList(this.find(".wp-list"), this.geometry, {
      edit: (what) => this.component.setTriggerValue("edit", what),
      visit: (at) => { this.stop(); this.go(at / (this.component.data.waypoints.length - 1)); this.rest() },
    })
    this.offs.push(
      this.client.onFrame((frame) => this.paint(frame)),
      on("leave", () => this.go(this.t)), // the pointer showed a place of the map: back to the walk
      on("walk-to", (place) => this.sent(place)),
      on("way", (way) => this.learned(way)),
    )
    this.slider.oninput = () => { this.stop(); this.go(Number(this.slider.value)) }
    this.slider.onchange = () => this.rest()
    this.find(".wp-buttons").onclick = (event) => this.act(event.target.closest("button")?.dataset.do)
    this.onkey = (event) => this.key(event)
    document.addEventListener("keydown", this.onkey)
    this.offs.push(() => document.removeEventListener("keydown", this.onkey))
  }

  late(tries = 40) {
    // the map may open after the first picture: show it then where the walk is
    if (!this.root.isConnected || tries === 0) return
    if (!this.xy || !document.querySelector(".zscope-map[data-ready]")) return setTimeout(() => this.late(tries - 1), 250)
    emit("position", this.xy)
  }

  show() {
    const { waypoints, code, method, t } = this.component.data, changed = method !== this.method
    this.code = code
    this.method = method
    if (t !== this.asked) {
      this.asked = t
      const told = this.told.lastIndexOf(t) // what comes back late from here is no news
      if (told >= 0) this.told.splice(0, told + 1)
      else if (!this.playing) this.t = t
    }
    if (changed || Math.abs(this.slider.valueAsNumber - this.t) > 0.001) this.go(this.t)
    this.slider.setAttribute("aria-label", _("Path from {label} to {label2}", { label: waypoints[0].label, label2: waypoints.at(-1).label }))
    this.find(".wp-marks").replaceChildren(...waypoints.map(({ label }) => Object.assign(document.createElement("span"), { textContent: label })))
    this.list.show(waypoints, this.client, this.sheet)
    this.scores()
  }

  // the way that is walked has changed, perhaps under a pin that is being dragged
  learned(way) {
    this.ways.set(way.method, way)
    this.scores()
    if (way.method === this.method && !this.playing) this.go(this.t)
  }

  // z at t, between the two places of the way beside it
  at(t) {
    const { t: times, z } = this.ways.get(this.method).arrays, d = this.geometry.d, last = times.length - 1
    const i = Math.min(last - 1, Math.floor(t * last)), share = t * last - i
    return Array.from({ length: d }, (_each, j) => (1 - share) * z[i * d + j] + share * z[(i + 1) * d + j])
  }

  sent({ t, method, code }) {
    this.stop()
    if (t !== this.component.data.t) this.told.push(t)
    Object.assign(this, { method, code })
    this.go(t)
  }

  go(t) {
    this.t = Math.min(1, Math.max(0, t))
    this.slider.value = this.t
    this.slider.style.setProperty("--t", this.t)
    write(this.find("output"), `t ${this.t.toFixed(2)}`)
    this.slider.setAttribute("aria-valuetext", this.find("output").textContent)
    if (this.ways.has(this.method)) this.client.request(KIND.latent, this.at(this.t), { source: "slider" })
    emit("walk", { t: this.t, method: this.method })
  }

  paint(frame) {
    paint(this.picture, frame.pixels, this.geometry.shape)
    this.values = frame.values
    this.named?.show(frame.values, { chosen: false })
    this.root.dataset.at = frame.source === "slider" ? "walk" : "pointer"
    if (frame.source === "slider") this.xy = frame.xy
    const { figure, word, colour, share } = trustShown(frame.trust, this.geometry)
    const bar = this.find(".wp-bar i")
    bar.style.width = `${Math.round(100 * share)}%`
    bar.style.background = colour
    write(this.find(".wp-trust b"), figure)
    write(this.find(".wp-trust span"), word)
  }

  rest() {
    if (this.values) this.named?.show(this.values)
    const t = Number(this.t.toFixed(3))
    if (t === (this.told.at(-1) ?? this.component.data.t)) return
    this.told.push(t)
    this.component.setTriggerValue("t", t) // as a state value it would not be told again where Python has set another since
  }

  act(name) {
    if (name === "play") this.playing ? this.stop(true) : this.play()
    if (name === "loop") {
      const loop = this.find("[data-do=loop]")
      loop.setAttribute("aria-pressed", String(loop.getAttribute("aria-pressed") !== "true"))
    }
  }

  play() {
    clearTimeout(this.resting)
    const button = this.find("[data-do=play]")
    button.setAttribute("aria-pressed", "true")
    button.innerHTML = `<span aria-hidden="true">❚❚</span> <em>${_("Pause")}</em>`
    let last = performance.now(), way = this.t >= 1 ? -1 : 1
    const looping = () => this.find("[data-do=loop]").getAttribute("aria-pressed") === "true"
    if (way < 0 && !looping()) { this.go(0); way = 1 }
    let t = this.t
    const tick = (now) => {
      if (!this.playing) return
      const legs = this.component.data.waypoints.length - 1, shown = this.t
      t += (way * (now - last)) / (LEG_MS * legs)
      last = now
      if (t >= 1 || t <= 0) {
        if (!looping()) { this.go(Math.min(1, Math.max(0, t))); return this.stop(true) }
        way = t >= 1 ? -1 : 1
        t = Math.min(1, Math.max(0, t))
      }
      const to = still() ? Math.round(HOPS * legs * t) / (HOPS * legs) : t
      if (to !== shown) this.go(to)
      this.playing = requestAnimationFrame(tick)
    }
    this.playing = requestAnimationFrame(tick)
  }

  stop(rest = false) {
    if (!this.playing) return
    cancelAnimationFrame(this.playing)
    this.playing = null
    const button = this.find("[data-do=play]")
    button.setAttribute("aria-pressed", "false")
    button.innerHTML = `<span aria-hidden="true">▶</span> <em>${_("Play")}</em>`
    if (rest) this.rest()
  }

  key(event) {
    const own = this.root.contains(event.target) || event.target.closest(".zscope-strip")
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z" && !typing(event)) {
      event.preventDefault()
      return this.component.setTriggerValue("edit", { do: event.shiftKey ? "redo" : "undo", at: 0 })
    }
    const map = event.key === " " && event.target.matches(".zscope-map") // which has no use for it here
    if ((!own && !map && event.target.closest(BUSY)) || event.ctrlKey || event.metaKey || event.altKey) return
    if (event.key === " " && event.target.tagName !== "BUTTON") { event.preventDefault(); this.act("play") }
    const step = { ArrowLeft: -STEP, ArrowRight: STEP }[event.key]
    if (step && !event.target.closest(".zscope-strip")) {
      event.preventDefault()
      this.stop()
      this.go(this.t + step)
      clearTimeout(this.resting)
      this.resting = setTimeout(() => this.rest(), 400)
    }
  }

  scores() {
    const { help } = this.component.data, order = ["linear", "slerp", "geodesic"]
    this.find(".wp-help a").title = help
    this.find(".wp-scores").replaceChildren(
      ...order.filter((name) => this.ways.has(name)).map((name) => {
        const item = document.createElement("span"), figure = document.createElement("b")
        item.dataset.driving = String(name === this.method)
        figure.textContent = this.ways.get(name).off_data.toFixed(2)
        item.append(`${name} `, figure)
        item.title = help
        return item
      }),
    )
  }

  remove() {
    this.stop()
    clearTimeout(this.resting)
    this.named?.remove()
    emit("position", null)
    super.remove()
  }
}

const { render, unmount } = mounting(Player)
export { render as default, unmount }
