// Film strips. Under each frame: the real sample nearest to it in latent space, and how many lie within reach.
// data: {link, strips: [{name, code, sheet, rows, reach}], method, t, reach, shape: [h, w], notes}   triggers: frame, renew

import { connect, count, emit, geometry, on, spriteSheet } from "./zscope.js"
import { StatusLine } from "./status_line.js"

const FRAME_PX = 160
const REAL_PX = 72
const parts = new WeakMap() // host element -> its part

export default function show(component) {
  const host = component.parentElement
  let part = parts.get(host)
  if (part && part.model !== component.data.link.model) { unmount(host); part = null }
  if (!part) {
    part = { model: component.data.link.model, root: document.createElement("div"), turn: 0 }
    part.root.className = "zscope-strip"
    part.root.dataset.testid = "zscope-strip"
    part.body = document.createElement("div")
    part.root.append(part.body)
    host.append(part.root)
    part.off = on("walk", (place) => mark(part, place))
    parts.set(host, part)
  }
  part.component = component
  const { link, strips, method, t } = component.data
  const client = connect(link.model, link.token, link.base)
  part.status ??= new StatusLine(part.root, client, () => component.setTriggerValue("renew", Date.now()))
  const shown = JSON.stringify([strips, component.data.notes])
  if (shown === part.shown) return mark(part, part.place ?? { t, method })
  part.shown = shown
  part.turn += 1
  return build(part, component.data, part.turn)
}

export function unmount(host) {
  const part = parts.get(host)
  part?.off()
  part?.status?.remove()
  part?.root.remove()
  parts.delete(host)
}

async function build(part, { link, strips, method, t, reach, shape, notes }, turn) {
  const sheets = strips.map((strip) => Object.assign(new Image(), { src: strip.sheet }))
  const [map, thumbs] = await Promise.all([
    geometry(link.model, link.base), spriteSheet(link.model, link.base), ...sheets.map((sheet) => sheet.decode()),
  ])
  if (turn !== part.turn) return
  part.root.querySelector(".zs-keys").textContent = notes.join(" · ")
  part.body.replaceChildren(...strips.map((strip, at) => row(part, strip, sheets[at], { map, thumbs, reach, shape, first: at === 0 })))
  mark(part, part.place ?? { t, method })
}

function row(part, strip, sheet, { map, thumbs, reach, shape: [h, w], first }) {
  const section = element("section", "fs-row")
  section.dataset.method = strip.name
  const title = element("h4", "", "")
  title.append(element("b", "", strip.name[0].toUpperCase() + strip.name.slice(1)))
  if (first) {
    const legend = element("span", "", "decoded frame · nearest real sample · samples within reach")
    legend.title = `Within a latent distance of ${reach}, half of all samples have 15 neighbours.`
    title.append(legend)
  }
  const frames = element("div", "fs-frames")
  frames.setAttribute("role", "group")
  frames.setAttribute("aria-label", `${strip.name}: ${strip.rows.length} frames from A to B`)
  const last = strip.rows.length - 1
  strip.rows.forEach((nearest, i) => {
    const name = map.classes[map.labels[nearest]] ?? "sample"
    const button = element("button", "fs-frame")
    button.type = "button"
    button.dataset.t = i / last
    const words = `t ${(i / last).toFixed(1)}: nearest real sample ${name} #${count(map.index[nearest])}, ${strip.reach[i]} within reach`
    button.setAttribute("aria-label", words)
    button.title = words
    const picture = canvas(FRAME_PX, Math.round((FRAME_PX * h) / w)), real = canvas(REAL_PX, Math.round((REAL_PX * h) / w))
    const context = picture.getContext("2d")
    context.imageSmoothingQuality = "high"
    context.drawImage(sheet, i * w, 0, w, h, 0, 0, picture.width, picture.height)
    thumbs.draw(real.getContext("2d"), nearest, 0, 0, REAL_PX)
    const evidence = element("span", "fs-evidence")
    evidence.dataset.none = strip.reach[i] === 0
    evidence.append(real, element("i", "", strip.reach[i] >= 200 ? "200+" : String(strip.reach[i])))
    button.append(picture, evidence)
    button.onclick = () => go(part, strip, i / last)
    frames.append(button)
  })
  frames.onkeydown = (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, Home: -last, End: last }[event.key]
    const at = [...frames.children].indexOf(document.activeElement)
    if (step === undefined || at < 0) return
    event.preventDefault()
    event.stopPropagation()
    frames.children[Math.min(last, Math.max(0, at + step))].focus()
  }
  section.append(title, frames)
  return section
}

function go(part, strip, t) {
  emit("walk-to", { t, method: strip.name, code: strip.code }) // painted at once; Python hears of it too
  part.component.setTriggerValue("frame", { method: strip.name, t })
}

function mark(part, place) {
  part.place = place
  for (const section of part.body.children) {
    section.dataset.driving = section.dataset.method === place.method
    const frames = section.querySelectorAll(".fs-frame")
    const nearest = Math.round(place.t * (frames.length - 1))
    frames.forEach((frame, i) => { frame.dataset.here = i === nearest })
  }
}

function canvas(width, height) {
  return Object.assign(document.createElement("canvas"), { width, height })
}

function element(tag, name, text = "") {
  const made = document.createElement(tag)
  made.className = name
  made.textContent = text
  return made
}
