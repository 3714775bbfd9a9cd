import { epochMs, equalBytes } from '@kithnet/kernel'
import { type Capacity, capacityKind, encodeCapacity } from '@kithnet/holonomic'
import * as ciris from '@kithnet/holonomic/ciris'
import { networkId, topicId } from '@kithnet/types'
import { describe, expect, it } from 'vitest'
import { actor, network, noon } from './actors.ts'
import { mutualFleet, treeOfFleet } from './fleets.ts'

describe('topology', () => {
  it('old: a fleet that trusts each other is cycles, or a chain; ours is a tree of least depth', () => {
    const depthOf = (tree: ciris.AlmTree): number | undefined => {
      const parents = new Map(tree.edges.map(({ child, parent }) => [child, parent]))
      const depths = [...parents.keys()].map((peer) => {
        let depth = 0
        for (let at = parents.get(peer); at !== undefined; at = parents.get(at)) {
          if (++depth > parents.size) return undefined
        }
        return depth
      })
      return depths.includes(undefined) ? undefined : Math.max(...depths.map((depth) => depth ?? 0))
    }
    const fleet = mutualFleet(100, 4)
    const first = ciris.topologyV1(fleet)
    expect(first.edges).toHaveLength(100)
    expect(first.unrooted).toEqual([])
    expect(depthOf(first)).toBeUndefined()
    expect(depthOf(ciris.topologyV2(fleet))).toBe(99)
    // ceil(log_k N) + 1 is what is asked; a full tree is one lower still.
    for (const [children, most] of [
      [2, 8],
      [4, 5],
      [16, 3],
    ] as const) {
      const [lane] = treeOfFleet(100, children).lanes
      expect(lane!.unserved).toEqual([])
      expect(lane!.parentOf.size).toBe(99)
      expect(Math.max(...lane!.depthOf.values())).toBeLessThanOrEqual(most)
    }
  })

  it('old: equal adverts in another order give another tree; ours hangs on no order', () => {
    const fleet = mutualFleet(3, 4)
    const [first, ...others] = fleet.adverts
    const twin = { ...first!, uplinkMbps: 0 }
    const swapped = (adverts: readonly ciris.CapacityAdvert[]): unknown =>
      ciris.topologyV2({
        ...fleet,
        grants: fleet.grants.filter(({ granter }) => granter !== others[0]!.peer),
        adverts,
      }).edges
    const one = [first!, twin, ...others]
    const other = [twin, first!, ...others]
    const isMoved = JSON.stringify(swapped(one)) !== JSON.stringify(swapped(other))
    expect(isMoved).toBe(true)
    expect(treeOfFleet(40, 3, (list) => list.toReversed()).hash).toBe(treeOfFleet(40, 3).hash)
  })
})

describe('capacity', () => {
  const relay = actor('relay')
  const capacity: Capacity = {
    network,
    stream: topicId(network, 'stream'),
    peer: relay.peer,
    epoch: 3,
    measuredAt: noon,
    uplinkKbps: 20_000,
    maxChildren: 4,
    maxLayer: [2, 3, 1],
    lanes: [{ path: Uint8Array.of(0), kbps: 4_000 }],
    near: [{ peer: relay.peer, rttMs: 20 }],
  }
  const old: ciris.RelayCapacity = {
    advertiserKeyId: 'relay',
    streamId: new Uint8Array(32),
    epoch: 3n,
    uplinkMbps: 20,
    maxStreams: 2,
    maxSubscribers: 4,
    measuredAtMs: 1n,
    maxLayer: [2, 3, 1],
    commitments: [{ path: Uint8Array.of(0), uplinkMbps: 4, maxSubscribers: 2 }],
  }

  it('old: what a topology uses can be changed under the signature; ours signs every field', () => {
    const changed: ciris.RelayCapacity = {
      ...old,
      streamId: new Uint8Array(32).fill(1),
      maxSubscribers: 60_000,
      measuredAtMs: 2n,
      commitments: [],
    }
    const narrow = ciris.narrowCapacityPreimage
    expect(equalBytes(narrow(old), narrow(changed))).toBe(true)
    const wide = ciris.wideCapacityPreimage
    expect(equalBytes(wide(old), wide({ ...old, advertiserKeyId: 'thief' }))).toBe(true)
    // Both are signed under one domain.
    expect(equalBytes(wide(old).subarray(0, 16), narrow(old).subarray(0, 16))).toBe(true)

    const others: { readonly [Field in keyof Capacity]: Capacity[Field] } = {
      network: networkId('another'),
      stream: topicId(network, 'another'),
      peer: actor('thief').peer,
      epoch: 4,
      measuredAt: epochMs(noon + 1),
      uplinkKbps: 20_001,
      maxChildren: 5,
      maxLayer: [2, 3, 2],
      lanes: [{ path: Uint8Array.of(0), kbps: 4_001 }],
      near: [],
    }
    for (const [field, value] of Object.entries(others)) {
      const body = encodeCapacity({ ...capacity, [field]: value })
      expect(equalBytes(body, encodeCapacity(capacity)), field).toBe(false)
    }
    expect(relay.say(capacityKind, encodeCapacity(capacity))).toEqual(capacity)
  })
})
