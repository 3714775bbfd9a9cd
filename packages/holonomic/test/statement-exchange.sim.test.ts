import { describe, expect, it } from 'vitest'
import { actor, hourMs } from './actors.ts'
import { consentOfActor, grantOf, heldOf, pledgeOf, publicationOf } from './books.ts'
import { checkpointBody } from './checkpoints.ts'
import { type Member, StatementWorld, untilEqual } from './statement-world.ts'

/** Statements of everybody, told to nobody: only comparisons can carry them. */
function fill(world: StatementWorld): void {
  for (const one of world.members) {
    world.put(one, pledgeOf(one.actor, world.wall))
    world.put(one, publicationOf(one.actor, 'mine'))
    world.put(one, consentOfActor(one.actor, 'mine', world.wall, 24 * hourMs))
    world.put(one, grantOf(world.members[0]!.actor, one.actor.peer, { issuedAt: world.wall }))
  }
}

const halves = (world: StatementWorld): readonly [readonly Member[], readonly Member[]] => {
  const middle = world.members.length / 2
  return [world.members.slice(0, middle), world.members.slice(middle)]
}

describe('thirty peers', () => {
  it.each([1, 2])(
    'have equal books after a cut that both sides used to say more, seed %i',
    (seed) => {
      const world = new StatementWorld({ peers: 30, seed })
      fill(world)
      world.meet(1)
      expect(untilEqual(world, 60_000)).toBe(true)
      expect(world.members[0]!.book.size).toBe(120)
      const [left, right] = halves(world)
      for (const one of left) for (const other of right) world.unlink(one, other)
      for (const [index, one] of world.members.entries()) {
        world.state(one, consentOfActor(one.actor, 'mine', world.wall + index, 0))
        world.state(one, publicationOf(one.actor, `during the cut ${index}`))
      }
      world.network.run(20_000)
      const one = world.members[3]!
      expect(one.book.get('consent', [...one.book.all('consent')][0]!.slot)).toBeDefined()
      expect(world.books()[0]).not.toEqual(world.books()[29])
      world.link(left[0]!, right[0]!)
      world.link(left[7]!, right[9]!)
      const healedAt = world.network.now
      expect(untilEqual(world, 60_000)).toBe(true)
      expect(world.members[0]!.book.size).toBe(150)
      expect([...one.book.all('consent')].every(({ statement }) => statement.windowMs === 0)).toBe(
        true,
      )
      // Each hop of the way takes a comparison: at once between new neighbours, half a second later with the others.
      expect(world.network.now - healedAt).toBeLessThan(30_000)
      expect(world.members.flatMap(({ rejected }) => rejected)).toEqual([])
    },
  )

  it('hear at once of what one of them says, and compare again without a difference', () => {
    const world = new StatementWorld({ peers: 30, seed: 4 })
    world.meet(1)
    world.network.run(10_000)
    world.state(world.members[8]!, pledgeOf(world.members[8]!.actor, world.wall))
    world.network.run(300)
    expect(world.books().every((ids) => ids.length === 1)).toBe(true)
    expect(world.published).toBe(1)
    const before = world.network.counts.sentBytes
    world.network.run(60_000)
    // Two small messages for each comparison, and nothing else.
    expect((world.network.counts.sentBytes - before) / 60).toBeLessThan(1_000)
  })

  it('are told once of a fork whose two halves different peers saw, and have the same evidence', () => {
    const world = new StatementWorld({ peers: 30, seed: 5 })
    world.meet(2)
    world.network.run(10_000)
    const liar = actor('liar')
    const [left, right] = halves(world)
    for (const one of left)
      world.put(one, heldOf(liar, 'checkpoint', checkpointBody(liar, 1, 'one')))
    for (const one of right)
      world.put(one, heldOf(liar, 'checkpoint', checkpointBody(liar, 1, 'other')))
    world.network.run(40_000)
    expect(world.members.every(({ book }) => book.isConvicted(liar.peer))).toBe(true)
    expect(untilEqual(world, 60_000)).toBe(true)
    // Many find it at nearly the same time; the first to tell spares most others.
    expect(world.published).toBeLessThan(10)
  })

  it('cut off whoever gives what nobody signed, and lose nothing by it', () => {
    const world = new StatementWorld({ peers: 30, seed: 6 })
    fill(world)
    const forger = world.members[11]!
    forger.forges = true
    world.meet(2)
    world.network.run(90_000)
    const honest = world.members.filter((one) => one !== forger)
    const own = [...forger.book.items].map(({ id }) => id)
    // What only the forger has comes from nobody; all else is everywhere.
    expect(honest.every(({ book }) => book.size === 116)).toBe(true)
    expect(own).toHaveLength(120)
    const met = honest.filter(({ neighbours }) => neighbours.has(forger))
    expect(met.length).toBeGreaterThan(2)
    for (const one of met) {
      expect(one.rejected[0]).toEqual({
        peer: forger.actor.peer,
        code: 'holonomic/exchange-forged',
      })
    }
    expect(
      honest.flatMap(({ rejected }) => rejected).every(({ peer }) => peer === forger.actor.peer),
    ).toBe(true)
  })

  it('do not let strangers push out what those whom they trust have said', () => {
    const bounds = { statements: 200, ofStrangers: 20 }
    const world = new StatementWorld({ peers: 30, seed: 7, bounds })
    fill(world)
    world.meet(1)
    untilEqual(world, 60_000)
    const flood = world.members[5]!
    for (let index = 0; index < 300; index++) {
      world.state(flood, publicationOf(actor(`sybil ${index}`), 'flood'))
    }
    world.network.run(60_000)
    for (const { book } of world.members) {
      expect([...book.all('consent')]).toHaveLength(30)
      expect([...book.all('grant')]).toHaveLength(30)
      expect(book.size).toBeLessThanOrEqual(140)
    }
  })
})
