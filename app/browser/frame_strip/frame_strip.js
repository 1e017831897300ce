// Film strips of one way by several methods, asked for as a whole: at once, and again while a waypoint is dragged.
// data: {link, waypoints: [z, ...], methods: [{name, code}], method, t, help, notes}   triggers: frame {method, t}, renew
// bus: emits "way" way for each answer (see film.js); "ways?" asks for the last ones again; hears "waypoint" {at, row,
// xy} of one that is dragged, "walk" {t, method}

import { connect, emit, geometry, mounting, ms, on, spriteSheet } from "../shared/zscope.js"
import { Film } from "./film.js"
import { StatusLine } from "../actions/status_line.js"

const OTHERS_MS = 400 // while a waypoint is dragged, from one question for the other methods to the next

class Strips {
  constructor(component) {
    this.component = component
    this.model = component.data.link.model
    this.root = document.createElement("div")
    this.root.className = "zscope-strip"
    this.root.dataset.testid = "zscope-strip"
    this.body = document.createElement("div")
    this.root.append(this.body)
    component.parentElement.append(this.root)
    this.films = new Map()
    this.ways = new Map()
    this.offs = []
  }

  async start() {
    const { model, token, base } = this.component.data.link
    this.client = connect(model, token, base)
    this.status = new StatusLine(this.root, this.client, () => this.component.setTriggerValue("renew", Date.now()))
    this.status.element.querySelector("[data-of=points]").after(Object.assign(document.createElement("span"), { className: "fs-time", title: "What the server takes for one whole way" }))
    this.geometry = await geometry(model, base)
    if (!this.root.isConnected) return
    for (const method of this.component.data.methods) {
      const film = new Film(method, this.geometry, (t) => this.go(method, t), this.component.data.help)
      this.films.set(method.name, film)
      this.body.append(film.root)
    }
    this.offs.push(
      on("waypoint", (drag) => this.ask(drag)),
      on("walk", (place) => this.mark(place)),
      on("ways?", () => { for (const way of this.ways.values()) emit("way", way) }),
    )
    this.ready = true
    this.update(this.component)
    spriteSheet(model, base).then((sheet) => {
      this.sheet = sheet
      for (const [name, way] of this.ways) this.films.get(name).real(way, sheet)
    }, () => {}) // the map says that there are none
  }

  update(component) {
    this.component = component
    const { link, waypoints, method, t, notes } = component.data
    this.client = connect(this.model, link.token, link.base)
    if (!this.ready) return
    const keys = this.root.querySelector(".zs-keys")
    keys.textContent = keys.title = notes.join(" · ") // cut off at the end where there is no room
    const asked = JSON.stringify(waypoints)
    if (asked !== this.asked) { this.asked = asked; this.ask() }
    this.mark(this.place ?? { t, method })
  }

  // every method's way, that of the player first, and more often; of each only the newest question waits
  ask(drag = null) {
    const { methods, waypoints } = this.component.data, driving = this.place?.method ?? this.component.data.method
    if (drag && drag.at >= waypoints.length) return
    const rest = [drag?.at ?? -1, drag?.row ?? -1, ...(drag?.xy ?? [0, 0]), ...waypoints.flat()]
    const now = performance.now(), all = !drag || now - (this.others ?? 0) > OTHERS_MS
    if (all) this.others = now
    for (const { name, code } of [...methods].sort((a, b) => (b.name === driving) - (a.name === driving))) {
      if (!all && name !== driving) continue
      this.client.latest(`way ${name}`, "way", [code, ...rest]).then(
        (way) => way && this.root.isConnected && this.arrived(way),
        (error) => Object.assign(this.root.querySelector(".fs-time"), { textContent: `no way: ${error.message}`, title: error.message }),
      )
    }
  }

  arrived(way) {
    this.ways.set(way.method, way)
    const most = Math.max(...[...this.ways.values()].map((each) => Math.max(...each.arrays.change)))
    this.films.get(way.method).show(way, this.sheet)
    for (const [name, each] of this.ways) this.films.get(name).spark(each, most)
    this.mark(this.place)
    this.root.querySelector(".fs-time").innerHTML = `way <b>${ms(way.server_ms)}</b>`
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
    for (const off of this.offs) off()
    this.status?.remove()
    this.root.remove()
  }
}

const part = mounting((component) => new Strips(component))
export default part.render
export const unmount = part.unmount
