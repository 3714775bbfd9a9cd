/**
 * A store in one SQLite file, through the SQLite that Node brings.
 *
 * @packageDocumentation
 */
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import type { Bytes } from '@kithnet/kernel'
import type { Change, Entry, LogBounds, LogEntry, Range, Store } from '@kithnet/types'
import { storeError } from './faults.ts'
import { GroupCommit } from './group-commit.ts'
import {
  checkChanges,
  checkKey,
  checkLimit,
  checkName,
  checkPosition,
  checkValues,
  maxBatchBytes,
  maxReadBytes,
} from './limits.ts'
import type { OpenOptions } from './open.ts'
import { explainSqlite } from './sqlite-file.ts'
import { openDatabase } from './sqlite-schema.ts'

/**
 * Opens the store at `path`, making the file (mode 0600) and its folder (0700) when they are not there. A commit
 * runs on the calling thread and holds it for one fsync.
 *
 * @throws CodedError `store/locked`, `store/corrupt`, `store/version`, `store/full` or `store/unavailable`.
 */
export async function sqliteStore(path: string, options: OpenOptions = {}): Promise<Store> {
  return new SqliteStore(openDatabase(path, options), path)
}

type Row = Readonly<Record<string, unknown>>

class SqliteStore implements Store {
  readonly #database: DatabaseSync
  readonly #path: string
  readonly #group: GroupCommit
  readonly #statements = new Map<string, StatementSync>()
  #closed = false

  constructor(database: DatabaseSync, path: string) {
    this.#database = database
    this.#path = path
    const transaction = {
      begin: (): void => database.exec('BEGIN IMMEDIATE'),
      commit: (): void => database.exec('COMMIT'),
      rollback: (): void => {
        // A full disk makes SQLite roll back by itself; there is nothing left to undo then.
        if (database.isTransaction) database.exec('ROLLBACK')
      },
    }
    this.#group = new GroupCommit(transaction, maxBatchBytes)
  }

  get(space: string, key: Uint8Array): Promise<Bytes | undefined> {
    return this.#read(space, () => {
      checkKey(key)
      const wanted = key.slice()
      return () => this.#row(sql.get, space, wanted)?.['value'] as Bytes | undefined
    })
  }

  scan(space: string, range: Range): Promise<readonly Entry[]> {
    return this.#read(space, () => {
      checkLimit(range.limit)
      const { limit, reverse = false } = range
      const from = range.from?.slice() ?? new Uint8Array()
      const to = range.to?.slice()
      return () => {
        const text = sql.scan[to === undefined ? 'open' : 'closed'][reverse ? 'down' : 'up']
        const bounds = to === undefined ? [space, from] : [space, from, to]
        return this.#rows(text, bounds, limit, (row): Entry => {
          return { key: row['key'] as Bytes, value: row['value'] as Bytes }
        })
      }
    })
  }

  write(changes: readonly Change[]): Promise<void> {
    return this.#change(() => {
      const bytes = checkChanges(changes)
      const copies = changes.map(({ space, key, value }) => {
        return { space, key: key.slice(), value: value?.slice() }
      })
      return [
        bytes,
        () => {
          for (const { space, key, value } of copies) {
            if (value === undefined) this.#run(sql.delete, space, key)
            else this.#run(sql.put, space, key, value)
          }
        },
      ]
    })
  }

  append(log: string, values: readonly Uint8Array[]): Promise<number> {
    return this.#change(() => {
      checkName(log)
      const bytes = checkValues(values)
      const copies = values.map((value) => value.slice())
      return [
        bytes,
        () => {
          const row = this.#row(sql.advance, log, copies.length)!
          const position = Number(row['next']) - copies.length
          copies.forEach((value, index) => {
            this.#run(sql.append, Number(row['id']), position + index, value)
          })
          return position
        },
      ]
    })
  }

  read(log: string, from: number, limit: number): Promise<readonly LogEntry[]> {
    return this.#read(log, () => {
      checkPosition(from)
      checkLimit(limit)
      return () =>
        this.#rows(sql.read, [log, from], limit, (row): LogEntry => {
          return { position: Number(row['position']), value: row['value'] as Bytes }
        })
    })
  }

  bounds(log: string): Promise<LogBounds> {
    return this.#read(log, () => () => {
      const row = this.#row(sql.bounds, log)
      return { first: Number(row?.['first'] ?? 1), next: Number(row?.['next'] ?? 1) }
    })
  }

  trim(log: string, before: number): Promise<void> {
    return this.#change(() => {
      checkName(log)
      checkPosition(before)
      return [
        0,
        () => {
          this.#run(sql.trim, log, before)
          this.#run(sql.advanceFirst, before, log)
        },
      ]
    })
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#group.flush()
    this.#statements.clear()
    this.#database.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** `prepare` checks and copies the arguments while the caller still owns them. */
  async #read<T>(name: string, prepare: () => () => T): Promise<T> {
    if (this.#closed) throw storeError({ code: 'store/closed' })
    checkName(name)
    const run = prepare()
    try {
      return await this.#group.read(run)
    } catch (error) {
      throw explainSqlite(error, this.#path)
    }
  }

  async #change<T>(prepare: () => readonly [bytes: number, run: () => T]): Promise<T> {
    if (this.#closed) throw storeError({ code: 'store/closed' })
    const [bytes, run] = prepare()
    try {
      return await this.#group.change(bytes, run)
    } catch (error) {
      throw explainSqlite(error, this.#path)
    }
  }

  #run(text: string, ...values: readonly SQLInputValue[]): void {
    this.#statement(text).run(...values)
  }

  #row(text: string, ...values: readonly SQLInputValue[]): Row | undefined {
    return this.#statement(text).get(...values)
  }

  #rows<T extends { readonly key?: Uint8Array; readonly value: Uint8Array }>(
    text: string,
    values: readonly SQLInputValue[],
    limit: number,
    decode: (row: Row) => T,
  ): T[] {
    const found: T[] = []
    let bytes = 0
    for (const row of this.#statement(text).iterate(...values, limit)) {
      const entry = decode(row)
      bytes += (entry.key?.length ?? 0) + entry.value.length
      if (found.length > 0 && bytes > maxReadBytes) break
      found.push(entry)
    }
    return found
  }

  #statement(text: string): StatementSync {
    let statement = this.#statements.get(text)
    if (statement === undefined) {
      statement = this.#database.prepare(text)
      this.#statements.set(text, statement)
    }
    return statement
  }
}

const scanOpen = 'SELECT key, value FROM entry WHERE space = ? AND key >= ? ORDER BY key'
const scanClosed =
  'SELECT key, value FROM entry WHERE space = ? AND key >= ? AND key < ? ORDER BY key'

const sql = {
  get: 'SELECT value FROM entry WHERE space = ? AND key = ?',
  put: 'INSERT INTO entry (space, key, value) VALUES (?, ?, ?) ON CONFLICT (space, key) DO UPDATE SET value = excluded.value',
  delete: 'DELETE FROM entry WHERE space = ? AND key = ?',
  scan: {
    open: { up: `${scanOpen} LIMIT ?`, down: `${scanOpen} DESC LIMIT ?` },
    closed: { up: `${scanClosed} LIMIT ?`, down: `${scanClosed} DESC LIMIT ?` },
  },
  advance:
    'INSERT INTO log (name, first, next) VALUES (?, 1, 1 + ?) ON CONFLICT (name) DO UPDATE SET next = next + excluded.next - 1 RETURNING id, next',
  append: 'INSERT INTO log_entry (log, position, value) VALUES (?, ?, ?)',
  read: 'SELECT position, value FROM log_entry WHERE log = (SELECT id FROM log WHERE name = ?) AND position >= ? ORDER BY position LIMIT ?',
  bounds: 'SELECT first, next FROM log WHERE name = ?',
  trim: 'DELETE FROM log_entry WHERE log = (SELECT id FROM log WHERE name = ?) AND position < ?',
  advanceFirst: 'UPDATE log SET first = max(first, min(?, next)) WHERE name = ?',
}
