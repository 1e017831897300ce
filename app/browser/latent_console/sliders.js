// @ts-check
// Latent sliders: at most 8, live while dragged, previews at the ends; a double click puts one back.
//
// Slider j moved by s decodes anchor + s u[j]. The anchor is the point committed from elsewhere: a release commits where the
// sliders are, and they stay there; a click on the map gives a new anchor and new sliders.

import { element, write } from "../shared/elements.js"
import { KIND, emit, fit, paced, paint } from "../shared/zscope.js"
import { CHART, band, over } from "./ends.js"
import { NameForm, remover } from "./names.js"
import { Roving } from "../shared/roving.js"
import { _ } from "../shared/text.js"
import { variablesOf } from "../shared/variables.js"

const TABS = {
  here: [_("Here"), _("Directions that change the picture most at this point")],
  pca: ["PCA", _("Directions in which the latents of all samples vary most")],
  raw: [_("Raw"), _("Single latent dimensions, highest rate first")],
  named: [_("Named"), _("Directions you have saved")],
  attribute: [_("Attribute"), _("From group B to group A")],
}
const STEPS = 240, READ_MS = 60, MOST = 8, WORDS = 2 // columns of a table that an end of a slider names
const NONE_SAVED = _("No direction saved for this model yet: move the sliders and press “Save as …”, or find an attribute.")

const named = (z) => JSON.stringify(Array.from(z, (v) => Number(v.toPrecision(4))))

export class Sliders {
  tab = ""
  anchor = null
  key = ""
  moves = []
  own = []
  from = 0
  most = MOST // sliders at a time
  told = ""

  // tell({act, ...}): a direction is to be saved, renamed or deleted
  constructor(root, client, geometry, tell) {
    this.root = root
    this.client = client
    this.geometry = geometry
    const variables = variablesOf(geometry)
    this.variables = variables?.series ? null : variables // of a table: sliders say in words what they change
    this.tell = tell
    this.read = paced(READ_MS, () => this.figures())
    root.innerHTML =
      `<div class="zc-head"><div class="zc-tabs" role="tablist" aria-label="${_("Sliders")}"></div><button type="button" data-do="more"></button>` +
      `<button type="button" data-do="reset" title="${_("Move all sliders back to the current point")}">${_("Reset sliders")}</button><button type="button" data-do="save" title="${_("Save this move as a named direction")}">${_("Save as …")}</button></div><div class="zc-rows"></div>`
    this.find = (name) => root.querySelector(`[data-do=${name}]`)
    this.find("reset").onclick = () => this.reset()
    this.find("more").onclick = () => this.open(this.tab, this.from + this.most)
    this.find("save").title = _("Save this direction under a name; it appears in the tab Named")
    this.roving = new Roving(root.querySelector(".zc-tabs"), "button")
    this.form = new NameForm(root.querySelector(".zc-head"), this.find("save"), (name) => this.save(name))
  }

  // what the sliders themselves committed keeps them where they are; reruns may answer late, or for several at once
  update(committed, data, label, saves) {
    this.saves = saves
    this.find("save").hidden = !saves
    this.latest = data
    this.tabs()
    const z = committed ? named(committed.z) : "", mine = this.own.indexOf(z)
    const key = `${z} ${label}`, told = JSON.stringify([data.named?.names, data.attribute?.u])
    const fresh = key !== this.key && mine < 0, listed = told !== this.told
    if (fresh) this.own = []
    else this.own.splice(0, mine + 1)
    Object.assign(this, { key, told })
    if (!committed) return
    if (fresh || !this.anchor) this.anchor = Float32Array.from(committed.z)
    else if (listed && (this.tab === "named" || this.tab === "attribute")) this.anchor = this.point()
    else return this.figures()
    this.build()
  }

  tabs() {
    const known = Object.keys(this.latest)
    if (!known.includes(this.tab)) this.tab = known[0]
    const bar = this.root.querySelector(".zc-tabs")
    if (bar.dataset.known === String(known)) return
    bar.dataset.known = known
    bar.replaceChildren(
      ...known.map((tab) => {
        const button = document.createElement("button"), [name, title] = TABS[tab]
        Object.assign(button, { type: "button", textContent: name, title })
        button.setAttribute("role", "tab")
        button.onclick = () => this.open(tab)
        button.dataset.tab = tab
        return button
      }),
    )
  }

  open(tab, from = 0) {
    this.anchor = this.point()
    Object.assign(this, { tab, from })
    this.build()
  }

  // in a hall, where they are large, as many as fit whole
  fit(hall) {
    if (!this.root.isConnected) return
    const room = this.root.closest(".st-key-zscope-tool"), rows = this.root.querySelector(".zc-rows"), first = rows.firstElementChild
    const high = hall && room && first ? room.getBoundingClientRect().bottom - rows.getBoundingClientRect().top : Infinity
    const most = Math.max(1, Math.min(MOST, Math.floor(high / (first?.getBoundingClientRect().height || 1))))
    if (most === this.most) return
    this.most = most
    if (this.anchor) this.open(this.tab)
  }

  build() {
    for (const tab of this.root.querySelectorAll("[role=tab]")) tab.setAttribute("aria-selected", String(tab.dataset.tab === this.tab))
    this.roving.refresh()
    const all = this.latest[this.tab], total = all.u.length
    if (this.from >= total) this.from = 0
    this.data = Object.fromEntries(Object.entries(all).map(([name, list]) => [name, list.slice(this.from, this.from + this.most)]))
    this.moves = this.data.u.map(() => 0)
    const rows = this.root.querySelector(".zc-rows"), more = this.find("more")
    rows.replaceChildren(...this.moves.map((_each, j) => this.row(j)))
    rows.classList.toggle("zc-wide", this.tab === "named" || this.tab === "attribute")
    if (!total) rows.textContent = NONE_SAVED
    more.hidden = total <= this.most
    more.textContent = _("{first}–{last} of {n} ›", { first: this.from + 1, last: this.from + this.moves.length, n: total })
    more.title = _("Show the next sliders")
    this.form.close()
    this.figures()
    this.previews()
  }

  row(j) {
    const { low, high, names, says, why } = this.data, row = document.createElement("div")
    row.className = "zc-row"
    row.innerHTML =
      '<span class="zc-name"></span><button type="button"><canvas width="72" height="72"></canvas></button><input type="range"><button type="button"><canvas width="72" height="72"></canvas></button><span><i></i><output></output></span>'
    const [name, less, input, more, share] = row.querySelectorAll(":scope > *")
    const { shape, sample } = this.geometry
    for (const canvas of row.querySelectorAll("canvas")) {
      if (sample.length < 3) canvas.width *= CHART / 1.5
      fit(canvas, sample.length < 3 ? [1, CHART] : shape)
    }
    name.textContent = this.tab === "here" || this.tab === "pca" ? String(j + 1) : names[j]
    name.title = why[j]
    const step = (high[j] - low[j]) / STEPS, least = Math.round(low[j] / step) // so that 0 is one of the steps
    Object.assign(input, { min: least * step, max: (least + STEPS) * step, step, value: 0, title: _("Double-click, or press 0, to reset") })
    input.style.setProperty("--zero", String(-least / STEPS))
    input.setAttribute("aria-label", `${names[j]}, ${says[j]}`)
    input.oninput = (event) => this.drag(j, Number(input.value), event.timeStamp)
    input.onchange = () => this.commit()
    input.ondblclick = () => this.put(j, 0)
    input.onkeydown = (event) => { if (event.key === "0") this.put(j, 0) }
    const [says_, added] = share.querySelectorAll(":scope > *")
    says_.textContent = says[j]
    says_.title = why[j]
    added.title = this.tab === "named" || this.tab === "attribute" ? _("multiple of the direction that is added") : _("displacement in standard deviations of the data along this direction")
    for (const [button, end, word] of [[less, low[j], "lower"], [more, high[j], "upper"]]) {
      button.setAttribute("aria-label", _("{j}: go to the {word} end", { j: names[j], word }))
      button.onclick = () => this.put(j, end)
      button.tabIndex = -1 // by keys: Home and End of the slider
    }
    if (this.variables) {
      row.classList.add("zc-told")
      for (const button of [less, more]) button.replaceChildren() // words take the place of charts that are too small to read
    }
    if (this.tab === "named" && this.saves) {
      this.form.rename(name, names[j], (to) => this.tell({ act: "rename", old: names[j], name: to }))
      share.append(remover(names[j], () => this.tell({ act: "delete", name: names[j] })))
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

  put(j, s) {
    this.root.querySelectorAll("input[type=range]")[j].value = s
    this.drag(j, s, performance.now())
    this.commit()
  }

  // how far each slider is from the kept point, and whether there is anything to put back or to save
  figures() {
    const unit = this.tab === "named" || this.tab === "attribute" ? "×" : "\u202fσ"
    const inputs = this.root.querySelectorAll("input[type=range]")
    for (const [j, out] of this.root.querySelectorAll("output").entries()) {
      const s = this.moves[j] ?? 0
      const text = Math.abs(s) < 0.05 ? "" : `${s < 0 ? "\u2212" : "+"}${Math.abs(s).toFixed(1)}${unit}`
      if (out.textContent === text && inputs[j].ariaValueText) continue
      write(out, text)
      inputs[j].setAttribute("aria-valuetext", text || "0")
    }
    const still = !this.moves.some(Boolean)
    this.find("reset").disabled = still
    this.find("save").disabled = this.saves === "moves" ? still : !this.moves.length
  }

  commit() {
    const z = Array.from(this.point())
    this.own.push(named(z))
    emit("goto", { z })
    this.previews()
  }

  reset() {
    if (!this.moves.some(Boolean)) return
    this.moves.fill(0)
    this.read()
    for (const input of this.root.querySelectorAll("input[type=range]")) input.value = 0
    this.client.request(KIND.latent, this.point(), { source: "slider" })
    this.commit()
  }

  save(name) {
    const whole = this.saves === "direction", z = this.point()
    const u = whole ? this.data.u[0] : Array.from(z, (v, i) => v - this.anchor[i])
    this.tell({ act: "save", name, u, strength: whole ? this.moves[0] || 1 : 1, tab: this.tab })
  }

  // pictures at both ends of each slider, the others as they are; asked for when nothing live is waiting
  async previews() {
    const turn = (this.turn = {}), { shape, sample } = this.geometry, charts = sample.length < 3, drawn = []
    const ask = async (moves) => { // null: newer previews are wanted, or the connection closed, as the status line says
      const frame = await this.client.ask(KIND.latent, this.point(moves), { idle: true }).catch(() => null)
      return this.turn === turn ? frame : null
    }
    const middle = charts && this.moves.length ? await ask(this.moves) : null
    if (charts && !middle) return
    for (const [j, row] of [...this.root.querySelectorAll(".zc-row")].entries())
      for (const [at, end] of [this.data.low[j], this.data.high[j]].entries()) {
        const canvas = row.querySelectorAll("canvas")[at], frame = await ask(this.moves.map((s, i) => (i === j ? end : s)))
        if (!frame) return
        if (this.variables) this.words(row, at, middle.values, frame.values)
        else if (charts) drawn.push([canvas, frame.pixels])
        else paint(canvas, frame.pixels, shape)
      }
    if (!drawn.length) return
    const rows = band([middle.pixels, ...drawn.map(([, pixels]) => pixels)], shape) // one scale for all
    for (const [canvas, pixels] of drawn) {
      const made = over(pixels, middle.pixels, shape, rows)
      paint(canvas, made.pixels, made.shape)
    }
  }

  // what the left (0) or right (1) end of a slider changes, in words
  words(row, at, from, to) {
    const button = row.querySelectorAll(":scope > button")[at], told = this.variables.told(from, to)
    button.replaceChildren(...(told.length ? told.slice(0, WORDS) : [_("hardly any change")]).map((line) => element("span", "", line)))
    button.title = [_("From the current point to this end:"), ...told].join("\n")
  }

  remove() {
    this.turn = null
    this.read.cancel()
    this.form.remove()
  }
}
