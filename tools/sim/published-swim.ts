import {
  after,
  type Effect,
  type Fired,
  type Instant,
  type Machine,
  type Rng,
} from '@kithnet/kernel'
import type {
  KnownPeer,
  SwimConfig,
  SwimEvent,
  SwimMessage,
  SwimOutput,
  Update,
} from '@kithnet/membership'
import { sample, shuffled } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'
import { simulatedKnownPeer } from './membership-peers.ts'

type SwimEffect = Effect<PeerId, SwimMessage, string, SwimOutput>

interface Member {
  known: KnownPeer
  state: 'alive' | 'suspect' | 'dead'
}

/** Updates on one message. Source: the most that the wire format carries. */
const piggybackUpdates = 8

/**
 * SWIM as it was published, with suspicion and without Lifeguard: a baseline. What is heard of others is
 * believed and passed on, a suspicion has one length, and only a later incarnation ends it.
 *
 * Source: Das, Gupta and Motivala, "SWIM", DSN 2002, sections 3 and 4.
 */
export class PublishedSwim implements Machine<SwimEvent, PeerId, SwimMessage, string, SwimOutput> {
  readonly #self: PeerId
  readonly #config: SwimConfig
  readonly #rng: Rng
  readonly #memberByPeer = new Map<PeerId, Member>()
  /** Updates to spread by how often each was sent, and by subject. */
  readonly #queues: Map<PeerId, Update>[] = []
  readonly #targetByNonce = new Map<number, PeerId>()
  readonly #relayByNonce = new Map<number, { readonly to: PeerId; readonly nonce: number }>()
  #ring: PeerId[] = []
  #incarnation = 1
  #effects: SwimEffect[] = []

  constructor(self: PeerId, config: SwimConfig, rng: Rng) {
    this.#self = self
    this.#config = config
    this.#rng = rng
  }

  on(event: SwimEvent | Fired<string>, now: Instant): readonly SwimEffect[] {
    if (event.type === 'members') this.#begin(event.known, now)
    else if (event.type === 'received') this.#receive(event.from, event.message, now)
    else if (event.type === 'fired') this.#fire(event.key, now)
    const effects = this.#effects
    this.#effects = []
    return effects
  }

  #begin(known: readonly KnownPeer[], now: Instant): void {
    for (const one of known) {
      this.#memberByPeer.set(one.descriptor.peer, { known: one, state: 'alive' })
    }
    this.#arm('turn', now, this.#rng.below(this.#config.probeIntervalMs))
  }

  #receive(from: PeerId, message: SwimMessage, now: Instant): void {
    if (message.type === 'ping') {
      this.#send(from, { type: 'ack', nonce: message.nonce, updates: this.#updates() })
    } else if (message.type === 'ack') {
      const relay = this.#relayByNonce.get(message.nonce)
      this.#targetByNonce.delete(message.nonce)
      if (relay !== undefined) {
        this.#send(relay.to, { type: 'pingReply', nonce: relay.nonce, reached: true })
      }
      this.#relayByNonce.delete(message.nonce)
    } else if (message.type === 'pingRequest') {
      const nonce = this.#rng.u32()
      this.#relayByNonce.set(nonce, { to: from, nonce: message.nonce })
      this.#arm(`relay ${nonce}`, now, this.#config.probeIntervalMs)
      this.#send(message.target.descriptor.peer, { type: 'ping', nonce, updates: this.#updates() })
    } else if (message.type === 'pingReply') {
      this.#targetByNonce.delete(message.nonce)
    }
    if ('updates' in message) for (const update of message.updates) this.#hear(update, now)
  }

  #fire(key: string, now: Instant): void {
    const [kind, rest = ''] = key.split(' ')
    if (kind === 'turn') {
      this.#takeTurn(now)
    } else if (kind === 'direct') {
      this.#askOthers(Number(rest))
    } else if (kind === 'end') {
      const target = this.#targetByNonce.get(Number(rest))
      this.#targetByNonce.delete(Number(rest))
      const member = target === undefined ? undefined : this.#memberByPeer.get(target)
      if (member?.state === 'alive') this.#suspect(member, now)
    } else if (kind === 'relay') {
      this.#relayByNonce.delete(Number(rest))
    } else {
      for (const member of this.#memberByPeer.values()) {
        if (member.state === 'suspect' && suspicionKey(member) === key) this.#bury(member)
      }
    }
  }

  #takeTurn(now: Instant): void {
    this.#arm('turn', now, this.#config.probeIntervalMs)
    if (this.#ring.length === 0) this.#ring = shuffled(this.#rng, this.#living())
    const target = this.#ring.pop()
    if (target === undefined) return
    const nonce = this.#rng.u32()
    this.#targetByNonce.set(nonce, target)
    this.#send(target, { type: 'ping', nonce, updates: this.#updates() })
    this.#arm(`direct ${nonce}`, now, this.#config.probeTimeoutMs)
    this.#arm(`end ${nonce}`, now, this.#config.probeIntervalMs)
  }

  #askOthers(nonce: number): void {
    const target = this.#targetByNonce.get(nonce)
    if (target === undefined) return
    const others = this.#living().filter((peer) => peer !== target)
    for (const helper of sample(this.#rng, others, this.#config.indirectProbes)) {
      const { known } = this.#memberByPeer.get(target)!
      this.#send(helper, { type: 'pingRequest', nonce, target: known })
    }
  }

  #hear(update: Update, now: Instant): void {
    if (update.state === 'alive') {
      this.#hearAlive(update.known)
      return
    }
    const { peer, incarnation, state } = update
    if (peer === this.#self) {
      if (incarnation < this.#incarnation) return
      this.#incarnation = incarnation + 1
      this.#put({ state: 'alive', known: simulatedKnownPeer(this.#self, this.#incarnation) })
      return
    }
    const member = this.#memberByPeer.get(peer)
    if (member === undefined || incarnation < member.known.descriptor.incarnation) return
    if (state === 'dead' && member.state !== 'dead') this.#bury(member)
    else if (member.state === 'alive') this.#suspect(member, now)
  }

  #hearAlive(known: KnownPeer): void {
    const { peer, incarnation } = known.descriptor
    const member = this.#memberByPeer.get(peer)
    if (member === undefined || incarnation <= member.known.descriptor.incarnation) return
    member.known = known
    member.state = 'alive'
    this.#put({ state: 'alive', known })
  }

  #suspect(member: Member, now: Instant): void {
    const { peer, incarnation } = member.known.descriptor
    member.state = 'suspect'
    this.#put({ state: 'suspect', peer, incarnation })
    this.#effects.push({ type: 'emit', output: { type: 'suspected', peer, by: this.#self } })
    const { suspicionMultiplier, probeIntervalMs } = this.#config
    const scale = Math.max(1, Math.log10(this.#memberByPeer.size + 1))
    this.#arm(suspicionKey(member), now, suspicionMultiplier * scale * probeIntervalMs)
  }

  #bury(member: Member): void {
    const { peer, incarnation } = member.known.descriptor
    member.state = 'dead'
    this.#put({ state: 'dead', peer, incarnation })
    const cause = 'suspicion-timeout'
    this.#effects.push({ type: 'emit', output: { type: 'dead', peer, cause, incarnation } })
  }

  #living(): PeerId[] {
    return [...this.#memberByPeer].flatMap(([peer, { state }]) => (state === 'dead' ? [] : peer))
  }

  #put(update: Update): void {
    const subject = subjectOf(update)
    for (const queue of this.#queues) queue.delete(subject)
    this.#queued(0).set(subject, update)
  }

  /** Those that were sent least go first, each lambda * ceil(log10(n + 1)) times. */
  #updates(): readonly Update[] {
    const digits = Math.ceil(Math.log10(this.#memberByPeer.size + 2))
    const limit = this.#config.retransmitMultiplier * digits
    const taken: Update[] = []
    for (let sent = 0; sent < limit && taken.length < piggybackUpdates; sent++) {
      for (const update of this.#queued(sent).values()) {
        if (taken.push(update) === piggybackUpdates) break
      }
    }
    for (const update of taken) {
      const subject = subjectOf(update)
      const sent = this.#queues.findIndex((queue) => queue.delete(subject)) + 1
      if (sent < limit) this.#queued(sent).set(subject, update)
    }
    return taken
  }

  #queued(sent: number): Map<PeerId, Update> {
    while (this.#queues.length <= sent) this.#queues.push(new Map())
    return this.#queues[sent]!
  }

  #send(to: PeerId, message: SwimMessage): void {
    this.#effects.push({ type: 'send', to, message })
  }

  #arm(key: string, now: Instant, ms: number): void {
    this.#effects.push({ type: 'arm', key, at: after(now, Math.round(ms)) })
  }
}

function subjectOf(update: Update): PeerId {
  return update.state === 'alive' ? update.known.descriptor.peer : update.peer
}

function suspicionKey({ known }: Member): string {
  return `suspicion ${known.descriptor.peer} ${known.descriptor.incarnation}`
}
