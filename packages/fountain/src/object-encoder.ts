import { assert } from '@kithnet/kernel'
import { BlockEncoder } from './block-encoder.ts'
import { type Codec, sharedCodec } from './codec.ts'
import { reorder } from './sub-blocks.ts'
import { blockSpan, type PayloadId, type TransferInfo } from './transfer-info.ts'

/** Makes the encoding symbols of a whole object that is in memory. Blocks are encoded when first asked for. */
export class ObjectEncoder {
  readonly info: TransferInfo
  readonly #bytes: Uint8Array<ArrayBuffer>
  readonly #codec: Codec
  readonly #blocks = new Map<number, BlockEncoder>()

  /** @param bytes the object, which must not change, as long as `info` says. */
  constructor(bytes: Uint8Array<ArrayBuffer>, info: TransferInfo, codec: Codec = sharedCodec()) {
    assert(bytes.length === info.transferBytes, 'the object is as long as its information says')
    this.info = info
    this.#bytes = bytes
    this.#codec = codec
  }

  /** The encoding symbol with this id. */
  symbol({ block, symbol }: PayloadId): Uint8Array {
    return this.block(block).symbol(symbol)
  }

  /** The encoder of a source block, kept until it is released. */
  block(index: number): BlockEncoder {
    assert(index >= 0 && index < this.info.sourceBlocks, 'a block of the object')
    let encoder = this.#blocks.get(index)
    if (encoder === undefined) {
      const { start, bytes } = blockSpan(this.info, index)
      encoder = blockEncoder(this.#bytes.subarray(start, start + bytes), this.info, this.#codec)
      this.#blocks.set(index, encoder)
    }
    return encoder
  }

  /** Forgets what was computed for a block. */
  release(index: number): void {
    this.#blocks.delete(index)
  }
}

/** The encoder of a block whose bytes are in the order of the object. */
export function blockEncoder(
  bytes: Uint8Array<ArrayBuffer>,
  info: TransferInfo,
  codec: Codec,
): BlockEncoder {
  if (info.subBlocks === 1) return new BlockEncoder(bytes, info.symbolBytes, codec)
  const symbols = Math.ceil(bytes.length / info.symbolBytes)
  const padded = new Uint8Array(symbols * info.symbolBytes)
  padded.set(bytes)
  return new BlockEncoder(reorder(padded, info, 'symbols'), info.symbolBytes, codec)
}
