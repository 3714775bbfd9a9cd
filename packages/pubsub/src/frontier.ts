import { type Cause, maxCauses } from './envelope.ts'
import type { Arrival } from './stream-order.ts'

/**
 * The messages that were handed over and are nobody's cause yet: whoever has these has had everything before them.
 * What is written now names them as its causes, and is then a cause itself.
 */
export class Frontier {
  readonly #causes = new Map<string, Cause>()

  get causes(): readonly Cause[] {
    return [...this.#causes.values()]
  }

  /** A message of the stream `stream` was handed over. */
  add(stream: string, { seq, hlc, causes }: Arrival<unknown>): void {
    for (const cause of causes) {
      const known = this.#causes.get(cause.stream)
      if (known !== undefined && known.seq <= cause.seq) this.#causes.delete(cause.stream)
    }
    this.#causes.delete(stream)
    this.#causes.set(stream, { stream, seq, at: hlc })
    if (this.#causes.size <= maxCauses) return
    for (const oldest of this.#causes.keys()) {
      this.#causes.delete(oldest)
      return
    }
  }

  /** Something was written that names all of them. */
  clear(): void {
    this.#causes.clear()
  }
}
