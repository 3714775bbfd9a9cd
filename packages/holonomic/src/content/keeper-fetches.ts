import { after, type Instant } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'
import { type ContentMessage, type Refusal, symbolsPerMessage } from './content-messages.ts'
import type { ContentRef } from './content-ref.ts'
import { FetchBlocks } from './fetch-blocks.ts'
import { keeperLimits } from './keeper-events.ts'
import type { KeeperState } from './keeper-state.ts'
import { areOf } from './keeper-takes.ts'
import type { ContentWatch, KnownContent } from './known-content.ts'

type SymbolsMessage = Extract<ContentMessage, { readonly type: 'symbols' }>

/** Symbols that somebody was asked for. */
interface OpenWant {
  readonly peer: PeerId
  readonly share: number
  readonly fromBlock: number
  readonly count: number
  readonly deadline: Instant
}

/** A reader's fetch of one content. */
interface Fetch {
  readonly token: number
  readonly known: KnownContent
  readonly watch: ContentWatch
  readonly blocks: FetchBlocks
  readonly open: Set<OpenWant>
  /** Peers that are not asked before. */
  readonly pausedUntil: Map<PeerId, Instant>
  /** Shares that a peer does not give after all. */
  readonly refused: Map<PeerId, Set<number>>
  /** The share that a peer was last asked for: it goes on with it. */
  readonly lastShare: Map<PeerId, number>
  /** When the last symbol came. */
  gotAt: Instant
  /** When candidates are asked again. */
  discoverAt: Instant
}

/** What fetches want done. */
export interface FetchesListener {
  readonly discover: (known: KnownContent, watch: ContentWatch) => void
  readonly bad: (known: KnownContent, from: PeerId, share: number) => void
}

/** Gathers symbols for readers: of as many distinct shares as are needed, block by block, from whoever has them. */
export class KeeperFetches {
  readonly #state: KeeperState
  readonly #listener: FetchesListener
  readonly #byToken = new Map<number, Fetch>()
  readonly #byContent = new Map<KnownContent, Set<Fetch>>()

  constructor(state: KeeperState, listener: FetchesListener) {
    this.#state = state
    this.#listener = listener
  }

  begin(token: number, ref: ContentRef, has: readonly number[], toBlock: number): void {
    const known = this.#state.allowed(ref)
    const { now, isFresh } = this.#state
    const isFull = this.#byToken.size >= keeperLimits.fetches || this.#byToken.has(token)
    const watch = known === undefined || isFull ? undefined : this.#state.watch(known)
    if (known === undefined || watch === undefined || !isFresh) {
      const why = isFresh ? 'unknown' : 'not-fresh'
      this.#state.emit({ type: 'failed', token, why, shares: 0, needed: 0 })
      return
    }
    const fetch: Fetch = {
      token,
      known,
      watch,
      blocks: new FetchBlocks(known.manifest, has, toBlock, keeperLimits.blocksAhead),
      open: new Set(),
      pausedUntil: new Map(),
      refused: new Map(),
      lastShare: new Map(),
      gotAt: now,
      discoverAt: after(now, this.#state.config.answerMs),
    }
    watch.uses++
    this.#byToken.set(token, fetch)
    const fetches = this.#byContent.get(known) ?? new Set()
    this.#byContent.set(known, fetches.add(fetch))
    this.#listener.discover(known, watch)
    this.#pump(fetch)
  }

  contentOf(token: number): KnownContent | undefined {
    return this.#byToken.get(token)?.known
  }

  pull(token: number, toBlock: number): void {
    const fetch = this.#byToken.get(token)
    if (fetch === undefined) return
    fetch.blocks.toBlock = Math.max(fetch.blocks.toBlock, toBlock)
    fetch.gotAt = this.#state.now
    this.#pump(fetch)
  }

  more(token: number, block: number): void {
    const fetch = this.#byToken.get(token)
    if (fetch === undefined) return
    fetch.blocks.more(block)
    fetch.gotAt = this.#state.now
    this.#pump(fetch)
  }

  cancel(token: number): void {
    const fetch = this.#byToken.get(token)
    if (fetch !== undefined) this.#end(fetch)
  }

  /** Symbols came. */
  received(from: PeerId, message: SymbolsMessage): void {
    const known = this.#state.allowed(message.ref)
    for (const fetch of [...((known && this.#byContent.get(known)) ?? [])]) {
      for (const want of fetch.open) {
        const { peer, share, fromBlock } = want
        if (peer !== from || share !== message.share || fromBlock !== message.fromBlock) continue
        if (!this.#took(fetch, want, message)) return
        break
      }
    }
  }

  /** Somebody says what it holds. */
  heard(known: KnownContent): void {
    for (const fetch of this.#byContent.get(known) ?? []) this.#pump(fetch)
  }

  /** A peer cannot be reached, is avoided, or has let go of a content. */
  lost(peer: PeerId, known?: KnownContent): void {
    for (const fetch of this.#byToken.values()) {
      if (known !== undefined && fetch.known !== known) continue
      let isAsked = false
      for (const want of fetch.open) {
        if (want.peer !== peer) continue
        this.#close(fetch, want)
        isAsked = true
      }
      if (isAsked) this.#pump(fetch)
    }
  }

  /** Nothing of a content may be read any more. */
  drop(known: KnownContent): void {
    for (const fetch of [...(this.#byContent.get(known) ?? [])]) this.#fail(fetch, 'unknown')
  }

  isFetching(known: KnownContent): boolean {
    return this.#byContent.has(known)
  }

  nextAt(known: KnownContent): Instant | undefined {
    let next: Instant | undefined
    const consider = (at: Instant): void => {
      if (next === undefined || at < next) next = at
    }
    for (const fetch of this.#byContent.get(known) ?? []) {
      for (const { deadline } of fetch.open) consider(deadline)
      for (const until of fetch.pausedUntil.values()) consider(until)
      if (this.#isStarving(fetch)) consider(fetch.discoverAt)
    }
    return next
  }

  due(known: KnownContent): void {
    const { now, config } = this.#state
    for (const fetch of [...(this.#byContent.get(known) ?? [])]) {
      for (const want of fetch.open) {
        if (want.deadline > now) continue
        this.#close(fetch, want)
        fetch.pausedUntil.set(want.peer, after(now, config.awayMs))
      }
      for (const [peer, until] of fetch.pausedUntil)
        if (until <= now) fetch.pausedUntil.delete(peer)
      this.#pump(fetch)
      if (!this.#isStarving(fetch) || fetch.discoverAt > now) continue
      if (after(fetch.gotAt, config.fetchMs) <= now) {
        this.#fail(fetch, 'too-few')
        continue
      }
      fetch.discoverAt = after(now, config.answerMs)
      this.#listener.discover(known, fetch.watch)
    }
  }

  #took(fetch: Fetch, want: OpenWant, message: SymbolsMessage): boolean {
    const { known, blocks } = fetch
    const { peer, share, fromBlock, count } = want
    const { why } = message
    // The answer to another want of this peer may be longer: it is right, too.
    const symbols = message.symbols.slice(0, count)
    if (symbols.length === 0) {
      this.#close(fetch, want)
      this.#refused(fetch, peer, share, why)
      this.#pump(fetch)
      return true
    }
    if (!areOf(known, share, fromBlock, symbols)) {
      this.#listener.bad(known, peer, share)
      return false
    }
    this.#close(fetch, want)
    const news = symbols.filter(({ id }) => {
      blocks.ask(id.block, share)
      return blocks.take(id.block, share)
    })
    blocks.settle()
    fetch.gotAt = this.#state.now
    if (news.length > 0) {
      this.#state.emit({ type: 'symbols', token: fetch.token, symbols: news })
    }
    this.#pump(fetch)
    return true
  }

  #refused(fetch: Fetch, peer: PeerId, share: number, why: Refusal | undefined): void {
    if (why === 'busy' || why === 'not-yet') {
      fetch.pausedUntil.set(peer, after(this.#state.now, this.#state.about(pauseMs)))
      return
    }
    const shares = fetch.refused.get(peer) ?? new Set()
    fetch.refused.set(peer, shares.add(share))
  }

  #close(fetch: Fetch, want: OpenWant): void {
    if (!fetch.open.delete(want)) return
    for (let block = want.fromBlock; block < want.fromBlock + want.count; block++) {
      fetch.blocks.unask(block, want.share)
    }
  }

  /** Asks whoever has something that is wanted and nothing to do, one want each in turn. */
  #pump(fetch: Fetch): void {
    const openByPeer = new Map<PeerId, number>()
    for (const { peer } of fetch.open) openByPeer.set(peer, (openByPeer.get(peer) ?? 0) + 1)
    for (let turn = 0; turn < keeperLimits.wantsPerPeer; turn++) {
      for (const [peer, shares] of this.#sources(fetch)) {
        const open = openByPeer.get(peer) ?? 0
        if (open > turn || fetch.pausedUntil.has(peer) || !this.#state.answers(peer)) continue
        if (this.#ask(fetch, peer, shares)) openByPeer.set(peer, open + 1)
      }
    }
  }

  /** Who has what: holders by what they say, and the author, who may have the whole. */
  *#sources({ watch, known, refused }: Fetch): Generator<readonly [PeerId, readonly number[]]> {
    for (const [peer, { shares }] of watch.holders.claims) yield [peer, shares]
    const { author } = known.ref
    if (author === this.#state.self || watch.holders.claims.has(author)) return
    if (refused.has(author)) return
    yield [author, Array.from({ length: known.manifest.shares }, (_, share) => share)]
  }

  #ask(fetch: Fetch, peer: PeerId, shares: readonly number[]): boolean {
    const { blocks, known } = fetch
    const [from, to] = blocks.window
    const refused = fetch.refused.get(peer)
    const last = fetch.lastShare.get(peer)
    const order = last !== undefined && shares.includes(last) ? [last, ...shares] : shares
    for (let block = from; block < to; block++) {
      if (!blocks.isShort(block)) continue
      const share = order.find((one) => refused?.has(one) !== true && blocks.lacks(block, one))
      if (share === undefined) continue
      const most = symbolsPerMessage(known.manifest.transfer.symbolBytes)
      let count = 0
      while (
        count < most &&
        block + count < to &&
        blocks.isShort(block + count) &&
        blocks.lacks(block + count, share)
      ) {
        blocks.ask(block + count, share)
        count++
      }
      const deadline = after(this.#state.now, this.#state.config.wantMs)
      fetch.open.add({ peer, share, fromBlock: block, count, deadline })
      fetch.lastShare.set(peer, share)
      this.#state.send(peer, { type: 'want', ref: known.ref, share, fromBlock: block, count })
      return true
    }
    return false
  }

  /** True when symbols are wanted and nobody is asked for any. */
  #isStarving(fetch: Fetch): boolean {
    const [from, to] = fetch.blocks.window
    if (fetch.open.size > 0) return false
    for (let block = from; block < to; block++) if (fetch.blocks.isShort(block)) return true
    return false
  }

  #fail(fetch: Fetch, why: 'unknown' | 'too-few'): void {
    const shares = new Set<number>()
    for (const claim of fetch.watch.holders.claims.values()) {
      for (const share of claim.shares) shares.add(share)
    }
    const needed = fetch.known.manifest.policy.sourceSymbols
    this.#state.emit({ type: 'failed', token: fetch.token, why, shares: shares.size, needed })
    this.#end(fetch)
  }

  #end(fetch: Fetch): void {
    this.#byToken.delete(fetch.token)
    const fetches = this.#byContent.get(fetch.known)
    fetches?.delete(fetch)
    if (fetches?.size === 0) this.#byContent.delete(fetch.known)
    fetch.watch.uses--
  }
}

/** Source: our choice: some round trips. */
const pauseMs = 500
