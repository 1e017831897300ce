// @ts-check
// Film strips of one way by several methods, asked for as a whole: at once, and again while a waypoint is dragged.
// data: {link, waypoints: [z, ...], methods: [{name, code}], method, t, help, notes, touchNotes}   triggers: frame {method, t}
// bus: emits "way" way for each answer (see film.js); "ways?" asks for the last ones again; hears "waypoint" {at, row,
// xy} of one that is dragged, "walk" {t, method}

import { ClassStrip } from "./class_strip.js"
import { Film } from "./film.js"
import { LivePart, mounting } from "../shared/part.js"
import { StatusLine } from "../actions/status_line.js"
import { _, ms } from "../shared/text.js"
import { emit, on, theme } from "../shared/zscope.js"

const OTHERS_MS = 400 // while a waypoint is dragged, from one question for the other methods to the next

class Strips extends LivePart {
  static className = "zscope-strip"
  static testid = "zscope-strip"
  static markup = "<div></div>"

  films = new Map() // of each method
  ways = new Map() // of each method, the last that came
  classes = new Map() // of each method, the strip of what a classifier says
  place = null // {t, method} that is marked
  told = null // that of the player, once it has told

  async start() {
    this.connect()
    this.status = new StatusLine(this.root, this.client)
    this.status.element.querySelector("[data-of=points]").after(Object.assign(document.createElement("span"), { className: "fs-time", title: _("Time the server needs for one whole path") }))
    await super.start()
  }

  build() {
    for (const method of this.component.data.methods) {
      const film = new Film(method, this.geometry, (t) => this.go(method, t), this.component.data.help)
      this.films.set(method.name, film)
      this.classes.set(method.name, new ClassStrip(film, method.name, () => this.client))
      this.root.firstElementChild.append(film.root)
    }
    this.offs.push(
      on("waypoint", (drag) => this.ask(drag)),
      on("walk", (place) => { this.told = place; this.mark(place) }),
      on("ways?", () => { for (const way of this.ways.values()) emit("way", way) }),
    )
    this.loadSheet().then((sheet) => {
      this.sheet = sheet
      for (const [name, way] of this.ways) this.films.get(name).real(way, sheet)
    }, () => {}) // the map says that there are none
  }

  update(component) {
    super.update(component)
    this.status.client = this.client
  }

  show() {
    const { waypoints, method, t, notes, touchNotes } = this.component.data, keys = this.find(".zs-keys")
    keys.textContent = keys.title = (matchMedia("(pointer: coarse)").matches ? touchNotes : notes).join(" · ") // cut off at the end where there is no room
    const dark = theme(this.root).dark
    for (const [name, strip] of this.classes) strip.update(this.component.data.decisions, this.ways.get(name), dark)
    const asked = JSON.stringify(waypoints)
    if (asked !== this.asked) { this.asked = asked; this.ask() }
    this.mark(this.told ?? { t, method })
  }

  // every method's way, that of the player first, and more often; of each only the newest question waits
  ask(drag = null) {
    const { methods, waypoints } = this.component.data, driving = this.place?.method ?? this.component.data.method
    if (drag && drag.at >= waypoints.length) return
    const rest = [drag?.at ?? -1, drag?.row ?? -1, ...(drag?.xy ?? [0, 0]), ...waypoints.flat()]
    const now = performance.now(), all = !drag || now - (this.others ?? 0) > OTHERS_MS
    if (all) this.others = now
    for (const { name, code } of [...methods].sort((a, b) => Number(b.name === driving) - Number(a.name === driving))) {
      if (!all && name !== driving) continue
      this.client.latest(`way ${name}`, "way", [code, ...rest]).then(
        (way) => way && !this.gone && this.arrived(way),
        (error) => this.gone || Object.assign(this.find(".fs-time"), { textContent: _("No path: {message}", { message: error.message }), title: error.message }),
      )
    }
  }

  arrived(way) {
    this.ways.set(way.method, way)
    const most = Math.max(...[...this.ways.values()].map((each) => Math.max(...each.arrays.change)))
    this.films.get(way.method).show(way, this.sheet)
    this.classes.get(way.method).show(way)
    for (const [name, each] of this.ways) this.films.get(name).spark(each, most)
    this.mark(this.place)
    this.find(".fs-time").innerHTML = _("path <b>{time}</b>", { time: ms(way.server_ms) })
    emit("way", way)
  }

  go({ name, code }, t) {
    emit("walk-to", { t, method: name, code }) // painted at once; Python hears of it too
    this.component.setTriggerValue("frame", { method: name, t })
  }

  mark(place) {
    this.place = place
    for (const [name, film] of this.films) film.mark(place.t, name === place.method)
  }

  remove() {
    this.status?.remove()
    super.remove()
  }
}

const { render, unmount } = mounting(Strips)
export { render as default, unmount }
