// @ts-check
// The picture at the pointer and what belongs to the committed point: trust, fidelity, neighbours, the pinned point; the row of tools.

import { hide, write } from "../shared/elements.js"
import { LivePart, mounting } from "../shared/part.js"
import { Pinned } from "./pinned.js"
import { annotation } from "../shared/annotation.js"
import { FIDELITY_TITLE, fidelity } from "../shared/fidelity.js"
import { Roving } from "../shared/roving.js"
import { sampleButton } from "../shared/sample_button.js"
import { term } from "../shared/terms.js"
import { TRUST_TITLE, copiedPicture, emit, fit, on, paced, paint, sampleName, theme, trustShown } from "../shared/zscope.js"
import { _, ngettext } from "../shared/text.js"
import { isTable } from "../shared/variables.js"

const TRUSTED = 0.6 // from here up the picture is shown as it is
const FADE = 0.35, HATCH = 0.25 // at no trust at all
const READ_MS = 90
const SAME = 1e-4 // of a latent coordinate
const ROWS = 2, IN_ROW = 3 // of neighbours; a pinned point takes the second row
const DOUBTED = _("Faded and hatched: encoded again, this picture may come back far from this point")
const FEW = 1000 // samples: with fewer much of the map lies far from all
const APART = _("Distance in latent space from that point, each dimension in units of its standard deviation")

const MARKUP = `
<div class="zc-top">
  <div class="zc-frame">
    <canvas data-testid="zscope-picture" role="img" aria-label="${_("Decoded picture")}" width="140" height="140"></canvas>
    <span class="zc-flag" hidden>${_("pinned")}</span>
  </div>
  <div class="zc-side">
    <section class="zc-trust">
      <h4>${term("trust", _("Trust"), TRUST_TITLE)}</h4>
      <div class="zc-bar"><i></i></div>
      <p><b>–</b> <span></span></p>
      <small></small>
    </section>
    <section class="zc-near">
      <h4 title="${APART}"></h4>
      <div class="zc-neighbours"></div>
      <div class="zc-pinned" hidden></div>
    </section>
  </div>
</div>
<p class="zc-fidelity" hidden><b>${term("fidelity", _("Fidelity"), FIDELITY_TITLE)}</b> <i hidden>${_("poor")}</i> <span></span></p>
<div class="zc-labels" role="radiogroup" aria-label="${_("Label to decode with")}" hidden></div>
<div class="zc-tools" role="tablist" aria-label="${_("Tools")}"></div>`

class View extends LivePart {
  static className = "zscope-view zscope-part"
  static markup = MARKUP

  picture = this.find("canvas")
  read = paced(READ_MS, () => this.figures())
  flipped = false // whether the pinned point stands in the place of the picture

  async start() {
    this.root.dataset.away = ""
    this.roving = [new Roving(this.find(".zc-tools"), "button"), new Roving(this.find(".zc-labels"), "button")]
    const close = ({ key }) => { if (key === "Escape") this.root.dataset.sheet = "" }
    addEventListener("keydown", close)
    this.offs.push(() => removeEventListener("keydown", close))
    this.tools(this.component.data)
    await super.start()
    this.sheet = await this.loadSheet()
    if (this.ready) this.neighbours()
  }

  build() {
    fit(this.picture, this.geometry.shape)
    this.root.style.setProperty("--aspect", String(this.picture.width / this.picture.height))
    this.named = annotation(this.picture, this.geometry)
    this.root.classList.toggle("zc-lines", isTable(this.geometry))
    this.theme = theme(this.root)
    this.pinned = new Pinned(this.find(".zc-pinned"), this.client, this.geometry)
    this.offs.push(
      this.client.onFrame((frame) => this.seen(frame)),
      on("commit", ({ z }) => { this.kept = z; this.away("") }),
      on("flip", (flipped) => this.flip(flipped)),
      on("copy picture", async (said) => said(await copiedPicture(this.picture))),
    )
  }

  update(component) {
    this.tools(component.data)
    super.update(component)
  }

  show() {
    const { data } = this.component
    this.theme = theme(this.root)
    this.kept = data.committed?.z
    this.labels(data)
    this.pinned.update(data.pin, data.label).then(() => this.flip(this.flipped && Boolean(data.pin)))
    this.find(".zc-pinned").hidden = !data.pin
    this.neighbours()
  }

  tools({ tools, tool }) {
    const told = JSON.stringify([tools, tool])
    if (told === this.toolsTold) return
    this.toolsTold = told
    const buttons = tools.map(({ name, title, help, off }) => {
      const button = document.createElement("button")
      Object.assign(button, { type: "button", textContent: title, title: off || help, disabled: Boolean(off) })
      button.setAttribute("role", "tab")
      button.setAttribute("aria-selected", String(name === tool))
      button.dataset.tool = name
      button.onclick = () => {
        this.sheetOf(name, tool)
        for (const other of buttons) other.setAttribute("aria-selected", String(other === button)) // at once; the panel follows
        this.component.setTriggerValue("tool", name) // a state value tells nothing where Python has opened another since
      }
      return button
    })
    const focused = this.find(".zc-tools").contains(document.activeElement)
    this.find(".zc-tools").replaceChildren(...buttons)
    this.roving[0].refresh()
    if (focused) this.find(".zc-tools [aria-selected=true]")?.focus({ preventScroll: true })
  }

  // in a narrow window the open tool is a sheet over the map (CSS): its tab opens and closes it, Escape closes it
  sheetOf(name, tool) {
    const { dataset } = this.root, selected = this.find(".zc-tools [aria-selected=true]")?.dataset.tool ?? tool
    dataset.sheet = dataset.sheet === "open" && name === selected ? "" : "open"
  }

  // z held, the label changed: a look while the pointer is on a name, a choice with a click
  labels({ labels, label }) {
    const row = this.find(".zc-labels")
    row.hidden = !labels.length
    this.client.setLabel(labels.length ? label : null)
    if (!labels.length) return
    const chips = [[null, _("label of the nearest sample")], ...labels.map((name, k) => [k, name])].map(([k, name]) => {
      const chip = document.createElement("button")
      Object.assign(chip, { type: "button", textContent: name })
      chip.setAttribute("role", "radio")
      chip.setAttribute("aria-checked", String(k === label))
      chip.onpointerenter = () => this.client.setLabel(k)
      chip.onclick = () => this.component.setTriggerValue("label", { label: k })
      return chip
    })
    row.onpointerleave = () => this.client.setLabel(this.component.data.label)
    const focused = row.contains(document.activeElement)
    row.replaceChildren(...chips)
    this.roving[1].refresh()
    if (focused) row.querySelector("[aria-checked=true]")?.focus({ preventScroll: true })
  }

  seen(frame) {
    this.frame = frame
    this.pinned?.compare(frame)
    const kept = frame.source === "restore" || !this.kept || this.kept.every((v, i) => Math.abs(v - frame.z[i]) < SAME)
    this.away(kept ? "" : frame.source)
    if (!this.flipped) this.draw(frame, kept)
  }

  // chosen: the picture is that of the selected point, not of one that the pointer passes
  draw(frame, chosen = true) {
    const doubt = this.geometry.first ? 0 : 1 - Math.min(1, frame.trust / TRUSTED)
    paint(this.picture, frame.pixels, this.geometry.shape, FADE * doubt, this.theme.rgb)
    const { pin } = this.component.data, from = !this.flipped && pin ? this.pinned.frame?.values : null
    if (from) this.named?.show(frame.values, { other: from, words: _("the pinned point"), doubt, chosen })
    else this.named?.show(frame.values, { doubt, chosen })
    if (doubt > 0) this.hatch(doubt)
    this.trust = frame.trust
    this.rms = frame.rms
    this.read()
  }

  // the pinned point in the place of the picture, until it flips back
  flip(flipped) {
    this.flipped = flipped && Boolean(this.pinned.frame)
    this.find(".zc-flag").hidden = !this.flipped
    const frame = this.flipped ? this.pinned.frame : this.frame
    if (frame) this.draw(frame)
  }

  // "map" or "slider": what moved the picture away from the kept point, to which neighbours and sliders belong
  away(source) {
    if (this.root.dataset.away === source) return
    this.root.dataset.away = source
    emit("away", source)
  }

  // diagonal strokes over what should not be believed
  hatch(doubt) {
    const context = this.picture.getContext("2d"), { width, height } = this.picture
    context.save()
    context.globalAlpha = HATCH * doubt
    context.strokeStyle = this.theme.text
    context.lineWidth = 0.5
    context.beginPath()
    for (let x = -height; x < width; x += 9) { context.moveTo(x, height); context.lineTo(x + height, 0) }
    context.stroke()
    context.restore()
  }

  get doubted() { return !this.geometry.first && this.trust < TRUSTED }

  // figures change as often as eyes can read; laying out text for every frame would cost more than the picture
  figures() {
    const { figure, word, colour, share } = trustShown(this.trust, this.geometry), block = this.find(".zc-trust")
    const bar = block.querySelector("i")
    bar.style.width = `${100 * share}%`
    bar.style.background = colour
    write(block.querySelector("b"), figure)
    write(block.querySelector("span"), word)
    this.gaps(block.querySelector("small"))
    this.fidelity()
    const title = this.doubted ? DOUBTED : ""
    if (title === this.picture.title) return
    this.picture.title = title
    this.picture.setAttribute("aria-label", title ? _("Decoded picture. {title}", { title }) : _("Decoded picture"))
  }

  // why so much of a small data set's map is not to be trusted
  gaps(note) {
    const { n } = this.geometry
    note.style.visibility = this.doubted ? "visible" : "hidden" // its place stays: nothing moves under the pointer
    if (n >= FEW || note.textContent) return
    note.textContent = ngettext("{n} sample leaves gaps", "{n} samples leave gaps", n)
    note.title = _("With few samples most of the map lies between them, where the model has learned little: what is decoded there, encoded again, seldom comes back. More samples, or fewer latent dimensions, leave fewer gaps.")
  }

  fidelity() {
    const { text, poor } = fidelity(this.rms, this.geometry.baselines, this.geometry.sample.length < 3), block = this.find(".zc-fidelity")
    hide(block, !text)
    hide(block.querySelector("i"), !poor)
    write(block.querySelector("span"), text)
  }

  // of the selected point, whatever the pointer is on: the heading says which that is
  neighbours() {
    const row = this.component.data.committed?.row ?? null
    this.find(".zc-near h4").textContent = row === null ? _("Nearest to the selected point") : _("Nearest to {name} #{n}", { name: sampleName(this.geometry, row), n: this.geometry.index[row] })
    const rows = this.component.data.pin ? ROWS - 1 : ROWS
    const near = this.component.data.neighbours.slice(0, rows * IN_ROW), list = JSON.stringify(near)
    if (!this.sheet || list === this.listed) return
    this.listed = list
    const place = this.find(".zc-neighbours"), at = [...place.children].indexOf(document.activeElement)
    place.replaceChildren(...near.map((one) => this.neighbour(one)))
    if (at >= 0) place.children[Math.min(at, near.length - 1)]?.focus({ preventScroll: true })
  }

  neighbour({ row, distance }) {
    const said = distance.toFixed(2), words = _("{row} #{row2}, latent distance {said}", { row: sampleName(this.geometry, row), row2: this.geometry.index[row], said })
    const button = sampleButton(this.geometry, this.sheet, row, 128, words, this.client)
    if (isTable(this.geometry)) button.replaceChildren(`${sampleName(this.geometry, row, "")} #${this.geometry.index[row]}`.trim()) // its bars would be too small to read
    button.append(Object.assign(document.createElement("span"), { textContent: said, title: APART }))
    return button
  }

  remove() {
    this.read.cancel()
    this.named?.remove()
    this.pinned?.remove()
    super.remove()
  }
}

const { render, unmount } = mounting(View)
export { render as default, unmount }
