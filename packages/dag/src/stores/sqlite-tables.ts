import type { DatabaseSync } from 'node:sqlite'
import { storeError } from '@kithnet/store'
import { recordColumns } from './record-row.ts'

/** The version that the table `meta` names. Source: elara-runtime, SQLite storage. */
const schemaVersion = 1

/** Source: elara-runtime, SQLite storage: tables, columns, their order and the names of the indexes. */
const theirs = `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
  CREATE TABLE records (
    id TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    content_hash BLOB NOT NULL,
    creator_public_key BLOB NOT NULL,
    timestamp REAL NOT NULL,
    classification INTEGER NOT NULL,
    metadata TEXT NOT NULL,
    signature BLOB,
    sphincs_signature BLOB,
    zk_proof BLOB,
    record_hash BLOB NOT NULL,
    wire_bytes BLOB NOT NULL,
    inserted_at REAL NOT NULL
  );
  CREATE TABLE edges (
    child_id TEXT NOT NULL REFERENCES records(id),
    parent_id TEXT NOT NULL REFERENCES records(id),
    PRIMARY KEY (child_id, parent_id)
  );
  CREATE INDEX idx_records_timestamp ON records(timestamp);
  CREATE INDEX idx_records_classification ON records(classification);
  CREATE INDEX idx_records_creator ON records(creator_public_key);
  CREATE INDEX idx_edges_parent ON edges(parent_id);
  INSERT INTO meta (key, value) VALUES ('schema_version', '${schemaVersion}');
`

/** What is ours. Source: the table of attestations is elara-core's; the rest is our choice. */
const ours = `
  CREATE TABLE IF NOT EXISTS attestations (
    record_id TEXT NOT NULL,
    witness_identity TEXT NOT NULL,
    witness_signature BLOB NOT NULL,
    timestamp REAL NOT NULL,
    PRIMARY KEY (record_id, witness_identity)
  );
  CREATE INDEX IF NOT EXISTS idx_attestations_record ON attestations(record_id);
  CREATE TABLE IF NOT EXISTS kithnet_values (name TEXT PRIMARY KEY, value BLOB NOT NULL);
  CREATE INDEX IF NOT EXISTS kithnet_records_by_hash ON records(record_hash);
`

/** Makes the tables of an empty database; of another, looks whether it has them. @throws CodedError with a `store/…` code. */
export function openTables(database: DatabaseSync, path: string): void {
  // Parents are looked after by whoever appends; a store takes records in any order.
  database.exec('PRAGMA foreign_keys = OFF')
  database.exec('BEGIN IMMEDIATE')
  const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all()
  if (tables.length === 0) {
    database.exec(theirs)
    database.exec(ours)
  } else {
    checkTables(database, path)
  }
  database.exec('COMMIT')
}

/** Adds what is ours, where it is missing. Within a transaction. */
export function addOwnTables(database: DatabaseSync): void {
  database.exec(ours)
}

/** True when the database has what is ours. */
export function hasOwnTables(database: DatabaseSync): boolean {
  const found = database
    .prepare(
      "SELECT count(*) AS n FROM sqlite_schema WHERE name IN ('attestations', 'kithnet_values', 'kithnet_records_by_hash')",
    )
    .get()
  return Number(found?.['n']) === 3
}

function checkTables(database: DatabaseSync, path: string): void {
  const columnsOf = (table: string): string =>
    database
      .prepare('SELECT name FROM pragma_table_info(?)')
      .all(table)
      .map((row) => String(row['name']))
      .join()
  const isTheirs =
    columnsOf('meta') === 'key,value' &&
    columnsOf('records') === recordColumns.join() &&
    columnsOf('edges') === 'child_id,parent_id'
  if (!isTheirs) {
    throw storeError({ code: 'store/corrupt', path, reason: 'a database of another application' })
  }
  const row = database.prepare("SELECT value FROM meta WHERE key = 'schema_version'").get()
  const found = Number(row?.['value'])
  if (found !== schemaVersion) {
    throw storeError({ code: 'store/version', path, found, supported: schemaVersion })
  }
}
