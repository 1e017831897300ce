// @ts-check
// The frames of the live channel, as app/live/requests packs and reads them: little-endian, arrays padded to four bytes.

const HEAD_UP = 8, HEAD_DOWN = 32, HEAD_PARCEL = 8
const TYPES = { u1: Uint8ClampedArray, i4: Int32Array, f4: Float32Array }

/**
 * A request. label: class + 1, 0 where none is chosen; payload: bytes as they are, or numbers, sent as float32.
 * @param {number} sequence @param {number} code @param {number} label @param {ArrayLike<number>} payload
 */
export function request(sequence, code, label, payload) {
  const bytes = payload instanceof Uint8Array ? payload : new Uint8Array(Float32Array.from(payload).buffer)
  const frame = new Uint8Array(HEAD_UP + bytes.length), head = new DataView(frame.buffer)
  head.setUint32(0, sequence, true)
  head.setUint8(4, code)
  head.setUint8(5, label)
  frame.set(bytes, HEAD_UP)
  return frame
}

/** The number of the request that a frame answers. @param {ArrayBuffer} buffer */
export const sequenceOf = (buffer) => new DataView(buffer).getUint32(0, true)

/**
 * An answer: a picture with its latent of d numbers and m values (0: a picture has none but its pixels), or a parcel.
 * @param {ArrayBuffer} buffer @param {number} d @param {number} [m] @returns {Frame}
 */
export function answer(buffer, d, m = 0) {
  const head = new DataView(buffer)
  if (head.getUint8(5)) return unpacked(buffer, HEAD_PARCEL)
  return {
    trust: head.getFloat32(8, true), decode_ms: head.getFloat32(12, true), server_ms: head.getFloat32(16, true),
    xy: [head.getFloat32(20, true), head.getFloat32(24, true)], rms: head.getFloat32(28, true),
    z: new Float32Array(buffer, HEAD_DOWN, d), values: m ? new Float32Array(buffer, HEAD_DOWN + 4 * d, m) : null,
    pixels: new Uint8ClampedArray(buffer, HEAD_DOWN + 4 * (d + m)),
  }
}

/** What `packed` of app/live/requests puts together, from that byte on. @param {ArrayBuffer} buffer @param {number} [from] @returns {Parcel} */
export function unpacked(buffer, from = 0) {
  let { head: facts, at } = headed(buffer, from)
  /** @type {Record<string, NamedArray>} */
  const arrays = {}
  for (const [name, type, shape] of facts.arrays ?? []) {
    const length = shape.reduce((/** @type {number} */ a, /** @type {number} */ b) => a * b, 1)
    arrays[name] = Object.assign(new TYPES[type](buffer, at, length), { shape })
    at += Math.ceil((length * TYPES[type].BYTES_PER_ELEMENT) / 4) * 4
  }
  return { ...facts, arrays }
}

/** JSON that is preceded by its own length, and where what follows it begins. @param {ArrayBuffer} buffer @param {number} [from] */
export function headed(buffer, from = 0) {
  const at = from + 4 + new DataView(buffer).getUint32(from, true)
  return { head: JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, from + 4, at - from - 4))), at }
}

/** What map.bin holds. @param {ArrayBuffer} buffer @returns {Geometry} */
export function mapOf(buffer) {
  const { head, at } = headed(buffer), { n } = head
  return { ...head, xy: new Float32Array(buffer, at, 2 * n), index: new Int32Array(buffer, at + 8 * n, n), labels: new Uint8Array(buffer, at + 12 * n, n) }
}
