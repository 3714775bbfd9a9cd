import { type Bytes, fromHex } from '@kithnet/kernel'
import {
  type Change,
  type CborLimits,
  decodeCbor,
  encodeCbor,
  idBytes,
  idToBytes,
  isBytesUpTo,
  isList,
  isText,
  isTuple,
  isUint,
  type PeerId,
  peerIdFromBytes,
  signatureBytes,
  type Store,
} from '@kithnet/types'
import { maxForkProofBytes } from '../witness/fork-proof.ts'
import type { AnyHeld } from './held.ts'
import type { Place } from './shelf.ts'
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

  /** The floors of all signers, as they were put last. */
  async floors(): Promise<readonly (readonly [PeerId, readonly Place[]])[]> {
    const floors: (readonly [PeerId, readonly Place[]])[] = []
    let from: Uint8Array = new Uint8Array(0)
    for (;;) {
      const entries = await this.#store.scan(floorSpace, { from, limit: batch })
      if (entries.length === 0) return floors
      for (const { key, value } of entries) {
        if (key.length === idBytes) floors.push([peerIdFromBytes(key), placesOf(value)])
      }
      from = Uint8Array.of(...entries.at(-1)!.key, 0)
    }
  }

  /** Puts the floors of signers in place of those before. */
  async putFloors(floors: readonly (readonly [PeerId, readonly Place[]])[]): Promise<void> {
    await this.#store.write(
      floors.map(([signer, places]) => ({
        space: floorSpace,
        key: idToBytes(signer),
        value: encodeCbor(
          places.map(({ kind, first, slot }) => [statementKinds.indexOf(kind), first, slot]),
        ),
      })),
    )
  }

  /** Forgets statements by their keys, and the keys of signers of which nothing is left. */
  async drop(statements: readonly Uint8Array[], signers: readonly PeerId[] = []): Promise<void> {
    await this.#store.write([
      ...statements.map((key) => ({ space: statementSpace, key, value: undefined })),
      ...signers.flatMap((peer) =>
        [keySpace, floorSpace].map((space) => ({ space, key: idToBytes(peer), value: undefined })),
      ),
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

function placesOf(value: Uint8Array): readonly Place[] {
  const decoded = decodeCbor(value, 'signed', floorLimits)
  if (!decoded.ok || !isList(decoded.value, statementKinds.length)) return []
  return decoded.value.flatMap((one) => {
    if (!isTuple(one, 3)) return []
    const [number, first, slot] = one
    const kind = isUint(number) ? statementKinds[number] : undefined
    const isWhole = kind !== undefined && isUint(first) && isText(slot, maxSlotLength)
    return isWhole ? [{ kind, first, slot }] : []
  })
}

/** The versions are those of the forms of values. */
const statementSpace = 'holonomic/statements/1'
const keySpace = 'holonomic/keys/1'
const floorSpace = 'holonomic/floors/1'
/** Two ids and the name of a kind. */
const maxSlotLength = 256
const floorLimits: CborLimits = { maxBytes: 4_096, maxDepth: 3, maxItems: 40 }
const limits: CborLimits = {
  maxBytes: maxForkProofBytes + signatureBytes + 16,
  maxDepth: 1,
  maxItems: 4,
}
/** Statements that are read at a time. Source: our choice: 1 MB. */
const batch = 256
