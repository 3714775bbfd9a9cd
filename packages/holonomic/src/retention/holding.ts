import { maxSymbolId } from '@kithnet/fountain'
import type { SignedKind } from '@kithnet/identity'
import { type Bytes, type EpochMs, epochMs, fromHex, ok, type Result, toHex } from '@kithnet/kernel'
import {
  badShape,
  hashBytes,
  idBytes,
  idToBytes,
  isBytes,
  isList,
  isUint,
  type NetworkId,
  networkIdFromBytes,
  type PeerId,
  peerIdFromBytes,
} from '@kithnet/types'
import type { BodyFault } from '../faults.ts'
import { readStatement, type StatementShape, writeStatement } from '../statement.ts'

/** Which shares of a content a peer says it holds. It counts for nothing until it is proven: it says what to ask for. */
export interface Holding {
  readonly network: NetworkId
  readonly peer: PeerId
  /** 64 hex digits. */
  readonly content: string
  /** Rising. */
  readonly shares: readonly number[]
  readonly observedAt: EpochMs
  readonly expiresAt: EpochMs
}

/** Most shares of one holding. Source: our choice: a statement of 5 KB. */
export const maxHoldingShares = 1_024

const shape: StatementShape = {
  name: 'holding',
  version: 2,
  fields: 6,
  limits: {
    maxBytes: 130 + 5 * maxHoldingShares,
    maxDepth: 2,
    maxItems: 8 + maxHoldingShares,
  },
}

/** Holdings, signed by the holder. */
export const holdingKind: SignedKind<Holding, BodyFault> = {
  domain: 'holding',
  decode: decodeHolding,
  subject: ({ peer }) => peer,
}

/** The exact bytes that are signed. */
export function encodeHolding(holding: Holding): Bytes {
  return writeStatement(
    shape,
    [
      idToBytes(holding.network),
      idToBytes(holding.peer),
      fromHex(holding.content)!,
      holding.shares,
      holding.observedAt,
      holding.expiresAt,
    ],
    decodeHolding,
  )
}

/** The holding of a body. Says nothing about the signature. */
export function decodeHolding(body: Uint8Array): Result<Holding, BodyFault> {
  const read = readStatement(shape, body)
  if (!read.ok) return read
  const [network, peer, content, ids, observedAt, expiresAt] = read.value
  if (!isBytes(network, idBytes)) return badShape('holding.network')
  if (!isBytes(peer, idBytes)) return badShape('holding.peer')
  if (!isBytes(content, hashBytes)) return badShape('holding.content')
  if (!isList(ids, maxHoldingShares)) return badShape('holding.shares')
  const shares = ids.filter((id) => isUint(id, maxSymbolId))
  const rises = shares.every((id, index) => index === 0 || shares[index - 1]! < id)
  if (shares.length < ids.length || !rises) return badShape('holding.shares')
  if (!isUint(observedAt)) return badShape('holding.observedAt')
  if (!isUint(expiresAt) || expiresAt <= observedAt) return badShape('holding.expiresAt')
  return ok({
    network: networkIdFromBytes(network),
    peer: peerIdFromBytes(peer),
    content: toHex(content),
    shares,
    observedAt: epochMs(observedAt),
    expiresAt: epochMs(expiresAt),
  })
}
