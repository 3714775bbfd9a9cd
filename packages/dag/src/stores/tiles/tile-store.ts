import { crc32 } from 'node:zlib'
import { type Bytes, CodedError, type Result } from '@kithnet/kernel'
import { storeError } from '@kithnet/store'
import { decodeRecord, type Mode, recordAddress, tilePath } from '@kithnet/wire'
import type { GraphFault } from '../../faults.ts'
import { KeyHashes } from '../key-hashes.ts'
import { recordHeader } from '../record-header.ts'
import type { RecordNotes } from '../record-notes.ts'
import type {
  NamedValue,
  HeaderSink,
  RecordHeader,
  RecordStore,
  StoredAttestation,
  StoredRecord,
} from '../record-store.ts'
import { checkAppend, scanRecords } from '../store-limits.ts'
import { damagedRecord, storedCopy } from '../stored-copy.ts'
import type { BlockRow, KnownPlace } from './catalogue-block.ts'
import type { Catalogue } from './catalogue.ts'
import { CommitQueue } from './commit-queue.ts'
import type { Files } from './files.ts'
import { frameHeadBytes } from './frames.ts'
import { decodeEntries, encodeEntries, type Journal, type JournalEntry } from './journal.ts'
import { OpenFiles } from './open-files.ts'
import { cutTile, extendTile, tileFile, tileHasSizes, type TileSizes } from './tile.ts'

/** What a tile store is made of. */
export interface TileParts {
  readonly files: Files
  /** For messages. */
  readonly path: string
  readonly mode: Mode
  readonly catalogue: Catalogue
  readonly journal: Journal
  readonly notes: RecordNotes
  /** Bytes of a journal file after which its records go to the tiles. */
  readonly segmentBytes: number
}

/**
 * Records go to the journal, which is synced for a group of calls at a time, and are held in memory until the file of the
 * journal is full: then they are written to their tiles, synced there, entered in the catalogue, and the file is dropped.
 * So a commit syncs one file, wherever its records belong, and a tile is synced once for many records.
 */
export class TileStore implements RecordStore {
  readonly #parts: TileParts
  readonly #queue: CommitQueue
  readonly #readers: OpenFiles
  readonly #keyHashes = new KeyHashes()
  /** Behind those of the catalogue: records that only the journal has. */
  readonly #recent: JournalEntry[] = []
  /** How many of them the file of the journal has that is written to. */
  #sinceRotation = 0
  /** Ids of records that are on their way to the journal. */
  readonly #pending = new Map<string, Promise<void>>()
  /** Tiles whose files may go further than the catalogue says, after a crash. */
  readonly #torn = new Set<string>()
  /** Tiles whose files were found to go as far as the catalogue says. */
  readonly #sound = new Set<string>()
  #checkpoint: Promise<void> = Promise.resolve()
  #checkpointError: unknown
  #closed: Promise<void> | undefined

  /** `replayed`: what the journal had. What the catalogue has too was on its way to be dropped. */
  constructor(parts: TileParts, replayed: readonly JournalEntry[]) {
    this.#parts = parts
    this.#queue = new CommitQueue((frames) => this.#commit(frames))
    this.#readers = new OpenFiles(parts.files, maxOpenFiles)
    for (const entry of replayed) {
      const { record } = this.#decode(entry)
      if (parts.catalogue.ids.find(record.id) >= 0) continue
      this.#torn.add(tilePath(recordAddress(record)))
      this.#keep(record.id, entry)
    }
  }

  get size(): number {
    return this.#parts.catalogue.size + this.#recent.length
  }

  /** Tiles that a crash may have left with more than the catalogue says. */
  get torn(): ReadonlySet<string> {
    return this.#torn
  }

  async append(entries: readonly StoredRecord[]): Promise<void> {
    this.#check()
    if (entries.length === 0) return
    const { catalogue, mode } = this.#parts
    checkAppend(entries, (id) => catalogue.ids.find(id) >= 0 || this.#pending.has(id))
    const frame = encodeEntries(entries)
    const own = decodeEntries(frame.subarray(frameHeadBytes))
    const ids = own.map((entry, index) => storedCopy(entry.bytes, entries[index]!, mode).record.id)
    const done = this.#queue.push(frame, () => {
      own.forEach((entry, index) => this.#keep(ids[index]!, entry))
    })
    for (const id of ids) this.#pending.set(id, done)
    try {
      await done
    } catch (error) {
      throw this.#explain(error)
    } finally {
      for (const id of ids) this.#pending.delete(id)
    }
  }

  async get(id: string): Promise<StoredRecord | undefined> {
    this.#check()
    const { ids } = this.#parts.catalogue
    // A failed append is told to its caller; to others the record is not there.
    await this.#pending.get(id)?.catch(() => {})
    this.#check()
    const position = ids.find(id)
    return position < 0 ? undefined : this.#at(position)
  }

  async getMany(ids: readonly string[]): Promise<readonly (StoredRecord | undefined)[]> {
    return Promise.all(ids.map((id) => this.get(id)))
  }

  async *scan(from: number = 0): AsyncIterable<readonly StoredRecord[]> {
    this.#check()
    await this.#queue.idle()
    for (let next = from; ;) {
      this.#check()
      const batch: StoredRecord[] = []
      for (let bytes = 0; batch.length < scanRecords && bytes < scanBytes;) {
        if (next + batch.length >= this.size) break
        const stored = this.#at(next + batch.length)
        bytes += stored.record.bytes.length
        batch.push(stored)
      }
      if (batch.length === 0) return
      next += batch.length
      yield batch
    }
  }

  async *headers(from: number = 0): AsyncIterable<readonly RecordHeader[]> {
    this.#check()
    await this.#queue.idle()
    for (let next = from; next < this.size;) {
      const behind = next - this.#parts.catalogue.size
      const batches =
        behind < 0
          ? this.#parts.catalogue.headers(next)
          : [this.#recent.slice(behind, behind + scanRecords).map((entry) => this.#header(entry))]
      for (const batch of batches) {
        this.#check()
        next += batch.length
        yield batch
      }
    }
  }

  async fillGraph(graph: HeaderSink): Promise<Result<number, GraphFault>> {
    this.#check()
    await this.#queue.idle()
    return this.#parts.catalogue.fillGraph(graph)
  }

  async attest(attestations: readonly StoredAttestation[]): Promise<number> {
    this.#check()
    return this.#parts.notes.attest(attestations)
  }

  async attestationsOf(recordId: string): Promise<readonly StoredAttestation[]> {
    this.#check()
    return this.#parts.notes.attestationsOf(recordId)
  }

  async setValue(name: string, value: Uint8Array | undefined): Promise<void> {
    this.#check()
    await this.#parts.notes.setValue(name, value)
  }

  async value(name: string): Promise<Bytes | undefined> {
    this.#check()
    return this.#parts.notes.value(name)
  }

  async values(prefix: string): Promise<readonly NamedValue[]> {
    this.#check()
    return this.#parts.notes.values(prefix)
  }

  /** Finishes what was asked, and leaves everything in the tiles. */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(): Promise<void> {
    const { journal, catalogue, notes } = this.#parts
    try {
      await this.#queue.idle()
      await this.#checkpoint
      await this.#settle()
      if (this.#checkpointError !== undefined) throw this.#checkpointError
    } catch (error) {
      throw this.#explain(error)
    } finally {
      this.#readers.close()
      journal.close()
      catalogue.close()
      await notes.close()
    }
  }

  #keep(id: string, entry: JournalEntry): void {
    this.#parts.catalogue.ids.add(id)
    this.#recent.push(entry)
    this.#sinceRotation++
  }

  async #commit(frames: readonly Bytes[]): Promise<void> {
    const { journal, segmentBytes } = this.#parts
    const isFull = journal.bytes >= segmentBytes || this.#sinceRotation >= maxRecentRecords
    if (isFull || this.#checkpointError !== undefined) {
      await this.#checkpoint
      const failed = this.#checkpointError
      this.#checkpoint = this.#settle()
      // After one that failed, nothing more is taken in until one succeeds: what waits is in memory.
      if (failed !== undefined) await this.#checkpoint
      if (failed !== undefined && this.#checkpointError !== undefined) throw this.#checkpointError
    }
    await journal.append(frames)
  }

  /** Begins to move what the journal has to the tiles. How it ends is kept in `#checkpointError`. */
  async #settle(): Promise<void> {
    this.#checkpointError = undefined
    this.#sinceRotation = 0
    try {
      await this.#toTiles(this.#parts.journal.rotate())
    } catch (error) {
      this.#checkpointError = error
    }
  }

  /** Moves what the files of the journal with these numbers have to the tiles. */
  async #toTiles(closed: readonly number[]): Promise<void> {
    const { catalogue, journal } = this.#parts
    const moved = this.#recent.slice()
    const stored = moved.map((entry) => this.#decode(entry))
    const byTile = Map.groupBy(stored.keys(), (index) =>
      tilePath(recordAddress(stored[index]!.record)),
    )
    const sizes = new Map<string, TileSizes>()
    const rows: BlockRow[] = Array.from({ length: stored.length })
    const tiles = byTile.entries()
    const work = async (): Promise<void> => {
      for (const [tile, indexes] of tiles) {
        const from = await this.#soundSizes(tile)
        const records = indexes.map((index) => stored[index]!.record)
        sizes.set(tile, await extendTile(this.#parts.files, tile, from, records))
        let offset = from.records
        for (const index of indexes) {
          const { bytes } = moved[index]!
          const { length } = bytes
          const place = { tile: catalogue.tileNumber(tile), offset, length, crc: crc32(bytes) }
          rows[index] = { header: this.#headerOf(stored[index]!), place }
          offset += length
        }
      }
    }
    // All of them end before another attempt may begin.
    const ended = await Promise.allSettled(Array.from({ length: tilesAtOnce }, work))
    for (const outcome of ended) if (outcome.status === 'rejected') throw outcome.reason
    if (rows.length > 0) {
      await catalogue.append(rows, sizes, () => void this.#recent.splice(0, moved.length))
    }
    await journal.drop(closed)
  }

  /** How far a tile goes, once its files do not go further. @throws CodedError `store/corrupt`. */
  async #soundSizes(tile: string): Promise<TileSizes> {
    const { files, catalogue, path } = this.#parts
    const sizes = catalogue.sizesOf(tile)
    if (this.#sound.has(tile)) return sizes
    if (this.#torn.has(tile)) {
      await cutTile(files, tile, sizes)
    } else if (!tileHasSizes(files, tile, sizes)) {
      const reason = `something else wrote to ${tile}, close the store and repair its tiles`
      throw storeError({ code: 'store/corrupt', path, reason })
    }
    this.#sound.add(tile)
    return sizes
  }

  #at(position: number): StoredRecord {
    const { catalogue } = this.#parts
    const recent = this.#recent[position - catalogue.size]
    if (recent !== undefined) return this.#decode(recent)
    try {
      const place = catalogue.placeOf(position)
      const path =
        place === undefined ? this.#parts.path : tileFile(catalogue.tilePath(place.tile), 'records')
      const bytes = place && this.#readers.get(path)?.read(place.offset, place.length)
      if (place === undefined || bytes === undefined || !isIntact(bytes, place)) {
        throw damagedRecord(catalogue.ids.at(position), path)
      }
      return this.#decode({ bytes, hash: place.hash, firstSeen: place.firstSeen })
    } catch (error) {
      throw this.#explain(error)
    }
  }

  #decode({ bytes, hash, firstSeen }: JournalEntry): StoredRecord {
    const decoded = decodeRecord(bytes, this.#parts.mode)
    if (decoded.ok) return { record: decoded.value, hash, firstSeen }
    const reason = `it has records that are none in ${this.#parts.mode} mode, open it with mode compatible`
    throw storeError({ code: 'store/corrupt', path: this.#parts.path, reason })
  }

  #header(entry: JournalEntry): RecordHeader {
    return this.#headerOf(this.#decode(entry))
  }

  #headerOf(stored: StoredRecord): RecordHeader {
    return recordHeader(stored, (key) => this.#keyHashes.of(key))
  }

  #check(): void {
    if (this.#closed !== undefined) throw storeError({ code: 'store/closed' })
  }

  #explain(error: unknown): unknown {
    return explainFiles(error, this.#parts.path)
  }
}

function isIntact(bytes: Bytes, { length, crc }: KnownPlace): boolean {
  return bytes.length === length && crc32(bytes) === crc
}

/** The store's error for one of the file system. Any other stays what it is. */
export function explainFiles(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || error instanceof CodedError) return error
  const code: unknown = Reflect.get(error, 'code')
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG') {
    return storeError({ code: 'store/full', path }, error)
  }
  if (typeof code !== 'string') return error
  return storeError({ code: 'store/unavailable', path, reason: error.message }, error)
}

/** Files of tiles that stay open for reading. Source: our choice, an eighth of the usual limit of a process. */
const maxOpenFiles = 128
/** Tiles that are written at once. Source: measured: syncing 768 files takes 1.7 s one by one, 0.3 s by four, 0.2 s by sixteen. */
const tilesAtOnce = 8
/** Records after which they go to their tiles, however small: that takes the thread some 2 us each. Source: our choice. */
const maxRecentRecords = 65_536
/** Bytes after which a batch of a scan is full. Source: our choice. */
const scanBytes: number = 8 * 2 ** 20
