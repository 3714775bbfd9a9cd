import type { FoundRecord } from '@kithnet/dag'
import { fromHex, fromUtf8, toHex } from '@kithnet/kernel'
import { type Classification, classifications, type ElraRecord, identityHash } from '@kithnet/wire'
import { usage } from '../faults.ts'

/** @throws CodedError `cli/usage` when no class has this name. */
export function classOf(name: string, option: string): Classification {
  if (Object.hasOwn(classifications, name))
    return classifications[name as keyof typeof classifications]
  throw usage(option, 'A class is public, private, restricted or sovereign.')
}

/** The name of a class. */
export function className(classification: Classification): string {
  return Object.keys(classifications)[classification]!
}

/** Seconds since 1970, from ISO 8601 or such a number. @throws CodedError `cli/usage`. */
export function secondsOf(text: string, option: string): number {
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Date.parse(text) / 1000
  if (Number.isFinite(seconds)) return seconds
  throw usage(
    option,
    `"${text}" is no time: give ISO 8601, such as 2026-01-31, or seconds since 1970.`,
  )
}

/** A whole number above 0. @throws CodedError `cli/usage`. */
export function countOf(text: string, option: string): number {
  const count = Number(text)
  if (Number.isSafeInteger(count) && count > 0) return count
  throw usage(option, 'It takes a whole number above 0.')
}

/** 32 bytes of a hash. @throws CodedError `cli/usage`. */
export function hashOf(text: string, option: string): Uint8Array {
  const bytes = fromHex(text)
  if (bytes?.length === 32) return bytes
  throw usage(option, 'A hash is 64 lower-case hex digits.')
}

/** A time for people and programs alike. */
export function timeText(seconds: number): string {
  const ms = Math.round(seconds * 1000)
  return Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : String(seconds)
}

/** A record as one line of JSON, its metadata exactly as it was signed. */
export function recordJson(found: FoundRecord): string {
  const { record, hash, firstSeen, conflict, equivocator } = found
  const facts = JSON.stringify({
    id: record.id,
    time: timeText(record.timestamp),
    class: className(record.classification),
    creator: identityHash(record.creatorKey),
    parents: record.parents,
    content: toHex(record.contentHash),
    hash: toHex(hash),
    firstSeen: new Date(firstSeen).toISOString(),
    bytes: record.bytes.length,
    ...(conflict === undefined ? {} : { sameContent: conflict.ids }),
    ...(equivocator ? { equivocator } : {}),
  })
  return `${facts.slice(0, -1)},"metadata":${metadataText(record)}}`
}

/** The metadata on one line. */
export function metadataText(record: ElraRecord): string {
  const text = fromUtf8(record.metadataBytes) ?? ''
  return text === '' ? '{}' : text.replaceAll(/[\r\n]/g, ' ')
}
