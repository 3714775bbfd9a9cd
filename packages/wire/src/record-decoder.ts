import { type Bytes, fail, fromUtf8, ok, type Result } from '@kithnet/kernel'
import { fewParents, repeated } from './strict-fields.ts'
import { isFinite64, strictLayout } from './strict-layout.ts'
import { isSameUuid, isUuidAt, uuidAt } from './uuid-text.ts'
import type { FieldFault, RecordFault } from './faults.ts'
import { scanMetadata } from './metadata-scan.ts'
import { parseCompatible } from './metadata-parser.ts'
import type { Mode } from './record-fields.ts'
import {
  contentHashBytes,
  creatorKeyBytes,
  dilithium3SignatureBytes,
  idLength,
  maxMetadataBytes,
  maxParents,
  maxRecordBytes,
  mlDsa65SignatureBytes,
  recordMagic,
  recordType,
  recordVersion,
  sphincsSignatureBytes,
} from './record-limits.ts'
import { ElraRecord } from './record.ts'

/**
 * Reads one record, which must be all there is. The record keeps a view of the bytes, not a copy: they must not
 * change afterwards, and a view of a large frame keeps the frame.
 */
export function decodeRecord(
  bytes: Uint8Array,
  mode: Mode = 'strict',
): Result<ElraRecord, RecordFault> {
  const layout = mode === 'strict' ? strictLayout(bytes) : undefined
  if (layout !== undefined) return ok(new ElraRecord(bytes as Bytes, mode, layout))
  const reader = new RecordReader(bytes as Bytes, mode)
  const record = reader.record()
  return record === undefined ? fail(reader.fault!) : ok(record)
}

/** One pass over a record. A method that finds a fault leaves it in `fault`. */
class RecordReader {
  readonly #bytes: Bytes
  readonly #mode: Mode
  readonly #strict: boolean
  #at = 0
  fault: RecordFault | undefined

  constructor(bytes: Bytes, mode: Mode) {
    this.#bytes = bytes
    this.#mode = mode
    this.#strict = mode === 'strict'
  }

  record(): ElraRecord | undefined {
    const bytes = this.#bytes
    if (this.#strict && bytes.length > maxRecordBytes) {
      return this.#refuse({ code: 'wire/too-long', got: bytes.length, most: maxRecordBytes })
    }
    if (!this.#header()) return undefined
    const ownIdLength = this.#id()
    if (ownIdLength === -1 || !this.#skip(contentHashBytes)) return undefined
    const keyLength = this.#key()
    if (keyLength === -1 || !this.#timestamp()) return undefined
    const parentCount = this.#parents()
    if (parentCount === -1) return undefined
    const classificationAt = this.#at
    if (!this.#classification()) return undefined
    const metadataLength = this.#metadata()
    if (metadataLength === -1) return undefined
    const zkProofLength = this.#u32Prefixed()
    if (zkProofLength === -1) return undefined
    const signatureLength = this.#signature()
    if (signatureLength === -1) return undefined
    const sphincsLength = this.#sphincs()
    if (sphincsLength === -1 || !this.#end()) return undefined
    return new ElraRecord(bytes, this.#mode, {
      idLength: ownIdLength,
      keyLength,
      parentCount,
      classificationAt,
      metadataLength,
      zkProofLength,
      signatureLength,
      sphincsLength,
    })
  }

  #refuse(fault: RecordFault): undefined {
    this.fault = fault
  }

  #field(code: FieldFault['code'], got: string): false {
    this.fault = { code, got }
    return false
  }

  #has(neededBytes: number): boolean {
    if (this.#bytes.length - this.#at >= neededBytes) return true
    this.fault = { code: 'wire/truncated', offset: this.#at, neededBytes }
    return false
  }

  #skip(length: number): boolean {
    if (!this.#has(length)) return false
    this.#at += length
    return true
  }

  /** -1 where the bytes end. */
  #u8(): number {
    return this.#has(1) ? this.#bytes[this.#at++]! : -1
  }

  #u16(): number {
    if (!this.#has(2)) return -1
    const value = (this.#bytes[this.#at]! << 8) | this.#bytes[this.#at + 1]!
    this.#at += 2
    return value
  }

  #u32(): number {
    if (!this.#has(4)) return -1
    const value =
      this.#bytes[this.#at]! * 0x1_00_00_00 +
      ((this.#bytes[this.#at + 1]! << 16) |
        (this.#bytes[this.#at + 2]! << 8) |
        this.#bytes[this.#at + 3]!)
    this.#at += 4
    return value
  }

  #header(): boolean {
    const magic = this.#u32()
    if (magic === -1) return false
    if (magic !== recordMagic)
      return this.#field('wire/magic', `[${[...this.#bytes.subarray(0, 4)].join(', ')}]`)
    const version = this.#u16()
    if (version === -1) return false
    if (version !== recordVersion) return this.#field('wire/version', String(version))
    const type = this.#u8()
    const reserved = type === -1 ? -1 : this.#u8()
    if (reserved === -1) return false
    if (!this.#strict || (type === recordType && reserved === 0)) return true
    return this.#field('wire/type', `${type}, ${reserved}`)
  }

  /** The length of an id, or -1. */
  #id(): number {
    const length = this.#u8()
    if (length === -1 || !this.#has(length)) return -1
    if (this.#strict ? !this.#isUuid(length) : !this.#isText(length)) {
      this.#field('wire/id', `${length} bytes at ${this.#at}`)
      return -1
    }
    this.#at += length
    return length
  }

  #isUuid(length: number): boolean {
    return length === idLength && isUuidAt(this.#bytes, this.#at)
  }

  #isText(length: number): boolean {
    return fromUtf8(this.#bytes.subarray(this.#at, this.#at + length)) !== undefined
  }

  #key(): number {
    const length = this.#u16()
    if (this.#strict && length !== -1 && length !== creatorKeyBytes) {
      this.#refuse({ code: 'wire/key-length', got: length, most: creatorKeyBytes })
      return -1
    }
    return length !== -1 && this.#skip(length) ? length : -1
  }

  #timestamp(): boolean {
    if (!this.#skip(8)) return false
    if (!this.#strict) return true
    return isFinite64(this.#bytes, this.#at - 8) || this.#field('wire/timestamp', 'not finite')
  }

  #parents(): number {
    const count = this.#u16()
    if (count === -1) return -1
    if (this.#strict && count > maxParents) {
      this.#refuse({ code: 'wire/too-many-parents', got: count, most: maxParents })
      return -1
    }
    const start = this.#at
    for (let read = 0; read < count; read++) if (this.#id() === -1) return -1
    return this.#strict && count > 1 && this.#hasTwice(start, count) ? -1 : count
  }

  #hasTwice(start: number, count: number): boolean {
    const bytes = this.#bytes
    const step = 1 + idLength
    if (count > fewParents) {
      const ids = Array.from({ length: count }, (_, index) =>
        uuidAt(bytes, start + index * step + 1),
      )
      const twice = repeated(ids)
      return twice !== undefined && !this.#field('wire/duplicate-parent', twice)
    }
    for (let index = 1; index < count; index++) {
      const id = start + index * step + 1
      for (let other = start + 1; other < id; other += step) {
        if (isSameUuid(bytes, other, id)) {
          return !this.#field('wire/duplicate-parent', uuidAt(bytes, id))
        }
      }
    }
    return false
  }

  #classification(): boolean {
    const value = this.#u8()
    if (value === -1) return false
    return value <= 3 || this.#field('wire/classification', String(value))
  }

  #metadata(): number {
    const length = this.#u32()
    if (length === -1) return -1
    if (this.#strict && length > maxMetadataBytes) {
      this.#refuse({ code: 'wire/metadata-too-long', got: length, most: maxMetadataBytes })
      return -1
    }
    const start = this.#at
    if (!this.#skip(length)) return -1
    const fault = this.#metadataFault(start)
    if (fault === undefined) return length
    this.#refuse(fault)
    return -1
  }

  #metadataFault(start: number): RecordFault | undefined {
    if (this.#strict) return scanMetadata(this.#bytes, start, this.#at)
    const parsed = parseCompatible(this.#bytes.subarray(start, this.#at))
    return parsed.ok ? undefined : parsed.fault
  }

  #u32Prefixed(): number {
    const length = this.#u32()
    return length !== -1 && this.#skip(length) ? length : -1
  }

  #signature(): number {
    const length = this.#u16()
    const known =
      length === 0 || length === mlDsa65SignatureBytes || length === dilithium3SignatureBytes
    return this.#signed(length, known, mlDsa65SignatureBytes)
  }

  #sphincs(): number {
    // Records from before the second signature end here.
    if (!this.#strict && this.#at === this.#bytes.length) return 0
    const length = this.#u16()
    return this.#signed(
      length,
      length === 0 || length === sphincsSignatureBytes,
      sphincsSignatureBytes,
    )
  }

  #signed(length: number, known: boolean, most: number): number {
    if (length === -1) return -1
    if (this.#strict && !known) {
      this.#refuse({ code: 'wire/signature-length', got: length, most })
      return -1
    }
    return this.#skip(length) ? length : -1
  }

  #end(): boolean {
    const left = this.#bytes.length - this.#at
    return !this.#strict || left === 0 || this.#field('wire/trailing-bytes', `${left} bytes`)
  }
}
