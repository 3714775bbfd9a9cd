import { type Capacity, encodeCapacity, encodeSnapshot, type Snapshot } from '@kithnet/holonomic'
import { epochMs, seededRng, toHex } from '@kithnet/kernel'
import { runStreamTree } from '../../../packages/holonomic/test/vector-subjects.ts'
import { capacity, lanes, snapshotOf } from './examples.ts'
import { at, ids } from './people.ts'
import { write } from './vector-file.ts'

const rng = seededRng('holonomic vectors')
const fleet = ids.map((peer, index) =>
  capacity(peer, {
    uplinkKbps: 3_000 + 1_000 * rng.below(8),
    maxChildren: 1 + rng.below(4),
    lanes: index % 3 === 0 ? lanes.map(({ path }) => ({ path, kbps: 5_000 })) : [],
    near: ids
      .filter((id) => id !== peer && rng.below(3) === 0)
      .map((id) => ({ peer: id, rttMs: 5 + rng.below(200) })),
  }),
)
const treeCase = (
  offers: readonly Capacity[],
  snapshot: Snapshot = snapshotOf(offers),
): object => ({
  snapshot: toHex(encodeSnapshot(snapshot)),
  capacities: offers.map((offer) => toHex(encodeCapacity(offer))),
})
const equal = ids.map((peer) => capacity(peer, { uplinkKbps: 100_000, maxChildren: 4 }))
const [firstOffer, ...otherOffers] = fleet as [Capacity, ...Capacity[]]

/** Trees of a stream. */
export function streamTrees(): Promise<void> {
  return write(
    'stream-trees',
    'docs/protocols/holonomic.md',
    runStreamTree,
    [
      { name: 'mixed', why: 'two lanes, unequal offers, measurements', input: treeCase(fleet) },
      {
        name: 'equal',
        why: 'what one lane takes is not there for the next',
        input: treeCase(equal),
      },
      {
        name: 'alone',
        why: 'a publisher without anybody',
        input: treeCase([firstOffer]),
      },
      {
        name: 'no room',
        why: 'nobody offers anything',
        input: treeCase(ids.map((peer) => capacity(peer, { maxChildren: 0 }))),
      },
    ],
    [
      {
        name: 'missing',
        why: 'a capacity is not there',
        input: treeCase(otherOffers, snapshotOf(fleet)),
      },
      {
        name: 'another epoch',
        why: 'an offer is for one epoch',
        input: treeCase(fleet.map((offer) => ({ ...offer, epoch: 4 }))),
      },
      {
        name: 'stale',
        why: 'measured an hour before',
        input: treeCase(fleet.map((offer) => ({ ...offer, measuredAt: epochMs(at - 3_600_000) }))),
      },
      {
        name: 'without its publisher',
        why: 'the publisher takes part',
        input: treeCase(otherOffers),
      },
    ],
  )
}
