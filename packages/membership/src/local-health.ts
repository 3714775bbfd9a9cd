/**
 * How well this peer itself is doing, from 0 (well) to a bound: a peer that misses answers it should have got
 * is probably slow, and gives others more time.
 *
 * Source: Lifeguard, section IV-A (local health multiplier); hashicorp/memberlist, awareness.go.
 */
export class LocalHealth {
  readonly #max: number
  #score = 0

  constructor(max: number) {
    this.#max = max
  }

  get score(): number {
    return this.#score
  }

  /** Worse when positive. */
  change(by: number): void {
    this.#score = Math.min(this.#max, Math.max(0, this.#score + by))
  }

  /** The duration for a peer of this health. */
  stretch(ms: number): number {
    return ms * (this.#score + 1)
  }
}
