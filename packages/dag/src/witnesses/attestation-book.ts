import { BoundedMap, type Bytes, fail, ok, type Result } from '@kithnet/kernel'
import type { SignatureScheme } from '@kithnet/identity'
import { type ElraRecord, identityHash } from '@kithnet/wire'
import type { CarriedFault, NotFoundFault, RecordRefusedFault } from '../faults.ts'
import type { RecordPolicy } from '../intake/record-policy.ts'
import type { RecordStore } from '../stores/record-store.ts'
import { type Attestation, decodeAttestation, isTimed, verifyAttestation } from './attestations.ts'

/** A witness's word as a store gives it back. */
export interface KeptAttestation extends Attestation {
  /** Lower-case hexadecimal SHA3-256 of the witness's key. */
  readonly witness: string
  /** Whether the witness signed its time too. */
  readonly timed: boolean
}

/** Why what a witness is said to have said is not kept. */
export type AttestationFault = CarriedFault | NotFoundFault | RecordRefusedFault

/** What became of an attestation that holds. */
export interface AddedAttestation {
  readonly recordId: string
  /** False when it was here already. */
  readonly isNew: boolean
}

/**
 * What witnesses said, one word for each record and witness, verified before it was stored. A witness's key is kept once.
 */
export class AttestationBook {
  readonly #store: RecordStore
  readonly #scheme: SignatureScheme | undefined
  readonly #admits: RecordPolicy['admitWitness']
  /** Of witnesses, by name. */
  readonly #keys = new BoundedMap<string, Bytes>(rememberedKeys)

  constructor(store: RecordStore, scheme?: SignatureScheme, admits?: RecordPolicy['admitWitness']) {
    this.#store = store
    this.#scheme = scheme
    this.#admits = admits
  }

  /** Verifies an attestation's canonical bytes and keeps it, unless this witness's word on the record is here. */
  async add(bytes: Uint8Array): Promise<Result<AddedAttestation, AttestationFault>> {
    const read = decodeAttestation(bytes)
    if (!read.ok) return read
    const { recordId, witnessKey } = read.value
    if (this.#admits?.(identityHash(witnessKey), recordId) === false) {
      return fail({ code: 'dag/not-admitted', id: recordId })
    }
    const stored = await this.#store.get(recordId)
    if (stored === undefined) return fail({ code: 'dag/not-found', id: recordId })
    const verified = await verifyAttestation(bytes, stored.record, this.#scheme)
    if (!verified.ok) return verified
    return ok({ recordId, isNew: await this.#keep(verified.value) })
  }

  /** Sorted by witness. Those whose key is not here, as old stores have them, are left out: they prove nothing. */
  async of(record: ElraRecord): Promise<readonly KeptAttestation[]> {
    const words: KeptAttestation[] = []
    for (const word of await this.#store.attestationsOf(record.id)) {
      const witnessKey = await this.#keyOf(word.witness)
      if (witnessKey === undefined) continue
      words.push({ ...word, witnessKey, timed: isTimed(word) })
    }
    return words
  }

  async #keep(attestation: Attestation): Promise<boolean> {
    const { recordId, witnessKey, timestamp, signature } = attestation
    const witness = identityHash(witnessKey)
    if ((await this.#keyOf(witness)) === undefined) {
      const key = Uint8Array.from(witnessKey)
      // The key is there before the first word under it.
      await this.#store.setValue(prefix + witness, key)
      this.#keys.set(witness, key)
    }
    const word = { recordId, witness, signature: Uint8Array.from(signature), timestamp }
    return (await this.#store.attest([word])) === 1
  }

  async #keyOf(witness: string): Promise<Bytes | undefined> {
    const known = this.#keys.get(witness) ?? (await this.#store.value(prefix + witness))
    if (known !== undefined) this.#keys.set(witness, known)
    return known
  }
}

/** Keys that are kept in memory, 2 KB each. Source: our choice. */
const rememberedKeys = 1_024

const prefix = 'witness/'
