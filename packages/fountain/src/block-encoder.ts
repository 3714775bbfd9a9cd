import { assert } from '@kithnet/kernel'
import { blockCode, type BlockCode } from './block-code.ts'
import { type Codec, sharedCodec } from './codec.ts'
import { ltSources, maxLtSources } from './lt-symbols.ts'
import { maxSymbolId } from './transfer-info.ts'

/** Source: our choice: their sources take 9 MB. */
const maxBatch = 65_536

/**
 * Makes the encoding symbols of one source block: the source symbols themselves, and any number of repair symbols.
 * Keeps the block and its intermediate symbols, about twice the block.
 */
export class BlockEncoder {
  readonly symbolBytes: number
  readonly #code: BlockCode
  readonly #codec: Codec
  readonly #source: Uint8Array
  #intermediate: Uint8Array | undefined

  /**
   * @param source the block, which must not change; the last symbol is padded with zeros.
   * @param symbolBytes length of a symbol, 1 to 65,535.
   */
  constructor(source: Uint8Array, symbolBytes: number, codec: Codec = sharedCodec()) {
    this.#code = blockCode(Math.ceil(source.length / symbolBytes))
    this.#codec = codec
    this.#source = source
    this.symbolBytes = symbolBytes
  }

  /** Source symbols of the block: ids below this are theirs, all others repair symbols. */
  get sourceSymbols(): number {
    return this.#code.sourceSymbols
  }

  /** The encoding symbol with this id, 0 to 2^24 - 1. */
  symbol(id: number): Uint8Array {
    assert(isSymbolId(id), 'an id of 24 bits')
    const { sourceSymbols, padded } = this.#code
    if (id < sourceSymbols) return this.#sourceSymbol(id).slice()
    const symbol = new Uint8Array(this.symbolBytes)
    const sources = new Int32Array(maxLtSources)
    const count = ltSources(this.#code, id - sourceSymbols + padded, sources, 0)
    const intermediate = this.#solved()
    const { symbolBytes } = this
    if (symbolBytes % 4 === 0) {
      const all = new Int32Array(intermediate.buffer)
      addWords(new Int32Array(symbol.buffer), all, sources.subarray(0, count))
    } else {
      for (let index = 0; index < count; index++) {
        addBytes(symbol, intermediate, sources[index]! * symbolBytes)
      }
    }
    return symbol
  }

  /**
   * Encoding symbols with these ids, 65,536 at most: several times as fast as one by one, from some fifty on. All are views of one
   * buffer.
   */
  symbols(ids: readonly number[]): Uint8Array[] {
    assert(ids.length <= maxBatch && ids.every(isSymbolId), 'at most 65,536 ids of 24 bits')
    const { sourceSymbols, padded } = this.#code
    const all = new Uint8Array(ids.length * this.symbolBytes)
    this.#codec.combine({
      code: this.#code,
      symbolBytes: this.symbolBytes,
      intermediate: this.#solved(),
      ids: Int32Array.from(ids, (id) => (id < sourceSymbols ? id : id - sourceSymbols + padded)),
      encoded: (index, from, bytes) => all.set(bytes, index * this.symbolBytes + from),
    })
    return ids.map((_, index) =>
      all.subarray(index * this.symbolBytes, (index + 1) * this.symbolBytes),
    )
  }

  #solved(): Uint8Array {
    if (this.#intermediate !== undefined) return this.#intermediate
    const intermediate = new Uint8Array(this.#code.l * this.symbolBytes)
    this.#codec.solve({
      plan: this.#codec.encodingPlan(this.#code),
      symbolBytes: this.symbolBytes,
      symbol: (index) => (index < this.#code.sourceSymbols ? this.#sourceSymbol(index) : undefined),
      intermediate,
    })
    this.#intermediate = intermediate
    return intermediate
  }

  #sourceSymbol(id: number): Uint8Array {
    const start = id * this.symbolBytes
    const symbol = this.#source.subarray(start, start + this.symbolBytes)
    if (symbol.length === this.symbolBytes) return symbol
    const padded = new Uint8Array(this.symbolBytes)
    padded.set(symbol)
    return padded
  }
}

function isSymbolId(id: number): boolean {
  return Number.isInteger(id) && id >= 0 && id <= maxSymbolId
}

/** Three at a time: the sum is read and written once for all of them. */
function addWords(sum: Int32Array, from: Int32Array, sources: Int32Array): void {
  const { length } = sum
  let index = 0
  for (; index + 3 <= sources.length; index += 3) {
    const one = sources[index]! * length
    const two = sources[index + 1]! * length
    const three = sources[index + 2]! * length
    for (let at = 0; at < length; at++) {
      sum[at]! ^= from[one + at]! ^ from[two + at]! ^ from[three + at]!
    }
  }
  for (; index < sources.length; index++) {
    const start = sources[index]! * length
    for (let at = 0; at < length; at++) sum[at]! ^= from[start + at]!
  }
}

function addBytes(sum: Uint8Array, from: Uint8Array, start: number): void {
  for (let at = 0; at < sum.length; at++) sum[at]! ^= from[start + at]!
}
