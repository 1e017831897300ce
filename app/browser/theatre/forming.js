// @ts-check
// The map while it forms: one cloud of points that move from frame to frame, and the window with them.

import { ClassLooks } from "../latent_map/class_looks.js"
import { ClassNames } from "../latent_map/class_names.js"
import { looks } from "../latent_map/colours.js"
import { FlatPoints, Points, webgl } from "../latent_map/points.js"
import { Surface } from "./surface.js"
import { _ } from "../shared/text.js"

const PAD_PX = 10

export class Forming {
  shown = /** @type {Record<string, any>} */ ({ above: [], t: 1, top: 0, zoomed: false, moving: false, refresh: () => {} })
  reel
  f = 0
  look

  constructor(host) {
    this.note = host.appendChild(Object.assign(document.createElement("p"), { className: "th-waits" }))
    this.surface = new Surface(host, _("Map of the samples' latents"), (...given) => this.draw(...given))
  }

  // f: place between frames; look: the theme
  show(reel, f, look) {
    Object.assign(this, { reel, f, look })
    if (!this.points) this.points = new (webgl() ? Points : FlatPoints)(reel.index.n)
    this.colour()
    this.surface.paint()
  }

  // what each point looks like, anew where theme or samples are others
  colour() {
    const said = `${this.reel.key} ${this.look.dark} ${this.look.accent}`
    if (said === this.coloured) return
    this.coloured = said
    this.placed = ""
    const { n, classes } = this.reel.index
    const { colours, shapes } = new ClassLooks(classes.length).themed(this.look.dark)
    this.points.looks(looks(n, { by: { labels: this.reel.fixed.labels }, classes: colours, shapes, theme: this.look, accent: this.look.accent }))
    this.points.onRestored = () => { this.coloured = ""; this.placed = ""; this.show(this.reel, this.f, this.look) }
    this.names = new ClassNames(this.shown, { classes: this.reel.index.labelled ? classes : [], labels: this.reel.fixed.labels ?? [] }, () => ({ ...this.look, ground: getComputedStyle(this.surface.canvas.parentElement.parentElement).backgroundColor }), { boxes: [] })
  }

  // what is drawn, as ClassNames asks a plot for it: from, there: the places of the samples in two frames, share: of the way
  /** @param {Record<string, any>} what */
  place({ from, there, share, view, width, height, ratio }) {
    const { shown } = this, near = share < 0.5 ? from : there, xy = share ? Float32Array.from(from.xy, (v, k) => v + share * (there.xy[k] - v)) : from.xy
    const { frame, still } = shown.near ?? {}
    if (frame !== near || still !== !share) shown.near = { frame: near, still: !share, box: near.box, hidden: null } // the names go to the densest parts; at rest to those of the frame itself
    Object.assign(shown, { xy, view, ratio, unitsPerPx: (view[1] - view[0]) / width })
    shown.size = () => [width, height]
    shown.toPixels = (x, y) => [((x - view[0]) / (view[1] - view[0])) * width, ((view[3] - y) / (view[3] - view[2])) * height]
  }

  // the frame whose map is shown where the wanted one is not laid out yet
  get laid() { return this.reel?.frames.reduce((last, frame, i) => (frame?.xy ? i : last), -1) ?? -1 }

  // why the wanted map is not there yet, in its place, or at the foot of another that is
  waits(why) {
    if (this.note.textContent !== why) this.note.textContent = why
    this.note.dataset.bare = String(this.laid < 0)
  }

  draw(context, width, height, ratio) {
    if (!this.points || this.laid < 0) return
    const { reel } = this, { i, j, t } = reel.beside(Math.min(this.f, this.laid)), [from, to] = [reel.frames[i], reel.frames[j]]
    if (!from?.xy) return
    const there = to?.xy ? to : from, key = `${from.tag} ${i} ${there.tag} ${j}`
    if (key !== this.placed) this.points.places(from.xy, there.xy)
    this.placed = key
    const share = to?.xy ? t : 0, [x0, y0, x1, y1] = from.box.map((v, k) => v + share * (there.box[k] - v))
    const unit = Math.max((x1 - x0) / (width - 2 * PAD_PX), (y1 - y0) / (height - 2 * PAD_PX), 1e-6)
    const [cx, cy, w, h] = [(x0 + x1) / 2, (y0 + y1) / 2, (width / 2) * unit, (height / 2) * unit]
    const size = Math.min(7, Math.max(3, 0.3 * Math.sqrt((width * height) / reel.index.n)))
    const view = [cx - w, cx + w, cy - h, cy + h]
    const drawn = this.points.draw({ width, height, ratio, view, t: share, size, alpha: 0.85, most: Infinity, front: false })
    context.drawImage(drawn, 0, 0, width, height)
    this.place({ from, there, share, view, width, height, ratio })
    this.names.draw(context, this.shown)
  }

  remove() { this.points?.remove(); this.note.remove(); this.surface.remove() }
}
