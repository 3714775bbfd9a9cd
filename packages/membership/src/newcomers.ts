import { ExpiringMap, type Instant, type Rng, sample, TokenBucket } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'
import type { ViewConfig } from './config.ts'
import type { EffectList } from './effect-list.ts'
import type { ViewOutput } from './events.ts'
import { idOf, type KnownPeer } from './known-peer.ts'
import { maxListedPeers } from './message-bounds.ts'
import type { Priority, ViewMessage } from './messages.ts'
import type { Repair } from './repair.ts'
import type { Shuffles } from './shuffles.ts'
import type { Views } from './views.ts'

/** Newcomers for whom room is made at once, in seconds of `joinsPerSecond`. Source: our choice. */
const burstSeconds = 5

/** Newcomers remembered as such. Source: our choice. */
const maxNewcomers = 16

/**
 * Share of `joinsPerSecond` that walks for those who are in already may take beside. Source: our choice; in a
 * large network everybody asks the same few contacts once a rejoin period.
 */
const spareShare = 1 / 4

/** Walks for one who is in already and looks for a way across a split. Source: our choice. */
const spareWalks = 2

type ForwardJoin = Extract<ViewMessage, { readonly type: 'forwardJoin' }>

/** Those who join through this peer: how much is done for them, and the walks that bring them neighbours. */
export class Newcomers {
  readonly #id: PeerId
  readonly #config: ViewConfig
  readonly #rng: Rng
  readonly #views: Views
  readonly #effects: EffectList<ViewMessage, ViewOutput>
  readonly #repair: Repair
  readonly #shuffles: Shuffles
  /** Who joined a moment ago. */
  readonly #recent: ExpiringMap<PeerId, true>
  #tokens: TokenBucket | undefined
  #spareTokens: TokenBucket | undefined

  constructor(
    id: PeerId,
    config: ViewConfig,
    rng: Rng,
    views: Views,
    effects: EffectList<ViewMessage, ViewOutput>,
    parts: { readonly repair: Repair; readonly shuffles: Shuffles },
  ) {
    this.#id = id
    this.#config = config
    this.#rng = rng
    this.#views = views
    this.#effects = effects
    this.#repair = parts.repair
    this.#shuffles = parts.shuffles
    this.#recent = new ExpiringMap(maxNewcomers, config.neighborTimeoutMs)
  }

  /** True while there are not too many of them: room may be made and walks sent. */
  afford(priority: Priority, now: Instant): boolean {
    const rate = this.#config.joinsPerSecond
    if (priority === 'spare') {
      this.#spareTokens ??= bucketOf(rate * spareShare, now)
      return this.#spareTokens.take(1, now)
    }
    this.#tokens ??= bucketOf(rate, now)
    return this.#tokens.take(1, now)
  }

  /** Sends the walks of one that joins through this peer. */
  sendWalks(joiner: KnownPeer, priority: Priority, now: Instant): void {
    const ttl = this.#config.activeWalkHops
    for (const { descriptor } of this.#walkStarts(idOf(joiner), priority, now)) {
      this.#effects.send(descriptor.peer, { type: 'forwardJoin', joiner, priority, ttl })
    }
    if (priority === 'spare') return
    this.#shuffles.hurry(now)
    this.#recent.set(idOf(joiner), true, now)
  }

  /** A newcomer's walk has come by: sends it on, or asks the newcomer where it ends. */
  receiveWalk(self: KnownPeer, from: PeerId, message: ForwardJoin, now: Instant): void {
    const { joiner, priority } = message
    const peer = joiner.descriptor.peer
    if (peer === this.#id) return
    const ttl = Math.min(message.ttl, this.#config.activeWalkHops)
    const next = ttl > 0 ? this.#views.through(from, peer) : undefined
    if (next !== undefined) {
      if (ttl === this.#config.passiveWalkHops) this.#views.reserve([joiner], [], now)
      const onward = { type: 'forwardJoin', joiner, priority, ttl: ttl - 1 } as const
      this.#effects.send(next.descriptor.peer, onward)
      return
    }
    if (this.#views.active.has(peer) || this.#repair.awaits(peer, now)) return
    if (priority !== 'spare') this.#shuffles.hurry(now)
    const wanted = priority === 'high' || this.#views.hasRoom(priority)
    if (!wanted) this.#views.reserve([joiner], [], now)
    else this.#repair.askNewcomer(self, joiner, priority, now)
  }

  /**
   * Some reserves for a newcomer that is not let in here. One that is gets none: it and its contact would
   * promote from the same few peers and make triangles. Neighbours only where reserves are few.
   */
  sampleFor(newcomer: PeerId): readonly KnownPeer[] {
    const { shuffleActive, shufflePassive } = this.#config
    const count = this.#views.isRanked ? maxListedPeers : shuffleActive + shufflePassive
    const peers: KnownPeer[] = []
    this.#views.offerReserves(peers, count, newcomer)
    this.#views.offerNeighbours(peers, count - peers.length, newcomer)
    return peers
  }

  /**
   * The neighbours at which the walks of one that joins begin. One that came just before knows nobody else
   * yet, so a walk would end there and make a triangle: those are spared where there are others.
   */
  #walkStarts(joiner: PeerId, priority: Priority, now: Instant): readonly KnownPeer[] {
    const walks = priority === 'spare' ? spareWalks : this.#config.activeTarget - 1
    const others = this.#views.active.values.filter((known) => idOf(known) !== joiner)
    const settled = others.filter((known) => !this.#recent.has(idOf(known), now))
    const starts = settled.length > 0 ? settled : others
    return starts.length > walks ? sample(this.#rng, starts, walks) : starts
  }
}

function bucketOf(rate: number, now: Instant): TokenBucket {
  return new TokenBucket(rate, rate * burstSeconds, now)
}
