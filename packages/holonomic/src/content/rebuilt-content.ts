import type { ContentSource } from '@kithnet/fountain'
import { assert, type Bytes } from '@kithnet/kernel'
import type { Store } from '@kithnet/types'

/**
 * A content that is being rebuilt, on disk in pieces, so that one longer than the memory can be encoded again. It is there
 * for as long as that takes; what a crash leaves is deleted by `clearRebuilt`.
 */
export class RebuiltContent implements ContentSource {
  readonly length: number
  readonly #store: Store
  readonly #number: number

  /** `number` is its own among those that are being rebuilt. */
  constructor(store: Store, number: number, length: number) {
    this.#store = store
    this.#number = number
    this.length = length
  }

  /** Keeps a part. Parts begin where blocks do, and are read as they were written or within. */
  async write(start: number, bytes: Uint8Array): Promise<void> {
    assert(start >= 0 && start + bytes.length <= this.length, 'a part of this content')
    let at = 0
    while (at < bytes.length) {
      const piece = Math.floor((start + at) / pieceBytes)
      const within = start + at - piece * pieceBytes
      const part = bytes.subarray(at, at + pieceBytes - within)
      await this.#writePiece(piece, within, part)
      at += part.length
    }
  }

  async read(start: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = new Uint8Array(length)
    let at = 0
    while (at < length) {
      const piece = Math.floor((start + at) / pieceBytes)
      const within = start + at - piece * pieceBytes
      const stored = await this.#store.get(rebuiltSpace, this.#keyOf(piece))
      const part = (stored ?? bytes.subarray(0, 0)).subarray(within, within + length - at)
      assert(part.length > 0, 'a part that was written')
      bytes.set(part, at)
      at += part.length
    }
    return bytes
  }

  /** Deletes it. */
  async clear(): Promise<void> {
    const pieces = Math.ceil(this.length / pieceBytes)
    for (let first = 0; first < pieces; first += piecesPerWrite) {
      const count = Math.min(piecesPerWrite, pieces - first)
      await this.#store.write(
        Array.from({ length: count }, (_, index) => ({
          space: rebuiltSpace,
          key: this.#keyOf(first + index),
          value: undefined,
        })),
      )
    }
  }

  /** A block seldom ends where a piece does: its neighbour's part of the piece stays. */
  async #writePiece(piece: number, within: number, part: Uint8Array): Promise<void> {
    const key = this.#keyOf(piece)
    const size = Math.min(pieceBytes, this.length - piece * pieceBytes)
    let value = part
    if (part.length < size) {
      const stored = await this.#store.get(rebuiltSpace, key)
      value = new Uint8Array(size)
      if (stored !== undefined) value.set(stored)
      value.set(part, within)
    }
    await this.#store.write([{ space: rebuiltSpace, key, value }])
  }

  #keyOf(piece: number): Bytes {
    const key = new Uint8Array(12)
    const view = new DataView(key.buffer)
    view.setBigUint64(0, BigInt(this.#number))
    view.setUint32(8, piece)
    return key
  }
}

/** Deletes what an earlier life was rebuilding. */
export async function clearRebuilt(store: Store): Promise<void> {
  for (;;) {
    const entries = await store.scan(rebuiltSpace, { limit: piecesPerRead })
    if (entries.length === 0) return
    await store.write(entries.map(({ key }) => ({ space: rebuiltSpace, key, value: undefined })))
  }
}

/** Key number of the content, number of the piece. */
const rebuiltSpace = 'holonomic/rebuilt/1'
/** Source: our choice: some four symbols of the usual length. */
const pieceBytes = 65_536
/** Source: our choice, below what a write of a store takes. */
const piecesPerWrite = 1_024
/** Source: our choice: what one read of a store gives. */
const piecesPerRead = 256
