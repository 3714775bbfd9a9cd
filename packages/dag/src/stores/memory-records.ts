/**
 * A store of records that lives in memory and ends with the process.
 *
 * @packageDocumentation
 */
import type { Bytes } from '@kithnet/kernel'
import { storeError } from '@kithnet/store'
import { recordHeader } from './record-header.ts'
import type {
  NamedValue,
  RecordHeader,
  RecordStore,
  StoredAttestation,
  StoredRecord,
} from './record-store.ts'
import { checkAppend, checkAttestations, checkValue, scanRecords } from './store-limits.ts'
import { type RecordStoreOptions, storedCopy } from './stored-copy.ts'

/** A fresh, empty store. What it holds is gone when it is closed. */
export function memoryRecords(options: RecordStoreOptions = {}): RecordStore {
  return new MemoryRecords(options)
}

class MemoryRecords implements RecordStore {
  readonly #options: RecordStoreOptions
  readonly #records: StoredRecord[] = []
  readonly #positionsById = new Map<string, number>()
  readonly #attestations = new Map<string, Map<string, StoredAttestation>>()
  readonly #values = new Map<string, Bytes>()
  #closed = false

  constructor(options: RecordStoreOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#records.length
  }

  async append(entries: readonly StoredRecord[]): Promise<void> {
    this.#check()
    checkAppend(entries, (id) => this.#positionsById.has(id))
    const { mode = 'strict' } = this.#options
    const copies = entries.map((entry) => storedCopy(entry.record.bytes.slice(), entry, mode))
    for (const copy of copies) {
      this.#positionsById.set(copy.record.id, this.#records.length)
      this.#records.push(copy)
    }
  }

  async get(id: string): Promise<StoredRecord | undefined> {
    this.#check()
    return this.#records[this.#positionsById.get(id) ?? -1]
  }

  async getMany(ids: readonly string[]): Promise<readonly (StoredRecord | undefined)[]> {
    this.#check()
    return ids.map((id) => this.#records[this.#positionsById.get(id) ?? -1])
  }

  async *scan(from: number = 0): AsyncIterable<readonly StoredRecord[]> {
    for (let at = from; ; at += scanRecords) {
      this.#check()
      const batch = this.#records.slice(at, at + scanRecords)
      if (batch.length === 0) return
      yield batch
    }
  }

  async *headers(from: number = 0): AsyncIterable<readonly RecordHeader[]> {
    for await (const batch of this.scan(from)) yield batch.map((stored) => recordHeader(stored))
  }

  async attest(attestations: readonly StoredAttestation[]): Promise<number> {
    this.#check()
    checkAttestations(attestations)
    let fresh = 0
    for (const attestation of attestations) {
      const { recordId, witness, signature, timestamp } = attestation
      let known = this.#attestations.get(recordId)
      if (known === undefined) {
        known = new Map()
        this.#attestations.set(recordId, known)
      }
      if (known.has(witness)) continue
      known.set(witness, { recordId, witness, signature: signature.slice(), timestamp })
      fresh++
    }
    return fresh
  }

  async attestationsOf(recordId: string): Promise<readonly StoredAttestation[]> {
    this.#check()
    const known = [...(this.#attestations.get(recordId)?.values() ?? [])]
    return known.sort((a, b) => (a.witness < b.witness ? -1 : 1))
  }

  async setValue(name: string, value: Uint8Array | undefined): Promise<void> {
    this.#check()
    checkValue(name, value)
    if (value === undefined) this.#values.delete(name)
    else this.#values.set(name, new Uint8Array(value))
  }

  async value(name: string): Promise<Bytes | undefined> {
    this.#check()
    return this.#values.get(name)?.slice()
  }

  async values(prefix: string): Promise<readonly NamedValue[]> {
    this.#check()
    const names = [...this.#values.keys()].filter((name) => name.startsWith(prefix)).sort()
    return names.map((name) => ({ name, value: this.#values.get(name)!.slice() }))
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#records.length = 0
    this.#positionsById.clear()
    this.#attestations.clear()
    this.#values.clear()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #check(): void {
    if (this.#closed) throw storeError({ code: 'store/closed' })
  }
}
