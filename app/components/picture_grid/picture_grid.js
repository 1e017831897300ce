// A grid of pictures; the one under the pointer (or in focus) is shown large, with the real sample nearest to it.
// data: {link, sheet, columns, n, shape: [h, w], rows, trust, pinned, labels}   trigger: picked (index)

import { TRUST_TITLE, count, geometry, spriteSheet, trustColour, trustWord } from "./zscope.js"

const parts = new WeakMap() // host element -> what it shows

export default function show({ data, parentElement, setTriggerValue }) {
  if (!parts.has(parentElement)) {
    const root = element("div", "zscope-grid")
    root.dataset.testid = "zscope-grid"
    parentElement.append(root)
    parts.set(parentElement, { root, turn: 0 })
  }
  const part = parts.get(parentElement)
  part.pick = (i) => setTriggerValue("picked", i)
  part.root.classList.toggle("pinned", data.pinned)
  if (part.sheet === data.sheet && part.model === data.link.model) return
  Object.assign(part, { sheet: data.sheet, model: data.link.model, turn: part.turn + 1 })
  return build(part, data, part.turn)
}

export function unmount(parentElement) {
  parts.get(parentElement)?.root.remove()
  parts.delete(parentElement)
}

async function build(part, data, turn) {
  const { model, base } = data.link
  const sheet = new Image()
  sheet.src = data.sheet
  const [, map, thumbs] = await Promise.all([sheet.decode(), geometry(model, base), spriteSheet(model, base)])
  if (turn !== part.turn) return // newer data came while these were under way
  const [h, w] = data.shape
  const name = (row) => map.classes[map.labels[row]] ?? "sample"
  const drawnFor = (i) => (data.labels[i] === undefined ? "" : `, drawn for ${data.labels[i]}`)
  const copy = (canvas, i) => {
    const context = canvas.getContext("2d")
    context.imageSmoothingQuality = "high"
    context.drawImage(sheet, (i % data.columns) * w, Math.floor(i / data.columns) * h, w, h, 0, 0, canvas.width, canvas.height)
  }

  const tiles = document.createElement("div")
  tiles.className = "zg-tiles"
  tiles.style.setProperty("--columns", data.columns)
  tiles.setAttribute("role", "group")
  tiles.setAttribute("aria-label", `${data.n} pictures. Arrow keys move, Enter opens one in Explore.`)
  const density = Math.min(2, window.devicePixelRatio || 1)
  const side = Math.max(w, Math.ceil((density * 720) / data.columns))
  for (let i = 0; i < data.n; i++) {
    const tile = document.createElement("button")
    tile.type = "button"
    tile.className = "zg-tile"
    tile.tabIndex = i === 0 ? 0 : -1
    tile.setAttribute("aria-label", `Picture ${i + 1}${drawnFor(i)}, nearest to ${name(data.rows[i])} ${map.index[data.rows[i]]}, trust ${data.trust[i].toFixed(2)}`)
    tile.append(canvas(side, Math.round((side * h) / w)), evidence(i))
    copy(tile.firstChild, i)
    tile.onclick = () => part.pick(i)
    tile.onpointerenter = () => detail(i)
    tile.onfocus = () => { detail(i); for (const other of tiles.children) other.tabIndex = other === tile ? 0 : -1 }
    tiles.append(tile)
  }
  tiles.onkeydown = (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -data.columns, ArrowDown: data.columns }[event.key]
    const at = [...tiles.children].indexOf(document.activeElement)
    if (step === undefined || at < 0 || !tiles.children[at + step]) return
    event.preventDefault()
    tiles.children[at + step].focus()
  }

  function evidence(i) {
    const badge = document.createElement("span")
    badge.className = "zg-badge"
    const real = canvas(48, Math.round((48 * h) / w))
    thumbs.draw(real.getContext("2d"), data.rows[i], 0, 0, 48)
    const bar = document.createElement("i")
    bar.style.setProperty("--trust", data.trust[i])
    bar.style.setProperty("--colour", trustColour(data.trust[i]))
    badge.append(real, bar)
    return badge
  }

  const panel = document.createElement("div")
  panel.className = "zg-panel"
  panel.setAttribute("aria-live", "polite")
  const large = canvas(Math.max(448, w), Math.round((Math.max(448, w) * h) / w), "zg-large")
  const real = canvas(112, Math.round((112 * h) / w), "zg-real")
  panel.append(large, element("div", "zg-title"), element("div", "zg-label", "Trust"), element("div", "zg-bar"),
    element("div", "zg-trust"), element("div", "zg-label", "Nearest real sample, in latent space"), real,
    element("div", "zg-name"), element("div", "zg-hint", "A click opens the picture in Explore."))

  panel.querySelector(".zg-label").title = TRUST_TITLE

  function detail(i) {
    const at = (name) => panel.querySelector(name)
    copy(large, i)
    thumbs.draw(real.getContext("2d"), data.rows[i], 0, 0, 112)
    at(".zg-title").textContent = `Picture ${i + 1} of ${data.n}${drawnFor(i)}`
    at(".zg-bar").style.setProperty("--trust", data.trust[i])
    at(".zg-bar").style.setProperty("--colour", trustColour(data.trust[i]))
    at(".zg-trust").innerHTML = ""
    at(".zg-trust").append(element("b", "", data.trust[i].toFixed(2)), ` ${trustWord(data.trust[i])}`)
    at(".zg-name").textContent = `${name(data.rows[i])} #${count(map.index[data.rows[i]])}`
  }

  part.root.replaceChildren(tiles, panel)
  detail(0)
}

function canvas(width, height, name = "") {
  const made = document.createElement("canvas")
  Object.assign(made, { width, height, className: name })
  return made
}

function element(tag, name, text = "") {
  const made = document.createElement(tag)
  made.className = name
  made.textContent = text
  return made
}
