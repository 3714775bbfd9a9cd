import { fail, ok, type Result } from '@kithnet/kernel'
import { blockCode, type BlockCode } from './block-code.ts'
import { type Codec, sharedCodec } from './codec.ts'
import type { SymbolFault } from './faults.ts'
import { maxSymbolId } from './transfer-info.ts'

/**
 * Repair symbols kept beyond what is missing. Source: RFC 6330 section 1: with two too many, one block in a million is not
 * decoded; each more divides that by 256. Who sends 32 useless ones does it on purpose.
 */
const maxSurplus = 32
/** Surplus symbols that are used; more only make the plan longer. Source: measured, ADR 25. */
const usedSurplus = 4

/** What became of a symbol. */
export type Taken = 'added' | 'known' | 'not-needed'

/**
 * Rebuilds one source block from any sufficient set of its encoding symbols. Keeps the block and the repair symbols that it
 * may need, at most twice the block and 32 symbols.
 */
export class BlockDecoder {
  readonly symbolBytes: number
  readonly #code: BlockCode
  readonly #codec: Codec
  readonly #block: Uint8Array<ArrayBuffer>
  readonly #have: Uint8Array
  readonly #repair = new Map<number, Uint8Array>()
  #present = 0
  #nextAttempt: number

  /**
   * @param sourceSymbols symbols of the block, 1 to 56,403.
   * @param symbolBytes length of a symbol, 1 to 65,535.
   */
  constructor(sourceSymbols: number, symbolBytes: number, codec: Codec = sharedCodec()) {
    this.#code = blockCode(sourceSymbols)
    this.#codec = codec
    this.symbolBytes = symbolBytes
    this.#block = new Uint8Array(sourceSymbols * symbolBytes)
    this.#have = new Uint8Array(sourceSymbols)
    this.#nextAttempt = sourceSymbols
  }

  get sourceSymbols(): number {
    return this.#code.sourceSymbols
  }

  /** Source symbols that are there, received or decoded. */
  get present(): number {
    return this.#present
  }

  /** True when all source symbols are there. */
  get complete(): boolean {
    return this.#present === this.#code.sourceSymbols
  }

  /** Symbols that are still needed at the least; a few more may be. */
  get missing(): number {
    return Math.max(0, this.#code.sourceSymbols - this.#present - this.#repair.size)
  }

  /**
   * Takes an encoding symbol, and decodes when there may be enough. The bytes are copied.
   *
   * @returns `fountain/length` or `fountain/symbol-id` when it cannot be of this block.
   */
  add(id: number, symbol: Uint8Array): Result<Taken, SymbolFault> {
    if (symbol.length !== this.symbolBytes) {
      return fail({ code: 'fountain/length', bytes: symbol.length, expected: this.symbolBytes })
    }
    if (!Number.isInteger(id) || id < 0 || id > maxSymbolId) {
      return fail({ code: 'fountain/symbol-id' })
    }
    if (this.complete) return ok('not-needed')
    const { sourceSymbols } = this.#code
    if (id < sourceSymbols) {
      if (this.#have[id] === 1) return ok('known')
      this.#place(id, symbol)
    } else {
      if (this.#repair.has(id)) return ok('known')
      if (this.#repair.size >= sourceSymbols - this.#present + maxSurplus) return ok('not-needed')
      this.#repair.set(id, symbol.slice())
    }
    this.#attempt()
    return ok('added')
  }

  /** A source symbol that is there; a view until the decoder goes. */
  source(id: number): Uint8Array | undefined {
    if (this.#have[id] !== 1) return undefined
    return this.#block.subarray(id * this.symbolBytes, (id + 1) * this.symbolBytes)
  }

  /** The block, with zeros where source symbols are missing; a view until the decoder goes. */
  get block(): Uint8Array<ArrayBuffer> {
    return this.#block
  }

  #place(id: number, symbol: Uint8Array): void {
    this.#block.set(symbol, id * this.symbolBytes)
    this.#have[id] = 1
    this.#present++
    if (this.complete) this.#repair.clear()
  }

  /** Tries with as many symbols as needed, one more, two more, four more and so on: planning is not free. */
  #attempt(): void {
    const received = this.#present + this.#repair.size
    if (this.complete || received < this.#nextAttempt) return
    if (this.#decode(usedSurplus) || this.#decode(maxSurplus)) return
    const surplus = received - this.#code.sourceSymbols
    this.#nextAttempt = this.#code.sourceSymbols + Math.max(1, 2 * surplus)
  }

  #decode(surplus: number): boolean {
    const { sourceSymbols, padded } = this.#code
    const lost: number[] = []
    for (let id = 0; id < sourceSymbols; id++) if (this.#have[id] === 0) lost.push(id)
    const repair = [...this.#repair].slice(0, lost.length + surplus)
    if (surplus > usedSurplus && repair.length <= lost.length + usedSurplus) return false
    // Repair symbols take the places of the lost ones; the padding, which is zero, has its own.
    const ids = new Int32Array(padded + repair.length - lost.length)
    for (let id = 0; id < padded; id++) ids[id] = id
    const symbols: (Uint8Array | undefined)[] = []
    for (const [index, [id, symbol]] of repair.entries()) {
      const place = lost[index] ?? padded + index - lost.length
      ids[place] = id - sourceSymbols + padded
      symbols[place] = symbol
    }
    const plan = this.#codec.decodingPlan(this.#code, ids)
    if (plan === undefined) return false
    this.#codec.solve({
      plan,
      symbolBytes: this.symbolBytes,
      symbol: (index) => this.source(index) ?? symbols[index],
      ids: Int32Array.from(lost),
      encoded: (index, from, bytes) => {
        this.#block.set(bytes, lost[index]! * this.symbolBytes + from)
      },
    })
    this.#have.fill(1)
    this.#present = sourceSymbols
    this.#repair.clear()
    return true
  }
}
