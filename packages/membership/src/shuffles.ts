import { BoundedMap, type Instant, type Rng } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'
import type { ViewConfig } from './config.ts'
import type { EffectList } from './effect-list.ts'
import type { ViewOutput } from './events.ts'
import { Exchanges } from './exchanges.ts'
import { jittered } from './jitter.ts'
import type { KnownPeer } from './known-peer.ts'
import { maxListedPeers } from './message-bounds.ts'
import type { ViewMessage } from './messages.ts'
import type { Views } from './views.ts'

/** The timer of shuffles with a neighbour. */
export const shuffleKey = 'view/shuffle'

/** Own shuffles whose reply is awaited. Source: our choice; older ones have had several pauses. */
const maxAwaited = 4
/** Walks sent on whose way back is kept. Source: our choice; a node sends on about `shuffleHops` a cycle. */
const maxReturns = 64

/**
 * Most addresses tried in a shuffle period, each by an exchange over a link of its own. Source: measured; with
 * one alone a young peer takes a hundred periods to know whom it may tell of.
 */
const triesPerPeriod = 2
/** Proven reserves with which nothing is tried in a hurry. Source: our choice; half of what an exchange offers. */
const enoughProven = 16

type Shuffle = Extract<ViewMessage, { readonly type: 'shuffle' }>
type ShuffleReply = Extract<ViewMessage, { readonly type: 'shuffleReply' }>

/** A shuffle of this peer: to whom it went and whom it offered. */
interface Offer {
  readonly target: PeerId
  readonly offered: PeerId[]
}

/** How a reply finds back: from whom it must come, and to whom it goes on. */
interface Return {
  readonly onto: PeerId
  readonly back: PeerId
}

/**
 * The exchange of reserves: walks that offer some peers and bring back as many.
 *
 * Departure from the paper, where the last peer connects to the first one for its reply: here it walks back.
 * That costs no handshake, works behind NAT, and nobody is made to dial whom a message names.
 */
export class Shuffles {
  readonly exchanges: Exchanges
  readonly #id: PeerId
  readonly #config: ViewConfig
  readonly #rng: Rng
  readonly #views: Views
  readonly #effects: EffectList<ViewMessage, ViewOutput>
  readonly #offerByNonce = new BoundedMap<number, Offer>(maxAwaited)
  readonly #returnByNonce = new BoundedMap<number, Return>(maxReturns)
  /** How many times the pause is halved now. */
  #early = 0

  constructor(
    id: PeerId,
    config: ViewConfig,
    rng: Rng,
    views: Views,
    effects: EffectList<ViewMessage, ViewOutput>,
  ) {
    this.#id = id
    this.#config = config
    this.#rng = rng
    this.#views = views
    this.#effects = effects
    this.exchanges = new Exchanges(config, views, effects)
  }

  /** Sets the first shuffle. */
  start(now: Instant): void {
    this.#early = this.#config.earlyShuffles
    this.#arm(now)
  }

  stop(): void {
    this.exchanges.stop()
    this.#effects.disarm(shuffleKey)
  }

  /** Goes back to the fastest pace: a newcomer is here, and reserves should mix while the network is small. */
  hurry(now: Instant): void {
    if (this.#early === this.#config.earlyShuffles) return
    this.#early = this.#config.earlyShuffles
    this.#arm(now)
  }

  /** The timer has fired: shuffles with a random neighbour. */
  fire(self: KnownPeer | undefined, now: Instant): void {
    this.exchanges.sweep(now)
    const target = this.#views.through()
    if (self !== undefined && target !== undefined) {
      this.offer(self, target.descriptor.peer, this.#config.shuffleHops, now)
    }
    if (self !== undefined) {
      // The exchange is worth having; that the link can be made from here is what is to be found out.
      const most = this.#early > 0 ? this.#hurriedTries : triesPerPeriod
      for (const { descriptor } of this.#views.untried(most)) {
        this.offer(self, descriptor.peer, 1, now)
      }
    }
    if (this.#early === 0) this.#views.turn()
    else this.#views.ripen()
    this.#arm(now)
  }

  /** Sends a walk of `ttl` hops with this peer, some neighbours and some reserves; ranked reserves need none. */
  offer(origin: KnownPeer, target: PeerId, ttl: number, now: Instant): void {
    if (this.#views.isRanked) {
      this.exchanges.begin(origin, target, now)
      return
    }
    const peers: KnownPeer[] = []
    this.#views.offerNeighbours(peers, this.#config.shuffleActive, target)
    this.#views.offerReserves(peers, this.#config.shufflePassive, target)
    const nonce = this.#rng.u32()
    this.#offerByNonce.set(nonce, { target, offered: idsOf(peers) })
    this.#effects.send(target, { type: 'shuffle', origin, nonce, ttl, peers })
  }

  /** A walk has come from a neighbour or a stranger: sends it on, or answers it. */
  receive(from: PeerId, neighbour: boolean, message: Shuffle, now: Instant): void {
    const { origin, nonce, peers } = message
    const peer = origin.descriptor.peer
    if (peer === this.#id) return
    // A stranger may shuffle for itself only, and its walk ends here.
    if (!neighbour && peer !== from) return
    const ttl = neighbour ? Math.min(message.ttl, this.#config.shuffleHops) - 1 : 0
    const next = ttl > 0 ? this.#views.through(from, peer) : undefined
    if (next !== undefined) {
      const onto = next.descriptor.peer
      this.#returnByNonce.set(nonce, { onto, back: from })
      this.#effects.send(onto, { type: 'shuffle', origin, nonce, ttl, peers })
      return
    }
    const answer: KnownPeer[] = []
    // At least as many as a full offer: who has nobody proven to offer yet needs them most.
    const usual = this.#config.shuffleActive + this.#config.shufflePassive
    const wanted = Math.min(Math.max(peers.length, usual) + 1, maxListedPeers)
    this.#views.offerReserves(answer, wanted, peer)
    this.#effects.send(from, { type: 'shuffleReply', nonce, peers: answer })
    const given = idsOf(answer)
    this.#views.reserve([origin], given, now)
    this.#views.reserve(peers, given, now)
  }

  /** A reply has come: sends it on, or takes it. A reply to nothing is ignored. */
  receiveReply(from: PeerId, { nonce, peers }: ShuffleReply, now: Instant): void {
    const passing = this.#returnByNonce.peek(nonce)
    if (passing?.onto === from) {
      this.#returnByNonce.delete(nonce)
      if (!this.#views.active.has(passing.back)) return
      this.#effects.send(passing.back, { type: 'shuffleReply', nonce, peers })
      return
    }
    const offer = this.#offerByNonce.peek(nonce)
    if (offer?.target !== from) return
    this.#offerByNonce.delete(nonce)
    this.#views.reserve(peers, offer.offered, now)
  }

  /** While many join, everybody is in a hurry, and only who knows few whom it may tell of tries more. */
  get #hurriedTries(): number {
    return this.#views.passive.offerable.size < enoughProven ? 1 : 0
  }

  /** Each pause is twice the last one until it is the configured one. */
  #arm(now: Instant): void {
    const pause = this.#config.shuffleIntervalMs / 2 ** this.#early
    if (this.#early > 0) this.#early--
    this.#effects.arm(shuffleKey, now, jittered(this.#rng, pause))
  }
}

function idsOf(peers: readonly KnownPeer[]): PeerId[] {
  return peers.map((known) => known.descriptor.peer)
}
