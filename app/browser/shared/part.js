// @ts-check
// A part of the page: one view in its place, from when Streamlit mounts it to when it takes it away.
//
//   class Dial extends Part { static className = "dial"; static markup = "<b></b>"; update(component) { ... } }
//   const { render, unmount } = mounting(Dial)
//   export { render as default, unmount }

import { connect, refreshed } from "./channel.js"
import { geometry, spriteSheet } from "./pictures.js"
import { admit } from "./server.js"

export class Part {
  static className = "" // of the root
  static testid = null // of the root, for the tests
  static markup = "" // what stands in the root at first

  gone = false
  offs = [] // called when the part leaves

  constructor(component) {
    const { className, testid, markup } = /** @type {typeof Part} */ (this.constructor)
    this.component = component
    this.root = Object.assign(document.createElement("div"), { className, innerHTML: markup })
    if (testid) this.root.dataset.testid = testid
    component.parentElement.append(this.root)
  }

  // a part is made anew where this changes, and updated where it stays
  static subject({ link, other }) { return [link.model, link.version, other?.model, other?.version].join(" ") }

  find(selector) { return this.root.querySelector(selector) }

  // the page's socket, to the model that the part shows
  connect() {
    this.client = connect(this.component.data.link.model)
  }

  // once, before any update; where it takes time, updates come in between
  start() {}

  // when Python runs again, or the theme changes
  update(component) { this.component = component }

  remove() {
    this.gone = true
    for (const off of this.offs) off()
    this.root.remove()
  }
}

// A part that asks a model: it opens once the model's geometry is known, and shows from then on what Python says.
export class LivePart extends Part {
  ready = false

  async start() {
    this.connect()
    this.geometry = await geometry(this.component.data.link.model)
    if (this.gone) return
    await this.build()
    if (this.gone) return
    this.ready = true
    this.show()
  }

  // what needs the geometry and is made once
  build() {}

  // what Python said last, in this.component.data
  show() {}

  update(component) {
    super.update(component)
    this.connect()
    if (this.ready) this.show()
  }

  // the real samples, as small pictures
  loadSheet() {
    return spriteSheet(this.component.data.link.model)
  }
}

// What a part's module exports: render(component) as default, and unmount(host). In each place stands one part for each
// subject, which starts once and is updated from then on. One that cannot start leaves, and the loader says why.
export function mounting(Kind) {
  const mounted = new WeakMap()
  const unmount = (host) => { mounted.get(host)?.part.remove(); mounted.delete(host) }
  const render = async (component) => {
    const { link, other } = component.data
    if (link) { admit(link.token); refreshed(link) }
    if (other) refreshed(other)
    const host = component.parentElement, subject = Kind.subject(component.data)
    if (mounted.get(host)?.subject === subject) return mounted.get(host).part.update(component)
    unmount(host)
    const part = new Kind(component)
    mounted.set(host, { subject, part })
    try { await part.start() } catch (error) { if (mounted.get(host)?.part === part) unmount(host); throw error }
  }
  return { render, unmount }
}
