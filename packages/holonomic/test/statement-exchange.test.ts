import { instant, seededRng } from '@kithnet/kernel'
import { expect, it } from 'vitest'
import { Comparison, parcelOf } from '../src/statements/comparison.ts'
import type { ExchangeEffect, ExchangeEvent } from '../src/statements/exchange-events.ts'
import type { ComparisonMessage } from '../src/statements/exchange-messages.ts'
import { StatementExchange } from '../src/statements/statement-exchange.ts'
import { actor, noon } from './actors.ts'
import { bookOf, pledgeOf } from './books.ts'

const [self, forger] = [actor('self'), actor('forger')]
const tokensOf = (effects: readonly ExchangeEffect[]): readonly number[] =>
  effects.flatMap((effect) =>
    effect.type === 'emit' && effect.output.type === 'take' ? [effect.output.token] : [],
  )

it.each(['end', 'coded', 'down'] as const)(
  'whoever gives what nobody signed does not escape by giving up before it is verified: %s',
  (last) => {
    const exchange = new StatementExchange({
      self: self.peer,
      rng: seededRng('self'),
      book: bookOf(self),
    })
    const feed = (event: ExchangeEvent): readonly ExchangeEffect[] => exchange.on(event, instant(0))
    const say = (number: number, message: ComparisonMessage): readonly ExchangeEffect[] => {
      const comparison = { number, byOpener: true }
      return feed({ type: 'received', from: forger.peer, message: { comparison, ...message } })
    }
    const opening = (): ComparisonMessage =>
      new Comparison(bookOf(forger), seededRng('forger')).open()
    feed({ type: 'opened' })
    say(1, opening())
    const parcel = parcelOf([pledgeOf(forger, noon)])
    const [token] = tokensOf(say(1, { type: 'parcel', last: false, parcel }))
    expect(token).toBeDefined()
    if (last === 'down') feed({ type: 'linkDown', peer: forger.peer, cause: 'closed' })
    else if (last === 'end') say(1, { type: 'end' })
    else say(2, opening())
    const taken = { forged: 1, known: [], stored: [] }
    const fault = { code: 'holonomic/exchange-forged' }
    expect(feed({ type: 'taken', token: token!, taken })).toContainEqual({
      type: 'emit',
      output: { type: 'reject', from: forger.peer, fault },
    })
    // It is not heard any more.
    expect(say(3, opening())).toEqual([])
  },
)
