// @ts-check
// What a classifier says of decoded latents: the request for it; app/live/requests/decide.py answers.

const NAME_BYTES = 64
export const MOST = 64 // latents of one request

// a classifier's name, and the bytes that follow it
/** @param {string} name @param {Uint8Array} rest */
export function named(name, rest) {
  const bytes = new Uint8Array(NAME_BYTES + rest.length)
  bytes.set(new TextEncoder().encode(name).subarray(0, NAME_BYTES))
  bytes.set(rest, NAME_BYTES)
  return bytes
}

/**
 * {label, confidence} of latents, one after the other; null where newer ones are asked for in the same lane.
 * @param {any} client @param {string} name of the classifier @param {ArrayLike<number>} z @param {string} lane
 */
export async function decide(client, name, z, lane = "decision") {
  const answer = await client.latest(lane, "decide", named(name, new Uint8Array(new Float32Array(z).buffer)))
  return answer && { label: answer.arrays.label, confidence: answer.arrays.confidence }
}
