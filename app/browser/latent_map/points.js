// @ts-check
// The points, drawn by WebGL off the page: where they are, where they move to, and how each looks.
// The page shows a copy on a plain canvas: blending a live WebGL canvas costs every frame of the page where there is no GPU.

import { DOT, trace } from "./shapes.js"
import { _ } from "../shared/text.js"

// The fourth byte of a point's look is one of these plus 4 times its shape (shapes.js); the others are its colour. Where
// classes have shapes, those are drawn above all dots, each with an edge in the colour of the ground.
export const LOOK = { hidden: 0, plain: 1, chosen: 2, receded: 3 }
export const SHAPE = 4
const EDGE_PX = 1

const IN_ORDER = 50_000 // rows up to here are drawn as they come; above, a share of the first ones stands for all
const VERTEX = `
precision highp float;
attribute vec2 a_from, a_to;
attribute vec4 a_look;
uniform vec4 u_view;
uniform float u_t, u_size, u_dot, u_edge, u_alpha, u_pass;
varying vec4 v_colour;
varying float v_size, v_side, v_shape, v_edge;
void main() {
  float code = floor(a_look.a * 255.0 + 0.5);
  v_shape = floor(code / 4.0);
  float look = code - 4.0 * v_shape;
  bool dot = v_shape > 6.5;
  float pass = (abs(look - 2.0) < 0.5 ? 2.0 : 0.0) + (u_edge > 0.0 && !dot ? 1.0 : 0.0);
  if (look < 0.5 || abs(pass - u_pass) > 0.5) { gl_Position = vec4(2.0, 2.0, 2.0, 1.0); gl_PointSize = 1.0; return; }
  float alpha = look > 2.5 ? 0.22 * u_alpha : look > 1.5 ? max(0.9, u_alpha) : u_alpha;
  vec3 colour = look > 2.5 ? mix(a_look.rgb, vec3(0.6), 0.7) : a_look.rgb;
  v_colour = vec4(colour * alpha, alpha);
  v_size = (dot ? u_dot : u_size) * (look > 1.5 && look < 2.5 ? 1.25 : 1.0);
  v_edge = dot ? 0.0 : u_edge;
  if (dot) v_shape = 0.0;
  v_side = (v_shape > 0.5 ? 1.4 * v_size : v_size) + 1.0 + 2.0 * v_edge;
  gl_PointSize = v_side;
  gl_Position = vec4((mix(a_from, a_to, u_t) - u_view.xy) * u_view.zw - 1.0, 0.0, 1.0);
}`
const FRAGMENT = ` // the distance from the outline of shapes.js, in pixels: negative inside
precision mediump float;
uniform vec3 u_ground;
varying vec4 v_colour;
varying float v_size, v_side, v_shape, v_edge;
void main() {
  float r = 0.5 * v_size, d;
  vec2 p = (gl_PointCoord - 0.5) * v_side;
  if (v_shape > 5.5) p.y = -p.y;
  else if (v_shape > 4.5) p = vec2(p.x + p.y, p.x - p.y) * 0.7071;
  vec2 q = abs(p);
  if (v_shape < 0.5) d = length(p) - r;
  else if (v_shape < 1.5) d = max(q.x, q.y) - 0.886 * r;
  else if (v_shape < 2.5 || v_shape > 5.5) d = max(p.y, 0.866 * q.x - 0.5 * p.y) - 0.7 * r;
  else if (v_shape < 3.5) d = 0.7071 * (q.x + q.y) - 0.886 * r;
  else d = max(min(q.x, q.y) - 0.38 * r, max(q.x, q.y) - 1.2 * r);
  float inside = clamp(0.5 - d, 0.0, 1.0);
  gl_FragColor = v_colour * inside + vec4(u_ground, 1.0) * v_colour.a * (clamp(0.5 + v_edge - d, 0.0, 1.0) - inside);
}`

export function webgl() {
  const context = document.createElement("canvas").getContext("webgl")
  free(context)
  return Boolean(context)
}

// browsers allow about 16 contexts a page and drop the oldest, so each is handed back
const free = (context) => context?.getExtension("WEBGL_lose_context")?.loseContext()

// rows in an order of which any first part is spread over all of them
function spread(n) {
  if (n <= IN_ORDER) return null
  const divides = (a, b) => (b ? divides(b, a % b) : a)
  let step = Math.floor(0.618 * n)
  while (divides(n, step) !== 1) step += 1
  const order = new Uint32Array(n)
  for (let k = 1; k < n; k++) order[k] = (order[k - 1] + step) % n
  return order
}

export class Points {
  onRestored = () => {}

  constructor(n) {
    this.n = n
    this.order = spread(n)
    this.canvas = document.createElement("canvas")
    this.canvas.addEventListener("webglcontextlost", (event) => event.preventDefault())
    this.canvas.addEventListener("webglcontextrestored", () => { this.begin(); this.onRestored() })
    this.begin()
  }

  begin() {
    const gl = (this.gl = this.canvas.getContext("webgl", { antialias: false, depth: false }))
    const program = gl.createProgram()
    for (const { type, source } of [{ type: gl.VERTEX_SHADER, source: VERTEX }, { type: gl.FRAGMENT_SHADER, source: FRAGMENT }]) {
      const shader = gl.createShader(type)
      gl.shaderSource(shader, source)
      gl.compileShader(shader)
      gl.attachShader(program, shader)
    }
    gl.linkProgram(program)
    if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(_("the points cannot be drawn: {program}", { program: gl.getProgramInfoLog(program) }))
    gl.useProgram(program)
    gl.enable(gl.BLEND)
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA)
    this.at = Object.fromEntries(["a_from", "a_to", "a_look"].map((name) => [name, gl.getAttribLocation(program, name)]))
    this.uniform = Object.fromEntries(["u_view", "u_t", "u_size", "u_dot", "u_edge", "u_ground", "u_alpha", "u_pass"].map((name) => [name, gl.getUniformLocation(program, name)]))
    this.buffers = { a_from: gl.createBuffer(), a_to: gl.createBuffer(), a_look: gl.createBuffer() }
  }

  fill(name, values, width, type) {
    const { gl, order } = this, given = order ? new values.constructor(values.length) : values
    if (order)
      for (let k = 0; k < order.length; k++)
        for (let c = 0; c < width; c++) given[width * k + c] = values[width * order[k] + c]
    gl.bindBuffer(gl.ARRAY_BUFFER, this.buffers[name])
    gl.bufferData(gl.ARRAY_BUFFER, given, gl.DYNAMIC_DRAW)
    gl.enableVertexAttribArray(this.at[name])
    gl.vertexAttribPointer(this.at[name], width, type, name === "a_look", 0, 0)
  }

  // xy: Float32Array (2 n) in map units each
  places(from, to) {
    this.fill("a_from", from, 2, this.gl.FLOAT)
    this.fill("a_to", to, 2, this.gl.FLOAT)
  }

  // Uint8Array (4 n): red, green, blue, LOOK
  looks(look) { this.fill("a_look", look, 4, this.gl.UNSIGNED_BYTE) }

  // most: of the points to draw, spread over all; front: some are chosen, and drawn last; ground: [r, g, b] around shapes that
  // stand out from dots of that size, null where there are none
  /** @param {Record<string, any>} what */
  draw({ width, height, ratio, view: [x0, x1, y0, y1], t, size, dot = size, ground = null, alpha, most, front }) {
    const { gl, canvas, uniform } = this, [w, h] = [Math.round(width * ratio), Math.round(height * ratio)]
    if (canvas.width !== w || canvas.height !== h) Object.assign(canvas, { width: w, height: h })
    gl.viewport(0, 0, w, h)
    gl.clearColor(0, 0, 0, 0)
    gl.clear(gl.COLOR_BUFFER_BIT)
    gl.uniform4f(uniform.u_view, x0, y0, 2 / (x1 - x0), 2 / (y1 - y0))
    gl.uniform1f(uniform.u_t, t)
    gl.uniform1f(uniform.u_size, size * ratio)
    gl.uniform1f(uniform.u_dot, dot * ratio)
    gl.uniform1f(uniform.u_edge, ground ? EDGE_PX * ratio : 0)
    gl.uniform3fv(uniform.u_ground, (ground ?? [0, 0, 0]).map((v) => v / 255))
    gl.uniform1f(uniform.u_alpha, alpha)
    for (const pass of passes(front, ground)) {
      gl.uniform1f(uniform.u_pass, pass)
      gl.drawArrays(gl.POINTS, 0, Math.min(this.n, most))
    }
    return canvas
  }

  remove() { free(this.gl) }
}

// what is drawn after what: dots, shapes, then the same of the chosen ones
const passes = (front, ground) => [0, 1, 2, 3].filter((pass) => (front || pass < 2) && (ground || pass % 2 === 0))

// The same without WebGL: squares on a plain canvas, or each class's shape where the classes have shapes; slower.
export class FlatPoints {
  onRestored = () => {} // never called: a plain canvas is not lost

  constructor(n) {
    this.n = n
    this.canvas = document.createElement("canvas")
  }

  places(from, to) { this.from = from; this.to = to }

  looks(look) {
    this.look = look
    this.shaped = look.some((byte, i) => i % 4 === 3 && byte >= SHAPE)
  }

  /** @param {Record<string, any>} what */
  draw({ width, height, ratio, view: [x0, x1, y0, y1], t, size, dot = size, ground = null, alpha, most, front }) {
    const { from, to, look, canvas } = this
    Object.assign(canvas, { width: Math.round(width * ratio), height: Math.round(height * ratio) })
    const context = canvas.getContext("2d"), kx = canvas.width / (x1 - x0), ky = canvas.height / (y1 - y0)
    const stride = Math.max(1, Math.ceil(this.n / most))
    context.lineWidth = 2 * EDGE_PX * ratio
    context.strokeStyle = `rgb(${ground})`
    for (const pass of passes(front, ground))
      for (let i = 0; i < this.n; i += stride) {
        const shown = look[4 * i + 3] % SHAPE, shape = Math.floor(look[4 * i + 3] / SHAPE), small = shape === DOT
        if (shown === LOOK.hidden || 2 * Number(shown === LOOK.chosen) + Number(Boolean(ground) && !small) !== pass) continue
        const x = from[2 * i] + t * (to[2 * i] - from[2 * i]), y = from[2 * i + 1] + t * (to[2 * i + 1] - from[2 * i + 1])
        const [px, py, side] = [(x - x0) * kx, (y1 - y) * ky, (small ? dot : size) * ratio]
        context.globalAlpha = shown === LOOK.receded ? 0.2 * alpha : alpha
        context.fillStyle = `rgb(${look[4 * i]}, ${look[4 * i + 1]}, ${look[4 * i + 2]})`
        if (small || !this.shaped) { context.fillRect(px - side / 2, py - side / 2, side, side); continue }
        trace(context, shape, px, py, side / 2)
        if (ground) { context.closePath(); context.stroke() }
        context.fill()
      }
    return canvas
  }

  remove() {}
}
