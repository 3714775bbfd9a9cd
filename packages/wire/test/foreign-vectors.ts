import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { assert, type Bytes, fromHex, utf8 } from '@kithnet/kernel'
import { type Classification, decodeMetadata, type RecordFields } from '@kithnet/wire'

const file = fileURLToPath(
  new URL('../../../../shared/vectors/elara/vectors.json', import.meta.url),
)

/** True when the foreign vectors lie beside the checkout. */
export const hasForeign: boolean = existsSync(file)

/** The vectors of one kind. They are read where they lie and never copied. */
export function vectorsOf(kind: string): readonly unknown[] {
  return all().filter((vector) => vector.kind === kind)
}

/** The one vector of a kind whose name begins so. */
export function vectorOf(kind: string, start: string): unknown {
  const found = all().find((vector) => vector.kind === kind && vector.name.startsWith(start))
  if (found === undefined) throw new Error(`there is no vector ${start}`)
  return found
}

function all(): readonly { readonly name: string; readonly kind: string }[] {
  if (!hasForeign) return []
  return (
    JSON.parse(readFileSync(file, 'utf8')) as {
      readonly vectors: readonly { readonly name: string; readonly kind: string }[]
    }
  ).vectors
}

/** Bytes of hexadecimal text. */
export function bytes(hex: string): Bytes {
  const decoded = fromHex(hex)
  if (decoded === undefined) throw new Error(`not hexadecimal: ${hex.slice(0, 20)}`)
  return decoded
}

/** The float of its eight bytes, as hexadecimal text. */
export function floatOf(bits: string): number {
  return new DataView(bytes(bits).buffer).getFloat64(0)
}

/** The eight bytes of a float, as hexadecimal text. */
export function bitsOf(value: number): string {
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, value)
  return view.getBigUint64(0).toString(16).padStart(16, '0')
}

type Part = string | null | { readonly repeat_byte: string; readonly count: number }

/** Fields of a record in a vector. */
export interface RecordInput {
  readonly id: string
  readonly version: number
  readonly content_hash: string
  readonly public_key: Part
  readonly timestamp_bits: string
  readonly parents: readonly string[]
  readonly classification: Classification
  readonly signature: Part
  readonly sphincs_signature: Part
  readonly zk_proof: Part
  readonly metadata_json: string
}

function part(value: Part): Uint8Array | undefined {
  if (value === null) return undefined
  return bytes(typeof value === 'string' ? value : value.repeat_byte.repeat(value.count))
}

/** The record of a vector's fields. */
export function fieldsOf(input: RecordInput): RecordFields {
  const metadata = decodeMetadata(utf8(input.metadata_json), 'compatible')
  assert(metadata.ok, 'the metadata of a vector can be read')
  return {
    id: input.id,
    version: input.version,
    contentHash: bytes(input.content_hash),
    creatorKey: part(input.public_key)!,
    timestamp: floatOf(input.timestamp_bits),
    parents: input.parents,
    classification: input.classification,
    metadata: metadata.value,
    zkProof: part(input.zk_proof),
    signature: part(input.signature),
    sphincsSignature: part(input.sphincs_signature),
  }
}
