import { BoundedMap } from '@kithnet/kernel'
import {
  type Classification,
  contentId,
  decodeRecord,
  type ElraRecord,
  identityHash,
  type Mode,
} from '@kithnet/wire'
import { decodeEquivocation, type EquivocationProof } from '../evidence/equivocation.ts'
import type { Evidence } from '../evidence/evidence.ts'
import type { Outcome } from '../intake/intake.ts'
import type { Records, RecordsEvent } from '../records.ts'
import { decodeAttestation, encodeAttestation } from '../witnesses/attestations.ts'
import type { HeldItem, Taken } from './gossip-events.ts'
import {
  attestationKey,
  beyondDepth,
  evidenceKey,
  isUuid,
  itemKinds,
  keyDigits,
  nameDigits,
  recordKey,
  recordName,
  type SyncItem,
  uuidOfName,
} from './sync-keys.ts'

/** What stands behind a key that is not a record's. */
type Extra = { readonly recordId: string; readonly witness: string } | { readonly author: string }

/** What came of a `take`, for a person, too. */
export interface CarrierTaken extends Taken {
  /** How many this side's rules refused, although they are their authors'. */
  readonly refused: number
}

/** What a `take` has come to. */
interface Tally {
  forged: number
  refused: number
  readonly stored: string[]
  readonly waiting: string[]
  readonly missing: Set<string>
  readonly known: Set<string>
}

/** What a carrier is made of. */
export interface CarrierOptions {
  readonly records: Records
  /** The highest class of records that are carried, they and what is said of them; others stay here, and are not taken. */
  readonly highest: Classification
  /** How exact what is carried must be: those whom `strict` readers would refuse stay here. */
  readonly mode: Mode
  /** Told what is held. */
  readonly onHeld: (items: readonly HeldItem[]) => void
}

/**
 * Records as comparisons see them: items with keys. It tells what is held, reads items by key, and takes in what others
 * give, verified by `Records`.
 */
export class RecordCarrier {
  readonly #records: Records
  readonly #highest: Classification
  readonly #mode: Mode
  readonly #onHeld: (items: readonly HeldItem[]) => void
  readonly #listening: Disposable
  /** Names of ids that are no UUIDs: old data. */
  readonly #idByName = new Map<string, string>()
  readonly #extras = new Map<string, Extra>()
  /** Ids of records that are not exact enough to be carried. */
  readonly #inexact = new Set<string>()
  /** Keys of what others gave, until it is held: nobody needs to be told of it. */
  readonly #foreign = new BoundedMap<string, true>(maxForeign)

  private constructor({ records, highest, mode, onHeld }: CarrierOptions) {
    this.#records = records
    this.#highest = highest
    this.#mode = mode
    this.#onHeld = onHeld
    this.#listening = records.on((event) => this.#happened(event))
  }

  /**
   * Reads everything once, to tell what is held, in batches; then what comes. Costs some 20 us a record: its content id is
   * the hash of what was signed, which no store keeps.
   */
  static async open(options: CarrierOptions): Promise<RecordCarrier> {
    const { records, onHeld } = options
    // What comes while it reads is told twice, which does no harm.
    const carrier = new RecordCarrier(options)
    for await (const stored of records.store.scan()) {
      const held: HeldItem[] = []
      for (const { record } of stored) {
        const own = carrier.#heldRecord(record)
        held.push(...own)
        if (own.length === 0) continue
        for (const { witness } of await records.store.attestationsOf(record.id)) {
          held.push(...carrier.#heldAttestation(record.id, witness))
        }
      }
      onHeld(held)
    }
    for (const author of records.equivocators) {
      const evidence = await records.evidence(author)
      if (evidence !== undefined) onHeld(carrier.#heldEvidence(evidence))
    }
    return carrier
  }

  /** Verifies items, and stores those that hold. Rejects when the store fails. */
  async take(items: readonly SyncItem[]): Promise<CarrierTaken> {
    const taken: Tally = {
      forged: 0,
      refused: 0,
      stored: [],
      waiting: [],
      missing: new Set(),
      known: new Set(),
    }
    const records: ElraRecord[] = []
    for (const { kind, bytes } of items) {
      if (kind !== itemKinds.record) continue
      const record = decodeRecord(bytes, this.#mode)
      if (!record.ok) taken.forged++
      else if (record.value.classification <= this.#highest) records.push(record.value)
      else taken.refused++
    }
    for (const record of records) this.#foreign.set(keyOf(record), true)
    const outcomes = await this.#records.insertMany(records)
    for (const [index, outcome] of outcomes.entries()) {
      this.#settle(records[index]!, outcome, taken)
    }
    for (const { kind, bytes } of items) {
      if (kind === itemKinds.attestation) await this.#takeAttestation(bytes, taken)
      if (kind === itemKinds.evidence) await this.#takeEvidence(bytes, taken)
    }
    return { ...taken, missing: [...taken.missing], known: [...taken.known] }
  }

  /** Items by key, or records by name: as many as `maxBytes` hold and at least one; `undefined` where there is none. */
  async load(
    keys: readonly string[],
    maxBytes: number,
  ): Promise<readonly (SyncItem | undefined)[]> {
    const items: (SyncItem | undefined)[] = []
    let bytes = 0
    for (const key of keys) {
      if (items.length > 0 && bytes >= maxBytes) break
      const item = await this.#item(key)
      items.push(item)
      bytes += item?.bytes.length ?? 0
    }
    return items
  }

  /** Tells of nothing more. */
  [Symbol.dispose](): void {
    this.#listening[Symbol.dispose]()
  }

  #settle(record: ElraRecord, outcome: Outcome, taken: Tally): void {
    const key = keyOf(record)
    if (outcome.status === 'waiting') {
      taken.waiting.push(key)
      for (const id of outcome.missing) taken.missing.add(recordName(id))
      return
    }
    this.#foreign.delete(key)
    if (outcome.status === 'inserted') taken.stored.push(key)
    if (outcome.status === 'known') taken.known.add(key)
    if (outcome.status !== 'refused') return
    if (outcome.fault.code.startsWith('wire/') || forgeries.has(outcome.fault.code)) {
      taken.forged++
      return
    }
    taken.refused++
    if (lasting.has(outcome.fault.code)) {
      // It will never stand here: it counts as held, or it would be sent again in every comparison.
      const time = this.#depthAfter(record.parents)
      if (time !== undefined) this.#onHeld([{ time, key }])
    }
  }

  async #takeAttestation(bytes: Uint8Array, taken: Tally): Promise<void> {
    const read = decodeAttestation(bytes)
    if (!read.ok) {
      taken.forged++
      return
    }
    const { recordId, witnessKey } = read.value
    const key = attestationKey(recordId, identityHash(witnessKey))
    this.#foreign.set(key, true)
    const added = await this.#records.addAttestation(bytes)
    this.#foreign.delete(key)
    if (added.ok) {
      if (added.value) taken.stored.push(key)
      else taken.known.add(key)
      return
    }
    if (added.fault.code === 'dag/not-found') taken.missing.add(recordName(recordId))
    else if (added.fault.code !== 'dag/not-admitted') taken.forged++
  }

  async #takeEvidence(bytes: Uint8Array, taken: Tally): Promise<void> {
    const read = decodeEquivocation(bytes)
    if (!read.ok) {
      taken.forged++
      return
    }
    if (!this.#mayShow(read.value)) {
      taken.refused++
      return
    }
    const key = evidenceKey(identityHash(read.value.first.creatorKey))
    this.#foreign.set(key, true)
    const added = await this.#records.addEvidence(bytes)
    this.#foreign.delete(key)
    if (!added.ok) taken.forged++
    else if (added.value) taken.stored.push(key)
    else taken.known.add(key)
  }

  async #item(key: string): Promise<SyncItem | undefined> {
    const extra = this.#extras.get(key)
    if (extra === undefined) return this.#record(key)
    if ('author' in extra) {
      const evidence = await this.#records.evidence(extra.author)
      return evidence && { kind: itemKinds.evidence, bytes: evidence.bytes }
    }
    const all = await this.#records.attestations(extra.recordId)
    const attestation = all.find(({ witness }) => witness === extra.witness)
    return attestation && { kind: itemKinds.attestation, bytes: encodeAttestation(attestation) }
  }

  async #record(key: string): Promise<SyncItem | undefined> {
    const id = this.#idByName.get(key.slice(0, nameDigits)) ?? uuidOfName(key)
    const found = await this.#records.get(id)
    if (found === undefined) return undefined
    if (!this.#carries(found.record.id)) return undefined
    if (key.length === keyDigits && keyOf(found.record) !== key) return undefined
    return { kind: itemKinds.record, bytes: found.record.bytes }
  }

  #happened(event: RecordsEvent): void {
    switch (event.type) {
      case 'inserted':
        this.#held(
          this.#heldRecord(event.stored.record),
          itemKinds.record,
          event.stored.record.bytes,
        )
        return
      case 'attested': {
        const read = decodeAttestation(event.bytes)
        if (!read.ok) return
        const witness = identityHash(read.value.witnessKey)
        const held = this.#heldAttestation(event.recordId, witness)
        this.#held(held, itemKinds.attestation, event.bytes)
        return
      }
      case 'evidence': {
        const { evidence } = event
        this.#held(this.#heldEvidence(evidence), itemKinds.evidence, evidence.bytes)
      }
    }
  }

  #held(items: readonly HeldItem[], kind: SyncItem['kind'], bytes: Uint8Array): void {
    this.#onHeld(
      items.map((one) => (this.#foreign.delete(one.key) ? one : { ...one, item: { kind, bytes } })),
    )
  }

  #carries(id: string): boolean {
    const entry = this.#records.graph.entry(id)
    const isShown = entry !== undefined && entry.classification <= this.#highest
    return isShown && !this.#inexact.has(id)
  }

  #heldRecord(record: ElraRecord): readonly HeldItem[] {
    const time = this.#records.graph.depthOf(record.id)
    const isExact = record.mode === this.#mode || decodeRecord(record.bytes, this.#mode).ok
    if (!isExact) this.#inexact.add(record.id)
    if (time === undefined || !this.#carries(record.id)) return []
    if (!isUuid(record.id)) this.#idByName.set(recordName(record.id), record.id)
    return [{ time, key: keyOf(record) }]
  }

  #heldAttestation(recordId: string, witness: string): readonly HeldItem[] {
    const depth = this.#records.graph.depthOf(recordId)
    if (depth === undefined || !this.#carries(recordId)) return []
    const key = attestationKey(recordId, witness)
    this.#extras.set(key, { recordId, witness })
    return [{ time: beyondDepth + 1 + depth, key }]
  }

  #heldEvidence({ author, bytes }: Evidence): readonly HeldItem[] {
    const read = decodeEquivocation(bytes)
    if (!read.ok || !this.#mayShow(read.value)) return []
    const key = evidenceKey(author)
    this.#extras.set(key, { author })
    return [{ time: 2 * beyondDepth, key }]
  }

  /** A proof holds two records, which are shown with it. */
  #mayShow({ first, second }: EquivocationProof): boolean {
    return Math.max(first.classification, second.classification) <= this.#highest
  }

  #depthAfter(parents: readonly string[]): number | undefined {
    let depth = -1
    for (const parent of parents) {
      const found = this.#records.graph.depthOf(parent)
      if (found === undefined) return undefined
      depth = Math.max(depth, found)
    }
    return depth + 1
  }
}

function keyOf(record: ElraRecord): string {
  return recordKey(record.id, contentId(record))
}

/** Refusals that only a forger, or who passed on what nobody verified, is the cause of. */
const forgeries: ReadonlySet<string> = new Set([
  'dag/unsigned',
  'dag/bad-signature',
  'wire/algorithm',
])
/** Refusals that another try would not change. */
const lasting: ReadonlySet<string> = new Set([
  'dag/id-taken',
  'dag/not-admitted',
  'dag/unknown-key',
])

/** Source: our choice: above the orphans that wait. */
const maxForeign = 65_536
