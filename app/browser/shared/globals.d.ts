// What the type checker has to know of the page. Nothing here reaches the browser.

/** An element of a part's own markup: what kind it is stands in the markup, so that a query need not say it again. */
type Piece = HTMLInputElement & HTMLCanvasElement & HTMLImageElement

interface ParentNode {
  querySelector(selectors: string): Piece | null
  querySelectorAll(selectors: string): NodeListOf<Piece>
}

interface EventTarget {
  /** of an event in a part: always an element */
  closest(selectors: string): Piece | null
}

interface Window {
  zscope: Record<string, unknown>
}
