// @ts-check
// Names of directions: asked for in place, changed in place; a delete asks once more.

import { _ } from "../shared/text.js"

const LONGEST = 60, SURE_MS = 3000

export class NameForm {
  // button opens a field in its place, in `head`; save(name) runs on Enter
  constructor(head, button, save) {
    this.head = head
    this.field = this.make(_("Name of the direction"))
    this.field.hidden = true
    head.append(this.field)
    button.onclick = () => {
      this.head.classList.add("zc-naming")
      this.field.hidden = false
      this.field.value = ""
      this.field.focus()
    }
    this.field.onkeydown = (event) => {
      if (event.key === "Escape") this.close()
      if (event.key !== "Enter" || !this.field.value.trim()) return
      save(this.field.value.trim())
      this.close()
    }
    this.field.onblur = () => this.close()
  }

  make(label) {
    const field = document.createElement("input")
    Object.assign(field, { type: "text", maxLength: LONGEST, placeholder: _("{label}, then Enter", { label }) })
    field.setAttribute("aria-label", label)
    return field
  }

  close() {
    this.field.hidden = true
    this.head.classList.remove("zc-naming")
  }

  // the text of `element` becomes a button that turns into a field
  rename(element, name, take) {
    const button = document.createElement("button")
    Object.assign(button, { type: "button", textContent: name, title: _("{title}\\nClick to rename", { title: element.title }) })
    button.onclick = () => {
      const field = this.make(_("New name"))
      field.value = name
      field.onblur = () => element.replaceChildren(button)
      field.onkeydown = (event) => {
        if (event.key === "Escape") { element.replaceChildren(button); button.focus() }
        if (event.key === "Enter" && field.value.trim()) take(field.value.trim())
      }
      element.replaceChildren(field)
      field.select()
    }
    element.replaceChildren(button)
  }

  remove() { this.field.remove() }
}

export function remover(name, remove) {
  const button = document.createElement("button")
  Object.assign(button, { type: "button", className: "zc-remove", textContent: "×", title: _("Delete") })
  button.setAttribute("aria-label", _("Delete {name}", { name }))
  let timer = null
  button.onclick = () => {
    if (timer !== null) { clearTimeout(timer); return remove() }
    button.textContent = _("sure?")
    timer = setTimeout(() => { timer = null; button.textContent = "×" }, SURE_MS)
  }
  return button
}
