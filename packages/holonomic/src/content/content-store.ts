import { type ContentSymbol, decodeContentSymbol, encodeContentSymbol } from '@kithnet/fountain'
import { assert, type Bytes, concat, fromHex, toHex } from '@kithnet/kernel'
import {
  type Change,
  decodeCbor,
  encodeCbor,
  idBytes,
  idToBytes,
  isTuple,
  isUint,
  peerIdFromBytes,
  type Store,
} from '@kithnet/types'
import { type ContentRef, refText } from './content-ref.ts'

interface KeptShare {
  readonly ref: ContentRef
  readonly share: number
  readonly blocks: number
  /** Blocks that are durable or on their way to the disk. Empty once the share is whole. */
  readonly there: Set<number>
  durable: number
  bytes: number
  isWhole: boolean
}

/**
 * Symbols on disk. A share counts only once all of its symbols are durable; what a crash left of one that was not whole is
 * deleted when the store is opened again, and a share that is dropped goes with one write.
 */
export class ContentStore {
  readonly #store: Store
  readonly #keptByRef = new Map<string, Map<number, KeptShare>>()
  #bytes = 0

  private constructor(store: Store) {
    this.#store = store
  }

  /** Reads which shares there are, and deletes what is left of those that never became whole. */
  static async open(store: Store): Promise<ContentStore> {
    const opened = new ContentStore(store)
    let from: Uint8Array = new Uint8Array(0)
    for (;;) {
      const entries = await store.scan(sharesSpace, { from, limit: entriesPerRead })
      for (const { key, value } of entries) await opened.#reload(key, value)
      const last = entries.at(-1)
      if (last === undefined) return opened
      from = concat(last.key, new Uint8Array(1))
    }
  }

  /** Bytes of everything that is stored or being stored. */
  get bytes(): number {
    return this.#bytes
  }

  /** Contents of which anything is stored. */
  refs(): readonly ContentRef[] {
    return [...this.#keptByRef.values()].map((kept) => kept.values().next().value!.ref)
  }

  /** The shares of a content that are whole, rising. */
  sharesOf(ref: ContentRef): readonly number[] {
    const kept = [...(this.#keptByRef.get(refText(ref))?.values() ?? [])]
    const whole = kept.filter(({ isWhole }) => isWhole)
    return whole.map(({ share }) => share).sort((a, b) => a - b)
  }

  /** Bytes that are stored of a content. */
  bytesOf(ref: ContentRef): number {
    let bytes = 0
    for (const kept of this.#keptByRef.get(refText(ref))?.values() ?? []) bytes += kept.bytes
    return bytes
  }

  has(ref: ContentRef, share: number): boolean {
    return this.#kept(ref, share)?.isWhole === true
  }

  /**
   * Stores a symbol of a content of so many blocks. Resolves once it is durable: with true when its share is whole by it,
   * and was not dropped meanwhile.
   */
  async put(ref: ContentRef, blocks: number, symbol: ContentSymbol): Promise<boolean> {
    const { block, symbol: share } = symbol.id
    assert(block < blocks, 'a block of this content')
    let kept = this.#kept(ref, share)
    if (kept?.isWhole === true || kept?.there.has(block) === true) return false
    const value = encodeContentSymbol(symbol)
    const changes: Change[] = [{ space: symbolsSpace, key: symbolKey(ref, share, block), value }]
    if (kept === undefined) {
      kept = { ref, share, blocks, there: new Set(), durable: 0, bytes: 0, isWhole: false }
      this.#add(kept)
    }
    // Until one of these writes is durable, none of them may be the only one that is.
    if (kept.durable === 0) changes.push(entryOf(kept, false))
    kept.there.add(block)
    kept.bytes += value.length
    this.#bytes += value.length
    try {
      await this.#store.write(changes)
    } catch (error) {
      if (this.#kept(ref, share) === kept) this.#takeBack(kept, block, value.length)
      throw error
    }
    kept.durable++
    if (kept.durable < blocks || this.#kept(ref, share) !== kept) return false
    await this.#store.write([entryOf(kept, true)])
    if (this.#kept(ref, share) !== kept) return false
    kept.isWhole = true
    kept.there.clear()
    return true
  }

  /** A symbol that is stored. */
  async get(ref: ContentRef, share: number, block: number): Promise<ContentSymbol | undefined> {
    const bytes = await this.#store.get(symbolsSpace, symbolKey(ref, share, block))
    const symbol = bytes === undefined ? undefined : decodeContentSymbol(bytes)
    return symbol?.ok === true ? symbol.value : undefined
  }

  /** Deletes shares, whole or not. Resolves once nothing of them is left. */
  async drop(ref: ContentRef, shares: readonly number[]): Promise<void> {
    const dropped = shares.flatMap((share) => {
      const kept = this.#kept(ref, share)
      if (kept === undefined) return []
      this.#remove(kept)
      this.#bytes -= kept.bytes
      return [deletionOf(ref, share, kept.blocks)]
    })
    const writes: Promise<void>[] = []
    // A share goes in one write: none is ever taken for whole when a part of it is gone.
    for (let at = 0; at < dropped.length; at += sharesPerWrite) {
      writes.push(this.#store.write(dropped.slice(at, at + sharesPerWrite).flat()))
    }
    await Promise.all(writes)
  }

  /** Deletes everything of a content. */
  dropAll(ref: ContentRef): Promise<void> {
    return this.drop(ref, [...(this.#keptByRef.get(refText(ref))?.keys() ?? [])])
  }

  async #reload(key: Uint8Array, value: Uint8Array): Promise<void> {
    const kept = readEntry(key, value)
    if (kept?.isWhole === true) {
      this.#add(kept)
      this.#bytes += kept.bytes
      return
    }
    const deletion = { space: sharesSpace, key, value: undefined }
    await this.#store.write(
      kept === undefined ? [deletion] : deletionOf(kept.ref, kept.share, kept.blocks),
    )
  }

  /** A write has failed: the block may come again. */
  #takeBack(kept: KeptShare, block: number, bytes: number): void {
    kept.there.delete(block)
    kept.bytes -= bytes
    this.#bytes -= bytes
    if (kept.there.size === 0) this.#remove(kept)
  }

  #kept(ref: ContentRef, share: number): KeptShare | undefined {
    return this.#keptByRef.get(refText(ref))?.get(share)
  }

  #add(kept: KeptShare): void {
    const text = refText(kept.ref)
    const known = this.#keptByRef.get(text)
    if (known === undefined) this.#keptByRef.set(text, new Map([[kept.share, kept]]))
    else known.set(kept.share, kept)
  }

  #remove({ ref, share }: KeptShare): void {
    const text = refText(ref)
    const known = this.#keptByRef.get(text)
    known?.delete(share)
    if (known?.size === 0) this.#keptByRef.delete(text)
  }
}

/** Key author, content, share: what there is of a share. */
const sharesSpace = 'holonomic/shares/1'
/** Key author, content, share, block: an encoded symbol. */
const symbolsSpace = 'holonomic/symbols/1'
/** Source: our choice: some 100 KB. */
const entriesPerRead = 1_000
/** Source: 256 changes each at most, and 65,536 in a write of a store. */
const sharesPerWrite = 128
const maxBlocks = 255
const entryLimits = { maxBytes: 24, maxDepth: 1, maxItems: 5 }
const entryVersion = 1

function shareKey({ author, content }: ContentRef, share: number): Bytes {
  const number = new Uint8Array(4)
  new DataView(number.buffer).setUint32(0, share)
  return concat(idToBytes(author), fromHex(content)!, number)
}

function symbolKey(ref: ContentRef, share: number, block: number): Bytes {
  return concat(shareKey(ref, share), Uint8Array.of(block))
}

function entryOf({ ref, share, blocks, bytes }: KeptShare, isWhole: boolean): Change {
  const value = encodeCbor([entryVersion, isWhole ? 1 : 0, blocks, bytes])
  return { space: sharesSpace, key: shareKey(ref, share), value }
}

/** The entry that is stored, or nothing when this version cannot read it. */
function readEntry(key: Uint8Array, value: Uint8Array): KeptShare | undefined {
  const decoded = decodeCbor(value, 'signed', entryLimits)
  if (key.length !== 2 * idBytes + 4 || !decoded.ok || !isTuple(decoded.value, 4)) return undefined
  const [version, whole, blocks, bytes] = decoded.value
  if (version !== entryVersion || !isUint(whole, 1)) return undefined
  if (!isUint(blocks, maxBlocks) || !isUint(bytes)) return undefined
  const author = peerIdFromBytes(key.subarray(0, idBytes))
  const content = toHex(key.subarray(idBytes, 2 * idBytes))
  const share = new DataView(key.buffer, key.byteOffset).getUint32(2 * idBytes)
  const isWhole = whole === 1
  return { ref: { author, content }, share, blocks, there: new Set(), durable: 0, bytes, isWhole }
}

function deletionOf(ref: ContentRef, share: number, blocks: number): Change[] {
  const symbols = Array.from({ length: blocks }, (_, block) => symbolKey(ref, share, block))
  return [
    { space: sharesSpace, key: shareKey(ref, share), value: undefined },
    ...symbols.map((key) => ({ space: symbolsSpace, key, value: undefined })),
  ]
}
