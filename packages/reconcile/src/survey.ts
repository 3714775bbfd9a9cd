import type { Span, Spans } from './hybrid-messages.ts'
import { type KeyedItems, shortHashBytes, type Stretch } from './keyed-items.ts'
import { type Bound, type Item, precedes, separator } from './order.ts'
import type { SpanWriter } from './span-writer.ts'

/**
 * Fewest items that one side must have beyond the other in a stretch for it to be looked into. Source: measured; what
 * is listed costs some 20 bytes a difference less than coded symbols, a look some 40 bytes.
 */
const worthwhileSurplus = 16
/** The same where the other side has to be asked, or where our few are listed at once. Source: our choice, measured. */
const worthAsking = 8
const worthListing = 4
/** Most and fewest parts into which a stretch is cut. Source: our choice, measured. */
const mostParts = 32
const fewestParts = 6
/** Surplus for each part: a cut takes some 3 % of what its surplus will cost, should it be scattered after all. */
const surplusPerPart = 3
/** Items that are listed without another look, which would cost as much; a quarter of the surplus is, too. */
const alwaysListed = 20
/** Most items of a list. Source: our choice: 6 KB. */
const mostListed = 1_000

/** What the ranges of a turn led to. */
export interface Findings<Id extends string> {
  /** Here and not there: to be given. */
  readonly have: readonly Item<Id>[]
  /** Short hashes of what is there and not here. */
  readonly want: readonly number[]
  /** Ranges that are settled by lists, of either side. */
  readonly settled: readonly Stretch[]
  /** Something was counted or asked for here: coded symbols wait for the answer. */
  readonly looking: boolean
}

/**
 * Finds where one side has much that the other has not, by comparing how many items each has between bounds, and has
 * that listed. What is left is for coded symbols.
 */
export class Survey<Id extends string> {
  readonly #keyed: KeyedItems<Id>
  readonly #window: Stretch

  constructor(keyed: KeyedItems<Id>, window: Stretch) {
    this.#keyed = keyed
    this.#window = window
  }

  /** Answers the other side's ranges; `most` items at most are found. */
  answer({ start, spans }: Spans, reply: SpanWriter, most: number): Findings<Id> {
    const have: Item<Id>[] = []
    const want: number[] = []
    const settled: Stretch[] = []
    let looking = false
    let lower = start
    for (const span of spans) {
      const stretch = this.#within(lower, span.upper)
      lower = span.upper
      if (stretch === undefined || span.type === 'skip') continue
      if (span.type === 'list') {
        settled.push(stretch)
        this.#compare(stretch, span.shorts, have, want, most)
      } else if (span.type === 'ask') {
        if (this.#list(stretch, reply)) settled.push(stretch)
      } else {
        const said = this.look(stretch, span.count, reply)
        if (said === 'list') settled.push(stretch)
        looking ||= said === 'count' || said === 'ask'
      }
    }
    return { have, want, settled, looking }
  }

  /** Says what there is to say of a stretch in which the other side has `theirs` items. */
  look(stretch: Stretch, theirs: number, reply: SpanWriter): Span['type'] {
    const ours = this.#keyed.count(stretch)
    const surplus = Math.abs(ours - theirs)
    const fewer = Math.min(ours, theirs)
    const isWorthwhile = surplus >= worthwhileSurplus
    const most = isWorthwhile ? Math.max(alwaysListed, surplus / 4) : surplus
    const isShort = fewer <= Math.min(most, mostListed)
    if (isShort && ours < theirs && surplus >= worthListing) {
      return this.#list(stretch, reply) ? 'list' : 'skip'
    }
    if (isShort && ours > theirs && surplus >= worthAsking) {
      return reply.push(stretch.lower, { type: 'ask', upper: stretch.upper }) ? 'ask' : 'skip'
    }
    if (!isWorthwhile) return 'skip'
    const parts = Math.ceil(surplus / surplusPerPart)
    return this.#cut(stretch, Math.max(fewestParts, Math.min(mostParts, parts)), reply)
  }

  #list(stretch: Stretch, reply: SpanWriter): boolean {
    const count = this.#keyed.count(stretch)
    if (count > mostListed || count * shortHashBytes > reply.roomBytes) return false
    const shorts = this.#keyed.shortHashes(stretch)
    return reply.push(stretch.lower, { type: 'list', upper: stretch.upper, shorts })
  }

  /** Counts the items between as many bounds as there are parts, at equal distances among our items. */
  #cut({ lower, upper }: Stretch, parts: number, reply: SpanWriter): Span['type'] {
    const { items } = this.#keyed
    const low = items.rank(lower)
    const high = items.rank(upper)
    let from = low
    let start = lower
    for (let part = 1; part <= parts; part++) {
      const to = low + Math.floor(((high - low) * part) / parts)
      if (to === from) continue
      const end = to === high ? upper : separator(items.at(to - 1), items.at(to))
      if (!reply.push(start, { type: 'count', upper: end, count: to - from })) break
      from = to
      start = end
    }
    return from > low ? 'count' : 'skip'
  }

  #compare(
    stretch: Stretch,
    theirs: readonly number[],
    have: Item<Id>[],
    want: number[],
    most: number,
  ): void {
    const ours = new Set(this.#keyed.shortHashes(stretch))
    for (const short of theirs) if (!ours.has(short) && want.length < most) want.push(short)
    for (const item of this.#keyed.find(stretch, new Set(theirs), false)) {
      if (have.length === most) return
      have.push(item)
    }
  }

  #within(lower: Bound, upper: Bound): Stretch | undefined {
    const from = precedes(lower, this.#window.lower) ? this.#window.lower : lower
    const to = precedes(this.#window.upper, upper) ? this.#window.upper : upper
    return precedes(from, to) ? { lower: from, upper: to } : undefined
  }
}

/** The stretches of a window that lie outside the settled ones. */
export function unsettled(window: Stretch, settled: readonly Stretch[]): readonly Stretch[] {
  const order = (a: Stretch, b: Stretch): number => (precedes(a.lower, b.lower) ? -1 : 1)
  const rest: Stretch[] = []
  let lower = window.lower
  for (const stretch of settled.toSorted(order)) {
    if (precedes(lower, stretch.lower)) rest.push({ lower, upper: stretch.lower })
    if (precedes(lower, stretch.upper)) lower = stretch.upper
  }
  if (precedes(lower, window.upper)) rest.push({ lower, upper: window.upper })
  return rest
}
