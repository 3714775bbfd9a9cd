/**
 * A SQLite file for one owner, through the SQLite that Node brings, for stores with tables of their own.
 *
 * @packageDocumentation
 */
import type { DatabaseSync } from 'node:sqlite'
import { CodedError } from '@kithnet/kernel'
import { storeError } from './faults.ts'

/**
 * Opens or makes the file: private to its user, held against other processes until it is closed, and set so that a
 * commit is on disk when it returns. `prepare` brings the tables; when it throws, nothing stays open.
 *
 * @throws CodedError `store/locked`, `store/corrupt`, `store/full` or `store/unavailable`, and what `prepare` throws.
 */
export function openSqliteFile(
  path: string,
  prepare: (database: DatabaseSync) => void,
): DatabaseSync {
  const Database = loadSqlite(path).DatabaseSync
  let database: DatabaseSync | undefined
  try {
    prepareFile(path)
    database = new Database(path)
    // Exclusive before the first access: the lock holds until close, and WAL needs no shared memory file.
    database.exec('PRAGMA locking_mode = EXCLUSIVE')
    database.exec('PRAGMA journal_mode = WAL')
    // In WAL mode FULL syncs the log at each commit; NORMAL would lose acknowledged writes with the power.
    // Source: https://www.sqlite.org/pragma.html#pragma_synchronous
    database.exec('PRAGMA synchronous = FULL')
    prepare(database)
    return database
  } catch (error) {
    database?.close()
    throw explainSqlite(error, path)
  }
}

/** The store's error for one of SQLite or of the file system. A `CodedError` stays what it is. */
export function explainSqlite(error: unknown, path: string): CodedError {
  if (error instanceof CodedError) return error
  const reason = error instanceof Error ? error.message : String(error)
  // Source: https://www.sqlite.org/rescode.html; the low byte is the primary code.
  switch (typeof error === 'object' ? Number(Reflect.get(error ?? {}, 'errcode')) & 0xff : 0) {
    case 5: // SQLITE_BUSY
    case 6: // SQLITE_LOCKED
      return storeError({ code: 'store/locked', path }, error)
    case 13: // SQLITE_FULL
      return storeError({ code: 'store/full', path }, error)
    case 11: // SQLITE_CORRUPT
    case 26: // SQLITE_NOTADB
      return storeError({ code: 'store/corrupt', path, reason }, error)
    default:
      return storeError({ code: 'store/unavailable', path, reason }, error)
  }
}

/**
 * Makes the file with the modes that SQLite would not give it, and makes its name durable. A file that exists is
 * never opened here: on POSIX hosts closing any handle of a file drops every lock that the process has on it, also
 * those of a store that is open. Source: https://www.sqlite.org/howtocorrupt.html section 2.2.
 */
function prepareFile(path: string): void {
  const fs = process.getBuiltinModule('node:fs')
  const folder = process.getBuiltinModule('node:path').dirname(path)
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 })
  const known = fs.statSync(path, { throwIfNoEntry: false })
  if (known === undefined) {
    fs.closeSync(fs.openSync(path, 'ax', 0o600))
    if (process.platform !== 'win32') syncFolder(fs, folder)
  } else if ((known.mode & 0o077) !== 0) {
    // SQLite gives its log the mode of the file, so both become private.
    fs.chmodSync(path, 0o600)
  }
}

function syncFolder(fs: typeof import('node:fs'), folder: string): void {
  const handle = fs.openSync(folder, 'r')
  try {
    fs.fsyncSync(handle)
  } finally {
    fs.closeSync(handle)
  }
}

/**
 * Node's SQLite. Node 22 warns that it is experimental when it is first loaded; that one warning is kept from the
 * user, who can do nothing about it. Every other passes.
 */
function loadSqlite(path: string): typeof import('node:sqlite') {
  const warn = process.emitWarning
  process.emitWarning = (...args: readonly unknown[]): void => {
    const [warning, kind] = args
    if (kind === 'ExperimentalWarning' && String(warning).startsWith('SQLite ')) return
    Reflect.apply(warn, process, args)
  }
  try {
    // Absent before Node 22.5, in spite of its type.
    const sqlite = process.getBuiltinModule('node:sqlite') as
      typeof import('node:sqlite') | undefined
    if (sqlite !== undefined) return sqlite
  } finally {
    process.emitWarning = warn
  }
  const reason = `Node ${process.versions.node} has no SQLite, 22.18 or later has`
  throw storeError({ code: 'store/unavailable', path, reason })
}
