import { assert, utf8 } from '@kithnet/kernel'
import type { Change } from '@kithnet/types'
import { storeError, type TooLargeFault } from './faults.ts'

/** Longest name of a space or log, in UTF-8 bytes. Source: our choice. */
export const maxNameBytes = 256
/** Longest key. Source: our choice. */
export const maxKeyBytes = 1_024
/** Longest value. Source: our choice: 16 MiB. */
export const maxValueBytes: number = 16 * 2 ** 20
/** Most bytes of one call, keys and values. Source: our choice: 64 MiB, held in memory until the commit. */
export const maxBatchBytes: number = 64 * 2 ** 20
/** Most changes or values of one call. Source: our choice. */
export const maxBatchEntries = 65_536
/** Bytes after which `scan` and `read` return what they have. Source: our choice, one longest value. */
export const maxReadBytes: number = maxValueBytes

/** Bytes of the changes. @throws CodedError `store/too-large`. */
export function checkChanges(changes: readonly Change[]): number {
  bounded('batch', changes.length, maxBatchEntries)
  let bytes = 0
  for (const { space, key, value } of changes) {
    checkName(space)
    checkKey(key)
    bytes += key.length + checkValue(value)
  }
  return bounded('batch', bytes, maxBatchBytes)
}

/** Bytes of the values. @throws CodedError `store/too-large`. */
export function checkValues(values: readonly Uint8Array[]): number {
  assert(values.length > 0, 'an append has values')
  bounded('batch', values.length, maxBatchEntries)
  let bytes = 0
  for (const value of values) bytes += checkValue(value)
  return bounded('batch', bytes, maxBatchBytes)
}

/** @throws CodedError `store/too-large`. */
export function checkName(name: string): void {
  assert(name.length > 0, 'a space or log has a name')
  bounded('name', name.length * 3 <= maxNameBytes ? 0 : utf8(name).length, maxNameBytes)
}

/** @throws CodedError `store/too-large`. */
export function checkKey(key: Uint8Array): void {
  bounded('key', key.length, maxKeyBytes)
}

/** Stops a caller who asks for no entry, or for a part of one. */
export function checkLimit(limit: number): void {
  assert(Number.isSafeInteger(limit) && limit >= 1, 'a limit is a whole number of entries')
}

/** Stops a caller whose position is not one. */
export function checkPosition(position: number): void {
  assert(Number.isSafeInteger(position) && position >= 0, 'a position is a whole number')
}

function checkValue(value: Uint8Array | undefined): number {
  return bounded('value', value?.length ?? 0, maxValueBytes)
}

function bounded(what: TooLargeFault['what'], size: number, max: number): number {
  if (size > max) throw storeError({ code: 'store/too-large', what, size, max })
  return size
}
