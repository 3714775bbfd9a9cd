import { type Bytes, fromHex, toHex } from '@kithnet/kernel'
import { type CborValue, idBytes, isBytesUpTo, isUint } from '@kithnet/types'
import type { Bound, Item } from './order.ts'

/** Bytes of the salt that a side draws for a session. Source: our choice, 128 bits. */
export const saltBytes = 16
/** Longest encoded message. Source: our choice: half a frame, about 900 ids. */
export const maxMessageBytes = 32_768
/** Most ranges of a message. Source: our choice: bounds the work that one message can ask for. */
export const maxRanges = 1_024
/** Most times and ids, by turns, of a list of items. */
export const maxItemParts: number = 2 * (maxMessageBytes / idBytes)

/** Bytes of the head of a number or a length. Source: RFC 8949 section 3, the shortest head of an argument. */
export function uintBytes(argument: number): number {
  if (argument < 24) return 1
  if (argument < 256) return 2
  if (argument < 65_536) return 3
  return argument < 2 ** 32 ? 5 : 9
}

/** Bytes that one more item takes in a list, after an item or bound at `time`. */
export function itemBytes(item: Item, time: number): number {
  return uintBytes(item.time - time) + 2 + idBytes
}

/** A time as what it is beyond `fromTime`, and an id or its prefix. */
export function decodeBound(
  fromTime: number,
  delta: CborValue | undefined,
  prefix: CborValue | undefined,
): Bound | undefined {
  if (!isUint(delta) || !isBytesUpTo(prefix, idBytes)) return undefined
  const time = fromTime + delta
  return Number.isSafeInteger(time) ? { time, id: toHex(prefix) } : undefined
}

/** The bytes of an id or its prefix. */
export function hexBytes(hex: string): Bytes {
  return fromHex(hex)!
}
