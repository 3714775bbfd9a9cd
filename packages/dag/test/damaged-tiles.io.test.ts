import { spawnSync } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { sampleId, sampleRecord } from '@kithnet/dag/suite'
import { repairTiles, tileRecords } from '@kithnet/dag/tiles'
import { toHex } from '@kithnet/kernel'
import { recordAddress, tilePath } from '@kithnet/wire'
import { afterAll, expect, test } from 'vitest'
import { compatible, idsOf } from './foreign-files.ts'

const root = mkdtempSync(join(tmpdir(), 'kithnet-tiles-'))
let serial = 0
afterAll(() => rmSync(root, { recursive: true }))

const { host } = compatible

async function filled(): Promise<string> {
  const folder = join(root, `${serial++}`)
  await using store = await tileRecords(folder, { host })
  await store.append([1, 2, 3, 4].map((number) => sampleRecord(number, [number - 1])))
  return folder
}

function recordsFileOf(folder: string, number: number): string {
  const tile = tilePath(recordAddress(sampleRecord(number).record))
  return join(folder, 'tiles', tile, 'records.bin')
}

test('a second owner is refused, here and in another process, until the first lets go', async () => {
  const folder = await filled()
  const store = await tileRecords(folder)
  await expect(tileRecords(folder)).rejects.toMatchObject({
    fault: { code: 'store/locked' },
    message: expect.stringContaining('stop the other node'),
  })
  const script = `const { tileRecords } = await import('@kithnet/dag/tiles')
    try { await tileRecords(${JSON.stringify(folder)}) } catch (error) { console.log(error.code) }`
  const other = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: join(import.meta.dirname, '..'),
    encoding: 'utf8',
    timeout: 30_000,
  })
  expect(other.stdout.trim()).toBe('store/locked')
  await store.close()
  await (await tileRecords(folder)).close()
})

test('files and folders are private', async () => {
  const folder = await filled()
  const path = recordsFileOf(folder, 1)
  for (const file of [path, join(folder, 'kithnet/catalogue'), join(folder, 'kithnet/notes.db')]) {
    expect(statSync(file).mode & 0o777).toBe(0o600)
  }
  for (const made of [dirname(path), join(folder, 'tiles'), join(folder, 'kithnet')]) {
    expect(statSync(made).mode & 0o777).toBe(0o700)
  }
})

test('a lost catalogue is made anew from the tiles', async () => {
  const folder = await filled()
  unlinkSync(join(folder, 'kithnet/catalogue'))
  await using store = await tileRecords(folder, { host })
  expect(await idsOf(store)).toEqual([1, 2, 3, 4].map(sampleId))
  expect((await store.get(sampleId(2)))?.firstSeen).toBe(1_800_000_000_000)
})

test('a damaged catalogue is made anew, and keeps what could be read of it', async () => {
  const folder = await filled()
  {
    await using store = await tileRecords(folder, { host })
    await store.append([sampleRecord(5, [4])])
  }
  const path = join(folder, 'kithnet/catalogue')
  const bytes = readFileSync(path)
  bytes[bytes.length - 40]! ^= 1
  writeFileSync(path, bytes)
  await using store = await tileRecords(folder, { host })
  expect(await idsOf(store)).toEqual([1, 2, 3, 4, 5].map(sampleId))
  expect((await store.get(sampleId(2)))?.firstSeen).toBe(sampleRecord(2).firstSeen)
  expect((await store.get(sampleId(5)))?.firstSeen).toBe(1_800_000_000_000)
})

test('a damaged record is not served; repair lets it go, and it can come again', async () => {
  const folder = await filled()
  const path = recordsFileOf(folder, 2)
  const bytes = readFileSync(path)
  bytes[3_000]! ^= 1
  writeFileSync(path, bytes)
  {
    await using store = await tileRecords(folder, { host })
    await expect(store.get(sampleId(2))).rejects.toMatchObject({
      fault: { code: 'dag/damaged-record', id: sampleId(2) },
    })
    expect((await store.get(sampleId(3)))?.record.id).toBe(sampleId(3))
  }
  const report = await repairTiles(folder, { host })
  expect(report).toMatchObject({ records: 3, unreadable: 1 })
  {
    await using store = await tileRecords(folder, { host })
    expect(await store.get(sampleId(2))).toBeUndefined()
    await store.append([sampleRecord(2, [1])])
  }
  await using store = await tileRecords(folder, { host })
  expect(toHex((await store.get(sampleId(2)))!.record.bytes)).toBe(
    toHex(sampleRecord(2, [1]).record.bytes),
  )
  expect(await idsOf(store)).toEqual([1, 3, 4, 2].map(sampleId))
})

test('a truncated tile is damage, not a crash of the reader', async () => {
  const folder = await filled()
  truncateSync(recordsFileOf(folder, 4), 100)
  await using store = await tileRecords(folder, { host })
  await expect(store.get(sampleId(4))).rejects.toMatchObject({ code: 'dag/damaged-record' })
})

test('few files are open, however many tiles there are', async () => {
  const folder = join(root, `${serial++}`)
  await using store = await tileRecords(folder, { host, segmentBytes: 200_000 })
  const count = 400
  for (let from = 0; from < count; from += 50) {
    await store.append(Array.from({ length: 50 }, (_, index) => sampleRecord(from + index)))
  }
  for (let number = 0; number < count; number++) await store.get(sampleId(number))
  const open = readdirSync('/proc/self/fd', { encoding: 'utf8' }).length
  expect(open).toBeLessThan(200)
})

test('a journal that was complete and is damaged is told, and repair saves what is whole', async () => {
  const folder = await filled()
  const journal = join(folder, 'kithnet/journal')
  mkdirSync(journal, { recursive: true })
  writeFileSync(join(journal, '00000001'), 'torn')
  writeFileSync(join(journal, '00000002'), '')
  await expect(tileRecords(folder, { host })).rejects.toMatchObject({ code: 'store/corrupt' })
  await repairTiles(folder, { host })
  await using store = await tileRecords(folder, { host })
  expect(store.size).toBe(4)
})

test('a path that cannot be used says why', async () => {
  const file = join(root, 'a-file')
  writeFileSync(file, 'no folder')
  await expect(tileRecords(join(file, 'store'))).rejects.toMatchObject({
    code: 'store/unavailable',
  })
})
