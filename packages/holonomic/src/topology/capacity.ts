import type { SignedKind } from '@kithnet/identity'
import { type Bytes, type EpochMs, epochMs, ok, type Result } from '@kithnet/kernel'
import {
  badShape,
  type CborValue,
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
import { areDistinct, type Lane, maxKbps, maxLanes, readLane } from './lane.ts'

/** What a peer can relay of a stream in an epoch. Every field that a topology uses is in what is signed. */
export interface Capacity {
  readonly network: NetworkId
  readonly stream: TopicId
  readonly peer: PeerId
  readonly epoch: number
  readonly measuredAt: EpochMs
  readonly uplinkKbps: number
  /** Most peers that it serves at once, counted once for each lane. */
  readonly maxChildren: number
  /** The best spatial, temporal and quality layer that it can carry, a byte each. */
  readonly maxLayer: readonly [number, number, number]
  /** What it gives to single lanes, paths rising. Empty: anything, to any. */
  readonly lanes: readonly Lane[]
  /** How far the peers are that it has measured: ids rising. */
  readonly near: readonly Nearby[]
}

/** A measured round trip. */
export interface Nearby {
  readonly peer: PeerId
  readonly rttMs: number
}

/** Most peers that one serves. Source: our choice: at 4 Mbit/s each that is a quarter of a gigabit. */
export const maxChildren = 64
/** Most measured peers. Source: our choice. */
const maxNear = 32
/** Longest round trip that is told. Source: CIRIS, holonomic v19: above it a relay is of no use. */
const maxRttMs = 5_000

const shape: StatementShape = {
  name: 'capacity',
  version: 3,
  fields: 10,
  limits: { maxBytes: 1_800, maxDepth: 3, maxItems: 16 + 3 * maxLanes + 3 * maxNear },
}

/** Capacities, signed by the peer that offers. */
export const capacityKind: SignedKind<Capacity, BodyFault> = {
  domain: 'capacity',
  decode: decodeCapacity,
  subject: ({ peer }) => peer,
}

/** The exact bytes that are signed. */
export function encodeCapacity(capacity: Capacity): Bytes {
  return writeStatement(
    shape,
    [
      idToBytes(capacity.network),
      idToBytes(capacity.stream),
      idToBytes(capacity.peer),
      capacity.epoch,
      capacity.measuredAt,
      capacity.uplinkKbps,
      capacity.maxChildren,
      capacity.maxLayer,
      capacity.lanes.map(({ path, kbps }) => [path, kbps]),
      capacity.near.map(({ peer, rttMs }) => [idToBytes(peer), rttMs]),
    ],
    decodeCapacity,
  )
}

/** The capacity of a body. Says nothing about the signature. */
export function decodeCapacity(body: Uint8Array): Result<Capacity, BodyFault> {
  const read = readStatement(shape, body)
  if (!read.ok) return read
  const [network, stream, peer, epoch, measuredAt, uplinkKbps, children] = read.value
  if (!isBytes(network, idBytes)) return badShape('capacity.network')
  if (!isBytes(stream, idBytes)) return badShape('capacity.stream')
  if (!isBytes(peer, idBytes)) return badShape('capacity.peer')
  if (!isUint(epoch)) return badShape('capacity.epoch')
  if (!isUint(measuredAt)) return badShape('capacity.measuredAt')
  if (!isUint(uplinkKbps, maxKbps)) return badShape('capacity.uplinkKbps')
  if (!isUint(children, maxChildren)) return badShape('capacity.maxChildren')
  const offers = readOffers(read.value.slice(7))
  if (!offers.ok) return offers
  return ok({
    network: networkIdFromBytes(network),
    stream: topicIdFromBytes(stream),
    peer: peerIdFromBytes(peer),
    epoch,
    measuredAt: epochMs(measuredAt),
    uplinkKbps,
    maxChildren: children,
    ...offers.value,
  })
}

/** What a capacity is called in a snapshot: the hash of its body. 64 hex digits. */
export function capacityId(capacity: Capacity): string {
  return statementId(encodeCapacity(capacity))
}

function readOffers([layer, lanes, near]: readonly CborValue[]): Result<
  Pick<Capacity, 'maxLayer' | 'lanes' | 'near'>,
  BodyFault
> {
  if (!isTuple(layer, 3)) return badShape('capacity.maxLayer')
  const [spatial, temporal, quality] = layer
  if (!isUint(spatial, 255) || !isUint(temporal, 255) || !isUint(quality, 255)) {
    return badShape('capacity.maxLayer')
  }
  if (!isList(lanes, maxLanes)) return badShape('capacity.lanes')
  const offered = lanes.map(readLane).filter((lane) => lane !== undefined)
  if (offered.length < lanes.length || !areDistinct(offered)) return badShape('capacity.lanes')
  if (!isList(near, maxNear)) return badShape('capacity.near')
  const nearby = near.map(readNearby).filter((one) => one !== undefined)
  const rises = nearby.every(({ peer }, index) => index === 0 || nearby[index - 1]!.peer < peer)
  if (nearby.length < near.length || !rises) return badShape('capacity.near')
  return ok({ maxLayer: [spatial, temporal, quality], lanes: offered, near: nearby })
}

function readNearby(value: CborValue): Nearby | undefined {
  if (!isTuple(value, 2)) return undefined
  const [peer, rttMs] = value
  return isBytes(peer, idBytes) && isUint(rttMs, maxRttMs)
    ? { peer: peerIdFromBytes(peer), rttMs }
    : undefined
}
