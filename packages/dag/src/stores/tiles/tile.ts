import { type Bytes, equalBytes, utf8 } from '@kithnet/kernel'
import type { ElraRecord } from '@kithnet/wire'
import { nativeSha3 } from '../native-sha3.ts'
import { ByteSink } from './byte-sink.ts'
import type { Files, OpenFile } from './files.ts'
import { type RecordSpan, recordSpan } from './record-span.ts'

/** How far the three files of a tile go. */
export interface TileSizes {
  /** Bytes of `records.bin`. */
  readonly records: number
  /** Entries of `index.bin`. */
  readonly entries: number
  /** Entries of `edges.bin`. */
  readonly edges: number
}

/** A tile with nothing in it. */
export const emptyTile: TileSizes = { records: 0, entries: 0, edges: 0 }

/** A record's slice of `records.bin`. */
export interface TileSlice extends RecordSpan {
  readonly offset: number
}

/** The path of one of a tile's files. */
export function tileFile(tile: string, kind: 'records' | 'index' | 'edges'): string {
  return `tiles/${tile}/${kind}.bin`
}

/**
 * Writes records behind what a tile has and makes them last. Offsets are given, so that doing it again does no harm.
 * Resolves with the sizes after.
 */
export async function extendTile(
  files: Files,
  tile: string,
  from: TileSizes,
  records: readonly Pick<ElraRecord, 'bytes' | 'id' | 'parents'>[],
): Promise<TileSizes> {
  const sink = new ByteSink(records.length * usualRecordBytes)
  const slices = records.map((record) => {
    const offset = from.records + sink.length
    sink.raw(record.bytes)
    return {
      id: utf8(record.id),
      parents: record.parents.map((parent) => utf8(parent)),
      offset,
      length: record.bytes.length,
    }
  })
  await writeFile(files, tileFile(tile, 'records'), from.records, sink.bytes)
  const after = await writeIndex(files, tile, from, slices)
  if (from.entries === 0) await files.syncFolder(`tiles/${tile}`)
  return { ...after, records: from.records + sink.length }
}

/** Cuts the files of a tile back to these sizes. */
export async function cutTile(files: Files, tile: string, sizes: TileSizes): Promise<void> {
  await cutFile(files, tileFile(tile, 'records'), sizes.records)
  await cutFile(files, tileFile(tile, 'index'), sizes.entries * indexEntryBytes)
  await cutFile(files, tileFile(tile, 'edges'), sizes.edges * edgeBytes)
}

/** True when the files of a tile go exactly so far. */
export function tileHasSizes(files: Files, tile: string, sizes: TileSizes): boolean {
  return (
    sizeOf(files, tileFile(tile, 'records')) === sizes.records &&
    sizeOf(files, tileFile(tile, 'index')) === sizes.entries * indexEntryBytes &&
    sizeOf(files, tileFile(tile, 'edges')) === sizes.edges * edgeBytes
  )
}

/** What stands in a tile behind given sizes: slices of whole records, with their bytes handed to `each`. */
export function readTail(
  files: Files,
  tile: string,
  from: TileSizes,
  each: (bytes: Bytes, slice: TileSlice) => void,
): { readonly slices: readonly TileSlice[]; readonly end: number } {
  const file = files.open(tileFile(tile, 'records'))
  if (file === undefined) return { slices: [], end: from.records }
  try {
    const slices: TileSlice[] = []
    const entries = readIndex(files, tile, from.entries)
    const keep = (slice: TileSlice): number => {
      slices.push({
        ...slice,
        id: slice.id.slice(),
        parents: slice.parents.map((id) => id.slice()),
      })
      return slice.offset + slice.length
    }
    let end = from.records
    for (const { prefix, offset, length } of entries) {
      const bytes = file.read(offset, length)
      const span = bytes.length === length ? recordSpan(bytes, 0, true) : undefined
      // Where an entry is not about the record at its place, those behind it are not believed either.
      if (offset < end || span === undefined || !equalBytes(idPrefix(span.id), prefix)) break
      end = keep({ ...span, offset, length })
      each(bytes, slices.at(-1)!)
    }
    for (;;) {
      const bytes = readOne(file, end)
      if (bytes === undefined) return { slices, end }
      const slice = { ...recordSpan(bytes, 0)!, offset: end }
      end = keep(slice)
      each(bytes, slice)
    }
  } finally {
    file.close()
  }
}

/**
 * Makes the index and the edges of a tile say what its records say from given sizes on, and cuts what is behind the last
 * whole record. Resolves with the sizes after, and the bytes that were cut.
 */
export async function mendTile(
  files: Files,
  tile: string,
  from: TileSizes,
  tail: { readonly slices: readonly TileSlice[]; readonly end: number },
): Promise<{ readonly sizes: TileSizes; readonly cutBytes: number }> {
  const path = tileFile(tile, 'records')
  const cutBytes = Math.max(0, sizeOf(files, path) - tail.end)
  await cutFile(files, path, tail.end)
  const sizes = { ...sizesAfter(from, tail.slices), records: tail.end }
  if (!indexAgrees(files, tile, from, tail.slices)) {
    await cutFile(files, tileFile(tile, 'index'), from.entries * indexEntryBytes)
    await cutFile(files, tileFile(tile, 'edges'), from.edges * edgeBytes)
    await writeIndex(files, tile, from, tail.slices)
    await files.syncFolder(`tiles/${tile}`)
  }
  return { sizes, cutBytes }
}

function indexAgrees(
  files: Files,
  tile: string,
  from: TileSizes,
  slices: readonly TileSlice[],
): boolean {
  const holds = (path: string, at: number, expected: Bytes): boolean => {
    const file = files.open(path)
    if (file === undefined) return at + expected.length === 0
    try {
      const bytes = file.read(at, file.size() - at)
      return equalBytes(bytes, expected)
    } finally {
      file.close()
    }
  }
  const { index, edges } = indexed(slices)
  return (
    holds(tileFile(tile, 'index'), from.entries * indexEntryBytes, index) &&
    holds(tileFile(tile, 'edges'), from.edges * edgeBytes, edges)
  )
}

async function writeIndex(
  files: Files,
  tile: string,
  from: TileSizes,
  slices: readonly TileSlice[],
): Promise<TileSizes> {
  const { index, edges } = indexed(slices)
  await writeFile(files, tileFile(tile, 'index'), from.entries * indexEntryBytes, index)
  await writeFile(files, tileFile(tile, 'edges'), from.edges * edgeBytes, edges)
  return sizesAfter(from, slices)
}

function sizesAfter(from: TileSizes, slices: readonly TileSlice[]): TileSizes {
  const edges = slices.reduce((sum, { parents }) => sum + parents.length, from.edges)
  return { records: from.records, entries: from.entries + slices.length, edges }
}

/** What the index and the edges say of these records. */
function indexed(slices: readonly TileSlice[]): { readonly index: Bytes; readonly edges: Bytes } {
  const index = new ByteSink(slices.length * indexEntryBytes)
  const edges = new ByteSink(slices.length * edgeBytes)
  for (const { id, parents, offset, length } of slices) {
    const child = idPrefix(id)
    index.raw(child)
    index.u64(offset)
    index.u32(length)
    for (const parent of parents) {
      edges.raw(child)
      edges.raw(idPrefix(parent))
    }
  }
  return { index: index.bytes, edges: edges.bytes }
}

interface IndexEntry {
  readonly prefix: Bytes
  readonly offset: number
  readonly length: number
}

function readIndex(files: Files, tile: string, from: number): readonly IndexEntry[] {
  const file = files.open(tileFile(tile, 'index'))
  if (file === undefined) return []
  try {
    const start = from * indexEntryBytes
    const bytes = file.read(start, Math.max(0, file.size() - start))
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    const count = Math.floor(bytes.length / indexEntryBytes)
    return Array.from({ length: count }, (_, index) => {
      const at = index * indexEntryBytes
      const offset = Number(view.getBigUint64(at + 8, true))
      const length = view.getUint32(at + 16, true)
      return { prefix: bytes.subarray(at, at + prefixBytes), offset, length }
    })
  } finally {
    file.close()
  }
}

/** The record that begins at an offset, read in windows that grow until it fits. */
function readOne(file: OpenFile, at: number): Bytes | undefined {
  const left = file.size() - at
  for (let window = firstWindowBytes; ; window *= 4) {
    const bytes = file.read(at, Math.min(window, left))
    const span = recordSpan(bytes, 0)
    if (span !== undefined) return bytes.subarray(0, span.length)
    if (window >= left) return undefined
  }
}

async function writeFile(files: Files, path: string, at: number, bytes: Bytes): Promise<void> {
  if (bytes.length === 0) return
  const file = await files.make(path)
  try {
    await file.write(at, bytes)
    await file.sync()
  } finally {
    file.close()
  }
}

async function cutFile(files: Files, path: string, size: number): Promise<void> {
  const file = files.open(path)
  if (file === undefined) return
  try {
    if (file.size() <= size) return
    await file.truncate(size)
    await file.sync()
  } finally {
    file.close()
  }
}

function sizeOf(files: Files, path: string): number {
  const file = files.open(path)
  if (file === undefined) return 0
  try {
    return file.size()
  } finally {
    file.close()
  }
}

function idPrefix(id: Uint8Array): Uint8Array {
  return nativeSha3(id).subarray(0, prefixBytes)
}

// Source of the three: elara-runtime, tiled storage.
const prefixBytes = 8
const indexEntryBytes = 20
const edgeBytes = 16
/** Source: measured, a record with one signature. */
const usualRecordBytes = 5_600
/** Source: our choice, ten times the usual record. */
const firstWindowBytes = 65_536
