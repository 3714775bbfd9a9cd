import { defaultPolicy } from '@kithnet/fountain'
import { instant } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'
import { describe, expect, it } from 'vitest'
import { Census } from '../src/retention/census.ts'
import {
  holdersWanted,
  planCopies,
  planLeavers,
  planPlaces,
  planRepairs,
  sharesEach,
  sharesWanted,
} from '../src/retention/retention-plan.ts'
import { contentOf } from './actors.ts'
import { peersOf } from './keeper-world.ts'

const policy = defaultPolicy
const manifest = { policy, shares: 52 }
const content = contentOf('film')
const peers = peersOf(60)

function viewOf(held: readonly (readonly [PeerId, number])[]): ReturnType<Census['view']> {
  const census = new Census()
  for (const [peer, share] of held) census.proven(peer, share, instant(1))
  return census.view(instant(0))
}

describe('how many shares are wanted', () => {
  it('is what the policy hands out, once there are as many keepers', () => {
    for (const keepers of [26, 30, 1_000]) {
      expect(sharesEach(policy, keepers)).toBe(1)
      expect(sharesWanted(manifest, 'full', keepers)).toBe(26)
    }
    expect(holdersWanted(policy, 'full', 1_000)).toBe(30)
    expect(holdersWanted(policy, 'full', 26)).toBe(26)
  })

  it('is so much of few keepers that 40 in a hundred of them may go', () => {
    for (let keepers = 2; keepers < 26; keepers++) {
      const each = sharesEach(policy, keepers)
      const going = Math.max(1, Math.floor(0.4 * keepers))
      expect((keepers - going) * each).toBeGreaterThanOrEqual(22)
      expect(keepers * each).toBeGreaterThanOrEqual(30)
      expect(sharesWanted(manifest, 'full', keepers)).toBe(Math.min(52, keepers * each))
    }
    expect([1, 2, 3, 10, 25].map((keepers) => sharesEach(policy, keepers))).toEqual([
      30, 22, 11, 4, 2,
    ])
  })

  it('sinks with the tier', () => {
    const tiers = ['full', 'source', 'reduced', 'viable', 'description'] as const
    expect(tiers.map((tier) => sharesWanted(manifest, tier, 100))).toEqual([26, 20, 13, 5, 0])
    expect(tiers.map((tier) => holdersWanted(policy, tier, 100))).toEqual([30, 24, 15, 6, 0])
    expect(tiers.map((tier) => sharesWanted(manifest, tier, 10))).toEqual([40, 31, 20, 8, 0])
  })
})

describe('places', () => {
  it('are one share each for as many as the target', () => {
    const places = [...planPlaces(manifest, peers)]
    expect(places).toHaveLength(30)
    expect(places.map(([peer]) => peer)).toEqual(peers.slice(0, 30))
    expect(places.map(([, shares]) => shares)).toEqual(
      Array.from({ length: 30 }, (_, place) => [place % 26]),
    )
  })

  it('are distinct shares for few, as far as there are any', () => {
    for (const count of [2, 3, 9, 10, 25]) {
      const shares = [...planPlaces(manifest, peers.slice(0, count)).values()].flat()
      expect(shares).toHaveLength(count * sharesEach(policy, count))
      expect(new Set(shares).size).toBe(Math.min(52, shares.length))
    }
    const few = [...planPlaces({ policy, shares: 26 }, peers.slice(0, 2)).values()]
    expect(few.map((shares) => shares.length)).toEqual([22, 22])
    expect(new Set(few.flat()).size).toBe(26)
    expect(few.every((shares) => shares.every((share) => share < 26))).toBe(true)
    expect(planPlaces(manifest, []).size).toBe(0)
  })
})

describe('who leaves in a lower tier', () => {
  it('are those with repair shares, down to the target of the tier', () => {
    const held = Array.from({ length: 30 }, (_, place) => [peers[place]!, place % 26] as const)
    const leavers = planLeavers(content, viewOf(held), policy, 'source')
    expect(leavers.size).toBe(6)
    const shares = held.filter(([peer]) => leavers.has(peer)).map(([, share]) => share)
    expect(shares.every((share) => share >= 20)).toBe(true)
    const viable = planLeavers(content, viewOf(held), policy, 'viable')
    const left = held.filter(([peer]) => !viable.has(peer)).map(([, share]) => share)
    expect(left).toHaveLength(6)
    expect(new Set(left).size).toBeGreaterThanOrEqual(5)
    expect(left.every((share) => share < 20)).toBe(true)
  })
})

describe('copies', () => {
  const held = Array.from({ length: 27 }, (_, place) => [peers[place]!, place % 26] as const)
  const view = viewOf(held)

  it('are made of what fewest have, by one of them, for who has nothing', () => {
    const copies = planCopies(content, view, 30, peers.slice(40))
    expect(copies.map(({ share }) => share)).toEqual([1, 2, 3])
    expect(copies.map(({ maker }) => maker)).toEqual(peers.slice(1, 4))
    expect(copies.map(({ keeper }) => keeper)).toEqual(peers.slice(40, 43))
    expect(planCopies(content, view, 30, peers.slice(40), 2).map(({ share }) => share)).toEqual([
      3, 4, 5,
    ])
  })

  it('are as many as are missing and can be kept', () => {
    expect(planCopies(content, view, 27, peers.slice(40))).toEqual([])
    expect(planCopies(content, view, 30, [])).toEqual([])
    expect(planCopies(content, view, 30, peers.slice(59))).toHaveLength(1)
    expect(planCopies(content, viewOf([]), 30, peers)).toEqual([])
  })
})

it('repairs are as many as are wanted', () => {
  const held = Array.from({ length: 26 }, (_, share) => [peers[share]!, share] as const)
  expect(planRepairs(content, viewOf(held), manifest, peers, peers)).toEqual([])
  expect(planRepairs(content, viewOf(held), manifest, peers, peers, 40)).toHaveLength(14)
})
