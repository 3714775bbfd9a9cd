import { epochMs, type Rng, seededRng, shuffled } from '@kithnet/kernel'
import { forAll, pairOf, wholeNumber } from '@kithnet/testkit/suite'
import { describe, expect, it } from 'vitest'
import type { AnyHeld, Held } from '../src/statements/held.ts'
import type { BookBounds, StatementBook } from '../src/statements/statement-book.ts'
import { ruleOf } from '../src/statements/statement-item.ts'
import { statementKinds } from '../src/statements/statement-kinds.ts'
import { type Actor, actor, actors, hourMs, noon } from './actors.ts'
import {
  bookOf,
  consentOfActor,
  grantOf,
  heldFork,
  heldOf,
  idsIn,
  pledgeOf,
  publicationOf,
  revocationOf,
} from './books.ts'
import { checkpointBody } from './checkpoints.ts'

const anySeed = wholeNumber(0, 2 ** 31)
const self = actor('self')
const people = actors(5, 'signer')

const checkpointOf = (by: Actor, epoch: number, state: number): Held<'checkpoint'> =>
  heldOf(by, 'checkpoint', checkpointBody(by, epoch, `state ${state}`))

/** Statements that meet each other often: few signers, contents and times. */
const pool: readonly AnyHeld[] = ((rng) => Array.from({ length: 400 }, () => made(rng)))(
  seededRng('pool'),
)

const drawn = (rng: Rng): AnyHeld => pool[rng.below(pool.length)]!

function made(rng: Rng): AnyHeld {
  const by = people[Math.min(rng.below(9), 4)]!
  const to = people[rng.below(5)]!
  const at = noon - rng.below(4)
  switch (rng.below(7)) {
    case 0:
      return publicationOf(by, `content ${rng.below(3)}`)
    case 1:
      return pledgeOf(by, at, rng.below(2))
    case 2:
      return grantOf(by, to.peer, { issuedAt: epochMs(at), weight: 1 + rng.below(2) })
    case 3:
      return revocationOf(by, to.peer, at)
    case 4:
      return checkpointOf(by, 1 + rng.below(3), rng.below(2))
    case 5: {
      const [a, b] = [checkpointOf(by, 1, 0), checkpointOf(by, 1, 1)]
      return heldFork(by, a, b)
    }
    default:
      return consentOfActor(by, `content ${rng.below(3)}`, at, rng.below(3) * hourMs)
  }
}

function filled(all: readonly AnyHeld[], bounds: Partial<BookBounds> = {}): StatementBook {
  const book = bookOf(self, undefined, bounds)
  for (const one of all) book.add(one, noon)
  return book
}

const drawings = (rng: Rng, most: number): readonly AnyHeld[] =>
  Array.from({ length: 1 + rng.below(most) }, () => drawn(rng))

describe('a book', () => {
  it('comes to the same whatever the order, and however often it is told', () => {
    forAll(
      anySeed,
      (seed) => {
        const rng = seededRng(seed)
        const all = drawings(rng, 60)
        const book = filled(all)
        expect(idsIn(filled([...shuffled(rng, all), ...all.slice(0, 5)]))).toEqual(idsIn(book))
      },
      { runs: 60 },
    )
  })

  it('comes to the same when there is no room for all', () => {
    forAll(
      anySeed,
      (seed) => {
        const rng = seededRng(seed)
        const all = drawings(rng, 80)
        const bounds = { statements: 1 + rng.below(20) }
        expect(idsIn(filled(shuffled(rng, all), bounds))).toEqual(idsIn(filled(all, bounds)))
      },
      { runs: 120 },
    )
  })

  it('holds one for each slot and no more than its bounds, and tells every change', () => {
    forAll(
      anySeed,
      (seed) => {
        const rng = seededRng(seed)
        const bounds = { statements: 12, ofStrangers: 5 }
        const trusted = new Set(people.slice(0, 2).map(({ peer }) => peer))
        const book = bookOf(self, (peer) => trusted.has(peer), bounds)
        const told = new Map<string, AnyHeld>()
        for (const one of drawings(rng, 60)) {
          for (const event of book.add(one, noon)) {
            if (event.type === 'gone') told.delete(event.held.id)
            else {
              if (event.replaced !== undefined) told.delete(event.replaced.id)
              told.set(event.held.id, event.held)
            }
          }
          expect(book.size).toBeLessThanOrEqual(bounds.statements)
          const ofStrangers = [...told.values()].filter(({ signer }) => !trusted.has(signer))
          expect(ofStrangers.length).toBeLessThanOrEqual(bounds.ofStrangers)
        }
        expect([...told.keys()].sort()).toEqual(idsIn(book))
        const slots = [...told.values()].map(({ kind, slot }) => `${kind} ${slot}`)
        expect(new Set(slots).size).toBe(slots.length)
      },
      { runs: 60 },
    )
  })

  it('forgets at its time, neither before nor after', () => {
    forAll(
      pairOf(anySeed, wholeNumber(0, 400)),
      ([seed, days]) => {
        const all = drawings(seededRng(seed), 30)
        const book = filled(all)
        const now = epochMs(noon + days * 24 * hourMs)
        const before = idsIn(book)
        const gone = book.expire(now).map(({ held }) => held.id)
        expect([...idsIn(book), ...gone].sort()).toEqual(before)
        for (const kind of statementKinds) {
          for (const held of book.all(kind)) {
            expect(ruleOf(kind).until(held.statement as never)).toBeGreaterThan(now)
          }
        }
        expect(book.expire(now)).toEqual([])
      },
      { runs: 40 },
    )
  })
})
