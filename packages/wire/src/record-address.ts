import { fail, ok, type Result } from '@kithnet/kernel'
import type { FieldFault, PathFault } from './faults.ts'
import type { Classification, Mode, RecordFields } from './record-fields.ts'

/** Where a record lies, the five dimensions of elara-runtime: its day in UTC, one of 256 shards, zone, class and tier. */
export interface RecordAddress {
  readonly year: number
  readonly month: number
  readonly day: number
  /** Byte 1 of the content hash. Source: elara-runtime, which takes two bytes modulo 256. */
  readonly shard: number
  /** Always 0 in records of this version. */
  readonly zone: number
  readonly classification: Classification
  /** Always 0 in records of this version, and not in the path. */
  readonly aiTier: number
}

/** The address of a record, whatever its timestamp: days wrap as they do in elara-runtime. */
export function recordAddress(
  record: Pick<RecordFields, 'timestamp' | 'contentHash' | 'classification'>,
): RecordAddress {
  const { timestamp, contentHash, classification } = record
  return {
    ...dateOf(daysOf(timestamp)),
    shard: contentHash.length < 2 ? 0 : contentHash[1]!,
    zone: 0,
    classification,
    aiTier: 0,
  }
}

/** The folder of an address: `2026/02/16/c0/z0000/s0042`. */
export function tilePath(address: RecordAddress): string {
  const { year, month, day, classification, zone, shard } = address
  return `${year}/${two(month)}/${two(day)}/c${classification}/z${four(zone)}/s${four(shard)}`
}

/**
 * The address that a folder's path names. Strict takes what `tilePath` gives for a day of the calendar; compatible
 * takes numbers of any width, more parts at the end, and days that no month has.
 */
export function parseTilePath(
  path: string,
  mode: Mode = 'strict',
): Result<RecordAddress, PathFault | FieldFault> {
  const [year, month, day, classification, zone, shard] = path.split('/')
  if (shard === undefined) return fail({ code: 'wire/path', part: 'length' })
  const parts = {
    year: decimal(year!, '', 0xffff),
    month: decimal(month!, '', 0xff),
    day: decimal(day!, '', 0xff),
    classification: decimal(classification!, 'c', 0xff),
    zone: decimal(zone!, 'z', 0xffff),
    shard: decimal(shard, 's', 0xffff),
  }
  for (const part of ['year', 'month', 'day', 'classification'] as const) {
    if (parts[part] === -1) return fail({ code: 'wire/path', part })
  }
  if (parts.classification > 3) {
    return fail({ code: 'wire/classification', got: String(parts.classification) })
  }
  for (const part of ['zone', 'shard'] as const) {
    if (parts[part] === -1) return fail({ code: 'wire/path', part })
  }
  const address: RecordAddress = {
    ...parts,
    classification: parts.classification as Classification,
    aiTier: 0,
  }
  if (mode === 'compatible') return ok(address)
  const odd = oddPart(address)
  if (odd !== undefined) return fail({ code: 'wire/path', part: odd })
  return tilePath(address) === path ? ok(address) : fail({ code: 'wire/path', part: 'form' })
}

/** A part that no record of an ordinary time has. */
function oddPart({ month, day, shard }: RecordAddress): PathFault['part'] | undefined {
  if (month < 1 || month > 12) return 'month'
  if (day < 1 || day > 31) return 'day'
  return shard > 0xff ? 'shard' : undefined
}

/** A decimal number behind its prefix, or -1 where there is none up to `most`. Source: Rust's parsing of unsigned integers. */
function decimal(text: string, prefix: string, most: number): number {
  if (!text.startsWith(prefix)) return -1
  const digits = text.slice(prefix.length)
  if (!/^\+?\d+$/.test(digits)) return -1
  const value = Number(digits)
  return value <= most ? value : -1
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}

function four(value: number): string {
  return String(value).padStart(4, '0')
}

const secondsPerDay = 86_400
const mostI64 = 2n ** 63n - 1n

/** Whole days since 1970, cut toward zero; beyond 32 bits they wrap, as elara-runtime's do. */
function daysOf(timestamp: number): number {
  const seconds = Math.trunc(timestamp)
  if (Number.isNaN(seconds)) return 0
  if (Number.isSafeInteger(seconds)) {
    const days = (seconds - (seconds % secondsPerDay)) / secondsPerDay
    return Number(BigInt.asIntN(32, BigInt(days)))
  }
  return Number(BigInt.asIntN(32, saturated(seconds) / BigInt(secondsPerDay)))
}

/** The nearest i64. Source: Rust's casts from floats. */
function saturated(seconds: number): bigint {
  if (seconds >= 2 ** 63) return mostI64
  return seconds <= -(2 ** 63) ? -mostI64 - 1n : BigInt(seconds)
}

/** Days of a cycle of 400 years. Source: the Gregorian calendar. */
const daysPerCycle = 146_097
const monthDays: readonly number[] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/** The date of a day. Before 1970 it is a day of January 1970 modulo 256; years wrap at 65,536. */
function dateOf(days: number): {
  readonly year: number
  readonly month: number
  readonly day: number
} {
  if (days < 0) return { year: 1970, month: 1, day: (days + 1) & 0xff }
  let year = 1970 + 400 * Math.floor(days / daysPerCycle)
  let left = days % daysPerCycle
  while (left >= yearDays(year)) {
    left -= yearDays(year)
    year++
  }
  let month = 1
  for (const length of monthDays) {
    const monthLength = month === 2 && yearDays(year) === 366 ? 29 : length
    if (left < monthLength) break
    left -= monthLength
    month++
  }
  return { year: year & 0xffff, month, day: left + 1 }
}

function yearDays(year: number): number {
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 366 : 365
}
