import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { seededRng, toHex, utf8 } from '@kithnet/kernel'
import { memoryStore, openStore } from '@kithnet/store'
import { sqliteStore } from '@kithnet/store/sqlite'
import { storeSuite } from '@kithnet/store/suite'
import type { Store } from '@kithnet/types'
import fc from 'fast-check'
import { afterAll, describe, expect, it, test } from 'vitest'

const root = mkdtempSync(join(tmpdir(), 'kithnet-store-'))
let serial = 0
afterAll(() => rmSync(root, { recursive: true }))

function freshPath(): string {
  return join(root, `${serial++}`, 'store.db')
}

describe('sqlite', () => {
  let path = ''
  storeSuite(it, {
    create: () => {
      path = freshPath()
      return sqliteStore(path)
    },
    reopen: () => sqliteStore(path),
  })
})

async function put(store: Store, key: string, value: Uint8Array): Promise<void> {
  await store.write([{ space: 'a', key: utf8(key), value }])
}

test('file and folder are private, the log as well', async () => {
  const path = freshPath()
  await using store = await openStore(path)
  await put(store, 'key', utf8('one'))
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(statSync(`${path}-wal`).mode & 0o777).toBe(0o600)
  expect(statSync(join(path, '..')).mode & 0o777).toBe(0o700)
})

test('a file that others may read is made private', async () => {
  const path = join(root, 'open.db')
  writeFileSync(path, '', { mode: 0o666 })
  await using _ = await openStore(path)
  expect(statSync(path).mode & 0o777).toBe(0o600)
})

test('a store in use is locked, here and for another process, until it is closed', async () => {
  const path = freshPath()
  const store = await openStore(path)
  await expect(openStore(path)).rejects.toMatchObject({
    fault: { code: 'store/locked', path },
    message: expect.stringContaining('stop the other node'),
  })
  const script = `const { openStore } = await import('@kithnet/store')
    try { await openStore(${JSON.stringify(path)}) } catch (error) { console.log(error.code) }`
  const other = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: join(import.meta.dirname, '..'),
    encoding: 'utf8',
    timeout: 20_000,
  })
  expect(other.stdout.trim()).toBe('store/locked')
  await store.close()
  await (await openStore(path)).close()
})

test('a full store refuses a write whole, keeps the rest, and goes on when there is room', async () => {
  const path = freshPath()
  await using store = await openStore(path, { maxBytes: 200_000 })
  await put(store, 'kept', utf8('one'))
  await put(store, 'large', new Uint8Array(60_000))
  const outcomes = await Promise.allSettled([
    put(store, 'small', utf8('two')),
    store.write([
      { space: 'a', key: utf8('part'), value: utf8('torn') },
      { space: 'a', key: utf8('huge'), value: new Uint8Array(400_000) },
    ]),
    put(store, 'other', utf8('three')),
  ])
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect(outcomes[1]).toMatchObject({ reason: { fault: { code: 'store/full', path } } })
  expect(await store.get('a', utf8('part'))).toBeUndefined()
  expect(await store.get('a', utf8('kept'))).toEqual(utf8('one'))
  expect(await store.get('a', utf8('other'))).toEqual(utf8('three'))
  await store.write([{ space: 'a', key: utf8('large'), value: undefined }])
  await put(store, 'again', new Uint8Array(50_000))
})

test('what is not a store is corrupt, and nothing is done to it', async () => {
  const path = join(root, 'text.db')
  writeFileSync(path, 'this is a letter to a friend, and no database at all\n'.repeat(40))
  const before = readFileSync(path)
  await expect(openStore(path)).rejects.toMatchObject({ fault: { code: 'store/corrupt', path } })
  expect(readFileSync(path)).toEqual(before)

  const foreign = join(root, 'foreign.db')
  const database = new DatabaseSync(foreign)
  database.exec('CREATE TABLE song (name TEXT)')
  database.close()
  await expect(openStore(foreign)).rejects.toMatchObject({
    fault: { code: 'store/corrupt', reason: 'a database of another application' },
  })
})

test('a damaged page is reported when it is met', async () => {
  const path = freshPath()
  {
    await using store = await openStore(path)
    for (let index = 0; index < 200; index++) await put(store, `${index}`, new Uint8Array(500))
  }
  const bytes = readFileSync(path)
  bytes.fill(0xa5, 4_096 * 2)
  writeFileSync(path, bytes)
  const use = async (): Promise<void> => {
    await using store = await openStore(path)
    await store.scan('a', { limit: 1_000 })
  }
  await expect(use()).rejects.toMatchObject({ fault: { code: 'store/corrupt', path } })
})

test('a file of a newer version is left alone', async () => {
  const path = freshPath()
  await (await openStore(path)).close()
  const database = new DatabaseSync(path)
  database.exec('PRAGMA user_version = 99')
  database.close()
  await expect(openStore(path)).rejects.toMatchObject({
    fault: { code: 'store/version', found: 99, supported: 1 },
  })
})

test('a path that cannot be used says why', async () => {
  const path = join(root, 'text.db', 'store.db')
  await expect(openStore(path)).rejects.toMatchObject({
    fault: { code: 'store/unavailable', path },
  })
})

test('a process with a store that was closed ends by itself, and nothing was printed', () => {
  const script = `const { openStore } = await import('@kithnet/store')
    const store = await openStore(${JSON.stringify(freshPath())})
    await store.append('log', [new Uint8Array(9)])
    await store.close()`
  const ended = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: join(import.meta.dirname, '..'),
    encoding: 'utf8',
    timeout: 20_000,
  })
  expect(ended).toMatchObject({ status: 0, stdout: '', stderr: '' })
})

test('only the warning about SQLite is kept back', async () => {
  const seen: string[] = []
  const listen = (warning: Error): void => void seen.push(warning.message)
  process.on('warning', listen)
  await (await openStore(freshPath())).close()
  process.emitWarning('SQLite is an experimental feature', 'ExperimentalWarning')
  await new Promise((resolve) => setImmediate(resolve))
  process.off('warning', listen)
  expect(seen).toEqual(['SQLite is an experimental feature'])
})

const key = fc.uint8Array({ maxLength: 3 })
const value = fc.option(fc.uint8Array({ maxLength: 40 }), { nil: undefined })
const space = fc.constantFrom('a', 'b')
const command = fc.oneof(
  fc.record({
    type: fc.constant('write' as const),
    changes: fc.array(fc.record({ space, key, value }), { maxLength: 5 }),
  }),
  fc.record({
    type: fc.constant('append' as const),
    space,
    values: fc.array(fc.uint8Array({ maxLength: 9 }), { minLength: 1, maxLength: 4 }),
  }),
  fc.record({ type: fc.constant('trim' as const), space, before: fc.nat(20) }),
  fc.record({ type: fc.constant('get' as const), space, key }),
  fc.record({
    type: fc.constant('scan' as const),
    space,
    from: key,
    to: key,
    limit: fc.integer({ min: 1, max: 9 }),
    reverse: fc.boolean(),
  }),
  fc.record({ type: fc.constant('read' as const), space, from: fc.nat(20) }),
)
type Command = typeof command extends fc.Arbitrary<infer T> ? T : never

async function run(store: Store, step: Command): Promise<unknown> {
  switch (step.type) {
    case 'write':
      return store.write(step.changes)
    case 'append':
      return store.append(step.space, step.values)
    case 'trim':
      return store.trim(step.space, step.before)
    case 'get':
      return store.get(step.space, step.key)
    case 'scan':
      return store.scan(step.space, step)
    case 'read':
      return [await store.read(step.space, step.from, 9), await store.bounds(step.space)]
  }
}

test('does what the store in memory does, command by command', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(command, { maxLength: 40 }), async (commands) => {
      await using memory = memoryStore()
      await using sqlite = await openStore(freshPath())
      const plain = (found: unknown): string =>
        JSON.stringify(found, (_, part) => (part instanceof Uint8Array ? toHex(part) : part))
      const expected = await Promise.all(commands.map((step) => run(memory, step)))
      const actual = await Promise.all(commands.map((step) => run(sqlite, step)))
      expect(actual.map(plain)).toEqual(expected.map(plain))
    }),
    { numRuns: 25 },
  )
})

test('thousands of concurrent writes cost few commits', async () => {
  await using store = await openStore(freshPath())
  const rng = seededRng(1)
  const content = rng.bytes(200)
  const start = performance.now()
  for (let index = 0; index < 20; index++) await put(store, `${index}`, content)
  const aloneMs = (performance.now() - start) / 20
  const middle = performance.now()
  await Promise.all(Array.from({ length: 4_000 }, (_, index) => put(store, `x${index}`, content)))
  const togetherMs = (performance.now() - middle) / 4_000
  console.log(
    `a durable write: ${(aloneMs * 1_000).toFixed(0)} us alone, ${(togetherMs * 1_000).toFixed(0)} us together`,
  )
  expect(togetherMs).toBeLessThan(aloneMs)
})
