// The server of a page without one: assets, frames of the theatre, and a socket that answers. Whatever is on hold is
// answered once it is let go, in the order in which it was asked for.

const N = 12, D = 3, SHAPE = [4, 4, 1]
export const KINDS = Object.fromEntries(["map", "latent", "row", "nearest", "way", "stroke", "manifold", "place", "locate", "refit", "decide", "decisions"].map((name, k) => [name, k + 1]))
const PICTURES = new Set(["map", "latent", "row", "place"])
const numbers = (n, of) => Float32Array.from({ length: n }, (_each, i) => of(i))
const inks = (n, seed) => Uint8Array.from({ length: n }, (_each, i) => (37 * i + 11 * seed) % 256)

/** What `packed` of app/live/requests writes. */
function packed(facts, arrays = {}, lead = 0) {
  const types = { Float32Array: "f4", Int32Array: "i4", Uint8Array: "u1" }
  const listed = Object.entries(arrays).map(([name, { values, shape }]) => [name, types[values.constructor.name], shape ?? [values.length]])
  const text = new TextEncoder().encode(JSON.stringify({ ...facts, arrays: listed }))
  const head = new Uint8Array(lead + 4 + 4 * Math.ceil(text.length / 4)).fill(32, lead)
  new DataView(head.buffer).setUint32(lead, head.length - lead - 4, true)
  head.set(text, lead + 4)
  const parts = [head, ...Object.values(arrays).map(({ values }) => {
    const padded = new Uint8Array(4 * Math.ceil(values.byteLength / 4))
    padded.set(new Uint8Array(values.buffer))
    return padded
  })]
  return new Uint8Array(Buffer.concat(parts)).buffer
}

// of models whose name begins so: samples with variables
const CHANNELS = { names: ["MLII"], units: ["mV"], mean: [1], std: [2], step: 0.5, start: -0.5, step_unit: "s", axis: "time" }
const SAMPLES = {
  table: { sample: [3], variables: { ...CHANNELS, names: ["alcohol", "ash", "hue"], units: ["%", "", ""], mean: [13, 2, 1], std: [0.8, 0.3, 0.2] } },
  series: { sample: [1, 3], variables: CHANNELS },
}
const LIKE = { soft: 5, margin: 0.03 }
const samplesOf = (model) => SAMPLES[model.split("-")[0]]

function mapBytes(model) {
  const { sample, variables } = samplesOf(model) ?? { sample: [1, 4, 4], variables: null }
  const facts = {
    model, title: model, n: N, d: D, shape: SHAPE, sample, variables: variables && { ...variables, ...LIKE }, device: "cpu", classes: ["ankle boot", "bag"], labelled: true,
    thumbs: { columns: 4, height: 4, width: 4 }, trust_box: [0, 0, 1, 1], baselines: { neighbour: 0.12, pca: 0.14, components: 3 }, kinds: KINDS, spread: [{ j: 0, std: 1 }, { j: 1, std: 0.5 }],
    columns: [{ key: "error", title: "Error", unit: "MSE", help: "how far", kind: "model", absent: "", term: "mse" }],
  }
  const text = new TextEncoder().encode(JSON.stringify(facts).padEnd(4 * Math.ceil(JSON.stringify(facts).length / 4)))
  const xy = numbers(2 * N, (i) => ((i * 7) % 11) / 10), index = Int32Array.from({ length: N }, (_each, i) => 100 + i), labels = Uint8Array.from({ length: N }, (_each, i) => i % 2)
  return new Uint8Array(Buffer.concat([new Uint8Array(Uint32Array.of(text.length).buffer), text, ...[xy, index, labels].map(({ buffer }) => new Uint8Array(buffer))])).buffer
}

const FRAMES = { epoch: [1, 2, 3], beta: [0.5, 4] }

function framesOf(key, part) {
  const axis = key.startsWith("sweep") ? "beta" : "epoch", values = FRAMES[axis], pictures = (n, seed) => ({ values: inks(16 * n, seed), shape: [n, ...SHAPE] })
  if (part === "fixed.bin") return packed({}, { labels: { values: inks(N, 1).map((v) => v % 2) }, shown: pictures(16, 2) })
  if (part !== "index.json") return packed({}, { again: pictures(16, parseInt(part, 10)), drawn: pictures(64, parseInt(part, 10)), xy: { values: numbers(2 * N, (i) => i + parseInt(part, 10)), shape: [N, 2] } })
  const figures = values.map((_v, i) => ({ elbo_nats: -80 - i, distortion_nats: 60 + i, rate_nats: 20 - 15 * i }))
  return {
    name: key, about: "", axis, values, until: null, n: N, shape: SHAPE, charts: false, classes: ["ankle boot", "bag"], labelled: true, plane: false, drawn_from: "prior",
    laid: values.length, trouble: "", tags: values.map(String), figures, rates: values.map(() => [2, 1, 0]), active: values.map(() => [true, true, false]), history: [],
  }
}

function decoded(values, seq, kind, m) {
  const frame = new DataView(new ArrayBuffer(32 + 4 * (D + m) + 16)), seed = Math.abs(Math.round(10 * values.reduce((a, b) => a + b, 0)))
  frame.setUint32(0, seq, true)
  frame.setUint8(4, kind)
  for (const [k, v] of [0.4, 1, 2, 0.3, 0.6, 0.09].entries()) frame.setFloat32(8 + 4 * k, v, true)
  for (let i = 0; i < D; i++) frame.setFloat32(32 + 4 * i, values.length === D ? values[i] : 0.1 * seed + i, true)
  for (let i = 0; i < m; i++) frame.setFloat32(32 + 4 * (D + i), 0.1 * seed - i, true)
  new Uint8Array(frame.buffer).set(inks(16, seed), 32 + 4 * (D + m))
  return frame.buffer
}

const line = (n) => Array.from({ length: n }, (_each, i) => [i / n, i / n])
const PARCELS = {
  nearest: () => [{}, { rows: { values: Int32Array.of(3) }, distances: { values: Float32Array.of(0.25) } }],
  locate: () => [{}, { xy: { values: Float32Array.of(0.5, 0.5) } }],
  decide: (values) => [{}, { label: { values: new Int32Array(values.length / D) }, confidence: { values: numbers(values.length / D, () => 0.5) } }],
  decisions: ([, , , , columns]) => [{}, { label: { values: new Int32Array(columns) }, confidence: { values: numbers(columns, () => 0.5) } }],
  manifold: ([, , , , columns]) => [{}, { pixels: { values: inks(16 * columns, 3) }, trust: { values: numbers(columns, () => 0.5) } }],
  stroke: () => [{ xy: [0.2, 0.3], mse: 0.01, elbo_nats: -80, oddness: 0.5, trust: 0.4, by: "error", reference: "12 test samples", label: null, label_given: false }, { picture: { values: inks(16, 5) }, mu: { values: numbers(D, (i) => i) }, rows: { values: Int32Array.of(1, 2) }, distances: { values: Float32Array.of(0.1, 0.2) } }],
  way: ([code]) => [
    { method: ["linear", "slerp", "geodesic"][code], line: line(5), length: 3, off_data: 0.1, server_ms: 4, dragged: null, xy: null },
    { waypoints: { values: numbers(2 * D, (i) => i) }, t: { values: numbers(5, (i) => i / 4) }, z: { values: numbers(5 * D, (i) => i) }, density: { values: numbers(5, () => 0.5) }, change: { values: numbers(4, () => 1) },
      frame_t: { values: numbers(5, (i) => i / 4) }, frame_density: { values: numbers(5, () => 0.5) }, rows: { values: Int32Array.of(0, 1, 2, 3, 4) }, frames: { values: inks(80, 7) } },
  ],
}

export class Server {
  held = new Set() // names of what is not answered yet: "map.bin", "thumbnails.webp", "socket", "image" ...
  failing = new Set()
  waiting = []
  sockets = []
  expired = false // the token that the page has

  // when what has that name may be answered
  let(name) {
    return new Promise((resolve, reject) => {
      const go = () => (this.failing.has(name) ? reject(new Error(`${name} failed`)) : resolve())
      if (this.held.has(name)) this.waiting.push([name, go])
      else go()
    })
  }

  release(name) {
    this.held.delete(name)
    for (const [, go] of this.waiting.filter(([one]) => one === name)) go()
    this.waiting = this.waiting.filter(([one]) => one !== name)
  }

  async fetch(address) {
    const parts = decodeURIComponent(address).split("/"), name = parts.at(-1)
    await this.let(name)
    if (name === "token") this.expired = false
    if (name === "token") return { ok: true, json: async () => ({ token: "another" }) }
    if (this.expired) return { ok: false, status: 401, text: async () => "the token has expired" }
    const frames = parts.indexOf("frames"), body = frames > 0 ? framesOf(parts.slice(frames + 1, -1).join("/"), name) : name === "map.bin" ? mapBytes(parts.at(-2)) : numbers(N, (i) => i).buffer
    return { ok: true, arrayBuffer: async () => body, json: async () => body, blob: async () => ({}) }
  }

  answer(frame, model = "") {
    const head = new DataView(frame.buffer), seq = head.getUint32(0, true), kind = head.getUint8(4), body = frame.slice(8)
    const name = Object.keys(KINDS).find((one) => KINDS[one] === kind), floats = body.length % 4 ? [] : [...new Float32Array(body.buffer)]
    const values = name === "decide" ? [...new Float32Array(body.slice(64).buffer)] : name === "decisions" ? [...new Float32Array(body.slice(96).buffer)] : name === "manifold" || name === "place" || name === "locate" ? [...new Float32Array(body.slice(32).buffer)] : floats
    if (PICTURES.has(name)) return decoded(values, seq, kind, samplesOf(model)?.sample.reduce((a, b) => a * b, 1) ?? 0)
    const [facts, arrays] = PARCELS[name](values), buffer = packed(facts, arrays, 8)
    new DataView(buffer).setUint32(0, seq, true)
    new DataView(buffer).setUint8(5, 1)
    return buffer
  }

  /** The class of the sockets to this server. */
  get Socket() {
    const server = this
    return class {
      static OPEN = 1
      readyState = 0
      constructor(address) {
        this.address = address
        server.sockets.push(this)
        server.let("socket").then(() => { if (this.readyState === 0) { this.readyState = 1; this.onopen() } })
      }
      send(frame) { Promise.resolve().then(() => this.readyState === 1 && this.onmessage({ data: server.answer(frame, decodeURIComponent(new URL(this.address, "http://page").pathname.split("/").at(-1))) })) }
      close(code = 1000, reason = "") { if (this.readyState < 3) { this.readyState = 3; this.onclose?.({ code, reason }) } }
    }
  }

  lose(code = 1006, reason = "the server went away") { for (const socket of this.sockets) if (socket.readyState < 3) socket.close(code, reason) }

  expire() {
    this.expired = true
    this.lose(4401, "the token has expired")
  }
}
