import { crc32 } from 'node:zlib'
import { type Bytes, type EpochMs, equalBytes, toHex, utf8 } from '@kithnet/kernel'
import { storeError } from '@kithnet/store'
import { decodeRecord, type Mode, parseTilePath, recordHash } from '@kithnet/wire'
import type { RecordHost } from '../../host.ts'
import { KeyHashes } from '../key-hashes.ts'
import { recordHeader } from '../record-header.ts'
import type { BlockRow, KnownPlace } from './catalogue-block.ts'
import { Catalogue } from './catalogue.ts'
import type { Files } from './files.ts'
import { OpenFiles } from './open-files.ts'
import { emptyTile, mendTile, readTail, type TileSizes, tileFile } from './tile.ts'

/** What was found when a catalogue was made anew from the tiles. */
export interface TileReport {
  /** Records that the store has now. */
  readonly records: number
  /** Those among them that its catalogue did not have. */
  readonly adopted: number
  /** Records that are left where they are and not served: damaged, or none in this mode. */
  readonly unreadable: number
  /** Further records with an id that another one has. Left where they are and not served. */
  readonly duplicates: number
  /** Bytes behind the last whole records of tiles, which were cut. */
  readonly cutBytes: number
}

interface Found {
  readonly id: string
  readonly tile: string
  readonly offset: number
  readonly length: number
  readonly parents: readonly string[]
  readonly timestamp: number
  readonly firstSeen: EpochMs
  /** In the catalogue before; behind all of them when it was not there. */
  readonly position: number
}

/** What is known before the tiles are read. */
export interface RebuildSource {
  /** What could be read of the catalogue: it gives order and first-seen times. */
  readonly known: Catalogue
  /** Records that the journal has, by their ids in hexadecimal: a copy in a tile that differs was torn. */
  readonly journaled: ReadonlyMap<string, Bytes>
  readonly mode: Mode
  /** Refuse rather than leave out what cannot be read. */
  readonly isWary: boolean
}

/**
 * Makes a catalogue from the tiles, in the place of the one that is there. Records that it did not have come behind
 * those it had, parents first. Everything is read.
 */
export async function rebuildCatalogue(
  { files, path }: { readonly files: Files; readonly path: string },
  from: RebuildSource,
  host: RecordHost,
): Promise<TileReport> {
  const walk = new TileWalk(from, host.wall())
  const sizes = new Map<string, TileSizes>()
  let cutBytes = 0
  for (const tile of tilesOf(files)) {
    const tail = readTail(files, tile, emptyTile, (bytes, { offset }) => {
      walk.see(tile, offset, bytes)
    })
    const mended = await mendTile(files, tile, emptyTile, tail)
    sizes.set(tile, mended.sizes)
    cutBytes += mended.cutBytes
  }
  if (from.isWary && walk.unreadable > 0) {
    const reason = `${walk.unreadable} records are damaged or none in ${from.mode} mode: open it with mode compatible, or repair its tiles to leave them out`
    throw storeError({ code: 'store/corrupt', path, reason })
  }
  const order = inOrder([...walk.found.values()])
  await writeCatalogue(files, host, order, sizes, from.mode)
  const adopted = order.filter(({ position }) => position === Infinity).length
  const { unreadable, duplicates } = walk
  return { records: order.length, adopted, unreadable, duplicates, cutBytes }
}

/** The records of all tiles, by id. */
class TileWalk {
  readonly found = new Map<string, Found>()
  unreadable = 0
  duplicates = 0
  readonly #from: RebuildSource
  readonly #now: EpochMs

  constructor(from: RebuildSource, now: EpochMs) {
    this.#from = from
    this.#now = now
  }

  see(tile: string, offset: number, bytes: Bytes): void {
    const decoded = decodeRecord(bytes, this.#from.mode)
    if (!decoded.ok || !Number.isFinite(decoded.value.timestamp)) {
      this.unreadable++
      return
    }
    const { id, parents, timestamp } = decoded.value
    const position = this.#from.known.ids.find(id)
    const known = this.#knownAt(position, tile, offset)
    const journaled = this.#from.journaled.get(toHex(utf8(id)))
    const isTorn =
      known === undefined
        ? journaled !== undefined && !equalBytes(journaled, bytes)
        : crc32(bytes) !== known.crc
    if (isTorn) {
      this.unreadable++
      return
    }
    const other = this.found.get(id)
    if (other !== undefined) this.duplicates++
    if (other !== undefined && (known === undefined || other.position !== Infinity)) return
    const place = { id, tile, offset, length: bytes.length, parents, timestamp }
    const firstSeen = known?.firstSeen ?? this.#now
    this.found.set(id, { ...place, firstSeen, position: known === undefined ? Infinity : position })
  }

  /** What the catalogue says of the record of a position, if it is the one at this very place. */
  #knownAt(position: number, tile: string, offset: number): KnownPlace | undefined {
    const { known } = this.#from
    if (position < 0 || position >= known.size) return undefined
    const place = known.placeOf(position)
    if (place === undefined) return undefined
    return place.offset === offset && known.tilePath(place.tile) === tile ? place : undefined
  }
}

/** Known ones as they were; the others by time, and parents before children. */
function inOrder(found: readonly Found[]): readonly Found[] {
  const sorted = found.toSorted((a, b) => {
    if (a.position !== b.position) return a.position - b.position
    return a.timestamp - b.timestamp || (a.id < b.id ? -1 : 1)
  })
  const byId = new Map(sorted.map((record) => [record.id, record]))
  const placed = new Set<string>()
  const entered = new Set<string>()
  const order: Found[] = []
  const stack: Found[] = []
  for (const record of sorted) {
    stack.push(record)
    while (stack.length > 0) {
      const top = stack.at(-1)!
      const isFirst = !entered.has(top.id)
      entered.add(top.id)
      // A record that was entered and not placed waits below on the stack: its children may not wait for it as well.
      const missing =
        isFirst && top.position === Infinity ? top.parents.filter((id) => !entered.has(id)) : []
      const before = missing.flatMap((id) => byId.get(id) ?? [])
      if (before.length > 0) {
        stack.push(...before)
        continue
      }
      stack.pop()
      if (placed.has(top.id)) continue
      placed.add(top.id)
      order.push(top)
    }
  }
  return order
}

async function writeCatalogue(
  files: Files,
  host: RecordHost,
  order: readonly Found[],
  sizes: ReadonlyMap<string, TileSizes>,
  mode: Mode,
): Promise<void> {
  const folder = cataloguePath.slice(0, cataloguePath.lastIndexOf('/'))
  if (files.list(folder).includes(newName)) await files.remove(newPath)
  const catalogue = new Catalogue(files, newPath, host.rng)
  const readers = new OpenFiles(files, rebuildOpenFiles)
  const keyHashes = new KeyHashes()
  try {
    await catalogue.append([], sizes)
    for (let at = 0; at < order.length; at += blockRows) {
      const rows = order.slice(at, at + blockRows).map((found): BlockRow => {
        catalogue.ids.add(found.id)
        const { offset, length, firstSeen } = found
        const bytes = readers.get(tileFile(found.tile, 'records'))!.read(offset, length)
        const record = decodeRecord(bytes, mode)
        if (!record.ok) throw new Error(`${found.tile} changed while it was read`)
        const stored = { record: record.value, hash: recordHash(record.value), firstSeen }
        const header = recordHeader(stored, (key) => keyHashes.of(key))
        const tile = catalogue.tileNumber(found.tile)
        return { header, place: { tile, offset, length, crc: crc32(bytes) } }
      })
      await catalogue.append(rows, new Map())
    }
  } finally {
    readers.close()
    catalogue.close()
  }
  await files.rename(newPath, cataloguePath)
  await files.syncFolder(folder)
}

function tilesOf(files: Files): readonly string[] {
  const below = (folder: string, depth: number): readonly string[] => {
    if (depth === tileDepth) return [folder]
    const names = files.list(folder === '' ? 'tiles' : `tiles/${folder}`)
    return names.flatMap((name) => below(folder === '' ? name : `${folder}/${name}`, depth + 1))
  }
  return below('', 0).filter((path) => parseTilePath(path, 'compatible').ok)
}

/** Where the catalogue is. */
export const cataloguePath = 'kithnet/catalogue'
const newName = 'catalogue.new'
const newPath = `kithnet/${newName}`
/** Year, month, day, class, zone, shard. Source: elara-runtime. */
const tileDepth = 6
/** Source: our choice, 3 MB of catalogue. */
const blockRows = 16_384
/** Files that are open at once. Source: our choice. */
const rebuildOpenFiles = 64
