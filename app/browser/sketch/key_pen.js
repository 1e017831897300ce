// @ts-check
// The brush by keys: arrows move it, Space puts it down and lifts it.

const STEPS = 28, LEAP = 4 // from side to side; with Shift
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }

export class KeyPen {
  share = [0.5, 0.5] // of the canvas, across and down
  down = false

  /**
   * @param {HTMLCanvasElement} canvas @param {HTMLElement} mark what shows where the brush is
   * @param {{begin: (share: number[]) => void, line: (share: number[]) => void}} pen
   */
  constructor(canvas, mark, pen) {
    this.canvas = canvas
    this.mark = mark
    this.pen = pen
    canvas.addEventListener("blur", () => this.lift())
  }

  // whether the key was meant for it
  key({ key, shiftKey }) {
    const arrow = ARROWS[key]
    if (key === " ") this.down = !this.down
    if (key === " " && this.down) this.pen.begin(this.share)
    if (arrow) this.share = this.share.map((v, i) => Math.min(1, Math.max(0, v + ((shiftKey ? LEAP : 1) * arrow[i]) / STEPS)))
    if (arrow && this.down) this.pen.line(this.share)
    if (!arrow && key !== " ") return false
    this.show()
    return true
  }

  show() {
    this.mark.hidden = false
    this.mark.dataset.down = String(this.down)
    Object.assign(this.mark.style, { left: `${100 * this.share[0]}%`, top: `${(this.share[1] * this.canvas.clientHeight).toFixed(1)}px` })
  }

  lift() {
    this.down = false
    this.mark.hidden = true
  }
}
