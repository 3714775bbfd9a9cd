import { blockSpan, type Manifest } from '@kithnet/fountain'

/** How far one block of a content is. */
interface Gathering {
  readonly got: Set<number>
  readonly asked: Set<number>
  /** Symbols beyond the usual number, for a block that these did not rebuild. */
  extra: number
}

/** Which symbols a reader has and has asked for, block by block.. */
export class FetchBlocks {
  readonly #manifest: Manifest
  /** Shares that the reader has by itself. */
  readonly #has: ReadonlySet<number>
  readonly #ahead: number
  readonly #blocks = new Map<number, Gathering>()
  /** The first block that is not complete. */
  #base = 0
  toBlock: number

  constructor(manifest: Manifest, has: readonly number[], toBlock: number, ahead: number) {
    this.#manifest = manifest
    this.#has = new Set(has)
    this.#ahead = ahead
    this.toBlock = toBlock
  }

  /** The blocks that may be asked for now: from, and up to but without. */
  get window(): readonly [number, number] {
    const { sourceBlocks } = this.#manifest.transfer
    return [this.#base, Math.min(this.toBlock, this.#base + this.#ahead, sourceBlocks)]
  }

  /** True while symbols of a block are wanted that nobody was asked for. */
  isShort(block: number): boolean {
    const { got, asked, extra } = this.#at(block)
    const needed = blockSpan(this.#manifest.transfer, block).sourceSymbols + extra
    return got.size + asked.size + this.#has.size < needed
  }

  /** True when the symbol of a share would be a new one. */
  lacks(block: number, share: number): boolean {
    const gathering = this.#blocks.get(block)
    return (
      !this.#has.has(share) &&
      gathering?.got.has(share) !== true &&
      gathering?.asked.has(share) !== true
    )
  }

  ask(block: number, share: number): void {
    this.#at(block).asked.add(share)
  }

  /** What was asked for does not come. */
  unask(block: number, share: number): void {
    this.#blocks.get(block)?.asked.delete(share)
  }

  /** A symbol came. False when it is of no use any more. */
  take(block: number, share: number): boolean {
    const gathering = this.#blocks.get(block)
    if (gathering === undefined || gathering.got.has(share)) return false
    gathering.asked.delete(share)
    gathering.got.add(share)
    return true
  }

  /** Moves on behind blocks that are complete. A reader that finds one is not says so with `more`. */
  settle(): void {
    while (this.#base < this.#manifest.transfer.sourceBlocks && this.#isComplete(this.#base)) {
      this.#base++
    }
  }

  /** One more symbol of a block. */
  more(block: number): void {
    if (block >= this.#manifest.transfer.sourceBlocks) return
    this.#at(block).extra++
    this.#base = Math.min(this.#base, block)
  }

  #isComplete(block: number): boolean {
    const gathering = this.#blocks.get(block)
    const needed = blockSpan(this.#manifest.transfer, block).sourceSymbols
    return (gathering?.got.size ?? 0) + this.#has.size >= needed + (gathering?.extra ?? 0)
  }

  #at(block: number): Gathering {
    let gathering = this.#blocks.get(block)
    if (gathering === undefined) {
      gathering = { got: new Set(), asked: new Set(), extra: 0 }
      this.#blocks.set(block, gathering)
    }
    return gathering
  }
}
