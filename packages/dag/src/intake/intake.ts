import { type Bytes, equalBytes, type Result, toHex } from '@kithnet/kernel'
import type { Verified } from '@kithnet/types'
import { contentId, type ElraRecord, identityHash, recordHash, sha3_256 } from '@kithnet/wire'
import type { RecordRefusedFault } from '../faults.ts'
import type { RecordGraph } from '../graph/record-graph.ts'
import type { RecordHost } from '../host.ts'
import { recordHeader } from '../stores/record-header.ts'
import type { RecordStore, StoredRecord } from '../stores/record-store.ts'
import { type OrphanBounds, Orphans } from './orphans.ts'
import type { RecordPolicy } from './record-policy.ts'
import { timeFault } from './record-policy.ts'
import { type Verification, type VerificationFault, verifyRecords } from './verified-record.ts'

/** What became of a record that was brought. */
export type Outcome =
  /** Durable and indexed. */
  | { readonly status: 'inserted'; readonly id: string; readonly hash: Uint8Array }
  /** It was here already, if only with another signature. */
  | { readonly status: 'known'; readonly id: string }
  /** Its signatures hold; it waits, in memory, for parents that are not here. */
  | { readonly status: 'waiting'; readonly id: string; readonly missing: readonly string[] }
  | { readonly status: 'refused'; readonly fault: VerificationFault }

/** What an intake is made of. */
export interface IntakeParts {
  readonly store: RecordStore
  readonly graph: RecordGraph
  readonly host: RecordHost
  readonly verification: Verification
  readonly policy: RecordPolicy
  readonly orphanBounds: OrphanBounds | undefined
  /** Told of records that have become durable and indexed, in their order. */
  readonly inserted: (stored: StoredRecord) => void
  /** Told of two records of which one cannot be kept, because they share an id. */
  readonly contradicted: (known: ElraRecord, other: ElraRecord) => void
}

interface Brought {
  readonly record: Verified<ElraRecord>
  readonly hash: Bytes
  readonly settle: (outcome: Outcome) => void
  readonly reject: (error: unknown) => void
}

/**
 * The way in: signatures first, then parents, then the disk, then the index. What waits for the disk is written together,
 * and nothing is indexed that is not durable.
 */
export class Intake {
  readonly #parts: IntakeParts
  readonly #orphans: Orphans<Verified<ElraRecord>>
  readonly #queue: Brought[] = []
  #draining: Promise<void> | undefined

  constructor(parts: IntakeParts) {
    this.#parts = parts
    this.#orphans = new Orphans(parts.orphanBounds)
  }

  /** Records that wait for parents. */
  get waiting(): number {
    return this.#orphans.size
  }

  /** Records that wait for parents, in the order in which they came. */
  orphans(): readonly Verified<ElraRecord>[] {
    return this.#orphans.values()
  }

  /** Ids for which records wait and that are not waiting themselves. */
  get missing(): readonly string[] {
    return this.#orphans.missing()
  }

  /**
   * Brings records; answers stand in their order. Parents may come after their children, in this call or a later one.
   *
   * @throws what the store throws when it cannot write; then none of those that it was to write together is indexed.
   */
  async take(list: readonly Uint8Array[]): Promise<readonly Outcome[]> {
    const { graph, verification } = this.#parts
    // Copies, so that nobody changes between the hash and the signature what both are of.
    const brought = list.map((bytes) => {
      const copy = Uint8Array.from(bytes)
      const hash = sha3_256(copy)
      return { bytes: copy, hash, known: graph.withHash(hash) }
    })
    const fresh = brought.filter(({ known }) => known === undefined).map(({ bytes }) => bytes)
    const verified = (await verifyRecords(fresh, verification)).values()
    const outcomes = brought.map(({ hash, known: id }): Promise<Outcome> => {
      if (id !== undefined) return Promise.resolve({ status: 'known', id })
      const result: Result<Verified<ElraRecord>, VerificationFault> = verified.next().value!
      if (result.ok) return this.#bring(result.value, hash)
      return Promise.resolve({ status: 'refused', fault: result.fault })
    })
    return Promise.all(outcomes)
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    while (this.#draining !== undefined) await this.#draining
  }

  #bring(record: Verified<ElraRecord>, hash: Bytes): Promise<Outcome> {
    return new Promise((settle, reject) => {
      this.#queue.push({ record, hash, settle, reject })
      this.#draining ??= this.#drain()
    })
  }

  async #drain(): Promise<void> {
    // Whoever brings in the same turn is written together.
    await Promise.resolve()
    while (this.#queue.length > 0) await this.#commit(this.#nextBatch())
    this.#draining = undefined
  }

  #nextBatch(): readonly Brought[] {
    let bytes = 0
    let count = 0
    for (const { record } of this.#queue) {
      bytes += record.bytes.length
      if (++count === maxCommitRecords || bytes >= commitBytes) break
    }
    return this.#queue.splice(0, count)
  }

  async #commit(batch: readonly Brought[]): Promise<void> {
    const staging = new Staging(this.#parts, this.#orphans)
    const outcomes: Outcome[] = []
    try {
      for (const { record, hash } of batch) outcomes.push(await staging.add(record, hash))
      for (const part of partsOf([...staging.staged.values()])) {
        await this.#parts.store.append(part)
        for (const stored of part) this.#index(stored)
      }
    } catch (error) {
      staging.waitAgain()
      for (const { reject } of batch) reject(error)
      return
    }
    batch.forEach(({ record, hash, settle }, index) => {
      const outcome = outcomes[index]!
      // What waited may have been let in by one that came after it.
      const staged = outcome.status === 'waiting' ? staging.staged.get(record.id) : undefined
      const isIn = staged !== undefined && equalBytes(staged.hash, hash)
      settle(isIn ? { status: 'inserted', id: record.id, hash } : outcome)
    })
  }

  #index(stored: StoredRecord): void {
    const { graph, inserted } = this.#parts
    const added = graph.add(recordHeader(stored))
    if (added.ok) inserted(stored)
  }
}

/** Decides on records one after the other, those before having been staged. */
class Staging {
  readonly staged = new Map<string, StoredRecord>()
  readonly #released: Verified<ElraRecord>[] = []
  readonly #parts: IntakeParts
  readonly #orphans: Orphans<Verified<ElraRecord>>

  constructor(parts: IntakeParts, orphans: Orphans<Verified<ElraRecord>>) {
    this.#parts = parts
    this.#orphans = orphans
  }

  /** Decides on a record, and on those that waited for it. */
  async add(record: Verified<ElraRecord>, hash: Bytes): Promise<Outcome> {
    const first = await this.#decide(record, hash)
    const ready = first.status === 'inserted' ? this.#orphans.release(record.id) : []
    for (let next = ready.shift(); next !== undefined; next = ready.shift()) {
      this.#released.push(next)
      const outcome = await this.#decide(next, recordHash(next))
      if (outcome.status === 'inserted') ready.push(...this.#orphans.release(next.id))
    }
    return first
  }

  /** What the store did not take waits for its parents as before. */
  waitAgain(): void {
    const { graph } = this.#parts
    for (const record of this.#released) {
      const missing = record.parents.filter((parent) => !graph.has(parent))
      if (missing.length > 0) this.#wait(record, recordHash(record), missing)
    }
  }

  async #decide(record: Verified<ElraRecord>, hash: Bytes): Promise<Outcome> {
    const { id } = record
    const same = await this.#sameId(record, hash)
    if (same !== undefined) return same
    const refused = this.#admission(record)
    if (refused !== undefined) return { status: 'refused', fault: refused }
    const missing = record.parents.filter((parent) => !this.#has(parent))
    if (missing.length > 0) return this.#wait(record, hash, missing)
    const { policy, host, graph } = this.#parts
    const wall = host.wall()
    const fault = timeFault(record, policy, wall, (parent) => {
      return this.staged.get(parent)?.record.timestamp ?? graph.entry(parent)?.timestamp
    })
    if (fault !== undefined) return { status: 'refused', fault }
    this.staged.set(id, { record, hash, firstSeen: wall })
    return { status: 'inserted', id, hash }
  }

  #has(id: string): boolean {
    return this.staged.has(id) || this.#parts.graph.has(id)
  }

  /** What there is to say about a record whose id is taken. */
  async #sameId(record: Verified<ElraRecord>, hash: Uint8Array): Promise<Outcome | undefined> {
    const { id } = record
    if (!this.#has(id)) return undefined
    const known = this.staged.get(id) ?? (await this.#parts.store.get(id))
    if (known === undefined) return undefined
    if (equalBytes(known.hash, hash)) return { status: 'known', id }
    if (equalBytes(contentId(known.record), contentId(record))) return { status: 'known', id }
    this.#parts.contradicted(known.record, record)
    return { status: 'refused', fault: { code: 'dag/id-taken', id } }
  }

  #wait(record: Verified<ElraRecord>, hash: Bytes, missing: readonly string[]): Outcome {
    const { id, bytes, creatorKey } = record
    const author = identityHash(creatorKey)
    this.#orphans.add({
      key: toHex(hash),
      id,
      author,
      bytes: bytes.length,
      missing,
      value: record,
    })
    return { status: 'waiting', id, missing }
  }

  #admission(record: Verified<ElraRecord>): RecordRefusedFault | undefined {
    const { admit } = this.#parts.policy
    if (admit === undefined || admit(record)) return undefined
    return { code: 'dag/not-admitted', id: record.id }
  }
}

/** Most records that are written together. Source: our choice. */
const maxCommitRecords = 4_096
/** Bytes from which on no more are written together. Source: our choice; with what waited for them, below a store's bound. */
const commitBytes: number = 8 * 2 ** 20

/** In parts that a store takes at once. Whatever waited may come in with one record. */
function* partsOf(staged: readonly StoredRecord[]): Generator<readonly StoredRecord[]> {
  let bytes = 0
  let start = 0
  for (const [index, { record }] of staged.entries()) {
    bytes += record.bytes.length
    if (bytes < commitBytes && index - start + 1 < maxCommitRecords) continue
    yield staged.slice(start, index + 1)
    start = index + 1
    bytes = 0
  }
  if (start < staged.length) yield staged.slice(start)
}
