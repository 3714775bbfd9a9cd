import {
  BoundedMap,
  ExpiringMap,
  IndexedSet,
  instant,
  seededRng,
  TokenBucket,
} from '@kithnet/kernel'
import { expect, test } from 'vitest'

test('a bounded map forgets the least recently used and says so', () => {
  const evicted: string[] = []
  const map = new BoundedMap<string, number>(2, (key) => evicted.push(key))
  map.set('a', 1)
  map.set('b', 2)
  expect(map.get('a')).toBe(1)
  map.set('c', 3)
  expect(evicted).toEqual(['b'])
  expect([...map].map(([key]) => key)).toEqual(['a', 'c'])
  expect(map.peek('a')).toBe(1)
})

test('an expiring map forgets by time and by count', () => {
  const map = new ExpiringMap<string, number>(2, 100)
  map.set('a', 1, instant(0))
  map.set('b', 2, instant(50))
  expect(map.get('a', instant(99))).toBe(1)
  expect(map.get('a', instant(100))).toBeUndefined()
  map.set('c', 3, instant(60))
  expect(map.has('a', instant(60))).toBe(false)
  expect(map.has('b', instant(60))).toBe(true)
  map.sweep(instant(155))
  expect([...map.keys()]).toEqual(['c'])
})

test('setting again gives a new life', () => {
  const map = new ExpiringMap<string, number>(9, 100)
  map.set('a', 1, instant(0))
  map.set('a', 2, instant(90))
  expect(map.get('a', instant(150))).toBe(2)
})

test('an indexed set picks every element and survives deletion', () => {
  const set = new IndexedSet(['a', 'b', 'c'])
  const rng = seededRng(1)
  expect(set.delete('a')).toBe(true)
  expect(set.delete('a')).toBe(false)
  expect(set.add('b')).toBe(false)
  const seen = new Set<string | undefined>()
  for (let index = 0; index < 50; index++) seen.add(set.pick(rng))
  expect(seen).toEqual(new Set(['b', 'c']))
  set.clear()
  expect(set.pick(rng)).toBeUndefined()
})

test('a token bucket holds the burst and refills at its rate', () => {
  const bucket = new TokenBucket(10, 5, instant(0))
  expect(bucket.take(5, instant(0))).toBe(true)
  expect(bucket.take(1, instant(99))).toBe(false)
  expect(bucket.take(1, instant(100))).toBe(true)
  expect(bucket.take(6, instant(60_000))).toBe(false)
  expect(bucket.take(5, instant(60_000))).toBe(true)
})
