// Latent sliders: at most 8, ranked by how much they change the picture here, live while dragged, previews at the ends.
//
// Slider j moved by s decodes anchor + s u[j]. The anchor is the point committed from elsewhere: a release commits where the
// sliders are, and they stay there; a click on the map gives a new anchor and new sliders.

import { KIND, emit, fit, paced, paint, percent } from "./zscope.js"

const TABS = [["here", "Here", "Directions that change the picture most at this point"], ["raw", "Raw", "Single latent dimensions"]]
const STEPS = 240, READ_MS = 60

export class Sliders {
  constructor(root, client, geometry) {
    Object.assign(this, { root, client, geometry, tab: "here", anchor: null, key: "", moves: [], own: "" })
    this.read = paced(READ_MS, () => this.figures())
    root.innerHTML = '<h3>Latent console</h3><div class="zc-tabs" role="tablist"></div><div class="zc-rows"></div>'
    for (const [tab, name, title] of TABS) {
      const button = document.createElement("button")
      Object.assign(button, { type: "button", textContent: name, title })
      button.setAttribute("role", "tab")
      button.onclick = () => { this.tab = tab; this.anchor = this.point(); this.build() }
      button.dataset.tab = tab
      root.querySelector(".zc-tabs").append(button)
    }
  }

  // z as a key; what the sliders themselves committed keeps them where they are
  update(committed, data) {
    const key = committed ? JSON.stringify(Array.from(committed.z, (v) => Number(v.toPrecision(4)))) : ""
    if (key === this.key && this.anchor) return
    const mine = key === this.own
    this.key = key
    this.latest = data
    if (mine || !committed) return
    this.anchor = Float32Array.from(committed.z)
    this.build()
  }

  build() {
    const rows = this.root.querySelector(".zc-rows")
    for (const tab of this.root.querySelectorAll("[role=tab]")) tab.setAttribute("aria-selected", String(tab.dataset.tab === this.tab))
    this.data = this.latest?.[this.tab]
    this.moves = (this.data?.u ?? []).map(() => 0)
    rows.replaceChildren(...this.moves.map((_, j) => this.row(j)))
    this.previews()
  }

  row(j) {
    const { low, high, effect, names } = this.data, row = document.createElement("div")
    row.className = "zc-row"
    row.innerHTML =
      '<span class="zc-name"></span><button type="button"><canvas width="72" height="72"></canvas></button><input type="range"><button type="button"><canvas width="72" height="72"></canvas></button><span><i></i><output></output></span>'
    const [name, less, input, more, share] = row.children
    for (const button of [less, more]) fit(button.firstChild, this.geometry.shape)
    name.textContent = this.tab === "raw" ? names[j] : j + 1
    name.title = names[j]
    Object.assign(input, { min: low[j], max: high[j], step: (high[j] - low[j]) / STEPS, value: 0 })
    input.style.setProperty("--zero", -low[j] / (high[j] - low[j]))
    input.setAttribute("aria-label", `${names[j]}, ${percent(effect[j])} of the change at this point`)
    input.oninput = (event) => this.drag(j, Number(input.value), event.timeStamp)
    input.onchange = () => this.commit()
    share.firstChild.textContent = percent(effect[j])
    share.firstChild.title = "share of the local change of the picture"
    share.lastChild.title = "moved by, in standard deviations of the data along this direction"
    for (const [button, end, word] of [[less, low[j], "lower"], [more, high[j], "upper"]]) {
      button.setAttribute("aria-label", `${names[j]}: go to the ${word} end`)
      button.onclick = () => { input.value = end; this.drag(j, end, performance.now()); this.commit() }
    }
    return row
  }

  point(moves = this.moves) {
    if (!this.anchor) return null
    const z = Float32Array.from(this.anchor)
    moves.forEach((s, j) => { if (s) this.data.u[j].forEach((u, i) => { z[i] += s * u }) })
    return z
  }

  drag(j, s, t0) {
    this.moves[j] = s
    this.read()
    this.client.request(KIND.latent, this.point(), { t0, source: "slider" })
  }

  // how far each slider is from the kept point, in std
  figures() {
    for (const [j, out] of this.root.querySelectorAll("output").entries()) {
      const s = this.moves[j] ?? 0
      const text = Math.abs(s) < 0.05 ? "" : `${s < 0 ? "\u2212" : "+"}${Math.abs(s).toFixed(1)}\u202fσ`
      if (out.textContent !== text) out.textContent = text
    }
  }

  commit() {
    const z = Array.from(this.point())
    this.own = JSON.stringify(z.map((v) => Number(v.toPrecision(4))))
    emit("goto", { z })
    this.previews()
  }

  reset() {
    if (!this.moves.some(Boolean)) return
    this.moves.fill(0)
    this.read()
    for (const input of this.root.querySelectorAll("input")) input.value = 0
    this.client.request(KIND.latent, this.point(), { source: "slider" })
    this.commit()
  }

  // pictures at both ends of each slider, the others as they are; asked for when nothing live is waiting
  async previews() {
    const turn = (this.turn = {}), rows = [...this.root.querySelectorAll(".zc-row")]
    for (const [j, row] of rows.entries())
      for (const [end, canvas] of [[this.data.low[j], row.querySelector("canvas")], [this.data.high[j], row.querySelectorAll("canvas")[1]]]) {
        const z = this.point(this.moves.map((s, i) => (i === j ? end : s)))
        let frame
        try {
          frame = await this.client.ask(KIND.latent, z, { idle: true })
        } catch {
          return // the connection closed; its state is on the status line
        }
        if (this.turn !== turn) return
        paint(canvas, frame.pixels, this.geometry.shape)
      }
  }
}
