import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { repairTiles, tileRecords } from '@kithnet/dag/tiles'
import { afterAll, expect, test } from 'vitest'
import {
  compatible,
  edgeEntries,
  expectForeign,
  foreignRecord,
  type ForeignRecord,
  foreignRecords,
  idsOf,
  indexEntry,
  renamed,
  storedOf,
} from './foreign-files.ts'

const root = mkdtempSync(join(tmpdir(), 'kithnet-foreign-'))
let serial = 0
afterAll(() => rmSync(root, { recursive: true }))

const [a, b, c] = foreignRecords

/** The tile of a record, by the rule: day in UTC, class, zone 0, byte 1 of the content hash. */
function tileOf({ contentHash, classification }: ForeignRecord): string {
  return `2025/02/16/c${classification}/z0000/s${String(contentHash[1]).padStart(4, '0')}`
}

function fileOf(folder: string, record: ForeignRecord, kind: string): string {
  return join(folder, 'tiles', tileOf(record), `${kind}.bin`)
}

/** Appends a record as elara-runtime does: to three files, unsynced, in this order. */
function insertForeign(folder: string, record: ForeignRecord): void {
  const path = fileOf(folder, record, 'records')
  mkdirSync(dirname(path), { recursive: true })
  const offset = statSync(path, { throwIfNoEntry: false })?.size ?? 0
  appendFileSync(path, record.wire)
  appendFileSync(fileOf(folder, record, 'index'), indexEntry(record, offset))
  if (record.parents.length > 0)
    appendFileSync(fileOf(folder, record, 'edges'), edgeEntries(record))
}

function foreignFolder(): string {
  const folder = join(root, `${serial++}`)
  for (const record of foreignRecords) insertForeign(folder, record)
  return folder
}

function filesBelow(folder: string): Record<string, string> {
  const tiles = join(folder, 'tiles')
  const names = readdirSync(tiles, { recursive: true, encoding: 'utf8' })
  const files = names.filter((name) => name.endsWith('.bin')).sort()
  return Object.fromEntries(files.map((name) => [name, readFileSync(join(tiles, name), 'hex')]))
}

test('open, parents first, and are left as they are', async () => {
  const folder = foreignFolder()
  const before = filesBelow(folder)
  await using store = await tileRecords(folder, compatible)
  expect(await idsOf(store)).toEqual(['rec-a', 'rec-b', 'rec-c'])
  await expectForeign(store)
  expect((await store.get('rec-a'))?.firstSeen).toBe(1_800_000_000_000)
  expect(filesBelow(folder)).toEqual(before)
})

test('what is added has the bytes that the other program would have written', async () => {
  const [ours, theirs] = [foreignFolder(), foreignFolder()]
  const more = [foreignRecord('rec-d', ['rec-c'], 1_739_712_348), renamed(a, 'rec-e')]
  {
    await using store = await tileRecords(ours, compatible)
    for (const record of more) await store.append([storedOf(record)])
  }
  for (const record of more) insertForeign(theirs, record)
  expect(filesBelow(ours)).toEqual(filesBelow(theirs))
})

test('in strict mode they are refused whole, and nothing is done to them', async () => {
  const folder = foreignFolder()
  const before = filesBelow(folder)
  await expect(tileRecords(folder)).rejects.toMatchObject({
    code: 'store/corrupt',
    message: expect.stringContaining('compatible'),
  })
  expect(filesBelow(folder)).toEqual(before)
  await using store = await tileRecords(folder, compatible)
  expect(store.size).toBe(3)
})

test('a record without its index entry is found, and a torn one is cut', async () => {
  const folder = foreignFolder()
  const before = filesBelow(folder)
  truncateSync(fileOf(folder, b, 'index'), 7)
  truncateSync(fileOf(folder, b, 'edges'), 0)
  appendFileSync(fileOf(folder, c, 'records'), a.wire.subarray(0, 70))
  await using store = await tileRecords(folder, compatible)
  await expectForeign(store)
  expect(filesBelow(folder)).toEqual(before)
})

test('a record that was inserted twice is served once', async () => {
  const folder = foreignFolder()
  insertForeign(folder, b)
  await using store = await tileRecords(folder, compatible)
  expect(await idsOf(store)).toEqual(['rec-a', 'rec-b', 'rec-c'])
})

test('children stand behind parents whatever their times say', async () => {
  const folder = join(root, `${serial++}`)
  const late = foreignRecord('root', [], 1_739_800_000)
  const middle = foreignRecord('middle', ['root'], 1_739_750_000)
  insertForeign(folder, foreignRecord('leaf', ['middle', 'root', 'gone'], 1_739_712_345))
  writeFileSync(join(folder, 'tiles', 'note.txt'), 'not a tile')
  for (const record of [middle, late]) {
    const day = new Date(record.timestamp * 1_000).toISOString().slice(0, 10).replaceAll('-', '/')
    const tile = join(folder, 'tiles', tileOf(record).replace('2025/02/16', day))
    mkdirSync(tile, { recursive: true })
    writeFileSync(join(tile, 'records.bin'), record.wire)
    writeFileSync(join(tile, 'index.bin'), indexEntry(record, 0))
    if (record.parents.length > 0) writeFileSync(join(tile, 'edges.bin'), edgeEntries(record))
  }
  await using store = await tileRecords(folder, compatible)
  expect(await idsOf(store)).toEqual(['root', 'middle', 'leaf'])
})

test('what another program added later is refused to be overwritten, and repair takes it over', async () => {
  const folder = foreignFolder()
  await (await tileRecords(folder, compatible)).close()
  const added = foreignRecord('rec-z', ['rec-c'], 1_739_712_400)
  const path = fileOf(folder, a, 'records')
  const offset = statSync(path).size
  appendFileSync(path, added.wire)
  appendFileSync(fileOf(folder, a, 'index'), indexEntry(added, offset))
  appendFileSync(fileOf(folder, a, 'edges'), edgeEntries(added))
  const before = filesBelow(folder)
  const store = await tileRecords(folder, compatible)
  await store.append([storedOf(renamed(a, 'rec-y'))])
  await expect(store.close()).rejects.toMatchObject({ code: 'store/corrupt' })
  expect(filesBelow(folder)).toEqual(before)
  const report = await repairTiles(folder, compatible)
  expect(report).toEqual({ records: 4, adopted: 1, unreadable: 0, duplicates: 0, cutBytes: 0 })
  await using again = await tileRecords(folder, compatible)
  expect(await idsOf(again)).toEqual(['rec-a', 'rec-b', 'rec-c', 'rec-z', 'rec-y'])
})

test('what another program added after a crash is kept, behind what the journal has', async () => {
  const [folder, crashed, expected] = [foreignFolder(), join(root, `${serial++}`), foreignFolder()]
  const [ours, theirs] = [renamed(a, 'rec-y'), renamed(a, 'rec-x')]
  {
    await using store = await tileRecords(folder, compatible)
    await store.append([storedOf(ours)])
    cpSync(folder, crashed, { recursive: true })
  }
  insertForeign(crashed, theirs)
  for (let round = 0; round < 2; round++) {
    await using store = await tileRecords(crashed, compatible)
    expect(await idsOf(store)).toEqual(['rec-a', 'rec-b', 'rec-c', 'rec-y', 'rec-x'])
    expect(Buffer.from((await store.get('rec-x'))!.record.bytes)).toEqual(theirs.wire)
  }
  for (const record of [ours, theirs]) insertForeign(expected, record)
  expect(filesBelow(crashed)).toEqual(filesBelow(expected))
})
