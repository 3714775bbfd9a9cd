import { type Bytes, CodedError, fail, ok, type Result } from '@kithnet/kernel'
import { ByteSink } from './byte-sink.ts'
import { byCodePoint } from './code-point-order.ts'
import type { RecordFault } from './faults.ts'
import { MetadataWriter } from './metadata-writer.ts'
import { ElraRecord } from './record.ts'
import type { Mode, RecordFields } from './record-fields.ts'
import { maxRecordBytes, recordMagic, recordType, recordVersion } from './record-limits.ts'
import { copySignable } from './signable-copy.ts'
import { writeSignableHead, writeStrictHead } from './strict-writer.ts'

/**
 * Writes records into one preallocated buffer. What it gives is a view, good until its next call: hash it, append
 * it to a file, or copy it.
 */
export class RecordWriter {
  readonly #sink = new ByteSink()
  readonly #metadata = new MetadataWriter(this.#sink)

  /** The record's bytes. */
  record(fields: RecordFields, mode: Mode = 'strict'): Result<Bytes, RecordFault> {
    const sink = this.#sink
    const isStrict = mode === 'strict'
    const wrong = isStrict ? writeStrictHead(sink, fields) : this.#head(fields)
    const fault = wrong ?? this.#rest(fields, mode)
    if (fault !== undefined) return fail(fault)
    this.#signature(fields.signature)
    this.#signature(fields.sphincsSignature)
    if (!isStrict || sink.length <= maxRecordBytes) return ok(sink.written())
    return fail({ code: 'wire/too-long', got: sink.length, most: maxRecordBytes })
  }

  /** The bytes that the signatures are over: what `signableBytes` says, in the buffer of this writer. */
  signable(fields: RecordFields, mode: Mode = 'strict'): Result<Bytes, RecordFault> {
    const sink = this.#sink
    if (fields instanceof ElraRecord) {
      if (fields.mode === 'strict' && copySignable(sink, fields.bytes)) return ok(sink.written())
      this.#signableHead(fields)
    } else if (!writeSignableHead(sink, fields)) {
      this.#signableHead(fields)
    }
    const fault = this.#rest(fields, mode)
    return fault === undefined ? ok(sink.written()) : fail(fault)
  }

  /** The start of what is signed, whatever the fields are. */
  #signableHead(fields: RecordFields): void {
    const sink = this.#sink
    sink.length = 0
    this.#text(fields.id)
    sink.u16(fields.version)
    sink.all(fields.contentHash)
    sink.all(fields.creatorKey)
    this.#timestamp(fields)
    sink.u16(fields.parents.length)
    for (const parent of fields.parents.toSorted(byCodePoint)) this.#text(parent)
  }

  /** A compatible record up to its parents. */
  #head(fields: RecordFields): undefined {
    const sink = this.#sink
    sink.length = 0
    sink.u32(recordMagic)
    sink.u16(recordVersion)
    sink.u16(recordType << 8)
    this.#prefixed(fields.id)
    sink.all(fields.contentHash)
    sink.u16(fields.creatorKey.length)
    sink.all(fields.creatorKey)
    this.#timestamp(fields)
    sink.u16(fields.parents.length)
    for (const parent of fields.parents) this.#prefixed(parent)
  }

  /** Classification, metadata and proof: the part that is the same in both. */
  #rest(fields: RecordFields, mode: Mode): RecordFault | undefined {
    const sink = this.#sink
    sink.u8(fields.classification)
    if (mode === 'strict' && fields instanceof ElraRecord) {
      const { metadataBytes } = fields
      sink.u32(metadataBytes.length)
      sink.all(metadataBytes)
    } else {
      sink.u32(0)
      const start = sink.length
      const fault = this.#metadata.write(fields.metadata, mode)
      if (fault !== undefined) return fault
      sink.setU32(start - 4, sink.length - start)
    }
    const { zkProof } = fields
    sink.u32(zkProof?.length ?? 0)
    if (zkProof !== undefined) sink.all(zkProof)
    return undefined
  }

  #signature(signature: Uint8Array | undefined): void {
    this.#sink.u16(signature?.length ?? 0)
    if (signature !== undefined) this.#sink.all(signature)
  }

  #timestamp(fields: RecordFields): void {
    if (fields instanceof ElraRecord) this.#sink.all(fields.timestampBytes)
    else this.#sink.f64(fields.timestamp)
  }

  /** An id behind its length, which wraps from 256 bytes on. */
  #prefixed(id: string): void {
    const sink = this.#sink
    const lengthAt = sink.length
    sink.u8(0)
    sink.text(id)
    sink.bytes[lengthAt] = sink.length - lengthAt - 1
  }

  #text(text: string): void {
    if (!this.#sink.uuid(text)) this.#sink.text(text)
  }
}

const shared = new RecordWriter()

/**
 * The record's bytes, in an array of their own. Strict refuses what a strict reader would; compatible writes what
 * elara-runtime writes, truncated lengths included.
 */
export function encodeRecord(
  fields: RecordFields,
  mode: Mode = 'strict',
): Result<Bytes, RecordFault> {
  const written = shared.record(fields, mode)
  return written.ok ? ok(written.value.slice()) : written
}

/**
 * The bytes that both signatures are over, in an array of their own. Of a record that was read it is made with its
 * metadata as it came; `compatible` makes it as elara-runtime does, with the metadata read and written again.
 *
 * @throws CodedError with the fault of `encodeRecord` where the metadata cannot be written.
 */
export function signableBytes(fields: RecordFields, mode: Mode = 'strict'): Bytes {
  const written = shared.signable(fields, mode)
  if (written.ok) return written.value.slice()
  throw new CodedError(written.fault, 'The metadata of this record cannot be written.')
}
