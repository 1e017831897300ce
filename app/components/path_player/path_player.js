// The live picture of a walk. The slider asks the socket for every place it passes; Python hears of it when it rests.
// data: {link, a, b: {z, row, name}, method, code, t, scores, help}   state: t   trigger: renew
// bus: "walk" {t, method} says where the walk is; "walk-to" {t, method, code} asks it to go somewhere

import { KIND, TRUST_TITLE, connect, emit, fit, geometry, mounting, on, paint, spriteSheet, trustColour, trustWord } from "./zscope.js"

const ONE_WAY_MS = 4000
const STEP = 0.02 // of the way, for an arrow key
const BUSY = "input, textarea, select, button, [contenteditable], [role], .zscope-map" // these need their keys themselves
const MARKUP = `
<div class="wp-top">
  <div class="wp-frame">
    <canvas data-testid="zscope-picture" role="img" aria-label="Decoded picture" width="448" height="448"></canvas>
    <span>at the pointer</span>
  </div>
  <div class="wp-side">
    <h4>From, to</h4>
    <div class="wp-end" data-end="a"><canvas width="112" height="112"></canvas><span><b>A</b> <i></i></span></div>
    <div class="wp-end" data-end="b"><canvas width="112" height="112"></canvas><span><b>B</b> <i></i></span></div>
    <h4 class="wp-help">Off-data score of the way</h4>
    <div class="wp-scores"></div>
    <h4 title="${TRUST_TITLE}">Trust here</h4>
    <div class="wp-bar"><i></i></div>
    <p class="wp-trust"><b>–</b> <span></span></p>
  </div>
</div>
<div class="wp-slider">
  <span aria-hidden="true">A</span>
  <input type="range" min="0" max="1" step="0.001" aria-label="Way from A to B" data-testid="zscope-walk" />
  <span aria-hidden="true">B</span>
  <output>t 0.50</output>
</div>
<div class="wp-buttons">
  <button type="button" data-do="play" aria-pressed="false" title="Space"><span aria-hidden="true">▶</span> <em>Play</em></button>
  <button type="button" data-do="loop" aria-pressed="true" title="There and back again">Loop</button>
</div>`

class Player {
  constructor(component) {
    this.component = component
    this.model = component.data.link.model
    this.root = document.createElement("div")
    this.root.className = "zscope-player"
    this.root.innerHTML = MARKUP
    component.parentElement.append(this.root)
    this.find = (selector) => this.root.querySelector(selector)
    this.slider = this.find("input")
    this.t = component.data.t
    this.asked = this.t
    this.told = [] // places that Python was told of and has not yet answered
    this.offs = []
  }

  async start() {
    const { model, token, base } = this.component.data.link
    this.client = connect(model, token, base)
    this.geometry = await geometry(model, base)
    if (!this.root.isConnected) return
    for (const canvas of this.root.querySelectorAll("canvas")) fit(canvas, this.geometry.shape)
    this.offs.push(
      this.client.onFrame((frame) => this.paint(frame)),
      on("leave", () => this.go(this.t)), // the pointer showed a place of the map: back to the walk
      on("walk-to", (place) => this.sent(place)),
    )
    this.slider.oninput = () => { this.stop(); this.go(Number(this.slider.value)) }
    this.slider.onchange = () => this.rest()
    this.find(".wp-buttons").onclick = (event) => this.act(event.target.closest("button")?.dataset.do)
    this.onkey = (event) => this.key(event)
    document.addEventListener("keydown", this.onkey)
    this.ready = true
    this.update(this.component)
    this.sheet = await spriteSheet(model, base)
    this.ends()
    this.late()
  }

  late(tries = 40) {
    // the map may open after the first picture: show it then where the walk is
    if (!this.root.isConnected || tries === 0) return
    if (!this.xy || !document.querySelector(".zscope-map[data-ready]")) return setTimeout(() => this.late(tries - 1), 250)
    emit("position", this.xy)
  }

  update(component) {
    this.component = component
    const { link, a, b, code, method, t } = component.data
    this.client = connect(this.model, link.token, link.base)
    if (!this.ready) return
    this.code = code
    this.method = method
    const way = JSON.stringify([a.z, b.z, code])
    if (t !== this.asked) {
      this.asked = t
      const told = this.told.lastIndexOf(t) // what comes back late from here is no news
      if (told >= 0) this.told.splice(0, told + 1)
      else if (!this.playing) this.t = t
    }
    if (way !== this.way) { this.way = way; this.go(this.t) }
    else if (Math.abs(this.slider.valueAsNumber - this.t) > 0.001) this.go(this.t)
    this.ends()
    this.scores()
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
    this.find("output").textContent = `t ${this.t.toFixed(2)}`
    const { a, b } = this.component.data
    this.client.request(KIND.path, [this.code, this.t, ...a.z, ...b.z], { source: "slider" })
    emit("walk", { t: this.t, method: this.method })
  }

  paint(frame) {
    paint(this.find("canvas"), frame.pixels, this.geometry.shape)
    this.root.dataset.at = frame.source === "slider" ? "walk" : "pointer"
    if (frame.source === "slider") this.xy = frame.xy
    const word = trustWord(frame.trust)
    const bar = this.find(".wp-bar i")
    bar.style.width = `${Math.round(100 * frame.trust)}%`
    bar.style.background = trustColour(frame.trust)
    this.find(".wp-trust b").textContent = frame.trust.toFixed(2)
    this.find(".wp-trust span").textContent = word
  }

  rest() {
    const t = Number(this.t.toFixed(3))
    if (t === (this.told.at(-1) ?? this.component.data.t)) return
    this.told.push(t)
    this.component.setStateValue("t", t)
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
    button.innerHTML = '<span aria-hidden="true">❚❚</span> <em>Pause</em>'
    let last = performance.now(), way = this.t >= 1 ? -1 : 1
    const looping = () => this.find("[data-do=loop]").getAttribute("aria-pressed") === "true"
    if (way < 0 && !looping()) { this.go(0); way = 1 }
    const tick = (now) => {
      if (!this.playing) return
      let t = this.t + (way * (now - last)) / ONE_WAY_MS
      last = now
      if (t >= 1 || t <= 0) {
        if (!looping()) { this.go(Math.min(1, Math.max(0, t))); return this.stop(true) }
        way = t >= 1 ? -1 : 1
        t = Math.min(1, Math.max(0, t))
      }
      this.go(t)
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
    button.innerHTML = '<span aria-hidden="true">▶</span> <em>Play</em>'
    if (rest) this.rest()
  }

  key(event) {
    const own = this.root.contains(event.target) || event.target.closest(".zscope-strip")
    if ((!own && event.target.closest(BUSY)) || event.ctrlKey || event.metaKey || event.altKey) return
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

  ends() {
    for (const name of ["a", "b"]) {
      const end = this.component.data[name], part = this.find(`[data-end=${name}]`), canvas = part.querySelector("canvas")
      part.querySelector("i").textContent = end.name
      const shown = JSON.stringify([end.row, end.z])
      if (part.shown === shown || !this.sheet) continue
      part.shown = shown
      if (end.row !== null) this.sheet.draw(canvas.getContext("2d"), end.row, 0, 0, canvas.width)
      else this.client.ask(KIND.latent, end.z).then(
        (frame) => part.shown === shown && paint(canvas, frame.pixels, this.geometry.shape),
        () => { part.shown = null },
      )
    }
  }

  scores() {
    const { scores, help, method } = this.component.data
    this.find(".wp-help").title = help
    this.find(".wp-scores").replaceChildren(
      ...Object.entries(scores).map(([name, value]) => {
        const item = document.createElement("span"), figure = document.createElement("b")
        item.dataset.driving = name === method
        figure.textContent = value.toFixed(2)
        item.append(`${name} `, figure)
        item.title = help
        return item
      }),
    )
  }

  remove() {
    this.stop()
    clearTimeout(this.resting)
    for (const off of this.offs) off()
    document.removeEventListener("keydown", this.onkey)
    emit("position", null)
    this.root.remove()
  }
}

const part = mounting((component) => new Player(component))
export default part.render
export const unmount = part.unmount
