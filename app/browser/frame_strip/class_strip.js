// @ts-check
// What a classifier says along a path: a strip in the colours of the classes, as high as it is sure, with a line where the class
// flips; the flips in words beside the path's other numbers.

import { ClassLooks } from "../latent_map/class_looks.js"
import { css } from "../latent_map/colours.js"
import { MOST, decide } from "../shared/decide.js"
import { drawing, write } from "../shared/elements.js"
import { _, ngettext, number, percent } from "../shared/text.js"

const HIGH = 10 // of the drawing
const SAID = 2 // flips that are told in the line above the frames

/**
 * Where the class changes along t: [{t, from, to}], in the middle between two steps.
 * @param {ArrayLike<number>} t @param {ArrayLike<number>} label
 */
export function flips(t, label) {
  const found = []
  for (let i = 1; i < label.length; i++) if (label[i] !== label[i - 1]) found.push({ t: (t[i] + t[i - 1]) / 2, from: label[i - 1], to: label[i] })
  return found
}

export class ClassStrip {
  told = null // {name, classes, said, help} of the classifier
  key = ""

  // film: with classes (its svg) and flips (its words); client(): the page's
  constructor(film, method, client) {
    this.film = film
    this.method = method
    this.client = client
  }

  /** @param {any} told or null @param {any} way the last that came, if any @param {boolean} dark */
  update(told, way, dark) {
    const key = JSON.stringify([told ?? null, dark])
    if (key === this.key) return
    this.key = key
    this.told = told ?? null
    this.looks = new ClassLooks(told?.classes.length ?? 1).themed(dark)
    this.film.classes.style.display = told ? "" : "none"
    this.film.classes.replaceChildren()
    write(this.film.flips, "")
    if (way) this.show(way)
  }

  async show(way) {
    if (!this.told) return
    const { t, z } = way.arrays, d = z.length / t.length, step = Math.ceil(t.length / MOST), told = this.told
    const at = Array.from({ length: Math.ceil(t.length / step) }, (_each, i) => i * step)
    const some = Float32Array.from({ length: at.length * d }, (_each, i) => z[at[Math.floor(i / d)] * d + (i % d)])
    let said
    try {
      said = await decide(this.client(), told.name, some, `classes ${this.method}`)
    } catch (error) {
      write(this.film.flips, _("Decisions: {message}", { message: error.message }))
      return
    }
    if (said && told === this.told) this.draw(at.map((i) => t[i]), said)
  }

  draw(t, { label, confidence }) {
    const { classes: svg, flips: words } = this.film, { classes, said } = this.told
    svg.replaceChildren()
    t.forEach((v, i) => {
      const from = i ? (t[i - 1] + v) / 2 : v, to = i < t.length - 1 ? (v + t[i + 1]) / 2 : v, high = HIGH * confidence[i]
      drawing("rect", { x: 100 * from, y: HIGH - high, width: 100 * (to - from) + 0.05, height: high, fill: css(this.looks.colours[label[i]] ?? [128, 128, 128]) }, svg)
    })
    const found = flips(t, label), lines = found.map(({ t: at, from, to }) => _("t {t}: {from} → {to}", { t: number(at, 2), from: classes[from], to: classes[to] }))
    for (const { t: at } of found) drawing("line", { x1: 100 * at, x2: 100 * at, y1: 0, y2: HIGH }, svg)
    const least = Math.min(...confidence), sure = _("least sure {share}", { share: percent(least) })
    const how = found.length ? ngettext("the class flips once", "the class flips {n} times", found.length) : _("{name} all along", { name: classes[label[0]] })
    svg.setAttribute("aria-label", [how, ...lines, sure].join("; "))
    write(words, found.length && found.length <= SAID ? lines.join(", ") : how)
    words.title = [_("What the classifier {help} says of the frames; it is {said}.", { help: this.told.help, said }), ...lines, sure].join("\n")
  }
}
