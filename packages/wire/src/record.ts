import { assert, type Bytes, fromUtf8 } from '@kithnet/kernel'
import type { Metadata } from './metadata.ts'
import { readCanonical } from './metadata-reader.ts'
import { parseCompatible } from './metadata-parser.ts'
import { uuidAt } from './uuid-text.ts'
import type { Classification, Mode, RecordFields } from './record-fields.ts'
import { contentHashBytes, idAt } from './record-limits.ts'

/** Where the fields of variable length end, in one record's bytes. */
export interface RecordLayout {
  readonly idLength: number
  readonly keyLength: number
  readonly parentCount: number
  /** Of the byte after the parents. */
  readonly classificationAt: number
  readonly metadataLength: number
  readonly zkProofLength: number
  readonly signatureLength: number
  readonly sphincsLength: number
}

/**
 * A record as it came: the original bytes, and fields that are read when asked for. Byte fields are views into
 * `bytes`, which must not change.
 */
export class ElraRecord implements RecordFields {
  readonly bytes: Bytes
  /** How it was read. */
  readonly mode: Mode
  readonly version = 1
  readonly #layout: RecordLayout
  #id: string | undefined
  #parents: readonly string[] | undefined
  #metadata: Metadata | undefined

  constructor(bytes: Bytes, mode: Mode, layout: RecordLayout) {
    this.bytes = bytes
    this.mode = mode
    this.#layout = layout
  }

  get id(): string {
    this.#id ??= this.#text(idAt, this.#layout.idLength)
    return this.#id
  }

  get contentHash(): Bytes {
    const at = idAt + this.#layout.idLength
    return this.#part(at, contentHashBytes)
  }

  get creatorKey(): Bytes {
    return this.#part(this.#keyAt, this.#layout.keyLength)
  }

  get timestamp(): number {
    return floatAt(this.bytes, this.#keyAt + this.#layout.keyLength)
  }

  /** The eight bytes of the timestamp: what a NaN keeps when it is no number. */
  get timestampBytes(): Bytes {
    const at = this.#keyAt + this.#layout.keyLength
    return this.#part(at, 8)
  }

  get parents(): readonly string[] {
    this.#parents ??= this.#readParents()
    return this.#parents
  }

  get classification(): Classification {
    return this.bytes[this.#layout.classificationAt] as Classification
  }

  /** The JSON text of the metadata as it came. */
  get metadataBytes(): Bytes {
    return this.#part(this.#metadataAt, this.#layout.metadataLength)
  }

  get metadata(): Metadata {
    this.#metadata ??=
      this.mode === 'strict'
        ? readCanonical(this.bytes, this.#metadataAt)
        : parsedMetadata(this.metadataBytes)
    return this.#metadata
  }

  get zkProof(): Bytes | undefined {
    const at = this.#metadataAt + this.#layout.metadataLength + 4
    return this.#optional(at, this.#layout.zkProofLength)
  }

  get signature(): Bytes | undefined {
    return this.#optional(this.#signatureAt, this.#layout.signatureLength)
  }

  get sphincsSignature(): Bytes | undefined {
    const at = this.#signatureAt + this.#layout.signatureLength + 2
    return this.#optional(at, this.#layout.sphincsLength)
  }

  get #keyAt(): number {
    return idAt + this.#layout.idLength + contentHashBytes + 2
  }

  get #metadataAt(): number {
    return this.#layout.classificationAt + 5
  }

  get #signatureAt(): number {
    const { metadataLength, zkProofLength } = this.#layout
    return this.#metadataAt + metadataLength + 4 + zkProofLength + 2
  }

  #optional(at: number, length: number): Bytes | undefined {
    return length === 0 ? undefined : this.#part(at, length)
  }

  /** A view. Its constructor takes half the time of `subarray`. */
  #part(at: number, length: number): Bytes {
    return new Uint8Array(this.bytes.buffer, this.bytes.byteOffset + at, length)
  }

  #readParents(): readonly string[] {
    const count = this.#layout.parentCount
    const parents: string[] = []
    let at = this.#keyAt + this.#layout.keyLength + 10
    for (let index = 0; index < count; index++) {
      const length = this.bytes[at]!
      parents.push(this.#text(at + 1, length))
      at += 1 + length
    }
    return parents
  }

  #text(at: number, length: number): string {
    if (this.mode === 'strict') return uuidAt(this.bytes, at)
    const text = fromUtf8(this.#part(at, length))
    assert(text !== undefined, 'a decoded record has ids of text')
    return text
  }
}

function parsedMetadata(text: Uint8Array): Metadata {
  const parsed = parseCompatible(text)
  assert(parsed.ok, 'a decoded record has metadata that can be read')
  return parsed.value
}

const word = new DataView(new ArrayBuffer(8))

/** The float of eight bytes, through a view that is there: to make one takes longer than all the rest. */
function floatAt(bytes: Uint8Array, at: number): number {
  for (let index = 0; index < 8; index++) word.setUint8(index, bytes[at + index]!)
  return word.getFloat64(0)
}
