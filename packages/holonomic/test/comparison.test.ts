import { seededRng } from '@kithnet/kernel'
import { describe, expect, it } from 'vitest'
import { Comparison, type ComparisonStep, parcelOf } from '../src/statements/comparison.ts'
import type { ComparisonMessage } from '../src/statements/exchange-messages.ts'
import type { AnyHeld } from '../src/statements/held.ts'
import type { StatementBook } from '../src/statements/statement-book.ts'
import { actor, actors, noon } from './actors.ts'
import { bookOf, idsIn, pledgeOf, publicationOf } from './books.ts'

interface Side {
  readonly book: StatementBook
  readonly comparison: Comparison
  readonly steps: ComparisonStep[]
}

const side = (name: string, all: readonly AnyHeld[]): Side => {
  const book = bookOf(actor(name))
  for (const one of all) book.add(one, noon)
  return { book, comparison: new Comparison(book, seededRng(name)), steps: [] }
}

/** Two sides that talk until both are done, or `most` messages were said. */
function talk(one: Side, other: Side, most = 10_000): number {
  const waiting: [Side, ComparisonMessage][] = [[other, one.comparison.open()]]
  let said = 0
  const perform = (to: Side, step: ComparisonStep): void => {
    to.steps.push(step)
    const from = to === one ? other : one
    for (const message of step.sends) waiting.push([from, message])
    if (step.take === undefined) return
    for (const item of step.take.items) to.book.add(item as AnyHeld, noon)
    perform(to, to.comparison.settled())
  }
  for (let next = waiting.shift(); next !== undefined && said < most; next = waiting.shift()) {
    said++
    perform(next[0], next[0].comparison.take(next[1]))
  }
  return said
}

const over = ({ steps }: Side): ComparisonStep | undefined =>
  steps.find((step) => step.over !== undefined)

const many = (count: number, by = actor('author')): readonly AnyHeld[] =>
  Array.from({ length: count }, (_, index) => publicationOf(by, `content ${index}`))

describe('a comparison', () => {
  it('ends with the union on both sides, in windows, with each key once in a parcel', () => {
    const shared = actors(30).map((one) => pledgeOf(one, noon))
    const one = side('one', [...shared, ...many(700)])
    const other = side('other', [
      ...shared,
      ...actors(20, 'late').map((late) => pledgeOf(late, noon)),
    ])
    talk(one, other)
    expect(idsIn(one.book)).toEqual(idsIn(other.book))
    expect(one.book.size).toBe(750)
    expect(over(one)?.over).toEqual({ sent: 700, received: 20, complete: true })
    expect(over(other)?.over).toEqual({ sent: 20, received: 700, complete: true })
    const parcels = [...one.steps, ...other.steps].flatMap(({ sends }) =>
      sends.flatMap((message) => (message.type === 'parcel' ? [message.parcel] : [])),
    )
    expect(parcels.every(({ items }) => items.length <= 64)).toBe(true)
    // The publications are of one author: its key goes with each parcel once.
    expect(
      parcels
        .filter(({ items }) => items[0]?.kind === 'publication')
        .map(({ keys }) => keys.length),
    ).toEqual(Array.from({ length: 18 }, () => 1))
  })

  it('of equal books says three messages, none of them long', () => {
    const all = many(20)
    const [one, other] = [side('one', all), side('other', all)]
    expect(talk(one, other)).toBeLessThanOrEqual(4)
    expect(over(one)?.over).toEqual({ sent: 0, received: 0, complete: true })
    expect(over(other)?.over).toEqual({ sent: 0, received: 0, complete: true })
  })

  it('may be cut anywhere: what came stays, and the next one finds the rest', () => {
    for (let most = 1; most < 60; most += 7) {
      const [one, other] = [side('one', many(300)), side('other', [])]
      talk(one, other, most)
      const again = (before: Side): Side => ({
        ...before,
        comparison: new Comparison(before.book, seededRng(most)),
        steps: [],
      })
      const [next, nextOther] = [again(one), again(other)]
      talk(nextOther, next)
      expect(idsIn(other.book)).toEqual(idsIn(one.book))
    }
  })

  it('does not give what was replaced while it went on', () => {
    const early = pledgeOf(actor('author'), noon)
    const one = side('one', [early])
    const other = side('other', [])
    const opened = one.comparison.open()
    const answer = other.comparison.take(opened)
    const late = pledgeOf(actor('author'), noon + 1)
    one.book.add(late, noon)
    const said: ComparisonMessage[] = answer.sends.flatMap((message) => [
      ...one.comparison.take(message).sends,
    ])
    const given = said.flatMap((message) => (message.type === 'parcel' ? message.parcel.items : []))
    expect(given.map(({ body }) => body)).not.toContainEqual(early.body)
  })
})

describe('what has no place in a comparison', () => {
  const parcel = (last: boolean, items: readonly AnyHeld[] = many(39)): ComparisonMessage => ({
    type: 'parcel',
    last,
    parcel: parcelOf(items),
  })
  const broken = { fault: { code: 'holonomic/exchange-unexpected' } }

  it('is a parcel before anything was compared', () => {
    expect(side('one', []).comparison.take(parcel(false))).toMatchObject(broken)
  })

  it('is a parcel after the last one', () => {
    const { comparison } = side('one', [])
    comparison.open()
    comparison.take(parcel(true))
    expect(comparison.take(parcel(true))).toMatchObject(broken)
  })

  it('is more than a window that nobody has dealt with', () => {
    const { comparison } = side('one', [])
    comparison.open()
    for (let count = 0; count < 4; count++)
      expect(comparison.take(parcel(false)).fault).toBeUndefined()
    expect(comparison.take(parcel(false))).toMatchObject(broken)
  })

  it('is credit for what was not given', () => {
    const { comparison } = side('one', many(3))
    comparison.open()
    expect(comparison.take({ type: 'credit', bytes: 1 })).toMatchObject(broken)
  })

  it('is what reconciling does not know', () => {
    const { comparison } = side('one', many(3))
    expect(comparison.take({ type: 'coded', value: ['nonsense'] }).fault?.code).toBe('types/shape')
  })

  it('changes nothing once it is over', () => {
    const { comparison } = side('one', many(3))
    comparison.open()
    expect(comparison.take({ type: 'end' }).over).toMatchObject({ complete: false })
    expect(comparison.take(parcel(false))).toEqual({ sends: [] })
    expect(comparison.settled()).toEqual({ sends: [] })
  })
})
