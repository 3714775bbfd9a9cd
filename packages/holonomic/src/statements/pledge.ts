import type { SignedKind } from '@kithnet/identity'
import { type Bytes, type EpochMs, epochMs, ok, type Result } from '@kithnet/kernel'
import {
  badShape,
  idBytes,
  idToBytes,
  isBytes,
  isUint,
  type NetworkId,
  networkIdFromBytes,
  type PeerId,
  peerIdFromBytes,
} from '@kithnet/types'
import type { BodyFault } from '../faults.ts'
import { readStatement, type StatementShape, writeStatement } from '../statement.ts'

/** A peer says how much it keeps for others, and until when it may be asked. It counts while the peer is admitted. */
export interface Pledge {
  readonly network: NetworkId
  readonly peer: PeerId
  /** For symbols of others; 0 takes an earlier pledge back. */
  readonly bytes: number
  readonly at: EpochMs
  readonly expiresAt: EpochMs
}

/** Longest life of a pledge, in milliseconds. Source: our choice: 30 days, so that who is gone is soon asked no more. */
export const maxPledgeMs = 2_592_000_000

const shape: StatementShape = {
  name: 'pledge',
  version: 2,
  fields: 5,
  limits: { maxBytes: 110, maxDepth: 1, maxItems: 7 },
}

/** Pledges, signed by the peer that keeps. */
export const pledgeKind: SignedKind<Pledge, BodyFault> = {
  domain: 'pledge',
  decode: decodePledge,
  subject: ({ peer }) => peer,
}

/** The exact bytes that are signed. */
export function encodePledge({ network, peer, bytes, at, expiresAt }: Pledge): Bytes {
  const fields = [idToBytes(network), idToBytes(peer), bytes, at, expiresAt]
  return writeStatement(shape, fields, decodePledge)
}

/** The pledge of a body. Says nothing about the signature. */
export function decodePledge(body: Uint8Array): Result<Pledge, BodyFault> {
  const read = readStatement(shape, body)
  if (!read.ok) return read
  const [network, peer, bytes, at, expiresAt] = read.value
  if (!isBytes(network, idBytes)) return badShape('pledge.network')
  if (!isBytes(peer, idBytes)) return badShape('pledge.peer')
  if (!isUint(bytes)) return badShape('pledge.bytes')
  if (!isUint(at)) return badShape('pledge.at')
  if (!isUint(expiresAt) || expiresAt <= at || expiresAt - at > maxPledgeMs) {
    return badShape('pledge.expiresAt')
  }
  return ok({
    network: networkIdFromBytes(network),
    peer: peerIdFromBytes(peer),
    bytes,
    at: epochMs(at),
    expiresAt: epochMs(expiresAt),
  })
}
