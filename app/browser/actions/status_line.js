// @ts-check
// The line at the foot of the page: what the live channel measures, and whether it is there at all.

import { write } from "../shared/elements.js"
import { _, ms, ngettext } from "../shared/text.js"
import { median, on } from "../shared/zscope.js"

const EVERY_MS = 400
const MARKUP = `
<span data-of="state"></span><span data-of="decode">${_("decode")} <b>–</b></span><span data-of="trip">${_("round trip")} <b>–</b></span>
<span data-of="rate"><b>–</b> ${_("frames/s")}</span><span data-of="points"></span><span data-of="device"></span>
<span class="zs-keys">${_("arrows move · Enter selects · drag pans · wheel zooms · P presents")}</span>`

export class StatusLine {
  constructor(parent, client) {
    this.client = client
    this.element = document.createElement("div")
    this.element.className = "zscope-status"
    this.element.dataset.testid = "zscope-status"
    this.element.innerHTML = MARKUP
    parent.append(this.element)
    this.timer = setInterval(() => this.tick(), EVERY_MS)
    this.trouble = "" // why the last live request was refused; until one is answered
    const offs = [on("connection", () => this.connection()), on("trouble", (text) => this.refused(text)), on("frame", () => this.refused(""))]
    this.off = () => offs.forEach((off) => off())
    this.connection()
    this.tick()
  }

  part(name) { return this.element.querySelector(`[data-of=${name}]`) }

  tick() {
    const { recent, refreshes, info } = this.client, now = performance.now()
    while (recent.length && recent[0].at < now - 1000) recent.shift()
    while (refreshes.length && refreshes[0] < now - 1000) refreshes.shift()
    write(this.part("rate").firstChild, String(refreshes.length || "–"))
    if (recent.length) {
      write(this.part("decode").lastChild, ms(median(recent.map((r) => r.decode_ms))))
      write(this.part("trip").lastChild, ms(median(recent.map((r) => r.round_trip_ms))))
    }
    if (info && !this.part("points").textContent) {
      this.part("points").textContent = ngettext("{n} point", "{n} points", info.n)
      this.part("device").textContent = _("{device}, float32", { device: info.device })
    }
  }

  refused(trouble) {
    if (trouble === this.trouble) return
    this.trouble = trouble
    this.connection()
  }

  connection() {
    const { state, reason } = this.client, part = this.part("state")
    const words = { open: "", connecting: _("connecting …"), away: _("server not reachable ({reason}), retrying …", { reason }), refused: _("closed: {reason}", { reason }) }
    part.textContent = words[state] || this.trouble
    this.element.dataset.state = words[state] || !this.trouble ? state : "trouble"
  }

  remove() {
    clearInterval(this.timer)
    this.off()
    this.element.remove()
  }
}
