import {
  type BlockPool,
  blockSpan,
  type ContentPart,
  type ContentSymbol,
  type Manifest,
  rebuildContent,
} from '@kithnet/fountain'
import type { Signal } from '@kithnet/kernel'
import type { ContentRef } from './content-ref.ts'
import type { ContentStore } from './content-store.ts'
import type { KeeperEvent } from './keeper-events.ts'

/** What a content is read with. */
export interface ReadingOptions {
  readonly token: number
  readonly ref: ContentRef
  readonly manifest: Manifest
  readonly store: ContentStore
  readonly pool: BlockPool
  /** Any of them ends it. */
  readonly signals: readonly Signal[]
  /** Tells the keeper what is wanted. */
  readonly feed: (event: KeeperEvent) => void
}

/**
 * A content that is being read: what is stored here first, then what others give. Others are asked for no more than a few
 * blocks beyond the first that the reader has not taken.
 */
export class ContentReading {
  readonly #options: ReadingOptions
  readonly #given: ContentSymbol[] = []
  readonly #countByBlock = new Map<number, Set<number>>()
  readonly #complete = new Set<number>()
  /** Blocks before it are complete. */
  #first = 0
  #toBlock = 0
  #failure: { readonly error: unknown } | undefined
  #wake = (): void => {}

  constructor(options: ReadingOptions) {
    this.#options = options
  }

  get ref(): ContentRef {
    return this.#options.ref
  }

  /** The parts as they are complete. Rejects with what `fail` was told, or a signal's reason. */
  async *parts(): AsyncGenerator<ContentPart, void, undefined> {
    const { token, ref, manifest, store, pool, signals, feed } = this.#options
    const has = store.sharesOf(ref)
    const stop = (): void => this.fail(signals.find(({ aborted }) => aborted)?.reason)
    if (signals.some(({ aborted }) => aborted)) stop()
    for (const signal of signals) signal.addEventListener('abort', stop, { once: true })
    this.#toBlock = Math.min(manifest.transfer.sourceBlocks, windowOf(manifest))
    feed({ type: 'fetch', token, ref, has, toBlock: this.#toBlock })
    try {
      for await (const part of rebuildContent(manifest, this.#symbols(has), { pool })) {
        this.#completed(part)
        yield part
        this.#advance()
      }
    } finally {
      for (const signal of signals) signal.removeEventListener('abort', stop)
      feed({ type: 'cancel', token })
    }
  }

  /** Symbols that the keeper got. */
  take(symbols: readonly ContentSymbol[]): void {
    for (const symbol of symbols) {
      if (!this.#complete.has(symbol.id.block)) this.#given.push(symbol)
    }
    this.#wake()
  }

  /** Nobody gives more. */
  fail(error: unknown): void {
    this.#failure ??= { error }
    this.#wake()
  }

  async *#symbols(has: readonly number[]): AsyncGenerator<ContentSymbol, void, undefined> {
    for (let block = 0; ;) {
      if (this.#failure !== undefined) throw this.#failure.error
      const symbol = this.#given.shift()
      if (symbol !== undefined) {
        yield symbol
        this.#tried(symbol)
      } else if (has.length > 0 && block < this.#toBlock) {
        yield* this.#stored(has, block++)
      } else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve
          if (this.#given.length > 0 || this.#failure !== undefined) resolve()
        })
      }
    }
  }

  async *#stored(
    has: readonly number[],
    block: number,
  ): AsyncGenerator<ContentSymbol, void, undefined> {
    const { store, ref } = this.#options
    for (const share of has) {
      const symbol = await store.get(ref, share, block)
      if (this.#complete.has(block)) return
      if (symbol === undefined) {
        this.#wantMore(block)
        continue
      }
      yield symbol
      this.#tried(symbol)
    }
  }

  /** As many symbols as there are source symbols do, but for one time in a hundred. */
  #tried({ id: { block, symbol } }: ContentSymbol): void {
    if (this.#complete.has(block)) return
    const tried = this.#countByBlock.get(block) ?? new Set<number>()
    this.#countByBlock.set(block, tried)
    if (tried.has(symbol)) return
    tried.add(symbol)
    const { sourceSymbols } = blockSpan(this.#options.manifest.transfer, block)
    if (tried.size >= sourceSymbols) this.#wantMore(block)
  }

  #wantMore(block: number): void {
    this.#options.feed({ type: 'more', token: this.#options.token, block })
  }

  #completed({ start }: ContentPart): void {
    const { transfer } = this.#options.manifest
    let block = 0
    while (blockSpan(transfer, block).start !== start) block++
    this.#complete.add(block)
    this.#countByBlock.delete(block)
  }

  #advance(): void {
    const { token, manifest, feed } = this.#options
    while (this.#complete.has(this.#first)) this.#first++
    const toBlock = Math.min(manifest.transfer.sourceBlocks, this.#first + windowOf(manifest))
    if (toBlock === this.#toBlock) return
    this.#toBlock = toBlock
    feed({ type: 'pull', token, toBlock })
  }
}

/** How many blocks are asked for at a time. */
function windowOf({ transfer }: Manifest): number {
  const { sourceSymbols } = blockSpan(transfer, 0)
  const blocks = Math.floor(windowBytes / (sourceSymbols * transfer.symbolBytes))
  return Math.max(1, Math.min(maxWindow, blocks))
}

/** Bytes and blocks that are asked for beyond what was read. Source: our choice: several links' bandwidth-delay products. */
const windowBytes = 8_388_608
const maxWindow = 16
