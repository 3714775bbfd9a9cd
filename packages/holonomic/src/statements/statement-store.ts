import { type Bytes, fromHex } from '@kithnet/kernel'
import {
  type Change,
  type CborLimits,
  decodeCbor,
  encodeCbor,
  idToBytes,
  isBytesUpTo,
  isTuple,
  isUint,
  type PeerId,
  signatureBytes,
  type Store,
} from '@kithnet/types'
import { maxForkProofBytes } from '../witness/fork-proof.ts'
import type { AnyHeld } from './held.ts'
import type { StatementItem } from './statement-item.ts'
import { statementKinds } from './statement-kinds.ts'

/** A statement as it stands on disk. */
export interface StoredStatement {
  /** Its key: the bytes of its id. */
  readonly key: Bytes
  /** `undefined` where the bytes are none. */
  readonly item: StatementItem | undefined
}

/** The statements of a node's store, and the keys of their signers. Nothing in it is believed without its signature. */
export class StatementStore {
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
  }

  /** All statements, some hundred at a time. */
  async *statements(): AsyncGenerator<readonly StoredStatement[], undefined> {
    let from: Uint8Array = new Uint8Array(0)
    for (;;) {
      const entries = await this.#store.scan(statementSpace, { from, limit: batch })
      if (entries.length === 0) return
      yield entries.map(({ key, value }) => ({ key, item: itemOf(value) }))
      from = Uint8Array.of(...entries.at(-1)!.key, 0)
    }
  }

  keyOf(signer: PeerId): Promise<Bytes | undefined> {
    return this.#store.get(keySpace, idToBytes(signer))
  }

  /** Puts statements with their keys, all or none. */
  async put(statements: readonly AnyHeld[]): Promise<void> {
    const changes: Change[] = []
    const keys = new Map<PeerId, Uint8Array>()
    for (const { kind, id, signer, body, signature, publicKey } of statements) {
      const value = encodeCbor([statementKinds.indexOf(kind), body, signature])
      changes.push({ space: statementSpace, key: fromHex(id)!, value })
      keys.set(signer, publicKey)
    }
    for (const [signer, value] of keys) {
      changes.push({ space: keySpace, key: idToBytes(signer), value })
    }
    await this.#store.write(changes)
  }

  /** Forgets statements by their keys, and the keys of signers of which nothing is left. */
  async drop(statements: readonly Uint8Array[], signers: readonly PeerId[] = []): Promise<void> {
    await this.#store.write([
      ...statements.map((key) => ({ space: statementSpace, key, value: undefined })),
      ...signers.map((peer) => ({ space: keySpace, key: idToBytes(peer), value: undefined })),
    ])
  }
}

function itemOf(value: Uint8Array): StatementItem | undefined {
  const decoded = decodeCbor(value, 'signed', limits)
  if (!decoded.ok || !isTuple(decoded.value, 3)) return undefined
  const [number, body, signature] = decoded.value
  const kind = isUint(number) ? statementKinds[number] : undefined
  const isWhole = isBytesUpTo(body, maxForkProofBytes) && isBytesUpTo(signature, signatureBytes)
  return kind !== undefined && isWhole ? { kind, body, signature } : undefined
}

/** The versions are those of the forms of values. */
const statementSpace = 'holonomic/statements/1'
const keySpace = 'holonomic/keys/1'
const limits: CborLimits = {
  maxBytes: maxForkProofBytes + signatureBytes + 16,
  maxDepth: 1,
  maxItems: 4,
}
/** Statements that are read at a time. Source: our choice: 1 MB. */
const batch = 256
