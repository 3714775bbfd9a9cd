import { maxRanges } from './codec.ts'
import { type Bound, firstBound, precedes } from './order.ts'
import { envelopeBytes, type Range, rangeBytes, type Walk } from './walk-messages.ts'

/** Room kept for one skip and one last fingerprint, whatever their bounds. */
const restBytes = 128

/** Collects the ranges of one message within its bounds; ranges that need no word are merged or left out. */
export class RangeWriter {
  readonly #budgetBytes: number
  readonly #ranges: Range[] = []
  #start: Bound
  /** Where the last written range ends. */
  #written: Bound
  /** How far all is said, by a range or by silence. */
  #end: Bound
  #bytes = envelopeBytes

  constructor(start: Bound, messageBytes: number) {
    this.#budgetBytes = messageBytes - restBytes
    this.#start = start
    this.#written = start
    this.#end = start
  }

  /** Where the next range begins. */
  get end(): Bound {
    return this.#end
  }

  /** Bytes left for one more range, the skip before it taken off. */
  get roomBytes(): number {
    const gap = this.#gap()
    const gapBytes = gap === undefined ? 0 : rangeBytes(gap, this.#written)
    if (this.#ranges.length + 4 > maxRanges) return 0
    return this.#budgetBytes - this.#bytes - gapBytes
  }

  /** Nothing to say up to `upper`. */
  skip(upper: Bound): void {
    if (precedes(this.#end, upper)) this.#end = upper
  }

  /** Adds a range from `end` on; false, and nothing is added, when it does not fit. */
  push(range: Range): boolean {
    if (rangeBytes(range, this.#end) > this.roomBytes) return false
    this.#append(range)
    return true
  }

  /** Adds the one range for which room was kept. */
  pushRest(range: Range): void {
    this.#append(range)
  }

  finish(): Walk {
    const start = this.#ranges.length === 0 ? firstBound : this.#start
    return { start, ranges: this.#ranges }
  }

  #append(range: Range): void {
    const gap = this.#gap()
    if (gap !== undefined) {
      this.#bytes += rangeBytes(gap, this.#written)
      this.#ranges.push(gap)
    } else if (this.#ranges.length === 0) {
      this.#start = this.#end
    }
    this.#bytes += rangeBytes(range, this.#end)
    this.#ranges.push(range)
    this.#written = range.upper
    this.#end = range.upper
  }

  #gap(): Range | undefined {
    if (this.#ranges.length === 0 || !precedes(this.#written, this.#end)) return undefined
    return { type: 'skip', upper: this.#end }
  }
}
