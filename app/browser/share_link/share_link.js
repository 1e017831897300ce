// @ts-check
// The link to what is in sight, with a button that copies it.

import { Part, mounting } from "../shared/part.js"
import { copied } from "../shared/zscope.js"
import { _ } from "../shared/text.js"

const EVERY_MS = 250 // the address changes without an event
const SAID_MS = 4000

class ShareLink extends Part {
  static className = "zscope-share zscope-part"
  static markup = `<code aria-label="${_("Link")}"></code><button type="button">${_("Copy")}</button>`

  start() {
    const line = this.find("code"), button = this.find("button")
    const show = () => {
      if (line.textContent !== location.href) line.textContent = location.href
      for (const code of document.querySelectorAll("[data-testid=stPopoverBody] [data-testid=stCode] pre")) code.tabIndex = 0 // it scrolls, and Streamlit leaves it to the pointer
    }
    const timer = setInterval(show, EVERY_MS)
    let saying
    button.onclick = async () => {
      button.textContent = (await copied(location.href)) ? _("Copied") : _("The browser did not allow it")
      clearTimeout(saying)
      saying = setTimeout(() => { button.textContent = _("Copy") }, SAID_MS)
    }
    this.offs.push(() => clearInterval(timer), () => clearTimeout(saying))
    show()
  }
}

const { render, unmount } = mounting(ShareLink)
export { render as default, unmount }
