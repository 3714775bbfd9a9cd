import type { ContentSymbol } from '@kithnet/fountain'
import { after, type Fired, type Instant, type Machine } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'
import { auditTimer } from '../retention/possession-audit.ts'
import type { ContentMessage } from './content-messages.ts'
import { type ContentRef, refText } from './content-ref.ts'
import { KeeperAudits, type OwnSymbol, type Verdict } from './keeper-audits.ts'
import {
  type KeeperEffect,
  type KeeperEvent,
  type KeeperOutput,
  type Proof,
} from './keeper-events.ts'
import { KeeperClaims } from './keeper-claims.ts'
import { KeeperContents } from './keeper-contents.ts'
import { KeeperDiscovery } from './keeper-discovery.ts'
import { KeeperFetches } from './keeper-fetches.ts'
import { KeeperLeaving } from './keeper-leaving.ts'
import { KeeperPlans } from './keeper-plans.ts'
import { KeeperServing, type Serving } from './keeper-serving.ts'
import { type KeeperOptions, KeeperState } from './keeper-state.ts'
import { KeeperSurveys } from './keeper-surveys.ts'
import { areOf, KeeperTakes, type OwnShare } from './keeper-takes.ts'
import type { ContentWatch, KnownContent } from './known-content.ts'

/** What a `load` is for. */
type Loading = OwnSymbol | OwnShare | Serving

/**
 * Keeps shares of contents among peers: finds keepers for what its user publishes, takes what others ask it to keep, serves
 * and proves it, finds the other holders and asks them for proofs, mends what is missing, lets go of what is too much, and
 * gathers symbols for readers. It keeps no symbol: what it holds is stored and read outside.
 */
export class ContentKeeper implements Machine<
  KeeperEvent,
  PeerId,
  ContentMessage,
  string,
  KeeperOutput
> {
  readonly #state: KeeperState
  readonly #serving: KeeperServing
  readonly #audits: KeeperAudits
  readonly #takes: KeeperTakes
  readonly #fetches: KeeperFetches
  readonly #plans: KeeperPlans
  readonly #surveys: KeeperSurveys
  readonly #leaving: KeeperLeaving
  readonly #contents: KeeperContents
  readonly #claims: KeeperClaims
  readonly #loadings = new Map<number, Loading>()
  /** Contents whose timer may have to be set anew. */
  readonly #touched = new Set<KnownContent>()

  constructor(options: KeeperOptions) {
    const state = new KeeperState(options)
    this.#state = state
    this.#serving = new KeeperServing(state, (known, serving, share, fromBlock) => {
      this.#load(known, serving, share, fromBlock, serving.count)
    })
    this.#audits = new KeeperAudits(
      state,
      (own) => this.#load(own.known, own, own.share, own.block, 1),
      (verdict) => this.#found(verdict),
    )
    const bad = (known: KnownContent, from: PeerId, share: number): void => {
      const { content } = known.ref
      this.#avoid(from, { code: 'holonomic/bad-symbol', content, share })
    }
    const discovery = new KeeperDiscovery(state)
    const leaving = new KeeperLeaving(state)
    this.#leaving = leaving
    this.#takes = new KeeperTakes(state, {
      load: (own, count) => this.#load(own.known, own, own.share, own.fromBlock, count),
      stored: (known, from, share, isLast) => this.#contents.stored(known, from, share, isLast),
      known: (known, from) => {
        if (known.watch !== undefined) discovery.ask(known, known.watch, from, 0)
      },
      bad,
    })
    const parts = { audits: this.#audits, takes: this.#takes, discovery, leaving }
    this.#plans = new KeeperPlans(state, parts)
    this.#surveys = new KeeperSurveys(state, discovery, this.#audits)
    const discover = (known: KnownContent, watch: ContentWatch): void => {
      discovery.discover(known, watch, true)
      discovery.ask(known, watch, known.ref.author)
    }
    this.#fetches = new KeeperFetches(state, { discover, bad })
    const all = { ...parts, plans: this.#plans, surveys: this.#surveys, fetches: this.#fetches }
    this.#contents = new KeeperContents(state, all)
    this.#claims = new KeeperClaims(state, all)
  }

  /** Who has proven to hold which shares of a content; this peer itself is not among them. */
  proofs(ref: ContentRef, now: Instant): readonly Proof[] {
    const watch = this.#state.contents.get(refText(ref))?.watch
    return watch?.holders.proofs(this.#state.self, now) ?? []
  }

  on(event: KeeperEvent | Fired<string>, now: Instant): readonly KeeperEffect[] {
    this.#state.now = now
    this.#handle(event)
    for (const known of this.#touched) this.#schedule(known)
    this.#touched.clear()
    return this.#state.taken()
  }

  #handle(event: KeeperEvent | Fired<string>): void {
    switch (event.type) {
      case 'received':
        this.#received(event.from, event.message)
        return
      case 'linkUp':
        this.#state.away.delete(event.peer)
        return
      case 'linkDown':
        if (event.cause === 'unreachable') this.#state.away.set(event.peer, true, this.#state.now)
        this.#lost(event.peer)
        return
      case 'malformed':
        this.#avoid(event.from, event.fault)
        return
      case 'keepers':
        this.#state.keepers = event.peers
        this.#state.keeperSet = new Set(event.peers)
        for (const known of this.#state.active) this.#claims.check(known)
        return
      case 'fresh':
        this.#freshened(event.isFresh)
        return
      case 'room':
        this.#state.room = event.bytes
        if (event.bytes < 0) this.#leaving.makeRoom()
        for (const known of this.#state.active) this.#touched.add(known)
        return
      case 'loaded':
        this.#loaded(event.token, event.symbols)
        return
      case 'made':
        this.#made(event.token, event.isMade)
        return
      case 'fetch': {
        const { token, ref, has, toBlock } = event
        this.#fetches.begin(token, ref, has, toBlock)
        this.#touch(ref)
        return
      }
      case 'pull':
      case 'more':
      case 'cancel':
        this.#read(event)
        return
      case 'fired':
        this.#fired(event.key)
        return
      default:
        this.#touch(event.ref)
        this.#contents.on(event)
        // It may be watched only since then.
        this.#touch(event.ref)
    }
  }

  #received(from: PeerId, message: ContentMessage): void {
    if (from === this.#state.self) return
    // Whoever speaks can be reached.
    this.#state.away.delete(from)
    switch (message.type) {
      case 'ask-holding':
      case 'want':
      case 'challenge':
      case 'keep':
        if (this.#serving.admits(from)) this.#asked(from, message)
        return
      case 'answer':
      case 'shown':
        this.#audits.received(from, message)
        return
      case 'symbols':
        if (!this.#takes.received(from, message)) this.#fetches.received(from, message)
        break
      case 'holding':
        if (!this.#serving.admits(from)) return
        this.#claims.heard(from, message.ref, message.shares, message.hints)
        break
      case 'kept': {
        const known = this.#state.allowed(message.ref)
        known?.watch?.placement?.kept(from, message.shares, message.why)
        break
      }
      case 'gone':
        if (!this.#serving.admits(from)) return
        this.#claims.gone(from, message.ref, message.shares)
    }
    this.#touch(message.ref)
  }

  #asked(
    from: PeerId,
    message: Extract<
      ContentMessage,
      { readonly type: 'ask-holding' | 'want' | 'challenge' | 'keep' }
    >,
  ): void {
    switch (message.type) {
      case 'want':
        this.#serving.want(from, message)
        this.#touch(message.ref)
        return
      case 'challenge':
        this.#serving.challenge(from, message)
        this.#claims.challenged(from, message)
        return
      case 'keep':
        this.#takes.keep(from, message.ref, message.shares)
        this.#touch(message.ref)
        return
      case 'ask-holding':
        this.#claims.asked(from, message.ref, message.shares)
        this.#touch(message.ref)
    }
  }

  #freshened(isFresh: boolean): void {
    this.#state.isFresh = isFresh
    for (const known of this.#state.active) {
      if (isFresh && known.watch !== undefined) this.#plans.freshened(known.watch)
      this.#touched.add(known)
    }
  }

  #found({ known, holder, share, result }: Verdict): void {
    this.#touched.add(known)
    this.#surveys.heard(known, holder)
    const { watch } = known
    if (watch === undefined || result === 'unsure') return
    if (result === 'proven') {
      watch.placement?.proven(holder, share)
      return
    }
    watch.placement?.failed(holder, 'unproven')
    const { content } = known.ref
    if (result === 'wrong') this.#avoid(holder, { code: 'holonomic/not-held', content, share })
    else {
      this.#state.silent.set(holder, true, this.#state.now)
      const note = { type: 'silent', peer: holder, shares: [share] } as const
      this.#state.emit({ type: 'noted', ref: known.ref, note })
    }
  }

  /** Whoever broke a rule counts for nothing, and is neither asked nor believed for a while. */
  #avoid(from: PeerId, fault: Extract<KeeperOutput, { readonly type: 'reject' }>['fault']): void {
    this.#state.avoided.set(from, true, this.#state.now)
    this.#state.emit({ type: 'reject', from, fault })
    this.#lost(from)
    for (const known of this.#state.active) known.watch?.holders.forget(from)
  }

  /** Nothing is to come of what a peer was asked for. */
  #lost(peer: PeerId): void {
    for (const known of this.#state.active) {
      const { watch } = known
      if (watch === undefined) continue
      if (watch.holders.claims.has(peer) || watch.placement?.isAbout(peer) === true) {
        this.#touched.add(known)
      }
      if (this.#takes.isTaking(known) || this.#fetches.isFetching(known)) this.#touched.add(known)
      watch.placement?.failed(peer, 'unreachable')
    }
    this.#audits.callOff(peer)
    this.#surveys.lost(peer)
    this.#takes.lost(peer)
    this.#fetches.lost(peer)
  }

  #load(
    known: KnownContent,
    loading: Loading,
    share: number,
    fromBlock: number,
    count: number,
  ): void {
    const token = this.#state.nextToken()
    this.#loadings.set(token, loading)
    this.#state.emit({ type: 'load', token, ref: known.ref, share, fromBlock, count })
  }

  #loaded(token: number, symbols: readonly ContentSymbol[]): void {
    const loading = this.#loadings.get(token)
    if (loading === undefined) return
    this.#loadings.delete(token)
    if (loading.type === 'audit') {
      // A symbol that a disk has spoilt proves nobody wrong.
      const { known, share, block } = loading
      const own = areOf(known, share, block, symbols) ? symbols : []
      this.#audits.loaded(loading, own)
    } else if (loading.type === 'take') this.#takes.loaded(loading, symbols)
    else this.#serving.loaded(loading, symbols)
    if ('known' in loading) this.#touched.add(loading.known)
  }

  #made(token: number, isMade: boolean): void {
    for (const known of this.#state.active) {
      const { watch } = known
      if (watch?.plan?.making?.token !== token) continue
      this.#plans.made(known, watch, token, isMade)
      this.#touched.add(known)
      return
    }
    this.#state.emit({ type: 'release', token })
  }

  #read(event: Extract<KeeperEvent, { readonly type: 'pull' | 'more' | 'cancel' }>): void {
    const known = this.#fetches.contentOf(event.token)
    if (known === undefined) return
    this.#touched.add(known)
    if (event.type === 'pull') this.#fetches.pull(event.token, event.toBlock)
    else if (event.type === 'more') this.#fetches.more(event.token, event.block)
    else this.#fetches.cancel(event.token)
  }

  #fired(key: string): void {
    if (key === auditTimer) {
      this.#audits.fired(key)
      return
    }
    const known = this.#state.contents.get(key)
    if (known === undefined) return
    known.armedAt = undefined
    const { watch } = known
    if (watch === undefined) return
    this.#touched.add(known)
    this.#takes.due(known)
    this.#fetches.due(known)
    watch.placement?.due()
    this.#surveys.due(known)
    this.#plans.due(known, watch)
  }

  #touch(ref: ContentRef): void {
    const known = this.#state.contents.get(refText(ref))
    if (known?.watch !== undefined) this.#touched.add(known)
  }

  /** Sets the one timer of a content, or forgets what is no longer of use. */
  #schedule(known: KnownContent): void {
    const { watch } = known
    if (watch === undefined) return
    this.#plans.settle(known, watch)
    if (this.#isIdle(known, watch)) {
      known.watch = undefined
      this.#state.active.delete(known)
    }
    const times = [
      this.#plans.nextAt(watch),
      watch.placement?.nextAt,
      this.#takes.nextAt(known),
      this.#fetches.nextAt(known),
      this.#surveys.nextAt(known),
    ]
    let next: Instant | undefined
    for (const at of known.watch === undefined ? [] : times) {
      if (at !== undefined && (next === undefined || at < next)) next = at
    }
    // What is overdue is done in a moment, never in a loop without time.
    const at = next === undefined ? undefined : later(next, after(this.#state.now, leastWaitMs))
    if (at === known.armedAt) return
    known.armedAt = at
    this.#state.push(
      at === undefined ? { type: 'disarm', key: known.key } : { type: 'arm', key: known.key, at },
    )
  }

  #isIdle(known: KnownContent, watch: ContentWatch): boolean {
    const isKeeping = watch.held.size > 0 || watch.isOwned || watch.placement !== undefined
    return !isKeeping && watch.uses === 0 && watch.made.size === 0 && !this.#takes.isTaking(known)
  }
}

function later(one: Instant, other: Instant): Instant {
  return one > other ? one : other
}

/** Source: our choice. */
const leastWaitMs = 10
