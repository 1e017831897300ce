// @ts-check
// Which points are selected. It lives by row, so zoom, another view and a rerun leave it alone; to Python it travels as bits.

export class Selection {
  mask = null
  count = 0

  constructor(n) {
    this.n = n
  }

  // rows: an iterable of row numbers. how: "set" | "add" | "remove"
  take(rows, how = "set") {
    const mask = how === "set" || !this.mask ? new Uint8Array(this.n) : this.mask.slice(), value = how === "remove" ? 0 : 1
    for (const row of rows) mask[row] = value
    this.put(mask)
  }

  put(mask) {
    this.count = 0
    for (let i = 0; mask && i < this.n; i++) this.count += mask[i]
    this.mask = this.count ? mask : null
  }

  get rows() {
    const rows = []
    for (let i = 0; this.mask && i < this.n; i++) if (this.mask[i]) rows.push(i)
    return rows
  }

  // base64 of the bits, the first row in the lowest bit of the first byte; "" for none
  get text() {
    if (!this.mask) return ""
    const bytes = new Uint8Array(Math.ceil(this.n / 8))
    for (let i = 0; i < this.n; i++) if (this.mask[i]) bytes[i >> 3] |= 1 << (i & 7)
    let text = ""
    for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192))
    return btoa(text)
  }

  set text(given) {
    if (!given) {
      this.put(null)
      return
    }
    this.put(maskOf(given, this.n))
  }
}

// the rows of a text as Selection writes it: a byte each, 1 for those in it
export function maskOf(text, n) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)), mask = new Uint8Array(n)
  for (let i = 0; i < n; i++) mask[i] = (bytes[i >> 3] >> (i & 7)) & 1
  return mask
}
