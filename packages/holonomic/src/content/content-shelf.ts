import type { ContentSymbol } from '@kithnet/fountain'
import type { WholeContent } from './content-maker.ts'
import { type ContentRef, refText } from './content-ref.ts'
import type { ContentStore } from './content-store.ts'
import type { RebuiltContent } from './rebuilt-content.ts'

/** Shares that are made anew, for as long as somebody fetches them. */
export interface MadeShares {
  readonly ref: ContentRef
  readonly shares: ReadonlySet<number>
  readonly whole: WholeContent
  /** Where the content is meanwhile; nowhere when it was here as a whole. */
  readonly rebuilt: RebuiltContent | undefined
}

/** Where the symbols are that this node can give: stored, of contents that are here as a whole, or made anew. */
export class ContentShelf {
  readonly store: ContentStore
  readonly #wholeByRef = new Map<string, WholeContent>()
  readonly #madeByToken = new Map<number, MadeShares>()
  /** What is being written of shares that are not whole. */
  readonly #writingByShare = new Map<string, Promise<unknown>>()

  constructor(store: ContentStore) {
    this.store = store
  }

  own(ref: ContentRef, whole: WholeContent): void {
    this.#wholeByRef.set(refText(ref), whole)
  }

  disown(ref: ContentRef): void {
    this.#wholeByRef.delete(refText(ref))
  }

  whole(ref: ContentRef): WholeContent | undefined {
    return this.#wholeByRef.get(refText(ref))
  }

  addMade(token: number, made: MadeShares): void {
    this.#madeByToken.set(token, made)
  }

  /** Forgets what was made. */
  async release(token: number): Promise<void> {
    const made = this.#madeByToken.get(token)
    this.#madeByToken.delete(token)
    await made?.rebuilt?.clear()
  }

  /** Symbols of blocks that follow one another; none when one of them cannot be had. */
  async load(
    ref: ContentRef,
    share: number,
    fromBlock: number,
    count: number,
  ): Promise<readonly ContentSymbol[]> {
    const blocks = Array.from({ length: count }, (_, index) => fromBlock + index)
    const loaded = await Promise.all(blocks.map((block) => this.#symbol(ref, share, block)))
    const symbols = loaded.filter((symbol) => symbol !== undefined)
    return symbols.length === count ? symbols : []
  }

  /** Stores symbols of a share that has so many blocks. With the last: whether all of it is durable. */
  async keep(
    ref: ContentRef,
    share: number,
    blocks: number,
    symbols: readonly ContentSymbol[],
    isLast: boolean,
  ): Promise<boolean> {
    const name = `${refText(ref)}/${share}`
    const before = this.#writingByShare.get(name)
    const puts = symbols.map((symbol) => this.store.put(ref, blocks, symbol))
    const writing = Promise.all([before, ...puts])
    this.#writingByShare.set(name, writing)
    try {
      await writing
    } finally {
      if (this.#writingByShare.get(name) === writing) this.#writingByShare.delete(name)
    }
    return isLast && this.store.has(ref, share)
  }

  async #symbol(ref: ContentRef, share: number, block: number): Promise<ContentSymbol | undefined> {
    if (this.store.has(ref, share)) return this.store.get(ref, share, block)
    const whole = this.whole(ref) ?? this.#made(ref, share)
    return whole?.symbol(share, block)
  }

  #made(ref: ContentRef, share: number): WholeContent | undefined {
    const text = refText(ref)
    for (const made of this.#madeByToken.values()) {
      if (refText(made.ref) === text && made.shares.has(share)) return made.whole
    }
    return undefined
  }
}
