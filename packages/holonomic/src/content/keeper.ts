import type { ContentSymbol } from '@kithnet/fountain'
import { after, type Fired, type Instant, instant, type Machine } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'
import { auditTimer } from '../retention/possession-audit.ts'
import type { ContentMessage } from './content-messages.ts'
import { type ContentRef, refText } from './content-ref.ts'
import { KeeperAudits, type OwnSymbol, type Verdict } from './keeper-audits.ts'
import {
  type KeeperEffect,
  type KeeperEvent,
  keeperLimits,
  type KeeperOutput,
  type Proof,
} from './keeper-events.ts'
import { KeeperFetches } from './keeper-fetches.ts'
import { KeeperPlans } from './keeper-plans.ts'
import { KeeperServing, type Serving } from './keeper-serving.ts'
import { type KeeperOptions, KeeperState } from './keeper-state.ts'
import { KeeperSurveys } from './keeper-surveys.ts'
import { KeeperTakes, type OwnShare } from './keeper-takes.ts'
import { type ContentWatch, KnownContent, shareBytes } from './known-content.ts'

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
    this.#takes = new KeeperTakes(state, {
      load: (own, count) => this.#load(own.known, own, own.share, own.fromBlock, count),
      stored: (known, from, share, isLast) => this.#stored(known, from, share, isLast),
      known: (known, from) => {
        if (known.watch !== undefined) this.#plans.ask(known, known.watch, from, 0)
      },
      bad,
    })
    this.#plans = new KeeperPlans(state, this.#audits, this.#takes)
    this.#surveys = new KeeperSurveys(state, this.#plans, this.#audits)
    const discover = (known: KnownContent, watch: ContentWatch): void => {
      this.#plans.discover(known, watch, true)
      this.#plans.ask(known, watch, known.ref.author)
    }
    this.#fetches = new KeeperFetches(state, { discover, bad })
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
        return
      case 'fresh':
        this.#freshened(event.isFresh)
        return
      case 'room':
        this.#state.room = event.bytes
        if (event.bytes < 0) this.#plans.makeRoom()
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
        this.#about(event)
    }
  }

  /** What is about one content. */
  #about(
    event: Extract<
      KeeperEvent,
      {
        readonly type:
          | 'content'
          | 'forgotten'
          | 'held'
          | 'owned'
          | 'disowned'
          | 'declined'
          | 'place'
          | 'survey'
          | 'stored'
      }
    >,
  ): void {
    const known = this.#state.contents.get(refText(event.ref))
    this.#touch(event.ref)
    switch (event.type) {
      case 'content':
        this.#learn(event, known)
        return
      case 'forgotten':
        if (known !== undefined) this.#forget(known)
        return
      case 'held':
        this.#held(event, known)
        return
      case 'owned': {
        const watch = known && this.#state.watch(known)
        if (watch === undefined) return
        watch.isOwned = true
        this.#plans.begin(watch, false)
        return
      }
      case 'disowned':
        if (known?.watch !== undefined) known.watch.isOwned = false
        return
      case 'declined':
        if (known !== undefined) this.#decline(known, event.isDeclined)
        return
      case 'place':
        this.#place(event.ref, known)
        return
      case 'survey':
        this.#surveys.begin(event.token, event.ref)
        return
      case 'stored':
        if (known !== undefined) this.#takes.stored(known, event.share, event.isStored)
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
        this.#claimed(from, message.ref, message.shares, message.hints)
        break
      case 'kept': {
        const known = this.#state.allowed(message.ref)
        known?.watch?.placement?.kept(from, message.shares, message.why)
        break
      }
      case 'gone':
        this.#gone(from, message.ref, message.shares)
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
        return
      case 'keep':
        this.#takes.keep(from, message.ref, message.shares)
        this.#touch(message.ref)
        return
      case 'ask-holding': {
        const { ref } = message
        if (!this.#state.isFresh) return
        const watch = this.#state.allowed(ref)?.watch
        const shares = [...(watch?.held ?? [])].sort((a, b) => a - b)
        const hints = watch?.holders.hints(this.#state.self, from, this.#state.now) ?? []
        this.#state.send(from, { type: 'holding', ref, shares, hints })
        if (message.shares.length > 0) this.#claimed(from, ref, message.shares, [])
        this.#touch(ref)
      }
    }
  }

  /** A peer says what it holds, and of whom it knows. */
  #claimed(
    from: PeerId,
    ref: ContentRef,
    shares: readonly number[],
    hints: readonly PeerId[],
  ): void {
    const known = this.#state.allowed(ref)
    const watch = known?.watch
    const state = this.#state
    if (known === undefined || watch === undefined || !state.keeperSet.has(from)) return
    if (state.avoided.has(from, state.now)) return
    const real = shares.filter((share) => share < known.manifest.shares)
    const isNews = watch.holders.claim(from, real, state.now)
    for (const peer of hints) {
      if (!state.keeperSet.has(peer) || watch.holders.claims.has(peer)) continue
      this.#plans.ask(known, watch, peer, state.config.auditMs)
    }
    const claim = watch.holders.claims.get(from)
    const isPlaced = watch.placement?.isAbout(from) === true
    if (claim !== undefined && isPlaced && claim.open === 0) claim.auditAt = state.now
    const isAudited = watch.plan !== undefined || this.#surveys.isAsking(known)
    if (isAudited && (isNews || isPlaced)) this.#audits.begin(known, watch)
    this.#fetches.heard(known)
  }

  #gone(from: PeerId, ref: ContentRef, shares: readonly number[]): void {
    const known = this.#state.allowed(ref)
    const watch = known?.watch
    if (known === undefined || watch === undefined) return
    watch.holders.gone(from, shares)
    this.#audits.callOff(from, known)
    this.#takes.lost(from, known, shares)
    this.#fetches.lost(from, known)
    watch.placement?.failed(from, 'unproven')
  }

  #learn(
    { ref, manifest, tier, until }: Extract<KeeperEvent, { readonly type: 'content' }>,
    known: KnownContent | undefined,
  ): void {
    if (known !== undefined) {
      known.manifest = manifest
      known.tier = tier
      known.until = until
      return
    }
    if (this.#state.contents.size >= keeperLimits.contents) return
    const learnt = new KnownContent(ref, manifest, tier, until)
    this.#state.contents.set(learnt.key, learnt)
  }

  #forget(known: KnownContent): void {
    const { watch, ref } = known
    this.#state.contents.delete(known.key)
    const onTheWay = this.#takes.drop(known)
    if (watch !== undefined) {
      this.#fetches.drop(known)
      this.#surveys.drop(known)
      for (const peer of watch.holders.claims.keys()) this.#audits.callOff(peer, known)
      this.#plans.unmade(known, watch)
      watch.placement?.abandon()
      this.#plans.settle(known, watch)
      this.#state.room += watch.held.size * shareBytes(known.manifest)
      const shares = [...new Set([...watch.held, ...onTheWay])].sort((a, b) => a - b)
      if (shares.length > 0) this.#state.emit({ type: 'drop', ref, shares })
      watch.held.clear()
      watch.isOwned = false
      watch.plan = undefined
    }
    this.#touched.add(known)
  }

  #held(
    { ref, shares, proofs }: Extract<KeeperEvent, { readonly type: 'held' }>,
    known: KnownContent | undefined,
  ): void {
    const watch = known && this.#state.watch(known)
    if (known === undefined || watch === undefined) {
      // Nobody allows it: what is left of it goes.
      if (shares.length > 0) this.#state.emit({ type: 'drop', ref, shares })
      return
    }
    for (const share of shares) this.#holds(watch, share)
    for (const { peer, share, until } of proofs ?? []) {
      if (until <= this.#state.now || share >= known.manifest.shares) continue
      const claimed = watch.holders.claims.get(peer)?.shares ?? []
      const all = [...new Set([...claimed, share])].sort((a, b) => a - b)
      watch.holders.claim(peer, all, this.#state.now)
      watch.holders.proven(peer, share, until)
    }
    if (watch.held.size > 0) this.#plans.begin(watch, proofs !== undefined)
  }

  #holds(watch: ContentWatch, share: number): void {
    watch.held.add(share)
    watch.holders.proven(this.#state.self, share, instant(Infinity))
  }

  #stored(known: KnownContent, from: PeerId, share: number, isLast: boolean): void {
    const { watch } = known
    if (watch === undefined) return
    this.#holds(watch, share)
    this.#plans.begin(watch, false)
    if (from === this.#state.self) watch.placement?.proven(from, share)
    if (isLast) this.#plans.announce(known, watch, from)
  }

  #decline(known: KnownContent, isDeclined: boolean): void {
    known.isDeclined = isDeclined
    if (!isDeclined) return
    const onTheWay = this.#takes.drop(known)
    const { watch, ref } = known
    if (onTheWay.length > 0) this.#state.emit({ type: 'drop', ref, shares: onTheWay })
    if (watch !== undefined) this.#plans.letGo(known, watch, [...watch.held], undefined)
  }

  #place(ref: ContentRef, known: KnownContent | undefined): void {
    const watch = known?.watch
    const isReady = this.#state.isFresh && known?.isAllowed(this.#state.now) === true
    const isIdle = watch?.placement === undefined
    if (known === undefined || watch === undefined || !watch.isOwned || !isReady || !isIdle) {
      const nobody = { holders: new Map(), refused: [], wanted: 0 } as const
      this.#state.emit({ type: 'placed', ref, ...nobody })
      return
    }
    // Who has placed it knows who holds it.
    this.#plans.begin(watch, true)
    this.#plans.place(known, watch)
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
    const { watch } = known
    if (watch === undefined || result === 'unsure') return
    if (result === 'proven') {
      watch.placement?.proven(holder, share)
      return
    }
    watch.placement?.failed(holder, 'unproven')
    const claim = watch.holders.claims.get(holder)
    const why = (claim?.lates ?? 0) > 0 ? 'late' : 'wrong'
    this.#avoid(holder, { code: 'holonomic/not-held', content: known.ref.content, share, why })
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
    if (loading.type === 'audit') this.#audits.loaded(loading, symbols)
    else if (loading.type === 'take') this.#takes.loaded(loading, symbols)
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
