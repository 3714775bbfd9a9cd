import { type Fault, fail, type Result } from '@kithnet/kernel'
import type { CborValue } from './cbor.ts'

/** A well-formed value that is not what the protocol expects in this place. */
export interface ShapeFault extends Fault {
  readonly code: 'types/shape'
  /** Which field of which structure. */
  readonly field: string
}

/** Fails with the name of the field. */
export function badShape(field: string): { readonly ok: false; readonly fault: ShapeFault } {
  return fail({ code: 'types/shape', field })
}

/** True for an array of exactly `length` items. */
export function isTuple(
  value: CborValue | undefined,
  length: number,
): value is readonly CborValue[] {
  return Array.isArray(value) && value.length === length
}

/** True for an array of at most `most` items. */
export function isList(value: CborValue | undefined, most: number): value is readonly CborValue[] {
  return Array.isArray(value) && value.length <= most
}

/** True for exactly `length` bytes. */
export function isBytes(value: CborValue | undefined, length: number): value is Uint8Array {
  return value instanceof Uint8Array && value.length === length
}

/** True for at most `most` bytes. */
export function isBytesUpTo(value: CborValue | undefined, most: number): value is Uint8Array {
  return value instanceof Uint8Array && value.length <= most
}

/** True for an integer in [0, most]. */
export function isUint(
  value: CborValue | undefined,
  most: number = Number.MAX_SAFE_INTEGER,
): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= most
}

/** True for text of at most `most` UTF-16 units. */
export function isText(value: CborValue | undefined, most: number): value is string {
  return typeof value === 'string' && value.length <= most
}

/** Decodes each item, or gives the first fault. */
export function decodeEach<T, F extends Fault>(
  items: readonly CborValue[],
  decodeItem: (item: CborValue) => Result<T, F>,
): Result<readonly T[], F> {
  const decoded: T[] = []
  for (const item of items) {
    const result = decodeItem(item)
    if (!result.ok) return result
    decoded.push(result.value)
  }
  return { ok: true, value: decoded }
}
