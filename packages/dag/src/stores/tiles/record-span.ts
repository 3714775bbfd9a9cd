import type { Bytes } from '@kithnet/kernel'

/** A record's place in bytes that hold many, and the ids in it. */
export interface RecordSpan {
  readonly length: number
  /** UTF-8 of the ids, views into the bytes. */
  readonly id: Bytes
  readonly parents: readonly Bytes[]
}

/**
 * The record that begins at an offset, by its lengths alone; `undefined` where none begins or where the bytes end before
 * it does. With `isExact`, the bytes are known to be one record, and the last field may be missing, as in the oldest ones.
 * Source: elara-runtime, wire format 1: a record says itself how long it is.
 */
export function recordSpan(
  bytes: Bytes,
  start: number,
  isExact: boolean = false,
): RecordSpan | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  let at = start + fixedHeadBytes
  const text = (): Bytes | undefined => {
    if (at >= bytes.length) return undefined
    const from = at + 1
    at = from + bytes[at]!
    return at <= bytes.length ? bytes.subarray(from, at) : undefined
  }
  const skip = (width: 2 | 4): boolean => {
    if (at + width > bytes.length) return false
    at += width + (width === 2 ? view.getUint16(at) : view.getUint32(at))
    return at <= bytes.length
  }
  if (at > bytes.length || view.getUint32(start) !== recordMagic) return undefined
  if (view.getUint16(start + 4) !== 1) return undefined
  const id = text()
  if (id === undefined) return undefined
  at += contentHashBytes
  if (!skip(2)) return undefined
  at += timestampBytes
  if (at + 2 > bytes.length) return undefined
  let count = view.getUint16(at)
  at += 2
  const parents: Bytes[] = []
  for (; count > 0; count--) {
    const parent = text()
    if (parent === undefined) return undefined
    parents.push(parent)
  }
  at += classificationBytes
  if (!skip(4) || !skip(4) || !skip(2)) return undefined
  if (!skip(2) && !(isExact && at === bytes.length)) return undefined
  return { length: at - start, id, parents }
}

// Source of the four: elara-runtime, wire format 1.
const recordMagic = 0x45_4c_52_41
const fixedHeadBytes = 8
const contentHashBytes = 32
const timestampBytes = 8
const classificationBytes = 1
