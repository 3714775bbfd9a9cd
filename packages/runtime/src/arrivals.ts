import type { StandardSchema } from '@kithnet/types'
import { type Checked, checked } from './schema.ts'

interface Waiting<Item> {
  readonly item: Item
  readonly value: unknown
}

/** Checks values one after the other, so that validators that take time change nobody's order. */
export class Arrivals<Item, Value> {
  readonly #schema: StandardSchema<unknown, Value> | undefined
  readonly #settle: (item: Item, verdict: Checked<Value>) => void
  readonly #waiting: Waiting<Item>[] = []
  #isBusy = false
  #running: Promise<void> = Promise.resolve()

  /** `settle` is told each verdict, in the order in which the values came. */
  constructor(
    schema: StandardSchema<unknown, Value> | undefined,
    settle: (item: Item, verdict: Checked<Value>) => void,
  ) {
    this.#schema = schema
    this.#settle = settle
  }

  /** False when too many values wait: this one is dropped. */
  take(item: Item, value: unknown): boolean {
    if (this.#isBusy) {
      if (this.#waiting.length >= maxWaiting) return false
      this.#waiting.push({ item, value })
    } else this.#check({ item, value })
    return true
  }

  /** Resolves when none waits for its validator. */
  async settled(): Promise<void> {
    while (this.#isBusy) await this.#running
  }

  #check({ item, value }: Waiting<Item>): void {
    const verdict = checked(this.#schema, value)
    if (!(verdict instanceof Promise)) {
      this.#settle(item, verdict)
      return
    }
    this.#isBusy = true
    this.#running = verdict.then((late) => {
      this.#settle(item, late)
      this.#isBusy = false
      while (!this.#isBusy) {
        const waiting = this.#waiting.shift()
        if (waiting === undefined) return
        this.#check(waiting)
      }
    })
  }
}

/** Messages of a topic that wait for a validator. Source: our choice; a second of the broadcast target. */
const maxWaiting = 4_096
