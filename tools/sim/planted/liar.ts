import type { Fired, Instant, Rng } from '@kithnet/kernel'
import { epochMs, sample } from '@kithnet/kernel'
import { encodeMembershipMessage } from '@kithnet/membership'
import type { OverlayEvent, OverlayMessage, OverlayView } from '@kithnet/overlay'
import { prefixOf, type PubsubMessage } from '@kithnet/pubsub'
import {
  contentOf,
  encodeBatch,
  type MessageId,
  messageIdFromBytes,
  messageIdOf,
  type NetworkId,
  type PeerId,
  signatureBytes,
  streamIdFromBytes,
  type TopicId,
} from '@kithnet/types'
import type { Citizen, OverlayEffects, OverlayMachine } from '../overlay-world.ts'

type OverlayEffect = OverlayEffects[number]

/** Source: the simulated clocks start with 2026. */
const epochAtZeroMs = 1_767_225_600_000
/** What it keeps to replay. */
const keptMessages = 200

/** An overlay that behaves in everything but what it also says: forgeries, promises, accusations, two versions of one number. */
export class Liar implements OverlayMachine {
  readonly #overlay: OverlayMachine
  readonly #rng: Rng
  readonly #heard = new Set<PeerId>()
  readonly #kept: PubsubMessage[] = []
  #who:
    { readonly citizen: Citizen; readonly network: NetworkId; readonly topic: TopicId } | undefined
  #lies = false
  #replays = false
  #forks = 0
  /** Peers that were told one version of its fork, and the other. */
  readonly forkedTo: { readonly first: Set<PeerId>; readonly second: Set<PeerId> } = {
    first: new Set(),
    second: new Set(),
  }

  constructor(overlay: OverlayMachine, rng: Rng) {
    this.#overlay = overlay
    this.#rng = rng
  }

  /** Tells it who it is, once its peer exists. */
  identify(citizen: Citizen, network: NetworkId, topic: TopicId): void {
    this.#who = { citizen, network, topic }
  }

  /** From now on it lies, or no longer does. */
  turn(lies: boolean): void {
    this.#lies = lies
  }

  /** Sends what it kept to everybody whom it ever heard, at its next event. */
  replay(): void {
    this.#replays = true
  }

  on(event: OverlayEvent | Fired<string>, now: Instant): OverlayEffects {
    const effects = this.#overlay.on(event, now)
    if (this.#replays) {
      this.#replays = false
      return [...effects, ...this.#toAll(this.#kept)]
    }
    if (event.type !== 'received') return effects
    this.#heard.add(event.from)
    if (event.message.type !== 'pubsub') return effects
    const { message } = event.message
    if (message.type === 'batch' || message.type === 'eager') {
      if (this.#kept.length < keptMessages) this.#kept.push(message)
    }
    if (!this.#lies) return effects
    return [...effects, ...this.#lie(message, now)]
  }

  snapshot(): OverlayView {
    return this.#overlay.snapshot()
  }

  #lie(message: PubsubMessage, now: Instant): readonly OverlayEffect[] {
    if (message.type === 'batch') return this.#forge(message)
    if (message.type !== 'eager') return []
    switch (this.#rng.below(4)) {
      case 0:
        return this.#toAll([{ ...message, payload: this.#rng.bytes(64) }])
      case 1:
        return this.#toAll([{ type: 'ihave', prefixes: [prefixOf(this.#randomId())] }])
      case 2:
        return this.#accuse()
      default:
        return this.#forks++ === 0 ? this.#fork(now) : []
    }
  }

  /** The same words under a signature that is none. */
  #forge(message: PubsubMessage & { readonly type: 'batch' }): readonly OverlayEffect[] {
    const signature = this.#rng.bytes(signatureBytes)
    const signed = { body: message.signed.body, signature }
    const [to] = sample(this.#rng, [...this.#heard], 1)
    if (to === undefined) return []
    return [sendTo(to, { type: 'batch', signed })]
  }

  /** Says of somebody that it is dead, in an incarnation far from now. */
  #accuse(): readonly OverlayEffect[] {
    const [peer] = sample(this.#rng, [...this.#heard], 1)
    if (peer === undefined) return []
    const update = { state: 'dead', peer, incarnation: this.#rng.below(1_000) } as const
    const value = encodeMembershipMessage({ type: 'gossip', updates: [update] })
    const message: OverlayMessage = { type: 'membership', value }
    return [...this.#heard].filter((to) => to !== peer).map((to) => ({ type: 'send', to, message }))
  }

  /** Signs two different messages under one number, and gives each half of its peers another. */
  #fork(now: Instant): readonly OverlayEffect[] {
    const versions = [this.#version(now, 1), this.#version(now, 2)]
    if (versions.some((version) => version.length === 0)) return []
    return [...this.#heard].flatMap((to, index) => {
      ;(index % 2 === 0 ? this.forkedTo.first : this.forkedTo.second).add(to)
      return versions[index % 2]!.map((message) => sendTo(to, message))
    })
  }

  #version(now: Instant, mark: number): readonly PubsubMessage[] {
    if (this.#who === undefined) return []
    const { citizen, network, topic } = this.#who
    const position = {
      topic,
      author: citizen.peer,
      stream: streamIdFromBytes(new Uint8Array(16).fill(0xf0)),
      seq: 0,
    }
    const payload = new Uint8Array(32).fill(mark)
    const id = messageIdOf({ network, ...position }, contentOf(payload))
    const hlc = epochMs(epochAtZeroMs + Math.floor(now))
    const body = encodeBatch({ ...position, network, firstSeq: 0, ids: [id], hlc, prev: undefined })
    const signed = { body, signature: citizen.sign('batch', body) }
    return [
      { type: 'batch', signed },
      { type: 'eager', ...position, payload },
    ]
  }

  #randomId(): MessageId {
    return messageIdFromBytes(this.#rng.bytes(32))
  }

  #toAll(messages: readonly PubsubMessage[]): readonly OverlayEffect[] {
    return [...this.#heard].flatMap((to) => messages.map((message) => sendTo(to, message)))
  }
}

function sendTo(to: PeerId, message: PubsubMessage): OverlayEffect {
  return { type: 'send', to, message: { type: 'pubsub', message } }
}
