// @ts-check
// The held sample: places are decoded with its residual, what the map cannot say of it. A label on the map says which sample
// that is and how far from the pointer the decoded latent lies on the map, and has a slider for the share of the residual; its
// mark says where the sample itself lies.   trigger: hold {point: {row, xy, z} or null}, residual {share}

import { Residual } from "./residual.js"
import { element, hide, write } from "../shared/elements.js"
import { _, percent } from "../shared/text.js"
import { KIND, paced } from "../shared/zscope.js"

const SIDE_PX = 34 // of its thumbnail
const READ_MS = 80 // as often as eyes can read

export class Hold {
  point = null // {row, z, xy on the first map}
  share = 1
  key = ""

  // map: with root, plot, overlay, views, client, component, geometry, taken(), name(), note()
  constructor(map) {
    this.map = map
    this.element = element("div", "zm-hold")
    this.element.hidden = true
    this.canvas = Object.assign(document.createElement("canvas"), { width: 2 * SIDE_PX, height: 2 * SIDE_PX })
    this.words = element("span", "")
    this.words.append(element("b", ""), element("small", ""))
    this.button = Object.assign(element("button", "", _("Release")), { type: "button", title: _("Decode the map as it is again (Esc on the map)") })
    this.button.onclick = () => this.release()
    this.residual = new Residual({ drag: (share) => this.slide(share), tell: (share) => map.component.setTriggerValue("residual", { share }) })
    this.element.append(this.canvas, this.words, this.button, this.residual.root)
    map.root.append(this.element)
    this.say = paced(READ_MS, (text) => write(this.words.lastChild, text))
  }

  /** @param {any} held {row, z, xy, share} or null */
  update(held) {
    const key = JSON.stringify([held?.row ?? null, held?.z ?? null, held?.share ?? 1])
    if (key === this.key) return
    this.key = key
    this.point = held
    this.share = held?.share ?? 1
    this.residual.update(this.share)
    hide(this.element, !held)
    this.map.root.dataset.holding = String(Boolean(held))
    this.say("")
    this.place()
    this.map.decode()
    if (!held) return
    const { geometry } = this.map
    write(this.words.firstChild, held.row === null ? _("Holding a point") : _("Holding {name} #{n}", { name: this.map.name(held.row), n: geometry.index[held.row] }))
    this.picture()
  }

  // of a real sample its own, once the sheet of them is there
  picture() {
    const { canvas, point } = this, context = canvas.getContext("2d")
    context.clearRect(0, 0, canvas.width, canvas.height)
    canvas.hidden = !point || point.row === null || !this.map.sheet?.draw(context, point.row, 0, 0, canvas.width)
  }

  // its mark, in the view that is shown
  async place() {
    const { overlay, views } = this.map, { point } = this, { view } = views
    const xy = point && (await views.at({ row: point.row, z: point.z, xy: point.xy }))
    if (this.point !== point || views.view !== view) return
    overlay.held = xy ?? null
    overlay.redraw()
  }

  // the slider is dragged: what it makes of the place of the selected point
  slide(share) {
    this.share = share
    const { overlay, views, client } = this.map
    if (!this.point || !overlay.committed) return
    client.request(...views.ask(...overlay.committed.xy), { source: "slider" })
    this.map.decode()
  }

  // of a place that was decoded with the residual: where its latent lies on the map, as the live dot takes it
  landed(frame) {
    if (!this.point || frame.kind !== "place") return null
    const { views, plot } = this.map, [x, y] = views.asked(frame.payload), [x0, y0, x1, y1] = plot.near.box
    const off = Math.hypot(frame.xy[0] - x, frame.xy[1] - y) / Math.max(x1 - x0, y1 - y0, 1e-9)
    this.say(_("its latent lies {share} of the map's width from there", { share: percent(off, 1) }))
    return { xy: frame.xy }
  }

  // the sample within reach of the cursor; else what lies at the cursor; without a cursor the selected point
  async here(hit, target) {
    const { map } = this
    if (!hit) return map.committed && this.tell(map.committed)
    try {
      this.tell(await (hit.index >= 0 ? map.taken(KIND.row, [hit.index]) : map.taken(...target)))
    } catch (error) {
      map.note(_("Could not select the point: {message}", { message: error.message }))
    }
  }

  // [left, top, width, height] px of the map that the label takes
  get boxes() {
    const { hidden, offsetLeft: left, offsetTop: top, offsetWidth: width, offsetHeight: height } = this.element
    return hidden ? [] : [[left, top, width, height]]
  }

  release() { this.tell(null) }

  tell(point) {
    this.map.component.setTriggerValue("hold", { point: point && { row: point.row ?? null, xy: [...point.xy], z: [...point.z] } })
  }

  remove() { this.say.cancel() }
}
