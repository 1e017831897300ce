// As much of a document as the parts of the page touch: elements with attributes, markup, selectors, listeners; canvases
// whose drawing takes finite numbers only.

const VOID = /^(input|img|br|hr)$/
const decoded = (text) => text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"').replaceAll("&amp;", "&")
const dashed = (name) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)

/** What can be listened to. `listening` counts who listens to the page itself. */
export class Target {
  heard = new Map()
  addEventListener(name, act) { this.heard.set(name, [...(this.heard.get(name) ?? []), act]) }
  removeEventListener(name, act) { this.heard.set(name, (this.heard.get(name) ?? []).filter((one) => one !== act)) }
  dispatch(name, event = {}) { for (const act of this.heard.get(name) ?? []) act(event) }
  get listening() { return [...this.heard.values()].flat().length }
}

class Style {
  setProperty(name, value) { this[name] = String(value) }
  getPropertyValue(name) { return this[name] ?? "" }
}

class TextNode {
  parentElement = null
  constructor(text) { this.data = text }
  get textContent() { return this.data }
  set textContent(text) { this.data = String(text) }
  get nodeValue() { return this.data }
  set nodeValue(text) { this.data = String(text) }
  remove() { this.parentElement?.drop(this) }
}

export class Element extends Target {
  parentElement = null
  nodes = []
  attributes = new Map()
  hidden = false
  disabled = false
  clientWidth = 320
  clientHeight = 240
  offsetWidth = 100
  offsetHeight = 40
  clientLeft = 0
  clientTop = 0
  scrollTop = 0

  constructor(tag) {
    super()
    this.tagName = tag.toUpperCase()
    const style = new Style(), { attributes } = this
    Object.defineProperty(this, "style", { get: () => style, set: (text) => style.setProperty("text", text) })
    this.dataset = new Proxy({}, {
      get: (_none, name) => (typeof name === "string" ? attributes.get(`data-${dashed(name)}`) : undefined),
      set: (_none, name, value) => { attributes.set(`data-${dashed(String(name))}`, String(value)); return true },
      deleteProperty: (_none, name) => attributes.delete(`data-${dashed(String(name))}`),
    })
    this.classList = {
      has: () => (this.className ? this.className.split(/\s+/) : []),
      contains: (name) => this.classList.has().includes(name),
      add: (name) => this.classList.toggle(name, true),
      remove: (name) => this.classList.toggle(name, false),
      toggle: (name, on = !this.classList.contains(name)) => {
        this.className = [...this.classList.has().filter((one) => one !== name), ...(on ? [name] : [])].join(" ")
      },
    }
  }

  get className() { return this.attributes.get("class") ?? "" }
  set className(name) { this.attributes.set("class", String(name)) }
  setAttribute(name, value) { this.attributes.set(name, String(value)); if (name === "disabled" || name === "hidden") this[name] = true }
  getAttribute(name) { return this.attributes.get(name) ?? null }
  removeAttribute(name) { this.attributes.delete(name) }

  // ---------------------------------------------------------------- the tree

  get childNodes() { return this.nodes }
  get children() { return this.nodes.filter((node) => node instanceof Element) }
  get firstChild() { return this.nodes[0] ?? null }
  get lastChild() { return this.nodes.at(-1) ?? null }
  get firstElementChild() { return this.children[0] ?? null }
  get lastElementChild() { return this.children.at(-1) ?? null }
  get isConnected() { return this === globalThis.document.body || Boolean(this.parentElement?.isConnected) }
  drop(node) { this.nodes = this.nodes.filter((one) => one !== node); node.parentElement = null }
  put(at, given) {
    const made = given.map((node) => (typeof node === "object" ? node : new TextNode(String(node))))
    for (const node of made) { node.parentElement?.drop(node); node.parentElement = this }
    this.nodes.splice(Math.min(at, this.nodes.length), 0, ...made)
  }
  append(...given) { this.put(this.nodes.length, given) }
  prepend(...given) { this.put(0, given) }
  after(...given) { this.parentElement.put(this.parentElement.nodes.indexOf(this) + 1, given) }
  appendChild(node) { this.append(node); return node }
  replaceWith(node) { const at = this.parentElement; node.remove(); at.put(at.nodes.indexOf(this), [node]); this.remove() }
  replaceChildren(...given) { for (const node of [...this.nodes]) this.drop(node); this.append(...given) }
  remove() { this.parentElement?.drop(this) }
  contains(node) { for (let at = node; at; at = at.parentElement) if (at === this) return true; return false }
  isSameNode(node) { return node === this }
  get textContent() { return this.nodes.map((node) => node.textContent).join("") }
  set textContent(text) { this.replaceChildren(...(text === "" || text === null ? [] : [String(text)])) }

  set innerHTML(markup) {
    this.replaceChildren()
    let at = /** @type {Element} */ (this)
    for (const [, close, tag, given, text] of markup.matchAll(/<(\/?)([\w-]+)((?:\s+[\w-]+(?:="[^"]*")?)*)\s*\/?>|([^<]+)/g)) {
      if (text !== undefined) { if (text.trim()) at.append(decoded(text)) } else if (close) at = at.parentElement
      else {
        const made = globalThis.document.createElement(tag)
        for (const [, name, value = ""] of given.matchAll(/([\w-]+)(?:="([^"]*)")?/g)) {
          made.setAttribute(name, decoded(value))
          if (["title", "type", "value", "min", "max", "step", "width", "height"].includes(name)) made[name] = /^(width|height)$/.test(name) ? Number(value) : decoded(value)
        }
        at.append(made)
        if (!VOID.test(tag)) at = made
      }
    }
  }

  // ---------------------------------------------------------------- selectors

  get all() { return this.children.flatMap((child) => [child, ...child.all]) }
  querySelectorAll(selectors) { return Object.assign(this.all.filter((one) => one.matches(selectors, this)), { item: null }) }
  querySelector(selectors) { return this.querySelectorAll(selectors)[0] ?? null }
  closest(selectors) { return this.matches(selectors) ? this : (this.parentElement?.closest?.(selectors) ?? null) }
  matches(selectors, scope = null) { return selectors.split(/,(?![^[(]*[\])])/).some((one) => this.along(one.trim().replace(/\s*>\s*/g, " > ").split(/\s+/), scope)) }
  along(path, scope) {
    const [last, rest] = [path.at(-1), path.slice(0, -1)]
    if (!this.simple(last, scope)) return false
    if (!rest.length) return true
    const near = rest.at(-1) === ">", before = near ? rest.slice(0, -1) : rest
    for (let at = this.parentElement; at; at = near ? null : at.parentElement) if (at.along(before, scope)) return true
    return false
  }
  simple(selector, scope) {
    for (const [, not, attribute, , value, nth, mark, name] of selector.matchAll(/:not\(([^)]*)\)|\[([\w-]+)(="?([^\]"]*)"?)?\]|:nth-child\((\d+)\)|([.#:]?)([\w-]+|\*)/g)) {
      if (not !== undefined) { if (this.simple(not, scope)) return false }
      else if (attribute) { if (!this.attributes.has(attribute) || (value !== undefined && this.attributes.get(attribute) !== value)) return false }
      else if (nth) { if (this.parentElement?.children.indexOf(this) !== Number(nth) - 1) return false }
      else if (mark === ".") { if (!this.classList.contains(name)) return false }
      else if (mark === ":") { if (name !== "scope" || this !== scope) return false }
      else if (name !== "*" && this.tagName !== name.toUpperCase()) return false
    }
    return true
  }

  getBoundingClientRect() { return { left: 0, top: 0, width: 320, height: 240, right: 320, bottom: 240 } }
  get valueAsNumber() { return Number(this.value) }
  focus() { globalThis.document.activeElement = this }
  select() {}
  showPopover() { this.open = true }
  hidePopover() { this.open = false }
  showModal() { this.open = true }
  close() { this.open = false }
  setPointerCapture() {}
  hasPointerCapture() { return true }
}

const drawing = (canvas) => new Proxy({}, {
  get(own, name) {
    if (name in own) return own[name]
    if (name === "measureText") return (text) => ({ width: 6 * String(text).length })
    if (name === "createImageData") return (width, height) => ({ width, height, data: new Uint8ClampedArray(4 * width * height) })
    if (name === "getImageData") return () => ({ data: globalThis.look.dark ? [14, 17, 23, 255] : [255, 255, 255, 255] })
    if (name === "putImageData") return (image) => { canvas.put = image.data.reduce((sum, v, i) => (sum + v * (1 + (i % 97))) % 1e9, 0) }
    return (...given) => {
      for (const v of given) if (typeof v === "number" && !Number.isFinite(v)) throw new Error(`${String(name)}(${given}) on a canvas`)
    }
  },
})

export class Canvas extends Element {
  width = 300
  height = 150
  put = null // of what was put there last
  getContext(kind) { return kind === "2d" ? (this.context ??= drawing(this)) : null }
  toDataURL() { return "data:" }
}

export class Document extends Target {
  hidden = false
  documentElement = new Element("html")
  body = new Element("body")
  activeElement = this.body
  createElement(tag) { return tag === "canvas" ? new Canvas(tag) : new Element(tag) }
  createElementNS(_space, tag) { return this.createElement(tag) }
  querySelector(selectors) { return this.body.querySelector(selectors) }
  querySelectorAll(selectors) { return this.body.querySelectorAll(selectors) }
  execCommand() { return true }
}

// ---------------------------------------------------------------- what stands there

const SHOWN = ["disabled", "value", "title", "src"]

/** An element as text: what a reader, or a screen reader, would find there. */
export function told(node, depth = 0) {
  const pad = "  ".repeat(depth)
  if (!(node instanceof Element)) return `${pad}${node.textContent}\n`
  if (node.hidden) return ""
  const given = [...node.attributes].filter(([name]) => !SHOWN.includes(name)).sort().map(([name, value]) => `${name}=${value}`)
  const own = SHOWN.filter((name) => node[name] !== undefined && node[name] !== false && node[name] !== "").map((name) => `${name}:${node[name]}`)
  const put = node instanceof Canvas && node.put !== null ? [`put:${node.put}`] : []
  return `${pad}<${[node.tagName.toLowerCase(), ...given, ...own, ...put].join(" ")}>\n${node.nodes.map((one) => told(one, depth + 1)).join("")}`
}
