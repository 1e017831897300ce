// @ts-check
// A quiet button of the map's toolbar that opens a small panel below it.

export class Menu {
  // fill(panel, menu): called at each opening with an empty panel
  constructor(bar, { name, title, fill }) {
    this.name = name
    this.fill = fill
    this.place = document.createElement("span")
    this.place.className = "zm-drop"
    this.button = document.createElement("button")
    Object.assign(this.button, { type: "button", title })
    this.button.setAttribute("aria-haspopup", "true")
    this.button.setAttribute("aria-expanded", "false")
    this.panel = document.createElement("div")
    this.panel.className = "zm-menu"
    this.panel.hidden = true
    this.panel.setAttribute("role", "group")
    this.panel.setAttribute("aria-label", title)
    this.place.append(this.button, this.panel)
    bar.append(this.place)
    this.button.onclick = () => (this.panel.hidden ? this.open() : this.close())
    this.place.onkeydown = (event) => this.key(event)
    this.outside = (event) => {
      if (event.type === "keydown" ? event.key === "Escape" : !this.place.contains(event.target)) this.close()
    }
    this.says("")
  }

  says(value) { this.button.textContent = `${this.name}${value ? `: ${value}` : ""} ▾` }

  open() {
    this.refill()
    this.panel.hidden = false
    this.button.setAttribute("aria-expanded", "true")
    for (const name of ["pointerdown", "keydown"]) addEventListener(name, this.outside, true)
    const first = this.panel.querySelector("[aria-checked=true]") ?? this.panel.querySelector("button, input")
    first?.focus({ preventScroll: true })
  }

  // the focus does not vanish with the panel: it goes back to the button
  close() {
    if (this.panel.contains(document.activeElement)) this.button.focus({ preventScroll: true })
    this.panel.hidden = true
    this.button.setAttribute("aria-expanded", "false")
    this.remove()
  }

  // the line that had the focus keeps it
  refill() {
    const at = [...this.panel.querySelectorAll(".zm-item")].indexOf(/** @type {Piece} */ (document.activeElement))
    this.panel.replaceChildren()
    this.fill(this.panel, this)
    this.panel.querySelectorAll(".zm-item")[at]?.focus({ preventScroll: true })
  }

  key(event) {
    event.stopPropagation()
    step(this.panel, event)
  }

  remove() { for (const name of ["pointerdown", "keydown"]) removeEventListener(name, this.outside, true) }
}

// Arrow keys go through the lines of a panel.
export function step(panel, event) {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key], items = [...panel.querySelectorAll(".zm-item")]
  if (!by || !items.length || event.target.tagName === "SELECT" || event.target.tagName === "INPUT") return
  event.preventDefault()
  items[(items.indexOf(document.activeElement) + by + items.length) % items.length].focus()
}

// One line of a panel: a choice (checked true or false), or an act (checked undefined). absent: why it cannot be chosen.
export function item(panel, { text, note = "", help = "", checked, absent = "", radio = true, act }) {
  const button = document.createElement("button")
  button.type = "button"
  button.className = "zm-item"
  button.innerHTML = "<i></i><span></span><em></em>"
  button.querySelector("span").textContent = text
  button.querySelector("em").textContent = absent || note
  button.title = help
  if (checked !== undefined) {
    button.setAttribute("role", radio ? "radio" : "checkbox")
    button.setAttribute("aria-checked", String(checked))
  }
  if (absent) button.setAttribute("aria-disabled", "true")
  else button.onclick = act
  panel.append(button)
  return button
}

export function heading(panel, text) {
  const line = document.createElement("p")
  line.className = "zm-heading"
  line.textContent = text
  panel.append(line)
}
