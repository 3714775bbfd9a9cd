import { seededRng } from '@kithnet/kernel'
import { type Arbitrary, machineLaw, pairOf, wholeNumber } from '@kithnet/testkit/suite'
import type { PeerId } from '@kithnet/types'
import { test } from 'vitest'
import { Comparison, parcelOf } from '../src/statements/comparison.ts'
import type { ExchangeEvent, ExchangeOutput } from '../src/statements/exchange-events.ts'
import type { ComparisonMessage, ExchangeMessage } from '../src/statements/exchange-messages.ts'
import { StatementExchange } from '../src/statements/statement-exchange.ts'
import { actor, actors, noon } from './actors.ts'
import { bookOf, pledgeOf, publicationOf } from './books.ts'

const self = actor('self')
const peers = actors(4)
const held = [...peers, self].map((one) => pledgeOf(one, noon))
const others = peers.map((one) => publicationOf(one, 'other'))
const opening = new Comparison(bookOf(actor('opener')), seededRng(1)).open()
const ids = [...held, ...others].map(({ id }) => id)

function messageOf(kind: number, number: number): ComparisonMessage {
  const one = others[number % others.length]!
  switch (kind) {
    case 0:
      return opening
    case 1:
      return { type: 'parcel', last: number % 2 === 0, parcel: parcelOf([one]) }
    case 2:
      return { type: 'credit', bytes: number * 100 }
    case 3:
      return { type: 'end' }
    default:
      return { type: 'coded', value: [number, [number % 3]] }
  }
}

function eventOf(kind: number, number: number): ExchangeEvent | { type: 'fired'; key: string } {
  const { peer } = peers[number % 4]!
  const stored = ids.slice(number % 9, (number % 9) + 2)
  const comparison = { number: number % 3, byOpener: number % 2 === 0 }
  const keys = [
    'sync',
    `meet ${peer}`,
    `silence opened ${peer}`,
    `silence joined ${peer}`,
    `tell ${ids[0]!}`,
  ]
  switch (kind) {
    case 0:
      return { type: number % 3 === 0 ? 'neighbourDown' : 'neighbourUp', peer }
    case 1:
      return { type: 'opened' }
    case 2:
      return { type: 'made', id: ids[number % ids.length]! }
    case 3:
      return { type: 'heard', author: peer, parcel: parcelOf(others.slice(0, number % 4)) }
    case 4:
      return {
        type: 'taken',
        token: number % 20,
        taken: { forged: number % 5 === 0 ? 1 : 0, stored, known: [] },
      }
    case 5:
      return { type: 'linkDown', peer, cause: number % 2 === 0 ? 'reset' : 'unreachable' }
    case 6:
      return { type: 'linkUp', peer }
    case 7:
      return { type: 'compare', peer }
    case 8:
      return { type: 'fired', key: keys[number % keys.length]! }
    default:
      return {
        type: 'received',
        from: peer,
        message: { comparison, ...messageOf(kind % 5, number) },
      }
  }
}

const anyEvent = pairOf(wholeNumber(0, 18), wholeNumber(0, 999)).map(([kind, number]) =>
  eventOf(kind, number),
) as Arbitrary<ExchangeEvent>

test('an exchange keeps the law of machines, whatever it is told', () => {
  machineLaw<ExchangeEvent, PeerId, ExchangeMessage, string, ExchangeOutput, StatementExchange>(
    (rng) => {
      const book = bookOf(self)
      for (const one of held) book.add(one, noon)
      return new StatementExchange({ self: self.peer, rng, book })
    },
    anyEvent,
    () => {},
    { runs: 150 },
  )
})
