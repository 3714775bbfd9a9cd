import { fail, fromHex, fromUtf8, ok, type Result, toHex } from '@kithnet/kernel'
import {
  classifications,
  decodeRecord,
  type ElraRecord,
  identityHash,
  type Mode,
  recordHash,
} from '@kithnet/wire'
import { decodeEquivocation } from '../evidence/equivocation.ts'
import type { CarriedFault } from '../faults.ts'
import { decodeAttestation } from '../witnesses/attestations.ts'
import { type Carried, maxBundleEntryBytes } from './bundle.ts'

/**
 * One line of JSON that a person can read, with the bytes themselves in hexadecimal, so that nothing is lost. The same
 * bytes always give the same line.
 */
export function lineOf(carried: Carried, mode: Mode = 'strict'): Result<string, CarriedFault> {
  const { kind, bytes } = carried
  const facts = factsOf[kind](bytes, mode)
  if (!facts.ok) return facts
  const fields = [...facts.value, ['bytes', JSON.stringify(toHex(bytes))] as const]
  const text = fields.map(([name, json]) => `${JSON.stringify(name)}:${json}`).join(',')
  return ok(`{"kind":${JSON.stringify(kind)},${text}}`)
}

/**
 * What a line carries. It must be exactly what `lineOf` gives for its bytes: where what a person reads is not what the bytes
 * say, somebody changed one of them.
 */
export function carriedOf(line: string, mode: Mode = 'strict'): Result<Carried, CarriedFault> {
  if (line.length > maxLineLength) return refuse(`it has more than ${maxLineLength} characters`)
  const parsed = parse(line)
  if (parsed === undefined) return refuse('it is not a JSON object with kind and bytes')
  const { kind } = parsed
  if (!isKind(kind)) return refuse('it is of no known kind')
  const bytes = fromHex(parsed.bytes)
  if (bytes === undefined) return refuse('its bytes are not lower-case hexadecimal')
  const carried: Carried = { kind, bytes }
  const written = lineOf(carried, mode)
  if (!written.ok) return written
  return written.value === line ? ok(carried) : refuse('what it shows is not what its bytes say')
}

/** Longest line. Source: the longest entry in hexadecimal, its metadata as text, and room for the names. */
export const maxLineLength: number = 2 * maxBundleEntryBytes + maxBundleEntryBytes + 65_536

/** Names and JSON texts, in their order on the line. */
type Facts = readonly (readonly [string, string])[]

const factsOf: Readonly<
  Record<Carried['kind'], (bytes: Uint8Array, mode: Mode) => Result<Facts, CarriedFault>>
> = {
  record(bytes, mode) {
    const decoded = decodeRecord(bytes, mode)
    return decoded.ok ? ok(recordFacts(decoded.value)) : refuse(`no record: ${decoded.fault.code}`)
  },
  attestation(bytes) {
    const decoded = decodeAttestation(bytes)
    if (!decoded.ok) return refuse(`no attestation: ${decoded.fault.why}`)
    const { recordId, witnessKey, timestamp } = decoded.value
    return ok([
      ['record', JSON.stringify(recordId)],
      ['witness', JSON.stringify(identityHash(witnessKey))],
      ['time', JSON.stringify(timeText(timestamp))],
    ])
  },
  equivocation(bytes) {
    const decoded = decodeEquivocation(bytes)
    if (!decoded.ok) return refuse(`no equivocation: ${decoded.fault.why}`)
    const { kind, first, second } = decoded.value
    return ok([
      ['of', JSON.stringify(kind)],
      ['creator', JSON.stringify(identityHash(first.creatorKey))],
      ['records', JSON.stringify([first.id, second.id])],
    ])
  },
}

function isKind(kind: unknown): kind is Carried['kind'] {
  return typeof kind === 'string' && Object.hasOwn(factsOf, kind)
}

function recordFacts(record: ElraRecord): Facts {
  const { id, timestamp, classification, creatorKey, parents, contentHash, metadataBytes } = record
  const metadata = fromUtf8(metadataBytes) ?? ''
  return [
    ['id', JSON.stringify(id)],
    ['time', JSON.stringify(timeText(timestamp))],
    ['class', JSON.stringify(classNames[classification])],
    ['creator', JSON.stringify(identityHash(creatorKey))],
    ['parents', JSON.stringify(parents)],
    ['content', JSON.stringify(toHex(contentHash))],
    // In old data a line may end between two tokens; within a text it never does.
    ['metadata', metadata === '' ? '{}' : metadata.replaceAll(/[\r\n]/g, ' ')],
    ['hash', JSON.stringify(toHex(recordHash(record)))],
  ]
}

const classNames = Object.keys(classifications)

/** ISO 8601 where there is a date for it, else the number. */
function timeText(seconds: number): string {
  const ms = Math.round(seconds * 1000)
  return Math.abs(ms) <= maxDateMs ? new Date(ms).toISOString() : String(seconds)
}

/** Source: ECMA-262, time values and time range. */
const maxDateMs = 8.64e15

function parse(line: string): { readonly kind: unknown; readonly bytes: string } | undefined {
  try {
    const value: unknown = JSON.parse(line)
    if (typeof value !== 'object' || value === null) return undefined
    const { kind, bytes } = value as { readonly kind?: unknown; readonly bytes?: unknown }
    return typeof bytes === 'string' ? { kind, bytes } : undefined
  } catch {
    return undefined
  }
}

function refuse(why: string): Result<never, CarriedFault> {
  return fail({ code: 'dag/bad-line', why })
}
