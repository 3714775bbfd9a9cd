import { dropPriority } from '@kithnet/fountain'
import { after, type Instant, pick } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'
import type { CensusView } from '../retention/census.ts'
import {
  contentSubject,
  holdersWanted,
  planCopies,
  planLeavers,
  planPlaces,
  planRepairs,
  type Repair,
  sharesEach,
  sharesWanted,
} from '../retention/retention-plan.ts'
import type { KeeperAudits } from './keeper-audits.ts'
import type { KeeperState } from './keeper-state.ts'
import type { KeeperTakes } from './keeper-takes.ts'
import { type ContentWatch, type KnownContent, type Plan, shareBytes } from './known-content.ts'
import { Placement } from './placement.ts'

/** What is missing of a content, by a census. */
interface Missing {
  /** Shares to make, or to copy when `isCopy`. */
  readonly repairs: readonly Repair[]
  readonly isCopy: boolean
  readonly spare: readonly PeerId[]
}

/** What a holder does of its own accord: finds the others, looks at its census, mends what is missing, lets go of what is too much. */
export class KeeperPlans {
  readonly #state: KeeperState
  readonly #audits: KeeperAudits
  readonly #takes: KeeperTakes

  constructor(state: KeeperState, audits: KeeperAudits, takes: KeeperTakes) {
    this.#state = state
    this.#audits = audits
    this.#takes = takes
  }

  /** Begins to watch a content that is held or owned. `isSettled`: what is known of its holders is not new. */
  begin(watch: ContentWatch, isSettled: boolean): void {
    const { now, config, rng } = this.#state
    if (watch.plan !== undefined) {
      if (isSettled) watch.plan.settledAt = now
      return
    }
    watch.plan = {
      planAt: after(now, this.#state.about(config.planMs)),
      discoverAt: after(now, rng.below(config.answerMs)),
      settledAt: after(now, isSettled ? 0 : config.settleMs),
      check: undefined,
      attempt: 0,
      making: undefined,
      told: '',
    }
  }

  /** Statements are up to date: those who hold the same are found at once. */
  freshened(watch: ContentWatch): void {
    const { now, config, rng } = this.#state
    if (watch.plan !== undefined) watch.plan.discoverAt = after(now, rng.below(config.answerMs))
  }

  nextAt(watch: ContentWatch): Instant | undefined {
    const { plan, holders } = watch
    if (plan === undefined) return undefined
    let next = plan.planAt < plan.discoverAt ? plan.planAt : plan.discoverAt
    if (plan.check !== undefined && plan.check.until < next) next = plan.check.until
    const { making } = plan
    if (making !== undefined && making.until < next) next = making.until
    if (holders.claims.size === 0) return next
    const audit = this.#audits.nextAt(watch)
    return audit !== undefined && audit < next ? audit : next
  }

  /** Does what is due. */
  due(known: KnownContent, watch: ContentWatch): void {
    const { plan } = watch
    const { now, config } = this.#state
    if (plan === undefined) return
    if (!this.#state.isFresh || !known.isAllowed(now)) {
      plan.planAt = after(now, config.planMs)
      plan.discoverAt = plan.planAt
      return
    }
    if (plan.discoverAt <= now) {
      plan.discoverAt = after(now, this.#state.about(config.auditMs))
      this.discover(known, watch, false)
    }
    this.#audits.begin(known, watch)
    if (plan.making !== undefined && plan.making.until <= now) this.unmade(known, watch)
    if (plan.check !== undefined) {
      if (plan.check.until <= now) this.#act(known, watch, plan)
    } else if (plan.planAt <= now) {
      plan.planAt = after(now, this.#state.about(config.planMs))
      this.#look(known, watch, plan)
    }
  }

  /** Asks those who should hold it, or all who may, what they hold. */
  discover(known: KnownContent, watch: ContentWatch, all: boolean): void {
    const { manifest, tier } = known
    const wanted = holdersWanted(manifest.policy, tier, this.#state.keepers.length)
    const { claims } = watch.holders
    for (const peer of this.#state.order(known).slice(0, wanted + Math.max(8, wanted >> 2))) {
      if (all || !claims.has(peer)) this.ask(known, watch, peer)
    }
    if (all) {
      for (const peer of claims.keys()) this.ask(known, watch, peer)
      return
    }
    const one = pick(this.#state.rng, [...claims.keys()])
    if (one !== undefined) this.ask(known, watch, one)
  }

  /** Asks one peer what it holds, unless it was asked lately. */
  ask(
    known: KnownContent,
    watch: ContentWatch,
    peer: PeerId,
    againMs: number = this.#state.config.answerMs,
  ): void {
    const { self, now } = this.#state
    if (peer === self || !this.#state.answers(peer)) return
    if (watch.holders.asks(peer, againMs, now)) this.#tell(known, watch, peer)
  }

  /** This peer has become a holder, or holds more: those who hold the same, and who asked for it, are told. */
  announce(known: KnownContent, watch: ContentWatch, giver: PeerId): void {
    const { self } = this.#state
    const told = new Set<PeerId>([self])
    const { manifest, tier } = known
    const wanted = holdersWanted(manifest.policy, tier, this.#state.keepers.length)
    const candidates = this.#state.order(known).slice(0, wanted + Math.max(8, wanted >> 2))
    for (const peer of [giver, ...candidates, ...watch.holders.claims.keys()]) {
      if (told.has(peer) || !this.#state.answers(peer)) continue
      told.add(peer)
      watch.holders.asks(peer, 0, this.#state.now)
      this.#tell(known, watch, peer)
    }
  }

  /** The author asks for keepers. */
  place(known: KnownContent, watch: ContentWatch): void {
    const able = this.#state
      .order(known)
      .filter((peer) => peer === this.#state.self || this.#state.answers(peer))
    const places = planPlaces(known.manifest, able)
    const spare = able.filter((peer) => !places.has(peer))
    this.#start(known, watch, places, spare, undefined, true)
  }

  /** The shares of a `make` are there, or not. */
  made(known: KnownContent, watch: ContentWatch, token: number, isMade: boolean): void {
    const { plan } = watch
    const making = plan?.making
    if (plan === undefined || making?.token !== token) {
      this.#state.emit({ type: 'release', token })
      return
    }
    if (!isMade) {
      this.unmade(known, watch)
      return
    }
    plan.making = undefined
    watch.made.set(token, [...making.places.values()].flat())
    this.#start(known, watch, making.places, making.spare, token, false)
  }

  /** What was to be made could not be: another tries it, or this peer again. */
  unmade(known: KnownContent, watch: ContentWatch): void {
    const making = watch.plan?.making
    if (watch.plan === undefined || making === undefined) return
    watch.plan.making = undefined
    const { ref } = known
    const shares = [...making.places.values()].flat()
    this.#state.emit({ type: 'release', token: making.token })
    this.#state.emit({ type: 'noted', ref, note: { type: 'unmade', shares } })
  }

  /** Ends a placement that is done. */
  settle(known: KnownContent, watch: ContentWatch): void {
    const { placement } = watch
    if (placement === undefined || !placement.isDone) return
    watch.placement = undefined
    const { ref, manifest, tier } = known
    const { token, holders, refused } = placement
    if (token !== undefined) {
      watch.made.delete(token)
      this.#state.emit({ type: 'release', token })
    }
    if (!placement.isAsked) return
    const wanted = sharesWanted(manifest, tier, this.#state.keepers.length)
    this.#state.emit({ type: 'placed', ref, holders, refused, wanted })
  }

  /** Lets go of shares, and tells those who count on them. */
  letGo(
    known: KnownContent,
    watch: ContentWatch,
    shares: readonly number[],
    note: 'left' | 'crowded' | undefined,
  ): void {
    const gone = shares.filter((share) => watch.held.delete(share)).sort((a, b) => a - b)
    if (gone.length === 0) return
    const { ref } = known
    for (const peer of watch.holders.claims.keys()) {
      if (this.#state.answers(peer)) this.#state.send(peer, { type: 'gone', ref, shares: gone })
    }
    for (const share of gone) watch.holders.unproven(this.#state.self, share)
    this.#state.room += gone.length * shareBytes(known.manifest)
    this.#state.emit({ type: 'drop', ref, shares: gone })
    if (note !== undefined) {
      this.#state.emit({ type: 'noted', ref, note: { type: note, shares: gone } })
    }
    if (watch.held.size === 0 && !watch.isOwned) this.#stop(watch)
  }

  /** Makes room: what matters least goes, and of that what others have most of. */
  makeRoom(): void {
    const victims: { known: KnownContent; share: number; priority: number; holders: number }[] = []
    for (const known of this.#state.active) {
      const { watch, manifest } = known
      if (watch === undefined || watch.held.size === 0) continue
      const holders = watch.holders.view(this.#state.now).sharesByHolder.size
      for (const share of watch.held) {
        const { sourceSymbols } = manifest.policy
        const priority = dropPriority(manifest.service, share, sourceSymbols)
        victims.push({ known, share, priority, holders })
      }
    }
    victims.sort((a, b) => b.priority - a.priority || b.holders - a.holders || b.share - a.share)
    const sharesByContent = new Map<KnownContent, number[]>()
    let { room } = this.#state
    for (const { known, share } of victims) {
      if (room >= 0) break
      room += shareBytes(known.manifest)
      const shares = sharesByContent.get(known) ?? []
      sharesByContent.set(known, [...shares, share])
    }
    for (const [known, shares] of sharesByContent) {
      this.letGo(known, known.watch!, shares, 'crowded')
    }
  }

  #tell(known: KnownContent, watch: ContentWatch, peer: PeerId): void {
    const shares = [...watch.held].sort((a, b) => a - b)
    this.#state.send(peer, { type: 'ask-holding', ref: known.ref, shares })
  }

  #look(known: KnownContent, watch: ContentWatch, plan: Plan): void {
    this.#tellCensus(known, watch, plan)
    if (watch.placement !== undefined || plan.making !== undefined) return
    const view = watch.holders.view(this.#state.now)
    if (this.#isLeaver(known, watch, view)) {
      this.#check(known, watch, plan)
      return
    }
    if (plan.settledAt > this.#state.now) return
    const missing = this.#missing(known, watch, view, plan.attempt)
    if (missing === undefined) plan.attempt = 0
    else if (this.#isMine(known, watch, view, missing, plan.attempt)) {
      this.#check(known, watch, plan)
    } else plan.attempt++
  }

  /** Before anything is done, everybody is asked, and those who say they hold something for a proof. */
  #check(known: KnownContent, watch: ContentWatch, plan: Plan): void {
    const { now, config } = this.#state
    plan.check = { since: now, until: after(now, 2 * config.answerMs) }
    this.discover(known, watch, true)
  }

  #act(known: KnownContent, watch: ContentWatch, plan: Plan): void {
    const since = plan.check!.since
    plan.check = undefined
    const { self } = this.#state
    const view = watch.holders.view(this.#state.now)
    const { claims } = watch.holders
    // Who has not answered may be gone: it is not counted on when others leave.
    const seen = watch.holders.viewOf(
      view,
      (peer) => peer === self || (claims.get(peer)?.heardAt ?? -1) >= since,
    )
    if (this.#isLeaver(known, watch, seen)) {
      this.letGo(known, watch, [...watch.held], 'left')
      return
    }
    if (plan.settledAt > this.#state.now || watch.placement !== undefined) return
    const missing = this.#missing(known, watch, view, plan.attempt)
    if (missing === undefined) {
      plan.attempt = 0
      return
    }
    if (!this.#isMine(known, watch, view, missing, plan.attempt)) return
    plan.attempt++
    this.#mend(known, watch, plan, missing)
  }

  #isLeaver(known: KnownContent, watch: ContentWatch, view: CensusView): boolean {
    if (watch.held.size === 0) return false
    const { ref, manifest, tier } = known
    const { ranking, self } = this.#state
    return planLeavers(ref.content, view, manifest.policy, tier, ranking).has(self)
  }

  #missing(
    known: KnownContent,
    watch: ContentWatch,
    view: CensusView,
    attempt: number,
  ): Missing | undefined {
    const { ref, manifest, tier } = known
    const { self, keepers } = this.#state
    const shares = sharesWanted(manifest, tier, keepers.length)
    const holders = holdersWanted(manifest.policy, tier, keepers.length)
    const lacking = shares - view.holdersByShare.size
    if (lacking <= 0 && view.sharesByHolder.size >= holders) return undefined
    const able = this.#able(known, watch)
    const free = able.filter((peer) => !view.sharesByHolder.has(peer))
    if (lacking <= 0) {
      const repairs = planCopies(ref.content, view, holders, free, attempt)
      const spare = free.slice(repairs.length)
      return repairs.length === 0 ? undefined : { repairs, isCopy: true, spare }
    }
    const isOneEach = sharesEach(manifest.policy, keepers.length) === 1
    const some = isOneEach && free.length >= lacking ? free.slice(0, lacking) : able
    const repairs = planRepairs(ref.content, view, manifest, [self], some, shares)
    const spare = isOneEach ? free.slice(some.length) : []
    return repairs.length === 0 ? undefined : { repairs, isCopy: false, spare }
  }

  /** Keepers that may be asked now, in the order of their ranks. */
  #able(known: KnownContent, watch: ContentWatch): readonly PeerId[] {
    const { self } = this.#state
    return this.#state.order(known).filter((peer) => {
      if (peer === self) return watch.held.size > 0 || !known.isDeclined
      return this.#state.answers(peer)
    })
  }

  /** One maker at a time for what has to be made: the next by rank when nothing came of the one before. Copies are made by who has them. */
  #isMine(
    known: KnownContent,
    watch: ContentWatch,
    view: CensusView,
    { repairs, isCopy }: Missing,
    attempt: number,
  ): boolean {
    const { self, ranking } = this.#state
    if (isCopy) return repairs.some(({ maker }) => maker === self)
    if (watch.isOwned) return true
    const holders = [...view.sharesByHolder.keys()]
    const makers = ranking(contentSubject(known.ref.content), holders).slice(0, maxMakers)
    return makers[attempt % makers.length] === self
  }

  #mend(
    known: KnownContent,
    watch: ContentWatch,
    plan: Plan,
    { repairs, isCopy, spare }: Missing,
  ): void {
    const places = new Map<PeerId, number[]>()
    const shares: number[] = []
    for (const { share, maker, keeper } of repairs) {
      if (isCopy && maker !== this.#state.self) continue
      shares.push(share)
      places.set(
        keeper,
        [...(places.get(keeper) ?? []), share].sort((a, b) => a - b),
      )
    }
    const { ref } = known
    this.#state.emit({ type: 'noted', ref, note: { type: 'missing', shares } })
    if (shares.every((share) => watch.has(share))) {
      this.#start(known, watch, places, spare, undefined, false)
      return
    }
    const token = this.#state.nextToken()
    const until = after(this.#state.now, makeMs)
    plan.making = { token, places, spare, until }
    this.#state.emit({ type: 'make', token, ref, shares: shares.sort((a, b) => a - b) })
  }

  #start(
    known: KnownContent,
    watch: ContentWatch,
    places: ReadonlyMap<PeerId, readonly number[]>,
    spare: readonly PeerId[],
    token: number | undefined,
    isAsked: boolean,
  ): void {
    const keepOwn = (shares: readonly number[]): void => this.#takes.keepOwn(known, shares)
    const made = token === undefined ? {} : { token }
    watch.placement = new Placement(this.#state, known, {
      places,
      spare,
      isAsked,
      keepOwn,
      ...made,
    })
    this.settle(known, watch)
  }

  #tellCensus(known: KnownContent, watch: ContentWatch, plan: Plan): void {
    const proofs = watch.holders.proofs(this.#state.self, this.#state.now)
    let latest = 0
    for (const { until } of proofs) latest = Math.max(latest, until)
    const told = `${proofs.length} ${latest}`
    if (told === plan.told) return
    plan.told = told
    this.#state.emit({ type: 'census', ref: known.ref, proofs })
  }

  #stop(watch: ContentWatch): void {
    const making = watch.plan?.making
    if (making !== undefined) this.#state.emit({ type: 'release', token: making.token })
    watch.plan = undefined
  }
}

/** How many of those who hold something take turns at making. Source: our choice: enough for some of them to be away. */
const maxMakers = 8
/** How long a `make` may take. Source: our choice: 1 GB at 2 MB/s. */
const makeMs = 600_000
