// @ts-check
// A grid of pictures; the one under the pointer (or in focus) is shown large, with the real sample nearest to it.
// data: {link, sheet, columns, n, shape: [h, w], rows, trust, pinned, labels, values, scale, real: {sheet, names, words,
//   suspect, help} or null, waiting}   values: of all samples one after the other, float32 in base64; scale: of charts, in
//   words; both "" where there are none   trigger: picked (index)

import { annotation } from "../shared/annotation.js"
import { element } from "../shared/elements.js"
import { Part, mounting } from "../shared/part.js"
import { TRUST_TITLE, geometry, sampleName, spriteSheet, trustShown } from "../shared/zscope.js"
import { variablesOf } from "../shared/variables.js"
import { termLink } from "../shared/terms.js"
import { _ } from "../shared/text.js"

class Grid extends Part {
  sheet
  model
  real
  at = 0 // of the picture that is shown large

  static className = "zscope-grid"
  static testid = "zscope-grid"

  turn = 0 // how often it was built
  named = null // the annotation of the large picture

  // other pictures, those of another model too, come into the same place: the old ones stay until they are there
  static subject() { return "" }

  start() { return this.update(this.component) }

  update(component) {
    super.update(component)
    const { link, sheet, pinned, real } = component.data
    this.root.classList.toggle("pinned", pinned)
    const same = this.sheet === sheet && this.model === link.model
    if (same && this.real === real?.sheet) return
    Object.assign(this, { sheet, model: link.model, real: real?.sheet, turn: this.turn + 1 })
    return this.build(same ? this.at : 0)
  }

  // newer data may come while this waits: what fails then is no longer wanted, and what fails now is asked for again
  async build(at) {
    const { turn } = this
    try {
      await build(this, this.component.data, turn, at)
    } catch (error) {
      if (turn !== this.turn) return
      this.sheet = undefined
      throw error
    }
  }

  pick(i) { this.component.setTriggerValue("picked", i) }

  remove() {
    this.turn += 1 // what is still being built is no longer wanted
    this.named?.remove()
    super.remove()
  }
}

async function build(part, data, turn, start) {
  const { model } = data.link
  const [sheet, reals, map, thumbs] = await Promise.all([
    picture(data.sheet), picture(data.real?.sheet), geometry(model), spriteSheet(model),
  ])
  if (turn !== part.turn) return // newer data came while these were under way
  const [h, w] = data.shape
  const name = (row) => sampleName(map, row)
  const drawnFor = (i) => (data.labels[i] === undefined ? "" : _(", drawn for {i}", { i: data.labels[i] }))
  const copy = (canvas, i, from = sheet) => {
    const context = canvas.getContext("2d")
    context.imageSmoothingQuality = "high"
    context.drawImage(from, (i % data.columns) * w, Math.floor(i / data.columns) * h, w, h, 0, 0, canvas.width, canvas.height)
  }

  const shown = (canvas, i) => (reals ? copy(canvas, i, reals) : thumbs.draw(canvas.getContext("2d"), data.rows[i], 0, 0, canvas.width))

  const tiles = document.createElement("div")
  tiles.className = "zg-tiles"
  tiles.style.setProperty("--columns", data.columns)
  tiles.setAttribute("role", "group")
  tiles.setAttribute("aria-label", _("{n} pictures. Arrow keys move, Enter opens one in Explore.", { n: data.n }))
  const density = Math.min(2, window.devicePixelRatio || 1)
  const side = Math.max(w, Math.ceil((density * 720) / data.columns))
  for (let i = 0; i < data.n; i++) {
    const tile = document.createElement("button")
    tile.type = "button"
    tile.className = "zg-tile"
    tile.tabIndex = i === 0 ? 0 : -1
    tile.setAttribute("aria-label", _("Picture {i}{i2}, nearest to {i3} #{i4}, trust {i5}", { i: i + 1, i2: drawnFor(i), i3: name(data.rows[i]), i4: map.index[data.rows[i]], i5: data.trust[i].toFixed(2) }))
    tile.dataset.suspect = String(data.real?.suspect[i] === true)
    tile.append(canvas(side, Math.round((side * h) / w)), evidence(i))
    copy(tile.firstChild, i)
    tile.onclick = () => part.pick(i)
    tile.onpointerenter = () => detail(i)
    tile.onfocus = () => { detail(i); for (const other of tiles.querySelectorAll(":scope > *")) other.tabIndex = other.isSameNode(tile) ? 0 : -1 }
    tiles.append(tile)
  }
  tiles.onkeydown = (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -data.columns, ArrowDown: data.columns }[event.key]
    const at = [...tiles.children].indexOf(document.activeElement)
    if (step === undefined || at < 0 || !tiles.children[at + step]) return
    event.preventDefault()
    tiles.querySelectorAll(":scope > *")[at + step].focus()
  }

  function evidence(i) {
    const badge = document.createElement("span")
    badge.className = "zg-badge"
    const real = canvas(48, Math.round((48 * h) / w))
    shown(real, i)
    const bar = document.createElement("i")
    const { share, colour } = trustShown(data.trust[i], map)
    bar.style.setProperty("--trust", String(share))
    bar.style.setProperty("--colour", colour)
    badge.append(real, bar)
    return badge
  }

  const panel = document.createElement("div")
  panel.className = "zg-panel"
  panel.setAttribute("aria-live", "polite")
  const large = canvas(Math.max(448, w), Math.round((Math.max(448, w) * h) / w), "zg-large")
  const real = canvas(112, Math.round((112 * h) / w), "zg-real")
  panel.append(large, element("div", "zg-title"), element("div", "zg-label"), element("div", "zg-bar"),
    element("div", "zg-trust"), element("div", "zg-label"),
    real, element("div", "zg-name"), element("div", "zg-copy", data.waiting), element("div", "zg-hint", _("Click to open the picture in Explore.")))

  const variables = data.values ? variablesOf(map) : null, named = variables ? annotation(large, map) : null
  const values = variables ? new Float32Array(Uint8Array.from(atob(data.values), (letter) => letter.charCodeAt(0)).buffer) : null
  const valuesOf = (i) => values.subarray((i * values.length) / data.n, ((i + 1) * values.length) / data.n)
  if (variables) [...tiles.children].forEach((tile, i) => Object.assign(tile, { title: variables.lines(valuesOf(i)).join("\n") }))
  if (data.scale) panel.append(element("p", "zg-hint", data.scale))
  part.named?.remove()
  part.named = named

  const [trustLabel, realLabel] = panel.querySelectorAll(".zg-label")
  trustLabel.append(termLink("trust", _("Trust"), TRUST_TITLE))
  realLabel.append(reals ? termLink("copy", _("Nearest training sample"), data.real.help) : _("Nearest real sample in latent space"))

  function detail(i) {
    part.at = i
    const at = (name) => panel.querySelector(name)
    copy(large, i)
    named?.show(valuesOf(i))
    shown(real, i)
    at(".zg-title").textContent = _("Picture {i} of {n}{i2}", { i: i + 1, n: data.n, i2: drawnFor(i) })
    const { figure, word, share, colour } = trustShown(data.trust[i], map)
    at(".zg-bar").style.setProperty("--trust", String(share))
    at(".zg-bar").style.setProperty("--colour", colour)
    at(".zg-trust").innerHTML = ""
    at(".zg-trust").append(element("b", "", figure), ` ${word}`)
    at(".zg-name").textContent = data.real?.names[i] ?? `${name(data.rows[i])} #${map.index[data.rows[i]]}`
    at(".zg-copy").textContent = data.real?.words[i] ?? data.waiting
    at(".zg-copy").dataset.suspect = data.real?.suspect[i] === true
  }

  part.root.replaceChildren(tiles, panel)
  detail(start)
}

async function picture(source) {
  if (!source) return null
  const image = Object.assign(new Image(), { src: source })
  await image.decode()
  return image
}

function canvas(width, height, name = "") {
  const made = document.createElement("canvas")
  Object.assign(made, { width, height, className: name })
  return made
}

const { render, unmount } = mounting(Grid)
export { render as default, unmount }
