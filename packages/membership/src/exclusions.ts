import { after, BoundedMap, ExpiringMap, type Instant } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'
import type { KnownPeer } from './known-peer.ts'
import { isNewer } from './partial-view.ts'

/** How long a dead peer is remembered, so that shuffles cannot bring it back. Source: our choice. */
const deadTtlMs = 300_000
/** Most dead peers remembered, and most that could not be reached. Source: our choice. */
const maxDead = 1024
/**
 * How long a peer that could not be reached is not taken again on hearsay, in shuffle periods. Source: our
 * choice; others find out within a few periods of their own.
 */
const unreachablePeriods = 4
/** Most peers remembered that must not be chosen. Source: our choice; as many as the overlay bans. */
const maxBarred = 1_024
/** How long a neighbour that was of no use is not taken again; twice as long each time. Source: our choice. */
const idleMs = 120_000
/** Source: our choice; half an hour. */
const maxIdleDoublings = 4

/** Who is not taken into the views for a while, and why: the dead, the unreachable, the barred and the idle. */
export class Exclusions {
  /** The incarnations that died. */
  readonly #dead = new ExpiringMap<PeerId, number>(maxDead, deadTtlMs)
  readonly #unreachable: ExpiringMap<PeerId, KnownPeer>
  readonly #barredUntil = new BoundedMap<PeerId, Instant>(maxBarred)
  readonly #idleUntil = new BoundedMap<PeerId, Instant>(maxBarred)
  /** How often each was exchanged as idle since it was last of use. */
  readonly #idleTimes = new BoundedMap<PeerId, number>(maxBarred)

  constructor(shuffleIntervalMs: number) {
    this.#unreachable = new ExpiringMap(maxDead, unreachablePeriods * shuffleIntervalMs)
  }

  /** The peer has proven by itself that it lives. */
  lives(peer: PeerId): void {
    if (this.#dead.size > 0) this.#dead.delete(peer)
    if (this.#unreachable.size > 0) this.#unreachable.delete(peer)
  }

  /** It died with this incarnation. */
  bury(peer: PeerId, incarnation: number, now: Instant): void {
    this.#dead.set(peer, incarnation, now)
  }

  /** It is not dead, whatever was said before. */
  revive(peer: PeerId): void {
    this.#dead.delete(peer)
  }

  /** It is not where its descriptor says. */
  miss(known: KnownPeer, now: Instant): void {
    this.#unreachable.set(known.descriptor.peer, known, now)
  }

  /** It must not be chosen until then. */
  bar(peer: PeerId, until: Instant): void {
    this.#barredUntil.set(peer, until)
  }

  /** It was of no use: it stays out for a while, and longer each time. */
  barIdle(peer: PeerId, now: Instant): void {
    const times = this.#idleTimes.peek(peer) ?? 0
    this.#idleTimes.set(peer, times + 1)
    this.#idleUntil.set(peer, after(now, idleMs * 2 ** Math.min(times, maxIdleDoublings)))
  }

  /** It has been of use. */
  prize(peer: PeerId): void {
    this.#idleTimes.delete(peer)
  }

  /** True while it is remembered as dead or unreachable. */
  isLost(peer: PeerId, now: Instant): boolean {
    return this.#dead.has(peer, now) || this.#unreachable.has(peer, now)
  }

  /** True when the descriptor says nothing newer of the peer than what was there when it died or was missed. */
  isHearsay(known: KnownPeer, now: Instant): boolean {
    const { peer, incarnation } = known.descriptor
    const dead = this.#dead.size === 0 ? undefined : this.#dead.get(peer, now)
    if (dead !== undefined && incarnation <= dead) return true
    if (this.#unreachable.size === 0) return false
    const missed = this.#unreachable.get(peer, now)
    return missed !== undefined && !isNewer(known, missed)
  }

  /** True while it must not be chosen. */
  isBarred(peer: PeerId, now: Instant): boolean {
    return (this.#barredUntil.peek(peer) ?? now) > now
  }

  /** True while it is out for having been of no use. */
  isIdle(peer: PeerId, now: Instant): boolean {
    return (this.#idleUntil.peek(peer) ?? now) > now
  }
}
