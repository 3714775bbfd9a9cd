import {
  capacityId,
  capacityKind,
  encodeCapacity,
  encodeSnapshot,
  type Lane,
  type Snapshot,
  snapshotKind,
  type StreamTree,
  streamTree,
} from '@kithnet/holonomic'
import type { AlmInput } from '@kithnet/holonomic/ciris'
import { topicId } from '@kithnet/types'
import { type Actor, actors, network, noon } from './actors.ts'

/** Equal peers that all trust and reach each other: the ancestor's input. */
export function mutualFleet(count: number, maxSubscribers: number): AlmInput {
  const peers = Array.from({ length: count }, (_, index) => `p${String(index).padStart(4, '0')}`)
  const pairs = peers.flatMap((one) =>
    peers.filter((other) => other !== one).map((other) => [one, other] as const),
  )
  return {
    adverts: peers.map((peer) => ({
      peer,
      uplinkMbps: 100,
      measuredAtMs: 1n,
      maxSubscribers,
      check: 'HybridSignatureValid',
      commitments: [],
    })),
    grants: pairs.map(([granter, grantee]) => ({ granter, grantee, depth: 0 })),
    reachability: pairs.map(([from, to]) => ({ from, to, rttMs: 20 })),
    snapshotEpoch: 1n,
  }
}

const peersByCount = new Map<number, readonly Actor[]>()

/** The same fleet as ours: `order` is that in which capacities come in. */
export function treeOfFleet(
  count: number,
  maxChildren: number,
  order: <T>(list: readonly T[]) => readonly T[] = (list) => list,
  lanes: readonly Lane[] = [{ path: new Uint8Array(0), kbps: 1_000 }],
): StreamTree {
  let peers = peersByCount.get(count)
  if (peers === undefined) peersByCount.set(count, (peers = actors(count, 'fleet')))
  const stream = topicId(network, 'stream')
  const capacities = peers.map((one) =>
    one.say(
      capacityKind,
      encodeCapacity({
        network,
        stream,
        peer: one.peer,
        epoch: 1,
        measuredAt: noon,
        uplinkKbps: 100_000,
        maxChildren,
        maxLayer: [0, 0, 0],
        lanes: [],
        near: [],
      }),
    ),
  )
  const snapshot: Snapshot = {
    network,
    stream,
    publisher: peers[0]!.peer,
    epoch: 1,
    issuedAt: noon,
    lanes,
    members: capacities
      .map((capacity) => ({ peer: capacity.peer, capacity: capacityId(capacity) }))
      .sort((a, b) => (a.peer < b.peer ? -1 : 1)),
  }
  const tree = streamTree(peers[0]!.say(snapshotKind, encodeSnapshot(snapshot)), order(capacities))
  if (!tree.ok) throw new Error(tree.fault.why)
  return tree.value
}
