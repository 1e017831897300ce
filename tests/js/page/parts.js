// Every part of app/browser with data as Python gives them: first and then, of the same model.

const z = (v) => [v, 0.5, -0.25]
const point = (row, v) => ({ row, xy: [0.3, 0.4], z: z(v), n: 1 })
const waypoints = (count) => Array.from({ length: count }, (_each, i) => ({ z: z(i), row: i % 2 ? null : i, name: `sample ${i}`, label: "ABCDE"[i], xy: [0.1 * i, 0.2] }))
const methods = ["linear", "slerp", "geodesic"].map((name, code) => ({ name, code, first: code === 0 }))
const directions = (count) => ({ u: Array.from({ length: count }, (_each, i) => z(i)), low: new Array(count).fill(-2), high: new Array(count).fill(3), names: Array.from({ length: count }, (_each, i) => `z${i}`), says: new Array(count).fill("12%"), why: new Array(count).fill("why") })
const tools = [{ name: "sliders", title: "Sliders", help: "move", off: "" }, { name: "draw", title: "Draw", help: "draw", off: "has no encoder" }]
const found = (suspect) => ({ sheet: "data:real", names: ["bag #1", "bag #2", "bag #3"], words: ["Not a copy", "Not a copy", "Not a copy"], suspect: [suspect, false, false], help: "how" })
const grid = { sheet: "data:a", columns: 2, n: 3, shape: [4, 4], rows: [1, 2, 3], trust: [0.1, 0.5, 0.9], pinned: false, labels: [], real: null, waiting: "Reading the training samples ..." }
const map = { mode: "explore", committed: point(2, 0.1), waypoints: [], method: "", selected: "", heard: {} }
const view = { committed: point(2, 0.1), neighbours: [{ row: 1, distance: 0.5 }, { row: 3, distance: 0.7 }], labels: [], label: null, pin: null, tools, tool: "sliders" }
const player = { waypoints: waypoints(2), method: "linear", code: 0, t: 0.5, help: "less is better" }
const strips = { waypoints: [z(0), z(1)], methods, method: "linear", t: 0.5, help: { density: "density", off_data: "off" }, notes: ["click adds"], touchNotes: ["tap adds"] }
const group = { count: 4, n: 12, classes: [["bag", 3, 6], ["ankle boot", 1, 6]], centre: z(0), mean: null, names: ["ankle boot", "bag"], spread: [1, 2], trust: [0.5, 0.6], error: null, typical: [1, 2], extreme: [3] }
const wall = { said: "Seven draws", width: 0.2, extent: 0.05, seed: 1, point: false, z: [z(0), z(1)], xy: [[0, 0], [1, 1]], n: 2, columns: 6, wall: "data:w", mean: "data:m", spread: "data:s", most: 20 }
const floats = (n) => btoa(String.fromCharCode(...new Uint8Array(Float32Array.from({ length: n }, (_each, i) => i / 4).buffer)))
const sliders = { committed: point(2, 0.1), sliders: { here: directions(2), pca: directions(9) }, label: null, saves: "moves", held: null }
const classifier = { name: "labels", classes: ["ankle boot", "bag"], said: "right for 90% of test samples", help: "trained here" }
const holding = { row: 3, z: z(3), xy: [0.3, 0.6], share: 0.5 }

/** name of its folder -> [data, later data] */
export const PARTS = {
  actions: [{ python: "import vae", pinned: false, held: false, can_undo: false, can_redo: false }, { python: "import vae as v", pinned: true, held: true, can_undo: true, can_redo: true }],
  arithmetic: [{ committed: point(1, 0.2), name: "bag #101", label: null }, { committed: point(null, 0.7), name: "a point", label: 1 }],
  frame_strip: [strips, { ...strips, decisions: classifier, waypoints: [z(0), z(1), z(2)], method: "slerp", t: 0.25 }],
  group_card: [group, { ...group, count: 2, mean: btoa("abc".repeat(16)), centre: z(3), error: [0.1, 0.2], extreme: [] }],
  latent_console: [sliders, { ...sliders, committed: point(null, 0.9), held: holding, sliders: { ...sliders.sliders, named: directions(1) } }],
  latent_map: [map, { ...map, held: holding, decisions: classifier, committed: point(null, 0.8), selected: btoa("\x03\x00"), colour: "error", edited: { labels: btoa("\x00\x01\x02".repeat(4)), classes: ["ankle boot", "bag", "shoe"], dropped: btoa("\x05\x00") } }],
  "latent_map of waypoints": [{ ...map, mode: "waypoints", committed: null, waypoints: waypoints(2), method: "linear" }, { ...map, mode: "waypoints", committed: null, waypoints: waypoints(3), method: "slerp" }],
  latent_view: [view, { ...view, committed: point(null, 0.9), neighbours: [{ row: 4, distance: 0.1 }], labels: ["ankle boot", "bag"], label: 1, pin: { row: 3, z: z(2) }, tool: "draw" }],
  "latent_console of a table": [sliders, { ...sliders, committed: point(null, 0.9) }],
  "latent_view of a table": [view, { ...view, committed: point(null, 0.9), pin: { row: 3, z: z(2) } }],
  "latent_view of a series": [view, { ...view, committed: point(null, 0.9), pin: { row: 3, z: z(2) } }],
  one_step: [{}, {}],
  path_player: [player, { ...player, waypoints: waypoints(3), method: "slerp", code: 1, t: 0.25 }],
  picture_grid: [grid, { ...grid, real: found(true), waiting: "", pinned: true }],
  "picture_grid of other pictures": [{ ...grid, real: found(false) }, { ...grid, sheet: "data:b", n: 2, rows: [1, 2], trust: [0.2, 0.3], labels: ["bag", "bag"] }],
  "picture_grid of a table": [{ ...grid, values: floats(9), scale: "one scale" }, { ...grid, sheet: "data:b", n: 2, values: floats(6), scale: "one scale" }],
  posterior_wall: [wall, { ...wall, wall: "data:v", n: 1, z: [z(0)], xy: [[0, 0]], point: true, width: 0, extent: 0, spread: "data:t", most: 0 }],
  present: [{}, {}],
  share_link: [{}, {}],
  pulse: [{ every_ms: 500 }, { every_ms: 900 }],
  sketch: [{ start: null, name: "", version: "committed", label: null, ground: 0 }, { start: btoa("\xf0".repeat(16)), name: "a.png", version: "file", label: null, ground: 0 }],
  "theatre of a training": [{ beside: "", action: "" }, { beside: "run/other", action: "" }],
  "theatre of a sweep": [{ beside: "", action: "Open this model in Explore" }, { beside: "sweep/other", action: "Open this model in Explore" }],
  tour: [{}, {}],
  twin_maps: [{ row: 2 }, { row: 3 }],
}

const KEY = { "theatre of a training": "run/", "theatre of a sweep": "sweep/", "latent_console of a table": "table-", "latent_view of a table": "table-", "latent_view of a series": "series-", "picture_grid of a table": "table-" }

/** The data of a part with the link to a model; `token` is what a run of Python brings anew. */
export function given(part, later, model, token = "t1") {
  const link = (name) => ({ model: `${KEY[part] ?? ""}${name}`, token })
  return { ...structuredClone(PARTS[part][later]), link: link(model), ...(part === "twin_maps" ? { other: link(`${model}-twin`) } : {}) }
}

export const moduleOf = (part) => { const name = part.split(" ")[0]; return import(`../../../app/browser/${name}/${name}.js`) }
