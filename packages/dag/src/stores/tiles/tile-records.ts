/**
 * A store of records in tile files, byte for byte as elara-runtime writes them, with a journal and a catalogue beside.
 *
 * @packageDocumentation
 */
import { join } from 'node:path'
import { type Bytes, toHex } from '@kithnet/kernel'
import { openStore } from '@kithnet/store'
import type { Store } from '@kithnet/types'
import { decodeRecord, recordHash } from '@kithnet/wire'
import { type RecordHost, systemHost } from '../../host.ts'
import { RecordNotes } from '../record-notes.ts'
import type { RecordStore, StoredRecord } from '../record-store.ts'
import type { RecordStoreOptions } from '../stored-copy.ts'
import { Catalogue } from './catalogue.ts'
import type { Files, OpenFile } from './files.ts'
import { decodeEntries, Journal, type JournalEntry } from './journal.ts'
import { nodeFiles } from './node-files.ts'
import { cataloguePath, rebuildCatalogue, type TileReport } from './rebuild.ts'
import { recordSpan } from './record-span.ts'
import { explainFiles, TileStore } from './tile-store.ts'
import { readTail, tileHasSizes } from './tile.ts'

export type { Files, OpenFile, TileReport }

/** How a tile store is opened. */
export interface TileOptions extends RecordStoreOptions {
  /** The host's clock, for when records of another program are first seen, and its entropy. */
  readonly host?: RecordHost
  /** Bytes of the journal after which its records go to their tiles: 64 MiB when left out. They are in memory until then. */
  readonly segmentBytes?: number
}

/** What a tile store stands on: a file system, and a store for what is no record. The second also keeps others out. */
export interface TileGround {
  readonly files: Files
  readonly notes: Store
  /** For messages. */
  readonly path: string
}

/**
 * Opens the store in a folder, making it when it is not there. Tiles that another program made are taken over when there
 * is no catalogue yet; later, `repairTiles` finds what another program added.
 *
 * @throws CodedError `store/locked`, `store/corrupt`, `store/full` or `store/unavailable`.
 */
export async function tileRecords(folder: string, options: TileOptions = {}): Promise<RecordStore> {
  return openTiles(await groundAt(folder), options)
}

/**
 * Reads every tile of a store that is not open, mends what a crash or another program left, makes the catalogue anew and
 * says what was found. Records that are damaged are no longer there afterwards, so that they can be had from elsewhere.
 *
 * @throws CodedError `store/locked`, `store/full` or `store/unavailable`.
 */
export async function repairTiles(folder: string, options: TileOptions = {}): Promise<TileReport> {
  const ground = await groundAt(folder)
  const { rng } = options.host ?? systemHost()
  const report = await onGround(ground, async () => {
    const { journal, bodies } = await Journal.open(ground.files, ground.path, true)
    journal.close()
    const known = new Catalogue(ground.files, cataloguePath, rng)
    await known.load(false)
    try {
      const entries = bodies.flatMap((body) => decodeEntries(body))
      return await rebuild(ground, known, entries, options, false)
    } finally {
      known.close()
    }
  })
  await ground.notes.close()
  return report
}

/** Opens a store on any ground, as `tileRecords` does in a folder. */
export async function openTiles(
  ground: TileGround,
  options: TileOptions = {},
): Promise<RecordStore> {
  return onGround(ground, () => open(ground, options))
}

async function open(ground: TileGround, options: TileOptions): Promise<RecordStore> {
  const { files, path, notes } = ground
  const { mode = 'strict', segmentBytes = defaultSegmentBytes } = options
  const { journal, bodies } = await Journal.open(files, path, false)
  const entries = bodies.flatMap((body) => decodeEntries(body))
  const catalogue = await openCatalogue(ground, entries, options)
  const parts = {
    files,
    path,
    mode,
    catalogue,
    journal,
    notes: new RecordNotes(notes),
    segmentBytes,
  }
  const store = new TileStore(parts, entries)
  const foreign = foreignIn(store.torn, catalogue, ground, options)
  if (foreign.length > 0) await store.append(foreign)
  return store
}

async function openCatalogue(
  ground: TileGround,
  entries: readonly JournalEntry[],
  options: TileOptions,
): Promise<Catalogue> {
  const { rng } = options.host ?? systemHost()
  const found = new Catalogue(ground.files, cataloguePath, rng)
  // A crash while a block was written leaves its records in the journal: the block is cut off, and will be written again.
  const isWhole = await found.load(entries.length > 0)
  if (isWhole || (entries.length > 0 && !found.isAbsent)) return found
  await rebuild(ground, found, entries, options, true)
  found.close()
  const made = new Catalogue(ground.files, cataloguePath, rng)
  await made.load(false)
  return made
}

function rebuild(
  ground: TileGround,
  known: Catalogue,
  entries: readonly JournalEntry[],
  options: TileOptions,
  isWary: boolean,
): Promise<TileReport> {
  const { mode = 'strict', host = systemHost() } = options
  const journaled = new Map<string, Bytes>()
  for (const { bytes } of entries) {
    const id = recordSpan(bytes, 0, true)?.id
    if (id !== undefined) journaled.set(toHex(id), bytes)
  }
  const source = { known, journaled, mode, isWary }
  return rebuildCatalogue(ground, source, host)
}

/** Records behind what the catalogue knows of torn tiles that are not of this store: another program added them. */
function foreignIn(
  torn: ReadonlySet<string>,
  catalogue: Catalogue,
  { files }: TileGround,
  { mode = 'strict', host = systemHost() }: TileOptions,
): readonly StoredRecord[] {
  const found = new Map<string, StoredRecord>()
  for (const tile of torn) {
    const sizes = catalogue.sizesOf(tile)
    if (tileHasSizes(files, tile, sizes)) continue
    readTail(files, tile, sizes, (bytes) => {
      const decoded = decodeRecord(bytes.slice(), mode)
      if (!decoded.ok || !Number.isFinite(decoded.value.timestamp)) return
      const record = decoded.value
      if (catalogue.ids.find(record.id) >= 0) return
      found.set(record.id, { record, hash: recordHash(record), firstSeen: host.wall() })
    })
  }
  return [...found.values()]
}

async function groundAt(folder: string): Promise<TileGround> {
  // First, because it makes the folders and keeps a second process out.
  const notes = await openStore(join(folder, 'kithnet', 'notes.db'))
  return { files: nodeFiles(folder), notes, path: folder }
}

/** Lets go of the notes, and so of the lock, when it does not succeed. */
async function onGround<T>(ground: TileGround, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    await ground.notes.close()
    throw explainFiles(error, ground.path)
  }
}

/** Source: our choice: 12,000 of the usual records, for which some 600 files are synced. */
const defaultSegmentBytes: number = 64 * 2 ** 20
