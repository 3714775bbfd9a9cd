import {
  BlockDecoder,
  BlockEncoder,
  checkContentSymbol,
  type ContentSymbol,
  createContent,
  type Manifest,
  memorySource,
} from '@kithnet/fountain'
import { equalBytes, type Rng, toHex } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'

/** Source: our choice: the shortest for which a proof is longer than what it proves; real symbols have 16 KiB. */
const symbolBytes = 64
/** Source: the default policy. */
const sourceSymbols = 20

/** A content of the experiment: real symbols and proofs of a few bytes. */
export class SimulatedContent {
  readonly author: PeerId
  /** 64 hex digits. */
  readonly id: string
  readonly manifest: Manifest
  /** By share; there is one block. */
  readonly symbols: readonly ContentSymbol[]
  readonly #bytes: Uint8Array

  constructor(
    author: PeerId,
    id: string,
    manifest: Manifest,
    symbols: readonly ContentSymbol[],
    bytes: Uint8Array,
  ) {
    this.author = author
    this.id = id
    this.manifest = manifest
    this.symbols = symbols
    this.#bytes = bytes
  }

  get length(): number {
    return this.#bytes.length
  }

  /** Whether these shares, and nothing else, rebuild it. */
  isRebuiltBy(shares: Iterable<number>): boolean {
    return this.#rebuilt(Array.from(shares, (share) => this.symbols[share]!)) !== undefined
  }

  /** Whether these symbols do, of which only those count that are of this content. */
  isRebuiltFrom(symbols: Iterable<ContentSymbol>): boolean {
    return this.#rebuilt(this.#checked(symbols)) !== undefined
  }

  /**
   * What a maker does: rebuilds the content from symbols that it has checked, encodes these shares of what it got, and proves each.
   * Nothing when the symbols do not suffice. The tree is the author's, whose leaves are the same.
   */
  made(from: Iterable<ContentSymbol>, shares: readonly number[]): readonly ContentSymbol[] {
    const block = this.#rebuilt(this.#checked(from))
    if (block === undefined) return []
    const encoder = new BlockEncoder(block, symbolBytes)
    const made = shares.map((share) => ({
      id: { block: 0, symbol: share },
      bytes: encoder.symbol(share),
      proof: this.symbols[share]!.proof,
    }))
    return this.#checked(made)
  }

  #checked(symbols: Iterable<ContentSymbol>): readonly ContentSymbol[] {
    return [...symbols].filter((symbol) => checkContentSymbol(symbol, this.manifest).ok)
  }

  #rebuilt(symbols: readonly ContentSymbol[]): Uint8Array | undefined {
    const decoder = new BlockDecoder(sourceSymbols, symbolBytes)
    for (const { id, bytes } of symbols) {
      decoder.add(id.symbol, bytes)
      if (decoder.complete) break
    }
    return decoder.complete && equalBytes(decoder.block, this.#bytes) ? decoder.block : undefined
  }
}

/** A content of random bytes with the default policy. */
export async function simulatedContent(author: PeerId, rng: Rng): Promise<SimulatedContent> {
  const bytes = rng.bytes(sourceSymbols * symbolBytes)
  const content = await createContent(memorySource(bytes))
  const { manifest } = content
  const shares = Array.from({ length: manifest.shares }, (_, share) => share)
  const symbols: ContentSymbol[] = []
  for await (const { id, bytes: symbol, proof } of content.symbols(shares)) {
    symbols.push({ id, bytes: symbol.slice(), proof: proof.slice() })
  }
  return new SimulatedContent(author, toHex(content.id), manifest, symbols, bytes)
}
