// The link to what is in sight, with a button that copies it.

import { copied, mounting } from "../shared/zscope.js"

const EVERY_MS = 250 // the address changes without an event
const SAID_MS = 4000

class ShareLink {
  constructor(component) {
    this.root = document.createElement("div")
    this.root.className = "zscope-share zscope-part"
    this.root.innerHTML = '<code aria-label="Link"></code><button type="button">Copy</button>'
    ;[this.line, this.button] = this.root.children
    component.parentElement.append(this.root)
    this.button.onclick = async () => {
      this.button.textContent = (await copied(location.href)) ? "Copied" : "The browser refused"
      clearTimeout(this.saying)
      this.saying = setTimeout(() => { this.button.textContent = "Copy" }, SAID_MS)
    }
    this.timer = setInterval(() => this.update(), EVERY_MS)
    this.update()
  }

  start() {}

  update() { if (this.line.textContent !== location.href) this.line.textContent = location.href }

  remove() {
    clearInterval(this.timer)
    clearTimeout(this.saying)
    this.root.remove()
  }
}

const part = mounting((component) => new ShareLink(component))
export default part.render
export const unmount = part.unmount
