/**
 * A store of records in a PostgreSQL database, through the package `pg`, which its user installs.
 *
 * @packageDocumentation
 */
import { assert, type Bytes, CodedError } from '@kithnet/kernel'
import { storeError } from '@kithnet/store'
import type { Mode } from '@kithnet/wire'
import type { Client } from 'pg'
import { KeyHashes } from './key-hashes.ts'
import { recordHeader } from './record-header.ts'
import { schema, schemaVersion, sql } from './postgres-tables.ts'
import { type ReadRow, type RecordRow, recordColumns, recordRow, storedOf } from './record-row.ts'
import type {
  NamedValue,
  RecordHeader,
  RecordStore,
  StoredAttestation,
  StoredRecord,
} from './record-store.ts'
import { SerialJobs } from './serial-jobs.ts'
import { checkAppend, checkAttestations, checkValue, duplicate } from './store-limits.ts'
import { type RecordStoreOptions, storedCopy } from './stored-copy.ts'

/**
 * Opens the store in a database, making its tables (in the schema `kithnet`) when they are not there. `connection` is a URL
 * as `pg` takes it, `postgres://user:password@host:port/database`. It uses one connection, whose session keeps other owners out.
 *
 * @throws CodedError `store/locked`, `store/version`, `store/full` or `store/unavailable`.
 */
export async function postgresRecords(
  connection: string,
  options: RecordStoreOptions = {},
): Promise<RecordStore> {
  const client = await clientOf(connection)
  const store = new PostgresRecords(client, options.mode ?? 'strict')
  await store.open()
  return store
}

/** `pg` is loaded only here: whoever keeps records elsewhere need not have it. */
async function clientOf(connection: string): Promise<Client> {
  try {
    const pg = await import('pg')
    return new pg.Client({ connectionString: connection })
  } catch (error) {
    const isMissing =
      error instanceof Error && Reflect.get(error, 'code') === 'ERR_MODULE_NOT_FOUND'
    if (!isMissing) throw error
    const reason = 'the package "pg" is not installed (npm install pg)'
    throw storeError({ code: 'store/unavailable', path: 'PostgreSQL', reason }, error)
  }
}

class PostgresRecords implements RecordStore {
  readonly #client: Client
  /** For messages; without the password. */
  readonly #path: string
  readonly #mode: Mode
  readonly #jobs: SerialJobs
  readonly #keyHashes = new KeyHashes()
  #size = 0
  /** Positions given out in the transaction that runs. */
  #next = 0
  #lost: Error | undefined
  #closed: Promise<void> | undefined

  constructor(client: Client, mode: Mode) {
    this.#client = client
    this.#path = `The database ${client.database ?? ''} at ${client.host}`
    this.#mode = mode
    this.#jobs = new SerialJobs({
      begin: async () => {
        this.#next = this.#size
        await this.#client.query('BEGIN')
      },
      commit: async () => {
        await this.#client.query('COMMIT')
        this.#size = this.#next
      },
      rollback: async () => {
        await this.#client.query('ROLLBACK')
      },
    })
    client.on('error', (error) => {
      this.#lost = error
    })
  }

  /** Connects, keeps others out and makes the tables. When it fails, nothing stays open. */
  async open(): Promise<void> {
    try {
      await this.#client.connect()
      await this.#lock()
      await this.#client.query(schema)
      const [meta] = await this.#rows(sql.version)
      const found = Number(meta?.['value'])
      if (found !== schemaVersion) {
        throw storeError({
          code: 'store/version',
          path: this.#path,
          found,
          supported: schemaVersion,
        })
      }
      const [count] = await this.#rows('SELECT count(*) AS n FROM kithnet.records')
      this.#size = Number(count?.['n'])
    } catch (error) {
      await this.#client.end().catch(() => {})
      throw this.#explain(error)
    }
  }

  get size(): number {
    return this.#size
  }

  async append(entries: readonly StoredRecord[]): Promise<void> {
    this.#check()
    const bytes = checkAppend(entries, () => false)
    if (entries.length === 0) return
    const copies = entries.map((entry) => storedCopy(entry.record.bytes.slice(), entry, this.#mode))
    await this.#change(bytes, () => this.#insert(copies))
  }

  async get(id: string): Promise<StoredRecord | undefined> {
    const [stored] = await this.getMany([id])
    return stored
  }

  async getMany(ids: readonly string[]): Promise<readonly (StoredRecord | undefined)[]> {
    const wanted = [...ids]
    const rows = await this.#read(() => this.#rows(sql.get, wanted))
    const byId = new Map(rows.map((row) => [String(row['id']), row]))
    return wanted.map((id) => {
      const row = byId.get(id)
      return row === undefined ? undefined : this.#storedOf(row, true)
    })
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
    const columns = [
      attestations.map(({ recordId }) => recordId),
      attestations.map(({ witness }) => witness),
      attestations.map(({ signature }) => Buffer.from(signature)),
      attestations.map(({ timestamp }) => timestamp),
    ]
    return this.#change(bytes, async () => {
      const { rowCount } = await this.#client.query(sql.attest, columns)
      return rowCount ?? 0
    })
  }

  async attestationsOf(recordId: string): Promise<readonly StoredAttestation[]> {
    const rows = await this.#read(() => this.#rows(sql.attestationsOf, recordId))
    return rows.map((row) => ({
      recordId,
      witness: String(row['witness_identity']),
      signature: bytesOf(row['witness_signature']),
      timestamp: Number(row['timestamp']),
    }))
  }

  async setValue(name: string, value: Uint8Array | undefined): Promise<void> {
    this.#check()
    const bytes = checkValue(name, value)
    const copy = value === undefined ? undefined : Buffer.from(value)
    await this.#change(bytes, async () => {
      if (copy === undefined) await this.#client.query(sql.removeValue, [name])
      else await this.#client.query(sql.setValue, [name, copy])
    })
  }

  async value(name: string): Promise<Bytes | undefined> {
    const [row] = await this.#read(() => this.#rows(sql.value, name))
    return row === undefined ? undefined : bytesOf(row['value'])
  }

  async values(prefix: string): Promise<readonly NamedValue[]> {
    // Names are ASCII: none that begins so comes behind.
    const rows = await this.#read(() => this.#rows(sql.values, prefix, `${prefix}\x7f`))
    return rows.map((row) => ({ name: String(row['name']), value: bytesOf(row['value']) }))
  }

  close(): Promise<void> {
    this.#closed ??= this.#jobs.idle().then(() => this.#client.end())
    return this.#closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #lock(): Promise<void> {
    const [row] = await this.#rows(sql.lock, ...lockKey)
    if (row?.['locked'] !== true) throw storeError({ code: 'store/locked', path: this.#path })
    await this.#client.query('SET synchronous_commit TO on')
  }

  async #insert(entries: readonly StoredRecord[]): Promise<void> {
    for (let at = 0; at < entries.length; at += insertRows) {
      const rows = entries.slice(at, at + insertRows).map(recordRow)
      const positions = rows.map((_, index) => this.#next + index)
      const columns = recordColumns.map((column) => rows.map((row) => parameter(row[column])))
      const { rowCount } = await this.#client.query(sql.insert, [positions, ...columns])
      if (rowCount !== rows.length) throw duplicate(await this.#knownAmong(rows, this.#next))
      this.#next += rows.length
    }
    const edges = entries.flatMap(({ record }) =>
      record.parents.map((parent) => [record.id, parent] as const),
    )
    await this.#client.query(sql.insertEdges, [
      edges.map(([child]) => child),
      edges.map(([, parent]) => parent),
    ])
  }

  /** An id that the table had before these rows came, the first of them at a position. */
  async #knownAmong(rows: readonly RecordRow[], position: number): Promise<string> {
    const [known] = await this.#rows(
      sql.knownBefore,
      rows.map(({ id }) => id),
      position,
    )
    assert(known !== undefined, 'a row that was not inserted was there')
    return String(known['id'])
  }

  async *#batches(from: number, isChecked: boolean): AsyncIterable<readonly StoredRecord[]> {
    for (let next = from; ;) {
      const start = next
      const rows = await this.#read(() => this.#rows(sql.scan, start, scanRows))
      if (rows.length === 0) return
      next = Number(rows.at(-1)!['position']) + 1
      yield rows.map((row) => this.#storedOf(row, isChecked))
    }
  }

  #storedOf(row: Row, isChecked: boolean): StoredRecord {
    const read: ReadRow = {
      id: String(row['id']),
      wire_bytes: bytesOf(row['wire_bytes']),
      record_hash: bytesOf(row['record_hash']),
      inserted_at: Number(row['inserted_at']),
    }
    return storedOf(read, this.#path, this.#mode, isChecked)
  }

  async #rows(text: string, ...values: readonly unknown[]): Promise<readonly Row[]> {
    const { rows } = await this.#client.query<Row>(text, [...values])
    return rows
  }

  async #read<T>(run: () => Promise<T>): Promise<T> {
    this.#check()
    try {
      return await this.#jobs.read(run)
    } catch (error) {
      throw this.#explain(error)
    }
  }

  async #change<T>(bytes: number, run: () => Promise<T>): Promise<T> {
    try {
      return await this.#jobs.change(bytes, run)
    } catch (error) {
      throw this.#explain(error)
    }
  }

  #check(): void {
    if (this.#closed !== undefined) throw storeError({ code: 'store/closed' })
    if (this.#lost !== undefined) throw this.#explain(this.#lost)
  }

  #explain(error: unknown): CodedError {
    if (error instanceof CodedError) return error
    const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined
    const path = this.#path
    // Source: PostgreSQL, appendix A: disk_full.
    if (code === '53100') return storeError({ code: 'store/full', path }, error)
    const reason = error instanceof Error ? error.message : String(error)
    return storeError({ code: 'store/unavailable', path, reason }, error)
  }
}

type Row = Readonly<Record<string, unknown>>

/** What `pg` takes for a column's value: its arrays know Buffers as bytes, and nothing else. */
function parameter(value: RecordRow[keyof RecordRow]): string | number | Buffer | null {
  if (!(value instanceof Uint8Array)) return value
  return Buffer.from(value.buffer, value.byteOffset, value.length)
}

/** A copy: what `pg` gives is a view into what it received. */
function bytesOf(value: unknown): Bytes {
  assert(value instanceof Uint8Array, 'a column of bytes has bytes')
  return new Uint8Array(value)
}

/** `KITH`, and 1 for this store. Source: our choice. */
const lockKey = [0x4b495448, 1] as const
/** Rows of one INSERT, and of one batch of a scan. Source: our choice: 1.4 MB of the usual records, twice that as text. */
const insertRows = 256
const scanRows = 256
