import type { BlockPool } from '@kithnet/fountain'
import type { Store } from '@kithnet/types'
import type { PublishedContent } from './consented-contents.ts'
import { remakeContent, WholeContent } from './content-maker.ts'
import type { ContentRef } from './content-ref.ts'
import type { ContentRequests } from './content-requests.ts'
import type { ContentShelf, MadeShares } from './content-shelf.ts'
import type { KeeperEvent, KeeperOutput } from './keeper-events.ts'
import { RebuiltContent } from './rebuilt-content.ts'

/** What making needs of its node. */
export interface MakingOptions {
  /** Where contents are meanwhile, and how long the longest is that may be. */
  readonly store: Store
  readonly maxBytes: number
  readonly shelf: ContentShelf
  readonly requests: ContentRequests
  readonly pool: () => BlockPool
  /** A content that may be kept; throws when it may not. */
  readonly known: (ref: ContentRef) => PublishedContent
  readonly feed: (event: KeeperEvent) => void
  readonly failed: (error: unknown) => void
}

/** Makes shares anew for the keeper: the content is rebuilt, and can be loaded from until it is released. */
export class ContentMaking implements Disposable {
  readonly #options: MakingOptions
  readonly #stopByToken = new Map<number, AbortController>()

  constructor(options: MakingOptions) {
    this.#options = options
  }

  async make({ token, ref, shares }: Extract<KeeperOutput, { type: 'make' }>): Promise<void> {
    const { shelf, feed, failed } = this.#options
    const stop = new AbortController()
    this.#stopByToken.set(token, stop)
    try {
      const made = await this.#whole(token, ref, stop.signal)
      if (made === undefined) {
        feed({ type: 'made', token, isMade: false })
        return
      }
      const { whole, rebuilt } = made
      shelf.addMade(token, { ref, shares: new Set(shares), whole, rebuilt })
      if (stop.signal.aborted) await shelf.release(token)
      else feed({ type: 'made', token, isMade: true })
    } catch (error) {
      if (stop.signal.aborted) return
      failed(error)
      feed({ type: 'made', token, isMade: false })
    } finally {
      this.#stopByToken.delete(token)
    }
  }

  /** What was made is no longer needed, or the making is to stop. */
  release(token: number): void {
    const { shelf, failed } = this.#options
    this.#stopByToken.get(token)?.abort()
    shelf.release(token).catch(failed)
  }

  [Symbol.dispose](): void {
    for (const stop of this.#stopByToken.values()) stop.abort()
  }

  /** Nothing for a content that is longer than all that this node keeps: another has the room. */
  async #whole(
    token: number,
    ref: ContentRef,
    signal: AbortSignal,
  ): Promise<Pick<MadeShares, 'whole' | 'rebuilt'> | undefined> {
    const { shelf, store, maxBytes, requests, known } = this.#options
    const own = shelf.whole(ref)
    if (own !== undefined) return { whole: own, rebuilt: undefined }
    const content = known(ref)
    const { manifest } = content
    const { transferBytes } = manifest.transfer
    if (transferBytes > maxBytes) return undefined
    const rebuilt = new RebuiltContent(store, token, transferBytes)
    try {
      const parts = requests.read(content, [signal])
      const pool = this.#options.pool()
      const remade = await remakeContent({ ref, manifest, parts, rebuilt, pool, signal })
      return { whole: new WholeContent(remade), rebuilt }
    } catch (error) {
      await rebuilt.clear()
      throw error
    }
  }
}
