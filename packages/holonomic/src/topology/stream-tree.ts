import { assert, type Bytes, fail, fromHex, ok, type Result, toHex } from '@kithnet/kernel'
import { encodeCbor, hash, type PeerId, type Verified } from '@kithnet/types'
import type { SnapshotFault } from '../faults.ts'
import { ranked } from '../rank.ts'
import { maxSkewMs } from '../skew.ts'
import { type Capacity, capacityId } from './capacity.ts'
import { laneRooms, type Offer } from './lane-rooms.ts'
import { type Member, type Snapshot, snapshotId } from './snapshot.ts'

/** Who is served by whom, for a whole stream. Everybody with the same snapshot has the same tree, hash and all. */
export interface StreamTree {
  /** Of the snapshot and of every edge: what peers compare. 64 hex digits. */
  readonly hash: string
  /** In the order of the snapshot's lanes. */
  readonly lanes: readonly LaneTree[]
}

/** Who is served by whom, for one lane. */
export interface LaneTree {
  readonly path: Uint8Array
  readonly parentOf: ReadonlyMap<PeerId, PeerId>
  /** Hops from the publisher, which is at 0. */
  readonly depthOf: ReadonlyMap<PeerId, number>
  /** Members for whom nobody had room. */
  readonly unserved: readonly PeerId[]
}

/** How old a capacity may be when the snapshot is made, in milliseconds. Source: our choice. */
const maxAgeMs = 600_000
const version = 3

/** A member while a lane grows. */
interface Relay {
  readonly peer: PeerId
  /** How many children it has room for in this lane. */
  readonly room: number
  readonly rttByPeer: ReadonlyMap<PeerId, number>
}

/**
 * The tree of a snapshot. Each lane grows breadth first from the publisher, those with most room nearest to it, each level
 * spread evenly over the one before, so it has no cycle and the least depth that its room allows. Neither trust nor measurements decide
 * who hangs from whom, but a child's own round trips do between parents that have equally much to do.
 */
export function streamTree(
  snapshot: Verified<Snapshot>,
  capacities: Iterable<Verified<Capacity>>,
): Result<StreamTree, SnapshotFault> {
  const byId = new Map<string, Capacity>()
  for (const capacity of capacities) byId.set(capacityId(capacity), capacity)
  const offers: Offer[] = []
  for (const member of snapshot.members) {
    const capacity = member.capacity === undefined ? undefined : byId.get(member.capacity)
    const fault = defectOf(snapshot, member, capacity)
    if (fault !== undefined) return refuse(fault, member.peer)
    offers.push({ peer: member.peer, capacity })
  }
  const { publisher } = snapshot
  if (offers.every(({ peer }) => peer !== publisher)) return refuse('publisher', publisher)
  const id = fromHex(snapshotId(snapshot))!
  const order = inOrder(offers, id)
  const rooms = laneRooms(publisher, order, snapshot.lanes)
  const rtts = new Map(order.map(({ peer, capacity }) => [peer, rttsOf(capacity)]))
  const lanes = snapshot.lanes.map(({ path }, index) => {
    const relays = order.map(({ peer }) => ({
      peer,
      room: rooms.get(peer)![index]!,
      rttByPeer: rtts.get(peer)!,
    }))
    return { path, ...growLane(publisher, relays) }
  })
  return ok({ hash: hashOf(id, snapshot, lanes), lanes })
}

function defectOf(
  snapshot: Snapshot,
  member: Member,
  capacity: Capacity | undefined,
): SnapshotFault['why'] | undefined {
  if (member.capacity === undefined) return undefined
  if (capacity === undefined) return 'missing'
  const { network, stream, epoch, issuedAt } = snapshot
  const isOurs = capacity.network === network && capacity.stream === stream
  if (!isOurs || capacity.peer !== member.peer || capacity.epoch !== epoch) return 'foreign'
  const age = issuedAt - capacity.measuredAt
  return age > maxAgeMs || age < -maxSkewMs ? 'stale' : undefined
}

/** Those that offer most first; equal ones as nobody can choose. */
function inOrder(offers: readonly Offer[], snapshot: Uint8Array): readonly Offer[] {
  const byPeer = new Map(offers.map((offer) => [offer.peer, offer]))
  return ranked(snapshot, byPeer.keys())
    .map((peer) => byPeer.get(peer)!)
    .sort((a, b) => (b.capacity?.maxChildren ?? 0) - (a.capacity?.maxChildren ?? 0))
}

function rttsOf(capacity: Capacity | undefined): ReadonlyMap<PeerId, number> {
  return new Map(capacity?.near.map(({ peer, rttMs }) => [peer, rttMs]))
}

/** Level by level, those with most room first. */
function growLane(publisher: PeerId, relays: readonly Relay[]): Omit<LaneTree, 'path'> {
  const waiting = relays.filter(({ peer }) => peer !== publisher).sort((a, b) => b.room - a.room)
  const parentOf = new Map<PeerId, PeerId>()
  const depthOf = new Map([[publisher, 0]])
  let level = relays.filter(({ peer }) => peer === publisher)
  let served = 0
  for (let depth = 1; served < waiting.length; depth++) {
    let room = 0
    for (const relay of level) room += relay.room
    const children = waiting.slice(served, served + room)
    if (children.length === 0) break
    for (const [child, parent] of spread(children, level)) {
      parentOf.set(child.peer, parent.peer)
      depthOf.set(child.peer, depth)
    }
    served += children.length
    level = children
  }
  const unserved = waiting
    .slice(served)
    .map(({ peer }) => peer)
    .sort()
  return { parentOf, depthOf, unserved }
}

/** Gives every child a parent: one of those with fewest so far, and of these the nearest. */
function* spread(
  children: readonly Relay[],
  level: readonly Relay[],
): Generator<readonly [child: Relay, parent: Relay]> {
  let free: Relay[] = []
  let each = 0
  for (const child of children) {
    if (free.length === 0) {
      const taken = each++
      free = level.filter(({ room }) => room > taken)
      assert(free.length > 0, 'a level has no more children than room')
    }
    yield [child, takeNearest(child, free)]
  }
}

/** Takes out the parent with the least round trip; the first where none is known. */
function takeNearest(child: Relay, free: Relay[]): Relay {
  let nearest = 0
  let least = Infinity
  if (child.rttByPeer.size > 0) {
    for (let index = 0; index < free.length; index++) {
      const rttMs = child.rttByPeer.get(free[index]!.peer) ?? Infinity
      if (rttMs >= least) continue
      nearest = index
      least = rttMs
    }
  }
  return free.splice(nearest, 1)[0]!
}

/** Parents by their place in the snapshot, in the order of its members; `null` for who has none. */
function hashOf(id: Bytes, snapshot: Snapshot, lanes: readonly LaneTree[]): string {
  const places = new Map(snapshot.members.map(({ peer }, index) => [peer, index]))
  const edges = lanes.map(({ parentOf }) =>
    snapshot.members.map(({ peer }) => {
      const parent = parentOf.get(peer)
      return parent === undefined ? null : places.get(parent)!
    }),
  )
  return toHex(hash('tree', id, encodeCbor([version, edges])))
}

function refuse(why: SnapshotFault['why'], peer: PeerId): Result<never, SnapshotFault> {
  return fail({ code: 'holonomic/bad-snapshot', why, peer })
}
