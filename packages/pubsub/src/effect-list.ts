import type { Effect, Instant } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'
import type { PubsubOutput } from './events.ts'
import type { PubsubMessage } from './messages.ts'

/** The timers of a `Pubsub`. */
export type TimerKey =
  | 'announce'
  | 'ack'
  | 'missing'
  | 'pending'
  | 'flush'
  | 'history'
  | 'sweep'
  | 'order'
  | 'standing'
  | 'idle'
  | 'silence'

/** The effects of one event, in the order in which they were wanted. The parts of the machine share one. */
export class EffectList {
  #effects: Effect<PeerId, PubsubMessage, string, PubsubOutput>[] = []
  readonly #armed = new Map<TimerKey, Instant>()

  /** All effects since the last call. */
  take(): readonly Effect<PeerId, PubsubMessage, string, PubsubOutput>[] {
    const taken = this.#effects
    this.#effects = []
    return taken
  }

  send(to: PeerId, message: PubsubMessage): void {
    this.#effects.push({ type: 'send', to, message })
  }

  emit(output: PubsubOutput): void {
    this.#effects.push({ type: 'emit', output })
  }

  /** Fires at `at`, or earlier when the timer is armed already for an earlier instant. */
  armBy(key: TimerKey, at: Instant): void {
    const armed = this.#armed.get(key)
    if (armed !== undefined && armed <= at) return
    this.#armed.set(key, at)
    this.#effects.push({ type: 'arm', key, at })
  }

  isArmed(key: TimerKey): boolean {
    return this.#armed.has(key)
  }

  /** The timer has fired, and is not armed any more. Answers by how many milliseconds it was late. */
  fired(key: TimerKey, now: Instant): number {
    const at = this.#armed.get(key)
    this.#armed.delete(key)
    return at === undefined ? 0 : now - at
  }
}
