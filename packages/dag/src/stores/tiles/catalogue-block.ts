import {
  type Bytes,
  type EpochMs,
  epochMs,
  fromHex,
  fromUtf8,
  ok,
  type Result,
  toHex,
} from '@kithnet/kernel'
import type { ChainPlace } from '../../author/author-chain.ts'
import type { GraphFault } from '../../faults.ts'
import { packUuid, type RecordIds } from '../../graph/record-ids.ts'
import type { HeaderSink, PackedHeader, RecordHeader } from '../record-store.ts'
import { scanRecords } from '../store-limits.ts'
import { ByteSink } from './byte-sink.ts'
import type { TileSizes } from './tile.ts'

/** Where a record lies. */
export interface Place {
  /** The number of its tile. */
  readonly tile: number
  /** Of its bytes in the tile's `records.bin`. */
  readonly offset: number
  readonly length: number
  /** CRC-32 of its bytes. */
  readonly crc: number
}

/** Where a record lies, and what is not in its bytes. */
export interface KnownPlace extends Place {
  readonly hash: Bytes
  readonly firstSeen: EpochMs
}

/** A record's line in the catalogue. */
export interface BlockRow {
  readonly header: RecordHeader
  readonly place: Place
}

/** How far a tile goes once the block was written. */
export interface BlockTile {
  readonly number: number
  readonly path: string
  readonly sizes: TileSizes
}

/**
 * Writes a block: counts, tiles, rows. A row is a part of fixed width and then what has none. Parents that stand in
 * the catalogue before their child are numbers.
 *
 * `ids` has the ids of the rows, the first at `first`. Where the rows begin is given back.
 */
export function encodeBlock(
  sink: ByteSink,
  rows: readonly BlockRow[],
  tiles: readonly BlockTile[],
  ids: RecordIds,
  first: number,
): readonly number[] {
  sink.u32(rows.length)
  sink.u32(tiles.length)
  for (const { number, path, sizes } of tiles) {
    sink.u32(number)
    sink.f64(sizes.records)
    sink.f64(sizes.entries)
    sink.f64(sizes.edges)
    sink.text(path)
  }
  return rows.map((row, index) => {
    const start = sink.length
    writeRow(sink, row, ids, first + index)
    return start
  })
}

function writeRow(sink: ByteSink, row: BlockRow, ids: RecordIds, position: number): void {
  const { header, place } = row
  const { zone, chain } = header
  const start = sink.length
  sink.u32(0)
  sink.f64(header.firstSeen)
  sink.f64(header.timestamp)
  sink.f64(place.offset)
  sink.u32(place.length)
  sink.u32(place.crc)
  sink.u32(place.tile)
  sink.raw(header.hash)
  sink.raw(header.contentHash)
  sink.raw(header.creatorKeyHash)
  const packed = packUuid(header.id, words)
  sink.u8(
    header.classification |
      (packed ? uuidFlag : 0) |
      (zone === undefined ? 0 : zoneFlag) |
      (chain === undefined ? 0 : chainFlag) |
      (chain?.prev === undefined ? 0 : prevFlag),
  )
  if (packed) for (const word of words) sink.u32(word)
  else sink.text(header.id)
  sink.u16(header.parents.length)
  for (const parent of header.parents) {
    const number = ids.find(parent)
    const isBefore = number >= 0 && number < position
    sink.u32(isBefore ? number + 1 : 0)
    if (!isBefore) sink.text(parent)
  }
  if (zone !== undefined) sink.text(zone)
  if (chain !== undefined) writeChain(sink, chain)
  sink.u32At(start, sink.length - start)
}

function writeChain(sink: ByteSink, { stream, seq, prev }: ChainPlace): void {
  sink.raw(fromHex(stream)!)
  sink.f64(seq)
  if (prev !== undefined) sink.raw(fromHex(prev)!)
}

/** Reads a block for finding records: its tiles, then each id into `ids` and where its row begins, in order. */
export function readRows(
  body: Bytes,
  ids: RecordIds,
  onTile: (tile: BlockTile) => void,
  onRow: (at: number) => void,
): void {
  const view = new DataView(body.buffer, body.byteOffset, body.length)
  let at = readTiles(body, view, onTile)
  for (let row = view.getUint32(0, true); row > 0; row--) {
    const idAt = at + idOffset
    if ((body[idAt - 1]! & uuidFlag) === 0) {
      ids.add(textAt(body, idAt))
    } else {
      readWords(view, idAt)
      ids.addPacked(words, 0)
    }
    onRow(at)
    at += view.getUint32(at, true)
  }
}

/** How many rows a block says it has, from its first bytes; no more than have room in it. */
export function rowsOf(body: Bytes, bodyLength: number): number {
  const said = new DataView(body.buffer, body.byteOffset).getUint32(0, true)
  return Math.min(said, Math.floor(bodyLength / idOffset))
}

/** What a row says of where its record is, from its first `placeBytes` bytes. */
export function readPlace(row: Bytes): KnownPlace {
  const view = new DataView(row.buffer, row.byteOffset, row.length)
  return {
    firstSeen: epochMs(view.getFloat64(4, true)),
    offset: view.getFloat64(20, true),
    length: view.getUint32(28, true),
    crc: view.getUint32(32, true),
    tile: view.getUint32(36, true),
    hash: row.slice(40, 72),
  }
}

/** Bytes of a row up to the end of its hash. */
export const placeBytes = 72

/** The headers of a block from a position on, in batches. Its ids are in `ids`, the first at `first`. */
export function* readHeaders(
  body: Bytes,
  ids: RecordIds,
  first: number,
  from: number,
): Iterable<readonly RecordHeader[]> {
  const view = new DataView(body.buffer, body.byteOffset, body.length)
  let at = readTiles(body, view, () => {})
  const end = first + view.getUint32(0, true)
  let batch: RecordHeader[] = []
  for (let position = first; position < end; position++) {
    if (position >= from) batch.push(readHeader(body, view, at, ids, position))
    at += view.getUint32(at, true)
    if (batch.length < scanRecords && position < end - 1) continue
    if (batch.length > 0) yield batch
    batch = []
  }
}

/** Brings the headers of a block to a graph that has all before it, and nothing of any after it. */
export function fillFrom(
  body: Bytes,
  ids: RecordIds,
  first: number,
  graph: HeaderSink,
): Result<number, GraphFault> {
  const view = new DataView(body.buffer, body.byteOffset, body.length)
  const packed = new PackedRow()
  let at = readTiles(body, view, () => {})
  const end = first + view.getUint32(0, true)
  for (let position = first; position < end; position++) {
    const added = packed.read(view, at)
      ? graph.addPacked(packed)
      : graph.add(readHeader(body, view, at, ids, position))
    if (!added.ok) return added
    at += view.getUint32(at, true)
  }
  return ok(end - first)
}

/** The row that was read last, as numbers. */
class PackedRow implements PackedHeader {
  readonly words: Uint32Array<ArrayBuffer> = new Uint32Array(28)
  parents: Int32Array<ArrayBuffer> = new Int32Array(16)
  parentCount = 0
  timestamp = 0
  classification = 0
  firstSeen = 0

  /** False when the row has more than numbers, or parents that are not before it. */
  read(view: DataView, row: number): boolean {
    const flags = view.getUint8(row + idOffset - 1)
    if ((flags & ~classMask) !== uuidFlag) return false
    const idAt = row + idOffset
    this.parentCount = view.getUint16(idAt + 16, true)
    if (this.parentCount > this.parents.length) this.parents = new Int32Array(this.parentCount)
    for (let place = 0, at = idAt + 18; place < this.parentCount; place++, at += 4) {
      const number = view.getUint32(at, true)
      if (number === 0) return false
      this.parents[place] = number - 1
    }
    for (let word = 0; word < 4; word++) this.words[word] = view.getUint32(idAt + word * 4, true)
    for (let word = 4, at = row + 40; word < 28; word++, at += 4) {
      this.words[word] = view.getUint32(at, true)
    }
    this.timestamp = view.getFloat64(row + 12, true)
    this.classification = flags & classMask
    this.firstSeen = view.getFloat64(row + 4, true)
    return true
  }
}

function readHeader(
  body: Bytes,
  view: DataView,
  row: number,
  ids: RecordIds,
  position: number,
): RecordHeader {
  const flags = body[row + idOffset - 1]!
  let at = row + idOffset
  at += (flags & uuidFlag) === 0 ? 1 + body[at]! : 16
  const parents: string[] = []
  const count = view.getUint16(at, true)
  at += 2
  for (let left = count; left > 0; left--) {
    const number = view.getUint32(at, true)
    at += 4
    parents.push(number > 0 ? ids.at(number - 1) : textAt(body, at))
    if (number === 0) at += 1 + body[at]!
  }
  const hasZone = (flags & zoneFlag) !== 0
  const zone = hasZone ? textAt(body, at) : ''
  if (hasZone) at += 1 + body[at]!
  return {
    id: ids.at(position),
    hash: body.subarray(row + 40, row + 72),
    parents,
    timestamp: view.getFloat64(row + 12, true),
    classification: flags & classMask,
    contentHash: body.subarray(row + 72, row + 104),
    creatorKeyHash: body.subarray(row + 104, row + 136),
    firstSeen: epochMs(view.getFloat64(row + 4, true)),
    ...(hasZone ? { zone } : {}),
    ...((flags & chainFlag) === 0 ? {} : { chain: readChain(body, view, at, flags) }),
  }
}

function readChain(body: Bytes, view: DataView, at: number, flags: number): ChainPlace {
  return {
    stream: toHex(body.subarray(at, at + 16)),
    seq: view.getFloat64(at + 16, true),
    prev: (flags & prevFlag) === 0 ? undefined : toHex(body.subarray(at + 24, at + 56)),
  }
}

/** Where the first row begins. */
function readTiles(body: Bytes, view: DataView, onTile: (tile: BlockTile) => void): number {
  let at = 8
  for (let left = view.getUint32(4, true); left > 0; left--) {
    onTile({
      number: view.getUint32(at, true),
      path: textAt(body, at + 28),
      sizes: {
        records: view.getFloat64(at + 4, true),
        entries: view.getFloat64(at + 12, true),
        edges: view.getFloat64(at + 20, true),
      },
    })
    at += 29 + body[at + 28]!
  }
  return at
}

function textAt(body: Bytes, at: number): string {
  return fromUtf8(body.subarray(at + 1, at + 1 + body[at]!))!
}

function readWords(view: DataView, at: number): void {
  for (let word = 0; word < words.length; word++) words[word] = view.getUint32(at + word * 4, true)
}

const words = new Uint32Array(4)
/** Where a row's id stands, behind the byte of flags. */
const idOffset = 137
const classMask = 3
const uuidFlag = 4
const zoneFlag = 8
const chainFlag = 16
const prevFlag = 32
