// @ts-check
// The server of this page: where it is, the token that it asks for, and what is fetched from it.

import { _ } from "./text.js"

// The modules lie below the app's own address: a proxy may serve it under a prefix of which the server knows nothing.
const BASE = new URL(".", import.meta.url).href.replace(/\/browser\/shared\/$/, "")

let token = ""
/** @type {Promise<void> | null} */
let renewing = null

/** @param {...(string | number)} parts of an address below that of the app, as they are called */
export const addressOf = (...parts) => `${BASE}/${parts.map((part) => encodeURIComponent(part)).join("/")}`

/** The live socket of a model. @param {string} model */
export const socketOf = (model) => `${addressOf("live", model).replace(/^http/, "ws")}?token=${encodeURIComponent(token)}`

/** Each run of Python brings a token. @param {string} given */
export function admit(given) { token = given }

/** A new token, for one that has expired or that is of a server that has been started again since. */
export function renew() {
  renewing ??= (async () => {
    const answer = await fetch(addressOf("token"), { method: "POST" })
    if (!answer.ok) throw new Error((await answer.text()) || _("the server gave no token: {status}", { status: answer.status }))
    admit((await answer.json()).token)
  })().finally(() => { renewing = null })
  return renewing
}

/** The answer, or an error that says what the server said. @param {...(string | number)} parts see addressOf */
export async function fetched(...parts) {
  const ask = () => fetch(addressOf(...parts), { headers: { "X-Zscope-Token": token } })
  let answer = await ask()
  if (answer.status === 401) {
    await renew()
    answer = await ask()
  }
  if (!answer.ok) throw new Error((await answer.text()) || `${parts.join("/")}: ${answer.status}`)
  return answer
}
