// @ts-check
// Several controls as one stop of the Tab key: the arrow keys go from one to the next, Home and End to the first and the
// last. Each is pressed by Enter or Space, as always.

const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }

export class Roving {
  /**
   * @param {HTMLElement} root @param {string} selector of the controls in it, which may be made anew: `refresh` after that
   * @param {string} chosen which of them Tab reaches; the first one where none is
   */
  constructor(root, selector, chosen = "[aria-selected=true], [aria-checked=true]") {
    this.root = root
    this.selector = selector
    this.chosen = chosen
    root.addEventListener("keydown", (event) => this.key(event))
    root.addEventListener("focusin", ({ target }) => this.stop(target))
  }

  get controls() { return /** @type {Piece[]} */ ([...this.root.querySelectorAll(this.selector)]).filter(({ disabled }) => !disabled) }

  refresh() {
    const { controls } = this
    this.stop(controls.find((one) => one === document.activeElement) ?? controls.find((one) => one.matches(this.chosen)) ?? controls[0])
  }

  stop(at) {
    const { controls } = this
    if (controls.includes(at)) for (const one of controls) one.tabIndex = one === at ? 0 : -1
  }

  key(event) {
    const { controls } = this, at = controls.indexOf(event.target), last = controls.length - 1
    const to = { Home: 0, End: last }[event.key] ?? (STEPS[event.key] && (at + STEPS[event.key] + controls.length) % controls.length)
    if (at < 0 || to === undefined || event.ctrlKey || event.metaKey || event.altKey) return
    event.preventDefault()
    event.stopPropagation() // it is not for the page as well
    controls[to].focus()
  }
}
