// The picture at the pointer and what belongs to the committed point: trust, neighbours, sliders, ways to take it along.

import { KIND, TRUST_TITLE, connect, emit, fit, geometry, mounting, on, paced, paint, spriteSheet, theme, trustColour, trustWord } from "./zscope.js"
import { Sliders } from "./sliders.js"
import { StatusLine } from "./status_line.js"

const TRUSTED = 0.6 // from here up the picture is shown as it is
const FADE = 0.35, HATCH = 0.25 // at no trust at all
const READ_MS = 90
const WIDEST = 1.5 // a slider's previews, over their height
const SAME = 1e-4 // of a latent coordinate
const DOUBTED = "Faded and hatched: this point may not come back when its picture is encoded again"
const APART = "Latent distance to the kept point; each dimension counts in its standard deviations"

const MARKUP = `
<div class="zc-top">
  <div class="zc-frame">
    <canvas data-testid="zscope-picture" role="img" aria-label="Decoded picture" width="140" height="140"></canvas>
  </div>
  <div class="zc-side">
    <section class="zc-trust">
      <h4 title="${TRUST_TITLE}">Trust</h4>
      <div class="zc-bar"><i></i></div>
      <p><b>–</b> <span></span></p>
    </section>
    <section class="zc-near">
      <h4 title="${APART}">Nearest to the kept point</h4>
      <div class="zc-neighbours"></div>
    </section>
  </div>
</div>
<div class="zc-labels" role="radiogroup" aria-label="Label to decode with" hidden></div>
<div class="zc-console"></div>
<div class="zc-buttons">
  <button type="button" data-do="reset">Reset sliders</button>
  <button type="button" data-do="undo">Undo</button>
  <button type="button" data-do="link">Copy link</button>
  <button type="button" data-do="python">Copy as Python</button>
  <span class="zc-said" role="status"></span>
</div>`

class Console {
  constructor(component) {
    this.component = component
    this.model = component.data.link.model
    this.root = document.createElement("div")
    this.root.className = "zscope-console"
    this.root.dataset.away = ""
    this.root.innerHTML = MARKUP
    component.parentElement.append(this.root)
    this.find = (selector) => this.root.querySelector(selector)
    this.picture = this.find("canvas")
    this.read = paced(READ_MS, () => this.figures())
  }

  async start() {
    const { model, token, base } = this.component.data.link
    this.client = connect(model, token, base)
    this.find(".zc-buttons").onclick = (event) => this.act(event.target.closest("button")?.dataset.do)
    this.status = new StatusLine(this.root, this.client, () => this.component.setTriggerValue("renew", Date.now()))
    this.geometry = await geometry(model, base)
    const [h, w] = this.geometry.shape
    fit(this.picture, [h, w])
    this.root.style.setProperty("--aspect", Math.min(WIDEST, w / h))
    this.theme = theme(this.root)
    const offs = [this.client.onFrame((frame) => this.show(frame)), on("commit", ({ z }) => { this.kept = z; this.away("") })]
    this.off = () => offs.forEach((off) => off())
    this.sliders = new Sliders(this.find(".zc-console"), this.client, this.geometry)
    this.update(this.component)
    this.sheet = await spriteSheet(model, base)
    this.neighbours()
  }

  update(component) {
    this.component = component
    this.theme = theme(this.root)
    this.client = connect(this.model, component.data.link.token, component.data.link.base)
    if (!this.sliders) return
    const { committed, sliders, can_undo } = component.data
    this.find("[data-do=undo]").disabled = !can_undo
    this.kept = committed?.z
    this.labels(component.data)
    this.sliders.update(committed, sliders)
    this.neighbours()
  }

  // z held, the label changed: a look while the pointer is on a name, a choice with a click
  labels({ labels, label }) {
    const row = this.find(".zc-labels")
    row.hidden = !labels.length
    this.client.setLabel(labels.length ? label : null)
    if (!labels.length) return
    const chips = [[null, "as nearest"], ...labels.map((name, k) => [k, name])].map(([k, name]) => {
      const chip = document.createElement("button")
      Object.assign(chip, { type: "button", textContent: name })
      chip.setAttribute("role", "radio")
      chip.setAttribute("aria-checked", String(k === label))
      chip.onpointerenter = () => this.client.setLabel(k)
      chip.onclick = () => this.component.setStateValue("label", { label: k })
      return chip
    })
    row.onpointerleave = () => this.client.setLabel(this.component.data.label)
    row.replaceChildren(...chips)
  }

  show(frame) {
    const doubt = 1 - Math.min(1, frame.trust / TRUSTED)
    paint(this.picture, frame.pixels, this.geometry.shape, FADE * doubt, this.theme.rgb)
    if (doubt > 0) this.hatch(doubt)
    this.trust = frame.trust
    const kept = frame.source === "restore" || !this.kept || this.kept.every((v, i) => Math.abs(v - frame.z[i]) < SAME)
    this.away(kept ? "" : frame.source)
    this.read()
  }

  // "map" or "slider": what moved the picture away from the kept point, to which neighbours and sliders belong
  away(source) {
    if (this.root.dataset.away !== source) this.root.dataset.away = source
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

  // figures change as often as eyes can read; laying out text for every frame would cost more than the picture
  figures() {
    const word = trustWord(this.trust), block = this.find(".zc-trust")
    const bar = block.querySelector("i")
    bar.style.width = `${100 * this.trust}%`
    bar.style.background = trustColour(this.trust)
    block.querySelector("b").textContent = this.trust.toFixed(2)
    block.querySelector("span").textContent = word
    const title = this.trust < TRUSTED ? DOUBTED : ""
    if (title === this.picture.title) return
    this.picture.title = title
    this.picture.setAttribute("aria-label", title ? `Decoded picture. ${title}` : "Decoded picture")
  }

  neighbours() {
    const list = JSON.stringify(this.component.data.neighbours)
    if (!this.sheet || list === this.listed) return
    this.listed = list
    const { labels, classes, index, shape } = this.geometry
    this.find(".zc-neighbours").replaceChildren(
      ...this.component.data.neighbours.map(({ row, distance }) => {
        const button = document.createElement("button"), canvas = document.createElement("canvas"), text = document.createElement("span")
        const name = labels[row] === 255 ? "sample" : classes[labels[row]]
        canvas.width = 128
        fit(canvas, shape)
        this.sheet.draw(canvas.getContext("2d"), row, 0, 0, 128)
        text.textContent = distance.toFixed(2)
        text.title = APART
        button.type = "button"
        button.title = `${name} #${index[row]}, latent distance ${distance.toFixed(2)}: go there`
        button.setAttribute("aria-label", button.title)
        button.append(canvas, text)
        button.onclick = () => emit("goto", { row })
        return button
      }),
    )
  }

  act(what) {
    if (what === "reset") this.sliders?.reset()
    if (what === "undo") this.component.setTriggerValue("undo", Date.now())
    if (what === "link") this.copy(location.href, "Link copied")
    if (what === "python") this.copy(this.python(), "Python copied")
  }

  python() {
    const z = this.component.data.committed?.z ?? []
    const numbers = Array.from(z, (v) => Number(v.toPrecision(6))).join(", ")
    return `# run in the folder of zscope\nimport numpy as np\nimport vae\n\nmodel = vae.load(${JSON.stringify(this.model)})\nz = np.array([[${numbers}]], dtype=np.float32)\nx = model.decode(z)  # (1, ${this.geometry.sample.join(", ")})\n`
  }

  async copy(text, said) {
    try {
      await navigator.clipboard.writeText(text)
    } catch {
      const field = document.createElement("textarea") // pages served without TLS have no clipboard of their own
      field.value = text
      document.body.append(field)
      field.select()
      const done = document.execCommand("copy")
      field.remove()
      if (!done) return this.say("The browser refused to copy")
    }
    this.say(said)
  }

  say(text) {
    this.find(".zc-said").textContent = text
    clearTimeout(this.saying)
    this.saying = setTimeout(() => { this.find(".zc-said").textContent = "" }, 4000)
  }

  remove() {
    clearTimeout(this.saying)
    this.read.cancel()
    this.off?.()
    this.status?.remove()
    this.root.remove()
  }
}

const part = mounting((component) => new Console(component))
export default part.render
export const unmount = part.unmount
