import { existsSync, mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Records, RecordStore } from '@kithnet/dag'
import { CodedError } from '@kithnet/kernel'
import type { CliFault } from './faults.ts'
import { folders, privateFolder } from './folders.ts'

/** Where records are kept, as the user said it. */
export interface PlaceOptions {
  readonly store?: string
  /** For old data. */
  readonly compatible?: boolean
}

/** A place for records. */
export type RecordsPlace =
  | { readonly kind: 'tiles' | 'sqlite'; readonly path: string }
  | { readonly kind: 'postgres'; readonly path: string }

/** What `--store` says: a folder of tiles, an SQLite file or a PostgreSQL address; the user's own tiles when it is left out. */
export function placeOf(store: string | undefined): RecordsPlace {
  if (store === undefined) {
    return { kind: 'tiles', path: join(privateFolder(folders().data), 'records') }
  }
  if (/^postgres(?:ql)?:\/\//.test(store)) return { kind: 'postgres', path: store }
  const isFile = existsSync(store) ? statSync(store).isFile() : /\.(?:sqlite3?|db)$/.test(store)
  return { kind: isFile ? 'sqlite' : 'tiles', path: store }
}

/** Whether there are records at a place; of a database server only the server knows. */
export function isThere({ kind, path }: RecordsPlace): boolean {
  if (kind === 'postgres') return true
  return existsSync(kind === 'tiles' ? join(path, 'tiles') : path)
}

/** Makes the place. @throws CodedError `cli/records-exist` when it stands already. */
export async function makePlace(place: RecordsPlace, options: PlaceOptions): Promise<void> {
  if (place.kind !== 'postgres' && isThere(place)) {
    throw new CodedError<CliFault>(
      { code: 'cli/records-exist', path: place.path },
      `There are records at ${place.path} already: use them, or name another place with --store.`,
    )
  }
  if (place.kind === 'tiles') mkdirSync(join(place.path, 'tiles'), { recursive: true, mode: 0o700 })
  await using store = await storeAt(place, options)
  void store
}

/** Open records, closed with their store. */
export interface OpenPlace extends AsyncDisposable {
  readonly records: Records
  readonly place: RecordsPlace
}

/** Opens the records of a place. Throws as `openRecordStore`. */
export async function openPlace(options: PlaceOptions): Promise<OpenPlace> {
  const place = placeOf(options.store)
  const store = await openRecordStore(options)
  try {
    const mode = options.compatible === true ? 'compatible' : 'strict'
    const verification = { mode, unknownSecondKey: mode === 'strict' ? 'refuse' : 'keep' } as const
    const { openRecords } = await import('@kithnet/dag')
    const records = await openRecords({ store, verification })
    return {
      records,
      place,
      async [Symbol.asyncDispose]() {
        await records[Symbol.asyncDispose]()
        await store.close()
      },
    }
  } catch (error) {
    await store.close()
    throw error
  }
}

/**
 * Opens the store of a place.
 *
 * @throws CodedError `cli/no-records` when nothing is there.
 */
export async function openRecordStore(options: PlaceOptions): Promise<RecordStore> {
  const place = placeOf(options.store)
  if (isThere(place)) return storeAt(place, options)
  throw new CodedError<CliFault>(
    { code: 'cli/no-records', path: place.path },
    `There are no records at ${place.path}. Make a place for them with "kith dag init".`,
  )
}

/** Each kind is loaded only when it is asked for. */
async function storeAt({ kind, path }: RecordsPlace, options: PlaceOptions): Promise<RecordStore> {
  const how = { mode: options.compatible === true ? 'compatible' : 'strict' } as const
  if (kind === 'tiles') return (await import('@kithnet/dag/tiles')).tileRecords(path, how)
  if (kind === 'sqlite') return (await import('@kithnet/dag/sqlite')).sqliteRecords(path, how)
  return (await import('@kithnet/dag/postgres')).postgresRecords(path, how)
}
