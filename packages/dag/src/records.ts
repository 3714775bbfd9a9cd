import type { Identity } from '@kithnet/identity'
import {
  assert,
  type Bytes,
  CodedError,
  equalBytes,
  type Fault,
  ok,
  type Result,
  toHex,
} from '@kithnet/kernel'
import type { Verified } from '@kithnet/types'
import {
  type Classification,
  decodeRecord,
  type ElraRecord,
  type Mode,
  identityHash,
  sha3_256,
} from '@kithnet/wire'
import { Author, type Placement } from './author/author.ts'
import type { Draft } from './author/draft.ts'
import { contradiction } from './evidence/equivocation.ts'
import { type Evidence, EvidenceBook } from './evidence/evidence.ts'
import type { CarriedFault, NotFoundFault } from './faults.ts'
import { type Analysis, analysisOf } from './graph/analysis.ts'
import type { ContentConflict, RecordEntry } from './graph/graph-answers.ts'
import { RecordGraph } from './graph/record-graph.ts'
import type { RecordFilter } from './graph/record-query.ts'
import { type RecordHost, systemHost } from './host.ts'
import { Intake, type Outcome } from './intake/intake.ts'
import type { OrphanBounds } from './intake/orphans.ts'
import {
  defaultRecordPolicy,
  type RecordPolicy,
  tolerantRecordPolicy,
} from './intake/record-policy.ts'
import {
  checkSignatures,
  refusedError,
  type Verification,
  type VerificationFault,
  verifyRecord,
} from './intake/verified-record.ts'
import type { RecordStore, StoredRecord } from './stores/record-store.ts'
import {
  AttestationBook,
  type AttestationFault,
  type KeptAttestation,
} from './witnesses/attestation-book.ts'
import { attest, encodeAttestation } from './witnesses/attestations.ts'

/** What `openRecords` is given. */
export interface RecordsOptions {
  /** Stays the caller's: closing the records does not close it. */
  readonly store: RecordStore
  /** What has to hold of signatures. Its `mode` must be the store's. */
  readonly verification?: Verification
  /** What is asked beyond; in mode `compatible` nothing is asked of times unless said. */
  readonly policy?: Partial<RecordPolicy>
  /** How much may wait for parents. */
  readonly orphanBounds?: OrphanBounds
  readonly host?: RecordHost
}

/** A record that is durable. */
export interface Inserted {
  readonly id: string
  readonly hash: Uint8Array
  readonly record: ElraRecord
}

/** A record with what is known about it. */
export interface FoundRecord extends StoredRecord {
  /** All records with the same content, when there is another: which is right is nobody's to say. */
  readonly conflict: ContentConflict | undefined
  /** Whether there is proof that its author contradicted itself, here or elsewhere. */
  readonly equivocator: boolean
}

/** What happens to records. */
export type RecordsEvent =
  | { readonly type: 'inserted'; readonly stored: StoredRecord }
  | { readonly type: 'attested'; readonly recordId: string; readonly bytes: Uint8Array }
  | { readonly type: 'evidence'; readonly evidence: Evidence }

/**
 * Records that last, with their graph: what is taken in was verified first and is durable before it is indexed. One
 * `Records` for a store at a time.
 */
export class Records implements AsyncDisposable {
  /** To be read only. */
  readonly graph: RecordGraph
  /** To be read only. */
  readonly store: RecordStore
  readonly #host: RecordHost
  readonly #verification: Verification
  readonly #intake: Intake
  readonly #author: Author
  readonly #attestations: AttestationBook
  readonly #evidence: EvidenceBook
  readonly #listeners = new Set<(event: RecordsEvent) => void>()
  readonly #pending = new Set<Promise<void>>()
  #equivocationsSeen = 0

  /** Use `openRecords`. `convicted`: the authors against whom the store has a proof. */
  constructor(options: RecordsOptions, graph: RecordGraph, convicted: readonly string[]) {
    const { store, verification = {}, host = systemHost() } = options
    const times = verification.mode === 'compatible' ? tolerantRecordPolicy : defaultRecordPolicy
    const policy = { ...times, ...options.policy }
    this.graph = graph
    this.store = store
    this.#host = host
    this.#verification = verification
    this.#attestations = new AttestationBook(store, verification.scheme, policy.admitWitness)
    this.#evidence = new EvidenceBook(store, convicted)
    this.#author = new Author(graph, host)
    this.#intake = new Intake({
      store,
      graph,
      host,
      verification,
      policy,
      orphanBounds: options.orphanBounds,
      inserted: (stored) => this.#inserted(stored),
      contradicted: (known, other) => this.#convict(known, other),
    })
  }

  /** How exact the bytes of its records must be. */
  get mode(): Mode {
    return this.#verification.mode ?? 'strict'
  }

  /** Records that are durable. */
  get size(): number {
    return this.graph.size
  }

  /** Records that wait, in memory, for parents that are not here, and the ids of those parents. */
  get waiting(): { readonly records: number; readonly missing: readonly string[] } {
    return { records: this.#intake.waiting, missing: this.#intake.missing }
  }

  /** Those records, verified, in the order in which they came. */
  orphans(): readonly Verified<ElraRecord>[] {
    return this.#intake.orphans()
  }

  /**
   * INSERT: takes in one record's bytes. What became of it is in the answer; only a failing store rejects. With its content,
   * a record whose content hash is another is refused: it does not carry what it is about.
   */
  async insert(record: Uint8Array | ElraRecord, content?: Uint8Array): Promise<Outcome> {
    if (content !== undefined) {
      const read =
        record instanceof Uint8Array ? decodeRecord(record, this.#verification.mode) : ok(record)
      if (!read.ok) return { status: 'refused', fault: read.fault }
      const { id, contentHash } = read.value
      if (!equalBytes(sha3_256(content), contentHash)) {
        return { status: 'refused', fault: { code: 'dag/content-mismatch', id } }
      }
    }
    const [outcome] = await this.insertMany([record])
    assert(outcome !== undefined, 'each record has an outcome')
    return outcome
  }

  /** Takes in many, verified on all cores and written together; answers stand in their order. */
  async insertMany(list: readonly (Uint8Array | ElraRecord)[]): Promise<readonly Outcome[]> {
    const outcomes = await this.#intake.take(
      list.map((record) => (record instanceof Uint8Array ? record : record.bytes)),
    )
    await Promise.all(this.#pending)
    return outcomes
  }

  /** QUERY: the newest records that fulfil the whole filter, newest first, each with the conflicts that it is part of. */
  async query(filter: RecordFilter = {}): Promise<readonly FoundRecord[]> {
    const ids = this.graph.query({ ...filter, limit: filter.limit ?? defaultQueryLimit })
    const found = await this.store.getMany(ids)
    return found.flatMap((stored) => (stored === undefined ? [] : [this.#annotated(stored)]))
  }

  /** WITNESS: a new record after all that its readers may know of. Saying that a record was seen is `attest`. */
  async witness(
    draft: Draft,
    identity: Identity,
    placement: Omit<Placement, 'parents'> = {},
  ): Promise<Inserted> {
    return this.#create(draft, identity, placement)
  }

  /** MERGE: a new record after these parents. */
  async merge(
    parents: readonly string[],
    draft: Draft,
    identity: Identity,
    placement: Omit<Placement, 'parents'> = {},
  ): Promise<Inserted> {
    return this.#create(draft, identity, { ...placement, parents })
  }

  /** CLASSIFY: who may see a record. */
  classify(id: string): Classification {
    return this.#entry(id).classification as Classification
  }

  /** ANALYZE: where a record stands among the others. `maxRecords` bounds the walk each way. */
  analyze(id: string, maxRecords?: number): Analysis {
    this.#entry(id)
    return analysisOf(this.graph, id, maxRecords)
  }

  /** HASH: SHA3-256, as contents and records are named. */
  hash(bytes: Uint8Array): Bytes {
    return sha3_256(bytes)
  }

  /**
   * SIGN: the signed record of a draft, not stored. Its time is never before its parents'.
   *
   * @throws CodedError `dag/missing-parent`, `dag/classified-parent`, or the fault of a draft that cannot be written.
   */
  sign(draft: Draft, identity: Identity, placement: Placement = {}): Promise<ElraRecord> {
    return this.#author.sign(draft, identity, placement)
  }

  /** VERIFY: whether every signature of these bytes holds. Nothing is stored. */
  verify(bytes: Uint8Array): Promise<Result<Verified<ElraRecord>, VerificationFault>> {
    return verifyRecord(bytes, this.#verification)
  }

  /** A record with what is known about it. */
  async get(id: string): Promise<FoundRecord | undefined> {
    const stored = await this.store.get(id)
    return stored === undefined ? undefined : this.#annotated(stored)
  }

  /** Every record, parents before their children. */
  async *all(): AsyncGenerator<StoredRecord> {
    for await (const batch of this.store.scan()) yield* batch
  }

  /** Says, signed by this identity, that a record was seen now, and keeps it. */
  async attest(id: string, identity: Identity): Promise<Bytes> {
    const stored = await this.store.get(id)
    if (stored === undefined) throw notFound(id)
    const seconds = this.#host.wall() / 1000
    const bytes = encodeAttestation(await attest(stored.record, identity, seconds))
    const kept = await this.addAttestation(bytes)
    if (!kept.ok)
      throw new CodedError(
        kept.fault,
        'Not attested: this store does not keep your word, or the record is your own.',
      )
    return bytes
  }

  /** Verifies and keeps what a witness said; false when its word on that record is here already. */
  async addAttestation(bytes: Uint8Array): Promise<Result<boolean, AttestationFault>> {
    const kept = await this.#attestations.add(bytes)
    if (kept.ok && kept.value.isNew) {
      this.#emit({ type: 'attested', recordId: kept.value.recordId, bytes })
    }
    return kept.ok ? { ok: true, value: kept.value.isNew } : kept
  }

  /** What witnesses said of a record, sorted by witness. */
  async attestations(id: string): Promise<readonly KeptAttestation[]> {
    const stored = await this.store.get(id)
    if (stored === undefined) throw notFound(id)
    return this.#attestations.of(stored.record)
  }

  /** Authors against whom there is proof, by the hash of their keys, sorted. */
  get equivocators(): readonly string[] {
    return this.#evidence.authors
  }

  /** The proof against an author. */
  evidence(author: string): Promise<Evidence | undefined> {
    return this.#evidence.of(author)
  }

  /** Verifies and keeps a proof that somebody brought; false when there is one against that author already. */
  async addEvidence(bytes: Uint8Array): Promise<Result<boolean, CarriedFault>> {
    const kept = await this.#evidence.add(bytes, (record) => this.#check(record))
    if (kept.ok && kept.value !== undefined) this.#emit({ type: 'evidence', evidence: kept.value })
    return kept.ok ? { ok: true, value: kept.value !== undefined } : kept
  }

  /** Calls back on everything that becomes durable, at once and in order. */
  on(listener: (event: RecordsEvent) => void): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  /** Finishes what was asked. The store stays open. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#intake.idle()
    await Promise.all(this.#pending)
    this.#listeners.clear()
  }

  /** Looks again for proof that was found just before a crash. Called once, by `openRecords`. */
  async recover(): Promise<void> {
    this.#lookForEquivocations()
    await Promise.all(this.#pending)
  }

  async #create(draft: Draft, identity: Identity, placement: Placement): Promise<Inserted> {
    return this.#author.publish(draft, identity, placement, async (record) => {
      const outcome = await this.insert(record)
      if (outcome.status === 'refused') throw refusedError(outcome.fault)
      return { id: record.id, hash: sha3_256(record.bytes), record }
    })
  }

  #annotated(stored: StoredRecord): FoundRecord {
    const { record } = stored
    return {
      ...stored,
      conflict: this.graph.conflictOf(record.id),
      equivocator: this.#evidence.has(identityHash(record.creatorKey)),
    }
  }

  #entry(id: string): RecordEntry {
    const entry = this.graph.entry(id)
    if (entry === undefined) throw notFound(id)
    return entry
  }

  #check(record: ElraRecord): Promise<Fault | undefined> {
    return checkSignatures(record, this.#verification)
  }

  #inserted(stored: StoredRecord): void {
    this.#emit({ type: 'inserted', stored })
    this.#lookForEquivocations()
  }

  #lookForEquivocations(): void {
    const from = this.#equivocationsSeen
    if (this.graph.equivocationCount === from) return
    const found = this.graph.equivocations(from)
    this.#equivocationsSeen += found.length
    for (const { ids, creatorKeyHash } of found) {
      if (!this.#evidence.has(toHex(creatorKeyHash))) this.#track(this.#convictBoth(ids))
    }
  }

  async #convictBoth(ids: readonly [string, string]): Promise<void> {
    const [first, second] = await this.store.getMany(ids)
    if (first !== undefined && second !== undefined) await this.#keep(first.record, second.record)
  }

  #convict(known: ElraRecord, other: ElraRecord): void {
    this.#track(this.#keep(known, other))
  }

  async #keep(one: ElraRecord, other: ElraRecord): Promise<void> {
    if (contradiction(one, other) === undefined) return
    const evidence = await this.#evidence.keep(one, other)
    if (evidence !== undefined) this.#emit({ type: 'evidence', evidence })
  }

  #track(work: Promise<void>): void {
    const tracked = work.finally(() => this.#pending.delete(tracked))
    // Whoever waits for it sees the failure.
    tracked.catch(() => {})
    this.#pending.add(tracked)
  }

  #emit(event: RecordsEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event)
      } catch (error) {
        // What is durable is indexed, whatever a listener does; its mistake is the process's to hear of.
        queueMicrotask(() => {
          throw error
        })
      }
    }
  }
}

/** Records that a query answers with unless told otherwise. Source: elara-core, the bound of its listing. */
const defaultQueryLimit = 100

function notFound(id: string): CodedError<NotFoundFault> {
  return new CodedError<NotFoundFault>(
    { code: 'dag/not-found', id },
    `There is no record ${id} here: insert it, or fetch it from a peer who has it.`,
  )
}
