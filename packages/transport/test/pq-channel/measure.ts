import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { createIdentity, selectBackend } from '@kithnet/identity'
import { instant } from '@kithnet/kernel'
import { address, addressParts, networkId, type Address } from '@kithnet/types'
import { websocketTransport } from '../../src/websocket/index.ts'
import { acceptChannel, dialChannel } from '../../src/pq-channel/channel.ts'
import { FrameReader } from '../../src/pq-channel/frames.ts'
import { HandshakeGate } from '../../src/pq-channel/gate.ts'
import { Initiator } from '../../src/pq-channel/initiator.ts'
import { aesSuite, channelPrimitives } from '../../src/pq-channel/primitives.ts'
import { Responder } from '../../src/pq-channel/responder.ts'
import { carrierPair } from './carrier-pair.ts'

/** Figures of the handshake, for benchmarks. */
export interface HandshakeFigures {
  /** Both ends in this process, from the dial to an echoed message over a WebSocket. Median, milliseconds. */
  readonly firstRoundTripMs: number
  /** The handshake's own messages, both ways. */
  readonly handshakeBytes: number
  /** All bytes of the TCP connection up to the echoed message, both ways. */
  readonly connectionBytes: number
  /** Both ends' work for one handshake without a socket. CPU milliseconds. */
  readonly cpuMs: number
  /** A hello without a cookie at a busy responder. CPU microseconds. */
  readonly floodHelloUs: number
  /** Growth of the resident set over that flood. */
  readonly floodGrowthBytes: number
}

const network = networkId('measure')
const [dialler, listener] = [1, 2].map((fill) => createIdentity(new Uint8Array(32).fill(fill))) as [
  ReturnType<typeof createIdentity>,
  ReturnType<typeof createIdentity>,
]
const primitives = channelPrimitives(selectBackend())

/** Measures the handshake on this host. */
export async function measureHandshake(
  rounds: number,
  floodHellos: number,
): Promise<HandshakeFigures> {
  const sockets = await overSockets(rounds)
  const bare = await withoutSockets(rounds)
  return { ...sockets, ...bare, ...flood(floodHellos) }
}

async function overSockets(
  rounds: number,
): Promise<Pick<HandshakeFigures, 'firstRoundTripMs' | 'connectionBytes'>> {
  const listening = websocketTransport({ identity: listener, network })
  const bound = await listening.listen(parsed('ws://127.0.0.1:0'), (link) => {
    link.onStream = (stream) => {
      stream.onMessage = (message) => void stream.send(Uint8Array.from(message))
    }
  })
  const dialling = websocketTransport({ identity: dialler, network })
  const roundTrip = async (where: Address): Promise<void> => {
    const link = await dialling.dial(where, { expect: listener.peer })
    const stream = link.open('membership')
    const echo = new Promise<void>((resolve) => (stream.onMessage = () => resolve()))
    stream.send(new Uint8Array(64))
    await echo
    link.destroy()
  }
  const times: number[] = []
  for (let round = 0; round < rounds; round++) {
    const start = performance.now()
    await roundTrip(bound.address)
    times.push(performance.now() - start)
  }
  const proxy = await countingProxy(addressParts(bound.address).port)
  await roundTrip(proxy.address)
  const connectionBytes = proxy.bytes()
  await dialling.close()
  await listening.close()
  proxy.close()
  return { firstRoundTripMs: median(times), connectionBytes }
}

async function withoutSockets(
  rounds: number,
): Promise<Pick<HandshakeFigures, 'cpuMs' | 'handshakeBytes'>> {
  const gate = new HandshakeGate(primitives)
  let handshakeBytes = 0
  const before = process.cpuUsage()
  for (let round = 0; round < rounds; round++) {
    const { left, right } = carrierPair()
    await Promise.all([
      dialChannel(left, { identity: dialler, network, expect: listener.peer }),
      acceptChannel(right, { identity: listener, network, gate }),
    ])
    handshakeBytes = left.sentBytes + right.sentBytes
  }
  const { user, system } = process.cpuUsage(before)
  return { cpuMs: (user + system) / 1_000 / rounds, handshakeBytes }
}

/** Fresh connections, each with one hello, while the gate asks for cookies. */
function flood(hellos: number): Pick<HandshakeFigures, 'floodHelloUs' | 'floodGrowthBytes'> {
  const gate = new HandshakeGate(primitives, { cookieAbove: 0, maxHalfOpen: 64 })
  const common = {
    primitives,
    network,
    label: new Uint8Array(0),
    versions: [1],
    suites: [aesSuite],
  }
  const initiator = new Initiator({
    ...common,
    self: dialler.peer,
    selfKey: dialler.publicKey,
    expect: listener.peer,
  })
  const hello = initiator
    .on({ type: 'started' }, instant(0))
    .flatMap((effect) => (effect.type === 'send' ? [effect.message] : []))[0]!
  const config = { ...common, self: listener.peer, selfKey: listener.publicKey, gate }
  const knock = (count: number): void => {
    const responder = new Responder({ ...config, address: `10.0.${count >> 8}.${count & 255}` })
    responder.on({ type: 'started' }, instant(0))
    const reader = new FrameReader()
    reader.push(hello)
    const frame = reader.next()
    if (frame.ok && frame.value !== undefined) {
      responder.on({ type: 'received', frame: frame.value }, instant(count / 1_000))
    }
    responder.on({ type: 'ended' }, instant(count / 1_000))
  }
  for (let count = 0; count < hellos / 10; count++) knock(count)
  const residentBefore = process.memoryUsage.rss()
  const before = process.cpuUsage()
  for (let count = 0; count < hellos; count++) knock(count)
  const { user, system } = process.cpuUsage(before)
  const floodGrowthBytes = process.memoryUsage.rss() - residentBefore
  return { floodHelloUs: (user + system) / hellos, floodGrowthBytes }
}

/** Passes bytes on to a port of this host, and counts them. */
async function countingProxy(
  port: number,
): Promise<{ address: Address; bytes: () => number; close: () => void }> {
  let bytes = 0
  const server = createServer((near) => {
    const far = connect({ host: '127.0.0.1', port })
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.on('data', (chunk) => {
        bytes += chunk.length
        to.write(chunk)
      })
      from.on('error', () => undefined)
      from.on('close', () => to.destroy())
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const bound = (server.address() as { readonly port: number }).port
  return {
    address: parsed(`ws://127.0.0.1:${bound}`),
    bytes: () => bytes,
    close: () => server.close(),
  }
}

function parsed(text: string): Address {
  const where = address(text)
  if (!where.ok) throw new Error(text)
  return where.value
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!
}
