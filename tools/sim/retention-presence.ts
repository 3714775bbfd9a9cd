import type { Rng } from '@kithnet/kernel'

/** How peers come and go. Times in milliseconds. */
export interface Coming {
  /** Share of its time that a peer is there, until it leaves for good. */
  readonly availability: number
  /** Mean length of an absence. */
  readonly absenceMs: number
  /** Mean time until a peer leaves for good. */
  readonly stayMs: number
}

/** Whether a peer is there, and what happens to it next: memoryless, so that it is stationary from the start. */
export class Presence {
  readonly #rng: Rng
  readonly #coming: Coming
  #isThere: boolean

  constructor(rng: Rng, coming: Coming) {
    this.#rng = rng
    this.#coming = coming
    this.#isThere = rng.unit() < coming.availability
  }

  get isThere(): boolean {
    return this.#isThere
  }

  /** How long until it leaves for good. */
  stayMs(): number {
    return exponential(this.#rng, this.#coming.stayMs)
  }

  /** How long it stays as it is now. */
  holdMs(): number {
    const { availability, absenceMs } = this.#coming
    const presenceMs = (absenceMs * availability) / (1 - availability)
    return exponential(this.#rng, this.#isThere ? presenceMs : absenceMs)
  }

  turn(): void {
    this.#isThere = !this.#isThere
  }
}

function exponential(rng: Rng, mean: number): number {
  return -mean * Math.log(1 - rng.unit())
}
