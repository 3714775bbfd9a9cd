import { after, BoundedMap, type Instant } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'
import type { ViewConfig } from './config.ts'
import type { EffectList } from './effect-list.ts'
import type { ViewOutput } from './events.ts'
import { idOf, type KnownPeer } from './known-peer.ts'
import { maxListedPeers, maxOfferedPeers } from './message-bounds.ts'
import type { ViewMessage } from './messages.ts'
import type { Views } from './views.ts'

/** Exchanges under way. Source: our choice; a node begins two in a shuffle period and answers as many. */
const maxOpen = 64

type Message<Type extends ViewMessage['type']> = Extract<ViewMessage, { readonly type: Type }>

/** An exchange with a peer that is not over. */
interface Exchange {
  /** The answer is awaited. */
  readonly isAsked: boolean
  /** Whose descriptors were asked for. */
  readonly wanted: readonly PeerId[]
  readonly until: Instant
}

/**
 * Exchanges of reserves between two peers. Ids are offered and descriptors given only of those that the other
 * side has a slot for, since a descriptor is a hundred times as long as an id: `exchange` offers, its reply
 * offers and wants, and `introduce` gives what was wanted, at most once in each direction.
 */
export class Exchanges {
  readonly #views: Views
  readonly #effects: EffectList<ViewMessage, ViewOutput>
  readonly #timeoutMs: number
  readonly #openByPeer = new BoundedMap<PeerId, Exchange>(maxOpen)

  constructor(config: ViewConfig, views: Views, effects: EffectList<ViewMessage, ViewOutput>) {
    this.#views = views
    this.#effects = effects
    this.#timeoutMs = config.neighborTimeoutMs
  }

  /** True when a message of the peer is awaited. */
  awaits(peer: PeerId, now: Instant): boolean {
    return this.#open(peer, now) !== undefined
  }

  begin(self: KnownPeer, target: PeerId, now: Instant): void {
    this.#set(target, true, [], now)
    this.#effects.send(target, { type: 'exchange', origin: self, peers: this.#offer(target) })
  }

  /** Somebody offers. While an exchange with it is under way, nothing more is given. */
  receive(from: PeerId, { origin, peers }: Message<'exchange'>, now: Instant): void {
    if (idOf(origin) !== from || this.#open(from, now)?.isAsked === false) return
    const offered = this.#offer(from)
    this.#views.reserve([origin], [], now)
    const wanted = this.#views.wanted(peers, maxListedPeers, now)
    this.#set(from, false, wanted, now)
    this.#effects.send(from, { type: 'exchangeReply', peers: offered, wanted })
  }

  receiveReply(from: PeerId, message: Message<'exchangeReply'>, now: Instant): void {
    if (this.#open(from, now)?.isAsked !== true) return
    const wanted = this.#views.wanted(message.peers, maxListedPeers, now)
    if (wanted.length > 0) this.#set(from, false, wanted, now)
    else this.#openByPeer.delete(from)
    // Sent also when it is empty: the other side need not wait for more.
    const peers = this.#views.offerable(message.wanted)
    this.#effects.send(from, { type: 'introduce', peers, wanted })
  }

  receiveIntroduction(from: PeerId, message: Message<'introduce'>, now: Instant): void {
    const open = this.#open(from, now)
    if (open === undefined || open.isAsked) return
    this.#openByPeer.delete(from)
    const wanted = message.peers.filter((known) => open.wanted.includes(idOf(known)))
    this.#views.reserve(wanted, [], now)
    if (message.wanted.length === 0) return
    const peers = this.#views.offerable(message.wanted)
    this.#effects.send(from, { type: 'introduce', peers, wanted: [] })
  }

  /** Forgets exchanges that were not ended in time, and lets their links go. Who did not answer is missed. */
  sweep(now: Instant): void {
    for (const [peer, { until, isAsked }] of [...this.#openByPeer]) {
      if (until > now) continue
      this.#openByPeer.delete(peer)
      if (this.#views.active.has(peer)) continue
      if (isAsked) this.#views.miss(peer, now)
      this.#effects.release(peer)
    }
  }

  stop(): void {
    for (const [peer] of this.#openByPeer) this.#effects.release(peer)
    this.#openByPeer.clear()
  }

  #open(peer: PeerId, now: Instant): Exchange | undefined {
    const open = this.#openByPeer.peek(peer)
    return open !== undefined && open.until > now ? open : undefined
  }

  #set(peer: PeerId, isAsked: boolean, wanted: readonly PeerId[], now: Instant): void {
    this.#openByPeer.set(peer, { isAsked, wanted, until: after(now, this.#timeoutMs) })
  }

  #offer(to: PeerId): PeerId[] {
    const offered: KnownPeer[] = []
    this.#views.offerNeighbours(offered, maxOfferedPeers, to)
    this.#views.offerReserves(offered, maxOfferedPeers - offered.length, to)
    return offered.map(idOf)
  }
}
