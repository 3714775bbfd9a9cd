import type { DatabaseSync } from 'node:sqlite'
import { storeError } from './faults.ts'
import type { OpenOptions } from './open.ts'
import { openSqliteFile } from './sqlite-file.ts'

/** Marks the file as ours: `KITH` in the header. Source: our choice. */
const applicationId = 0x4b495448
/** Format of the tables below. */
const schemaVersion = 1

const schema = `
  CREATE TABLE entry (space TEXT NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL) STRICT;
  CREATE UNIQUE INDEX entry_by_key ON entry (space, key);
  CREATE TABLE log (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, first INTEGER NOT NULL, next INTEGER NOT NULL) STRICT;
  CREATE TABLE log_entry (log INTEGER NOT NULL, position INTEGER NOT NULL, value BLOB NOT NULL, PRIMARY KEY (log, position)) STRICT, WITHOUT ROWID;
  PRAGMA application_id = ${applicationId};
  PRAGMA user_version = ${schemaVersion};
`

/**
 * Opens the database of a store, with its tables.
 *
 * @throws CodedError with a `store/…` code, and leaves nothing open.
 */
export function openDatabase(path: string, options: OpenOptions): DatabaseSync {
  return openSqliteFile(path, (database) => {
    if (options.maxBytes !== undefined) limitSize(database, options.maxBytes)
    ensureSchema(database, path)
  })
}

function ensureSchema(database: DatabaseSync, path: string): void {
  // The write lock is taken now, so that a second process fails here and not at its first write.
  database.exec('BEGIN IMMEDIATE')
  const isEmpty = numberOf(database, 'SELECT count(*) AS n FROM sqlite_schema') === 0
  const application = numberOf(database, 'SELECT application_id AS n FROM pragma_application_id')
  const version = numberOf(database, 'SELECT user_version AS n FROM pragma_user_version')
  if (isEmpty && application === 0 && version === 0) {
    database.exec(schema)
  } else if (application !== applicationId) {
    const reason = 'a database of another application'
    throw storeError({ code: 'store/corrupt', path, reason })
  } else if (version !== schemaVersion) {
    const supported = schemaVersion
    throw storeError({ code: 'store/version', path, found: version, supported })
  }
  database.exec('COMMIT')
}

function limitSize(database: DatabaseSync, maxBytes: number): void {
  const pageBytes = numberOf(database, 'SELECT page_size AS n FROM pragma_page_size')
  database.exec(`PRAGMA max_page_count = ${Math.max(1, Math.floor(maxBytes / pageBytes))}`)
}

function numberOf(database: DatabaseSync, sql: string): number {
  return Number(database.prepare(sql).get()?.['n'])
}
