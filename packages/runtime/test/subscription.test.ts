import { hasCode } from '@kithnet/kernel'
import { expect, test } from 'vitest'
import { Subscription } from '../src/subscription.ts'

async function rest(subscription: Subscription<number>): Promise<number[]> {
  const values: number[] = []
  for await (const value of subscription) values.push(value)
  return values
}

test('gives what waits in order, then ends', async () => {
  let ends = 0
  const subscription = new Subscription<number>({}, () => ends++)
  for (let value = 0; value < 200; value++) subscription.push(value)
  subscription.end()
  subscription.end()
  subscription.push(999)
  expect(await rest(subscription)).toEqual(Array.from({ length: 200 }, (_, value) => value))
  expect(ends).toBe(1)
})

test('a consumer that waits gets the value at once, several in order', async () => {
  const subscription = new Subscription<number>({}, () => {})
  const both = Promise.all([subscription.next(), subscription.next()])
  subscription.push(1)
  subscription.push(2)
  expect((await both).map((result) => result.value)).toEqual([1, 2])
})

test.each([
  ['drop-oldest', [2, 3]],
  ['drop-newest', [1, 2]],
] as const)('%s keeps %j of three with room for two, and counts', async (whenFull, kept) => {
  const subscription = new Subscription<number>({ capacity: 2, whenFull }, () => {})
  for (const value of [1, 2, 3]) subscription.push(value)
  expect(subscription.dropped).toBe(1)
  subscription.end()
  expect(await rest(subscription)).toEqual(kept)
})

test('error gives what there is, then says what to do', async () => {
  const subscription = new Subscription<number>({ capacity: 1, whenFull: 'error' }, () => {})
  subscription.push(1)
  subscription.push(2)
  expect((await subscription.next()).value).toBe(1)
  const error: unknown = await subscription.next().catch((failure: unknown) => failure)
  expect(hasCode(error, 'runtime/overflow')).toBe(true)
  expect((await subscription.next()).done).toBe(true)
})

test('an aborted signal ends it, also one aborted before', async () => {
  const controller = new AbortController()
  const subscription = new Subscription<number>({ signal: controller.signal }, () => {})
  const waiting = subscription.next()
  controller.abort()
  expect((await waiting).done).toBe(true)
  expect(
    (await new Subscription<number>({ signal: controller.signal }, () => {}).next()).done,
  ).toBe(true)
})

test('leaving the loop ends it', async () => {
  let ended = false
  const subscription = new Subscription<number>({}, () => {
    ended = true
  })
  subscription.push(1)
  for await (const value of subscription) {
    expect(value).toBe(1)
    break
  }
  expect(ended).toBe(true)
})

test('a capacity that cannot be is refused', () => {
  expect(() => new Subscription({ capacity: 0 }, () => {})).toThrow('at least 1')
  expect(() => new Subscription({ capacity: 1.5 }, () => {})).toThrow('runtime/bad-option')
})
