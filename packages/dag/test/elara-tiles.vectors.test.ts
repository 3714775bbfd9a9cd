import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { StoredRecord } from '@kithnet/dag'
import { tileRecords } from '@kithnet/dag/tiles'
import { epochMs, fromHex, seededRng, toHex } from '@kithnet/kernel'
import { decodeRecord, recordHash } from '@kithnet/wire'
import { afterAll, describe, expect, test } from 'vitest'

interface TileVector {
  readonly name: string
  readonly records: readonly { readonly id: string; readonly wire: string; readonly hash: string }[]
  /** Hexadecimal bytes by relative path. */
  readonly files: Readonly<Record<string, string>>
}

const source = fileURLToPath(
  new URL('../../../../shared/vectors/elara/vectors.json', import.meta.url),
)
const vectors = existsSync(source)
  ? (JSON.parse(readFileSync(source, 'utf8')) as { vectors: { name: string }[] }).vectors
  : []
const tiles = vectors.filter(
  (vector): vector is TileVector => 'files' in vector && 'records' in vector,
)
const root = mkdtempSync(join(tmpdir(), 'kithnet-elara-'))
afterAll(() => rmSync(root, { recursive: true }))
const options = {
  mode: 'compatible',
  host: { wall: () => epochMs(1), rng: seededRng(1) },
} as const

function stored(wire: string): StoredRecord {
  const decoded = decodeRecord(fromHex(wire)!, 'compatible')
  if (!decoded.ok) throw new Error(decoded.fault.code)
  return { record: decoded.value, hash: recordHash(decoded.value), firstSeen: epochMs(1) }
}

describe.skipIf(tiles.length === 0)('tile files of elara-runtime', () => {
  test.each(tiles)('$name: its files open, and every record is its bytes', async (vector) => {
    const folder = join(root, `${vector.name}-read`)
    for (const [path, hex] of Object.entries(vector.files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), Buffer.from(hex, 'hex'))
    }
    await using store = await tileRecords(folder, options)
    expect(store.size).toBe(vector.records.length)
    for (const { id, wire, hash } of vector.records) {
      const found = await store.get(id)
      expect(toHex(found!.record.bytes)).toBe(wire)
      expect(toHex(found!.hash)).toBe(hash)
    }
  })

  test.each(tiles)('$name: its records make its files', async (vector) => {
    const folder = join(root, `${vector.name}-write`)
    {
      await using store = await tileRecords(folder, options)
      for (const { wire } of vector.records) await store.append([stored(wire)])
    }
    const made = Object.keys(vector.files).map((path) => {
      return [path, readFileSync(join(folder, path), 'hex')] as const
    })
    expect(Object.fromEntries(made)).toEqual(vector.files)
  })

  test.each(tiles)('$name: after it was opened again everything is there', async (vector) => {
    // Elara-runtime finds nothing then, and takes the same record again. Source: vector T03.
    await using store = await tileRecords(join(root, `${vector.name}-read`), options)
    expect(store.size).toBe(vector.records.length)
    await expect(store.append([stored(vector.records[0]!.wire)])).rejects.toMatchObject({
      code: 'dag/duplicate',
    })
  })

  test('a record whose time is no number is taken by no store', async () => {
    // Elara-runtime takes one, and then panics when it is asked for tips. Source: vector T03.
    const wire = tiles[0]!.records[0]!.wire
    const time = wire.indexOf('41d9ec79d6400000')
    expect(time).toBeGreaterThan(0)
    const noNumber = stored(`${wire.slice(0, time)}7ff8000000000000${wire.slice(time + 16)}`)
    await using store = await tileRecords(join(root, 'no-number'), options)
    await expect(store.append([noNumber])).rejects.toMatchObject({ code: 'dag/unstorable' })
  })
})
