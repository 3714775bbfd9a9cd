import { type Bytes, ok, type Result, type Rng } from '@kithnet/kernel'
import type { GraphFault } from '../../faults.ts'
import { withExactRoom, withRoom } from '../../graph/columns.ts'
import { KeyHash } from '../../graph/key-table.ts'
import { RecordIds } from '../../graph/record-ids.ts'
import type { HeaderSink, RecordHeader } from '../record-store.ts'
import { ByteSink } from './byte-sink.ts'
import {
  type BlockRow,
  encodeBlock,
  fillFrom,
  type KnownPlace,
  placeBytes,
  readHeaders,
  readPlace,
  readRows,
  rowsOf,
} from './catalogue-block.ts'
import type { Files, OpenFile } from './files.ts'
import { frameAt, frameFor, frameHeadBytes, sealFrame } from './frames.ts'
import { emptyTile, type TileSizes } from './tile.ts'

/** A tile as the catalogue knows it. */
export interface KnownTile {
  readonly path: string
  readonly sizes: TileSizes
}

/** A block of the file. */
interface Block {
  readonly at: number
  /** Bytes of its body. */
  readonly length: number
  /** Position of its first row. */
  readonly first: number
  readonly rows: number
}

/**
 * The order in which records came, and for each its place, hash, first-seen time and header: a file of blocks, and of
 * those in memory what finds a record: 8 bytes and its share of a table of ids.
 */
export class Catalogue {
  /** Numbers the records: those of the catalogue, then those that only the journal has. */
  readonly ids: RecordIds
  readonly #files: Files
  readonly #path: string
  #file: OpenFile | undefined
  #bytes = 0
  #size = 0
  /** Where blocks begin, and the positions of their rows. */
  readonly #blocks: Block[] = []
  readonly #tiles: KnownTile[] = []
  readonly #tileNumbers = new Map<string, number>()
  /** Where rows begin in the file, by position. */
  #rowAt = new Float64Array(0)

  constructor(files: Files, path: string, rng: Rng) {
    this.#files = files
    this.#path = path
    this.ids = new RecordIds(new KeyHash(rng))
  }

  /** Records. */
  get size(): number {
    return this.#size
  }

  /** True when there was no file. */
  get isAbsent(): boolean {
    return this.#file === undefined
  }

  /**
   * Reads the file. False when it is not there, or stops being blocks before its end: it is cut there when `cut` is set.
   */
  async load(cut: boolean): Promise<boolean> {
    const file = this.#files.open(this.#path)
    if (file === undefined) return false
    this.#file = file
    const end = file.size()
    const { rows, longest } = this.#survey(file, end)
    this.ids.reserve(rows)
    this.#rowAt = withExactRoom(this.#rowAt, rows)
    const room = new Uint8Array(longest)
    while (this.#bytes < end) {
      const body = bodyAt(file, this.#bytes, end, room)
      if (body === undefined) {
        if (cut) await file.truncate(this.#bytes)
        return false
      }
      this.#take(body)
    }
    return true
  }

  /**
   * Appends a block and makes it last. The ids of the rows are in `ids`, behind those of the blocks before. `tiles` has
   * the sizes after it of every tile that it touches. `settle` runs in the moment in which the rows are there.
   */
  async append(
    rows: readonly BlockRow[],
    tiles: ReadonlyMap<string, TileSizes>,
    settle: () => void = () => {},
  ): Promise<void> {
    const touched = [...tiles].map(([path, sizes]) => ({
      number: this.tileNumber(path),
      path,
      sizes,
    }))
    const sink = new ByteSink(rows.length * usualRowBytes)
    const starts = encodeBlock(sink, rows, touched, this.ids, this.#size)
    const frame = frameFor(sink.length)
    frame.set(sink.bytes, frameHeadBytes)
    sealFrame(frame)
    const isNew = this.#file === undefined
    this.#file ??= await this.#files.make(this.#path)
    await this.#file.write(this.#bytes, frame)
    await this.#file.sync()
    if (isNew) await this.#files.syncFolder(this.#path.slice(0, this.#path.lastIndexOf('/')))
    for (const tile of touched) this.#tiles[tile.number] = tile
    this.#blocks.push({
      at: this.#bytes,
      length: sink.length,
      first: this.#size,
      rows: rows.length,
    })
    for (const start of starts) this.#push(this.#bytes + frameHeadBytes + start)
    this.#bytes += frame.length
    settle()
  }

  /** The number of a tile, which it gets when it has none. */
  tileNumber(path: string): number {
    let number = this.#tileNumbers.get(path)
    if (number === undefined) {
      number = this.#tiles.length
      this.#tileNumbers.set(path, number)
      this.#tiles.push({ path, sizes: emptyTile })
    }
    return number
  }

  /** How far a tile goes. */
  sizesOf(path: string): TileSizes {
    return this.#tiles[this.#tileNumbers.get(path) ?? -1]?.sizes ?? emptyTile
  }

  /** Where a record lies; `undefined` when its row is damaged. */
  placeOf(position: number): KnownPlace | undefined {
    const row = this.#file!.read(this.#rowAt[position]!, placeBytes)
    if (row.length < placeBytes) return undefined
    const place = readPlace(row)
    const end = this.#tiles[place.tile]?.sizes.records ?? 0
    return place.offset + place.length <= end ? place : undefined
  }

  /** The path of a tile by its number. */
  tilePath(number: number): string {
    return this.#tiles[number]!.path
  }

  /** The headers from a position on, a batch at a time. */
  *headers(from: number): Iterable<readonly RecordHeader[]> {
    // By number: blocks may come while a reader takes its time.
    for (let index = 0; index < this.#blocks.length; index++) {
      const { at, length, first, rows } = this.#blocks[index]!
      if (first + rows <= from) continue
      // Its checksum was looked at when it was loaded.
      const body = this.#file!.read(at + frameHeadBytes, length)
      yield* readHeaders(body, this.ids, first, from)
    }
  }

  /** Brings all headers to an empty graph. */
  fillGraph(graph: HeaderSink): Result<number, GraphFault> {
    const room = new Uint8Array(Math.max(0, ...this.#blocks.map(({ length }) => length)))
    for (const { at, length, first } of this.#blocks) {
      const body = this.#file!.read(at + frameHeadBytes, length, room)
      const filled = fillFrom(body, this.ids, first, graph)
      if (!filled.ok) return filled
    }
    return ok(this.#size)
  }

  close(): void {
    this.#file?.close()
    this.#file = undefined
  }

  /** The rows that the blocks say they have, and the bytes of the longest, so that there is room for them at once. */
  #survey(file: OpenFile, end: number): { readonly rows: number; readonly longest: number } {
    let rows = 0
    let longest = 0
    for (let at = 0; ;) {
      const start = file.read(at, frameHeadBytes + 4)
      const length = bodyLengthOf(start)
      if (length === undefined || at + frameHeadBytes + length > end) return { rows, longest }
      rows += rowsOf(start.subarray(frameHeadBytes), length)
      longest = Math.max(longest, frameHeadBytes + length)
      at += frameHeadBytes + length
    }
  }

  #take(body: Bytes): void {
    const first = this.#size
    const start = this.#bytes + frameHeadBytes
    readRows(
      body,
      this.ids,
      (tile) => {
        this.#tiles[tile.number] = tile
        this.#tileNumbers.set(tile.path, tile.number)
      },
      (at) => this.#push(start + at),
    )
    const { length } = body
    this.#blocks.push({ at: this.#bytes, length, first, rows: this.#size - first })
    this.#bytes += frameHeadBytes + length
  }

  #push(rowAt: number): void {
    this.#rowAt = withRoom(this.#rowAt, this.#size + 1)
    this.#rowAt[this.#size++] = rowAt
  }
}

/** The length that the head of a frame says. */
function bodyLengthOf(head: Bytes): number | undefined {
  if (head.length < frameHeadBytes + 4) return undefined
  return new DataView(head.buffer, head.byteOffset).getUint32(0, true)
}

function bodyAt(file: OpenFile, at: number, end: number, room: Bytes): Bytes | undefined {
  const length = bodyLengthOf(file.read(at, frameHeadBytes + 4))
  if (length === undefined || length > end - at - frameHeadBytes) return undefined
  return frameAt(file.read(at, frameHeadBytes + length, room), 0)
}

/** Source: measured, a row with two parents. */
const usualRowBytes = 180
