import type { SignedKind } from '@kithnet/identity'
import { type Bytes, type EpochMs, epochMs, fromHex, ok, type Result, toHex } from '@kithnet/kernel'
import {
  badShape,
  type CborValue,
  hashBytes,
  idBytes,
  idToBytes,
  isBytes,
  isList,
  isTuple,
  isUint,
  type NetworkId,
  networkIdFromBytes,
  type PeerId,
  peerIdFromBytes,
  type TopicId,
  topicIdFromBytes,
} from '@kithnet/types'
import type { BodyFault } from '../faults.ts'
import { readStatement, type StatementShape, statementId, writeStatement } from '../statement.ts'
import { areDistinct, type Lane, maxLanes, readLane } from './lane.ts'

/** Who takes part in a stream in an epoch, by its publisher: all that a topology is made from. */
export interface Snapshot {
  readonly network: NetworkId
  readonly stream: TopicId
  readonly publisher: PeerId
  readonly epoch: number
  readonly issuedAt: EpochMs
  /** The parts of the stream and what each needs, paths rising; at least one. */
  readonly lanes: readonly Lane[]
  /** Ids rising, the publisher among them. */
  readonly members: readonly Member[]
}

/** A peer that takes part. */
export interface Member {
  readonly peer: PeerId
  /** `capacityId` of what it offers; absent when it relays nothing. */
  readonly capacity?: string
}

/** Most members. Source: our choice: a snapshot of 300 KB. */
export const maxMembers = 4_096
/** Longest body of a snapshot. Source: 71 bytes a member, 13 a lane, and the fixed fields. */
export const maxSnapshotBytes = 292_000

const shape: StatementShape = {
  name: 'snapshot',
  version: 3,
  fields: 7,
  limits: { maxBytes: maxSnapshotBytes, maxDepth: 3, maxItems: 10 + 3 * maxLanes + 3 * maxMembers },
}

/** Snapshots, signed by the publisher. */
export const snapshotKind: SignedKind<Snapshot, BodyFault> = {
  domain: 'snapshot',
  decode: decodeSnapshot,
  subject: ({ publisher }) => publisher,
}

/** The exact bytes that are signed. */
export function encodeSnapshot(snapshot: Snapshot): Bytes {
  return writeStatement(
    shape,
    [
      idToBytes(snapshot.network),
      idToBytes(snapshot.stream),
      idToBytes(snapshot.publisher),
      snapshot.epoch,
      snapshot.issuedAt,
      snapshot.lanes.map(({ path, kbps }) => [path, kbps]),
      snapshot.members.map(({ peer, capacity }) =>
        capacity === undefined ? [idToBytes(peer)] : [idToBytes(peer), fromHex(capacity)!],
      ),
    ],
    decodeSnapshot,
  )
}

/** The snapshot of a body. Says nothing about the signature. */
export function decodeSnapshot(body: Uint8Array): Result<Snapshot, BodyFault> {
  const read = readStatement(shape, body)
  if (!read.ok) return read
  const [network, stream, publisher, epoch, issuedAt, lanes, members] = read.value
  if (!isBytes(network, idBytes)) return badShape('snapshot.network')
  if (!isBytes(stream, idBytes)) return badShape('snapshot.stream')
  if (!isBytes(publisher, idBytes)) return badShape('snapshot.publisher')
  if (!isUint(epoch)) return badShape('snapshot.epoch')
  if (!isUint(issuedAt)) return badShape('snapshot.issuedAt')
  if (!isList(lanes, maxLanes)) return badShape('snapshot.lanes')
  const parts = lanes.map(readLane).filter((lane) => lane !== undefined)
  if (parts.length === 0 || parts.length < lanes.length || !areDistinct(parts)) {
    return badShape('snapshot.lanes')
  }
  if (!isList(members, maxMembers)) return badShape('snapshot.members')
  const peers = members.map(readMember).filter((member) => member !== undefined)
  const rises = peers.every(({ peer }, index) => index === 0 || peers[index - 1]!.peer < peer)
  if (peers.length < members.length || !rises) return badShape('snapshot.members')
  return ok({
    network: networkIdFromBytes(network),
    stream: topicIdFromBytes(stream),
    publisher: peerIdFromBytes(publisher),
    epoch,
    issuedAt: epochMs(issuedAt),
    lanes: parts,
    members: peers,
  })
}

/** What a snapshot is called: the hash of its body. 64 hex digits. */
export function snapshotId(snapshot: Snapshot): string {
  return statementId(encodeSnapshot(snapshot))
}

function readMember(value: CborValue): Member | undefined {
  if (!isList(value, 2)) return undefined
  const [peer, capacity] = value
  if (!isBytes(peer, idBytes)) return undefined
  if (value.length === 1) return { peer: peerIdFromBytes(peer) }
  return isTuple(value, 2) && isBytes(capacity, hashBytes)
    ? { peer: peerIdFromBytes(peer), capacity: toHex(capacity) }
    : undefined
}
