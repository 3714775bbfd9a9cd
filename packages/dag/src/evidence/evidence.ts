import { type Bytes, fail, type Fault, ok, type Result } from '@kithnet/kernel'
import type { Verified } from '@kithnet/types'
import { type ElraRecord, identityHash } from '@kithnet/wire'
import type { CarriedFault } from '../faults.ts'
import type { RecordStore } from '../stores/record-store.ts'
import {
  decodeEquivocation,
  encodeEquivocation,
  type EquivocationProof,
  verifyEquivocation,
} from './equivocation.ts'

/** The proof against one author. */
export interface Evidence {
  /** Lower-case hexadecimal SHA3-256 of the author's key. */
  readonly author: string
  /** What `verifyEquivocation` takes. */
  readonly bytes: Bytes
}

/**
 * Who is known to have signed two things that contradict each other. One proof for each author is kept, the first that came:
 * it convicts, and no author can fill a disk with more.
 */
export class EvidenceBook {
  readonly #store: RecordStore
  readonly #authors: Set<string>

  /** `authors`: those against whom the store has a proof, as `convictedIn` reads them. */
  constructor(store: RecordStore, authors: readonly string[]) {
    this.#store = store
    this.#authors = new Set(authors)
  }

  /** Authors against whom there is a proof. */
  get authors(): readonly string[] {
    return [...this.#authors].sort()
  }

  has(author: string): boolean {
    return this.#authors.has(author)
  }

  async of(author: string): Promise<Evidence | undefined> {
    const bytes = await this.#store.value(prefix + author)
    return bytes === undefined ? undefined : { author, bytes }
  }

  /** Keeps the proof of two verified records; `undefined` when it proves nothing, or there is one against their author. */
  async keep(a: ElraRecord, b: ElraRecord): Promise<Evidence | undefined> {
    const bytes = encodeEquivocation(a, b)
    // Old data may contradict itself in a form that no stranger would read.
    if (!decodeEquivocation(bytes).ok) return undefined
    return this.#put(identityHash(a.creatorKey), bytes)
  }

  /** Verifies and keeps a proof that somebody brought; its value is `undefined` when there is one already. */
  async add(
    bytes: Uint8Array,
    checkRecord: (record: ElraRecord) => Promise<Fault | undefined>,
  ): Promise<Result<Evidence | undefined, CarriedFault>> {
    const proof: Result<Verified<EquivocationProof>, CarriedFault> = await verifyEquivocation(
      bytes,
      checkRecord,
    )
    if (!proof.ok) return fail(proof.fault)
    const { first, second } = proof.value
    return ok(await this.keep(first, second))
  }

  async #put(author: string, bytes: Bytes): Promise<Evidence | undefined> {
    if (this.#authors.has(author)) return undefined
    this.#authors.add(author)
    try {
      await this.#store.setValue(prefix + author, bytes)
    } catch (error) {
      this.#authors.delete(author)
      throw error
    }
    return { author, bytes }
  }
}

/** The authors against whom a store has a proof. */
export async function convictedIn(store: RecordStore): Promise<readonly string[]> {
  return (await store.values(prefix)).map(({ name }) => name.slice(prefix.length))
}

const prefix = 'evidence/'
