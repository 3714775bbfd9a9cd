import { type EpochMs, epochMs, equalBytes, ok, type Result, toHex } from '@kithnet/kernel'
import type { SignedKind } from '@kithnet/identity'
import {
  badShape,
  type CborValue,
  decodeCbor,
  encodeCbor,
  hash,
  hashBytes,
  idBytes,
  idToBytes,
  isBytes,
  isList,
  isText,
  isTuple,
  isUint,
  type NetworkId,
  networkIdFromBytes,
  type PeerId,
  peerIdFromBytes,
} from '@kithnet/types'
import type { BodyFault } from '../faults.ts'
import { readStatement, type StatementShape, writeStatement } from '../statement.ts'
import { compareText } from '../text-order.ts'

/**
 * A peer's witness: what it holds at an epoch, and the log of all that it has held. A peer has one log for each set of
 * namespaces, and exactly one checkpoint an epoch: two that differ are a fork.
 */
export interface Checkpoint {
  readonly network: NetworkId
  readonly peer: PeerId
  /** What kinds of things are witnessed: distinct, in the order of UTF-8 bytes, at least one. */
  readonly namespaces: readonly string[]
  /** From 1, without gaps: the number of states in the log. */
  readonly epoch: number
  /** Root and number of what is held: of `setRoot`. */
  readonly stateRoot: Uint8Array
  readonly stateSize: number
  /** Root of the log whose last leaf is this state: of `LogTree`. */
  readonly logRoot: Uint8Array
  readonly at: EpochMs
}

/** Most namespaces of a checkpoint. Source: our choice. */
const maxNamespaces = 16
/** Longest namespace, in UTF-16 units. Source: our choice. */
const maxNamespaceLength = 64

/** Longest body of a checkpoint. Source: sum of its parts. */
export const maxCheckpointBytes = 3_400

const shape: StatementShape = {
  name: 'checkpoint',
  version: 2,
  fields: 8,
  limits: { maxBytes: maxCheckpointBytes, maxDepth: 2, maxItems: 10 + maxNamespaces },
}

/** Checkpoints, signed by the peer whose state it is. */
export const checkpointKind: SignedKind<Checkpoint, BodyFault> = {
  domain: 'checkpoint',
  decode: decodeCheckpoint,
  subject: ({ peer }) => peer,
}

/** The exact bytes that are signed. */
export function encodeCheckpoint(checkpoint: Checkpoint): Uint8Array<ArrayBuffer> {
  return writeStatement(
    shape,
    [
      idToBytes(checkpoint.network),
      idToBytes(checkpoint.peer),
      checkpoint.namespaces,
      checkpoint.epoch,
      checkpoint.stateSize,
      checkpoint.stateRoot,
      checkpoint.logRoot,
      checkpoint.at,
    ],
    decodeCheckpoint,
  )
}

/** The checkpoint of a body. Says nothing about the signature. */
export function decodeCheckpoint(body: Uint8Array): Result<Checkpoint, BodyFault> {
  const read = readStatement(shape, body)
  if (!read.ok) return read
  const [network, peer, names, epoch, stateSize, stateRoot, logRoot, at] = read.value
  if (!isBytes(network, idBytes)) return badShape('checkpoint.network')
  if (!isBytes(peer, idBytes)) return badShape('checkpoint.peer')
  if (!isNamespaces(names)) return badShape('checkpoint.namespaces')
  if (!isUint(epoch) || epoch === 0) return badShape('checkpoint.epoch')
  if (!isUint(stateSize)) return badShape('checkpoint.stateSize')
  if (!isBytes(stateRoot, hashBytes)) return badShape('checkpoint.stateRoot')
  if (!isBytes(logRoot, hashBytes)) return badShape('checkpoint.logRoot')
  if (!isUint(at)) return badShape('checkpoint.at')
  return ok({
    network: networkIdFromBytes(network),
    peer: peerIdFromBytes(peer),
    namespaces: names,
    epoch,
    stateSize,
    stateRoot,
    logRoot,
    at: epochMs(at),
  })
}

/** True for what a log may be of: texts within bounds, distinct, in their order, at least one. */
export function isNamespaces(value: CborValue | undefined): value is readonly string[] {
  if (!isList(value, maxNamespaces) || value.length === 0) return false
  const names = value.filter((name) => isText(name, maxNamespaceLength))
  return (
    names.length === value.length &&
    names.every((name, index) => index === 0 || compareText(names[index - 1]!, name) < 0)
  )
}

/** The log that a checkpoint is of: one for each network, peer and set of namespaces. 64 hex digits. */
export function logIdOf({ network, peer, namespaces }: LogName): string {
  return toHex(hash('log', idToBytes(network), idToBytes(peer), encodeCbor(namespaces)))
}

/** Whose log, of what. */
export type LogName = Pick<Checkpoint, 'network' | 'peer' | 'namespaces'>

/** What a log says of a state. */
export type LogState = Pick<Checkpoint, 'epoch' | 'stateSize' | 'stateRoot' | 'at'>

/** The leaf of the log for a state. */
export function logLeaf(state: LogState): Uint8Array<ArrayBuffer> {
  return encodeCbor([state.epoch, state.stateSize, state.stateRoot, state.at])
}

/** What a leaf of a log says. */
export function readLogLeaf(leaf: Uint8Array): Result<LogState, BodyFault> {
  const limits = { maxBytes: 128, maxDepth: 1, maxItems: 5 }
  const decoded = decodeCbor(Uint8Array.from(leaf), 'signed', limits)
  if (!decoded.ok) return decoded
  if (!isTuple(decoded.value, 4)) return badShape('logLeaf')
  const [epoch, stateSize, stateRoot, at] = decoded.value
  if (!isUint(epoch) || epoch === 0) return badShape('logLeaf.epoch')
  if (!isUint(stateSize)) return badShape('logLeaf.stateSize')
  if (!isBytes(stateRoot, hashBytes)) return badShape('logLeaf.stateRoot')
  if (!isUint(at)) return badShape('logLeaf.at')
  return ok({ epoch, stateSize, stateRoot, at: epochMs(at) })
}

/**
 * How the states of two checkpoints stand to each other, whosever they are. `divergent` says that something is to be
 * reconciled, never which side is right; `unrelated`, that they witness different things.
 */
export function compareStates(
  a: Checkpoint,
  b: Checkpoint,
): 'identical' | 'divergent' | 'unrelated' {
  const related =
    a.network === b.network &&
    a.namespaces.length === b.namespaces.length &&
    a.namespaces.every((name, index) => name === b.namespaces[index])
  if (!related) return 'unrelated'
  return a.stateSize === b.stateSize && equalBytes(a.stateRoot, b.stateRoot)
    ? 'identical'
    : 'divergent'
}
