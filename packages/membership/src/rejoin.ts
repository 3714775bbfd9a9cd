import { ExpiringMap, type Instant, pick, type Rng, shuffled } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'
import type { ViewConfig } from './config.ts'
import type { Contact } from './events.ts'
import { idOf, type KnownPeer } from './known-peer.ts'

/** Most contacts kept. Source: our choice. */
const maxContacts = 64

/** Most lost neighbours remembered. Source: our choice; six active views of `lan`. */
const maxLost = 64

/** How long a lost neighbour is remembered. Source: our choice; a split of a day still mends. */
const lostTtlMs = 86_400_000

/** A neighbour that went without a goodbye. */
interface Lost {
  readonly known: KnownPeer
  /** How often it has been tried since. */
  tries: number
}

/**
 * Whom to ask from outside the views: the contacts, and neighbours that were lost without a goodbye, who may
 * be on the other side of a split. What others say never gets in here.
 */
export class Rejoin {
  readonly #self: PeerId
  readonly #config: ViewConfig
  readonly #contacts = new Set<PeerId>()
  readonly #lost = new ExpiringMap<PeerId, Lost>(maxLost, lostTtlMs)
  #round: PeerId[] | undefined
  #failedRounds = 0

  constructor(self: PeerId, config: ViewConfig) {
    this.#self = self
    this.#config = config
  }

  /** True when there is, or may be, somebody to ask. */
  get hasAnybody(): boolean {
    return this.#contacts.size > 0 || this.#lost.size > 0
  }

  addContacts(contacts: readonly Contact[]): void {
    for (const { peer } of contacts) {
      if (this.#contacts.size >= maxContacts) return
      if (peer !== this.#self) this.#contacts.add(peer)
    }
    this.#round = undefined
  }

  /** A neighbour's link broke, or it was declared dead. */
  lose(known: KnownPeer, now: Instant): void {
    this.#lost.set(idOf(known), { known, tries: 0 }, now)
  }

  /** A peer is there again: a view holds it, or the failure detector knows better. */
  find(peer: PeerId): void {
    this.#lost.delete(peer)
  }

  /** Where a lost neighbour was last reached. */
  lastKnown(peer: PeerId, now: Instant): KnownPeer | undefined {
    return this.#lost.get(peer, now)?.known
  }

  /** The next to ask in this round, or `undefined` when all have been. A round has a random order. */
  next(rng: Rng, now: Instant): PeerId | undefined {
    this.#round ??= shuffled(rng, [...new Set([...this.#contacts, ...this.#remembered(now)])])
    return this.#round.pop()
  }

  /** Ends a round in which nobody helped; returns the pause before the next. */
  pauseMs(): number {
    const pause = this.#config.rejoinBackoffMs * 2 ** Math.min(this.#failedRounds++, 16)
    this.#round = undefined
    return Math.min(pause, this.#config.rejoinBackoffMaxMs)
  }

  /** Starts afresh: there is a neighbour. */
  reset(): void {
    this.#round = undefined
    this.#failedRounds = 0
  }

  /** A random contact. */
  anyContact(rng: Rng): PeerId | undefined {
    return pick(rng, [...this.#contacts])
  }

  /** One of the lost neighbours that were tried least: those gone for good do not hide the others for long. */
  leastTried(rng: Rng, now: Instant): KnownPeer | undefined {
    let least: Lost[] = []
    for (const peer of this.#remembered(now)) {
      const lost = this.#lost.get(peer, now)!
      const tries = least[0]?.tries ?? lost.tries
      if (lost.tries < tries) least = [lost]
      else if (lost.tries === tries) least.push(lost)
    }
    const chosen = pick(rng, least)
    if (chosen !== undefined) chosen.tries++
    return chosen?.known
  }

  #remembered(now: Instant): readonly PeerId[] {
    this.#lost.sweep(now)
    return [...this.#lost.keys()]
  }
}
