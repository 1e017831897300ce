// @ts-check
// The waypoints of a way, in order, as thumbnails with names and numbers: brought forward or back, or taken away.

import { tells, variablesOf } from "../shared/variables.js"
import { KIND, fit, paint } from "../shared/zscope.js"
import { _ } from "../shared/text.js"

const SIDE_PX = 80

export class WaypointList {
  shown // what is listed, and with which pictures
  sheet
  n = 0

  // edit({do: "earlier" | "later" | "remove", at}): what the user wants; start({at}): go to that waypoint
  constructor(root, geometry, { edit, visit }) {
    this.root = root
    this.shape = geometry.shape
    this.variables = variablesOf(geometry)
    this.edit = edit
    this.visit = visit
    root.setAttribute("role", "list")
    root.onclick = (event) => this.clicked(event)
    root.onkeydown = (event) => this.key(event)
  }

  // waypoints: [{z, row, name, label}]; client draws those that are no sample, sheet those that are
  show(waypoints, client, sheet) {
    const shown = JSON.stringify(waypoints)
    if (shown === this.shown && sheet === this.sheet) return
    Object.assign(this, { shown, sheet, n: waypoints.length })
    const focused = this.root.contains(document.activeElement) ? document.activeElement.closest("li")?.dataset.at : undefined
    this.root.replaceChildren(...waypoints.map((waypoint, at) => this.item(waypoint, at, client, sheet)))
    if (focused !== undefined) this.root.children[Math.min(Number(focused), this.n - 1)]?.querySelector("button")?.focus()
  }

  item({ z, row, name, label }, at, client, sheet) {
    const item = document.createElement("li")
    item.dataset.at = at
    item.innerHTML = `
      <button type="button" class="wp-visit" data-do="visit"><canvas width="${SIDE_PX}" height="${SIDE_PX}"></canvas><span><b></b> <i></i></span></button>
      <button type="button" data-do="earlier">↑</button><button type="button" data-do="later">↓</button><button type="button" data-do="remove">✕</button>`
    item.querySelector("b").textContent = label
    item.querySelector("i").textContent = name
    const words = { visit: _("Go to {label}, {name}; Delete removes it", { label, name }), earlier: _("Move {label} earlier on the path", { label }), later: _("Move {label} later on the path", { label }), remove: _("Remove {label}", { label }) }
    for (const button of item.querySelectorAll("button")) button.title = button.ariaLabel = words[button.dataset.do]
    item.querySelector("[data-do=earlier]").disabled = at === 0
    item.querySelector("[data-do=later]").disabled = at === this.n - 1
    item.querySelector("[data-do=remove]").disabled = this.n <= 2
    tells(item.querySelector(".wp-visit"), this.variables, () => client.ask(KIND.latent, z))
    const canvas = fit(item.querySelector("canvas"), this.shape)
    if (row !== null) sheet?.draw(canvas.getContext("2d"), row, 0, 0, canvas.width)
    else client.ask(KIND.latent, z).then((frame) => paint(canvas, frame.pixels, this.shape), () => {}) // the status line says that it is away
    return item
  }

  clicked(event) {
    const button = event.target.closest("button")
    if (!button || button.disabled) return
    const at = Number(button.closest("li").dataset.at), what = button.dataset.do
    if (what === "visit") this.visit(at)
    else this.edit({ do: what, at })
  }

  key(event) {
    if (event.key !== "Delete" || this.n <= 2) return
    event.preventDefault()
    event.stopPropagation()
    this.edit({ do: "remove", at: Number(event.target.closest("li").dataset.at) })
  }
}
