// @ts-check
// A selection of the map: counts, means, what sets it apart, its most typical and most extreme samples.

import { ClassLooks } from "../latent_map/class_looks.js"
import { css } from "../latent_map/colours.js"
import { LivePart, mounting } from "../shared/part.js"
import { sampleButton } from "../shared/sample_button.js"
import { termLink } from "../shared/terms.js"
import { _, ngettext, number, percent } from "../shared/text.js"
import { KIND, TRUST_TITLE, emit, fit, on, paint, sampleName, theme } from "../shared/zscope.js"

const CLASSES = 6 // lines of the histogram; the rest are one
const SPREAD = _("Mean distance of the samples from their mean latent, in the metric of the map. The smaller, the more alike are their codes.")
const ERROR = _("Mean squared error between the samples and their reconstructions. Lower is better.")

const MARKUP = `
<div class="gc-head">
  <p><b></b> <span></span></p>
  <div>
    <button type="button" data-do="only" aria-pressed="false" title="${_("Show only these samples on the map")}">${_("Only these")}</button>
    <button type="button" data-do="zoom" title="${_("Show the part of the map with these samples")}">${_("Zoom")}</button>
    <button type="button" data-do="invert" title="${_("Select all other samples instead")}">${_("Invert")}</button>
    <button type="button" data-do="clear" title="${_("Select nothing (Escape on the map)")}">${_("Clear")}</button>
  </div>
</div>
<div class="gc-body">
  <div class="gc-means">
    <figure><canvas width="76" height="76" role="img" aria-label="${_("The mean latent, decoded")}" data-testid="group-decoded"></canvas><figcaption>${_("mean latent")}</figcaption></figure>
    <figure><canvas width="76" height="76" role="img" aria-label="${_("The mean of the real samples")}"></canvas><figcaption>${_("mean of pictures")}</figcaption></figure>
  </div>
  <div class="gc-classes"></div>
</div>
<dl></dl>
<section><h4>${_("Most typical")}</h4><div class="gc-row"></div></section>
<section><h4>${_("Most extreme")}</h4><div class="gc-row"></div></section>`

class GroupCard extends LivePart {
  static className = "zscope-group"
  static testid = "zscope-group"
  static markup = MARKUP

  async start() {
    await super.start()
    this.sheet = await this.loadSheet()
    if (this.ready) this.samples()
  }

  build() {
    this.means = [...this.root.querySelectorAll(".gc-means canvas")].map((canvas) => fit(canvas, this.geometry.shape))
    this.find(".gc-head div").onclick = (event) => this.act(event.target.closest("[data-do]")?.dataset.do)
    this.offs.push(on("only", (only) => this.find("[data-do=only]").setAttribute("aria-pressed", String(only))))
  }

  act(what) {
    emit("select", what)
    if (what !== "clear") return
    /** @type {HTMLElement | null} */
    const map = document.querySelector(".zscope-map")
    map?.focus({ preventScroll: true }) // this card goes
  }

  show() {
    const { data } = this.component
    this.find(".gc-head b").textContent = _("{n} selected", { n: number(data.count) })
    this.find(".gc-head span").textContent = _("of {n}, {share}", { n: number(data.n), share: percent(data.count / data.n) })
    this.histogram(data.classes, data.count, data.names)
    this.facts(data)
    this.pictures(data)
    this.samples()
  }

  histogram(classes, total, names) {
    const { colours } = new ClassLooks(names.length).themed(theme(this.root).dark)
    const shown = classes.length > CLASSES ? classes.slice(0, CLASSES - 1) : classes, rest = classes.slice(shown.length)
    const lines = shown.map(([name, here, all]) => [name, here, css(colours[names.indexOf(name)]), ngettext("{here} of {n} sample labelled {name}", "{here} of {n} samples labelled {name}", all, { here: number(here), name })])
    if (rest.length) lines.push([_("{n} more", { n: number(rest.length) }), rest.reduce((sum, [, here]) => sum + here, 0), "var(--st-border-color)", rest.map(([name, here]) => `${name} ${here}`).join(", ")])
    this.find(".gc-classes").replaceChildren(...lines.map(([name, here, colour, title]) => {
      const line = document.createElement("div")
      line.innerHTML = "<span></span><i><u></u></i><em></em>"
      line.title = title
      line.firstChild.textContent = name
      Object.assign(line.querySelector("u").style, { width: `${(100 * here) / total}%`, background: colour })
      line.lastChild.textContent = number(here)
      return line
    }))
  }

  facts({ spread, trust, error }) {
    const lines = [[_("spread"), spread, 2, SPREAD, ""], [_("trust"), trust, 2, TRUST_TITLE, "trust"]]
    if (error) lines.push([_("error, MSE"), error, 4, ERROR, "mse"])
    this.find("dl").replaceChildren(...lines.map(([name, [here, all], digits, title, anchor]) => {
      const entry = document.createElement("div")
      entry.innerHTML = "<dt></dt><dd><b></b> <span></span></dd>"
      entry.title = title
      entry.querySelector("dt").append(anchor ? termLink(anchor, name, title) : name)
      entry.querySelector("b").textContent = here.toFixed(digits)
      entry.querySelector("span").textContent = _("all {digits}", { digits: all.toFixed(digits) })
      return entry
    }))
  }

  async pictures({ centre, mean }) {
    const { shape: [h, w] } = this.geometry, [decoded, real] = this.means
    real.parentElement.hidden = !mean
    if (mean) paint(real, Uint8ClampedArray.from(atob(mean), (letter) => letter.charCodeAt(0)), [h, w, 3])
    const told = JSON.stringify(centre)
    if (told === this.told) return
    this.told = told
    const frame = await this.client.ask(KIND.latent, centre, { idle: true }).catch(() => null)
    if (frame && told === this.told) paint(decoded, frame.pixels, this.geometry.shape)
  }

  samples() {
    if (!this.sheet) return
    const { typical, extreme } = this.component.data, { index } = this.geometry
    for (const [k, rows] of [typical, extreme].entries()) {
      const place = this.root.querySelectorAll(".gc-row")[k]
      place.parentElement.hidden = !rows.length
      const words = (row) => `${sampleName(this.geometry, row, "Sample")} #${index[row]}`
      place.replaceChildren(...rows.map((row) => sampleButton(this.geometry, this.sheet, row, 96, words(row), this.client)))
    }
  }
}

const { render, unmount } = mounting(GroupCard)
export { render as default, unmount }
