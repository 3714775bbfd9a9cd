import type { BlockPool, ContentPart } from '@kithnet/fountain'
import { CodedError, type Signal } from '@kithnet/kernel'
import type { ServiceHost } from '@kithnet/types'
import type { ContentsFault } from '../faults.ts'
import type { PublishedContent } from './consented-contents.ts'
import { ContentReading } from './content-reading.ts'
import { type ContentRef, refText } from './content-ref.ts'
import type { ContentStore } from './content-store.ts'
import type { KeeperEvent, KeeperOutput, Proof, Refused } from './keeper-events.ts'

type Output<Type extends KeeperOutput['type']> = Extract<KeeperOutput, { readonly type: Type }>

/** Somebody who waits for an answer of the keeper. */
interface Waiting<T> {
  readonly resolve: (value: T) => void
  readonly reject: (error: unknown) => void
}

/** A `put` that waits until keepers have proven what they took. */
interface Placing extends Waiting<Output<'placed'>> {
  /** Of how many blocks symbols were handed out. */
  handedOut: number
  readonly progress: (done: number) => void
}

/** What a request needs of its node. */
export interface RequestOptions {
  readonly host: ServiceHost
  readonly store: ContentStore
  readonly pool: () => BlockPool
  readonly feed: (event: KeeperEvent) => void
}

/** What users of this node, and it itself, want of the keeper, until it has answered. */
export class ContentRequests {
  readonly #options: RequestOptions
  readonly #readings = new Map<number, ContentReading>()
  readonly #surveys = new Map<number, Waiting<readonly Proof[]>>()
  readonly #placings = new Map<string, Placing>()
  #token = 0

  constructor(options: RequestOptions) {
    this.#options = options
  }

  /** The parts of a content, as they are complete. */
  async *read(
    { ref, manifest }: PublishedContent,
    signals: readonly Signal[],
  ): AsyncGenerator<ContentPart, void, undefined> {
    const { host, store, pool, feed } = this.#options
    const token = ++this.#token
    const all = [host.signal, ...signals]
    const options = { token, ref, manifest, store, pool: pool(), signals: all, feed }
    const reading = new ContentReading(options)
    this.#readings.set(token, reading)
    try {
      yield* reading.parts()
    } finally {
      this.#readings.delete(token)
    }
  }

  survey(ref: ContentRef, signals: readonly Signal[]): Promise<readonly Proof[]> {
    const token = ++this.#token
    return this.#answered(signals, (waiting) => {
      this.#surveys.set(token, waiting)
      this.#options.feed({ type: 'survey', ref, token })
      return () => void this.#surveys.delete(token)
    })
  }

  /** Finds keepers for a content that is here as a whole. */
  place(
    ref: ContentRef,
    signals: readonly Signal[],
    progress: (handedOut: number) => void,
  ): Promise<Output<'placed'>> {
    return this.#answered(signals, (waiting) => {
      const text = refText(ref)
      this.#placings.get(text)?.reject(replaced())
      const placing = { ...waiting, handedOut: 0, progress }
      this.#placings.set(text, placing)
      this.#options.feed({ type: 'place', ref })
      return () => {
        if (this.#placings.get(text) === placing) this.#placings.delete(text)
      }
    })
  }

  /** The keeper's answers. */
  placed(output: Output<'placed'>): void {
    this.#placings.get(refText(output.ref))?.resolve(output)
  }

  surveyed({ token, proofs }: Output<'surveyed'>): void {
    this.#surveys.get(token)?.resolve(proofs)
  }

  symbols({ token, symbols }: Output<'symbols'>): void {
    this.#readings.get(token)?.take(symbols)
  }

  failed({ token, why, shares, needed }: Output<'failed'>): void {
    const error =
      why === 'unknown'
        ? noContent('unknown')
        : why === 'not-fresh'
          ? notCompared()
          : notEnough(shares, needed)
    this.#readings.get(token)?.fail(error)
  }

  /** Symbols of so many blocks of a share were handed out. */
  handedOut(ref: ContentRef, blocks: number): void {
    const placing = this.#placings.get(refText(ref))
    if (placing === undefined) return
    placing.handedOut += blocks
    placing.progress(placing.handedOut)
  }

  /** A consent has ended: nobody gives or takes any more of it. */
  ended(ref: ContentRef, why: 'withdrawn' | 'expired' | 'unknown'): void {
    this.#placings.get(refText(ref))?.reject(noContent(why))
    for (const reading of this.#readings.values()) {
      if (refText(reading.ref) === refText(ref)) reading.fail(noContent(why))
    }
  }

  /** Waits for an answer, or until a signal aborts. `begin` returns what ends the waiting. */
  #answered<T>(signals: readonly Signal[], begin: (waiting: Waiting<T>) => () => void): Promise<T> {
    return answered([this.#options.host.signal, ...signals], begin)
  }
}

/** A promise of an answer, which rejects when a signal aborts. `begin` returns what ends the waiting. */
export function answered<T>(
  signals: readonly Signal[],
  begin: (waiting: Waiting<T>) => () => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    let isSettled = false
    let end: (() => void) | undefined
    const settle = (finish: () => void): void => {
      if (isSettled) return
      isSettled = true
      for (const signal of signals) signal.removeEventListener('abort', stop)
      end?.()
      finish()
    }
    const stop = (): void => settle(() => reject(signals.find(({ aborted }) => aborted)?.reason))
    for (const signal of signals) signal.addEventListener('abort', stop, { once: true })
    end = begin({
      resolve: (value) => settle(() => resolve(value)),
      reject: (error) => settle(() => reject(error)),
    })
    // It may have been answered at once.
    if (isSettled) end()
    else if (signals.some(({ aborted }) => aborted)) stop()
  })
}

/** Fewer shares can be had than are needed. */
export function notEnough(shares: number, needed: number): CodedError<ContentsFault> {
  return new CodedError<ContentsFault>(
    { code: 'holonomic/not-enough-shares', shares, needed, refused: [] },
    `${shares} shares can be had, and ${needed} are needed to bring this content back. Try again when more of its holders can be reached.`,
  )
}

/** Keepers took fewer shares than are needed. */
export function notTaken(
  shares: number,
  needed: number,
  refused: readonly Refused[],
): CodedError<ContentsFault> {
  const counts = new Map<string, number>()
  for (const { why } of refused) counts.set(why, (counts.get(why) ?? 0) + 1)
  const reasons = [...counts].map(([why, count]) => `${count} ${why}`).join(', ')
  return new CodedError<ContentsFault>(
    { code: 'holonomic/not-enough-shares', shares, needed, refused },
    `${shares} shares were taken, and ${needed} are needed to bring this content back${reasons === '' ? '' : ` (refused: ${reasons})`}. Put it again when more peers keep contents.`,
  )
}

/** No neighbour has told yet what is allowed. */
export function notCompared(): CodedError<ContentsFault> {
  return new CodedError<ContentsFault>(
    { code: 'holonomic/not-compared' },
    'No neighbour has compared its statements with this node yet, so it does not know what is still allowed. Join a network, and try again.',
  )
}

/** A content that cannot be had, and why. */
export function noContent(why: 'unknown' | 'withdrawn' | 'expired'): CodedError<ContentsFault> {
  const sentences = {
    unknown: 'Nobody has published this content. Check its name, and that this is its network.',
    withdrawn: 'The author of this content took its consent back, so it is kept nowhere any more.',
    expired:
      'The time for which this content could be kept is over. Its author has to put it again.',
  }
  return new CodedError<ContentsFault>({ code: 'holonomic/no-content', why }, sentences[why])
}

function replaced(): CodedError<ContentsFault> {
  return new CodedError<ContentsFault>(
    { code: 'holonomic/put-again' },
    'The same content is being put again: wait for that instead.',
  )
}
