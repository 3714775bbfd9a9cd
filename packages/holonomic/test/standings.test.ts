import { admitNewcomer, fullTrust, type Held } from '@kithnet/holonomic'
import { epochMs, type Rng, seededRng } from '@kithnet/kernel'
import { describe, expect, it } from 'vitest'
import type { StatementBook } from '../src/statements/statement-book.ts'
import { Standings } from '../src/trust/standings.ts'
import { type Actor, actors, hourMs, network, noon } from './actors.ts'
import { bookOf, grantOf, heldFork, heldOf, revocationOf } from './books.ts'
import { checkpointBody } from './checkpoints.ts'

const people = actors(8)
const [root, bob, carol, dave, erin, frank, gus] = people as [
  Actor,
  Actor,
  Actor,
  Actor,
  Actor,
  Actor,
  Actor,
]

function world(...grants: readonly Held<'grant'>[]): {
  readonly book: StatementBook
  readonly standings: Standings
} {
  const standings: Standings = new Standings(network, [root.peer], () => book)
  const book: StatementBook = bookOf(root)
  for (const grant of grants) book.add(grant, noon)
  return { book, standings }
}

const why = (standings: Standings, { peer }: Actor, now = noon): unknown => {
  const checked = standings.check(peer, 'serve', now)
  return checked.ok ? [checked.value.distance, checked.value.trust] : checked.fault.why
}

describe('who is admitted', () => {
  it('is a root, and whoever a chain of grants leads to', () => {
    const { standings } = world(
      grantOf(root, bob.peer),
      grantOf(bob, carol.peer, { weight: 8_000 }),
      grantOf(carol, dave.peer, { weight: 5_000 }),
      grantOf(gus, frank.peer),
    )
    expect([root, bob, carol, dave, erin, frank].map((one) => why(standings, one))).toEqual([
      [0, 10_000],
      [1, 10_000],
      [2, 8_000],
      [3, 4_000],
      'empty',
      'unrooted',
    ])
    expect(standings.admitted('serve', noon)).toEqual(
      [root, bob, carol, dave].map(({ peer }) => peer).sort(),
    )
    expect(standings.admitted('relay', noon)).toEqual([root.peer])
  })

  it('comes by the chain that leaves most trust, unless it may go no further', () => {
    const { standings } = world(
      grantOf(root, carol.peer, { weight: 6_000, onward: 2 }),
      grantOf(root, bob.peer, { onward: 1 }),
      grantOf(bob, carol.peer, { onward: 4 }),
      grantOf(carol, dave.peer),
    )
    // The better way to carol allows nobody behind her; the weaker one does.
    expect(why(standings, carol)).toEqual([2, 10_000])
    expect(why(standings, dave)).toEqual([2, 6_000])
  })

  it('says why a chain lets nobody in', () => {
    const cases: readonly (readonly [string, readonly Held<'grant'>[], Actor])[] = [
      ['weak', [grantOf(root, bob.peer, { weight: 2_000 })], bob],
      ['onward', [grantOf(root, bob.peer, { onward: 0 }), grantOf(bob, carol.peer)], carol],
      ['expired', [grantOf(root, bob.peer, { expiresAt: epochMs(noon + 5) })], bob],
    ]
    for (const [reason, grants, who] of cases) {
      expect(why(world(...grants).standings, who, epochMs(noon + 5))).toBe(reason)
    }
    const long = people.slice(1).map((one, index) => grantOf(people[index]!, one.peer))
    expect(why(world(...long).standings, people[5]!)).toEqual([5, 10_000])
    expect(why(world(...long).standings, people[6]!)).toBe('too-long')
  })

  it('ends with a revocation for all who came by it, and begins again with a later grant', () => {
    const { book, standings } = world(grantOf(root, bob.peer), grantOf(bob, carol.peer))
    const tell = (held: Parameters<StatementBook['add']>[0]): void => {
      book.add(held, noon)
      standings.changed()
    }
    expect(why(standings, carol)).toEqual([2, 10_000])
    tell(revocationOf(root, bob.peer, noon))
    expect([why(standings, bob), why(standings, carol)]).toEqual(['revoked', 'revoked'])
    // Nobody revokes what another has granted.
    tell(revocationOf(carol, bob.peer, noon + 5))
    tell(grantOf(root, bob.peer, { issuedAt: epochMs(noon + 1) }))
    expect(why(standings, carol)).toEqual([2, 10_000])
  })

  it('is nobody who was convicted of a fork, and nobody who came by such a peer alone', () => {
    const { book, standings } = world(grantOf(root, bob.peer), grantOf(bob, carol.peer))
    const pair = ['one', 'other'].map((state) =>
      heldOf(bob, 'checkpoint', checkpointBody(bob, 1, state)),
    )
    book.add(heldFork(bob, pair[0]!, pair[1]!), noon)
    standings.changed()
    expect(why(standings, bob)).toBe('forked')
    expect(why(standings, carol)).toBe('forked')
    expect(standings.admitted('serve', noon)).toEqual([root.peer])
    book.add(grantOf(root, carol.peer), noon)
    standings.changed()
    expect(why(standings, carol)).toEqual([1, 10_000])
  })

  it('changes when the first grant runs out, without a word', () => {
    const { standings } = world(
      grantOf(root, bob.peer),
      grantOf(root, carol.peer, { expiresAt: epochMs(noon + hourMs) }),
    )
    expect(standings.nextChange('serve', noon)).toBe(noon + hourMs)
    expect(standings.admitted('serve', noon)).toHaveLength(3)
    expect(standings.admitted('serve', epochMs(noon + hourMs))).toHaveLength(2)
    expect(standings.isAdmitted(carol.peer, 'serve', epochMs(noon + hourMs))).toBe(false)
  })
})

describe('a walk over the grants', () => {
  /** Every chain without a circle, and the best that `admitNewcomer` says of any. */
  function bestByTrying(grants: readonly Held<'grant'>[], to: Actor): number | undefined {
    let best: number | undefined
    const go = (chain: readonly Held<'grant'>[]): void => {
      const last = chain.at(-1)!
      if (last.statement.grantee === to.peer) {
        const admitted = admitNewcomer({
          network,
          newcomer: to.peer,
          kind: 'serve',
          roots: [root.peer],
          chain: chain.map(({ statement }) => statement),
          revocations: [],
          now: noon,
        })
        if (admitted.ok) best = Math.max(best ?? 0, admitted.value.trust)
      }
      if (chain.length === 5) return
      for (const grant of grants) {
        const isNew = chain.every(({ statement }) => statement.granter !== grant.statement.grantee)
        if (grant.signer === last.statement.grantee && isNew) go([...chain, grant])
      }
    }
    for (const grant of grants) if (grant.signer === root.peer) go([grant])
    return best
  }

  const drawn = (rng: Rng): readonly Held<'grant'>[] =>
    Array.from({ length: 14 }, () => {
      const from = people[rng.below(6)]!
      const to = people[rng.below(6)]!
      const weight = fullTrust - 1_000 * rng.below(6)
      return grantOf(from, to.peer, { weight, onward: rng.below(5) })
    })

  it('admits whom some chain admits, and nobody else', () => {
    let admitted = 0
    for (let seed = 0; seed < 60; seed++) {
      const { book, standings } = world(...drawn(seededRng(seed)))
      const grants = [...book.all('grant')]
      for (const one of people.slice(1, 6)) {
        const best = bestByTrying(grants, one)
        const checked = standings.check(one.peer, 'serve', noon)
        expect(checked.ok).toBe(best !== undefined)
        if (!checked.ok) continue
        admitted++
        expect(checked.value.trust).toBe(best)
      }
    }
    expect(admitted).toBeGreaterThan(80)
  })

  it('ends where all vouch for all', () => {
    const many = actors(40, 'crowd')
    const { book, standings } = world(...many.map((one) => grantOf(root, one.peer)))
    for (const one of many) {
      for (const other of many) if (one !== other) book.add(grantOf(one, other.peer), noon)
    }
    expect(book.size).toBe(40 * 40)
    expect(standings.admitted('serve', noon)).toHaveLength(41)
  })
})
