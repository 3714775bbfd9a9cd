import { type EpochMs, type Instant, instant } from '@kithnet/kernel'
import type { Part } from '../part.ts'
import { ConsentedContents, type PublishedContent } from './consented-contents.ts'
import type { ContentMemory } from './content-memory.ts'
import { type ContentRef, refText } from './content-ref.ts'
import { type ContentRequests, noContent } from './content-requests.ts'
import type { ContentStore } from './content-store.ts'
import type { KeeperEvent } from './keeper-events.ts'
import { NamedTimers } from './named-timers.ts'

/** What the keeper is told from. */
export interface BriefingOptions {
  readonly part: Part
  readonly store: ContentStore
  readonly memory: ContentMemory
  readonly requests: ContentRequests
  readonly feed: (event: KeeperEvent) => void
  readonly failed: (error: unknown) => void
}

/**
 * Tells the keeper what it may do: which contents are consented to and by whom, who keeps, what is here and how much room is
 * left. What is no longer consented to is deleted here at once, whatever the keeper does.
 */
export class KeeperBriefing implements Disposable {
  readonly #options: BriefingOptions
  readonly #contents: ConsentedContents
  readonly #timers: NamedTimers
  /** Names of contents of which nothing is to be here, as the keeper was told. */
  readonly #declined = new Set<string>()
  #listening: readonly Disposable[] = []

  constructor(options: BriefingOptions) {
    const { host, statements } = options.part
    this.#options = options
    this.#timers = new NamedTimers(host)
    this.#contents = new ConsentedContents(host.network, statements, {
      active: (content) => this.#active(content),
      ended: (ref) => this.#ended(ref),
    })
  }

  /** Tells all that is known and held, and from then on what changes. */
  async begin(): Promise<void> {
    const { part, store, memory, feed } = this.#options
    const { host, statements, trust } = part
    for (const { slot } of statements.all('publication')) {
      this.#contents.refresh(slot, host.wall())
    }
    for (const ref of store.refs()) {
      // A crash may have come between the user's word and the deletion.
      const isWanted = this.#contents.active.has(refText(ref)) && !memory.isDeclined(ref)
      if (isWanted) await this.#tellHeld(ref)
      else await store.dropAll(ref)
    }
    this.#tellTrust()
    this.room()
    this.#listening = [
      statements.on(({ held: { kind, slot } }) => {
        if (kind === 'publication' || kind === 'consent') this.refresh(slot)
      }),
      trust.on(() => this.#timers.set(trustTimer, trustMs, () => this.#tellTrust())),
      host.onNeighbour((peer, isUp) => {
        if (isUp) feed({ type: 'linkUp', peer })
      }),
    ]
    this.#tick()
    void statements.ready.then(() => {
      if (host.signal.aborted) return
      // First whom not to keep for.
      this.#tellTrust()
      feed({ type: 'fresh', isFresh: true })
    })
  }

  /** A content that may be kept. @throws CodedError `holonomic/no-content`. */
  known(ref: ContentRef): PublishedContent {
    const found = this.#contents.look(ref, this.#options.part.host.wall())
    if (found?.consent.isActive === true) return found
    throw noContent(endedBy(found))
  }

  /** Every content that was published. */
  published(): readonly PublishedContent[] {
    return this.#contents.all(this.#options.part.host.wall())
  }

  /** So many blocks has a content that may be kept; none has any other. */
  blocksOf(ref: ContentRef): number {
    return this.#contents.active.get(refText(ref))?.manifest.transfer.sourceBlocks ?? 0
  }

  /** Something was said of a content. */
  refresh(slot: string): void {
    this.#contents.refresh(slot, this.#options.part.host.wall())
    this.#tick()
  }

  /** The user wants none of a content, or wants it again. */
  async decline(ref: ContentRef, isDeclined: boolean): Promise<void> {
    const { memory, store } = this.#options
    await memory.decline(ref, isDeclined)
    this.#tellDeclined(ref)
    if (isDeclined) await store.dropAll(ref)
    this.room()
  }

  /** What is stored has changed. */
  room(): void {
    const { part, store, feed } = this.#options
    feed({ type: 'room', bytes: (part.options.keepBytes ?? 0) - store.bytes })
  }

  [Symbol.dispose](): void {
    this.#timers[Symbol.dispose]()
    for (const one of this.#listening) one[Symbol.dispose]()
  }

  #active({ ref, manifest, consent }: PublishedContent): void {
    const { tier, changesAt } = consent
    if (tier === 'nothing' || changesAt === undefined) return
    const until = this.#instantOf(changesAt)
    this.#options.feed({ type: 'content', ref, manifest, tier, until })
    this.#tellDeclined(ref)
  }

  #ended(ref: ContentRef): void {
    const { part, store, memory, requests, feed, failed } = this.#options
    feed({ type: 'forgotten', ref })
    requests.ended(ref, endedBy(this.#contents.look(ref, part.host.wall())))
    this.#declined.delete(refText(ref))
    Promise.all([store.dropAll(ref), memory.forget(ref)])
      .then(() => this.room())
      .catch(failed)
  }

  /** Looks at consents again when the first of them changes. */
  #tick(): void {
    const { host } = this.#options.part
    const next = this.#contents.tick(host.wall())
    if (next === undefined) this.#timers.clear(consentTimer)
    else this.#timers.set(consentTimer, next - host.wall(), () => this.#tick())
  }

  #tellTrust(): void {
    const { part, feed } = this.#options
    feed({ type: 'keepers', peers: part.trust.keepers() })
    for (const { ref } of this.#contents.active.values()) this.#tellDeclined(ref)
  }

  /** Nothing is kept for an author whom this node does not admit, nor what its user wants none of. */
  #tellDeclined(ref: ContentRef): void {
    const { part, memory, feed } = this.#options
    // Before statements were compared nothing is served; a grant that ran out meanwhile may have been given again.
    const isUnsure = ref.author === part.host.self || !part.statements.fresh
    const isAdmitted = isUnsure || part.trust.check(ref.author).ok
    const isDeclined = memory.isDeclined(ref) || !isAdmitted
    const text = refText(ref)
    if (this.#declined.has(text) === isDeclined) return
    if (isDeclined) this.#declined.add(text)
    else this.#declined.delete(text)
    feed({ type: 'declined', ref, isDeclined })
  }

  async #tellHeld(ref: ContentRef): Promise<void> {
    const { store, memory, feed } = this.#options
    const shares = store.sharesOf(ref)
    const census = await memory.censusOf(ref)
    if (census === undefined) {
      feed({ type: 'held', ref, shares })
      return
    }
    const { unsettledMs } = census
    const proofs = census.proofs.map((proof) => ({
      ...proof,
      until: this.#instantOf(proof.until),
    }))
    feed({ type: 'held', ref, shares, proofs, unsettledMs })
  }

  #instantOf(at: EpochMs): Instant {
    const { host } = this.#options.part
    return instant(host.now() + (at - host.wall()))
  }
}

function endedBy(content: PublishedContent | undefined): 'withdrawn' | 'expired' | 'unknown' {
  const state = content?.consent.state
  return state === 'withdrawn' || state === 'expired' ? state : 'unknown'
}

const consentTimer = 'consents'
const trustTimer = 'trust'
/** Grants that come together are looked at together. Source: our choice. */
const trustMs = 100
