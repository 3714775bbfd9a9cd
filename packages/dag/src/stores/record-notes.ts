import { type Bytes, concat, fromHex, fromUtf8, toHex, utf8 } from '@kithnet/kernel'
import type { Entry, Store } from '@kithnet/types'
import type { NamedValue, StoredAttestation } from './record-store.ts'
import { checkAttestations, checkValue } from './store-limits.ts'

/** Attestations and small values in a store of keys and values, for a store of records that has no tables. */
export class RecordNotes {
  readonly #store: Store
  /** What looks before it writes waits for what did so before. */
  #last: Promise<unknown> = Promise.resolve()

  constructor(store: Store) {
    this.#store = store
  }

  async attest(attestations: readonly StoredAttestation[]): Promise<number> {
    checkAttestations(attestations)
    const wanted = new Map<string, { readonly key: Bytes; readonly value: Bytes }>()
    for (const { recordId, witness, signature, timestamp } of attestations) {
      const key = concat(prefixOf(recordId), fromHex(witness)!)
      const hex = toHex(key)
      if (!wanted.has(hex)) wanted.set(hex, { key, value: concat(float64(timestamp), signature) })
    }
    const run = this.#last.then(() => this.#writeMissing([...wanted.values()]))
    this.#last = run.catch(() => {})
    return run
  }

  async attestationsOf(recordId: string): Promise<readonly StoredAttestation[]> {
    const prefix = prefixOf(recordId)
    const to = prefix.slice()
    to[to.length - 1] = 1
    const entries = await this.#all(attestationSpace, prefix, to)
    return entries.map(({ key, value }) => ({
      recordId,
      witness: toHex(key.subarray(prefix.length)),
      signature: value.slice(timeBytes),
      timestamp: new DataView(value.buffer, value.byteOffset).getFloat64(0),
    }))
  }

  async setValue(name: string, value: Uint8Array | undefined): Promise<void> {
    checkValue(name, value)
    await this.#store.write([{ space: valueSpace, key: utf8(name), value }])
  }

  value(name: string): Promise<Bytes | undefined> {
    return this.#store.get(valueSpace, utf8(name))
  }

  async values(prefix: string): Promise<readonly NamedValue[]> {
    // Names are ASCII: none that begins so comes behind.
    const entries = await this.#all(valueSpace, utf8(prefix), utf8(`${prefix}\x7f`))
    return entries.map(({ key, value }) => ({ name: fromUtf8(key)!, value }))
  }

  async close(): Promise<void> {
    await this.#last
    await this.#store.close()
  }

  async #writeMissing(
    entries: readonly { readonly key: Bytes; readonly value: Bytes }[],
  ): Promise<number> {
    const known = await Promise.all(
      entries.map(({ key }) => this.#store.get(attestationSpace, key)),
    )
    const missing = entries.filter((_, index) => known[index] === undefined)
    await this.#store.write(missing.map((entry) => ({ space: attestationSpace, ...entry })))
    return missing.length
  }

  async #all(space: string, from: Bytes, to: Bytes): Promise<readonly Entry[]> {
    const found: Entry[] = []
    let next = from
    for (;;) {
      const entries = await this.#store.scan(space, { from: next, to, limit: pageEntries })
      if (entries.length === 0) return found
      found.push(...entries)
      // The least key behind the last one.
      next = concat(entries.at(-1)!.key, new Uint8Array(1))
    }
  }
}

/** A record's id has no zero byte, so that none is the beginning of another's key. */
function prefixOf(recordId: string): Bytes {
  return concat(utf8(recordId), new Uint8Array(1))
}

function float64(value: number): Bytes {
  const bytes = new Uint8Array(timeBytes)
  new DataView(bytes.buffer).setFloat64(0, value)
  return bytes
}

const attestationSpace = 'attestation'
const valueSpace = 'value'
const timeBytes = 8
/** Entries of one read. Source: our choice. */
const pageEntries = 1_024
