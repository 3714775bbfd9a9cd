import { after, type Instant } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'
import type { SwimConfig } from './config.ts'
import { log10, log2 } from './logarithm.ts'

/**
 * Confirmations by other members that bring a suspicion to its shortest, where there are that many others.
 * Source: Lifeguard, section IV-B: K = 3. memberlist ties it to alpha instead, which leaves small alphas
 * without any, and with them the gain of both.
 */
const wantedConfirmations = 3

/** How long a suspicion lasts, depending on who confirms it. */
export interface SuspicionTimes {
  /** When as many as are asked for have confirmed. */
  readonly minMs: number
  /** When nobody has. */
  readonly maxMs: number
  /** Confirmations that bring the one to the other. */
  readonly confirmations: number
}

/**
 * The times of a suspicion in a group of `members` who watch the suspect, `others` of whom could confirm it.
 *
 * Source: Lifeguard (Dadgar, Phillips and Currey, arXiv 1707.00788), section IV-B; hashicorp/memberlist,
 * suspicion.go: min = alpha * max(1, log10 n) * period, max = beta * min. Where fewer could confirm than are
 * wanted, all of them must: whoever hears from none of the others is likely to be cut off itself.
 */
export function suspicionTimes(
  config: SwimConfig,
  members: number,
  others: number,
): SuspicionTimes {
  const scale = Math.max(1, log10(Math.max(1, members)))
  const minMs = Math.round(config.suspicionMultiplier * scale * config.probeIntervalMs)
  const confirmations = Math.max(0, Math.min(wantedConfirmations, others))
  if (confirmations === 0) return { minMs, maxMs: minMs, confirmations }
  return { minMs, maxMs: Math.round(minMs * config.suspicionMaxMultiplier), confirmations }
}

/** A peer whose probes failed, and who else has found the same. */
export class Suspicion {
  readonly incarnation: number
  readonly #startedAt: Instant
  readonly #times: SuspicionTimes
  readonly #confirmedBy = new Set<PeerId>()
  /** The time is up but for the last call. */
  lastCall = false

  constructor(incarnation: number, startedAt: Instant, times: SuspicionTimes) {
    this.incarnation = incarnation
    this.#startedAt = startedAt
    this.#times = times
  }

  /** When the peer is to be declared dead: max - (max - min) * log(c + 1) / log(k + 1) after the start. */
  get deadline(): Instant {
    const { minMs, maxMs, confirmations } = this.#times
    if (this.#confirmedBy.size >= confirmations) return after(this.#startedAt, minMs)
    const share = log2(this.#confirmedBy.size + 1) / log2(confirmations + 1)
    return after(this.#startedAt, Math.round(maxMs - (maxMs - minMs) * share))
  }

  /** Notes that another peer suspects too; true when that is news and may bring the deadline nearer. */
  confirm(by: PeerId): boolean {
    if (this.#confirmedBy.size >= this.#times.confirmations || this.#confirmedBy.has(by))
      return false
    this.#confirmedBy.add(by)
    return true
  }
}
