// @ts-check
// The theatre. data: {link: {model: key of the frames}, beside: key or "", action: words or ""}   triggers: act {frame, value, n}
// state: looks {shapes, names}
// One place f between the frames moves the map, the pictures, the bars, the curves' cursor and the point in the plane, all here:
// nothing is asked of the server but what is new. At the end it follows what a run in progress adds.

import { COLOUR, HELD_OUT, bars, curves, inPlane, otherColour, plane } from "./charts.js"
import { ClassLooks } from "../latent_map/class_looks.js"
import { Forming } from "./forming.js"
import { Part, mounting } from "../shared/part.js"
import { preferred } from "../shared/preference.js"
import { Reel } from "./reel.js"
import { Scrubber } from "./scrubber.js"
import { Sheet } from "./sheet.js"
import { Surface } from "./surface.js"
import { term } from "../shared/terms.js"
import { _, number } from "../shared/text.js"
import { theme } from "../shared/zscope.js"

const ACTIVE = _("Active: the rate of the dimension is above 0.05 nats. Dead: the dimension is almost all noise and tells the decoder next to nothing.")
const RATE = _("The rate is the information that a latent holds about its sample, in nats; here that of each dimension. A dimension with a rate near 0 is not used.")
const PLANE = _("Each model, or epoch, by its rate (information in the latent) and its distortion (cost of the reconstruction). Both are better when smaller, and one is bought with the other.")
const DASHED = _("Along a dashed line the sum of rate and distortion, which is minus the ELBO, is the same. A lower line is a better bound.")
const MARKUP = `
<section class="th-map"><h4><span></span><em></em></h4><div class="th-clouds"><div class="th-cloud"></div></div><p class="th-legend"></p></section>
<section class="th-drawn"><h4></h4><div class="th-sheets"><div class="th-fill"></div></div></section>
<section class="th-bars"><h4>${term("rate", _("Rate of each dimension, nats"), RATE)} <i style="--c:${COLOUR.rate}"></i>${term("active-units", _("active"), ACTIVE)} <i style="--c:${COLOUR.dead}"></i>${_("dead")}</h4><div class="th-fill"></div></section>
<section class="th-plane"><h4>${term("distortion", _("Rate and distortion"), PLANE)} <small>${term("elbo", _("dashed: equal ELBO"), DASHED)}</small></h4><div class="th-fill"></div></section>
<section class="th-curves"><h4></h4><div class="th-fill"></div></section>
<section class="th-again"><h4></h4><div class="th-fill"></div></section>
<div class="th-scrub"></div>
<div class="th-note" role="status" hidden></div>`

const DRAWN = {
  grid: [_("The latent plane, decoded"), _("A grid of equal steps in prior probability: with two dimensions it covers the whole latent space")],
  prior: [_("64 samples from the prior, decoded"), _("The same 64 latents z ~ p(z) every time")],
  codes: [_("64 latents near the data, decoded"), _("This family has no prior: samples from a Gaussian with the mean and standard deviation of the latents, with the same noise every time")],
  "": [_("64 fixed latents, decoded"), _("The same latents every time")],
}
const NOTHING = _("This run has no snapshots: it was made by an older version, or it ended before its first epoch was done. Start the same training again to see one form.")
const SOON = _("The first picture appears after the first epoch.")
const LAYING = _("computing the map …")
const NO_PLANE = _("This family has no rate and no ELBO; only its distortion is measured.")
const NO_BARS = _("This family has no rate for each dimension.")
const NO_CURVES = _("No metrics were measured for these frames.")

const all = (from, to, n) => Array.from({ length: n }, (_each, at) => ({ from, to, at }))

class Theatre extends Part {
  static className = "zscope-part zscope-theatre"
  static testid = "zscope-theatre"
  static markup = MARKUP

  parts = {} // by what they show

  async start() {
    const place = (name) => this.find(`.th-${name} .th-fill`)
    this.parts = {
      map: new Forming(this.find(".th-cloud")),
      drawn: new Sheet(place("drawn"), _("Fixed latents, decoded"), 8, 1),
      again: new Sheet(place("again"), _("Samples that were held out, and their reconstructions"), 1, 3),
      bars: this.chart("bars", _("Rate of each dimension"), bars),
      plane: this.chart("plane", _("Rate-distortion plane"), plane),
      curves: this.chart("curves", _("Training curves"), curves),
    }
    this.scrubber = new Scrubber(this.find(".th-scrub"), {
      moved: () => this.paint(),
      act: (frame) => this.component.setTriggerValue("act", { frame, value: this.reel.index.values[frame], n: Date.now() }),
    })
    this.look = theme(this.root)
    const { link, beside } = this.component.data
    this.reel = new Reel(link.model, () => this.changed())
    this.overlay(beside)
    this.tell()
    await this.reel.look()
  }

  // how this browser shows classes, for the GIF; nothing where nobody chose
  tell() {
    const looks = { shapes: preferred("shapes", null), names: preferred("names", true) }
    if (looks.shapes !== null || !looks.names) this.component.setStateValue("looks", looks)
  }

  chart(name, label, draw) {
    return new Surface(this.find(`.th-${name} .th-fill`), label, (context, w, h) => this.rows?.length && draw(context, w, h, this.rows, this.look))
  }

  update(component) {
    super.update(component)
    this.look = theme(this.root)
    this.overlay(component.data.beside)
    this.changed()
  }

  overlay(key) {
    if ((this.other?.key ?? "") === key) return
    for (const part of [this.other, this.twin, this.drawnToo]) part?.remove()
    this.root.querySelectorAll(".second").forEach((host) => host.remove())
    this.other = this.twin = this.drawnToo = null
    this.root.classList.toggle("two", Boolean(key))
    if (!key) return
    const beside = (host, name) => host.appendChild(Object.assign(document.createElement("div"), { className: `${name} second` }))
    this.twin = new Forming(beside(this.find(".th-clouds"), "th-cloud"))
    this.drawnToo = new Sheet(beside(this.find(".th-sheets"), "th-fill"), _("Fixed latents, decoded by the second run"), 8, 1)
    this.other = new Reel(key, () => this.changed())
    this.other.look()
  }

  // news: of the frames, of the page's colours, or of what is laid over
  changed() {
    const { reel } = this
    if (!reel || this.gone) return
    const note = reel.trouble && !reel.ready ? reel.trouble : reel.index?.empty ? (reel.index.active ? SOON : NOTHING) : ""
    Object.assign(this.find(".th-note"), { hidden: reel.ready, textContent: note || _("Opening …") })
    this.root.dataset.ready = String(reel.ready && reel.frames.filter(Boolean).length === reel.count)
    this.root.dataset.laid = reel.index?.laid ?? 0
    if (!reel.ready) return
    this.scrubber.take(reel, this.component.data.action)
    this.captions()
    this.paint()
  }

  captions() {
    const { index } = this.reel, [words, help] = DRAWN[index.drawn_from] ?? DRAWN[""]
    this.find(".th-map h4 span").textContent = index.plane ? _("Latent plane with {n} training samples", { n: number(index.n) }) : _("Map of {n} training samples", { n: number(index.n) })
    Object.assign(this.find(".th-drawn h4"), { textContent: words, title: [help, index.scale].filter(Boolean).join("\n") })
    const n = this.reel.fixed.shown.shape[0], validation = index.split === "validation"
    this.find(".th-again h4").textContent = this.shared
      ? validation ? _("{n} validation samples (top), reconstructions by both runs (below)", { n }) : _("{n} test samples (top), reconstructions by both runs (below)", { n })
      : validation ? _("{n} validation samples (top) and their reconstructions (bottom)", { n }) : _("{n} test samples (top) and their reconstructions (bottom)", { n })
    this.find(".th-again h4").title = index.scale ?? ""
    this.find(".th-curves h4").innerHTML = this.measuredOn()
    const looks = new ClassLooks(index.classes.length).themed(this.look.dark)
    this.find(".th-legend").replaceChildren(...(index.labelled ? index.classes : []).map((name, k) => {
      const entry = Object.assign(document.createElement("span"), { textContent: name }), dot = document.createElement("i")
      looks.dot(dot.style, k)
      entry.prepend(dot)
      return entry
    }))
    const absent = (name, why) => {
      this.find(`.th-${name}`).dataset.absent = why
    }
    absent("plane", inPlane(this.reel) ? "" : NO_PLANE)
    absent("bars", index.rates.some(Boolean) ? "" : NO_BARS)
    absent("curves", this.reel.records.some((r) => Object.keys(r).some((k) => k.endsWith("_nats"))) ? "" : NO_CURVES)
  }

  paint() { this.due ??= requestAnimationFrame(() => this.draw()) }

  draw() {
    this.due = null
    const { reel, other, look } = this, { f } = this.scrubber
    if (this.gone || !reel?.ready) return
    const { i, j, t } = reel.beside(f), from = reel.frames[i] ?? reel.frames[j], to = reel.frames[j] ?? from
    this.rows = [{ reel, f, second: false }]
    if (other?.ready) this.rows.push({ reel: other, f: other.placeOf(reel.xAt(f)), second: true })
    this.root.style.setProperty("--second", otherColour(look))
    this.root.dataset.frame = String(reel.nearest(f))
    if (from) {
      this.decoded(this.parts.drawn, reel, f)
      this.pictures(from, to, t)
      this.parts.map.show(reel, f, look)
    }
    if (this.rows[1]) {
      this.twin.show(other, this.rows[1].f, look)
      this.decoded(this.drawnToo, other, this.rows[1].f)
    }
    const late = (map, row) => row.f > map.laid + 0.01
    this.rows.forEach((row, k) => { const map = k ? this.twin : this.parts.map; map.waits(late(map, row) ? row.reel.trouble || LAYING : "") })
    this.find(".th-map h4 em").textContent = late(this.parts.map, this.rows[0]) && !reel.trouble ? LAYING : ""
    this.names()
    for (const name of ["plane", "curves", "bars"]) if (!this.find(`.th-${name}`).dataset.absent) this.parts[name].paint()
  }

  // the fixed latents of a row of frames
  decoded(sheet, reel, f) {
    const { i, j, t } = reel.beside(f), from = reel.frames[i] ?? reel.frames[j], to = reel.frames[j] ?? from
    if (from) sheet.show(all(from.drawn, to.drawn, from.drawn.shape[0]), reel.index, t)
  }

  // the samples of the curves; of a sweep the solid ones are those that a model is chosen by
  measuredOn() {
    const { reel, other } = this, has = (prefix) => [reel, other].some((one) => one?.ready && one.has(`${prefix}distortion_nats`))
    const [validation, test] = HELD_OUT.map(has)
    if (reel.index.axis !== "epoch") return reel.index.split === "validation" ? _("On the validation set <small>dotted: test set</small>") : _("On the test set")
    if (validation && test) return _("Training <small>dotted: validation set, or test set of an older run</small>")
    return validation ? _("Training <small>dotted: validation set</small>") : test ? _("Training <small>dotted: test set</small>") : _("Training")
  }

  // whether what is laid over has seen the same samples
  get shared() {
    const { shown } = this.reel.fixed, other = this.other?.ready && this.other.fixed.shown
    return Boolean(other) && other.length === shown.length && other.every((v, k) => v === shown[k])
  }

  pictures(from, to, t) {
    const { reel, other, rows } = this, { shown } = reel.fixed, { shape, charts } = reel.index
    const tiles = [...all(shown, shown, shown.shape[0]), ...all(from.again, to.again, shown.shape[0])]
    const seen = this.shared && other.frames[other.nearest(rows[1].f)]
    if (seen) tiles.push(...all(seen.again, seen.again, shown.shape[0]))
    const { canvas } = this.parts.again.surface, [h, w] = shape, high = charts ? Math.max(h, w) : h
    const columns = shown.shape[0]
    canvas.style.aspectRatio = `${columns * w} / ${(tiles.length / columns) * high}`
    Object.assign(this.parts.again, { columns }).show(tiles, reel.index, t)
  }

  // over two maps and two sheets their names, in the colour they have in the curves
  names() {
    const two = this.rows.length === 2, kind = (reel) => (reel.index.axis === "epoch" ? _("snapshot of ") : "")
    this.rows.forEach(({ reel, f }, k) => {
      for (const hosts of [".th-cloud", ".th-drawn .th-fill"])
        this.root.querySelectorAll(hosts)[k].dataset.name = two ? `${reel.index.name}, ${kind(reel)}${reel.named(reel.nearest(f))}` : ""
    })
  }

  remove() {
    for (const part of [this.reel, this.other, this.twin, this.drawnToo, this.scrubber, ...Object.values(this.parts)]) part?.remove()
    super.remove()
  }
}

const { render, unmount } = mounting(Theatre)
export { render as default, unmount }
