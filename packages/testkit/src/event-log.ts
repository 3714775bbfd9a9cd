import type { Effect, Instant } from '@kithnet/kernel'

/** One step of one machine. */
export interface LoggedStep {
  readonly at: Instant
  readonly peer: unknown
  readonly event: unknown
  readonly effects: readonly Effect<unknown, unknown, unknown, unknown>[]
}

/** The last steps of a run, as lines of JSON. */
export class EventLog {
  readonly #maxSteps: number
  readonly #lines: string[] = []
  #steps = 0

  /** Keeps the last `maxSteps`, because what led to a failure is near its end. Default: 100,000. */
  constructor(maxSteps = 100_000) {
    this.#maxSteps = maxSteps
  }

  /** Steps seen, the forgotten ones included. */
  get steps(): number {
    return this.#steps
  }

  /** The text of a step is made now: machines may reuse what they were given. */
  record(step: LoggedStep): void {
    this.#lines[this.#steps % this.#maxSteps] = JSON.stringify(step, readable)
    this.#steps++
  }

  /** Oldest first. */
  *lines(): Generator<string> {
    const first = Math.max(0, this.#steps - this.#maxSteps)
    for (let step = first; step < this.#steps; step++) yield this.#lines[step % this.#maxSteps]!
  }
}

/** Bytes as hexadecimal, maps and sets as lists, big integers as text. */
function readable(_key: string, value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  if (value instanceof Map || value instanceof Set) return [...value]
  if (typeof value === 'bigint') return value.toString()
  return value
}
