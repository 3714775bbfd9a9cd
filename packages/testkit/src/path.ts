import type { Rng } from '@kithnet/kernel'

/** Loss that comes in bursts: a two-state chain, one step per message. Source: Gilbert 1960, Elliott 1963. */
export interface BurstLoss {
  /** Chance per message that good weather turns bad. */
  readonly goodToBad: number
  /** Chance per message that bad weather turns good; its inverse is the mean length of a burst. */
  readonly badToGood: number
  /** Share of messages lost in bad weather. */
  readonly lossInBad: number
}

/** What one direction of a link does to messages, besides taking its time. Rates are shares in [0, 1]. */
export interface PathConditions {
  readonly lossRate: number
  readonly burstLoss: BurstLoss | undefined
  /** Share of messages that arrive twice. */
  readonly duplicateRate: number
  /** Share of messages that later ones may overtake. */
  readonly reorderRate: number
  /** How far such a message falls behind, at most. */
  readonly reorderMs: number
  /** Extra delay of each message, uniform from 0. Order is kept. */
  readonly jitterMs: number
  /** Serialisation: a message leaves when those before it have; needs the network's `sizeOf`. */
  readonly bytesPerSecond: number
}

/** A perfect path. */
export const clearPath: PathConditions = {
  lossRate: 0,
  burstLoss: undefined,
  duplicateRate: 0,
  reorderRate: 0,
  reorderMs: 0,
  jitterMs: 0,
  bytesPerSecond: Infinity,
}

/** What a path decided about one message: when its copies arrive, in microseconds; none when lost. */
export type Arrivals = readonly number[]

const lost: Arrivals = []

/** One direction of a link: its conditions, the weather, and the order of what is under way. */
export class Path {
  conditions: PathConditions = clearPath
  latencyUs = 0
  /**
   * False while arrivals are in order by themselves, which they are when each takes the same time: then
   * `#floorUs` is neither read nor kept.
   */
  guarded = false
  /** Nothing in order arrives before this. */
  #floorUs = 0
  #freeUs = 0
  #bad = false

  /** True when a message needs no dice. */
  get plain(): boolean {
    return this.conditions === clearPath
  }

  /** The arrival of a message on a plain path. */
  next(nowUs: number): number {
    const atUs = nowUs + this.latencyUs
    if (!this.guarded) return atUs
    if (atUs < this.#floorUs) return this.#floorUs
    this.#floorUs = atUs
    this.guarded = false
    return atUs
  }

  /** Throws the dice for one message. */
  arrivals(nowUs: number, sizeBytes: number, rng: Rng): Arrivals {
    const conditions = this.conditions
    // What is lost on the way has used the sender's bandwidth all the same.
    const leftUs = this.#leave(nowUs, sizeBytes)
    this.guarded = true
    if (this.#loses(rng)) return lost
    const jitterUs = conditions.jitterMs > 0 ? rng.unit() * conditions.jitterMs * 1000 : 0
    const atUs = Math.max(Math.round(leftUs + this.latencyUs + jitterUs), this.#floorUs)
    if (conditions.reorderRate > 0 && rng.unit() < conditions.reorderRate) {
      return [atUs + Math.ceil(rng.unit() * conditions.reorderMs * 1000)]
    }
    this.#floorUs = atUs
    const twice = conditions.duplicateRate > 0 && rng.unit() < conditions.duplicateRate
    return twice ? [atUs, atUs] : [atUs]
  }

  #leave(nowUs: number, sizeBytes: number): number {
    const { bytesPerSecond } = this.conditions
    if (bytesPerSecond === Infinity) return nowUs
    this.#freeUs = Math.max(this.#freeUs, nowUs) + (sizeBytes / bytesPerSecond) * 1e6
    return this.#freeUs
  }

  #loses(rng: Rng): boolean {
    const { lossRate, burstLoss } = this.conditions
    if (burstLoss !== undefined) {
      const turn = this.#bad ? burstLoss.badToGood : burstLoss.goodToBad
      if (rng.unit() < turn) this.#bad = !this.#bad
      if (this.#bad && rng.unit() < burstLoss.lossInBad) return true
    }
    return lossRate > 0 && rng.unit() < lossRate
  }
}
