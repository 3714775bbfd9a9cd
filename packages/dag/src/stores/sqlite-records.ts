/**
 * A store of records in one SQLite file, with the tables of elara-runtime.
 *
 * @packageDocumentation
 */
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import type { Bytes } from '@kithnet/kernel'
import { storeError } from '@kithnet/store'
import { GroupCommit } from '@kithnet/store/group-commit'
import { explainSqlite, openSqliteFile } from '@kithnet/store/sqlite-file'
import type { Mode } from '@kithnet/wire'
import { KeyHashes } from './key-hashes.ts'
import { recordHeader } from './record-header.ts'
import { type ReadRow, recordColumns, recordRow, storedOf } from './record-row.ts'
import type {
  NamedValue,
  RecordHeader,
  RecordStore,
  StoredAttestation,
  StoredRecord,
} from './record-store.ts'
import { addOwnTables, hasOwnTables, openTables } from './sqlite-tables.ts'
import {
  checkAppend,
  checkAttestations,
  checkValue,
  duplicate,
  maxAppendBytes,
  scanRecords,
} from './store-limits.ts'
import { type RecordStoreOptions, storedCopy } from './stored-copy.ts'

/**
 * Opens the store at `path`, making the file (mode 0600) and its folder (0700) when they are not there. A file that
 * another program made with the same tables is read as it is; ours come beside when something is written. A commit runs
 * on the calling thread and holds it for one fsync.
 *
 * @throws CodedError `store/locked`, `store/corrupt`, `store/version`, `store/full` or `store/unavailable`.
 */
export async function sqliteRecords(
  path: string,
  options: RecordStoreOptions = {},
): Promise<RecordStore> {
  const database = openSqliteFile(path, (opened) => openTables(opened, path))
  return new SqliteRecords(database, path, options.mode ?? 'strict')
}

type Row = Readonly<Record<string, unknown>>

class SqliteRecords implements RecordStore {
  readonly #database: DatabaseSync
  readonly #path: string
  readonly #mode: Mode
  readonly #group: GroupCommit
  readonly #statements = new Map<string, StatementSync>()
  readonly #keyHashes = new KeyHashes()
  #size: number
  #hasOwnTables: boolean
  #closed = false

  constructor(database: DatabaseSync, path: string, mode: Mode) {
    this.#database = database
    this.#path = path
    this.#mode = mode
    const transaction = {
      begin: (): void => {
        database.exec('BEGIN IMMEDIATE')
        if (!this.#hasOwnTables) addOwnTables(database)
      },
      commit: (): void => {
        database.exec('COMMIT')
        this.#hasOwnTables = true
      },
      rollback: (): void => {
        // A full disk makes SQLite roll back by itself; there is nothing left to undo then.
        if (database.isTransaction) database.exec('ROLLBACK')
      },
    }
    this.#group = new GroupCommit(transaction, maxAppendBytes)
    this.#size = Number(this.#row('SELECT count(*) AS n FROM records')?.['n'])
    this.#hasOwnTables = hasOwnTables(database)
  }

  get size(): number {
    return this.#size
  }

  async append(entries: readonly StoredRecord[]): Promise<void> {
    this.#check()
    const bytes = checkAppend(entries, () => false)
    if (entries.length === 0) return
    const copies = entries.map((entry) => storedCopy(entry.record.bytes.slice(), entry, this.#mode))
    await this.#change(bytes, () => {
      for (const copy of copies) this.#insert(copy)
    })
    this.#size += copies.length
  }

  async get(id: string): Promise<StoredRecord | undefined> {
    return this.#read(() => this.#stored(id))
  }

  async getMany(ids: readonly string[]): Promise<readonly (StoredRecord | undefined)[]> {
    const wanted = [...ids]
    return this.#read(() => wanted.map((id) => this.#stored(id)))
  }

  async *scan(from: number = 0): AsyncIterable<readonly StoredRecord[]> {
    yield* this.#batches(from, true)
  }

  async *headers(from: number = 0): AsyncIterable<readonly RecordHeader[]> {
    for await (const batch of this.#batches(from, false)) {
      yield batch.map((stored) => recordHeader(stored, (key) => this.#keyHashes.of(key)))
    }
  }

  async attest(attestations: readonly StoredAttestation[]): Promise<number> {
    this.#check()
    const bytes = checkAttestations(attestations)
    if (attestations.length === 0) return 0
    const copies = attestations.map((word) => ({ ...word, signature: word.signature.slice() }))
    return this.#change(bytes, () => {
      let fresh = 0
      for (const { recordId, witness, signature, timestamp } of copies) {
        fresh += this.#run(sql.attest, recordId, witness, signature, timestamp)
      }
      return fresh
    })
  }

  async attestationsOf(recordId: string): Promise<readonly StoredAttestation[]> {
    return this.#own([], () =>
      this.#rows(sql.attestationsOf, recordId).map((row) => ({
        recordId,
        witness: String(row['witness_identity']),
        signature: row['witness_signature'] as Bytes,
        timestamp: Number(row['timestamp']),
      })),
    )
  }

  async setValue(name: string, value: Uint8Array | undefined): Promise<void> {
    this.#check()
    const bytes = checkValue(name, value)
    const copy = value?.slice()
    await this.#change(bytes, () => {
      if (copy === undefined) this.#run(sql.removeValue, name)
      else this.#run(sql.setValue, name, copy)
    })
  }

  async value(name: string): Promise<Bytes | undefined> {
    return this.#own(undefined, () => this.#row(sql.value, name)?.['value'] as Bytes | undefined)
  }

  async values(prefix: string): Promise<readonly NamedValue[]> {
    return this.#own([], () =>
      // Names are ASCII: none that begins so comes behind.
      this.#rows(sql.values, prefix, `${prefix}\x7f`).map((row) => ({
        name: String(row['name']),
        value: row['value'] as Bytes,
      })),
    )
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

  #insert(stored: StoredRecord): void {
    const { id, parents } = stored.record
    const row = recordRow(stored)
    if (this.#run(sql.insert, ...recordColumns.map((column) => row[column])) === 0) {
      throw duplicate(id)
    }
    for (const parent of parents) this.#run(sql.insertEdge, id, parent)
  }

  #stored(id: string): StoredRecord | undefined {
    const row = this.#row(sql.get, id)
    return row === undefined ? undefined : this.#storedOf(row, true)
  }

  #storedOf(row: Row, isChecked: boolean): StoredRecord {
    return storedOf(row as unknown as ReadRow, this.#path, this.#mode, isChecked)
  }

  /** By row number, which rises with every insertion. */
  async *#batches(from: number, isChecked: boolean): AsyncIterable<readonly StoredRecord[]> {
    let after = await this.#read(() => {
      if (from === 0) return 0
      return Number(this.#row(sql.rowBefore, from - 1)?.['number'] ?? Number.MAX_SAFE_INTEGER)
    })
    for (;;) {
      const rows = await this.#read(() => this.#rows(sql.scan, after, scanRecords))
      if (rows.length === 0) return
      after = Number(rows.at(-1)!['number'])
      yield rows.map((row) => this.#storedOf(row, isChecked))
    }
  }

  /** What our own tables say, or what stands for nothing where they are not there yet. */
  #own<T>(nothing: T, run: () => T): Promise<T> {
    return this.#read(() => (this.#hasOwnTables ? run() : nothing))
  }

  async #read<T>(run: () => T): Promise<T> {
    this.#check()
    try {
      return await this.#group.read(run)
    } catch (error) {
      throw explainSqlite(error, this.#path)
    }
  }

  async #change<T>(bytes: number, run: () => T): Promise<T> {
    try {
      return await this.#group.change(bytes, run)
    } catch (error) {
      throw explainSqlite(error, this.#path)
    }
  }

  #check(): void {
    if (this.#closed) throw storeError({ code: 'store/closed' })
  }

  /** Rows that changed. */
  #run(text: string, ...values: readonly SQLInputValue[]): number {
    return Number(this.#statement(text).run(...values).changes)
  }

  #row(text: string, ...values: readonly SQLInputValue[]): Row | undefined {
    return this.#statement(text).get(...values)
  }

  #rows(text: string, ...values: readonly SQLInputValue[]): readonly Row[] {
    return this.#statement(text).all(...values)
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

const read = 'id, wire_bytes, record_hash, inserted_at'

const sql = {
  insert: `INSERT INTO records (${recordColumns.join(', ')}) VALUES (${recordColumns.map(() => '?').join(', ')}) ON CONFLICT (id) DO NOTHING`,
  insertEdge: 'INSERT OR IGNORE INTO edges (child_id, parent_id) VALUES (?, ?)',
  get: `SELECT ${read} FROM records WHERE id = ?`,
  rowBefore: 'SELECT rowid AS number FROM records ORDER BY rowid LIMIT 1 OFFSET ?',
  scan: `SELECT rowid AS number, ${read} FROM records WHERE rowid > ? ORDER BY rowid LIMIT ?`,
  attest:
    'INSERT OR IGNORE INTO attestations (record_id, witness_identity, witness_signature, timestamp) VALUES (?, ?, ?, ?)',
  attestationsOf:
    'SELECT witness_identity, witness_signature, timestamp FROM attestations WHERE record_id = ? ORDER BY witness_identity',
  setValue:
    'INSERT INTO kithnet_values (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
  removeValue: 'DELETE FROM kithnet_values WHERE name = ?',
  value: 'SELECT value FROM kithnet_values WHERE name = ?',
  values: 'SELECT name, value FROM kithnet_values WHERE name >= ? AND name < ? ORDER BY name',
}
