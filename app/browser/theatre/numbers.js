// @ts-check
// Numbers as they are said: at most five signs and a point, so that none is cut off beside an axis.

const PLAIN = 10_000 // from here on without decimals, on an axis in thousands
/** @type {[string, number][]} */
const UNITS = [["k", 1e3], ["M", 1e6], ["G", 1e9], ["T", 1e12]]
const HUGE = 1e15 // from here on as 1e15
const MOST = 50 // ticks of an axis

const signed = (said) => said.replaceAll("-", "−").replace("e+", "e")

// of a figure that stands alone
export function figure(v, digits = 1) {
  if (v === null || v === undefined) return "–"
  const size = Math.abs(v), [unit, by] = UNITS.findLast(([, by]) => size >= by) ?? []
  if (size < 1e6) return signed(v.toFixed(size < PLAIN ? digits : 0))
  return signed(size < HUGE ? `${(v / by).toFixed(1)}${unit}` : v.toExponential(1))
}

const DECIMALS = 6 // of a tick: finer ones are written with an exponent
const SAME = 1e-9 // of their size: values nearer to each other than this are drawn as equal
const LARGEST = 1e300 // beyond, the span of an axis would not be finite

// steps of 1, 2 or 5 that part a span into about so many: {found, say}, at least two, all said in one unit, no two alike
export function ticks(low, high, about) {
  const raw = (high - low) / about, power = 10 ** Math.floor(Math.log10(raw)), step = power * ([1, 2, 5].find((m) => m * power >= raw) ?? 10)
  const first = Math.ceil(low / step), count = Math.min(MOST, Math.floor((high + 1e-9 * step) / step) - first + 1)
  const every = Array.from({ length: Math.max(0, count) || 0 }, (_each, k) => (first + k) * step)
  const most = Math.max(0, ...every.map(Math.abs)), [unit, by] = most < PLAIN ? /** @type {[string, number]} */ (["", 1]) : UNITS.findLast(([, by]) => most >= by)
  const digits = Math.max(0, -Math.floor(Math.log10(step / by) + 1e-9)), fine = Math.floor(Math.log10(step) + 1e-9)
  const exact = (v) => Math.min(15, Math.max(0, Math.floor(Math.log10(Math.abs(v)) + 1e-9) - fine))
  const say = (v) => signed(v === 0 ? "0" : most < HUGE && digits <= DECIMALS ? `${(v / by).toFixed(digits)}${unit}` : v.toExponential(exact(v)))
  const found = every.filter((v, k) => k === 0 || say(v) !== say(every[k - 1]))
  return found.length < 2 && about < MOST ? ticks(low, high, 2 * about) : { found, say }
}

// what an axis spans for those values, with a margin; those that are no numbers do not count
export function spread(values) {
  const known = values.filter(Number.isFinite).map((v) => Math.min(LARGEST, Math.max(-LARGEST, v)))
  if (!known.length) return [0, 1]
  const low = Math.min(...known), high = Math.max(...known), size = Math.max(Math.abs(low), Math.abs(high))
  const pad = high - low > Math.max(SAME * size, 1 / LARGEST) ? 0.08 * (high - low) : Math.max(0.5, 1e-3 * size)
  return [low - pad, high + pad]
}
