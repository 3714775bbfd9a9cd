import { seededRng } from '@kithnet/kernel'
import { describe, expect, test } from 'vitest'
import { itemsOf, reconcile, setOf } from './peers.ts'

const items = itemsOf('cost', 20_000)
const ours = setOf(items)

/** An exchange with a peer who lacks `difference` items, spread evenly by chance. */
function cost(difference: number, version: 1 | 2): ReturnType<typeof reconcile> {
  const rng = seededRng(difference)
  const theirs = setOf(items)
  while (theirs.size > items.length - difference) {
    const { time, id } = items[rng.below(items.length)]!
    theirs.delete(time, id)
  }
  const exchange = reconcile(ours, theirs, { version })
  expect(exchange.opener.have).toHaveLength(difference)
  return exchange
}

describe('the hybrid', () => {
  test('equal sets cost one coded symbol, and one empty message back', () => {
    expect(cost(0, 2)).toMatchObject({ messages: 2, bytes: 58 })
  })

  test.each([
    { difference: 1, bytes: 270, messages: 3 },
    { difference: 10, bytes: 800, messages: 5 },
    { difference: 100, bytes: 6_700, messages: 9 },
    { difference: 1_000, bytes: 60_000, messages: 13 },
  ])('$difference scattered differences among 20,000 cost at most $bytes bytes', (most) => {
    const exchange = cost(most.difference, 2)
    expect(exchange.bytes).toBeLessThanOrEqual(most.bytes)
    expect(exchange.messages).toBeLessThanOrEqual(most.messages)
  })

  test.each([100, 1_000])(
    'a run of %i that one side lacks costs little more than its ids',
    (run) => {
      const theirs = setOf([...items.slice(0, 7_777), ...items.slice(7_777 + run)])
      for (const exchange of [reconcile(ours, theirs), reconcile(theirs, ours)]) {
        expect(exchange.opener.have.length + exchange.opener.need.length).toBe(run)
        expect(exchange.bytes).toBeLessThan(run * 35 + 1_300)
      }
    },
  )

  test('who has nothing gets everything in as few bytes', () => {
    for (const exchange of [reconcile(ours, setOf([])), reconcile(setOf([]), ours)]) {
      expect(exchange.accepter.have.length + exchange.opener.have.length).toBeGreaterThan(16_000)
      expect(exchange.bytes).toBeLessThan(16_385 * 35.2 + 1_000)
    }
  })
})

describe('the walk alone', () => {
  test('equal sets cost one small message each way', () => {
    expect(cost(0, 1)).toMatchObject({ messages: 2, bytes: 56 })
  })

  test.each([
    { difference: 1, bytes: 1_400, messages: 8 },
    { difference: 10, bytes: 8_000, messages: 8 },
    { difference: 100, bytes: 60_000, messages: 10 },
  ])('$difference differences among 20,000 cost at most $bytes bytes', (most) => {
    const exchange = cost(most.difference, 1)
    expect(exchange.bytes).toBeLessThanOrEqual(most.bytes)
    expect(exchange.messages).toBeLessThanOrEqual(most.messages)
  })
})
