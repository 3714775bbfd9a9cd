import type { CborValue } from '@kithnet/types'
import { type Answer, ended, refused, type Side } from './answer.ts'
import { CodedExchange } from './coded-exchange.ts'
import { hexBytes, saltBytes } from './codec.ts'
import { Delivery } from './delivery.ts'
import type { HybridOpen, HybridTurn, SymbolPart } from './hybrid-messages.ts'
import type { ItemSet } from './item-set.ts'
import { KeyedItems, type Stretch } from './keyed-items.ts'
import { encodeMessage, type ReconcileMessage } from './messages.ts'
import { type Item, precedes } from './order.ts'
import { SpanWriter } from './span-writer.ts'
import { Survey, unsettled } from './survey.ts'
import type { Tally } from './tally.ts'
import { WalkSession } from './walk-session.ts'

/** What this side says in one turn. */
type Said = Pick<HybridTurn, 'head' | 'ranges' | 'symbols'>

/** Found in one turn. */
interface Found<Id extends string> {
  readonly have: Item<Id>[]
  readonly need: Item<Id>[]
}

/** What both sides agreed on. */
interface Agreed<Id extends string> {
  readonly keyed: KeyedItems<Id>
  readonly window: Stretch
  readonly survey: Survey<Id>
  /** How many items more than the other side this one has. */
  readonly surplus: number
}

/**
 * Version 2: coded symbols for what is scattered, lists for stretches where one side has much that the other lacks, and
 * the range-based walk when symbols do not come to an end. Either side may count, list, send symbols and give.
 */
export class HybridSession<Id extends string> implements Side<Id> {
  readonly #items: ItemSet<Id>
  readonly #tally: Tally<Id>
  /** Of the side that accepts. */
  readonly #salt: Uint8Array<ArrayBuffer> | undefined
  readonly #ownWindow: Stretch
  readonly #delivery: Delivery<Id>
  readonly #settled: Stretch[] = []
  /** The number of the last turn, of either side. */
  #number = 0
  #opening: HybridOpen | undefined
  #agreed: Agreed<Id> | undefined
  #coded: CodedExchange<Id> | undefined
  #walk: WalkSession<Id> | undefined

  constructor(
    items: ItemSet<Id>,
    window: Stretch,
    tally: Tally<Id>,
    salt?: Uint8Array<ArrayBuffer>,
  ) {
    this.#items = items
    this.#ownWindow = window
    this.#tally = tally
    this.#salt = salt
    this.#delivery = new Delivery(tally)
  }

  /** The first message. */
  open(salt: Uint8Array<ArrayBuffer>): CborValue {
    const window = this.#ownWindow
    const { count, sum } = totalOf(new KeyedItems(this.#items, [salt]), window)
    this.#opening = { salt, window, count, sum }
    return encodeMessage({ type: 'open', ...this.#opening })
  }

  take(message: ReconcileMessage): Answer<Id> {
    if (this.#walk === undefined && message.type === 'walk') return this.#joinWalk(message)
    if (this.#walk !== undefined) return this.#walk.take(message)
    if (message.type === 'open' && this.#opening === undefined) return this.#accept(message)
    if (message.type === 'turn' && message.number === this.#number + 1) return this.#turn(message)
    return refused(message)
  }

  /** Answers an opening: nothing more when both hold the same. */
  #accept(opening: HybridOpen): Answer<Id> {
    this.#opening = opening
    const total = totalOf(new KeyedItems(this.#items, [opening.salt]), opening.window)
    const isSame = total.sum.every((byte, index) => byte === opening.sum[index])
    const window = within(opening.window, this.#ownWindow)
    if (isSame || window === undefined) return finished(encodeMessage(nothing))
    const salt = this.#salt!
    const { keyed, survey, surplus } = this.#agree(salt, window, opening.count)
    const narrowed = window === opening.window ? undefined : window
    const found = none<Id>()
    const spans = new SpanWriter(this.#roomBytes)
    const head = { salt, count: keyed.count(window), window: narrowed }
    if (opening.count === 0) {
      // As good as an empty list: whoever comes late waits for one round trip only.
      this.#delivery.give(keyed.find(window, new Set(), false), found.have)
      return this.#say({ head, ranges: spans.finish(), symbols: undefined }, spans.roomBytes, found)
    }
    const said = survey.look(window, opening.count, spans)
    if (said === 'list') this.#settled.push(window)
    let symbols: SymbolPart | undefined
    if (said === 'skip') {
      this.#coded = new CodedExchange(keyed, [window], this.#tally.limits)
      symbols = this.#coded.begin(surplus, spans.roomBytes)
    }
    return this.#say({ head, ranges: spans.finish(), symbols }, spans.roomBytes, found)
  }

  #turn(turn: HybridTurn): Answer<Id> {
    this.#number = turn.number
    const fault = this.#tally.admit()
    if (fault !== undefined) return ended(fault, [])
    if (this.#agreed === undefined) {
      if (turn.head === undefined || this.#opening === undefined) {
        return refused({ type: 'turn', ...turn })
      }
      const { window: opened } = this.#opening
      const window = within(turn.head.window ?? opened, opened)
      if (window === undefined) return ended({ code: 'reconcile/outside' })
      this.#agree(turn.head.salt, window, turn.head.count)
    }
    const { survey } = this.#agreed!
    const found = none<Id>()
    this.#receive(turn, found)
    const spans = new SpanWriter(this.#roomBytes)
    const seen = survey.answer(turn.ranges, spans, this.#tally.limits.difference)
    this.#settled.push(...seen.settled)
    this.#delivery.give(seen.have, found.have)
    this.#delivery.want(seen.want)
    const symbols = this.#symbols(turn, seen.looking, spans.roomBytes)
    if (symbols === 'stuck') return this.#fallBack(found)
    if (symbols === 'complete') this.#deliver(found)
    const said = symbols === 'complete' ? undefined : symbols
    const ranges = spans.finish()
    return this.#say({ head: undefined, ranges, symbols: said }, spans.roomBytes, found, turn)
  }

  /** Answers the symbols of a turn, or sends the first ones when there is nothing more to look at. */
  #symbols(
    { ranges, symbols }: HybridTurn,
    looking: boolean,
    roomBytes: number,
  ): SymbolPart | 'complete' | 'stuck' | undefined {
    if (symbols !== undefined) {
      this.#coded ??= this.#codedRest()
      return this.#coded.answer(symbols, roomBytes)
    }
    if (this.#coded?.waits === true) return 'stuck'
    if (ranges.spans.length === 0 || looking || this.#coded !== undefined) return undefined
    this.#coded = this.#codedRest()
    if (!this.#coded.covers) return undefined
    const surplus = this.#settled.length === 0 ? this.#agreed!.surplus : 0
    return this.#coded.begin(surplus, roomBytes)
  }

  /** Coded symbols of all that lists did not settle. */
  #codedRest(): CodedExchange<Id> {
    const { keyed, window } = this.#agreed!
    return new CodedExchange(keyed, unsettled(window, this.#settled), this.#tally.limits)
  }

  /** Takes what was given, and looks up what is wanted. */
  #receive({ gives, wants }: HybridTurn, found: Found<Id>): void {
    const { keyed, window } = this.#agreed!
    for (const { time, id } of gives) {
      const isOutside =
        precedes({ time, id }, window.lower) || !precedes({ time, id }, window.upper)
      if (isOutside || this.#items.has(time, id)) continue
      const item = { time, id: this.#items.idOf(hexBytes(id)) }
      if (this.#tally.isNew(item)) found.need.push(item)
    }
    if (wants.length === 0) return
    this.#delivery.give(keyed.find(window, new Set(wants), true), found.have)
  }

  /** Gives and wants what the symbols came to. */
  #deliver(found: Found<Id>): void {
    const { keyed, window } = this.#agreed!
    const { ours, theirs } = this.#coded!.difference()
    this.#delivery.give(keyed.find(window, ours, true), found.have)
    this.#delivery.want([...theirs])
  }

  /** Composes a turn, as much as fits, and decides whether the session goes on. */
  #say(said: Said, roomBytes: number, found: Found<Id>, heard?: HybridTurn): Answer<Id> {
    const { symbols } = said
    const taken = symbols?.type === 'symbols' ? symbols.bytes.length : 0
    const { gives, wants, rest } = this.#delivery.next(roomBytes - taken)
    const { full, excess } = this.#tally
    if (full && gives.length === 0) return { ...ended<Id>(excess, []), ...found }
    const turn = { number: ++this.#number, ...said, gives, wants, rest: rest || full }
    const isAsking = asks(turn)
    const isOver = !isAsking && heard?.rest !== true
    const isSilent = isOver && gives.length === 0 && heard !== undefined && !asks(heard)
    const reply = isSilent ? undefined : encodeMessage({ type: 'turn', ...turn })
    return { reply, ...found, done: isOver, fault: undefined }
  }

  /** Begins the walk on this side. */
  #fallBack(found: Found<Id>): Answer<Id> {
    const walk = this.#walkFrom().join(this.#fingerprints())
    const reply = encodeMessage({ type: 'walk', ...walk })
    return { reply, ...found, done: false, fault: undefined }
  }

  /** The other side has begun the walk, or ended the session with an empty one. */
  #joinWalk(message: ReconcileMessage & { readonly type: 'walk' }): Answer<Id> {
    const isOpener = this.#agreed === undefined && this.#opening !== undefined
    if (isOpener && message.ranges.length === 0) return finished(undefined)
    if (this.#agreed === undefined || message.ranges.length === 0) return refused(message)
    const walk = this.#walkFrom()
    walk.join(this.#fingerprints())
    return walk.take(message)
  }

  #walkFrom(): WalkSession<Id> {
    this.#coded = undefined
    this.#walk = new WalkSession(this.#items, this.#agreed!.window, this.#tally)
    return this.#walk
  }

  #fingerprints(): (low: number, high: number) => Uint8Array {
    const { keyed } = this.#agreed!
    return (low, high) => keyed.sumOf(low, high)
  }

  #agree(salt: Uint8Array, window: Stretch, theirs: number): Agreed<Id> {
    const keyed = new KeyedItems(this.#items, [this.#opening!.salt, salt])
    const surplus = keyed.count(window) - theirs
    this.#agreed = { keyed, window, survey: new Survey(keyed, window), surplus }
    return this.#agreed
  }

  /** Bytes of a turn that are not heads. */
  get #roomBytes(): number {
    return this.#tally.limits.messageBytes - envelopeBytes
  }
}

/** Bytes of a turn without what it holds, at most: the types, five heads, the salt, a window. */
const envelopeBytes = 50 + saltBytes + 2 * (9 + 34)

/** What a window holds. */
function totalOf<Id extends string>(
  keyed: KeyedItems<Id>,
  { lower, upper }: Stretch,
): Pick<HybridOpen, 'count' | 'sum'> {
  const low = keyed.items.rank(lower)
  const high = keyed.items.rank(upper)
  return { count: high - low, sum: keyed.sumOf(low, high) }
}

/** What two windows share; the first itself when it is all of it. */
function within(window: Stretch, other: Stretch): Stretch | undefined {
  const isLater = precedes(window.lower, other.lower)
  const isSooner = precedes(other.upper, window.upper)
  if (!isLater && !isSooner) return window
  const lower = isLater ? other.lower : window.lower
  const upper = isSooner ? other.upper : window.upper
  return precedes(lower, upper) ? { lower, upper } : undefined
}

/** Says that there is no difference. */
const nothing = { type: 'walk', start: { time: 0, id: '' }, ranges: [] } as const

function none<Id extends string>(): Found<Id> {
  return { have: [], need: [] }
}

function finished<Id extends string>(reply: CborValue | undefined): Answer<Id> {
  return { reply, ...none<Id>(), done: true, fault: undefined }
}

/** True when a turn asks something of whoever gets it. */
function asks({ ranges, symbols, wants, rest }: HybridTurn): boolean {
  const isLooking = ranges.spans.some((span) => span.type !== 'skip')
  return isLooking || symbols !== undefined || wants.length > 0 || rest
}
