import { maxRanges } from './codec.ts'
import { type Span, spanBytes, type Spans } from './hybrid-messages.ts'
import { type Bound, precedes } from './order.ts'

/** Collects the ranges of one turn within its bounds; neighbours that say the same become one. */
export class SpanWriter {
  readonly #spans: Span[] = []
  #budgetBytes: number
  #start: Bound | undefined
  #end: Bound | undefined

  constructor(budgetBytes: number) {
    this.#budgetBytes = budgetBytes
  }

  get roomBytes(): number {
    return this.#budgetBytes
  }

  /** Adds a range from `lower` on; false, and nothing is added, when it does not fit. */
  push(lower: Bound, span: Span): boolean {
    const gap = this.#end !== undefined && precedes(this.#end, lower)
    const skip: Span = { type: 'skip', upper: lower }
    const bytes =
      spanBytes(span, gap ? lower.time : (this.#end?.time ?? 0)) +
      (gap ? spanBytes(skip, this.#end!.time) : startBytes)
    if (bytes > this.#budgetBytes || this.#spans.length + 2 > maxRanges) return false
    this.#budgetBytes -= bytes
    this.#start ??= lower
    if (gap) this.#spans.push(skip)
    this.#spans.push(this.#merged(span))
    this.#end = span.upper
    return true
  }

  finish(): Spans {
    return { start: this.#start ?? { time: 0, id: '' }, spans: this.#spans }
  }

  /** One span with what the last one says, when both are lists or both ask. */
  #merged(span: Span): Span {
    const last = this.#spans.at(-1)
    if (last?.type === 'ask' && span.type === 'ask') {
      this.#spans.pop()
      return span
    }
    if (last?.type !== 'list' || span.type !== 'list') return span
    this.#spans.pop()
    return { ...span, shorts: [...last.shorts, ...span.shorts] }
  }
}

/** Bytes of the first bound, at most: a time, and a prefix with its head. */
const startBytes = 9 + 34
