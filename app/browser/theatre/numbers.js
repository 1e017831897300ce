// @ts-check
// Numbers as they are said: at most five signs and a point, so that none is cut off beside an axis.

const PLAIN = 10_000 // from here on without decimals, on an axis in thousands
/** @type {[string, number][]} */
const UNITS = [["k", 1e3], ["M", 1e6], ["G", 1e9], ["T", 1e12]]
const HUGE = 1e15 // from here on as 1e15
const MOST = 50 // ticks of an axis

const signed = (said) => said.replace("-", "−").replace("e+", "e")

// of a figure that stands alone
export function figure(v, digits = 1) {
  if (v === null || v === undefined) return "–"
  const size = Math.abs(v), [unit, by] = UNITS.findLast(([, by]) => size >= by) ?? []
  if (size < 1e6) return signed(v.toFixed(size < PLAIN ? digits : 0))
  return signed(size < HUGE ? `${(v / by).toFixed(1)}${unit}` : v.toExponential(1))
}

// steps of 1, 2 or 5 that part a span into about so many: {found, say}, all said in one unit
export function ticks(low, high, about) {
  const raw = (high - low) / about, power = 10 ** Math.floor(Math.log10(raw)), step = power * [1, 2, 5, 10].find((m) => m * power >= raw)
  const first = Math.ceil(low / step), count = Math.min(MOST, Math.floor((high + 1e-9 * step) / step) - first + 1)
  const found = Array.from({ length: Math.max(0, count) || 0 }, (_each, k) => (first + k) * step)
  const most = Math.max(0, ...found.map(Math.abs)), [unit, by] = most < PLAIN ? /** @type {[string, number]} */ (["", 1]) : UNITS.findLast(([, by]) => most >= by)
  const digits = Math.max(0, -Math.floor(Math.log10(step / by) + 1e-9))
  const say = (v) => signed(v === 0 ? "0" : most < HUGE ? `${(v / by).toFixed(digits)}${unit}` : v.toExponential(Math.min(2, Math.max(0, Math.floor(Math.log10(most / step))))))
  return { found, say }
}

// what an axis spans for those values, with a margin
export function spread(values) {
  const low = Math.min(...values), high = Math.max(...values), pad = 0.08 * (high - low) || Math.max(0.5, 1e-3 * Math.abs(high))
  return [low - pad, high + pad]
}
