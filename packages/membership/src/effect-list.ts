import { after, type Effect, type Instant } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'

/** The effects of one event, in the order in which they were wanted. The parts of a machine share one. */
export class EffectList<Message, Output> {
  #effects: Effect<PeerId, Message, string, Output>[] = []

  /** All effects since the last call. */
  take(): readonly Effect<PeerId, Message, string, Output>[] {
    const taken = this.#effects
    this.#effects = []
    return taken
  }

  send(to: PeerId, message: Message): void {
    this.#effects.push({ type: 'send', to, message })
  }

  release(peer: PeerId): void {
    this.#effects.push({ type: 'release', peer })
  }

  /** Fires `key` in `ms` milliseconds. */
  arm(key: string, now: Instant, ms: number): void {
    this.#effects.push({ type: 'arm', key, at: after(now, ms) })
  }

  disarm(key: string): void {
    this.#effects.push({ type: 'disarm', key })
  }

  persist(key: string, value: Uint8Array): void {
    this.#effects.push({ type: 'persist', key, value })
  }

  emit(output: Output): void {
    this.#effects.push({ type: 'emit', output })
  }
}
