import { ExpiringMap, type Instant, instant, type Rng } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'
import { ranked } from '../rank.ts'
import { contentSubject, type Ranking } from '../retention/retention-plan.ts'
import type { ContentMessage } from './content-messages.ts'
import type { ContentRef } from './content-ref.ts'
import { refText } from './content-ref.ts'
import {
  defaultKeeperConfig,
  type KeeperConfig,
  type KeeperEffect,
  keeperLimits,
  type KeeperOutput,
} from './keeper-events.ts'
import { ContentWatch, type KnownContent } from './known-content.ts'

/** What a `ContentKeeper` is made from. */
export interface KeeperOptions {
  readonly self: PeerId
  readonly rng: Rng
  readonly config?: Partial<KeeperConfig>
  /** Default: computed each time; a simulation may remember what it was. */
  readonly ranked?: Ranking
}

/** What the parts of a keeper share: what is known, and the effects of the event at hand. */
export class KeeperState {
  readonly self: PeerId
  readonly rng: Rng
  readonly config: KeeperConfig
  readonly ranking: Ranking
  readonly contents: Map<string, KnownContent> = new Map()
  /** Contents that something is done about. */
  readonly active: Set<KnownContent> = new Set()
  /** Whoever broke a rule; and whoever could not be reached. */
  readonly avoided: ExpiringMap<PeerId, true>
  readonly away: ExpiringMap<PeerId, true>
  /** Whoever did not answer challenges: it is given nothing to keep. */
  readonly silent: ExpiringMap<PeerId, true>
  isFresh = false
  keepers: readonly PeerId[] = []
  keeperSet: ReadonlySet<PeerId> = new Set()
  /** Bytes that may still be stored, and those of them that are promised to shares on their way. */
  room = 0
  promised = 0
  now: Instant = instant(0)
  #effects: KeeperEffect[] = []
  #token = 0
  readonly #orderByContent = new WeakMap<KnownContent, Order>()

  constructor({ self, rng, config, ranked: ranking }: KeeperOptions) {
    this.self = self
    this.rng = rng
    this.config = { ...defaultKeeperConfig, ...config }
    this.ranking = ranking ?? ranked
    this.avoided = new ExpiringMap(keeperLimits.watchedPeers, this.config.avoidMs)
    this.silent = new ExpiringMap(keeperLimits.watchedPeers, this.config.avoidMs)
    this.away = new ExpiringMap(keeperLimits.watchedPeers, this.config.awayMs)
  }

  send(to: PeerId, message: ContentMessage): void {
    this.#effects.push({ type: 'send', to, message })
  }

  emit(output: KeeperOutput): void {
    this.#effects.push({ type: 'emit', output })
  }

  push(effect: KeeperEffect): void {
    this.#effects.push(effect)
  }

  /** The effects since the last call. */
  taken(): readonly KeeperEffect[] {
    const effects = this.#effects
    this.#effects = []
    return effects
  }

  nextToken(): number {
    return ++this.#token
  }

  /** A content that is known, allowed by now, and about which this peer knows enough to act. */
  allowed(ref: ContentRef): KnownContent | undefined {
    const known = this.contents.get(refText(ref))
    return known?.isAllowed(this.now) === true ? known : undefined
  }

  /** The watch over a content, or `undefined` when as many are watched as may be. */
  watch(known: KnownContent): ContentWatch | undefined {
    if (known.watch !== undefined) return known.watch
    if (this.active.size >= keeperLimits.active) return undefined
    this.active.add(known)
    return (known.watch = new ContentWatch(this.rng))
  }

  /** A peer that may be asked now. */
  answers(peer: PeerId): boolean {
    return !this.avoided.has(peer, this.now) && !this.away.has(peer, this.now)
  }

  /** A peer that may be asked to keep something. */
  mayKeep(peer: PeerId): boolean {
    return this.answers(peer) && !this.silent.has(peer, this.now)
  }

  /** Keepers in the order of their ranks for a content. */
  order(known: KnownContent): readonly PeerId[] {
    const remembered = this.#orderByContent.get(known)
    if (remembered?.of === this.keepers) return remembered.peers
    const peers = this.ranking(contentSubject(known.ref.content), this.keepers)
    this.#orderByContent.set(known, { of: this.keepers, peers })
    return peers
  }

  /** About so many milliseconds: from three to five quarters of them. */
  about(ms: number): number {
    return Math.floor((3 * ms) / 4) + this.rng.below(Math.max(1, Math.floor(ms / 2)))
  }
}

interface Order {
  /** The list of keepers that it is the order of. */
  readonly of: readonly PeerId[]
  readonly peers: readonly PeerId[]
}
