import { type EpochMs, epochMs, fromHex, toHex } from '@kithnet/kernel'
import {
  type CborLimits,
  decodeCbor,
  encodeCbor,
  idBytes,
  idToBytes,
  isBytes,
  isList,
  isTuple,
  isUint,
  type PeerId,
  peerIdFromBytes,
  type Store,
} from '@kithnet/types'
import { type ContentRef, refText } from './content-ref.ts'

/** That a peer has proven to hold a share, and until when by the wall clock. */
export interface KeptProof {
  readonly peer: PeerId
  readonly share: number
  readonly until: EpochMs
}

/** What a keeper knew of the holders of a content. */
export interface KeptCensus {
  readonly proofs: readonly KeptProof[]
  /** How long it had still to watch before it mended anything, in milliseconds. */
  readonly unsettledMs: number
}

/** What is remembered of contents over a restart: what the user wants none of, and who was proven to hold what. */
export class ContentMemory {
  readonly #store: Store
  readonly #declined = new Set<string>()

  private constructor(store: Store) {
    this.#store = store
  }

  static async open(store: Store): Promise<ContentMemory> {
    const memory = new ContentMemory(store)
    const entries = await store.scan(declinedSpace, { limit: maxDeclined })
    for (const { key } of entries) memory.#declined.add(textOf(key))
    return memory
  }

  isDeclined(ref: ContentRef): boolean {
    return this.#declined.has(refText(ref))
  }

  /** Resolves once it is durable. */
  async decline(ref: ContentRef, isDeclined: boolean): Promise<void> {
    const text = refText(ref)
    if (isDeclined) this.#declined.add(text)
    else this.#declined.delete(text)
    const value = isDeclined ? new Uint8Array(0) : undefined
    await this.#store.write([{ space: declinedSpace, key: keyOf(ref), value }])
  }

  async saveCensus(ref: ContentRef, { proofs, unsettledMs }: KeptCensus): Promise<void> {
    const rows = proofs
      .slice(0, maxProofs)
      .map(({ peer, share, until }) => [idToBytes(peer), share, until])
    const value = encodeCbor([Math.ceil(unsettledMs), rows])
    await this.#store.write([{ space: censusSpace, key: keyOf(ref), value }])
  }

  /** What was known of the holders of a content; nothing where it cannot be read. */
  async censusOf(ref: ContentRef): Promise<KeptCensus | undefined> {
    const value = await this.#store.get(censusSpace, keyOf(ref))
    const decoded = value === undefined ? undefined : decodeCbor(value, 'signed', censusLimits)
    if (decoded?.ok !== true || !isTuple(decoded.value, 2)) return undefined
    const [unsettledMs, rows] = decoded.value
    if (!isUint(unsettledMs) || !isList(rows, maxProofs)) return undefined
    const proofs = rows.flatMap((row) => {
      if (!isTuple(row, 3)) return []
      const [peer, share, until] = row
      if (!isBytes(peer, idBytes) || !isUint(share) || !isUint(until)) return []
      return [{ peer: peerIdFromBytes(peer), share, until: epochMs(until) }]
    })
    return { proofs, unsettledMs }
  }

  /** Forgets what was known of a content that is gone. */
  forget(ref: ContentRef): Promise<void> {
    return this.#store.write([{ space: censusSpace, key: keyOf(ref), value: undefined }])
  }
}

/** Key author, content. */
const declinedSpace = 'holonomic/declined/1'
const censusSpace = 'holonomic/census/1'
/** Most contents that are declined by name. Source: our choice, as many as a keeper knows. */
const maxDeclined = 65_536
/** Most proofs of a content that are remembered. Source: our choice: 200 KB. */
const maxProofs = 4_096
const censusLimits: CborLimits = {
  maxBytes: 64 * maxProofs,
  maxDepth: 3,
  maxItems: 4 + 4 * maxProofs,
}

function keyOf({ author, content }: ContentRef): Uint8Array {
  const key = new Uint8Array(2 * idBytes)
  key.set(idToBytes(author))
  key.set(fromHex(content)!, idBytes)
  return key
}

function textOf(key: Uint8Array): string {
  return `${toHex(key.subarray(0, idBytes))}/${toHex(key.subarray(idBytes))}`
}
