import {
  type ContentPart,
  type ContentSource,
  createContent,
  encodeManifest,
  type FountainPolicy,
} from '@kithnet/fountain'
import { CodedError, type EpochMs, epochMs, type Fault, type Signal, toHex } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'
import { encodeConsent, standardMs, type ConsentStatus } from '../consent/consent.ts'
import type { ContentsFault } from '../faults.ts'
import type { Part } from '../part.ts'
import { sharesWanted } from '../retention/retention-plan.ts'
import { encodePublication } from '../statements/publication.ts'
import { WholeContent } from './content-maker.ts'
import { type ContentRef, refText } from './content-ref.ts'
import { notTaken } from './content-requests.ts'
import type { ContentRunner } from './content-service.ts'
import type { KeeperNote, Refused } from './keeper-events.ts'

/** How a content is put. */
export interface PutOptions {
  /** How many shares bring it back, and who is to hold how many. Default: 20 of 26 shares, on 30 peers. */
  readonly policy?: FountainPolicy
  /** Class of service, 0 (kept longest) to 3. Default 1. */
  readonly service?: number
  /** For how long it may be kept, in milliseconds. Default 90 days. */
  readonly windowMs?: number
  readonly signal?: Signal
  /** Told of each block that was read and described, and then of symbols that were handed out. */
  readonly progress?: (step: 'described' | 'placed', done: number, of: number) => void
}

/** Who holds a content. */
export interface ContentHolder {
  readonly peer: PeerId
  /** Rising. */
  readonly shares: readonly number[]
  /** Until when its proofs count; absent where it is this node. */
  readonly provenUntil?: EpochMs
}

/** What became of a `put`. */
export interface PutReport {
  readonly ref: ContentRef
  readonly bytes: number
  /** Distinct shares that were to be held, and that are proven to be. */
  readonly wanted: number
  readonly shares: number
  readonly holders: readonly ContentHolder[]
  readonly refused: readonly Refused[]
}

/** A content that was published, as this node sees it. */
export interface ContentEntry {
  readonly ref: ContentRef
  readonly bytes: number
  readonly policy: FountainPolicy
  readonly consent: ConsentStatus
  /** When the consent ends, while it is active. */
  readonly until?: EpochMs
  /** Shares that this node holds, and the bytes that they take. */
  readonly shares: readonly number[]
  readonly storedBytes: number
  /** True while this node wants none of it. */
  readonly isDeclined: boolean
}

/** What happens to the contents of a node. */
export type ContentsEvent =
  | { readonly type: 'noted'; readonly ref: ContentRef; readonly note: KeeperNote }
  /** A peer broke a rule, and is avoided for a while. */
  | { readonly type: 'rejected'; readonly peer: PeerId; readonly fault: Fault }
  /** Something of this host failed: the store, a worker. It is tried again, or done by another holder. */
  | { readonly type: 'failed'; readonly error: unknown }

/**
 * Contents that peers keep for each other: cut into shares of which any sufficient number brings them back, for as long as
 * their authors allow it.
 */
export class Contents {
  readonly #part: Part
  readonly #runner: ContentRunner

  /** Use `holonomic`. */
  constructor(part: Part, runner: ContentRunner) {
    this.#part = part
    this.#runner = runner
  }

  /**
   * Publishes a content, allows it to be kept and hands its shares out. Resolves when keepers have proven what they took. The
   * source is read until then, twice or oftener, and not afterwards.
   *
   * @throws CodedError `holonomic/not-compared`, `holonomic/no-keepers`, `holonomic/not-enough-shares` when fewer were taken
   * than bring it back, `fountain/content`, `fountain/policy`.
   */
  async put(source: ContentSource, options: PutOptions = {}): Promise<PutReport> {
    const { policy, service, windowMs = standardMs, signal, progress } = options
    const { host, trust } = this.#part
    await this.#runner.compared(signal)
    if (trust.keepers().every((peer) => peer === host.self)) throw noKeepers()
    const content = await createContent(source, {
      pool: this.#runner.pool,
      ...(policy === undefined ? {} : { policy }),
      ...(service === undefined ? {} : { service }),
      ...(signal === undefined ? {} : { signal }),
      ...(progress && { progress: (done, of) => progress('described', done, of) }),
    })
    const ref = { author: host.self, content: toHex(content.id) }
    await this.#publish(ref, encodeManifest(content.manifest))
    await this.#allow(ref, windowMs)
    const whole = new WholeContent(content)
    const { policy: cut, transfer } = content.manifest
    const wanted = sharesWanted(content.manifest, 'full', trust.keepers().length)
    const of = wanted * transfer.sourceBlocks
    const placed = await this.#runner.place(ref, whole, signal, (handedOut) =>
      progress?.('placed', Math.min(handedOut, of), of),
    )
    const shares = new Set(placed.holders.flatMap((holder) => holder.shares)).size
    const needed = cut.sourceSymbols
    if (shares < needed) throw notTaken(shares, needed, placed.refused)
    return { ref, bytes: source.length, shares, ...placed }
  }

  /**
   * Brings a content back, in parts as they are complete, not in order. Nothing more is asked for while the reader is busy
   * with what it has.
   *
   * @throws CodedError `holonomic/not-compared`, `holonomic/no-content`, `holonomic/not-enough-shares`.
   */
  async *get(
    ref: ContentRef,
    options: { readonly signal?: Signal } = {},
  ): AsyncGenerator<ContentPart, void, undefined> {
    await this.#runner.compared(options.signal)
    yield* this.#runner.read(this.#runner.known(ref), options.signal)
  }

  /** Who proves now to hold shares of a content. @throws CodedError `holonomic/not-compared`, `holonomic/no-content`. */
  async holders(
    ref: ContentRef,
    options: { readonly signal?: Signal } = {},
  ): Promise<readonly ContentHolder[]> {
    await this.#runner.compared(options.signal)
    return this.#runner.survey(this.#runner.known(ref).ref, options.signal)
  }

  /**
   * Its author allows a content to be kept for so long from now on; anybody else takes part in keeping it again.
   *
   * @throws CodedError `holonomic/no-content` when its time was over, for it was deleted then; `holonomic/not-author`.
   */
  async retain(ref: ContentRef, windowMs?: number): Promise<void> {
    const { self } = this.#part.host
    const known = this.#runner.known(ref)
    if (ref.author === self) await this.#allow(known.ref, windowMs ?? standardMs)
    else if (windowMs === undefined) await this.#runner.decline(known.ref, false)
    else throw notAuthor()
  }

  /**
   * Its author takes the consent back: it is deleted everywhere. Anybody else gives up its own shares, and takes none again
   * until `retain`. Resolves once that is durable here.
   */
  async forget(ref: ContentRef): Promise<void> {
    if (ref.author === this.#part.host.self) await this.#allow(ref, 0)
    else await this.#runner.decline(ref, true)
  }

  /** Every content that was published, those that may no longer be kept among them. */
  list(): readonly ContentEntry[] {
    return this.#runner.entries()
  }

  /** Calls back on what happens, at once and in order. */
  on(listener: (event: ContentsEvent) => void): Disposable {
    return this.#runner.listen(listener)
  }

  async #publish(ref: ContentRef, manifestBytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const { host, statements } = this.#part
    if (statements.get('publication', refText(ref)) !== undefined) return
    const body = encodePublication({ network: host.network, author: host.self, manifestBytes })
    await statements.publish('publication', body)
  }

  /** A consent, later than what was said before. With 0 it takes that back. */
  async #allow(ref: ContentRef, windowMs: number): Promise<void> {
    const { host, statements } = this.#part
    const before = statements.get('consent', refText(ref))?.statement.at ?? 0
    const at = epochMs(Math.max(host.wall(), before + 1))
    const body = encodeConsent({ network: host.network, ...ref, at, windowMs })
    await statements.publish('consent', body)
    this.#runner.refresh(ref)
  }
}

function noKeepers(): CodedError<ContentsFault> {
  return new CodedError<ContentsFault>(
    { code: 'holonomic/no-keepers' },
    'Nobody whom this node trusts keeps contents. Grant peers that do your trust, or let this node trust who does.',
  )
}

function notAuthor(): CodedError<ContentsFault> {
  return new CodedError<ContentsFault>(
    { code: 'holonomic/not-author' },
    'Only its author can say for how long a content is kept. Leave the time out to keep shares of it here again.',
  )
}
