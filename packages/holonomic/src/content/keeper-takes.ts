import { checkContentSymbol, type ContentSymbol } from '@kithnet/fountain'
import { after, type Instant } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'
import { holdersWanted, sharesEach } from '../retention/retention-plan.ts'
import { type ContentMessage, type Refusal, symbolsPerMessage } from './content-messages.ts'
import type { ContentRef } from './content-ref.ts'
import { keeperLimits } from './keeper-events.ts'
import type { KeeperState } from './keeper-state.ts'
import { type KnownContent, shareBytes } from './known-content.ts'

/** A share on its way here. */
interface Take {
  readonly from: PeerId
  readonly share: number
  nextBlock: number
  /** `waiting`: others go first; `wanted`: an answer is due; `paused`: the peer was busy; `storing`: all of it is here. */
  state: 'waiting' | 'wanted' | 'paused' | 'storing'
  /** Of what is wanted, or of the pause. */
  deadline: Instant
  /** When the last of it came. */
  progressAt: Instant
}

/** Symbols of this peer's own that it is to keep like any other keeper. */
export interface OwnShare {
  readonly type: 'take'
  readonly known: KnownContent
  readonly share: number
  readonly fromBlock: number
}

/** What takes want done. */
export interface TakesListener {
  readonly load: (own: OwnShare, count: number) => void
  /** A share is whole and durable. `isLast`: no more of the content are on their way from this peer. */
  readonly stored: (known: KnownContent, from: PeerId, share: number, isLast: boolean) => void
  /** A peer asked to keep what is kept already. */
  readonly known: (known: KnownContent, from: PeerId) => void
  readonly bad: (known: KnownContent, from: PeerId, share: number) => void
}

type SymbolsMessage = Extract<ContentMessage, { readonly type: 'symbols' }>

/** Takes shares that others ask this peer to keep: decides which, fetches them from who asked, and has them stored. */
export class KeeperTakes {
  readonly #state: KeeperState
  readonly #listener: TakesListener
  readonly #byContent = new Map<KnownContent, Map<number, Take>>()
  readonly #countByPeer = new Map<PeerId, number>()
  #count = 0

  constructor(state: KeeperState, listener: TakesListener) {
    this.#state = state
    this.#listener = listener
  }

  /** A peer asks to keep shares. */
  keep(from: PeerId, ref: ContentRef, shares: readonly number[]): void {
    const known = this.#state.allowed(ref)
    const why = this.#refusal(from, known)
    if (known === undefined || why !== undefined) {
      this.#state.send(from, { type: 'kept', ref, shares: [], why })
      return
    }
    const { taken, begun, full } = this.#choose(from, known, shares)
    const kept = taken.length > 0 ? undefined : full
    this.#state.send(from, { type: 'kept', ref, shares: taken, why: kept })
    for (const share of begun) this.#begin(known, from, share)
    if (begun.length === 0 && taken.length > 0) this.#listener.known(known, from)
    this.#pump(known, from)
  }

  /** This peer is one of the keepers of what it has or has made: it stores that as if it had come from another. */
  keepOwn(known: KnownContent, shares: readonly number[]): void {
    const { self } = this.#state
    for (const share of this.#choose(self, known, shares).begun) this.#begin(known, self, share)
    this.#pump(known, self)
  }

  /** Symbols of this peer's own were read. */
  loaded({ known, share, fromBlock }: OwnShare, symbols: readonly ContentSymbol[]): void {
    const take = this.#byContent.get(known)?.get(share)
    if (take?.state !== 'wanted' || take.nextBlock !== fromBlock) return
    if (take.from !== this.#state.self) return
    if (symbols.length === 0) this.#abandon(known, take)
    else this.#took(known, take, symbols)
  }

  /** Symbols came. False when they are for nothing that is being taken. */
  received(from: PeerId, message: SymbolsMessage): boolean {
    const known = this.#state.allowed(message.ref)
    const take = known && this.#byContent.get(known)?.get(message.share)
    if (known === undefined || take === undefined || take.from !== from) return false
    if (take.state !== 'wanted' || take.nextBlock !== message.fromBlock) return true
    if (message.symbols.length === 0) this.#refused(known, take, message.why)
    else this.#took(known, take, message.symbols)
    return true
  }

  /** What `store` asked for is done. */
  stored(known: KnownContent, share: number, isStored: boolean): void {
    const take = this.#byContent.get(known)?.get(share)
    if (take?.state !== 'storing') return
    if (!isStored) {
      this.#abandon(known, take)
      return
    }
    this.#end(known, take)
    const { watch } = known
    if (watch === undefined) return
    watch.held.add(share)
    this.#listener.stored(known, take.from, share, !this.#hasFrom(known, take.from))
  }

  /** A peer cannot be reached, or has let go of shares. */
  lost(from: PeerId, known?: KnownContent, shares?: readonly number[]): void {
    if (!this.#countByPeer.has(from)) return
    for (const one of known === undefined ? [...this.#byContent.keys()] : [known]) {
      for (const take of [...(this.#byContent.get(one)?.values() ?? [])]) {
        if (take.from !== from || take.state === 'storing') continue
        if (shares === undefined || shares.includes(take.share)) this.#abandon(one, take)
      }
    }
  }

  /** Nothing of a content is taken any more. Gives the shares that were on their way. */
  drop(known: KnownContent): readonly number[] {
    const takes = [...(this.#byContent.get(known)?.values() ?? [])]
    for (const take of takes) this.#end(known, take)
    return takes.map(({ share }) => share)
  }

  isTaking(known: KnownContent): boolean {
    return this.#byContent.has(known)
  }

  nextAt(known: KnownContent): Instant | undefined {
    let next: Instant | undefined
    for (const { state, deadline } of this.#byContent.get(known)?.values() ?? []) {
      const isTimed = state === 'wanted' || state === 'paused'
      if (isTimed && (next === undefined || deadline < next)) next = deadline
    }
    return next
  }

  due(known: KnownContent): void {
    for (const take of [...(this.#byContent.get(known)?.values() ?? [])]) {
      if (take.deadline > this.#state.now) continue
      if (take.state === 'paused') this.#want(known, take)
      else if (take.state === 'wanted') this.#abandon(known, take)
    }
  }

  #refusal(from: PeerId, known: KnownContent | undefined): Refusal | undefined {
    const state = this.#state
    if (!state.isFresh) return 'not-yet'
    if (known === undefined) return 'not-allowed'
    if (known.isDeclined || !state.keeperSet.has(state.self)) return 'declined'
    if (from !== known.ref.author && !state.keeperSet.has(from)) return 'not-allowed'
    if (state.avoided.has(from, state.now)) return 'not-allowed'
    return this.#isInReach(known) ? undefined : 'declined'
  }

  /** Whether this peer's rank makes it one of those who may be asked: whoever asks everybody gets no more than these. */
  #isInReach(known: KnownContent): boolean {
    const { keepers, self } = this.#state
    const wanted = holdersWanted(known.manifest.policy, known.tier, keepers.length)
    const reach = reachTimes * wanted + leastReach
    return keepers.length <= reach || this.#state.order(known).indexOf(self) < reach
  }

  #choose(
    from: PeerId,
    known: KnownContent,
    shares: readonly number[],
  ): {
    readonly taken: readonly number[]
    readonly begun: readonly number[]
    readonly full: Refusal
  } {
    const { manifest } = known
    const held = known.watch?.held
    const underWay = this.#byContent.get(known)
    const most = loadTimes * sharesEach(manifest.policy, this.#state.keepers.length)
    let left = most - (held?.size ?? 0) - (underWay?.size ?? 0)
    let free = this.#state.room - this.#state.promised
    let forPeer = keeperLimits.takesPerPeer - (this.#countByPeer.get(from) ?? 0)
    let inAll = keeperLimits.takes - this.#count
    const bytes = shareBytes(manifest)
    const taken: number[] = []
    const begun: number[] = []
    let full: Refusal = 'declined'
    for (const share of shares) {
      if (share >= manifest.shares) continue
      if (held?.has(share) === true || underWay?.get(share)?.from === from) {
        taken.push(share)
        continue
      }
      if (underWay?.has(share) === true) full = 'busy'
      else if (left <= 0) continue
      else if (free < bytes) full = 'no-room'
      else if (forPeer <= 0 || inAll <= 0) full = 'busy'
      else {
        taken.push(share)
        begun.push(share)
        left--
        forPeer--
        inAll--
        free -= bytes
      }
    }
    return { taken, begun, full }
  }

  #begin(known: KnownContent, from: PeerId, share: number): void {
    const watch = this.#state.watch(known)
    if (watch === undefined) return
    let takes = this.#byContent.get(known)
    if (takes === undefined) this.#byContent.set(known, (takes = new Map()))
    const { now } = this.#state
    const state = 'waiting'
    takes.set(share, { from, share, nextBlock: 0, state, deadline: now, progressAt: now })
    this.#state.promised += shareBytes(known.manifest)
    this.#countByPeer.set(from, (this.#countByPeer.get(from) ?? 0) + 1)
    this.#count++
  }

  /** Wants of the shares of one content from one peer, some at a time. */
  #pump(known: KnownContent, from: PeerId): void {
    let open = 0
    const takes = [...(this.#byContent.get(known)?.values() ?? [])].filter(
      (take) => take.from === from,
    )
    for (const { state } of takes) if (state === 'wanted' || state === 'paused') open++
    for (const take of takes) {
      if (open >= keeperLimits.wantsPerPeer) return
      if (take.state !== 'waiting') continue
      open++
      this.#want(known, take)
    }
  }

  #want(known: KnownContent, take: Take): void {
    const { share, nextBlock: fromBlock } = take
    const perMessage = symbolsPerMessage(known.manifest.transfer.symbolBytes)
    const count = Math.min(perMessage, known.blocks - fromBlock)
    take.state = 'wanted'
    take.deadline = after(this.#state.now, this.#state.config.wantMs)
    if (take.from === this.#state.self) {
      this.#listener.load({ type: 'take', known, share, fromBlock }, count)
    } else {
      this.#state.send(take.from, { type: 'want', ref: known.ref, share, fromBlock, count })
    }
  }

  #took(known: KnownContent, take: Take, symbols: readonly ContentSymbol[]): void {
    if (!areOf(known, take.share, take.nextBlock, symbols)) {
      this.#listener.bad(known, take.from, take.share)
      return
    }
    const { ref } = known
    take.nextBlock += symbols.length
    take.progressAt = this.#state.now
    const isLast = take.nextBlock === known.blocks
    this.#state.emit({ type: 'store', ref, share: take.share, symbols, isLast })
    if (isLast) {
      take.state = 'storing'
      this.#pump(known, take.from)
    } else {
      this.#want(known, take)
    }
  }

  #refused(known: KnownContent, take: Take, why: Refusal | undefined): void {
    const { now, config } = this.#state
    const isOver = after(take.progressAt, config.takeMs) <= now
    if (isOver || (why !== 'busy' && why !== 'not-yet')) {
      this.#abandon(known, take)
      return
    }
    take.state = 'paused'
    take.deadline = after(now, this.#state.about(pauseMs))
  }

  #abandon(known: KnownContent, take: Take): void {
    this.#end(known, take)
    this.#state.emit({ type: 'drop', ref: known.ref, shares: [take.share] })
    this.#pump(known, take.from)
  }

  #end(known: KnownContent, take: Take): void {
    const takes = this.#byContent.get(known)
    if (takes?.delete(take.share) !== true) return
    if (takes.size === 0) this.#byContent.delete(known)
    this.#state.promised -= shareBytes(known.manifest)
    this.#count--
    const left = this.#countByPeer.get(take.from)! - 1
    if (left === 0) this.#countByPeer.delete(take.from)
    else this.#countByPeer.set(take.from, left)
  }

  #hasFrom(known: KnownContent, from: PeerId): boolean {
    for (const take of this.#byContent.get(known)?.values() ?? []) {
      if (take.from === from) return true
    }
    return false
  }
}

/** Whether symbols are those of a share, from a block on. */
export function areOf(
  { manifest }: KnownContent,
  share: number,
  fromBlock: number,
  symbols: readonly ContentSymbol[],
): boolean {
  return symbols.every(
    (symbol, index) =>
      symbol.id.symbol === share &&
      symbol.id.block === fromBlock + index &&
      checkContentSymbol(symbol, manifest).ok,
  )
}

/** How far down the ranking a keeper may be asked: many before it may be away. Source: our choice. */
const reachTimes = 4
const leastReach = 16
/** How many times its part a keeper takes, when others are away. Source: our choice. */
const loadTimes = 4
/** Source: our choice: some round trips. */
const pauseMs = 1_000
