import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { beforeEach, test } from "node:test"
import { connect, connected, emit, live, on, open } from "../../app/browser/shared/channel.js"
import { admit, fetched } from "../../app/browser/shared/server.js"

const golden = (name) => readFileSync(new URL(`../golden/${name}`, import.meta.url))
const bytesOf = (buffer) => buffer.buffer.slice(buffer.byteOffset, buffer.byteOffset + buffer.length)
const KINDS = { map: 1, latent: 2, row: 3, locate: 4 }
const settled = () => new Promise((resolve) => setImmediate(resolve))

/** A socket that a test answers. */
class Socket {
  static OPEN = 1
  static all = []
  readyState = 0
  sent = []

  constructor(address) {
    this.address = address
    Socket.all.push(this)
  }

  send(frame) { this.sent.push(frame) }
  open() { this.readyState = 1; this.onopen() }
  close(code = 1000, reason = "") { this.readyState = 3; this.onclose({ code, reason }) }

  // the answer to the last request, made of a golden frame
  answer(name = "picture.bin") {
    const frame = new Uint8Array(bytesOf(golden(name)))
    new DataView(frame.buffer).setUint32(0, new DataView(this.sent.at(-1).buffer).getUint32(0, true), true)
    this.onmessage({ data: frame.buffer })
  }

  get kinds() { return this.sent.map((frame) => frame[4]) }
}
globalThis.WebSocket = Socket

// every model is the golden map, with kinds of requests; where `valid` is set, only that token is
const server = { token: "token 1", valid: null, seen: [] }
globalThis.fetch = async (address, { headers } = {}) => {
  if (address.endsWith("/app/token")) return server.token === null ? { ok: false, text: async () => "starting" } : { ok: true, json: async () => ({ token: server.token }) }
  if (server.valid) {
    server.seen.push(headers["X-Zscope-Token"])
    if (headers["X-Zscope-Token"] !== server.valid) return { ok: false, status: 401, text: async () => "token expired" }
    return { ok: true, text: async () => "body" }
  }
  if (address.includes("missing")) return { ok: false, status: 404, text: async () => "no such model" }
  const head = JSON.stringify({ n: 0, d: 3, kinds: KINDS }).padEnd(64), buffer = new ArrayBuffer(68)
  new DataView(buffer).setUint32(0, 64, true)
  new Uint8Array(buffer).set(new TextEncoder().encode(head), 4)
  return { ok: true, arrayBuffer: async () => buffer }
}

let turn = 0
async function opened() {
  const client = open(`model ${(turn += 1)}`)
  await settled()
  const socket = Socket.all.at(-1)
  socket.open()
  return { client, socket }
}

beforeEach(() => { admit("token 1"); Object.assign(server, { token: "token 1", valid: null }); Object.assign(live, { sent: 0, painted: 0, dropped: 0 }) })

test("events reach who listens, until they no longer do", () => {
  const seen = [], off = on("goto", (v) => seen.push(v))
  emit("goto", 1)
  off()
  emit("goto", 2)
  emit("nobody listens", 3)
  assert.deepEqual(seen, [1])
})

test("the address has the model and the token, whatever is in them", async () => {
  const { socket } = await opened()
  assert.ok(socket.address.endsWith(`/app/live/model%20${turn}?token=token%201`), socket.address)
})

test("nothing is sent before the socket is open", async () => {
  const client = open("early")
  client.request("map", [1, 2])
  await settled()
  const socket = Socket.all.at(-1)
  assert.equal(socket.sent.length, 0)
  socket.open()
  assert.deepEqual(socket.kinds, [KINDS.map])
})

test("of live requests one is under way, and only the newest waits", async () => {
  const { client, socket } = await opened(), seen = []
  client.onFrame((frame) => seen.push(frame.source))
  for (const source of ["a", "b", "c"]) client.request("map", [0, 0], { source })
  assert.equal(socket.sent.length, 1)
  assert.ok(client.busy)
  socket.answer()
  assert.equal(socket.sent.length, 2)
  socket.answer()
  assert.deepEqual(seen, ["a", "c"])
  assert.deepEqual([live.sent, live.painted, client.busy], [2, 2, false])
})

test("an answer to another request is not taken", async () => {
  const { client, socket } = await opened(), seen = []
  client.onFrame((frame) => seen.push(frame))
  client.request("map", [0, 0])
  socket.onmessage({ data: bytesOf(golden("picture.bin")) })
  assert.equal(seen.length, 0)
  socket.answer()
  assert.deepEqual([seen[0].trust, [...seen[0].z]], [0.75, [0.5, -1.25, 2]])
})

test("what is asked comes before what is live, and is never superseded", async () => {
  const { client, socket } = await opened()
  client.request("map", [0, 0])
  const answers = [client.ask("row", [1]), client.ask("row", [2])]
  client.request("map", [1, 1])
  for (let k = 0; k < 4; k++) socket.answer(k === 1 || k === 2 ? "parcel.bin" : "picture.bin")
  assert.deepEqual(socket.kinds, [KINDS.map, KINDS.row, KINDS.row, KINDS.map])
  assert.deepEqual((await Promise.all(answers)).map(({ state }) => state), ["done", "done"])
})

test("what can wait waits until nothing live does", async () => {
  const { client, socket } = await opened()
  client.request("map", [0, 0])
  client.ask("row", [1], { idle: true })
  client.request("latent", [1, 2, 3])
  socket.answer()
  socket.answer()
  assert.deepEqual(socket.kinds, [KINDS.map, KINDS.latent, KINDS.row])
})

test("of a lane only the newest waits, the others are told that they were superseded", async () => {
  const { client, socket } = await opened()
  client.request("map", [0, 0])
  const answers = [1, 2, 3].map((row) => client.latest("wall", "row", [row]))
  assert.deepEqual(await Promise.all(answers.slice(0, 2)), [null, null])
  socket.answer()
  socket.answer("parcel.bin")
  assert.equal((await answers[2]).state, "done")
  assert.deepEqual(new Float32Array(socket.sent[1].slice(8).buffer)[0], 3)
})

test("a lane has its turn after each live request, however many follow", async () => {
  const { client, socket } = await opened()
  client.request("map", [0, 0])
  client.latest("wall", "row", [1])
  client.request("map", [1, 1])
  socket.answer()
  client.request("map", [2, 2])
  socket.answer()
  assert.deepEqual(socket.kinds, [KINDS.map, KINDS.row, KINDS.map])
})

test("an error rejects what was asked, and is said for what was live", async () => {
  const { client, socket } = await opened(), trouble = []
  const off = on("trouble", (text) => trouble.push(text))
  const asked = client.ask("row", [99])
  socket.answer("error.bin")
  await assert.rejects(asked, /no such map/)
  client.request("map", [0, 0])
  socket.answer("error.bin")
  off()
  assert.deepEqual([trouble, live.dropped], [["no such map"], 1])
})

test("a part that comes late gets the last picture at once, and none after it has left", async () => {
  const { client, socket } = await opened(), seen = []
  client.request("map", [0, 0])
  socket.answer()
  const off = client.onFrame((frame) => seen.push(frame.trust))
  assert.deepEqual(seen, [0.75])
  off()
  client.request("map", [0, 0])
  socket.answer()
  assert.equal(seen.length, 1)
})

test("a label goes with every request from then on, and the last one is asked again", async () => {
  const { client, socket } = await opened()
  client.request("latent", [1, 2, 3])
  socket.answer()
  client.setLabel(4)
  assert.deepEqual([socket.kinds.at(-1), socket.sent.at(-1)[5]], [KINDS.latent, 5])
  socket.answer()
  client.setLabel(4)
  assert.equal(socket.sent.length, 2)
  client.setLabel(null)
  assert.equal(socket.sent.at(-1)[5], 0)
})

test("a lost connection is tried again, later each time, and what was live is asked again", async (t) => {
  const { client, socket } = await opened(), said = []
  const off = on("connection", ({ state }) => said.push(state))
  client.request("map", [1, 2])
  const asked = client.ask("row", [1])
  t.mock.timers.enable({ apis: ["setTimeout"] })
  socket.close(1006)
  t.mock.timers.tick(301)
  const second = Socket.all.at(-1)
  assert.notEqual(second, socket)
  second.close(1006)
  t.mock.timers.tick(399)
  assert.equal(Socket.all.at(-1), second)
  t.mock.timers.tick(202)
  const third = Socket.all.at(-1)
  assert.notEqual(third, second)
  third.open()
  assert.deepEqual(third.kinds, [KINDS.row])
  third.answer("parcel.bin")
  assert.equal((await asked).state, "done")
  assert.deepEqual(third.kinds, [KINDS.row, KINDS.map])
  off()
  assert.deepEqual(said, ["away", "open"])
})

test("what was asked and under way is rejected when the connection closes", async () => {
  const { client, socket } = await opened(), asked = client.ask("row", [1])
  socket.close(1006, "gone")
  await assert.rejects(asked, /gone/)
  client.close()
})

test("a live request that the server refuses is not sent again", async () => {
  const { client, socket } = await opened()
  client.request("map", [1, 2])
  socket.close(4400, "not finite")
  client.retry()
  Socket.all.at(-1).open()
  assert.equal(Socket.all.at(-1).sent.length, 0)
  client.close()
})

test("a token that is not valid any more is replaced, and the live request goes on", async () => {
  const { client, socket } = await opened()
  client.request("map", [1, 2])
  server.token = "token 2"
  socket.close(4401, "token not valid here")
  await settled()
  await settled()
  const second = Socket.all.at(-1)
  assert.match(second.address, /token%202$/)
  second.open()
  assert.deepEqual(second.kinds, [KINDS.map])
  client.close()
})

test("a new token that is refused as well is not followed by a third until Python has run", async (t) => {
  const { client, socket } = await opened()
  socket.close(4401, "token expired")
  await settled()
  await settled()
  const second = Socket.all.at(-1)
  assert.notEqual(second, socket)
  t.mock.timers.enable({ apis: ["setTimeout"] })
  second.close(4401, "token expired")
  t.mock.timers.tick(60_000)
  await settled()
  assert.equal(Socket.all.at(-1), second)
  assert.deepEqual([client.state, client.reason], ["refused", "token expired"])
  client.revive()
  assert.notEqual(Socket.all.at(-1), second)
  client.close()
})

test("a server that is away for long is asked every second or so, and then it goes on", async (t) => {
  const { client, socket } = await opened()
  t.mock.timers.enable({ apis: ["setTimeout"] })
  socket.close(1006)
  for (let second = 0; second < 30; second++) {
    const last = Socket.all.at(-1)
    t.mock.timers.tick(1201)
    assert.notEqual(Socket.all.at(-1), last, `no try within second ${second}`)
    Socket.all.at(-1).close(1006)
  }
  client.close()
})

test("a server that gives no token yet is asked again", async (t) => {
  const { client, socket } = await opened()
  t.mock.timers.enable({ apis: ["setTimeout"] })
  server.token = null
  socket.close(4401, "token not valid here")
  await settled()
  await settled()
  assert.deepEqual([client.state, client.reason], ["away", "starting"])
  server.token = "token 1"
  t.mock.timers.tick(301)
  assert.notEqual(Socket.all.at(-1), socket)
  client.close()
})

test("what is fetched carries the token, and a new one where that has expired", async () => {
  admit("old")
  server.token = "new"
  server.valid = "new"
  server.seen = []
  assert.equal(await (await fetched("asset", "a b", "x")).text(), "body")
  assert.deepEqual(server.seen, ["old", "new"])
  server.valid = null
  await assert.rejects(fetched("asset", "missing", "x"), /no such model/)
})

test("a closed client rejects all that waits and does not come back", async (t) => {
  const { client, socket } = await opened()
  client.request("map", [0, 0])
  const asked = client.ask("row", [1]), lane = client.latest("wall", "row", [2])
  t.mock.timers.enable({ apis: ["setTimeout"] })
  client.close()
  await assert.rejects(asked, /another model/)
  await assert.rejects(lane, /another model/)
  t.mock.timers.tick(60_000)
  assert.equal(Socket.all.at(-1), socket)
})

test("a page has one socket: the same model keeps it, another one closes it", async () => {
  const first = connect("one"), again = connect("one")
  assert.equal(first, again)
  const other = connect("two")
  assert.ok(first.closed)
  assert.equal(connected(), other)
  other.close()
})

test("a model that cannot be opened is refused, with the reason", async () => {
  const client = open("missing")
  await settled()
  await settled()
  assert.deepEqual([client.state, client.reason], ["refused", "no such model"])
  client.close()
})
