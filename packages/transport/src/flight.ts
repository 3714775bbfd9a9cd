import type { Instant } from '@kithnet/kernel'

/**
 * Bounds the bytes on their way by the delay that they cause, so that a queue of bulk in the kernel's buffers and
 * the network's never holds up what is more urgent.
 *
 * Source: RFC 6817 (LEDBAT) for a target delay over a base delay, the least of ten minutes; Wei, Jin, Low and
 * Hegde, "FAST TCP", 2006, for the step towards it.
 */
export class Flight {
  #limit = initialLimitBytes
  #sent = 0
  #acked = 0
  /** What the other side must have for a sample of the delay, and when it was sent. */
  #markAt = -1
  #markSentAt = 0
  #limited = false
  #starting = true
  /** What had arrived when the mark was sent. */
  #ackedAtMark = 0
  /** Bytes per millisecond of the last round trips. */
  readonly #rates: number[] = []
  readonly #base: number[] = []
  #baseSince = 0

  /** Bytes sent that are not known to have arrived. */
  get inFlightBytes(): number {
    return this.#sent - this.#acked
  }

  get limitBytes(): number {
    return this.#limit
  }

  /** Largest piece of a long message: a quarter of the bound, so that classes alternate on slow links too. */
  get fragmentBytes(): number {
    return Math.max(minFragmentBytes, Math.min(maxFragment, this.#limit >> 2))
  }

  /** True when bulk may be sent, or with `share` 2 what is allowed twice as much. */
  hasRoom(share: number): boolean {
    if (this.inFlightBytes < this.#limit * share) return true
    this.#limited = true
    return false
  }

  sent(bytes: number, now: Instant): void {
    this.#sent += bytes
    if (this.#markAt < 0) {
      this.#markAt = this.#sent
      this.#markSentAt = now
      this.#ackedAtMark = this.#acked
    }
  }

  /** Nothing waits: the last acknowledgement may be long in coming, so it measures nothing. */
  idle(): void {
    this.#markAt = -1
  }

  /** The other side has so many bytes more. False when that is more than was sent. */
  acknowledged(bytes: number, now: Instant): boolean {
    if (bytes > this.inFlightBytes) return false
    this.#acked += bytes
    if (this.#markAt < 0 || this.#acked < this.#markAt) return true
    this.#markAt = -1
    this.#adapt(now - this.#markSentAt, now)
    return true
  }

  /** A round trip was measured while nothing else was on its way. */
  roundTrip(ms: number, now: Instant): void {
    this.#remember(ms, now)
  }

  /**
   * Above the target: delay is base plus queue, so bytes on their way times (base + target) / delay would meet it, and
   * half that step is taken, because a sample is one round trip old. Below it: growth by the room that is left.
   */
  #adapt(delayMs: number, now: Instant): void {
    this.#remember(delayMs, now)
    this.#rates.push((this.#acked - this.#ackedAtMark) / Math.max(delayMs, leastDelayMs))
    if (this.#rates.length > rateRounds) this.#rates.shift()
    const base = Math.min(...this.#base)
    const queueing = delayMs - base
    const limited = this.#limited
    this.#limited = false
    if (queueing > targetMs / 4) this.#starting = false
    let factor = 1
    if (queueing > targetMs) factor = Math.max(0.5, (1 + (base + targetMs) / delayMs) / 2)
    else if (limited) factor = this.#starting ? 2 : 1 + (1 - queueing / targetMs) / 4
    // One late sample may be a process that did not run; what the wire carried a moment ago takes no queue to carry.
    const carried = Math.max(...this.#rates) * (base + targetMs / 2)
    const wanted =
      factor < 1
        ? Math.min(this.#limit, Math.max(this.#limit * factor, carried))
        : this.#limit * factor
    this.#limit = Math.max(minLimitBytes, Math.min(maxLimitBytes, Math.floor(wanted)))
  }

  /** Least delay per minute, for ten minutes: routes change, and a queue must not become the base. */
  #remember(delayMs: number, now: Instant): void {
    const current = this.#base.length - 1
    if (current < 0 || now - this.#baseSince >= baseStepMs) {
      this.#base.push(delayMs)
      this.#baseSince = now
      if (this.#base.length > baseSteps) this.#base.shift()
    } else if (delayMs < this.#base[current]!) {
      this.#base[current] = delayMs
    }
  }
}

/** Source: our choice, so that an urgent answer comes within 50 ms; RFC 6817 allows at most 100 ms. */
const targetMs = 20
/** Source: Cardwell and others, "BBR", 2016: the greatest rate of ten round trips. */
const rateRounds = 10
/** Keeps a clock that stands still from being divided by. */
const leastDelayMs = 0.01
/** Source: our choice. 26 ms at 10 Mbit/s. */
const minLimitBytes = 32_768
const initialLimitBytes = minLimitBytes
/** Source: our choice. 1 Gbit/s over 130 ms. */
const maxLimitBytes = 16_777_216
const minFragmentBytes = 8_192
const maxFragment = 65_536
/** Source: RFC 6817 section 2.4.2, BASE_HISTORY of ten minutes. */
const baseStepMs = 60_000
const baseSteps = 10
