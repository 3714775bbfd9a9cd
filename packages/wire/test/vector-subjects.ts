import { assert, type Bytes, concat, fromHex, ok, type Result, toHex, utf8 } from '@kithnet/kernel'
import {
  type Classification,
  decodeMetadata,
  decodeRecord,
  encodeMetadata,
  encodeRecord,
  MetadataFloat,
  type MetadataValue,
  type Mode,
  parseTilePath,
  recordAddress,
  type RecordFields,
  sha3_256,
  signableBytes,
  tilePath,
} from '@kithnet/wire'

/** Bytes as hexadecimal text, or one byte many times. */
export type Part = string | { readonly repeat: string; readonly count: number }

/** Fields of a record as JSON. */
export interface RecordInput {
  readonly id: string
  readonly version: number
  readonly contentHash: Part
  readonly creatorKey: Part
  /** The eight bytes of the float. */
  readonly timestamp: string
  readonly parents: readonly string[]
  readonly classification: number
  /** JSON text, read by the compatible reader. */
  readonly metadata: string
  readonly zkProof?: Part
  readonly signature?: Part
  readonly sphincsSignature?: Part
}

/** One change of a record's bytes: others at an offset, none from an offset on, or more at the end. */
export interface Change {
  readonly at?: number
  readonly bytes?: string
  readonly length?: number
  readonly append?: Part
}

/** The input of a case of `wire/record.json`. */
export interface RecordCaseInput {
  readonly mode: Mode
  /** What is written, and read again. */
  readonly record: RecordInput
  /** What is done to the bytes in between; the record is written by this mode then. */
  readonly changes?: readonly Change[]
  readonly writtenAs?: Mode
}

/** Longest record or metadata that stands in a vector; longer ones are told by their hash. */
const longestShown = 300

/** Writes, changes and reads a record: what must come out of it, or the fault. */
export function recordSubject(input: RecordCaseInput): Result<object> {
  const { mode, record, changes = [], writtenAs = mode } = input
  const fields = fieldsOf(record)
  const written = encodeRecord(fields, writtenAs)
  if (!written.ok) return written
  const bytes = changes.reduce<Bytes>(applied, written.value)
  const read = decodeRecord(bytes, mode)
  if (!read.ok) return read
  const again = encodeRecord(read.value, mode)
  if (!again.ok) return again
  const signable = signableBytes(read.value, mode)
  return ok({
    bytes: bytes.length,
    recordHash: toHex(sha3_256(bytes)),
    rewrittenHash: toHex(sha3_256(again.value)),
    signableBytes: signable.length,
    contentId: toHex(sha3_256(signable)),
    path: tilePath(recordAddress(read.value)),
    ...(bytes.length <= longestShown ? { wire: toHex(bytes), signable: toHex(signable) } : {}),
  })
}

/** The input of a case of `wire/metadata.json`. */
export interface MetadataCaseInput {
  readonly mode: Mode
  /** Texts, and how often each stands in a row. */
  readonly text?: readonly (readonly [text: string, times: number])[]
  /** Where the bytes are no text. */
  readonly bytes?: string
}

/** Reads metadata: its values, and the canonical text of them. */
export function metadataSubject({ mode, text, bytes }: MetadataCaseInput): Result<object> {
  const whole = (text ?? []).map(([one, times]) => one.repeat(times)).join('')
  const read = decodeMetadata(bytes === undefined ? utf8(whole) : part(bytes), mode)
  if (!read.ok) return read
  const written = encodeMetadata(read.value, mode)
  if (!written.ok) return written
  const hash = toHex(sha3_256(written.value))
  if (written.value.length > longestShown) return ok({ bytes: written.value.length, hash })
  const canonical = new TextDecoder().decode(written.value)
  return ok({ values: tagged(read.value), canonical, hash })
}

/** The input of a case of `wire/tile-path.json`. */
export interface PathCaseInput {
  readonly mode: Mode
  readonly path: string
}

/** Reads a path, and writes it again. */
export function pathSubject({ mode, path }: PathCaseInput): Result<object> {
  const read = parseTilePath(path, mode)
  return read.ok ? ok({ ...read.value, path: tilePath(read.value) }) : read
}

/** The bytes of a part. */
function part(of: Part): Bytes {
  const bytes = fromHex(typeof of === 'string' ? of : of.repeat.repeat(of.count))
  assert(bytes !== undefined, 'a part is hexadecimal')
  return bytes
}

function fieldsOf(input: RecordInput): RecordFields {
  const metadata = decodeMetadata(utf8(input.metadata), 'compatible')
  assert(metadata.ok, 'the metadata of a case can be read')
  const { id, version, parents, zkProof, signature, sphincsSignature } = input
  return {
    id,
    version,
    parents,
    contentHash: part(input.contentHash),
    creatorKey: part(input.creatorKey),
    timestamp: new DataView(part(input.timestamp).buffer).getFloat64(0),
    classification: input.classification as Classification,
    metadata: metadata.value,
    zkProof: zkProof === undefined ? undefined : part(zkProof),
    signature: signature === undefined ? undefined : part(signature),
    sphincsSignature: sphincsSignature === undefined ? undefined : part(sphincsSignature),
  }
}

function applied(bytes: Bytes, { at, bytes: others, length, append }: Change): Bytes {
  if (length !== undefined) return bytes.slice(0, length)
  if (append !== undefined) return concat(bytes, part(append))
  const copy = bytes.slice()
  copy.set(part(others ?? ''), at)
  return copy
}

/** A value whose JSON tells integers from floats. */
function tagged(value: MetadataValue): unknown {
  if (typeof value === 'bigint') return { integer: String(value) }
  if (value instanceof MetadataFloat) {
    const view = new DataView(new ArrayBuffer(8))
    view.setFloat64(0, value.value)
    return { float: view.getBigUint64(0).toString(16).padStart(16, '0') }
  }
  if (value instanceof Map) {
    const members = [...(value as ReadonlyMap<string, MetadataValue>)]
    return { object: members.map(([key, member]) => [key, tagged(member)]) }
  }
  return Array.isArray(value) ? value.map((one) => tagged(one as MetadataValue)) : value
}
