import { type Bytes, type Fired, instant, utf8 } from '@kithnet/kernel'
import { type NetworkId, networkId, type PeerId } from '@kithnet/types'
import type { ChannelFault } from '../../src/pq-channel/faults.ts'
import { FrameReader } from '../../src/pq-channel/frames.ts'
import { type GateLimits, HandshakeGate } from '../../src/pq-channel/gate.ts'
import type {
  ChannelSession,
  Handshake,
  HandshakeConfig,
  HandshakeEvent,
} from '../../src/pq-channel/handshake.ts'
import { Initiator } from '../../src/pq-channel/initiator.ts'
import { aesSuite, type ChannelPrimitives, chaChaSuite } from '../../src/pq-channel/primitives.ts'
import { Responder } from '../../src/pq-channel/responder.ts'
import type { Judge, Party } from './ideal.ts'

/** One end of a handshake, driven without a clock: signatures and checks are answered at once. */
export class Endpoint {
  readonly machine: Handshake
  readonly sent: Bytes[] = []
  session: ChannelSession | undefined
  fault: ChannelFault | undefined
  readonly #party: Party
  readonly #judge: Judge
  readonly #reader = new FrameReader()
  now = 0

  constructor(machine: Handshake, party: Party, judge: Judge) {
    this.machine = machine
    this.#party = party
    this.#judge = judge
  }

  start(): this {
    this.on({ type: 'started' })
    return this
  }

  /** Bytes arrive from the carrier. */
  feed(bytes: Uint8Array): void {
    this.#reader.push(Uint8Array.from(bytes))
    while (this.fault === undefined && this.session === undefined) {
      const next = this.#reader.next()
      if (!next.ok) {
        this.fault = next.fault
        this.on({ type: 'ended' })
        return
      }
      if (next.value === undefined) return
      this.on({ type: 'received', frame: next.value })
    }
  }

  on(event: HandshakeEvent | Fired<'timeout'>): void {
    for (const effect of this.machine.on(event, instant(this.now))) {
      if (effect.type === 'send') this.sent.push(effect.message)
      if (effect.type !== 'emit') continue
      const { output } = effect
      if (output.type === 'sign') {
        this.on({ type: 'signed', signature: this.#party.sign(output.body) })
      } else if (output.type === 'verify') {
        const valid = this.#judge.verify(output.publicKey, output.body, output.signature)
        this.on({ type: 'verified', valid })
      } else if (output.type === 'established') {
        this.session = output.session
      } else {
        this.fault ??= output.fault
      }
    }
  }
}

/** What a test may vary. */
export interface Setting {
  readonly primitives: ChannelPrimitives
  readonly judge: Judge
  readonly network?: NetworkId
  readonly label?: string
  readonly versions?: readonly number[]
  readonly suites?: HandshakeConfig['suites']
}

/** The network of the tests. */
export const testNetwork: NetworkId = networkId('test')

function configOf(party: Party, setting: Setting): HandshakeConfig {
  return {
    primitives: setting.primitives,
    network: setting.network ?? testNetwork,
    label: utf8(setting.label ?? 'none:test'),
    self: party.peer,
    selfKey: party.publicKey,
    versions: setting.versions ?? [1],
    suites: setting.suites ?? [aesSuite, chaChaSuite],
  }
}

export function initiator(
  party: Party,
  expect: PeerId | 'first-contact',
  setting: Setting,
): Endpoint {
  const machine = new Initiator({ ...configOf(party, setting), expect })
  return new Endpoint(machine, party, setting.judge).start()
}

export function responder(
  party: Party,
  setting: Setting,
  gate: HandshakeGate = gateOf(setting),
  address = 'here',
): Endpoint {
  const machine = new Responder({ ...configOf(party, setting), gate, address })
  return new Endpoint(machine, party, setting.judge).start()
}

export function gateOf({ primitives }: Setting, limits?: GateLimits): HandshakeGate {
  return new HandshakeGate(primitives, limits)
}

/** Changes what crosses the wire: gets each message with its place in its direction; none when it is dropped. */
export type Wire = (
  message: Bytes,
  place: { readonly from: 'initiator' | 'responder'; readonly index: number },
) => Uint8Array | undefined

/** Carries messages between two ends until neither has more to say. */
export function converse(a: Endpoint, b: Endpoint, wire: Wire = (message) => message): void {
  let fromA = 0
  let fromB = 0
  for (;;) {
    const next = a.sent[fromA]
    const back = b.sent[fromB]
    if (next !== undefined) {
      const bytes = wire(next, { from: 'initiator', index: fromA++ })
      if (bytes !== undefined) b.feed(bytes)
    } else if (back !== undefined) {
      const bytes = wire(back, { from: 'responder', index: fromB++ })
      if (bytes !== undefined) a.feed(bytes)
    } else {
      return
    }
  }
}
