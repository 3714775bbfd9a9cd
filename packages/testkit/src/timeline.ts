import { type Instant, instant } from '@kithnet/kernel'
import { EventQueue, type Subject } from './event-queue.ts'
import { Trace } from './trace.ts'

/** Virtual time: what is to happen, when, and the trace of what has. */
export class Timeline {
  readonly trace: Trace
  /** Events that have happened. */
  events = 0
  #nowUs = 0
  readonly #queue = new EventQueue()

  constructor(trace: Trace = new Trace()) {
    this.trace = trace
  }

  get nowUs(): number {
    return this.#nowUs
  }

  get now(): Instant {
    return instant(this.#nowUs / 1000)
  }

  /** Events that wait. */
  get waiting(): number {
    return this.#queue.size
  }

  /** Plans an event, now at the earliest. */
  at(atUs: number, kind: number, subject: Subject, detail?: unknown): number {
    return this.#queue.push(Math.max(atUs, this.#nowUs), kind, subject, detail)
  }

  cancel(id: number): void {
    this.#queue.cancel(id)
  }

  /** Lets the next event happen if it is due at `limitUs`. */
  step(limitUs: number): boolean {
    const queue = this.#queue
    if (!queue.pop(limitUs)) return false
    this.#nowUs = queue.atUs
    this.events++
    this.trace.integer(queue.atUs)
    queue.subject!.occur(queue.kind, queue.detail)
    return true
  }

  /** Lets time pass up to `limitUs`, when nothing is due before. */
  passTo(limitUs: number): void {
    if (limitUs > this.#nowUs) this.#nowUs = limitUs
  }
}

/** The first whole microsecond that is not before an instant, so that no timer fires early. */
export function usAt(at: Instant): number {
  const us = Math.round(at * 1000)
  return us / 1000 < at ? us + 1 : us
}
