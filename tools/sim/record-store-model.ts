/**
 * The store of a simulated peer: the graph, the orphans and the evidence that ship, over a disk that survives crashes.
 * What `Records` does behind promises is done here at once, so that virtual time decides when.
 */
import { contradiction, decodeEquivocation, encodeEquivocation } from '@kithnet/dag'
import type { EpochMs, Rng } from '@kithnet/kernel'
import { contentId, decodeRecord, type ElraRecord, identityHash, recordHash } from '@kithnet/wire'
import { Orphans } from '../../packages/dag/src/intake/orphans.ts'
import type { HeldItem, Taken } from '../../packages/dag/src/sync/gossip-events.ts'
import { RecordGraph } from '../../packages/dag/src/graph/record-graph.ts'
import { recordHeader } from '../../packages/dag/src/stores/record-header.ts'
import {
  beyondDepth,
  evidenceKey,
  itemKinds,
  recordKey,
  recordName,
  type SyncItem,
  uuidOfName,
} from '../../packages/dag/src/sync/sync-keys.ts'

/** What follows from bytes alone, found once for all peers, which share them by reference. */
export interface ReadRecord {
  readonly record: ElraRecord
  readonly key: string
  readonly hash: ReturnType<typeof recordHash>
  readonly isSigned: boolean
}

/** Reads and checks records, each once. */
export class RecordReader {
  readonly #isSigned: (record: ElraRecord) => boolean
  readonly #known = new WeakMap<Uint8Array, ReadRecord | null>()

  constructor(isSigned: (record: ElraRecord) => boolean) {
    this.#isSigned = isSigned
  }

  read(bytes: Uint8Array): ReadRecord | undefined {
    const known = this.#known.get(bytes)
    if (known !== undefined) return known ?? undefined
    const decoded = decodeRecord(bytes)
    const read = decoded.ok ? this.#readRecord(decoded.value) : null
    this.#known.set(bytes, read)
    return read ?? undefined
  }

  #readRecord(record: ElraRecord): ReadRecord {
    const key = recordKey(record.id, contentId(record))
    return { record, key, hash: recordHash(record), isSigned: this.#isSigned(record) }
  }
}

interface Tally {
  forged: number
  readonly stored: string[]
  readonly waiting: string[]
  readonly missing: Set<string>
  readonly known: string[]
}

/** What one peer has on disk, and the records that wait in its memory. */
export class RecordStoreModel {
  readonly graph: RecordGraph
  readonly evidence = new Map<string, Uint8Array>()
  readonly #reader: RecordReader
  readonly #bytesById = new Map<string, Uint8Array>()
  readonly #authorByKey = new Map<string, string>()
  #orphans = new Orphans<Uint8Array>()
  /** Keys of what this peer is the first to have, until it is stored. */
  #own = new Set<string>()
  #equivocations = 0

  constructor(reader: RecordReader, rng: Rng) {
    this.#reader = reader
    this.graph = new RecordGraph(rng)
  }

  /** What does not survive a crash is gone. */
  crashed(): void {
    this.#orphans = new Orphans()
    this.#own = new Set()
  }

  /** Everything that is held, for a machine that begins. */
  held(): HeldItem[] {
    const items = [...this.#bytesById.values()].map((bytes) => this.#heldRecord(bytes))
    return [...items, ...[...this.evidence.keys()].map((author) => this.#heldEvidence(author))]
  }

  /** Stores items. What the peer wrote itself, and evidence that it found, comes back with its bytes. */
  commit(
    items: readonly SyncItem[],
    now: EpochMs,
    isOwn: boolean,
  ): { readonly taken: Taken; readonly held: readonly HeldItem[] } {
    const taken: Tally = { forged: 0, stored: [], waiting: [], missing: new Set(), known: [] }
    const held: HeldItem[] = []
    for (const { kind, bytes } of items) {
      if (kind === itemKinds.evidence) this.#commitEvidence(bytes, taken, held)
      else this.#commitRecord(bytes, now, isOwn, taken, held)
    }
    taken.stored.push(...held.map(({ key }) => key))
    return { taken: { ...taken, missing: [...taken.missing] }, held }
  }

  load(keys: readonly string[], maxBytes: number): (SyncItem | undefined)[] {
    const items: (SyncItem | undefined)[] = []
    let size = 0
    for (const key of keys) {
      if (items.length > 0 && size >= maxBytes) break
      const item = this.#item(key)
      items.push(item)
      size += item?.bytes.length ?? 0
    }
    return items
  }

  #item(key: string): SyncItem | undefined {
    const author = this.#authorByKey.get(key)
    if (author !== undefined) {
      return { kind: itemKinds.evidence, bytes: this.evidence.get(author)! }
    }
    const bytes = this.#bytesById.get(uuidOfName(key))
    return bytes && { kind: itemKinds.record, bytes }
  }

  #commitRecord(
    bytes: Uint8Array,
    now: EpochMs,
    isOwn: boolean,
    taken: Tally,
    held: HeldItem[],
  ): void {
    const read = this.#reader.read(bytes)
    if (read?.isSigned !== true) {
      taken.forged++
      return
    }
    if (isOwn) this.#own.add(read.key)
    const waiting = [bytes]
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { record, key, hash } = this.#reader.read(next)!
      const known = this.#bytesById.get(record.id)
      if (known !== undefined) {
        if (this.#reader.read(known)!.key === key) taken.known.push(key)
        else this.#twin(known, next, held)
        continue
      }
      const added = this.graph.add(recordHeader({ record, hash, firstSeen: now }))
      if (!added.ok) {
        const missing = record.parents.filter((id) => !this.graph.has(id))
        for (const id of missing) taken.missing.add(recordName(id))
        const author = identityHash(record.creatorKey)
        taken.waiting.push(key)
        this.#orphans.add({ key, id: record.id, author, bytes: next.length, missing, value: next })
        continue
      }
      this.#bytesById.set(record.id, next)
      const item = { kind: itemKinds.record, bytes: next }
      const isFirst = this.#own.delete(key)
      held.push(isFirst ? { ...this.#heldRecord(next), item } : this.#heldRecord(next))
      waiting.push(...this.#orphans.release(record.id))
    }
    this.#convict(held)
  }

  #commitEvidence(bytes: Uint8Array, taken: Tally, held: HeldItem[]): void {
    const read = decodeEquivocation(bytes)
    const holds =
      read.ok &&
      [read.value.first, read.value.second].every(
        (record) => this.#reader.read(record.bytes)?.isSigned === true,
      )
    if (!holds) {
      taken.forged++
      return
    }
    const author = identityHash(read.value.first.creatorKey)
    if (this.evidence.has(author)) taken.known.push(evidenceKey(author))
    else {
      this.evidence.set(author, bytes)
      held.push(this.#heldEvidence(author))
    }
  }

  /** Of two records with one id the first stands; the other counts as held, and both are evidence. */
  #twin(known: Uint8Array, other: Uint8Array, held: HeldItem[]): void {
    const [one, two] = [this.#reader.read(known)!, this.#reader.read(other)!]
    const parents = two.record.parents.map((id) => this.graph.depthOf(id))
    if (parents.every((depth) => depth !== undefined)) {
      held.push({ time: Math.max(-1, ...parents) + 1, key: two.key })
    }
    if (contradiction(one.record, two.record) !== undefined)
      this.#keep(one.record, two.record, held)
  }

  #convict(held: HeldItem[]): void {
    const found = this.graph.equivocations(this.#equivocations)
    this.#equivocations += found.length
    for (const { ids } of found) {
      const [one, two] = ids.map((id) => this.#reader.read(this.#bytesById.get(id)!)!.record)
      this.#keep(one!, two!, held)
    }
  }

  #keep(one: ElraRecord, two: ElraRecord, held: HeldItem[]): void {
    const author = identityHash(one.creatorKey)
    if (this.evidence.has(author)) return
    const bytes = encodeEquivocation(one, two)
    this.evidence.set(author, bytes)
    held.push({ ...this.#heldEvidence(author), item: { kind: itemKinds.evidence, bytes } })
  }

  #heldRecord(bytes: Uint8Array): HeldItem {
    const { record, key } = this.#reader.read(bytes)!
    return { time: this.graph.depthOf(record.id)!, key }
  }

  #heldEvidence(author: string): HeldItem {
    const key = evidenceKey(author)
    this.#authorByKey.set(key, author)
    return { time: 2 * beyondDepth, key }
  }

  /** All that is to be equal at the end, as text. */
  get state(): string {
    const { graph } = this
    const lists = [[...graph.ids()], graph.tips(), [...this.evidence.keys()]]
    return lists.map((list) => list.toSorted().join()).join('\n')
  }
}
