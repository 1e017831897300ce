// The unit tests can fail: each bug is planted in a copy of the modules, and a test has to catch it.
// `node tests/js/planted.js` says for each whether one did.
import { spawn } from "node:child_process"
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { cpus, tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const PROJECT = fileURLToPath(new URL("../..", import.meta.url))

// file below app/browser, what stands there once, what takes its place, the tests that catch it
const PLANTED = [
  ["latent_map/near.js", "(ring - 1) * this.cell > Math.sqrt(best)", "ring > 0", "near"],
  ["latent_map/near.js", "if (this.hidden?.[i]) continue", "", "near"],
  ["latent_map/near.js", "d2 <= radius * radius", "d2 < radius * radius", "near"],
  ["latent_map/selection.js", "value = how === \"remove\" ? 0 : 1", "value = 1", "selection"],
  ["latent_map/selection.js", "1 << (i & 7)", "128 >> (i & 7)", "selection"],
  ["latent_map/lasso.js", "yi > y !== yj > y", "yi > y || yj > y", "selection"],
  ["latent_map/gestures.js", "press.touch ? this.finger() : pan", "pan", "gestures"],
  ["latent_map/gestures.js", "if (this.down.size) this.drag = { menu: true }", "", "gestures"],
  ["latent_map/card.js", "POINTER * covers", "covers", "gestures"],
  ["latent_map/legend.js", "|| share > WIDE", "", "gestures"],
  ["latent_map/search.js", "&& !plain.startsWith(\"#\")", "", "selection"],
  ["latent_map/columns.js", "value === null || value === \"\"", "value === null", "selection"],
  ["latent_map/colours.js", "hidden?.[i] ? LOOK.hidden : !chosen", "!chosen", "colours"],
  ["latent_map/colours.js", "const ENDS = [0.01, 0.99]", "const ENDS = [0, 1]", "colours"],
  ["latent_map/colours.js", "shapes && !ramp && ", "shapes && ", "colours"],
  ["latent_map/colours.js", "colours.length * shapes", "colours.length", "shapes"],
  ["latent_map/shapes.js", "k % SHAPES.length", "k % 5", "shapes"],
  ["latent_map/spaced.js", "free && k < 9", "free && k < 0", "spaced"],
  ["latent_map/placing.js", "labels[i] >= count || hidden?.[i] || ", "", "placing"],
  ["latent_map/placing.js", "return sorted[sorted.length >> 1]", "return sorted[0]", "placing"],
  ["latent_map/placing.js", "stands = [...taken]", "stands = []", "placing"],
  ["latent_map/class_names.js", "!moving && (others", "(others", "placing"],
  ["sketch/curve.js", "if (x1 < x0) [x0, y0, x1, y1] = [x1, y1, x0, y0]", "", "sketch"],
  ["sketch/curve.js", "this.channel * this.t + i", "i", "sketch"],
  ["sketch/brush.js", "y % (h - 1) ? Math.max(1, w - 1) : 1", "1", "sketch"],
  ["sketch/brush.js", "if (covered <= cover[at]) continue", "", "sketch"],
  ["latent_console/ends.js", "Math.max(grey, FAINT * middle[from + i + k])", "FAINT * 255", "sketch"],
  ["theatre/reel.js", "share = to === from ? 0 : (x - from.x) / (to.x - from.x)", "share = 0", "theatre"],
  ["theatre/numbers.js", "(high + 1e-9 * step) / step", "high / step", "theatre"],
  ["shared/frame_codec.js", "head.setUint32(0, sequence, true)", "head.setUint32(0, sequence)", "frame_codec"],
  ["shared/frame_codec.js", "Math.ceil((length * TYPES[type].BYTES_PER_ELEMENT) / 4) * 4", "length * TYPES[type].BYTES_PER_ELEMENT", "frame_codec"],
  ["shared/frame_codec.js", "at + 8 * n, n), labels", "at + 4 * n, n), labels", "frame_codec"],
  ["shared/channel.js", "sequenceOf(buffer) !== job.sequence", "false", "channel"],
  ["shared/channel.js", "this.lanes.get(lane)?.resolve(null)", "", "channel"],
  ["shared/channel.js", "if (event.code !== 4400) this.waiting ??= flight", "this.waiting ??= flight", "channel"],
  ["shared/channel.js", "if (this.urgent.length) return this.urgent.shift()", "", "channel"],
  ["tour/placing.js", "if (inside) return within(foot)", "", "tour"],
  ["tour/placing.js", "const along = [1, 1, 0, 0]", "const along = [0, 0, 1, 1]", "tour"],
  ["tour/arrival.js", "heading && top !== was", "heading && Number.isNaN(was)", "tour"],
  ["tour/tour.js", "!preferred(SEEN, false) &&", "", "tour"],
  ["tour/tour.js", "|| typing(event)", "", "tour"],
  ["shared/text.js", "n === 1 ? one : many", "one", "text"],
  ["theatre/numbers.js", "found.length < 2 && about < MOST", "false", "charts"],
  ["theatre/charts.js", "return shown.length > 1 ? shown : values(records)", "return shown", "charts"],
  ["picture_grid/picture_grid.js", "at = 0 // of the picture", "at // of the picture", "parts"],
  ["picture_grid/picture_grid.js", "if (turn !== part.turn) return // newer", "", "parts"],
  ["shared/variables.js", "sort((i, j) => apart[j] - apart[i]", "sort((i, j) => apart[i] - apart[j]", "variables"],
  ["shared/annotation.js", "Math.floor(this.window.scrollTop / this.row_px)", "0", "variables"],
  ["shared/annotation.js", "if (first || chosen) this.sort()", "if (first || values) this.sort()", "variables"],
  ["shared/frame_codec.js", "HEAD_DOWN + 4 * (d + m)", "HEAD_DOWN + 4 * d", "frame_codec"],
  ["shared/part.js", "await this.build()\n    if (this.gone) return", "await this.build()", "parts"],
  ["shared/part.js", "if (this.ready) this.show()", "this.show()", "parts"],
  ["shared/spoken.js", "fidelity(frame.rms, geometry.baselines, geometry.sample.length < 3).text", "\"\"", "spoken"],
  ["shared/spoken.js", "this.waiting = setTimeout(() => this.now(words()), REST_MS)", "this.now(words())", "spoken"],
  ["latent_map/pointer.js", "if (this.keyed) this.voice", "this.voice", "spoken"],
  ["shared/roving.js", ".filter(({ disabled }) => !disabled)", "", "roving"],
  ["shared/roving.js", "controls.find((one) => one.matches(this.chosen)) ??", "", "roving"],
  ["theatre/scrubber.js", "still() ? Math.floor((at += passed / leg)) : ", "", "motion"],
  ["path_player/path_player.js", "still() ? Math.round(HOPS * legs * t) / (HOPS * legs) : t", "t", "motion"],
  ["theatre/charts.js", "ink(look.dark)[symbol]", "COLOUR[symbol]", "charts"],
  ["shared/zscope.js", "pace.gap > SLOW_MS ? SLOWER * ms : ms", "ms", "text"],
]

/** Whether tests of that name fail in the copy. */
function fails(copy, name) {
  const test = spawn(process.execPath, ["--import", "./tests/js/setup.js", `tests/js/${name}.test.js`], { cwd: copy, stdio: "ignore" })
  return new Promise((resolve) => test.on("exit", (code) => resolve(code !== 0)))
}

async function caught(copy, [file, old, planted, name]) {
  const path = join(copy, "app/browser", file), text = readFileSync(path, "utf8")
  if (text.split(old).length !== 2) return `${file} holds ${text.split(old).length - 1} times: ${old}`
  writeFileSync(path, text.replace(old, () => planted))
  const failed = await fails(copy, name)
  writeFileSync(path, text)
  return failed ? "" : `${file}: no test of ${name} fails with ${planted || "nothing"} in place of ${old}`
}

const waiting = [...PLANTED], trouble = []
await Promise.all(cpus().map(async () => {
  const copy = mkdtempSync(join(tmpdir(), "planted-"))
  try {
    for (const part of ["app/browser", "tests/js", "tests/golden", "package.json"]) cpSync(join(PROJECT, part), join(copy, part), { recursive: true })
    for (let bug = waiting.shift(); bug; bug = waiting.shift()) trouble.push(await caught(copy, bug))
  } finally {
    rmSync(copy, { recursive: true })
  }
}))
const missed = trouble.filter(Boolean)
for (const text of missed) console.error(text)
console.log(`planted bugs: ${PLANTED.length - missed.length} of ${PLANTED.length} caught`)
process.exit(missed.length ? 1 : 0)
