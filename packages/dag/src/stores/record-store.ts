import type { Bytes, EpochMs, Result } from '@kithnet/kernel'
import type { ElraRecord } from '@kithnet/wire'
import type { ChainPlace } from '../author/author-chain.ts'
import type { GraphFault } from '../faults.ts'

/** A record as a store keeps it. */
export interface StoredRecord {
  readonly record: ElraRecord
  /** SHA3-256 of the record's bytes. */
  readonly hash: Bytes
  /** When this store first had it. */
  readonly firstSeen: EpochMs
}

/** What an index needs to know of a record: all but its metadata, proof and signatures; `recordHeader` makes one. */
export interface RecordHeader {
  readonly id: string
  /** SHA3-256 of the record's bytes. */
  readonly hash: Bytes
  /** In the record's order. */
  readonly parents: readonly string[]
  /** Seconds since 1970, as the record claims. */
  readonly timestamp: number
  readonly classification: number
  readonly contentHash: Bytes
  /** SHA3-256 of the creator's public key. */
  readonly creatorKeyHash: Bytes
  readonly firstSeen: EpochMs
  /** What its metadata says under `zone`, where it says so well. */
  readonly zone?: string
  /** Its place in a chain of its author, where it claims one. */
  readonly chain?: ChainPlace
}

/**
 * A header of which everything is a number, so that a reader can bring a million of them with one object. Its id is a
 * UUID, it names no zone and claims no place in a chain.
 */
export interface PackedHeader {
  /**
   * Words of 32 bits: four of the id, the first byte highest; then eight each of the record's hash, the content's and the
   * creator's key, the first byte lowest.
   */
  readonly words: Uint32Array<ArrayBuffer>
  /** The places of its parents in the order of insertion, in the record's order: the first `parentCount`. */
  readonly parents: Int32Array<ArrayBuffer>
  readonly parentCount: number
  readonly timestamp: number
  readonly classification: number
  readonly firstSeen: number
}

/** Where headers go: a graph. */
export interface HeaderSink {
  add(header: RecordHeader): Result<number, GraphFault>
  addPacked(header: PackedHeader): Result<number, GraphFault>
}

/** The word of a witness on a record, as a store keeps it: nothing here is checked. */
export interface StoredAttestation {
  readonly recordId: string
  /** Lower-case hexadecimal SHA3-256 of the witness's public key. */
  readonly witness: string
  /** Over the record's signable bytes. */
  readonly signature: Bytes
  /** Seconds since 1970, as the witness claims. */
  readonly timestamp: number
}

/** A small value by its name. */
export interface NamedValue {
  readonly name: string
  readonly value: Bytes
}

/**
 * Records that last, in the order in which they came, with what was said about them. It verifies nothing and knows no
 * graph. One owner at a time: a second one is refused.
 *
 * A promise that resolves says that neither `kill -9` nor a power cut can undo the change (memory excepted). Promises
 * reject with a `CodedError` of a `StoreFault` of `@kithnet/store`, or with `dag/duplicate`, `dag/unstorable` or
 * `dag/damaged-record`. Calls take effect in their order, awaited or not; bytes are copied.
 */
export interface RecordStore extends AsyncDisposable {
  /** Records that are durable. */
  readonly size: number
  /**
   * Appends all of them or none. Calls that run at the same time share a commit; one that fails does so alone. Refused
   * whole: `dag/duplicate` for an id that is known or comes twice, `dag/unstorable` for a record with a time that is not
   * finite, `store/too-large` beyond `maxAppendBytes` or `maxAppendRecords`.
   */
  append(entries: readonly StoredRecord[]): Promise<void>
  get(id: string): Promise<StoredRecord | undefined>
  /** In the order of the ids; `undefined` where there is none. */
  getMany(ids: readonly string[]): Promise<readonly (StoredRecord | undefined)[]>
  /** Every record from a position on (0 is the first), in the order in which they came, a batch at a time. */
  scan(from?: number): AsyncIterable<readonly StoredRecord[]>
  /** The same order, headers only: cheap, to build an index when a store is opened. */
  headers(from?: number): AsyncIterable<readonly RecordHeader[]>
  /**
   * Brings headers from the first on to an empty graph, at a fraction of what `headers` costs; `headers` has the rest.
   * Resolves with how many the graph took; it refuses none of a store that is whole.
   */
  fillGraph?(graph: HeaderSink): Promise<Result<number, GraphFault>>
  /** Keeps those whose record and witness have none yet; resolves with how many were new. */
  attest(attestations: readonly StoredAttestation[]): Promise<number>
  /** What witnesses said of a record, sorted by witness. */
  attestationsOf(recordId: string): Promise<readonly StoredAttestation[]>
  /** Sets or, with `undefined`, removes a small value. */
  setValue(name: string, value: Uint8Array | undefined): Promise<void>
  value(name: string): Promise<Bytes | undefined>
  /** The values whose names begin so, sorted by name. */
  values(prefix: string): Promise<readonly NamedValue[]>
  /** Finishes what was asked, then lets go. Again: nothing happens. */
  close(): Promise<void>
}
