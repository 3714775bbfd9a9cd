import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { sqliteRecords } from '@kithnet/dag/sqlite'
import { afterAll, expect, test } from 'vitest'
import {
  compatible,
  expectForeign,
  foreignRecord,
  foreignRecords,
  idsOf,
  sha3,
  storedOf,
} from './foreign-files.ts'

const root = mkdtempSync(join(tmpdir(), 'kithnet-database-'))
let serial = 0
afterAll(() => rmSync(root, { recursive: true }))

/** The tables as elara-runtime makes them, and its pragmas. */
function foreignDatabase(): string {
  const path = join(root, `${serial++}.db`)
  const database = new DatabaseSync(path, { enableForeignKeyConstraints: true })
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
    CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS records (id TEXT PRIMARY KEY, version INTEGER NOT NULL, content_hash BLOB NOT NULL,
      creator_public_key BLOB NOT NULL, timestamp REAL NOT NULL, classification INTEGER NOT NULL, metadata TEXT NOT NULL,
      signature BLOB, sphincs_signature BLOB, zk_proof BLOB, record_hash BLOB NOT NULL, wire_bytes BLOB NOT NULL,
      inserted_at REAL NOT NULL);
    CREATE TABLE IF NOT EXISTS edges (child_id TEXT NOT NULL, parent_id TEXT NOT NULL, PRIMARY KEY (child_id, parent_id),
      FOREIGN KEY (child_id) REFERENCES records(id), FOREIGN KEY (parent_id) REFERENCES records(id));
    CREATE INDEX IF NOT EXISTS idx_records_timestamp ON records(timestamp);
    CREATE INDEX IF NOT EXISTS idx_records_classification ON records(classification);
    CREATE INDEX IF NOT EXISTS idx_records_creator ON records(creator_public_key);
    CREATE INDEX IF NOT EXISTS idx_edges_parent ON edges(parent_id);
    INSERT INTO meta VALUES ('schema_version', '1')`)
  const insert = database.prepare(
    'INSERT INTO records VALUES (?, 1, ?, ?, ?, ?, ?, ?, NULL, NULL, ?, ?, ?)',
  )
  for (const record of foreignRecords) {
    const { id, wire, contentHash, key, timestamp, classification, signature } = record
    insert.run(
      ...[id, contentHash, key, timestamp, classification, '{}'],
      ...[signature, sha3(wire), wire, timestamp + 0.125],
    )
    for (const parent of record.parents) {
      database.prepare('INSERT INTO edges VALUES (?, ?)').run(id, parent)
    }
  }
  database.close()
  return path
}

function namesIn(path: string): string[] {
  const database = new DatabaseSync(path)
  const rows = database.prepare('SELECT name FROM sqlite_schema WHERE sql IS NOT NULL').all()
  database.close()
  return rows.map((row) => String(row['name'])).sort()
}

const theirs = [
  'edges',
  'idx_edges_parent',
  'idx_records_classification',
  'idx_records_creator',
  'idx_records_timestamp',
  'meta',
  'records',
]

test('opens, and gets no tables of ours before something is written', async () => {
  const path = foreignDatabase()
  {
    await using store = await sqliteRecords(path, compatible)
    expect(store.size).toBe(3)
    expect(await idsOf(store)).toEqual(['rec-a', 'rec-b', 'rec-c'])
    await expectForeign(store)
    expect((await store.get('rec-b'))?.firstSeen).toBe(1_739_712_346_625)
    expect(await store.attestationsOf('rec-a')).toEqual([])
    expect(await store.value('mark')).toBeUndefined()
    expect(await store.values('')).toEqual([])
  }
  expect(namesIn(path)).toEqual(theirs)
  {
    await using store = await sqliteRecords(path, compatible)
    await store.append([storedOf(foreignRecord('rec-d', ['rec-c'], 1_739_712_348))])
  }
  expect(namesIn(path)).toEqual(
    [
      ...theirs,
      'attestations',
      'idx_attestations_record',
      'kithnet_records_by_hash',
      'kithnet_values',
    ].sort(),
  )
})

test('a new database has exactly their tables, beside ours, and their columns in order', async () => {
  const path = join(root, `${serial++}.db`)
  await (await sqliteRecords(path)).close()
  const [made, given] = [new DatabaseSync(path), new DatabaseSync(foreignDatabase())]
  const info = (database: DatabaseSync, table: string): unknown =>
    database.prepare('SELECT name, type, "notnull", pk FROM pragma_table_info(?)').all(table)
  const keys = (database: DatabaseSync): unknown =>
    database
      .prepare(`SELECT "table", "from", "to" FROM pragma_foreign_key_list('edges') ORDER BY "from"`)
      .all()
  for (const table of ['meta', 'records', 'edges']) {
    expect(info(made, table)).toEqual(info(given, table))
  }
  expect(keys(made)).toEqual(keys(given))
  made.close()
  given.close()
  expect(namesIn(path)).toEqual(expect.arrayContaining(theirs))
})

test('another version, or tables of something else, are left alone', async () => {
  const path = foreignDatabase()
  const database = new DatabaseSync(path)
  database.exec("UPDATE meta SET value = '2'")
  database.close()
  await expect(sqliteRecords(path)).rejects.toMatchObject({
    fault: { code: 'store/version', found: 2, supported: 1 },
  })
  const songs = join(root, 'songs.db')
  const other = new DatabaseSync(songs)
  other.exec('CREATE TABLE song (name TEXT)')
  other.close()
  await expect(sqliteRecords(songs)).rejects.toMatchObject({
    fault: { code: 'store/corrupt', reason: 'a database of another application' },
  })
  expect(namesIn(songs)).toEqual(['song'])
})

test('a second owner is refused, and a changed row is not served', async () => {
  const path = foreignDatabase()
  const database = new DatabaseSync(path)
  database.exec("UPDATE records SET wire_bytes = zeroblob(9) WHERE id = 'rec-b'")
  database.exec("UPDATE records SET record_hash = zeroblob(32) WHERE id = 'rec-c'")
  database.close()
  await using store = await sqliteRecords(path, compatible)
  await expect(sqliteRecords(path, compatible)).rejects.toMatchObject({ code: 'store/locked' })
  await expect(store.get('rec-b')).rejects.toMatchObject({ code: 'dag/damaged-record' })
  await expect(store.get('rec-c')).rejects.toMatchObject({ code: 'dag/damaged-record' })
  expect((await store.get('rec-a'))?.record.id).toBe('rec-a')
})

test('finds a record by its hash through an index', async () => {
  const path = join(root, `${serial++}.db`)
  await (await sqliteRecords(path)).close()
  const database = new DatabaseSync(path)
  const plan = database
    .prepare("EXPLAIN QUERY PLAN SELECT id FROM records WHERE record_hash = x'00'")
    .all()
  database.close()
  expect(JSON.stringify(plan)).toContain('kithnet_records_by_hash')
})
