import type { SignedKind } from '@kithnet/identity'
import { type Bytes, type EpochMs, epochMs, fromHex, ok, type Result, toHex } from '@kithnet/kernel'
import {
  badShape,
  hashBytes,
  idBytes,
  idToBytes,
  isBytes,
  isUint,
  type PeerId,
  peerIdFromBytes,
  type Verified,
} from '@kithnet/types'
import type { BodyFault } from '../faults.ts'
import { ranked } from '../rank.ts'
import { readStatement, type StatementShape, statementId, writeStatement } from '../statement.ts'
import { type Checkpoint, encodeCheckpoint, logIdOf } from './checkpoint.ts'

/** A witness says that a checkpoint goes on from every earlier one of its log that it has signed. */
export interface Cosignature {
  readonly cosigner: PeerId
  /** `logIdOf` the checkpoint. */
  readonly log: string
  readonly epoch: number
  /** `checkpointId`: everything in the checkpoint is meant, not its roots alone. */
  readonly checkpoint: string
  readonly at: EpochMs
}

const shape: StatementShape = {
  name: 'cosignature',
  version: 2,
  fields: 5,
  limits: { maxBytes: 200, maxDepth: 1, maxItems: 7 },
}

/** Cosignatures, signed by the witness. */
export const cosignatureKind: SignedKind<Cosignature, BodyFault> = {
  domain: 'cosignature',
  decode: decodeCosignature,
  subject: ({ cosigner }) => cosigner,
}

/** The exact bytes that are signed. */
export function encodeCosignature(cosignature: Cosignature): Bytes {
  return writeStatement(
    shape,
    [
      idToBytes(cosignature.cosigner),
      fromHex(cosignature.log)!,
      cosignature.epoch,
      fromHex(cosignature.checkpoint)!,
      cosignature.at,
    ],
    decodeCosignature,
  )
}

/** The cosignature of a body. Says nothing about the signature. */
export function decodeCosignature(body: Uint8Array): Result<Cosignature, BodyFault> {
  const read = readStatement(shape, body)
  if (!read.ok) return read
  const [cosigner, log, epoch, checkpoint, at] = read.value
  if (!isBytes(cosigner, idBytes)) return badShape('cosignature.cosigner')
  if (!isBytes(log, hashBytes)) return badShape('cosignature.log')
  if (!isUint(epoch) || epoch === 0) return badShape('cosignature.epoch')
  if (!isBytes(checkpoint, hashBytes)) return badShape('cosignature.checkpoint')
  if (!isUint(at)) return badShape('cosignature.at')
  return ok({
    cosigner: peerIdFromBytes(cosigner),
    log: toHex(log),
    epoch,
    checkpoint: toHex(checkpoint),
    at: epochMs(at),
  })
}

/** What a checkpoint is called: the hash of its body. 64 hex digits. */
export function checkpointId(checkpoint: Checkpoint): string {
  return statementId(encodeCheckpoint(checkpoint))
}

/** The peers that are to witness a log: everybody finds the same, and its owner chooses none of them. */
export function cosignersOf(log: string, peers: readonly PeerId[], count: number): PeerId[] {
  return ranked(fromHex(log)!, peers).slice(0, count)
}

/** Which of the appointed witnesses have cosigned exactly this checkpoint; each counts once. */
export function cosignedBy(
  checkpoint: Checkpoint,
  cosignatures: readonly Verified<Cosignature>[],
  appointed: readonly PeerId[],
): readonly PeerId[] {
  const [id, log] = [checkpointId(checkpoint), logIdOf(checkpoint)]
  const signers = new Set(
    cosignatures
      .filter((one) => one.checkpoint === id && one.log === log && one.epoch === checkpoint.epoch)
      .map(({ cosigner }) => cosigner),
  )
  return [...new Set(appointed)].filter((peer) => signers.has(peer))
}
