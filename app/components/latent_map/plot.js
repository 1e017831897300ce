// The points themselves: one Plotly scattergl trace, its view (pan, zoom), colours and the trust overlay.

let loading = null

// plotly.js from the server's own wheel, once a page
export function plotly(address) {
  if (window.Plotly) return Promise.resolve(window.Plotly)
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement("script")
    script.src = address
    script.onload = () => resolve(window.Plotly)
    script.onerror = () => { loading = null; reject(new Error("plotly.js could not be loaded")) }
    document.head.append(script)
  })
  return loading
}

let gl = null

export function webgl() {
  if (gl !== null) return gl
  const probe = document.createElement("canvas"), context = probe.getContext("webgl2") ?? probe.getContext("webgl")
  gl = Boolean(context)
  free(context)
  return gl
}

// browsers allow about 16 contexts a page and drop the oldest, so each is handed back at once
const free = (context) => context?.getExtension("WEBGL_lose_context")?.loseContext()

const FREEZE_MS = 150 // of rest
const POINT_PX = [2.2, 4.2] // smallest and largest point before zooming in

export class Plot {
  constructor(element, Plotly, geometry, near) {
    Object.assign(this, { element, Plotly, geometry, near, onView: () => {}, trust: false, hidden: new Set() })
  }

  async draw(theme, colours, type) {
    this.theme = theme
    this.colours = colours
    const [width, height] = this.size()
    this.home = this.fitted(width, height)
    const axis = { visible: false, fixedrange: false, zeroline: false, showgrid: false }
    const layout = {
      width, height, margin: { l: 0, r: 0, t: 0, b: 0 }, hovermode: false, dragmode: "pan", showlegend: false,
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", uirevision: "kept",
      xaxis: { ...axis, range: this.home.slice(0, 2) },
      yaxis: { ...axis, range: this.home.slice(2), scaleanchor: "x" },
    }
    this.view = [...this.home]
    await this.Plotly.newPlot(this.element, [this.trace(type)], layout, {
      displayModeBar: false, scrollZoom: true, doubleClick: false, responsive: false, showTips: false, plotGlPixelRatio: Math.max(1, devicePixelRatio),
    })
    this.type = type
    this.element.on("plotly_relayouting", (change) => { this.thaw(); this.moved(change, false) })
    this.element.on("plotly_relayout", (change) => this.moved(change, true))
    this.element.on("plotly_afterplot", () => { this.thaw(); this.freezing = setTimeout(() => this.freeze(), FREEZE_MS) })
    this.moved({}, true)
    this.freeze()
  }

  // [width, height] px, as measured at the last resize: a measurement for every pointer move would force a layout each time
  size() { return (this.measured ??= this.measure()) }

  measure() {
    const box = this.element.getBoundingClientRect()
    return [Math.max(120, Math.round(box.width)), Math.max(120, Math.round(box.height))]
  }

  // [x0, x1, y0, y1] that shows every point, undistorted, clear of the toolbar above and the legend below
  fitted(width, height) {
    const [x0, y0, x1, y1] = this.near.box
    const [left, right, top, bottom] = [24, 24, 52, 28]
    const unit = Math.max((x1 - x0) / (width - left - right), (y1 - y0) / (height - top - bottom), 1e-9)
    const x = (x0 + x1) / 2 + ((right - left) / 2) * unit, y = (y0 + y1) / 2 + ((top - bottom) / 2) * unit
    return [x - (width / 2) * unit, x + (width / 2) * unit, y - (height / 2) * unit, y + (height / 2) * unit]
  }

  trace(type) {
    const { xy, labels, n } = this.geometry, x = [], y = [], colour = []
    for (let i = 0; i < n; i++) {
      if (this.near.hidden?.[i]) continue
      x.push(xy[2 * i])
      y.push(xy[2 * i + 1])
      colour.push(this.colour(labels[i]))
    }
    const marker = { color: colour, size: this.pointSize(), opacity: this.theme.dark ? 0.8 : 0.72, line: { width: 0 } }
    return { type, mode: "markers", x, y, marker, hoverinfo: "skip" }
  }

  // While the view rests, the points are shown as a still of the WebGL canvas: blending a live one costs every other
  // frame of the page as much as all the rest of it together, where there is no GPU.
  freeze() {
    const canvas = this.element.querySelector(".gl-canvas-context"), turn = (this.turn = {})
    canvas?.toBlob((blob) => {
      if (!blob || this.turn !== turn) return
      const address = URL.createObjectURL(blob), still = new Image()
      still.onload = () => {
        if (this.turn !== turn) return URL.revokeObjectURL(address)
        URL.revokeObjectURL(this.still)
        this.still = address
        this.layer.style.backgroundImage = `url(${address})` // in the place of the canvases, above the trust overlay
        this.element.classList.add("zm-frozen")
      }
      still.src = address
    })
  }

  get layer() { return this.element.querySelector(".gl-container") }

  thaw() {
    clearTimeout(this.freezing)
    this.turn = null
    if (!this.element.classList.contains("zm-frozen")) return
    this.element.classList.remove("zm-frozen")
    if (this.layer) this.layer.style.backgroundImage = ""
  }

  colour(label) { return label === 255 ? this.theme.accent : this.colours[label % this.colours.length] }

  pointSize() {
    const [width, height] = this.size()
    const bare = 0.38 * Math.sqrt((width * height) / Math.max(1, this.geometry.n))
    const zoom = this.view ? (this.home[1] - this.home[0]) / (this.view[1] - this.view[0]) : 1
    return Math.min(POINT_PX[1], Math.max(POINT_PX[0], bare)) * Math.min(2.5, Math.max(1, Math.sqrt(zoom)))
  }

  moved(change, settled) {
    const { xaxis, yaxis } = this.element._fullLayout
    const x = change["xaxis.range[0]"] === undefined ? xaxis.range : [change["xaxis.range[0]"], change["xaxis.range[1]"]]
    const y = change["yaxis.range[0]"] === undefined ? yaxis.range : [change["yaxis.range[0]"], change["yaxis.range[1]"]]
    this.view = [...x, ...y].map(Number)
    this.onView(settled)
    if (!settled) return
    const size = this.pointSize()
    if (Math.abs(size - (this.drawnSize ?? size)) > 0.25) this.Plotly.restyle(this.element, { "marker.size": size })
    this.drawnSize = size
  }

  get zoomed() { return this.view.some((v, i) => Math.abs(v - this.home[i]) > 1e-3 * (this.home[1] - this.home[0])) }
  get unitsPerPx() { return (this.view[1] - this.view[0]) / this.size()[0] }

  toData(px, py) {
    const [width, height] = this.size(), [x0, x1, y0, y1] = this.view
    return [x0 + (px / width) * (x1 - x0), y1 - (py / height) * (y1 - y0)]
  }

  toPixels(x, y) {
    const [width, height] = this.size(), [x0, x1, y0, y1] = this.view
    return [((x - x0) / (x1 - x0)) * width, ((y1 - y) / (y1 - y0)) * height]
  }

  show([x0, x1, y0, y1]) {
    return this.Plotly.relayout(this.element, {
      "xaxis.range[0]": x0, "xaxis.range[1]": x1, "yaxis.range[0]": y0, "yaxis.range[1]": y1,
    })
  }

  reset() { return this.show(this.home) }

  zoom(factor) {
    const [x0, x1, y0, y1] = this.view, [x, y] = [(x0 + x1) / 2, (y0 + y1) / 2]
    const [w, h] = [((x1 - x0) / 2) * factor, ((y1 - y0) / 2) * factor]
    return this.show([x - w, x + w, y - h, y + h])
  }

  // a new window size keeps the centre and the scale of what is shown; an untouched view is fitted anew
  async resize() {
    const [width, height] = (this.measured = this.measure()), { width: w, height: h } = this.element._fullLayout
    if (width === w && height === h) return
    const untouched = !this.zoomed, [x0, x1, y0, y1] = this.view, unit = (x1 - x0) / w
    this.home = this.fitted(width, height)
    const [x, y] = [(x0 + x1) / 2, (y0 + y1) / 2]
    const kept = [x - (width / 2) * unit, x + (width / 2) * unit, y - (height / 2) * unit, y + (height / 2) * unit]
    const [a, b, c, d] = untouched ? this.home : kept
    await this.Plotly.relayout(this.element, {
      width, height, "xaxis.range[0]": a, "xaxis.range[1]": b, "yaxis.range[0]": c, "yaxis.range[1]": d,
    })
  }

  restyle(theme, colours) {
    this.theme = theme
    this.colours = colours
    return this.filter()
  }

  filter() {
    const { x, y, marker } = this.trace(this.type)
    return this.Plotly.restyle(this.element, { x: [x], y: [y], "marker.color": [marker.color], "marker.opacity": marker.opacity })
  }

  overlay(on, source) {
    this.trust = on
    const [x0, y0, x1, y1] = this.geometry.trust_box
    const image = { source, xref: "x", yref: "y", x: x0, y: y1, sizex: x1 - x0, sizey: y1 - y0, sizing: "stretch", layer: "below" }
    return this.Plotly.relayout(this.element, { images: on ? [image] : [] })
  }

  remove() {
    this.thaw()
    if (this.still) URL.revokeObjectURL(this.still)
    const canvases = [...this.element.querySelectorAll(".gl-canvas")]
    this.Plotly.purge(this.element)
    for (const canvas of canvases) free(canvas.getContext("webgl"))
  }
}
