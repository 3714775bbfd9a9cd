import { pick, type Rng } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'
import { expect, it } from 'vitest'
import { filmOf, KeeperWorld, peerOf, peersOf } from './keeper-world.ts'

const minute = 60_000
const hour = 60 * minute
const author = peerOf('author')
const keepers = peersOf(40)

/** Peers go and come back, some minutes later, for so long; about one in eight is away. */
function churn(world: KeeperWorld, rng: Rng, ms: number): void {
  const backAt = new Map<PeerId, number>()
  for (let at = 0; at < ms; at += 2 * minute) {
    world.network.run(2 * minute)
    for (const [peer, until] of backAt) {
      if (until > at) continue
      backAt.delete(peer)
      world.restart(peer)
    }
    const there = keepers.filter((peer) => !backAt.has(peer))
    const peer = pick(rng, there)
    if (peer === undefined || rng.below(2) === 0) continue
    world.network.crash(peer, rng.below(4) === 0 ? 'blackhole' : 'reset')
    backAt.set(peer, at + (2 + rng.below(36)) * minute)
  }
  for (const peer of backAt.keys()) world.restart(peer)
}

it.each([21, 22])(
  'contents outlast who comes and goes, nobody honest is accused, and nothing is left when they are withdrawn (seed %i)',
  async (seed) => {
    const world = new KeeperWorld(seed)
    world.add(author)
    for (const peer of keepers) world.add(peer)
    world.admit(keepers)
    world.network.run(1_000)
    const films = await Promise.all([0, 1].map((number) => filmOf(author, `film ${number}`)))
    for (const film of films) world.put(film)
    world.network.run(2 * minute)
    for (const film of films) world.disown(film)
    churn(world, world.network.rng('churn'), 12 * hour)
    expect(world.rejects).toEqual([])
    for (const film of films) {
      expect(world.distinct(film)).toBeGreaterThanOrEqual(26)
      expect(world.holders(film).length).toBeGreaterThanOrEqual(30)
      expect(world.holders(film).length).toBeLessThanOrEqual(36)
    }
    // Absences alone made hardly anything anew.
    expect(world.notes.filter(({ type }) => type === 'missing').length).toBeLessThanOrEqual(4)
    const [gone, kept] = films
    world.withdraw(gone!)
    world.network.run(minute)
    expect(world.holders(gone!)).toEqual([])
    expect(world.holders(kept!).length).toBeGreaterThanOrEqual(30)
    // When the last one is withdrawn, no timer runs any more and nobody speaks.
    world.withdraw(kept!)
    world.network.run(minute)
    const { events } = world.network
    world.network.run(24 * hour)
    expect(world.network.events).toBe(events)
  },
)
