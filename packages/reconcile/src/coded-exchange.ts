import { CodedSymbols, symbolBytes } from './coded-symbols.ts'
import type { SymbolPart } from './hybrid-messages.ts'
import { type KeyedItems, shortHash, type Stretch } from './keyed-items.ts'
import { MappedHashes } from './mapped-hashes.ts'
import { SymbolDecoder } from './symbol-decoder.ts'
import type { SessionLimits } from './tally.ts'

/** Fewest symbols of a message. Source: our choice: four differences are found from eight with half the chance. */
const fewestSymbols = 8
/** From so many symbols on their estimate of the difference is good to a quarter, and binds. */
const telling = 64
/** Symbols per difference that are asked for at once; the mean need lies from 1.36 to 1.8. Source: our choice. */
const symbolsPerDifference = 1.4
/** The share by which a number of symbols that did not suffice is raised. Source: our choice. */
const raise = 1 / 10

/** Short hashes that one side alone has. */
export interface Difference {
  readonly ours: ReadonlySet<number>
  readonly theirs: ReadonlySet<number>
}

/** One side of an exchange of coded symbols: one sends them, the other asks until it can tell what differs. */
export class CodedExchange<Id extends string> {
  /** How many items of ours take part. */
  readonly size: number
  /** False when nothing is left to be compared. */
  readonly covers: boolean
  readonly #mostSymbols: number
  readonly #difference: number
  #encoder: { readonly hashes: MappedHashes; readonly symbols: CodedSymbols } | undefined
  #decoder: SymbolDecoder | undefined
  #hashes: Uint32Array<ArrayBuffer> | undefined
  #asks = false
  #cap: number | undefined

  constructor(keyed: KeyedItems<Id>, stretches: readonly Stretch[], limits: SessionLimits) {
    this.#hashes = keyed.hashes(stretches)
    this.size = this.#hashes.length / 2
    this.covers = stretches.length > 0
    this.#difference = limits.difference
    this.#mostSymbols = mostSymbols(limits.difference)
  }

  /**
   * Begins, when this side has `surplus` items more than the other, or fewer. Whoever has more asks, so that what it
   * finds to be its own can be given without having been asked for.
   */
  begin(surplus: number, roomBytes: number): SymbolPart {
    const total = fewestSymbols + Math.ceil(Math.abs(surplus) * symbolsPerDifference)
    return surplus > 0 ? this.#ask(total) : this.#send(total, roomBytes)
  }

  /** Answers what the other side says of symbols; `stuck` when they lead nowhere. */
  answer(part: SymbolPart, roomBytes: number): SymbolPart | 'complete' | 'stuck' {
    if (part.type === 'more') {
      if (this.#asks) return 'stuck'
      return this.#send(part.total, roomBytes)
    }
    if (this.#encoder !== undefined) return 'stuck'
    return this.#receive(part.items, part.bytes)
  }

  /** True while this side waits for symbols. */
  get waits(): boolean {
    return this.#asks && this.#decoder?.complete !== true
  }

  /** What was found. */
  difference(): Difference {
    const ours = new Set<number>()
    const theirs = new Set<number>()
    for (const found of this.#decoder ?? []) {
      const side = found.ours ? ours : theirs
      side.add(shortHash(found.low, found.high))
    }
    return { ours, theirs }
  }

  #ask(total: number): SymbolPart {
    this.#asks = true
    return { type: 'more', total }
  }

  #send(total: number, roomBytes: number): SymbolPart {
    this.#encoder ??= {
      hashes: new MappedHashes(this.#takeHashes(), this.size),
      symbols: new CodedSymbols(),
    }
    const { hashes, symbols } = this.#encoder
    const from = symbols.length
    const fitting = from + Math.max(0, Math.floor(roomBytes / symbolBytes))
    const to = Math.max(from, Math.min(total, fitting, this.#mostSymbols))
    symbols.grow(to)
    hashes.mixInto(symbols, to)
    return { type: 'symbols', items: this.size, bytes: symbols.encode(from, to) }
  }

  #receive(items: number, bytes: Uint8Array): SymbolPart | 'complete' | 'stuck' {
    if (this.#asks && bytes.length === 0) return 'stuck'
    this.#decoder ??= new SymbolDecoder(this.#takeHashes(), this.size)
    const decoder = this.#decoder
    decoder.receive(bytes)
    if (decoder.complete) return 'complete'
    const expected = decoder.estimate(items - this.size)
    if (decoder.length >= telling) {
      this.#cap ??= Math.min(mostSymbols(expected), this.#mostSymbols)
      if (expected > this.#difference || decoder.length >= this.#cap) return 'stuck'
    }
    if (decoder.broken) return 'stuck'
    return this.#ask(next(decoder.length, expected, Math.abs(items - this.size)))
  }

  #takeHashes(): Uint32Array<ArrayBuffer> {
    const hashes = this.#hashes!
    this.#hashes = undefined
    return hashes
  }
}

/** Source: three times what the mean need could be, and something for small differences. */
function mostSymbols(difference: number): number {
  return 3 * difference + 64
}

/** How many symbols to ask for when `length` were too few for a difference taken to be `expected`, at least `least`. */
function next(length: number, expected: number, least: number): number {
  const trusted = length < telling ? Math.max(least, Math.min(expected, length * 6)) : expected
  const step = Math.max(fewestSymbols, Math.ceil(length * raise))
  return Math.max(Math.ceil(trusted * symbolsPerDifference), length + step)
}
