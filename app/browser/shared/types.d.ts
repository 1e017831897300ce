// The records that the browser parts pass to one another, for the type checker.

/** of pictures: height, width, channels */
type Shape = [number, number, number]
/** x0, y0, x1, y1 on the map */
type Box = [number, number, number, number]
type RGB = [number, number, number]

/** What a part needs to reach its server; made by `link` of app/browser. */
interface Link { model: string; token: string }

/** What the values of a vector, or the channels of a series, are; `Variables` of vae/types/data.py, and how charts are drawn. */
interface Variables {
  names: string[]
  units: string[]
  mean: number[]
  std: number[]
  step: number
  start: number
  step_unit: string
  axis: string
  soft: number // standard deviations: a value v is drawn at tanh(v / soft) of half the height
  margin: number // of the height, left free above and below
}

/** The map of a checkpoint; written by `map_bytes` of app/live/assets.py. */
interface Geometry {
  model: string
  title: string
  n: number
  d: number
  shape: Shape
  sample: number[]
  variables: Variables | null
  device: string
  classes: string[]
  labelled: boolean
  thumbs: { columns: number; height: number; width: number; count?: number }
  trust_box: Box
  baselines: { neighbour: number | null; pca: number | null; components: number | null } // of fidelity, null where unknown
  kinds: Record<string, number>
  columns: { key: string; title: string; unit: string; help: string; kind: string; absent: string; written: string; term: string }[]
  spread: { j: number; std: number }[]
  first?: boolean // laid out by principal axes, until UMAP is fitted
  xy: Float32Array
  index: Int32Array
  labels: Uint8Array
}

/** The real samples as small pictures, by the row of the map. */
interface SpriteSheet {
  draw(context: CanvasRenderingContext2D, index: number, x: number, y: number, size: number): boolean
}

/** A request that a client has been given: live ones have no promise, and only the newest waits. */
interface Job {
  kind: string
  payload: ArrayLike<number>
  t0: number
  source: string
  resolve?: (frame: any) => void
  reject?: (error: Error) => void
  sequence?: number
  sent_at?: number
}

/** A decoded point: what a live request is answered with. */
interface Picture {
  trust: number
  decode_ms: number
  server_ms: number
  xy: [number, number]
  rms: number // error of the reconstructions of the nearest samples; NaN: not measured
  z: Float32Array
  values: Float32Array | null // standardised, of samples with variables
  pixels: Uint8ClampedArray
}

type NamedArray = (Uint8ClampedArray | Int32Array | Float32Array) & { shape: number[] }

/** Facts, and arrays by their names. */
type Parcel = Record<string, any> & { arrays: Record<string, NamedArray>; error?: string }

/** An answer with what the client adds to it. */
type Frame = Partial<Picture> & Partial<Parcel> & {
  sequence?: number
  kind?: string
  payload?: ArrayLike<number> // of the request that it answers
  source?: string
  t0?: number
  at?: number
  round_trip_ms?: number
}

/** What Streamlit gives a part: Python's data, and the way back to it. */
interface Component {
  parentElement: HTMLElement
  data: any
  setStateValue(name: string, value: unknown): void
  setTriggerValue(name: string, value: unknown): void
}
