import { assert, fail, ok, type Result } from '@kithnet/kernel'
import { BlockDecoder, type Taken } from './block-decoder.ts'
import { type Codec, sharedCodec } from './codec.ts'
import type { SymbolFault, TooLargeFault } from './faults.ts'
import { reorder } from './sub-blocks.ts'
import { blockSpan, type PayloadId, type TransferInfo } from './transfer-info.ts'

/** Bounds of a receiver. */
export interface DecoderOptions {
  /** The longest object that is taken. Default 64 MiB. What is kept is at most twice as much and 32 symbols a block. */
  readonly maxBytes?: number
  readonly codec?: Codec
}

/** Source: our choice: what a receiver that names no bound may have to keep. */
const defaultMaxBytes = 64 * 1024 * 1024

/** A decoder for an object, or `fountain/too-large` when it is longer than the receiver wants. */
export function createObjectDecoder(
  info: TransferInfo,
  options: DecoderOptions = {},
): Result<ObjectDecoder, TooLargeFault> {
  const maxBytes = options.maxBytes ?? defaultMaxBytes
  if (info.transferBytes > maxBytes) {
    return fail({ code: 'fountain/too-large', bytes: info.transferBytes, maxBytes })
  }
  return ok(new ObjectDecoder(info, options.codec ?? sharedCodec()))
}

/** Rebuilds an object from sufficient symbols of each of its blocks, in any order. */
export class ObjectDecoder {
  readonly info: TransferInfo
  readonly #codec: Codec
  readonly #blocks = new Map<number, BlockDecoder>()
  readonly #released = new Set<number>()
  #complete = 0

  /** @param info as `checkTransferInfo` or `decodeTransferInfo` gave it; {@link createObjectDecoder} bounds it. */
  constructor(info: TransferInfo, codec: Codec) {
    this.info = info
    this.#codec = codec
  }

  /** True when every block is there. */
  get complete(): boolean {
    return this.#complete === this.info.sourceBlocks
  }

  /** Symbols that are still needed at the least. */
  get missing(): number {
    let missing = 0
    for (let block = 0; block < this.info.sourceBlocks; block++) {
      if (this.#released.has(block)) continue
      const decoder = this.#blocks.get(block)
      missing += decoder?.missing ?? blockSpan(this.info, block).sourceSymbols
    }
    return missing
  }

  /**
   * Takes a symbol. The bytes are copied.
   *
   * @returns `fountain/symbol-id` or `fountain/length` when it is none of this object.
   */
  add({ block, symbol }: PayloadId, bytes: Uint8Array): Result<Taken, SymbolFault> {
    if (!Number.isInteger(block) || block < 0 || block >= this.info.sourceBlocks) {
      return fail({ code: 'fountain/symbol-id' })
    }
    if (this.#released.has(block)) return ok('not-needed')
    const decoder = this.#decoder(block)
    const before = decoder.complete
    const taken = decoder.add(symbol, bytes)
    if (!before && decoder.complete) this.#complete++
    return taken
  }

  /** The decoder of a block that a symbol has come for: what is there of it can be used before the rest. */
  block(index: number): BlockDecoder | undefined {
    return this.#blocks.get(index)
  }

  /** The part of the object that a block is, when it is complete and not released. */
  blockBytes(index: number): Uint8Array<ArrayBuffer> | undefined {
    const decoder = this.#blocks.get(index)
    if (decoder?.complete !== true) return undefined
    return reorder(decoder.block, this.info, 'object').subarray(
      0,
      blockSpan(this.info, index).bytes,
    )
  }

  /** Forgets a complete block that was used; its symbols are not needed any more. */
  release(index: number): void {
    assert(this.#blocks.get(index)?.complete === true, 'only a complete block is released')
    this.#blocks.delete(index)
    this.#released.add(index)
  }

  /** The object, when every block is there and none was released. */
  bytes(): Uint8Array<ArrayBuffer> | undefined {
    if (!this.complete || this.#released.size > 0) return undefined
    const object = new Uint8Array(this.info.transferBytes)
    for (let index = 0; index < this.info.sourceBlocks; index++) {
      const bytes = this.blockBytes(index)
      if (bytes !== undefined) object.set(bytes, blockSpan(this.info, index).start)
    }
    return object
  }

  #decoder(block: number): BlockDecoder {
    let decoder = this.#blocks.get(block)
    if (decoder === undefined) {
      const { sourceSymbols } = blockSpan(this.info, block)
      decoder = new BlockDecoder(sourceSymbols, this.info.symbolBytes, this.#codec)
      this.#blocks.set(block, decoder)
    }
    return decoder
  }
}
