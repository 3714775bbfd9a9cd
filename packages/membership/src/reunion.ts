import type { Instant, Rng } from '@kithnet/kernel'
import type { ViewConfig } from './config.ts'
import type { EffectList } from './effect-list.ts'
import type { ViewOutput } from './events.ts'
import { jittered } from './jitter.ts'
import { idOf, type KnownPeer } from './known-peer.ts'
import type { ViewMessage } from './messages.ts'
import type { Rejoin } from './rejoin.ts'
import type { Repair } from './repair.ts'
import type { Shuffles } from './shuffles.ts'
import type { Views } from './views.ts'

/** The timer of the rejoin period. */
export const reunionKey = 'view/reunion'

/** Halvings of the rejoin period after a loss: 30 s, 60 s and then 120 s at `lan`. Source: our choice. */
const earlyTurns = 2

/**
 * The mending of splits. Both sides of a split are well and nobody misses a neighbour, so repair does nothing:
 * once a rejoin period a lost neighbour and a contact are asked anyway. Nobody makes room for that, so a peer
 * that comes back can never start a chain of evictions.
 */
export class Reunion {
  readonly #config: ViewConfig
  readonly #rng: Rng
  readonly #views: Views
  readonly #effects: EffectList<ViewMessage, ViewOutput>
  readonly #rejoin: Rejoin
  readonly #repair: Repair
  readonly #shuffles: Shuffles
  #early = 0

  constructor(
    config: ViewConfig,
    rng: Rng,
    views: Views,
    effects: EffectList<ViewMessage, ViewOutput>,
    parts: { readonly rejoin: Rejoin; readonly repair: Repair; readonly shuffles: Shuffles },
  ) {
    this.#config = config
    this.#rng = rng
    this.#views = views
    this.#effects = effects
    this.#rejoin = parts.rejoin
    this.#repair = parts.repair
    this.#shuffles = parts.shuffles
  }

  start(now: Instant): void {
    this.#arm(now)
  }

  stop(): void {
    this.#effects.disarm(reunionKey)
  }

  /** A neighbour is lost without a goodbye. */
  lose(known: KnownPeer, now: Instant): void {
    this.#rejoin.lose(known, now)
    if (this.#early > 0) return
    this.#early = earlyTurns
    this.#arm(now)
  }

  /** The rejoin period is over. */
  fire(self: KnownPeer | undefined, now: Instant): void {
    if (self !== undefined) {
      this.#tryLost(self, now)
      this.#tryContact(self, now)
    }
    this.#arm(now)
  }

  #tryLost(self: KnownPeer, now: Instant): void {
    const known = this.#rejoin.leastTried(this.#rng, now)
    if (known === undefined || this.#repair.awaits(idOf(known), now)) return
    if (!this.#repair.awaitBack(idOf(known), known, now)) return
    if (this.#views.hasRoom('low')) {
      this.#effects.send(idOf(known), { type: 'neighbor', self, priority: 'low' })
    } else {
      this.#shuffles.offer(self, idOf(known), 1, now)
    }
  }

  /** Contacts may be many networks' only way to find each other, and are asked by everybody. */
  #tryContact(self: KnownPeer, now: Instant): void {
    const contact = this.#rejoin.anyContact(this.#rng)
    if (contact === undefined || this.#views.active.has(contact)) return
    if (this.#repair.awaits(contact, now)) return
    if (!this.#repair.awaitBack(contact, undefined, now)) return
    if (this.#views.hasRoom('spare')) {
      this.#effects.send(contact, { type: 'join', self, priority: 'spare' })
    } else {
      this.#shuffles.offer(self, contact, 1, now)
    }
  }

  #arm(now: Instant): void {
    const pause = this.#config.rejoinIntervalMs / 2 ** this.#early
    if (this.#early > 0) this.#early--
    this.#effects.arm(reunionKey, now, jittered(this.#rng, pause))
  }
}
