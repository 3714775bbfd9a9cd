import { fromHex, toHex } from '@kithnet/kernel'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ItemSet } from '@kithnet/reconcile'
import { precedes, separator } from '../src/order.ts'
import { sumToBytes } from '../src/sum.ts'
import { itemsOf } from './peers.ts'

const pool = itemsOf('pool', 700, 5)

/** What the set must be, kept the slow way. */
class Model {
  items: { readonly time: number; readonly id: string }[] = []

  sorted(): { readonly time: number; readonly id: string }[] {
    return this.items.toSorted((a, b) => (precedes(a, b) ? -1 : 1))
  }
}

const index = fc.nat(pool.length - 1)
const command = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant('addRun' as const), index, count: fc.nat(300) }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('add' as const), index }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('delete' as const), index }) },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant('deleteRun' as const), index, count: fc.nat(200) }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('evict' as const), index }) },
)

function bigSum(items: readonly { readonly id: string }[]): string {
  let sum = 0n
  for (const { id } of items) sum = (sum + BigInt(`0x${id}`)) % 2n ** 256n
  return sum.toString(16).padStart(64, '0')
}

test('is a sorted set, and its range sums are right, after any history', () => {
  fc.assert(
    fc.property(fc.array(command, { maxLength: 14 }), index, index, (commands, a, b) => {
      const set = new ItemSet<string>(toHex)
      const model = new Model()
      const add = (at: number): void => {
        const item = pool[at % pool.length]!
        const isNew = !model.items.some(({ id }) => id === item.id)
        expect(set.add(item.time, item.id)).toBe(isNew)
        if (isNew) model.items.push(item)
      }
      const remove = (at: number): void => {
        const item = pool[at % pool.length]!
        const before = model.items.length
        model.items = model.items.filter(({ id }) => id !== item.id)
        expect(set.delete(item.time, item.id)).toBe(model.items.length < before)
      }
      for (const step of commands) {
        const at = step.index
        if (step.type === 'add') add(at)
        else if (step.type === 'delete') remove(at)
        else if (step.type === 'addRun') for (let i = 0; i < step.count; i++) add(at + i)
        else if (step.type === 'deleteRun') for (let i = 0; i < step.count; i++) remove(at + i * 3)
        else {
          const { time } = pool[at]!
          const old = model.sorted().filter((item) => item.time < time)
          expect(set.evictBefore(time)).toEqual(old.map(({ id }) => id))
          model.items = model.items.filter((item) => item.time >= time)
        }
        const sorted = model.sorted()
        const rankOf = (which: number): number => {
          const rank = sorted.filter((item) => precedes(item, pool[which]!)).length
          expect(set.rank(pool[which]!)).toBe(rank)
          return rank
        }
        const [low, high] = [Math.min(rankOf(a), rankOf(b)), Math.max(rankOf(a), rankOf(b))]
        const range = set.sumOf(low, high)
        expect(range.count).toBe(high - low)
        expect(toHex(sumToBytes(range.sum))).toBe(bigSum(sorted.slice(low, high)))
      }
      expect(set.size).toBe(model.items.length)
      expect([...set]).toEqual(model.sorted())
      model.sorted().forEach((item, rank) => expect(set.at(rank)).toEqual(item))
      for (const item of pool) expect(set.has(item.time, item.id)).toBe(model.items.includes(item))
    }),
    { numRuns: 60 },
  )
})

test('a separator is the shortest bound between two items', () => {
  const time = fc.integer({ min: 0, max: 3 })
  const id = fc
    .tuple(fc.integer({ min: 0, max: 31 }), fc.nat(255))
    .map(([at, byte]) => toHex(new Uint8Array(32).fill(byte, at)))
  const item = fc.record({ time, id })
  fc.assert(
    fc.property(item, item, (a, b) => {
      fc.pre(precedes(a, b))
      const bound = separator(a, b)
      expect(precedes(a, bound)).toBe(true)
      expect(precedes(b, bound)).toBe(false)
      expect(fromHex(bound.id)).toBeDefined()
      const shorter = { time: bound.time, id: bound.id.slice(0, -2) }
      if (bound.id !== '') expect(precedes(a, shorter)).toBe(false)
    }),
  )
})
