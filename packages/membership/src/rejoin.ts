import type { Rng } from '@kithnet/kernel'
import { pick, shuffled } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'
import type { ViewConfig } from './config.ts'
import type { Contact } from './events.ts'

/** Most contacts kept. Source: our choice. */
const maxContacts = 64

/** Which contact an isolated peer asks next, and how long it pauses when none was there. */
export class Rejoin {
  readonly #self: PeerId
  readonly #config: ViewConfig
  readonly #contacts = new Set<PeerId>()
  #round: PeerId[] | undefined
  #failedRounds = 0

  constructor(self: PeerId, config: ViewConfig) {
    this.#self = self
    this.#config = config
  }

  get hasContacts(): boolean {
    return this.#contacts.size > 0
  }

  addContacts(contacts: readonly Contact[]): void {
    for (const { peer } of contacts) {
      if (this.#contacts.size >= maxContacts) return
      if (peer !== this.#self) this.#contacts.add(peer)
    }
    this.#round = undefined
  }

  /** The next contact of this round, or `undefined` when all have been asked. A round has a random order. */
  next(rng: Rng): PeerId | undefined {
    this.#round ??= shuffled(rng, [...this.#contacts])
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
  any(rng: Rng): PeerId | undefined {
    return pick(rng, [...this.#contacts])
  }
}
