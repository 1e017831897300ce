// A page without a page: what the modules of app/browser touch when they are loaded, and the modules that the server
// would write. `node --import ./tests/js/setup.js --test tests/js/*.test.js`
import { register } from "node:module"

const hooks = `
export async function resolve(name, context, next) {
  if (name === "./messages.js") return { url: "data:text/javascript,export const language = 'en'; export const messages = {}", shortCircuit: true }
  if (name === "./palette.js") return { url: "data:text/javascript,export const LIGHT = ['%23332288', '%2388ccee', '%2344aa99']; export const DARK = ['%237d74e8', '%23a6e0fb', '%233fc1ab']; export const INK_LIGHT = { elbo: '%23a34500', distortion: '%23236ba6', rate: '%2308795b' }; export const INK_DARK = { elbo: '%23f0883e', distortion: '%235aa6e3', rate: '%2310b389' }", shortCircuit: true }
  return next(name, context)
}`
register(`data:text/javascript,${encodeURIComponent(hooks)}`)

/** A canvas, or another element, that keeps its size and what is put on it. */
class Canvas {
  width = 300
  height = 150
  put = null
  style = {}
  dataset = {}
  children = []
  setAttribute() {}
  prepend(...elements) { this.children.unshift(...elements) }
  getContext() {
    return {
      createImageData: (width, height) => ({ width, height, data: new Uint8ClampedArray(4 * width * height) }),
      putImageData: (image) => { this.put = image },
    }
  }
}

const listeners = {}
Object.assign(globalThis, {
  window: globalThis,
  location: { origin: "http://page" },
  document: { createElement: () => new Canvas(), addEventListener: (name, act) => { listeners[name] = act }, hidden: false },
  addEventListener: (name, act) => { listeners[name] = act },
  requestAnimationFrame: (act) => setTimeout(() => act(performance.now()), 0),
  Canvas,
  listeners,
})
