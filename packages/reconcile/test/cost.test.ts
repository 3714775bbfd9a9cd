import { seededRng } from '@kithnet/kernel'
import { expect, test } from 'vitest'
import { itemsOf, reconcile, setOf } from './peers.ts'

const items = itemsOf('cost', 20_000)
const ours = setOf(items)

/** An exchange with a peer who lacks `difference` items, spread evenly by chance. */
function cost(difference: number): ReturnType<typeof reconcile> {
  const rng = seededRng(difference)
  const theirs = setOf(items)
  while (theirs.size > items.length - difference) {
    const { time, id } = items[rng.below(items.length)]!
    theirs.delete(time, id)
  }
  const exchange = reconcile(ours, theirs)
  expect(exchange.opener.have).toHaveLength(difference)
  return exchange
}

test('equal sets cost one small message each way', () => {
  expect(cost(0)).toMatchObject({ messages: 2, bytes: 56 })
})

test.each([
  { difference: 1, bytes: 1_400, messages: 8 },
  { difference: 10, bytes: 8_000, messages: 8 },
  { difference: 100, bytes: 60_000, messages: 10 },
])('$difference differences among 20,000 cost at most $bytes bytes', (most) => {
  const exchange = cost(most.difference)
  expect(exchange.bytes).toBeLessThanOrEqual(most.bytes)
  expect(exchange.messages).toBeLessThanOrEqual(most.messages)
})

test('differences at the end of the log are cheaper', () => {
  const theirs = setOf(items.slice(0, -100))
  const { bytes, opener } = reconcile(ours, theirs)
  expect(opener.have).toHaveLength(100)
  expect(bytes).toBeLessThan(10_000)
})
