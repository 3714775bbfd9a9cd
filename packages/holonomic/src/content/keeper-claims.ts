import type { PeerId } from '@kithnet/types'
import type { ContentRef } from './content-ref.ts'
import type { KeeperAudits } from './keeper-audits.ts'
import type { KeeperDiscovery } from './keeper-discovery.ts'
import type { KeeperFetches } from './keeper-fetches.ts'
import type { KeeperState } from './keeper-state.ts'
import type { KeeperSurveys } from './keeper-surveys.ts'
import type { KeeperTakes } from './keeper-takes.ts'
import type { KnownContent } from './known-content.ts'

/** Who works on what is heard of holders. */
interface ClaimsParts {
  readonly audits: KeeperAudits
  readonly takes: KeeperTakes
  readonly discovery: KeeperDiscovery
  readonly surveys: KeeperSurveys
  readonly fetches: KeeperFetches
}

/** Hears and says who holds what. */
export class KeeperClaims {
  readonly #state: KeeperState
  readonly #parts: ClaimsParts

  constructor(state: KeeperState, parts: ClaimsParts) {
    this.#state = state
    this.#parts = parts
  }

  /** A peer asks what this one holds, and says what it holds itself. */
  asked(from: PeerId, ref: ContentRef, shares: readonly number[]): void {
    const state = this.#state
    if (!state.isFresh) return
    const watch = state.allowed(ref)?.watch
    const held = [...(watch?.held ?? [])].sort((a, b) => a - b)
    const hints = watch?.holders.hints(state.self, from, state.now) ?? []
    state.send(from, { type: 'holding', ref, shares: held, hints })
    if (shares.length > 0) this.heard(from, ref, shares, [])
  }

  /** A peer says what it holds, and of whom it knows. */
  heard(from: PeerId, ref: ContentRef, shares: readonly number[], hints: readonly PeerId[]): void {
    const known = this.#state.allowed(ref)
    const watch = known?.watch
    const state = this.#state
    if (known === undefined || watch === undefined || !state.keeperSet.has(from)) return
    if (state.avoided.has(from, state.now)) return
    const real = shares.filter((share) => share < known.manifest.shares)
    const isNews = watch.holders.claim(from, real, state.now)
    if (real.length > 0) watch.hinted(from, hints)
    for (const peer of hints) {
      if (!state.keeperSet.has(peer) || watch.holders.claims.has(peer)) continue
      this.#parts.discovery.ask(known, watch, peer, state.config.auditMs)
    }
    const claim = watch.holders.claims.get(from)
    const isPlaced = watch.placement?.isAbout(from) === true
    if (claim !== undefined && isPlaced && claim.open === 0) claim.auditAt = state.now
    const isAudited = watch.plan !== undefined || this.#parts.surveys.isAsking(known)
    if (isAudited && (isNews || isPlaced)) this.#parts.audits.begin(known, watch)
    this.#parts.surveys.heard(known, from)
    this.#parts.fetches.heard(known)
  }

  /** A peer no longer has some shares. */
  gone(from: PeerId, ref: ContentRef, shares: readonly number[]): void {
    const known = this.#state.allowed(ref)
    const watch = known?.watch
    if (known === undefined || watch === undefined) return
    watch.holders.gone(from, shares)
    this.#parts.audits.callOff(from, known)
    this.#parts.takes.lost(from, known, shares)
    this.#parts.fetches.lost(from, known)
    watch.placement?.failed(from, 'unproven')
  }

  /** Hardly anybody but holders asks for proofs: whoever does is asked in turn what it holds. */
  challenged(from: PeerId, ref: ContentRef): void {
    const known = this.#state.allowed(ref)
    const watch = known?.watch
    if (known === undefined || watch?.plan === undefined || watch.holders.claims.has(from)) return
    if (!this.#state.isFresh || !this.#state.keeperSet.has(from)) return
    this.#parts.discovery.ask(known, watch, from, this.#state.config.auditMs)
  }

  /** Who keeps nothing for others any more counts no longer. */
  check(known: KnownContent): void {
    const { watch } = known
    for (const peer of [...(watch?.holders.claims.keys() ?? [])]) {
      if (this.#state.keeperSet.has(peer)) continue
      this.#parts.audits.callOff(peer, known)
      watch?.holders.forget(peer)
    }
  }
}
