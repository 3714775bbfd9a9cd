import { epochMs, seededRng, shuffled } from '@kithnet/kernel'
import {
  type Capacity,
  capacityId,
  capacityKind,
  encodeCapacity,
  encodeSnapshot,
  type Lane,
  type Snapshot,
  snapshotKind,
  streamTree,
} from '@kithnet/holonomic'
import { forAll, wholeNumber } from '@kithnet/testkit/suite'
import { topicId, type Verified } from '@kithnet/types'
import { describe, expect, it } from 'vitest'
import { actors, hourMs, network, noon } from './actors.ts'
import { treeOfFleet } from './fleets.ts'

const peers = actors(60, 'viewer')
const stream = topicId(network, 'stream')

interface World {
  readonly snapshot: Verified<Snapshot>
  readonly capacities: readonly Verified<Capacity>[]
}

function worldOf(seed: number, changed: (capacity: Capacity) => Capacity = (one) => one): World {
  const rng = seededRng(seed)
  const lanes: Lane[] = [
    { path: Uint8Array.of(0), kbps: 1_000 },
    { path: Uint8Array.of(1), kbps: 2_000 },
    { path: Uint8Array.of(2), kbps: 0 },
  ].slice(0, 1 + rng.below(3))
  const taking = peers.slice(0, 2 + rng.below(peers.length - 1))
  const capacities = taking
    .filter(() => rng.below(5) > 0)
    .map((one) => {
      const near = shuffled(rng, taking)
        .slice(0, rng.below(8))
        .map(({ peer }) => ({ peer, rttMs: rng.below(300) }))
      const capacity: Capacity = {
        network,
        stream,
        peer: one.peer,
        epoch: 3,
        measuredAt: epochMs(noon - 1_000),
        uplinkKbps: rng.below(12_000),
        maxChildren: rng.below(6),
        maxLayer: [0, 0, 0],
        lanes:
          rng.below(2) === 0 ? [] : lanes.map(({ path }) => ({ path, kbps: rng.below(5_000) })),
        near: near.sort((a, b) => (a.peer < b.peer ? -1 : 1)),
      }
      return one.say(capacityKind, encodeCapacity(changed(capacity)))
    })
  const byPeer = new Map(capacities.map((capacity) => [capacity.peer, capacity]))
  const publisher = taking[rng.below(taking.length)]!
  const members = taking
    .map(({ peer }) => {
      const capacity = byPeer.get(peer)
      return capacity === undefined ? { peer } : { peer, capacity: capacityId(capacity) }
    })
    .sort((a, b) => (a.peer < b.peer ? -1 : 1))
  const body = encodeSnapshot({
    network,
    stream,
    publisher: publisher.peer,
    epoch: 3,
    issuedAt: noon,
    lanes,
    members,
  })
  return { snapshot: publisher.say(snapshotKind, body), capacities }
}

describe('a stream tree', () => {
  it('has every member once, no cycle, no parent above what it offers, and each level evenly filled', () => {
    forAll(wholeNumber(0, 2 ** 30), (seed) => {
      const { snapshot, capacities } = worldOf(seed)
      const tree = streamTree(snapshot, capacities)
      if (!tree.ok) throw new Error(tree.fault.why)
      const edges = new Map<string, number>()
      const kbps = new Map<string, number>()
      tree.value.lanes.forEach((lane, index) => {
        const need = snapshot.lanes[index]!.kbps
        expect(lane.depthOf.get(snapshot.publisher)).toBe(0)
        expect(lane.parentOf.size + lane.unserved.length).toBe(snapshot.members.length - 1)
        for (const [child, parent] of lane.parentOf) {
          // Depth falls by one towards the publisher, so nothing goes in a circle.
          expect(lane.depthOf.get(child)).toBe(lane.depthOf.get(parent)! + 1)
          edges.set(parent, (edges.get(parent) ?? 0) + 1)
          kbps.set(parent, (kbps.get(parent) ?? 0) + need)
        }
        for (const { peer, lanes } of capacities) {
          const children = [...lane.parentOf.values()].filter((parent) => parent === peer).length
          const own = lanes.find(({ path }) => path[0] === lane.path[0])
          if (lanes.length > 0) expect(children * need).toBeLessThanOrEqual(own?.kbps ?? 0)
        }
      })
      for (const { peer, maxChildren, uplinkKbps } of capacities) {
        expect(edges.get(peer) ?? 0).toBeLessThanOrEqual(maxChildren)
        expect(kbps.get(peer) ?? 0).toBeLessThanOrEqual(uplinkKbps)
      }
      const again = streamTree(snapshot, shuffled(seededRng(seed + 1), capacities))
      expect(again).toEqual(tree)
    })
  })

  it('is as low as it can be, and spread evenly, where all offer the same', () => {
    for (const [count, children] of [
      [100, 2],
      [100, 4],
      [100, 16],
      [85, 4],
      [86, 4],
      [1_000, 4],
    ] as const) {
      const [lane] = treeOfFleet(count, children).lanes
      let full = 1
      let least = 0
      for (let level = children; full < count; level *= children) {
        full += level
        least += 1
      }
      expect(Math.max(...lane!.depthOf.values())).toBe(least)
      const loads = new Map<string, number>()
      for (const parent of lane!.parentOf.values()) {
        loads.set(parent, (loads.get(parent) ?? 0) + 1)
      }
      const last = [...lane!.depthOf].filter(([, depth]) => depth === least - 1)
      const spread = last.map(([peer]) => loads.get(peer) ?? 0)
      expect(Math.max(...spread) - Math.min(...spread)).toBeLessThanOrEqual(1)
    }
  })

  it('serves every lane, and makes a relay a parent in one of them', () => {
    const lanes = [0, 1, 2].map((path) => ({ path: Uint8Array.of(path), kbps: 1_000 }))
    const tree = treeOfFleet(60, 4, undefined, lanes)
    const parents = tree.lanes.map((lane) => new Set(lane.parentOf.values()))
    tree.lanes.forEach((lane) => {
      expect(lane.unserved).toEqual([])
      expect(lane.parentOf.size).toBe(59)
    })
    const publisher = [...parents[0]!].find((peer) => parents[1]!.has(peer))
    for (const one of parents) {
      for (const other of parents) {
        if (one === other) continue
        expect([...one].filter((peer) => other.has(peer))).toEqual([publisher])
      }
    }
  })

  it('lets one strong relay carry every lane where there is no other', () => {
    const members = peers.slice(0, 8)
    const lanes = [0, 1].map((path) => ({ path: Uint8Array.of(path), kbps: 1_000 }))
    const [publisher] = members
    const capacities = members.slice(0, 2).map((one, index) =>
      one.say(
        capacityKind,
        encodeCapacity({
          network,
          stream,
          peer: one.peer,
          epoch: 1,
          measuredAt: noon,
          uplinkKbps: 50_000,
          maxChildren: index === 0 ? 2 : 40,
          maxLayer: [0, 0, 0],
          lanes: [],
          near: [],
        }),
      ),
    )
    const snapshot = publisher!.say(
      snapshotKind,
      encodeSnapshot({
        network,
        stream,
        publisher: publisher!.peer,
        epoch: 1,
        issuedAt: noon,
        lanes,
        members: members
          .map(({ peer }) => {
            const capacity = capacities.find((one) => one.peer === peer)
            return capacity === undefined ? { peer } : { peer, capacity: capacityId(capacity) }
          })
          .sort((a, b) => (a.peer < b.peer ? -1 : 1)),
      }),
    )
    const tree = streamTree(snapshot, capacities)
    expect(tree.ok && tree.value.lanes.map(({ unserved }) => unserved)).toEqual([[], []])
  })

  it('gives a child the nearer of two parents that have equally much to do', () => {
    const [publisher, left, right, ...leaves] = peers.slice(0, 11)
    const offer = (one: (typeof peers)[number], maxChildren: number, near: string | undefined) =>
      one.say(
        capacityKind,
        encodeCapacity({
          network,
          stream,
          peer: one.peer,
          epoch: 1,
          measuredAt: noon,
          uplinkKbps: 10_000,
          maxChildren,
          maxLayer: [0, 0, 0],
          lanes: [],
          near: [left!, right!]
            .map(({ peer }) => ({ peer, rttMs: peer === near ? 10 : 200 }))
            .sort((a, b) => (a.peer < b.peer ? -1 : 1)),
        }),
      )
    const capacities = [
      offer(publisher!, 2, undefined),
      offer(left!, 4, undefined),
      offer(right!, 4, undefined),
      ...leaves.map((leaf, index) => offer(leaf, 0, (index < 4 ? left! : right!).peer)),
    ]
    const members = capacities
      .map((capacity) => ({ peer: capacity.peer, capacity: capacityId(capacity) }))
      .sort((a, b) => (a.peer < b.peer ? -1 : 1))
    const lanes = [{ path: new Uint8Array(0), kbps: 100 }]
    const snapshot = publisher!.say(
      snapshotKind,
      encodeSnapshot({
        network,
        stream,
        publisher: publisher!.peer,
        epoch: 1,
        issuedAt: noon,
        lanes,
        members,
      }),
    )
    const tree = streamTree(snapshot, capacities)
    if (!tree.ok) throw new Error(tree.fault.why)
    const { parentOf } = tree.value.lanes[0]!
    const near = leaves.filter(
      ({ peer }, index) => parentOf.get(peer) === (index < 4 ? left! : right!).peer,
    )
    // Load comes first: whoever chooses second in a round takes what is left.
    expect(near.length).toBeGreaterThanOrEqual(6)
  })

  it('refuses capacities that are not those of the snapshot', () => {
    const { snapshot, capacities } = worldOf(5)
    const why = (world: World): unknown => {
      const tree = streamTree(world.snapshot, world.capacities)
      return tree.ok ? 'made' : tree.fault.why
    }
    expect(why({ snapshot, capacities })).toBe('made')
    expect(why({ snapshot, capacities: capacities.slice(1) })).toBe('missing')
    expect(why({ snapshot, capacities: [...capacities, ...capacities] })).toBe('made')
    expect(why(worldOf(5, (one) => ({ ...one, epoch: 2 })))).toBe('foreign')
    expect(why(worldOf(5, (one) => ({ ...one, stream: topicId(network, 'x') })))).toBe('foreign')
    const old = epochMs(noon - hourMs)
    expect(why(worldOf(5, (one) => ({ ...one, measuredAt: old })))).toBe('stale')
    const future = epochMs(noon + hourMs)
    expect(why(worldOf(5, (one) => ({ ...one, measuredAt: future })))).toBe('stale')
    const members = snapshot.members.filter(({ peer }) => peer !== snapshot.publisher)
    const publisher = peers.find(({ peer }) => peer === snapshot.publisher)!
    const without = publisher.say(snapshotKind, encodeSnapshot({ ...snapshot, members }))
    expect(why({ snapshot: without, capacities })).toBe('publisher')
  })
})
