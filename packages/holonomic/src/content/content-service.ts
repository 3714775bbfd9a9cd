import { BlockPool, type ContentPart } from '@kithnet/fountain'
import {
  drive,
  type EpochMs,
  epochMs,
  type Fired,
  type Instant,
  instant,
  type Io,
  type Signal,
} from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'
import type { BodyFault } from '../faults.ts'
import type { Part } from '../part.ts'
import { PeerStreams } from '../peer-streams.ts'
import type { PublishedContent } from './consented-contents.ts'
import type { WholeContent } from './content-maker.ts'
import { ContentMaking } from './content-making.ts'
import { ContentMemory } from './content-memory.ts'
import {
  type ContentMessage,
  decodeContentMessage,
  encodeContentMessage,
} from './content-messages.ts'
import { type ContentRef, refText } from './content-ref.ts'
import { answered, ContentRequests, notCompared } from './content-requests.ts'
import { ContentShelf } from './content-shelf.ts'
import { ContentStore } from './content-store.ts'
import {
  type ContentEntry,
  type ContentHolder,
  Contents,
  type ContentsEvent,
  type PutReport,
} from './contents.ts'
import { ContentKeeper } from './keeper.ts'
import type { KeeperEvent, KeeperOutput, Proof } from './keeper-events.ts'
import { KeeperBriefing } from './keeper-briefing.ts'
import { NamedTimers } from './named-timers.ts'
import { clearRebuilt } from './rebuilt-content.ts'

/** Contents on a network. They end with the host's signal. */
export async function openContents(part: Part): Promise<Contents> {
  await clearRebuilt(part.host.store)
  const store = await ContentStore.open(part.host.store)
  const memory = await ContentMemory.open(part.host.store)
  const runner = new ContentRunner(part, store, memory)
  await runner.begin()
  return new Contents(part, runner)
}

type Output<Type extends KeeperOutput['type']> = Extract<KeeperOutput, { readonly type: Type }>

/** Drives the keeper over a node: streams, timers, the store and the users of this node. */
export class ContentRunner implements Io<PeerId, ContentMessage, string, KeeperOutput> {
  readonly #part: Part
  readonly #store: ContentStore
  readonly #memory: ContentMemory
  readonly #shelf: ContentShelf
  readonly #briefing: KeeperBriefing
  readonly #requests: ContentRequests
  readonly #making: ContentMaking
  readonly #streams: PeerStreams<ContentMessage, BodyFault>
  readonly #timers: NamedTimers
  readonly #feed: (event: KeeperEvent | Fired<string>) => void
  readonly #listeners = new Set<(event: ContentsEvent) => void>()
  #pool: BlockPool | undefined

  /** Use `openContents`. */
  constructor(part: Part, store: ContentStore, memory: ContentMemory) {
    const { host, rng, options } = part
    this.#part = part
    this.#store = store
    this.#memory = memory
    this.#timers = new NamedTimers(host)
    this.#shelf = new ContentShelf(store)
    const drivenBy = drive(
      new ContentKeeper({ self: host.self, rng, config: options.content ?? {} }),
      this,
    )
    const feed = (event: KeeperEvent | Fired<string>): void => {
      if (!host.signal.aborted) drivenBy(event)
    }
    const failed = (error: unknown): void => this.#failed(error)
    const pool = (): BlockPool => this.pool
    this.#feed = feed
    this.#requests = new ContentRequests({ host, store, pool, feed })
    const { requests, shelf } = { requests: this.#requests, shelf: this.#shelf }
    this.#briefing = new KeeperBriefing({ part, store, memory, requests, feed, failed })
    this.#making = new ContentMaking({
      store: host.store,
      maxBytes: options.keepBytes ?? 0,
      shelf,
      requests,
      pool,
      known: (ref) => this.known(ref),
      feed,
      failed,
    })
    this.#streams = new PeerStreams(host, {
      protocol: contentProtocol,
      encode: encodeContentMessage,
      decode: decodeContentMessage,
      received: (from, message) => feed({ type: 'received', from, message }),
      malformed: (from, fault) => feed({ type: 'malformed', from, fault }),
      down: (peer, cause) => feed({ type: 'linkDown', peer, cause }),
    })
  }

  /** Who computes. Its workers start with the first work. */
  get pool(): BlockPool {
    this.#pool ??= new BlockPool()
    return this.#pool
  }

  /** Tells the keeper what is known and what is held, and lets it begin. */
  begin(): Promise<void> {
    this.#part.host.signal.addEventListener('abort', () => this.#close(), { once: true })
    return this.#briefing.begin()
  }

  /** Resolves once statements were compared with somebody. */
  async compared(signal?: Signal): Promise<void> {
    const { host, statements } = this.#part
    if (statements.fresh) return
    await answered<void>([host.signal, ...given(signal)], ({ resolve, reject }) => {
      const timer = host.timer(comparedMs, () => reject(notCompared()))
      void statements.ready.then(resolve)
      return () => timer[Symbol.dispose]()
    })
  }

  /** A content that may be kept. @throws CodedError `holonomic/no-content`. */
  known(ref: ContentRef): PublishedContent {
    return this.#briefing.known(ref)
  }

  read(
    content: PublishedContent,
    signal: Signal | undefined,
  ): AsyncGenerator<ContentPart, void, undefined> {
    return this.#requests.read(content, given(signal))
  }

  async survey(ref: ContentRef, signal: Signal | undefined): Promise<readonly ContentHolder[]> {
    const proofs = await this.#requests.survey(ref, given(signal))
    const holders = this.#holdersOf(proofs)
    const { self } = this.#part.host
    const shares = this.#store.sharesOf(ref)
    if (shares.length === 0 || holders.some(({ peer }) => peer === self)) return holders
    return [{ peer: self, shares }, ...holders]
  }

  async place(
    ref: ContentRef,
    whole: WholeContent,
    signal: Signal | undefined,
    progress: (handedOut: number) => void,
  ): Promise<Omit<PutReport, 'ref' | 'bytes' | 'shares'>> {
    this.#shelf.own(ref, whole)
    this.#feed({ type: 'owned', ref })
    try {
      const placed = await this.#requests.place(ref, given(signal), progress)
      const { wanted, refused } = placed
      const holders = [...placed.holders].map(([peer, shares]) => ({ peer, shares }))
      return { wanted, refused, holders }
    } finally {
      this.#feed({ type: 'disowned', ref })
      this.#shelf.disown(ref)
    }
  }

  /** Takes part in keeping a content, or no longer. */
  decline(ref: ContentRef, isDeclined: boolean): Promise<void> {
    return this.#briefing.decline(ref, isDeclined)
  }

  entries(): readonly ContentEntry[] {
    return this.#briefing.published().map((content) => {
      const { ref, manifest, consent, until } = content
      return {
        ref,
        bytes: manifest.transfer.transferBytes,
        policy: manifest.policy,
        consent,
        ...(until === undefined ? {} : { until }),
        shares: this.#store.sharesOf(ref),
        storedBytes: this.#store.bytesOf(ref),
        isDeclined: this.#memory.isDeclined(ref),
      }
    })
  }

  listen(listener: (event: ContentsEvent) => void): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  /** Something was said of a content. */
  refresh(ref: ContentRef): void {
    this.#briefing.refresh(refText(ref))
  }

  now(): Instant {
    return this.#part.host.now()
  }

  send(to: PeerId, message: ContentMessage): void {
    this.#streams.send(to, message)
  }

  arm(key: string, at: Instant): void {
    this.#timers.set(key, at - this.now(), () => {
      // The host's timers may be a little early, and the keeper is told when it is due, once.
      if (this.now() < at) this.arm(key, at)
      else this.#feed({ type: 'fired', key })
    })
  }

  disarm(key: string): void {
    this.#timers.clear(key)
  }

  release(): void {
    // Streams are closed when nothing was said for a while.
  }

  persist(): void {
    // What must survive is stored by `store` and `census`.
  }

  emit(output: KeeperOutput): void {
    switch (output.type) {
      case 'store':
        void this.#keep(output)
        return
      case 'load':
        void this.#load(output)
        return
      case 'drop':
        void this.#drop(output)
        return
      case 'make':
        void this.#making.make(output)
        return
      case 'release':
        this.#making.release(output.token)
        return
      case 'symbols':
        this.#requests.symbols(output)
        return
      case 'failed':
        this.#requests.failed(output)
        return
      case 'placed':
        this.#requests.placed(output)
        return
      case 'surveyed':
        this.#requests.surveyed(output)
        return
      case 'census':
        this.#remember(output)
        return
      case 'noted':
        this.#tell({ type: 'noted', ref: output.ref, note: output.note })
        return
      case 'reject':
        this.#tell({ type: 'rejected', peer: output.from, fault: output.fault })
    }
  }

  async #keep({ ref, share, symbols, isLast }: Output<'store'>): Promise<void> {
    const blocks = this.#briefing.blocksOf(ref)
    try {
      const isStored = blocks > 0 && (await this.#shelf.keep(ref, share, blocks, symbols, isLast))
      if (isLast) this.#feed({ type: 'stored', ref, share, isStored })
    } catch (error) {
      this.#failed(error)
      this.#feed({ type: 'stored', ref, share, isStored: false })
    }
    this.#briefing.room()
  }

  async #load({ token, ref, share, fromBlock, count }: Output<'load'>): Promise<void> {
    try {
      const symbols = await this.#shelf.load(ref, share, fromBlock, count)
      this.#feed({ type: 'loaded', token, symbols })
      this.#requests.handedOut(ref, symbols.length)
    } catch (error) {
      this.#failed(error)
      this.#feed({ type: 'loaded', token, symbols: [] })
    }
  }

  async #drop({ ref, shares }: Output<'drop'>): Promise<void> {
    try {
      await this.#store.drop(ref, shares)
    } catch (error) {
      this.#failed(error)
    }
    this.#briefing.room()
  }

  #remember({ ref, proofs, unsettledMs }: Output<'census'>): void {
    const kept = proofs.map((proof) => ({ ...proof, until: this.#wallAt(proof.until) }))
    this.#memory
      .saveCensus(ref, { proofs: kept, unsettledMs })
      .catch((error) => this.#failed(error))
  }

  /** Holders from proofs, with the moment from which one of their proofs no longer counts. */
  #holdersOf(proofs: readonly Proof[]): readonly ContentHolder[] {
    const byPeer = new Map<PeerId, Proof[]>()
    for (const proof of proofs) {
      const known = byPeer.get(proof.peer)
      if (known === undefined) byPeer.set(proof.peer, [proof])
      else known.push(proof)
    }
    return [...byPeer].map(([peer, own]) => ({
      peer,
      shares: own.map(({ share }) => share).sort((a, b) => a - b),
      provenUntil: this.#wallAt(instant(Math.min(...own.map(({ until }) => until)))),
    }))
  }

  /** Never before now, and whole: it is written down. */
  #wallAt(at: Instant): EpochMs {
    const { host } = this.#part
    return epochMs(Math.round(host.wall() + Math.max(0, at - host.now())))
  }

  #failed(error: unknown): void {
    if (!this.#part.host.signal.aborted) this.#tell({ type: 'failed', error })
  }

  #tell(event: ContentsEvent): void {
    for (const listener of this.#listeners) listener(event)
  }

  #close(): void {
    this.#streams[Symbol.dispose]()
    this.#timers[Symbol.dispose]()
    this.#briefing[Symbol.dispose]()
    this.#making[Symbol.dispose]()
    this.#pool?.close().catch(() => {})
  }
}

function given(signal: Signal | undefined): readonly Signal[] {
  return signal === undefined ? [] : [signal]
}

/** The protocol's name and version. */
const contentProtocol = 'kithnet/content/1'
/** How long a user waits until statements were compared. Source: our choice: two tries of a slow link. */
const comparedMs = 30_000
