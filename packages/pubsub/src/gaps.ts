import type { Instant } from '@kithnet/kernel'

/** Numbers of a stream: `count` of them from `first` on. */
export interface Numbers {
  readonly first: number
  readonly count: number
}

/** A hole that was told, and how much of it is still open. */
interface Gap extends Numbers {
  openRuns: number
  /** Some of it was told lost, so it will not be told repaired. */
  hasLost: boolean
  readonly until: Instant
}

/** Numbers of one gap that have not come: from `first`, before `end`. */
interface Run {
  first: number
  end: number
  readonly gap: Gap
}

/** Open runs of a stream. The lowest is given up for another. Source: our choice. */
const maxRuns = 64

/** The numbers of one stream that are missing, in rising order. Each gap ends repaired, or its rest is lost. */
export class Gaps {
  #runs: Run[] = []

  /** The lowest number that is missing. */
  get first(): number | undefined {
    return this.#runs[0]?.first
  }

  /** When the lowest is to be given up. Later gaps are never due before it. */
  get until(): Instant | undefined {
    return this.#runs[0]?.gap.until
  }

  /** Opens a gap above all others. */
  open(first: number, count: number, until: Instant): void {
    const gap: Gap = { first, count, openRuns: 1, hasLost: false, until }
    this.#runs.push({ first, end: first + count, gap })
  }

  /** True when the number is missing. */
  has(seq: number): boolean {
    const run = this.#runs[this.#at(seq)]
    return run !== undefined && seq < run.end
  }

  /** A number has come: the gap that this repairs. */
  fill(seq: number): Numbers | undefined {
    const at = this.#at(seq)
    const run = this.#runs[at]
    if (run === undefined || seq >= run.end) return undefined
    const { gap } = run
    const rest: Run[] = []
    if (run.first < seq) rest.push({ first: run.first, end: seq, gap })
    if (seq + 1 < run.end) rest.push({ first: seq + 1, end: run.end, gap })
    this.#runs.splice(at, 1, ...rest)
    gap.openRuns += rest.length - 1
    return gap.openRuns === 0 && !gap.hasLost ? gap : undefined
  }

  /** Gives the lowest numbers up that are missing. */
  giveUp(): Numbers | undefined {
    const run = this.#runs.shift()
    if (run === undefined) return undefined
    run.gap.openRuns--
    run.gap.hasLost = true
    return { first: run.first, count: run.end - run.first }
  }

  /** Numbers that are missing, in runs. */
  get missing(): readonly Numbers[] {
    return this.#runs.map(({ first, end }) => ({ first, count: end - first }))
  }

  /** True when a run has to be given up. */
  get isFull(): boolean {
    return this.#runs.length > maxRuns
  }

  /** Index of the last run that begins at or before `seq`, or -1. */
  #at(seq: number): number {
    let low = 0
    let high = this.#runs.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#runs[middle]!.first <= seq) low = middle + 1
      else high = middle
    }
    return low - 1
  }
}
