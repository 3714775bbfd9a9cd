import { equalBytes } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'
import type { Capacity } from './capacity.ts'
import type { Lane } from './lane.ts'

/** A member and what it offers, if anything. */
export interface Offer {
  readonly peer: PeerId
  readonly capacity: Capacity | undefined
}

/**
 * How many children each relay has room for in each lane. The publisher spreads itself over all lanes, as nobody else can
 * begin one. Every other relay gives what it has to the lane that has least so far, so that as a rule it is a parent in one
 * lane only and its loss costs nobody more than one part of the stream. `offers` in the order in which they choose.
 *
 * Source: Castro and others, SplitStream, 2003: trees with disjoint inner nodes.
 */
export function laneRooms(
  publisher: PeerId,
  offers: readonly Offer[],
  lanes: readonly Lane[],
): ReadonlyMap<PeerId, readonly number[]> {
  const totals = lanes.map(() => 0)
  return new Map(
    offers.map(({ peer, capacity }) => {
      const budget = new Budget(capacity, lanes)
      if (peer === publisher) budget.spreadOut()
      else budget.concentrate(totals, offers.length - 1)
      return [peer, budget.rooms]
    }),
  )
}

class Budget {
  readonly rooms: number[]
  readonly #lanes: readonly Lane[]
  /** Most children that it offers to each lane. */
  readonly #most: readonly number[]
  #leftChildren: number
  #leftKbps: number

  constructor(capacity: Capacity | undefined, lanes: readonly Lane[]) {
    this.rooms = lanes.map(() => 0)
    this.#lanes = lanes
    this.#most = lanes.map((lane) => (capacity === undefined ? 0 : mostOf(capacity, lane)))
    this.#leftChildren = capacity?.maxChildren ?? 0
    this.#leftKbps = capacity?.uplinkKbps ?? 0
  }

  /** One child for each lane, again and again. */
  spreadOut(): void {
    for (let given = 1; given > 0;) {
      given = 0
      for (const index of this.#lanes.keys()) given += this.#give(index, 1)
    }
  }

  /** All it can to the lane with least, but never more than a lane can use; what is left to the next. `totals` rise. */
  concentrate(totals: number[], enough: number): void {
    const byNeed = [...totals.keys()].sort((a, b) => totals[a]! - totals[b]! || a - b)
    for (const index of byNeed) totals[index]! += this.#give(index, enough)
  }

  #give(index: number, wanted: number): number {
    const { kbps } = this.#lanes[index]!
    const free = this.#most[index]! - this.rooms[index]!
    const payable = kbps === 0 ? Infinity : Math.floor(this.#leftKbps / kbps)
    const room = Math.min(wanted, free, payable, this.#leftChildren)
    this.rooms[index]! += room
    this.#leftChildren -= room
    this.#leftKbps -= room * kbps
    return room
  }
}

function mostOf({ maxChildren, lanes }: Capacity, { path, kbps }: Lane): number {
  if (lanes.length === 0) return maxChildren
  const offered = lanes.find((lane) => equalBytes(lane.path, path))
  if (offered === undefined) return 0
  return kbps === 0 ? maxChildren : Math.floor(offered.kbps / kbps)
}
