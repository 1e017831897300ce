// @ts-check
// The legend of a picture that is saved of the map, which has no page around it: what the colours mean, drawn in the corner
// where it covers the fewest points.

import { css, scale } from "./colours.js"
import { figures } from "./legend.js"
import { trace } from "./shapes.js"
import { _, number, shortened } from "../shared/text.js"

const TYPE_PX = 12, LINE_PX = 17, PAD_PX = 8, GAP_PX = 12, BETWEEN_PX = 14 // between two columns
const DOT_PX = 4.5, NAME_PX = 15 // radius; from a dot's left to its name
const BAR_PX = [180, 9], SCALE_PX = [56, 9]
const SHARE = 0.6 // of the picture's height or width, at most
const LONGEST = 24 // letters of a class's name

/** @typedef {{width: number, height: number, draw: (x: number, y: number) => void}} Block */

export class DrawnLegend {
  // map: with plot, legend, looks, theme
  constructor(map) {
    this.map = map
    map.plot.above.unshift(this) // before the names of the classes, which keep clear of it
  }

  draw(context, plot) {
    const { legend, theme } = this.map
    legend.drawn = null
    if (!plot.explained) return
    context.save()
    Object.assign(context, { font: `${TYPE_PX}px ${theme.font}`, textBaseline: "middle", textAlign: "left", lineWidth: 1 })
    const blocks = [...legend.overlaid.map((overlay) => this.overlay(context, overlay)), ...(legend.column ? [this.bar(context)] : this.classes(context, plot.size()))]
    if (blocks.length) {
      const size = [Math.max(...blocks.map(({ width }) => width)) + 2 * PAD_PX, blocks.reduce((sum, { height }) => sum + height, 0) + 2 * PAD_PX]
      const [left, top] = legend.freest(size, GAP_PX).at
      legend.drawn = [left, top, ...size]
      this.panel(context, plot, legend.drawn)
      let y = top + PAD_PX
      for (const block of blocks) {
        context.fillStyle = theme.text
        block.draw(left + PAD_PX, y)
        y += block.height
      }
    }
    context.restore()
  }

  panel(context, plot, [left, top, width, height]) {
    context.beginPath()
    context.roundRect(left + 0.5, top + 0.5, width - 1, height - 1, 8)
    Object.assign(context, { globalAlpha: 0.9, fillStyle: plot.outside, strokeStyle: plot.edge })
    context.fill()
    context.globalAlpha = 1
    context.stroke()
  }

  // the classes that are shown, in columns
  /** @returns {Block[]} */
  classes(context, [width, height]) {
    const { legend, looks } = this.map, { classes } = legend.geometry
    const shown = classes.map((name, k) => ({ k, name: shortened(name, LONGEST) })).filter(({ k }) => !legend.hidden.has(k) && legend.total[k])
    if (!shown.length) return []
    const rows = Math.max(1, Math.min(shown.length, Math.floor((SHARE * height) / LINE_PX) - 1))
    const columns = []
    let wide = 0
    for (let i = 0; i < shown.length; i += rows) {
      const column = shown.slice(i, i + rows), w = NAME_PX + Math.max(...column.map(({ name }) => context.measureText(name).width)) + BETWEEN_PX
      if (columns.length && wide + w > SHARE * width) break
      columns.push({ column, x: wide })
      wide += w
    }
    const left = shown.length - columns.reduce((sum, { column }) => sum + column.length, 0)
    return [{
      width: wide - BETWEEN_PX, height: (Math.min(rows, shown.length) + (left ? 1 : 0)) * LINE_PX,
      draw: (x0, y0) => {
        for (const { column, x } of columns) for (const [i, { k, name }] of column.entries()) {
          const y = y0 + (i + 0.5) * LINE_PX
          trace(context, looks.shapes?.[k] ?? 0, x0 + x + DOT_PX, y, DOT_PX)
          context.fillStyle = css(looks.colours[k])
          context.fill()
          context.fillStyle = this.map.theme.text
          context.fillText(name, x0 + x + NAME_PX, y)
        }
        if (left) context.fillText(_("and {n} more", { n: number(left) }), x0, y0 + (rows + 0.5) * LINE_PX)
      },
    }]
  }

  // the scale of a quantity, with its range
  /** @returns {Block} */
  bar(context) {
    const { legend: { column, limits: [low, high] }, looks } = this.map, [w, h] = BAR_PX
    const title = [column.title, column.unit].filter(Boolean).join(", ")
    const said = figures([low, (low + high) / 2, high], column.written)
    return {
      width: Math.max(w, context.measureText(title).width), height: 2 * LINE_PX + h + 2,
      draw: (x, y) => {
        context.fillText(title, x, y + LINE_PX / 2)
        this.gradient(context, scale(looks.dark).filter((_each, i) => i % 17 === 0).map(css), [x, y + LINE_PX, w, h])
        for (const [i, text] of said.entries()) {
          context.textAlign = /** @type {CanvasTextAlign} */ (["left", "center", "right"][i])
          context.fillText(text, x + (i * w) / 2, y + LINE_PX * 1.5 + h + 2)
        }
        context.textAlign = "left"
      },
    }
  }

  // of what lies below the points
  /** @returns {Block} */
  overlay(context, { lead, low, high, colours, hatched }) {
    const words = [low, high, ...(hatched ? [hatched] : [])], widths = words.map((word) => context.measureText(word).width)
    const [w, h] = SCALE_PX, line = widths.reduce((sum, width) => sum + width, 0) + w + (hatched ? BETWEEN_PX : 0) + 12
    return {
      width: Math.max(context.measureText(lead).width, line), height: 2 * LINE_PX + 3,
      draw: (x, y) => {
        context.fillText(lead, x, y + LINE_PX / 2)
        const middle = y + LINE_PX * 1.5
        context.fillText(low, x, middle)
        context.fillText(high, x + widths[0] + w + 12, middle)
        if (hatched) context.fillText(hatched, x + widths[0] + w + 12 + widths[1] + BETWEEN_PX, middle)
        this.gradient(context, colours.split(/,\s*(?=rgb)/), [x + widths[0] + 6, middle - h / 2, w, h])
      },
    }
  }

  /** @param {CanvasRenderingContext2D} context @param {string[]} colours @param {number[]} box left, top, width, height */
  gradient(context, colours, [x, y, w, h]) {
    const fill = context.createLinearGradient(x, 0, x + w, 0)
    for (const [i, colour] of colours.entries()) fill.addColorStop(i / (colours.length - 1), colour)
    context.fillStyle = fill
    context.fillRect(x, y, w, h)
    context.fillStyle = this.map.theme.text
  }
}
