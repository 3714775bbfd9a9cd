import { pick } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'
import { holdersWanted } from '../retention/retention-plan.ts'
import type { KeeperState } from './keeper-state.ts'
import type { ContentWatch, KnownContent } from './known-content.ts'

/** Finds who holds a content: by rank, by what holders hint at, and by telling them what this peer holds. */
export class KeeperDiscovery {
  readonly #state: KeeperState

  constructor(state: KeeperState) {
    this.#state = state
  }

  /** Asks those who should hold it, or all who may, what they hold. Gives those that were asked. */
  discover(known: KnownContent, watch: ContentWatch, all: boolean): readonly PeerId[] {
    const { claims } = watch.holders
    const candidates = this.#candidates(known)
    if (all) {
      const everybody = new Set([...candidates, ...claims.keys()])
      return [...everybody].filter((peer) => this.ask(known, watch, peer))
    }
    const one = pick(this.#state.rng, [...claims.keys()])
    const unknown = candidates.filter((peer) => !claims.has(peer))
    const some = one === undefined ? unknown : [...unknown, one]
    return some.filter((peer) => this.ask(known, watch, peer))
  }

  /** Asks one peer what it holds, unless it was asked lately. True when it was asked. */
  ask(
    known: KnownContent,
    watch: ContentWatch,
    peer: PeerId,
    againMs: number = this.#state.config.answerMs,
  ): boolean {
    const { self, now } = this.#state
    if (peer === self || !this.#state.answers(peer)) return false
    if (!watch.holders.asks(peer, againMs, now)) return false
    this.#tell(known, watch, peer)
    return true
  }

  /** This peer has become a holder, or holds more: those who hold the same, and who asked for it, are told. */
  announce(known: KnownContent, watch: ContentWatch, giver: PeerId): void {
    const { self } = this.#state
    const told = new Set<PeerId>([self])
    const candidates = this.#candidates(known)
    for (const peer of [giver, ...candidates, ...watch.holders.claims.keys()]) {
      if (told.has(peer) || !this.#state.answers(peer)) continue
      told.add(peer)
      watch.holders.asks(peer, 0, this.#state.now)
      this.#tell(known, watch, peer)
    }
  }

  /** The keepers whose rank makes them likely holders. */
  #candidates(known: KnownContent): readonly PeerId[] {
    const { manifest, tier } = known
    const wanted = holdersWanted(manifest.policy, tier, this.#state.keepers.length)
    return this.#state.order(known).slice(0, wanted + Math.max(8, wanted >> 2))
  }

  #tell(known: KnownContent, watch: ContentWatch, peer: PeerId): void {
    const shares = [...watch.held].sort((a, b) => a - b)
    this.#state.send(peer, { type: 'ask-holding', ref: known.ref, shares })
  }
}
