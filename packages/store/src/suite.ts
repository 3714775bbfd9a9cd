/**
 * What every store must do, as tests for any runner that has `it`.
 *
 * @packageDocumentation
 */
import { assert, type Bytes, hasCode, utf8 } from '@kithnet/kernel'
import type { Entry, LogEntry, Range, Store } from '@kithnet/types'
import { maxBatchEntries, maxKeyBytes, maxNameBytes, maxValueBytes } from './limits.ts'

/** Registers a test: `it` of vitest or `test` of node:test. */
export type Register = (name: string, run: () => Promise<void>) => void

/** A way to get stores. `reopen` for durable ones: the same store again, after it was closed. */
export interface StoreFixture {
  /** A fresh, empty store. */
  create(): Promise<Store>
  reopen?(): Promise<Store>
}

type Check = (store: Store) => Promise<void>

/** Registers the acceptance suite of the `Store` contract. */
export function storeSuite(register: Register, fixture: StoreFixture): void {
  for (const [name, check] of Object.entries({ ...entries, ...logs, ...ends })) {
    register(name, async () => {
      await using store = await fixture.create()
      await check(store)
    })
  }
  if (fixture.reopen === undefined) return
  register('keeps everything across close and open', () => reopens(fixture))
}

const entries: Readonly<Record<string, Check>> = {
  'gives back what was written, per space': async (store) => {
    await put(store, 'a', 'key', 'one')
    await put(store, 'b', 'key', 'two')
    same(await text(store, 'a', 'key'), 'one')
    same(await text(store, 'b', 'key'), 'two')
    same(await text(store, 'c', 'key'), undefined)
  },
  'overwrites and deletes': async (store) => {
    await put(store, 'a', 'key', 'one')
    await put(store, 'a', 'key', 'two')
    same(await text(store, 'a', 'key'), 'two')
    await store.write([{ space: 'a', key: utf8('key'), value: undefined }])
    same(await text(store, 'a', 'key'), undefined)
  },
  'tells an empty value from none, and takes an empty key': async (store) => {
    await put(store, 'a', '', '')
    same(await text(store, 'a', ''), '')
    same(await scanned(store, { limit: 9 }), [''])
  },
  'copies what it is given and what it gives': async (store) => {
    const key = utf8('key')
    const value = utf8('one')
    const written = store.write([{ space: 'a', key, value }])
    key.fill(0)
    value.fill(0)
    await written
    const first = await store.get('a', utf8('key'))
    first?.fill(0)
    same(await text(store, 'a', 'key'), 'one')
  },
  'takes calls in their order, awaited or not': async (store) => {
    const writes = ['one', 'two', 'three'].map((value) => put(store, 'a', 'key', value))
    same(await text(store, 'a', 'key'), 'three')
    await Promise.all(writes)
  },
  'writes a batch in order': async (store) => {
    const key = utf8('key')
    await store.write([
      { space: 'a', key, value: utf8('one') },
      { space: 'a', key, value: undefined },
      { space: 'a', key, value: utf8('two') },
    ])
    same(await text(store, 'a', 'key'), 'two')
    await store.write([])
  },
  'writes nothing of a batch with a part that is refused': async (store) => {
    const bad = { space: 'a', key: new Uint8Array(maxKeyBytes + 1), value: utf8('') }
    const good = { space: 'a', key: utf8('key'), value: utf8('one') }
    await rejects(store.write([good, bad]), 'store/too-large')
    same(await text(store, 'a', 'key'), undefined)
  },
  'scans in the byte order of keys, within bounds, both ways': async (store) => {
    for (const key of ['b', 'aa', 'c', 'a', 'ab']) await put(store, 'a', key, key)
    await store.write([{ space: 'a', key: new Uint8Array([255]), value: utf8('last') }])
    same(await scanned(store, { limit: 99 }), ['a', 'aa', 'ab', 'b', 'c', 'last'])
    same(await scanned(store, { from: utf8('aa'), to: utf8('c'), limit: 99 }), ['aa', 'ab', 'b'])
    same(await scanned(store, { from: utf8('aa'), limit: 2 }), ['aa', 'ab'])
    same(await scanned(store, { limit: 2, reverse: true }), ['last', 'c'])
    same(await scanned(store, { from: utf8('a'), to: utf8('b'), limit: 2, reverse: true }), [
      'ab',
      'aa',
    ])
    same(await scanned(store, { from: utf8('c'), to: utf8('a'), limit: 9 }), [])
  },
  'stops a scan of long values early, and never before the first': async (store) => {
    const value = new Uint8Array(maxValueBytes)
    for (const key of ['a', 'b']) await store.write([{ space: 'a', key: utf8(key), value }])
    const found = await store.scan('a', { limit: 2 })
    same(found.length, 1)
    same(found[0]?.value.length, maxValueBytes)
  },
  'refuses what is too large': async (store) => {
    const key = utf8('key')
    const value = new Uint8Array(maxValueBytes + 1)
    await rejects(store.write([{ space: 'a', key, value }]), 'store/too-large')
    await rejects(store.append('a', [value]), 'store/too-large')
    await rejects(store.get('a', new Uint8Array(maxKeyBytes + 1)), 'store/too-large')
    await rejects(store.get('a'.repeat(maxNameBytes + 1), key), 'store/too-large')
    const many = Array.from({ length: maxBatchEntries + 1 }, () => new Uint8Array())
    await rejects(store.append('a', many), 'store/too-large')
  },
}

const logs: Readonly<Record<string, Check>> = {
  'numbers a log from 1': async (store) => {
    same(await store.bounds('log'), { first: 1, next: 1 })
    same(await append(store, 'log', 'one', 'two'), 1)
    same(await append(store, 'log', 'three'), 3)
    same(await append(store, 'other', 'one'), 1)
    same(await logged(store, 'log', 1, 9), ['1 one', '2 two', '3 three'])
    same(await logged(store, 'log', 2, 1), ['2 two'])
    same(await logged(store, 'log', 4, 9), [])
    same(await logged(store, 'nothing', 1, 9), [])
    same(await store.bounds('log'), { first: 1, next: 4 })
  },
  'gives concurrent appends positions in the order of the calls': async (store) => {
    const positions = await Promise.all([
      append(store, 'log', 'a', 'b'),
      append(store, 'log', 'c'),
      append(store, 'log', 'd', 'e'),
    ])
    same(positions, [1, 3, 4])
    same(await logged(store, 'log', 1, 9), ['1 a', '2 b', '3 c', '4 d', '5 e'])
  },
  'forgets the head of a log and goes on numbering': async (store) => {
    await append(store, 'log', 'one', 'two', 'three')
    await store.trim('log', 3)
    same(await logged(store, 'log', 1, 9), ['3 three'])
    same(await store.bounds('log'), { first: 3, next: 4 })
    await store.trim('log', 99)
    await store.trim('log', 1)
    same(await store.bounds('log'), { first: 4, next: 4 })
    same(await append(store, 'log', 'four'), 4)
    same(await logged(store, 'log', 0, 9), ['4 four'])
    await store.trim('nothing', 5)
    same(await store.bounds('nothing'), { first: 1, next: 1 })
  },
}

const ends: Readonly<Record<string, Check>> = {
  'finishes what was asked before it closes, and refuses what comes after': async (store) => {
    const written = put(store, 'a', 'key', 'one')
    await store.close()
    await written
    await rejects(text(store, 'a', 'key'), 'store/closed')
    await rejects(put(store, 'a', 'key', 'two'), 'store/closed')
    await rejects(append(store, 'log', 'one'), 'store/closed')
    await rejects(store.scan('a', { limit: 1 }), 'store/closed')
    await rejects(store.read('log', 1, 1), 'store/closed')
    await rejects(store.bounds('log'), 'store/closed')
    await rejects(store.trim('log', 1), 'store/closed')
    await store.close()
  },
}

async function reopens(fixture: StoreFixture): Promise<void> {
  {
    await using store = await fixture.create()
    await put(store, 'a', 'key', 'one')
    await append(store, 'log', 'one', 'two')
    await store.trim('log', 2)
  }
  assert(fixture.reopen !== undefined, 'the store is durable')
  await using store = await fixture.reopen()
  same(await text(store, 'a', 'key'), 'one')
  same(await logged(store, 'log', 1, 9), ['2 two'])
  same(await append(store, 'log', 'three'), 3)
}

function put(store: Store, space: string, key: string, value: string): Promise<void> {
  return store.write([{ space, key: utf8(key), value: utf8(value) }])
}

function append(store: Store, log: string, ...values: readonly string[]): Promise<number> {
  return store.append(log, values.map(utf8))
}

async function text(store: Store, space: string, key: string): Promise<string | undefined> {
  const value: Bytes | undefined = await store.get(space, utf8(key))
  return value === undefined ? undefined : String.fromCharCode(...value)
}

async function scanned(store: Store, range: Range): Promise<string[]> {
  const found: readonly Entry[] = await store.scan('a', range)
  return found.map(({ value }) => String.fromCharCode(...value))
}

async function logged(store: Store, log: string, from: number, limit: number): Promise<string[]> {
  const found: readonly LogEntry[] = await store.read(log, from, limit)
  return found.map(({ position, value }) => `${position} ${String.fromCharCode(...value)}`)
}

async function rejects(promise: Promise<unknown>, code: string): Promise<void> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!hasCode(error, code)) throw new Error(`expected ${code}, got ${String(error)}`)
}

function same(actual: unknown, expected: unknown): void {
  const [a, b] = [JSON.stringify(actual), JSON.stringify(expected)]
  if (a !== b) throw new Error(`expected ${b}, got ${a}`)
}
