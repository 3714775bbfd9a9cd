import { equalBytes, type Rng, seededRng, toHex } from '@kithnet/kernel'
import { setRoot } from '@kithnet/holonomic'
import { hash } from '@kithnet/types'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { WitnessOutput } from '../src/witness/witness-events.ts'
import { type Site, WitnessWorld } from './witness-world.ts'

const namespaces = ['notes']
const texts = (members: readonly Uint8Array[]): string[] => members.map(toHex).toSorted()

/** What came of a comparison: of the last one that was begun. */
function answerOf(site: Site): WitnessOutput | undefined {
  return site.outputs.findLast(({ type }) => type === 'compared' || type === 'uncompared')
}

function membersOf(rng: Rng, count: number, bytes: number): Uint8Array[] {
  return Array.from({ length: count }, () => rng.bytes(1 + rng.below(bytes)))
}

function commit(world: WitnessWorld, site: Site, members: readonly Uint8Array[]): void {
  const at = world.wall
  world.feed(site, { type: 'commit', token: 1, namespaces, members, at })
  world.run(200)
}

const compare = (world: WitnessWorld, site: Site, other: Site, fetches = true): void => {
  const { peer } = other.actor
  world.feed(site, { type: 'compare', token: 2, peer, namespaces, fetches })
  world.run(5_000)
}

describe('divergent states', () => {
  it('are found, fetched and checked, whatever both hold', () => {
    const world = new WitnessWorld('divergent', 4)
    const [one, other] = world.sites as [Site, Site]
    fc.assert(
      fc.property(
        fc.integer(),
        fc.nat(400),
        fc.nat(60),
        fc.nat(60),
        (seed, common, missing, extra) => {
          const rng = seededRng(`states ${seed}`)
          const shared = membersOf(rng, common, 60)
          const theirs = [...shared, ...membersOf(rng, missing, 90)]
          const ours = [...shared, ...membersOf(rng, extra, 90)]
          commit(world, one, ours)
          commit(world, other, theirs)
          compare(world, one, other)
          const answer = answerOf(one)
          expect(answer).toMatchObject({ type: 'compared' })
          if (answer?.type !== 'compared') return
          const { difference } = answer
          const [us, them] = [new Set(texts(ours)), new Set(texts(theirs))]
          expect(texts(difference.missing)).toEqual(
            [...them].filter((text) => !us.has(text)).toSorted(),
          )
          expect(texts(difference.extra)).toEqual(
            [...us].filter((text) => !them.has(text)).toSorted(),
          )
          expect(equalBytes(difference.theirs.stateRoot, setRoot(theirs).root)).toBe(true)
        },
      ),
      { numRuns: 25 },
    )
  })

  it('a large difference of long members comes in many messages', () => {
    const world = new WitnessWorld('large', 4)
    const [one, other] = world.sites as [Site, Site]
    const rng = seededRng('large members')
    const theirs = Array.from({ length: 300 }, () => rng.bytes(3_000))
    commit(world, one, [])
    commit(world, other, theirs)
    compare(world, one, other)
    const answer = answerOf(one)
    expect(answer?.type === 'compared' && texts(answer.difference.missing)).toEqual(texts(theirs))
    const given = world.sent.filter(({ message }) => message.type === 'members')
    expect(given.length).toBeGreaterThan(4)
  })

  it('whoever gives what it has not signed is not believed', () => {
    for (const attack of ['member', 'state'] as const) {
      const world = new WitnessWorld(attack, 4)
      const [one, liar] = world.sites as [Site, Site]
      const rng = seededRng('lies')
      const members = membersOf(rng, 20, 40)
      commit(world, one, members.slice(0, 10))
      commit(world, liar, members)
      const honest = liar.machine.on.bind(liar.machine)
      liar.machine.on = (event, now) =>
        honest(event, now).map((effect) => {
          if (effect.type !== 'send') return effect
          const { message } = effect
          if (attack === 'member' && message.type === 'members') {
            const [, ...rest] = message.members
            return { ...effect, message: { ...message, members: [rng.bytes(8), ...rest] } }
          }
          // An older checkpoint beside what is held now.
          if (attack === 'state' && message.type === 'shown') {
            const checkpoint = one.machine.stateOf(namespaces)!.signed!
            return { ...effect, message: { ...message, checkpoint } }
          }
          return effect
        })
      compare(world, one, liar)
      expect(answerOf(one)).toMatchObject({ type: 'uncompared', fault: { why: 'unlike' } })
    }
  })

  it('says why where nothing can be compared', () => {
    const world = new WitnessWorld('nothing', 4)
    const [one, other, third] = world.sites as [Site, Site, Site]
    compare(world, one, other)
    expect(answerOf(one)).toMatchObject({ fault: { why: 'ours' } })
    commit(world, one, [hash('item', new Uint8Array(1))])
    compare(world, one, other)
    expect(answerOf(one)).toMatchObject({ fault: { why: 'unknown' } })
    commit(world, other, [])
    world.feed(other, { type: 'admitted', peers: [third.actor.peer] })
    compare(world, one, other)
    expect(answerOf(one)).toMatchObject({ fault: { why: 'unknown' } })
    world.crash(other)
    compare(world, one, other)
    world.run(40_000)
    expect(answerOf(one)).toMatchObject({ type: 'uncompared' })
    for (let count = 0; count < 9; count++) {
      const { peer } = third.actor
      world.feed(one, { type: 'compare', token: count, peer, namespaces, fetches: false })
    }
    expect(answerOf(one)).toMatchObject({ fault: { why: 'busy' } })
    world.feed(one, { type: 'linkDown', peer: third.actor.peer, cause: 'unreachable' })
    expect(answerOf(one)).toMatchObject({ fault: { why: 'unreachable' } })
  })
})
