import { fail, ok, type Result } from '@kithnet/kernel'
import { badShape, type CborValue, idBytes, isBytes, isList } from '@kithnet/types'
import {
  decodeBound,
  hexBytes,
  itemBytes,
  maxItemParts,
  maxMessageBytes,
  maxRanges,
  saltBytes,
  uintBytes,
} from './codec.ts'
import type { MessageFault } from './faults.ts'
import { type Bound, type Item, precedes } from './order.ts'

/** The range-based walk alone. */
export const walkVersion = 1
/** Bytes of a fingerprint. Source: negentropy v1 cuts its hash to 16 bytes, too. */
export const fingerprintBytes = 16
/** What the sender says of the items between the bound before and `upper`. */
export type Range =
  /** Nothing: the same on both sides, or settled. */
  | { readonly type: 'skip'; readonly upper: Bound }
  /** Their fingerprint: is yours the same? */
  | { readonly type: 'fingerprint'; readonly upper: Bound; readonly fingerprint: Uint8Array }
  /** All of them: what differs? */
  | { readonly type: 'list'; readonly upper: Bound; readonly items: readonly Item[] }
  /** Answer to a list: what the sender holds beyond it (`extra`), and what of it the sender lacks (`missing`). */
  | {
      readonly type: 'resolve'
      readonly upper: Bound
      readonly extra: readonly Item[]
      readonly missing: readonly Item[]
    }

/** Ranges one after the other, the first of which begins at `start`. */
export interface Walk {
  readonly start: Bound
  readonly ranges: readonly Range[]
}

/** Bytes that `encodeMessage` and canonical CBOR make of a message without its ranges, at most. */
export const envelopeBytes: number = 8 + saltBytes + 9 + 34 + 4

/** Bytes that one range takes, after a bound at `previous`, at most. */
export function rangeBytes(range: Range, previous: Bound): number {
  const bound = 1 + uintBytes(range.upper.time - previous.time) + textBytes(range.upper.id)
  switch (range.type) {
    case 'skip':
      return bound
    case 'fingerprint':
      return bound + 1 + fingerprintBytes
    case 'list':
      return bound + itemsBytes(range.items, previous)
    case 'resolve':
      return bound + itemsBytes(range.extra, previous) + itemsBytes(range.missing, previous)
  }
}

function itemsBytes(items: readonly Item[], previous: Bound): number {
  let bytes = uintBytes(items.length * 2)
  let time = previous.time
  for (const item of items) {
    bytes += itemBytes(item, time)
    time = item.time
  }
  return bytes
}

function textBytes(hex: string): number {
  const length = hex.length / 2
  return uintBytes(length) + length
}

export function encodeWalk(walk: Walk): CborValue[] {
  let previous = walk.start
  const ranges = walk.ranges.map((range): CborValue => {
    const from = previous
    const upper = [range.upper.time - from.time, hexBytes(range.upper.id)]
    previous = range.upper
    switch (range.type) {
      case 'skip':
        return upper
      case 'fingerprint':
        return [...upper, range.fingerprint]
      case 'list':
        return [...upper, encodeItems(range.items, from)]
      case 'resolve':
        return [...upper, encodeItems(range.extra, from), encodeItems(range.missing, from)]
    }
  })
  return [walk.start.time, hexBytes(walk.start.id), ranges]
}

function encodeItems(items: readonly Item[], from: Bound): CborValue {
  const flat: CborValue[] = []
  let time = from.time
  for (const item of items) {
    flat.push(item.time - time, hexBytes(item.id))
    time = item.time
  }
  return flat
}

export function decodeWalk(
  time: CborValue | undefined,
  prefix: CborValue | undefined,
  ranges: CborValue | undefined,
): Result<Walk, MessageFault> {
  const start = decodeBound(0, time, prefix)
  if (start === undefined) return badShape('walk.start')
  if (!isList(ranges, maxRanges)) return badShape('walk.ranges')
  const decoded: Range[] = []
  let previous = start
  let bytes = envelopeBytes
  for (const value of ranges) {
    const range = decodeRange(value, previous)
    if (!range.ok) return range
    bytes += rangeBytes(range.value, previous)
    if (bytes > maxMessageBytes) {
      return fail({ code: 'reconcile/too-long', maxBytes: maxMessageBytes })
    }
    previous = range.value.upper
    decoded.push(range.value)
  }
  return ok({ start, ranges: decoded })
}

function decodeRange(value: CborValue, previous: Bound): Result<Range, MessageFault> {
  if (!isList(value, 4) || value.length < 2) return badShape('range')
  const upper = decodeBound(previous.time, value[0], value[1])
  if (upper === undefined || !precedes(previous, upper)) return badShape('range.upper')
  if (value.length === 2) return ok({ type: 'skip', upper })
  const [, , first, second] = value
  if (value.length === 4) {
    const extra = decodeItems(first, previous, upper)
    const missing = decodeItems(second, previous, upper)
    if (extra === undefined || missing === undefined) return badShape('range.resolve')
    return ok({ type: 'resolve', upper, extra, missing })
  }
  if (isBytes(first, fingerprintBytes)) {
    return ok({ type: 'fingerprint', upper, fingerprint: first.slice() })
  }
  const items = decodeItems(first, previous, upper)
  return items === undefined ? badShape('range.list') : ok({ type: 'list', upper, items })
}

/** Items in strictly rising order within [from, upper), or `undefined`. */
function decodeItems(
  value: CborValue | undefined,
  from: Bound,
  upper: Bound,
): readonly Item[] | undefined {
  if (!isList(value, maxItemParts) || value.length % 2 !== 0) return undefined
  const items: Item[] = []
  let previous = from
  for (let index = 0; index < value.length; index += 2) {
    const id = value[index + 1]
    if (!isBytes(id, idBytes)) return undefined
    const item = decodeBound(previous.time, value[index], id)
    if (item === undefined || !precedes(item, upper)) return undefined
    // A whole id may lie exactly on the bound that begins its range, but two items never coincide.
    if (items.length === 0 ? precedes(item, previous) : !precedes(previous, item)) return undefined
    items.push(item)
    previous = item
  }
  return items
}
