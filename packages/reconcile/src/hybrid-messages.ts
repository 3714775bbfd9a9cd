import { type Bytes, fail, ok, type Result } from '@kithnet/kernel'
import {
  badShape,
  type CborValue,
  idBytes,
  isBytes,
  isBytesUpTo,
  isList,
  isTuple,
  isUint,
} from '@kithnet/types'
import {
  decodeBound,
  hexBytes,
  maxItemParts,
  maxMessageBytes,
  maxRanges,
  saltBytes,
  uintBytes,
} from './codec.ts'
import { symbolBytes } from './coded-symbols.ts'
import type { MessageFault } from './faults.ts'
import { shortHashBytes, type Stretch, sumBytes } from './keyed-items.ts'
import { type Bound, firstBound, type Item, precedes } from './order.ts'

/** Coded symbols beside counts of ranges. */
export const hybridVersion = 2
/** What the sender says of its items between the bound before and `upper`. */
export type Span =
  /** Nothing. */
  | { readonly type: 'skip'; readonly upper: Bound }
  /** How many they are: what do you make of it? */
  | { readonly type: 'count'; readonly upper: Bound; readonly count: number }
  /** Their short hashes: give me the others, and say which you lack. The range is settled by that. */
  | { readonly type: 'list'; readonly upper: Bound; readonly shorts: readonly number[] }
  /** They are many more than yours: list yours. */
  | { readonly type: 'ask'; readonly upper: Bound }

/** Ranges one after the other, the first of which begins at `start`. */
export interface Spans {
  readonly start: Bound
  readonly spans: readonly Span[]
}

/** What a message says of coded symbols of all that is not settled by lists. */
export type SymbolPart =
  /** Send on, until I have so many. */
  | { readonly type: 'more'; readonly total: number }
  /** The next ones, of so many items. */
  | { readonly type: 'symbols'; readonly items: number; readonly bytes: Bytes }

/** The opening: what the window of the opener holds. */
export interface HybridOpen {
  readonly salt: Bytes
  readonly window: Stretch
  readonly count: number
  readonly sum: Bytes
}

/** What the first answer says beside. */
export interface TurnHead {
  /** The other half of the key. */
  readonly salt: Bytes
  /** How many items the answering side has in the window. */
  readonly count: number
  /** The window, when it is narrower than the opener's. */
  readonly window: Stretch | undefined
}

/** One turn of either side. */
export interface HybridTurn {
  /** 1, 2, 3, ...: the sides take turns, so each number stands for one side. */
  readonly number: number
  /** In the first answer alone. */
  readonly head: TurnHead | undefined
  readonly ranges: Spans
  readonly symbols: SymbolPart | undefined
  /** Items that the other side lacks, in order. */
  readonly gives: readonly Item[]
  /** Short hashes of items that the sender lacks. */
  readonly wants: readonly number[]
  /** The sender has more gives or wants to send. */
  readonly rest: boolean
}

/** The opening as a value for canonical CBOR. Six parts at most, or a peer that speaks version 1 alone cannot refuse it. */
export function encodeHybridOpen({ salt, window, count, sum }: HybridOpen): CborValue {
  return [0, hybridVersion, salt, encodeStretch(window), count, sum]
}

export function decodeHybridOpen(value: readonly CborValue[]): Result<HybridOpen, MessageFault> {
  const [, , salt, window, count, sum] = value
  if (!isTuple(value, 6)) return badShape('open')
  if (!isBytes(salt, saltBytes)) return badShape('open.salt')
  const stretch = decodeStretch(window)
  if (stretch === undefined) return badShape('open.window')
  if (!isUint(count)) return badShape('open.count')
  if (!isBytes(sum, sumBytes)) return badShape('open.sum')
  return ok({ salt: salt.slice(), window: stretch, count, sum: sum.slice() })
}

export function encodeTurn(turn: HybridTurn): CborValue {
  const { number, head, ranges, symbols, gives, wants, rest } = turn
  const window = head?.window === undefined ? [] : encodeStretch(head.window)
  return [
    3,
    number,
    head === undefined ? [] : [head.salt, head.count, ...window],
    encodeSpans(ranges),
    encodeSymbols(symbols),
    encodeGives(gives),
    encodeShorts(wants),
    rest,
  ]
}

export function decodeTurn(value: readonly CborValue[]): Result<HybridTurn, MessageFault> {
  const [, number, headValue, rangesValue, symbolsValue, givesValue, wantsValue, rest] = value
  if (!isTuple(value, 8) || typeof rest !== 'boolean') return badShape('turn')
  if (!isUint(number)) return badShape('turn.number')
  const head = decodeHead(headValue)
  if (head === null) return badShape('turn.head')
  const ranges = decodeSpans(rangesValue)
  if (ranges === undefined) return badShape('turn.ranges')
  const symbols = decodeSymbols(symbolsValue)
  if (symbols === null) return badShape('turn.symbols')
  const gives = decodeGives(givesValue)
  if (gives === undefined) return badShape('turn.gives')
  const wants = decodeShorts(wantsValue)
  if (wants === undefined) return badShape('turn.wants')
  const turn: HybridTurn = { number, head, ranges, symbols, gives, wants, rest }
  return contentBytes(turn) > maxMessageBytes
    ? fail({ code: 'reconcile/too-long', maxBytes: maxMessageBytes })
    : ok(turn)
}

/** Bytes of what a turn holds in numbers, without heads and bounds. */
function contentBytes({ ranges, symbols, gives, wants }: HybridTurn): number {
  let shorts = wants.length
  for (const span of ranges.spans) if (span.type === 'list') shorts += span.shorts.length
  const coded = symbols?.type === 'symbols' ? symbols.bytes.length : 0
  return shorts * shortHashBytes + coded + gives.length * idBytes
}

/** Bytes that one more range takes, after a bound at `time`, at most. */
export function spanBytes(span: Span, time: number): number {
  const bound = uintBytes(span.upper.time - time) + 2 + span.upper.id.length / 2
  return bound + 4 + (span.type === 'list' ? span.shorts.length * shortHashBytes : 2)
}

function encodeStretch({ lower, upper }: Stretch): CborValue[] {
  return [lower.time, hexBytes(lower.id), upper.time - lower.time, hexBytes(upper.id)]
}

function decodeStretch(value: CborValue | undefined): Stretch | undefined {
  if (!isList(value, 4) || !isTuple(value, 4)) return undefined
  const lower = decodeBound(0, value[0], value[1])
  const upper = lower && decodeBound(lower.time, value[2], value[3])
  if (upper === undefined || lower === undefined || !precedes(lower, upper)) return undefined
  return { lower, upper }
}

/** `null` when it is none. */
function decodeHead(value: CborValue | undefined): TurnHead | undefined | null {
  if (!isList(value, 6)) return null
  if (value.length === 0) return undefined
  const [salt, count, ...window] = value
  if (!isBytes(salt, saltBytes) || !isUint(count)) return null
  if (window.length === 0) return { salt: salt.slice(), count, window: undefined }
  const stretch = decodeStretch(window)
  return stretch === undefined ? null : { salt: salt.slice(), count, window: stretch }
}

function encodeSpans({ start, spans }: Spans): CborValue {
  if (spans.length === 0) return []
  const flat: CborValue[] = [start.time, hexBytes(start.id)]
  let time = start.time
  for (const span of spans) {
    flat.push(span.upper.time - time, hexBytes(span.upper.id), encodeSpan(span))
    time = span.upper.time
  }
  return flat
}

function encodeSpan(span: Span): CborValue {
  switch (span.type) {
    case 'skip':
      return false
    case 'count':
      return span.count
    case 'list':
      return encodeShorts(span.shorts)
    case 'ask':
      return true
  }
}

function decodeSpans(value: CborValue | undefined): Spans | undefined {
  if (!isList(value, 2 + 3 * maxRanges)) return undefined
  if (value.length === 0) return { start: firstBound, spans: [] }
  if (value.length % 3 !== 2 || value.length < 5) return undefined
  const start = decodeBound(0, value[0], value[1])
  if (start === undefined) return undefined
  const spans: Span[] = []
  let previous = start
  for (let at = 2; at < value.length; at += 3) {
    const upper = decodeBound(previous.time, value[at], value[at + 1])
    if (upper === undefined || !precedes(previous, upper)) return undefined
    const span = decodeSpan(upper, value[at + 2])
    if (span === undefined) return undefined
    spans.push(span)
    previous = upper
  }
  return { start, spans }
}

function decodeSpan(upper: Bound, value: CborValue | undefined): Span | undefined {
  if (value === false) return { type: 'skip', upper }
  if (value === true) return { type: 'ask', upper }
  if (isUint(value)) return { type: 'count', upper, count: value }
  const shorts = decodeShorts(value)
  return shorts === undefined ? undefined : { type: 'list', upper, shorts }
}

function encodeSymbols(symbols: SymbolPart | undefined): CborValue {
  if (symbols === undefined) return null
  return symbols.type === 'more' ? symbols.total : [symbols.items, symbols.bytes]
}

/** `null` when they are none. */
function decodeSymbols(value: CborValue | undefined): SymbolPart | undefined | null {
  if (value === null) return undefined
  if (isUint(value)) return { type: 'more', total: value }
  if (!isList(value, 2) || !isTuple(value, 2)) return null
  const [items, bytes] = value
  if (!isUint(items) || !isBytesUpTo(bytes, maxMessageBytes)) return null
  if (bytes.length % symbolBytes !== 0) return null
  return { type: 'symbols', items, bytes: bytes.slice() }
}

function encodeGives(items: readonly Item[]): CborValue {
  const flat: CborValue[] = []
  let time = 0
  for (const item of items) {
    flat.push(item.time - time, hexBytes(item.id))
    time = item.time
  }
  return flat
}

/** Items in strictly rising order, or `undefined`. */
function decodeGives(value: CborValue | undefined): readonly Item[] | undefined {
  if (!isList(value, maxItemParts) || value.length % 2 !== 0) return undefined
  const items: Item[] = []
  let previous = firstBound
  for (let at = 0; at < value.length; at += 2) {
    const id = value[at + 1]
    if (!isBytes(id, idBytes)) return undefined
    const item = decodeBound(previous.time, value[at], id)
    if (item === undefined || !precedes(previous, item)) return undefined
    items.push(item)
    previous = item
  }
  return items
}

function encodeShorts(shorts: readonly number[]): Bytes {
  const bytes = new Uint8Array(shorts.length * shortHashBytes)
  const view = new DataView(bytes.buffer)
  shorts.forEach((short, index) => {
    view.setUint16(index * shortHashBytes, Math.floor(short / 2 ** 32))
    view.setUint32(index * shortHashBytes + 2, short)
  })
  return bytes
}

function decodeShorts(value: CborValue | undefined): number[] | undefined {
  if (!isBytesUpTo(value, maxMessageBytes) || value.length % shortHashBytes !== 0) return undefined
  const view = new DataView(value.buffer, value.byteOffset, value.length)
  const shorts: number[] = []
  for (let at = 0; at < value.length; at += shortHashBytes) {
    shorts.push(view.getUint16(at) * 2 ** 32 + view.getUint32(at + 2))
  }
  return shorts
}
