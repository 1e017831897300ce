// @ts-check
// "Another UMAP": its own parameters, and a fit in the background that says how far it is.

import { _ } from "../shared/text.js"

const POLL_MS = 400
/** @type {[string, number, number, number, number, string][]} */
const FIELDS = [
  ["neighbours", 15, 2, 200, 1, _("n_neighbors: low values preserve local structure, high values global structure")],
  [_("min. distance"), 0.1, 0, 1, 0.05, _("min_dist: the minimum distance between points, 0 to 1")],
  ["epochs", 200, 10, 1000, 10, _("more epochs optimise the map further and take longer")],
]

export class Refit {
  said = ""
  running = false

  // client() -> the live client; onReady(key): the view can be shown
  constructor({ client, onReady }) {
    this.client = client
    this.onReady = onReady
    this.values = FIELDS.map(([, value]) => value)
  }

  fill(panel) {
    const form = document.createElement("form"), button = document.createElement("button")
    form.className = "zm-refit"
    this.inputs = FIELDS.map(([name, , min, max, step, title], k) => {
      const label = document.createElement("label"), input = document.createElement("input")
      Object.assign(input, { type: "number", min, max, step: step === 1 || step === 10 ? 1 : "any", value: this.values[k], required: true })
      input.oninput = () => { this.values[k] = input.valueAsNumber }
      label.title = title
      label.append(name, input)
      form.append(label)
      return input
    })
    button.textContent = _("Fit")
    button.disabled = this.running
    this.status = document.createElement("p")
    this.status.className = "zm-status"
    this.status.setAttribute("role", "status")
    this.status.textContent = this.said
    form.append(button)
    form.onsubmit = (event) => { event.preventDefault(); button.disabled = true; this.start() }
    this.button = button
    panel.append(form, this.status)
  }

  say(text) {
    this.said = text
    if (this.status) this.status.textContent = text
  }

  async start() {
    if (this.running) return
    this.running = true
    const asked = [...this.values]
    try {
      for (;;) {
        const { state, key, share, error_text } = await this.client().ask("refit", asked, { idle: true })
        if (state === "failed") throw new Error(error_text)
        if (state === "done") { this.say(""); return this.onReady(key) }
        this.say(share > 0 ? _("Fitting: {share}%. You can go on using the page.", { share: Math.round(100 * share) }) : _("Preparing the fit. You can go on using the page."))
        await new Promise((resolve) => setTimeout(resolve, POLL_MS))
      }
    } catch (error) {
      this.say(_("The fit failed: {message}", { message: error.message }))
    } finally {
      this.running = false
      if (this.button) this.button.disabled = false
    }
  }
}
