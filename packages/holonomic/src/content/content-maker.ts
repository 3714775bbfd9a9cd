import {
  type BlockPool,
  checkContentSymbol,
  type Content,
  type ContentPart,
  type ContentSymbol,
  createContent,
  type Manifest,
} from '@kithnet/fountain'
import { CodedError, type Signal, toHex } from '@kithnet/kernel'
import type { OtherContentFault } from '../faults.ts'
import type { ContentRef } from './content-ref.ts'
import type { RebuiltContent } from './rebuilt-content.ts'

/** How shares are made anew. */
export interface RemakeOptions {
  readonly ref: ContentRef
  readonly manifest: Manifest
  /** The whole content, in any order. */
  readonly parts: AsyncIterable<ContentPart>
  /** Where it is kept meanwhile. */
  readonly rebuilt: RebuiltContent
  readonly pool: BlockPool
  readonly signal: Signal
}

/**
 * The whole content again, with the tree over all of its symbols, so that any share can be given with its proofs. Needs the
 * length of the content on disk, and in memory a block and 64 bytes for each symbol that there can be.
 *
 * @throws CodedError `holonomic/other-content` when its author has cut it in another way than this version does.
 */
export async function remakeContent(options: RemakeOptions): Promise<Content> {
  const { ref, manifest, rebuilt, pool, signal } = options
  for await (const { start, bytes } of options.parts) await rebuilt.write(start, bytes)
  const { policy, shares, service } = manifest
  const content = await createContent(rebuilt, { policy, shares, service, pool, signal })
  if (toHex(content.id) === ref.content) return content
  throw new CodedError<OtherContentFault>(
    { code: 'holonomic/other-content', content: ref.content },
    'This content was cut in another way than this version cuts contents, so its shares cannot be made anew here.',
  )
}

/** A content that is here as a whole: symbols of any share, block by block, encoded when they are asked for. */
export class WholeContent {
  readonly manifest: Manifest
  readonly #content: Content
  /** The latest are at the end. */
  readonly #encoded = new Map<string, Promise<readonly ContentSymbol[]>>()

  constructor(content: Content) {
    this.#content = content
    this.manifest = content.manifest
  }

  /** A symbol, or nothing when the source is not what it was. Rejects when the source cannot be read. */
  async symbol(share: number, block: number): Promise<ContentSymbol | undefined> {
    const first = share - (share % sharesAtOnce)
    const symbols = await this.#group(first, block)
    const symbol = symbols[share - first]
    if (symbol === undefined || !checkContentSymbol(symbol, this.manifest).ok) return undefined
    return symbol
  }

  /** Whoever asks for a share of a block is seldom alone: its neighbours are encoded with it. */
  #group(first: number, block: number): Promise<readonly ContentSymbol[]> {
    const key = `${block} ${first}`
    const known = this.#encoded.get(key)
    this.#encoded.delete(key)
    const symbols = known ?? this.#encode(first, block)
    this.#encoded.set(key, symbols)
    const { symbolBytes } = this.manifest.transfer
    const most = Math.max(1, Math.floor(encodedBytes / (symbolBytes * sharesAtOnce)))
    for (const oldest of this.#encoded.keys()) {
      if (this.#encoded.size <= most) break
      this.#encoded.delete(oldest)
    }
    return symbols
  }

  async #encode(first: number, block: number): Promise<readonly ContentSymbol[]> {
    const { shares } = this.manifest
    const count = Math.min(sharesAtOnce, shares - first)
    const ids = Array.from({ length: count }, (_, index) => first + index)
    try {
      return await this.#content.blockSymbols(block, ids)
    } catch (error) {
      this.#encoded.delete(`${block} ${first}`)
      throw error
    }
  }
}

/** Shares of a block that are encoded together. Source: our choice: all that are handed out, with most policies. */
const sharesAtOnce = 32
/** Encoded symbols that are kept. Source: our choice: 32 blocks of the default policy. */
const encodedBytes = 16_777_216
