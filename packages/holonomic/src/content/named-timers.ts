import type { ServiceHost } from '@kithnet/types'

/** Timers of a host by name, for however long. */
export class NamedTimers implements Disposable {
  readonly #host: ServiceHost
  readonly #timers = new Map<string, Disposable>()

  constructor(host: ServiceHost) {
    this.#host = host
  }

  /** Calls back once, after so many milliseconds; a timer of the same name before is forgotten. */
  set(name: string, ms: number, callback: () => void): void {
    this.clear(name)
    const now = Math.min(Math.max(0, ms), longestMs)
    const timer = this.#host.timer(now, () => {
      this.#timers.delete(name)
      if (ms > now) this.set(name, ms - now, callback)
      else callback()
    })
    this.#timers.set(name, timer)
  }

  clear(name: string): void {
    this.#timers.get(name)?.[Symbol.dispose]()
    this.#timers.delete(name)
  }

  [Symbol.dispose](): void {
    for (const timer of this.#timers.values()) timer[Symbol.dispose]()
    this.#timers.clear()
  }
}

/** Source: our choice; a host's timers hold at most 24 days. */
const longestMs = 86_400_000
