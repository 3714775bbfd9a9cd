import { after, type Instant, type Rng } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'
import { Census, type CensusView } from '../retention/census.ts'
import { keeperLimits, type Proof } from './keeper-events.ts'

/** What a peer says it holds, and how far asking it for proofs is. */
export interface Claim {
  /** Rising. */
  shares: readonly number[]
  /** When it is asked next. */
  auditAt: Instant
  /** When it last said what it holds. */
  heardAt: Instant
  /** Rounds in a row in which it did not answer. */
  lates: number
  /** Shares that it is still to be asked for in this round, and questions that are open. */
  due: number[]
  open: number
}

/** Who says that it holds a content, and who has proven it. */
export class HolderBook {
  readonly census: Census = new Census()
  /** How often it has changed who is proven to hold what. */
  changes = 0
  readonly #rng: Rng
  readonly #claims = new Map<PeerId, Claim>()
  readonly #askedAt = new Map<PeerId, Instant>()
  /** When each proof ends, by holder and share: what a census tells to keep, and which share is asked for first. */
  readonly #untilByHolder = new Map<PeerId, Map<number, Instant>>()

  constructor(rng: Rng) {
    this.#rng = rng
  }

  get claims(): ReadonlyMap<PeerId, Claim> {
    return this.#claims
  }

  /** Notes what a peer says it holds. True when some of it is new. */
  claim(peer: PeerId, shares: readonly number[], now: Instant): boolean {
    const known = this.#claims.get(peer)
    if (shares.length === 0) {
      this.forget(peer)
      return false
    }
    if (known === undefined) {
      if (this.#claims.size >= keeperLimits.holders) return false
      const claim = { shares, auditAt: now, heardAt: now, lates: 0, due: [], open: 0 }
      this.#claims.set(peer, claim)
      return true
    }
    for (const share of known.shares) if (!shares.includes(share)) this.unproven(peer, share)
    const isNews = shares.some((share) => !known.shares.includes(share))
    known.shares = shares
    known.heardAt = now
    if (isNews) known.auditAt = now
    return isNews
  }

  proven(peer: PeerId, share: number, until: Instant): void {
    if (!this.census.proven(peer, share, until)) return
    let shares = this.#untilByHolder.get(peer)
    if (shares === undefined) this.#untilByHolder.set(peer, (shares = new Map()))
    if (!shares.has(share)) this.changes++
    shares.set(share, until)
  }

  unproven(peer: PeerId, share: number): void {
    this.census.unproven(peer, share)
    const shares = this.#untilByHolder.get(peer)
    if (shares?.delete(share) === true) this.changes++
    if (shares?.size === 0) this.#untilByHolder.delete(peer)
  }

  /** A peer no longer has these shares. */
  gone(peer: PeerId, shares: readonly number[]): void {
    for (const share of shares) this.unproven(peer, share)
    const claim = this.#claims.get(peer)
    if (claim === undefined) return
    claim.shares = claim.shares.filter((share) => !shares.includes(share))
    claim.due = claim.due.filter((share) => !shares.includes(share))
    if (claim.shares.length === 0) this.#claims.delete(peer)
  }

  forget(peer: PeerId): void {
    this.#claims.delete(peer)
    if (this.#untilByHolder.delete(peer)) this.changes++
    this.census.forget(peer)
  }

  /** Which shares of a peer are to be asked for in a round: those without a proof first, then those whose proof ends first. */
  dueOf(peer: PeerId): number[] {
    const claim = this.#claims.get(peer)
    if (claim === undefined) return []
    const until = this.#untilByHolder.get(peer)
    return claim.shares
      .toSorted((a, b) => (until?.get(a) ?? 0) - (until?.get(b) ?? 0) || a - b)
      .slice(0, keeperLimits.auditsPerHolder)
  }

  /** Notes that a peer is being asked what it holds, unless it was lately. */
  asks(peer: PeerId, againMs: number, now: Instant): boolean {
    const at = this.#askedAt.get(peer)
    if (at !== undefined && after(at, againMs) > now) return false
    // Whoever was asked longest ago goes first.
    this.#askedAt.delete(peer)
    if (this.#askedAt.size >= keeperLimits.holders) {
      for (const oldest of this.#askedAt.keys()) {
        this.#askedAt.delete(oldest)
        break
      }
    }
    this.#askedAt.set(peer, now)
    return true
  }

  /** Peers that have proven something and whose proof still counts; some of them when there are many. */
  hints(self: PeerId, to: PeerId, now: Instant): readonly PeerId[] {
    const peers: PeerId[] = []
    for (const [peer, shares] of this.#untilByHolder) {
      if (peer === self || peer === to) continue
      for (const until of shares.values()) {
        if (until <= now) continue
        peers.push(peer)
        break
      }
    }
    const { hints } = keeperLimits
    if (peers.length <= hints) return peers
    const from = this.#rng.below(peers.length)
    return [...peers.slice(from), ...peers.slice(0, from)].slice(0, hints)
  }

  /** All proofs of others that count now. Forgets those that do not. */
  proofs(self: PeerId, now: Instant): readonly Proof[] {
    const proofs: Proof[] = []
    for (const [peer, shares] of this.#untilByHolder) {
      for (const [share, until] of shares) {
        if (until <= now) shares.delete(share)
        else if (peer !== self) proofs.push({ peer, share, until })
      }
      if (shares.size === 0) this.#untilByHolder.delete(peer)
    }
    return proofs
  }

  view(now: Instant): CensusView {
    return this.census.view(now)
  }

  /** The part of a view that is about these peers alone. */
  viewOf(view: CensusView, isSeen: (peer: PeerId) => boolean): CensusView {
    const sharesByHolder = new Map([...view.sharesByHolder].filter(([peer]) => isSeen(peer)))
    const counts = new Map<number, number>()
    for (const shares of sharesByHolder.values()) {
      for (const share of shares) counts.set(share, (counts.get(share) ?? 0) + 1)
    }
    return { sharesByHolder, holdersByShare: counts }
  }
}
