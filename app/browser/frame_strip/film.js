// @ts-check
// One film strip. Under each frame the real sample nearest to it, and how dense the data are there; below, density and
// change along the whole way. Frames beyond both ends are dimmed.
// way: {method, line, length, off_data, server_ms, dragged, xy, arrays: {waypoints, t, z, density, change, frame_t,
// frame_density, rows, frames}}, what app/live/requests/path.py answers

import { drawing, element } from "../shared/elements.js"
import { Roving } from "../shared/roving.js"
import { term, termLink } from "../shared/terms.js"
import { _, percent } from "../shared/text.js"
import { variablesOf } from "../shared/variables.js"
import { paint, sampleName } from "../shared/zscope.js"

const FRAME_PX = 84, REAL_PX = 56
const EMPTY = 0.01 // of the samples stand in emptier places: off the cloud
const ONE_SCALE = _("one scale")
const LEGEND = _("decoded frame · nearest real sample · {density} there; green: density, line: change")
const STRIP = _("Pale frames lie beyond the two ends of the path. Below the frames, along the path: the density of the data (green), and how much the picture changes from step to step (line), on one scale for all strips.")
const METHODS = {
  linear: ["path", _("A straight line in latent space. It may pass through regions without data.")],
  slerp: ["path", _("The great arc from one latent to the other, with the length interpolated. It keeps the distance from the origin that samples of a Gaussian prior have.")],
  geodesic: ["geodesic", _("The shortest path if steps far from the data cost more. It stays close to the samples, at the price of its length.")],
}

export class Film {
  // go(t): a frame was chosen. help: what the numbers are, {density, off_data}, and the scale of all charts
  constructor({ name, first }, geometry, go, help) {
    this.name = name
    this.geometry = geometry
    this.variables = variablesOf(geometry)
    this.go = go
    this.help = help.off_data
    this.root = element("section", "fs-row")
    this.root.dataset.method = name
    const title = element("h4", "")
    this.told = element("span", "fs-told")
    const [anchor, meaning] = METHODS[name], said = element("b", "")
    said.innerHTML = term(anchor, name[0].toUpperCase() + name.slice(1), meaning)
    this.flips = element("span", "fs-flips")
    title.append(said, this.told, this.flips)
    if (first) {
      const [before, after] = LEGEND.split("{density}"), legend = element("span", "fs-legend", before)
      legend.append(termLink("density", _("density"), help.density), help.scale ? `${after} · ${ONE_SCALE}` : after)
      legend.title = [STRIP, help.scale].filter(Boolean).join("\n")
      title.append(legend)
    }
    this.frames = element("div", "fs-frames")
    this.frames.setAttribute("role", "group")
    this.roving = new Roving(this.frames, "button", "[data-here=true]")
    this.graph = drawing("svg", { class: "fs-graph", viewBox: "0 0 100 20", preserveAspectRatio: "none", "aria-hidden": "true" })
    this.area = drawing("path", { class: "fs-density" }, this.graph)
    this.curve = drawing("path", { class: "fs-change" }, this.graph)
    this.head = drawing("line", { class: "fs-head", y1: 0, y2: 20 }, this.graph)
    this.classes = drawing("svg", { class: "fs-classes", viewBox: "0 0 100 10", preserveAspectRatio: "none", role: "img" }) // what a classifier says: class_strip.js
    this.classes.style.display = "none"
    this.root.append(title, this.frames)
  }

  // as many frames as the way has, made anew only where their number changes
  build(frame_t) {
    const beyond = frame_t.filter((t) => t < 0).length, inside = frame_t.length - 2 * beyond
    this.graph.style.gridColumn = `${beyond + 1} / span ${inside}`
    this.graph.style.width = `${100 - 100 / inside}%` // from the middle of the first frame to that of the last
    this.tiles = Array.from(frame_t, (t) => {
      const out = t < 0 || t > 1, tile = element(out ? "div" : "button", "fs-frame")
      const [h, w] = this.geometry.shape, tall = (px) => Math.max(1, Math.round((px * h) / w))
      const picture = Object.assign(document.createElement("canvas"), { width: FRAME_PX, height: tall(FRAME_PX) })
      const real = Object.assign(document.createElement("canvas"), { width: REAL_PX, height: tall(REAL_PX) })
      const evidence = element("span", "fs-evidence"), share = element("i", "")
      evidence.append(real, share)
      tile.append(picture, evidence)
      tile.dataset.t = t
      if (out) {
        tile.dataset.beyond = "true"
        tile.setAttribute("role", "img")
      } else {
        tile.type = "button"
        tile.onclick = () => this.go(t)
      }
      return { t, tile, picture, real, share, evidence }
    })
    for (const name of ["gridColumn", "width"]) this.classes.style[name] = this.graph.style[name]
    this.frames.replaceChildren(...this.tiles.map(({ tile }) => tile), this.graph, this.classes)
  }

  show(way, sheet) {
    const { frame_t, frames, frame_density, rows } = way.arrays, { shape, index } = this.geometry
    const times = Array.from(frame_t, (t) => Number(t.toFixed(4)))
    if (String(times) !== this.times) { this.times = String(times); this.build(times) }
    const { variables } = this, { values } = way.arrays
    const size = shape[0] * shape[1] * shape[2], letters = way.arrays.waypoints.length / this.geometry.d
    this.frames.setAttribute("aria-label", _("{name}: {tiles} frames through {letters} waypoints", { name: this.name, tiles: this.tiles.length, letters }))
    this.tiles.forEach(({ t, tile, picture, share, evidence }, i) => {
      paint(picture, frames.subarray(i * size, (i + 1) * size), shape)
      const name = sampleName(this.geometry, rows[i]), dense = frame_density[i]
      share.textContent = percent(dense)
      evidence.dataset.none = dense < EMPTY
      const facts = { t: t.toFixed(2), name, number: index[rows[i]], share: percent(dense) }
      tile.title = tile.dataset.beyond
        ? _("t = {t}, beyond the end points; nearest real sample {name} #{number}; {share} of samples are in less dense regions", facts)
        : _("t = {t}; nearest real sample {name} #{number}; {share} of samples are in less dense regions", facts)
      tile.setAttribute("aria-label", tile.title)
      if (variables && values) tile.title = [tile.title, ...variables.lines(values.subarray((i * values.length) / this.tiles.length, ((i + 1) * values.length) / this.tiles.length))].join("\n")
    })
    if (sheet) this.real(way, sheet)
    const mean = way.arrays.change.reduce((sum, v) => sum + v, 0) / way.arrays.change.length
    const jump = mean > 0 ? Math.max(...way.arrays.change) / mean : 1
    this.told.innerHTML = _("{off} <b>{score}</b> · length <b>{length}</b> · largest step <b>{jump} ×</b> the mean", { off: term("off-data-score", _("off-data"), this.help), score: way.off_data.toFixed(2), length: way.length.toFixed(1), jump: jump.toFixed(1) })
  }

  real(way, sheet) {
    this.tiles?.forEach(({ real }, i) => sheet.draw(real.getContext("2d"), way.arrays.rows[i], 0, 0, REAL_PX))
  }

  // density as an area from 0 to 1, change as a curve from 0 to `most`, which all strips share
  spark(way, most) {
    const { density, change } = way.arrays, last = density.length - 1
    const dense = Array.from(density, (v, i) => `${((100 * i) / last).toFixed(2)} ${(20 - 19 * v).toFixed(2)}`)
    this.area.setAttribute("d", `M0 20L${dense.join("L")}L100 20Z`)
    const steps = Array.from(change, (v, i) => `${((100 * (i + 0.5)) / change.length).toFixed(2)} ${(19 - (18 * v) / (most || 1)).toFixed(2)}`)
    this.curve.setAttribute("d", `M${steps.join("L")}`)
  }

  mark(t, driving) {
    this.root.dataset.driving = driving
    for (const x of ["x1", "x2"]) this.head.setAttribute(x, 100 * t)
    const inside = this.tiles?.filter(({ tile }) => !tile.dataset.beyond) ?? [], nearest = Math.round(t * (inside.length - 1))
    inside.forEach(({ tile }, i) => { tile.dataset.here = i === nearest })
    this.follow(inside[nearest]?.tile)
    this.roving.refresh()
  }

  // a strip wider than its room, on a phone, shows the frame that is marked, in its middle
  follow(tile) {
    const { frames } = this, room = frames.clientWidth
    if (!tile || tile === this.shown || frames.scrollWidth <= room) return
    this.shown = tile
    frames.scrollLeft = tile.offsetLeft - frames.offsetLeft - (room - tile.offsetWidth) / 2
  }
}
