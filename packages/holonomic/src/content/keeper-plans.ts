import { after, type Instant } from '@kithnet/kernel'
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
import type { KeeperDiscovery } from './keeper-discovery.ts'
import type { KeeperLeaving } from './keeper-leaving.ts'
import type { KeeperState } from './keeper-state.ts'
import type { KeeperTakes } from './keeper-takes.ts'
import { type ContentWatch, type KnownContent, type Plan } from './known-content.ts'
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
  readonly #discovery: KeeperDiscovery
  readonly #leaving: KeeperLeaving

  constructor(
    state: KeeperState,
    parts: {
      readonly audits: KeeperAudits
      readonly takes: KeeperTakes
      readonly discovery: KeeperDiscovery
      readonly leaving: KeeperLeaving
    },
  ) {
    this.#state = state
    this.#audits = parts.audits
    this.#takes = parts.takes
    this.#discovery = parts.discovery
    this.#leaving = parts.leaving
  }

  /** Begins to watch a content that is held or owned, for so long before anything is made anew. */
  begin(watch: ContentWatch, unsettledMs: number): void {
    const { now, config, rng } = this.#state
    const settledAt = after(now, unsettledMs)
    if (watch.plan !== undefined) {
      if (settledAt < watch.plan.settledAt) watch.plan.settledAt = settledAt
      return
    }
    watch.plan = {
      planAt: after(now, this.#state.about(config.planMs)),
      discoverAt: after(now, rng.below(config.answerMs)),
      settledAt,
      check: undefined,
      attempt: 0,
      making: undefined,
      toldAt: undefined,
      toldChanges: 0,
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
      this.#discovery.discover(known, watch, false)
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

  /** The author asks for keepers. */
  place(known: KnownContent, watch: ContentWatch): void {
    const able = this.#state
      .order(known)
      .filter((peer) => peer === this.#state.self || this.#state.mayKeep(peer))
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
    const until = after(now, 2 * config.answerMs)
    plan.check = { since: now, until, hintsByPeer: new Map() }
    this.#discovery.discover(known, watch, true)
  }

  #act(known: KnownContent, watch: ContentWatch, plan: Plan): void {
    const check = plan.check!
    const { since } = check
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
      this.#leaving.letGo(known, watch, [...watch.held], 'left')
      return
    }
    if (plan.settledAt > this.#state.now || watch.placement !== undefined) return
    const missing = this.#missing(known, watch, view, plan.attempt)
    if (missing === undefined) {
      plan.attempt = 0
      return
    }
    if (!this.#isMine(known, watch, view, missing, plan.attempt)) return
    if (this.#isAlone(view, check)) return
    plan.attempt++
    this.#mend(known, watch, plan, missing)
  }

  /**
   * True when most of those who are proven have proofs of a holder of which this peer has none: then it is this one that is
   * wrong. Whoever merely says that it holds something says nothing here.
   */
  #isAlone(view: CensusView, { hintsByPeer }: NonNullable<Plan['check']>): boolean {
    const proven = [...hintsByPeer].filter(([peer]) => view.sharesByHolder.has(peer))
    const counts = new Map<PeerId, number>()
    for (const [, hints] of proven) {
      for (const peer of hints) counts.set(peer, (counts.get(peer) ?? 0) + 1)
    }
    for (const [peer, count] of counts) {
      const isUnseen = peer !== this.#state.self && !view.sharesByHolder.has(peer)
      const isMost = count > proven.length / 2
      if (isUnseen && isMost && !this.#state.avoided.has(peer, this.#state.now)) return true
    }
    return false
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
    // Where nobody is left who holds nothing, those who hold least take one more.
    const load = (peer: PeerId): number => view.sharesByHolder.get(peer)?.length ?? 0
    const others = isOneEach ? able.filter((peer) => !some.includes(peer)) : []
    const spare = others.toSorted((one, other) => load(one) - load(other))
    return repairs.length === 0 ? undefined : { repairs, isCopy: false, spare }
  }

  /** Keepers that may be asked now, in the order of their ranks. */
  #able(known: KnownContent, watch: ContentWatch): readonly PeerId[] {
    const { self } = this.#state
    return this.#state.order(known).filter((peer) => {
      if (peer === self) return watch.held.size > 0 || !known.isDeclined
      return this.#state.mayKeep(peer)
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

  /** Says what is worth keeping over a restart: who is proven, when that changes, and until when, now and then. */
  #tellCensus(known: KnownContent, watch: ContentWatch, plan: Plan): void {
    const { now, self, config } = this.#state
    const isOld = plan.toldAt === undefined || after(plan.toldAt, config.auditMs / 2) <= now
    if (!isOld && plan.toldChanges === watch.holders.changes) return
    plan.toldAt = now
    plan.toldChanges = watch.holders.changes
    const proofs = watch.holders.proofs(self, now)
    const unsettledMs = Math.max(0, plan.settledAt - now)
    this.#state.emit({ type: 'census', ref: known.ref, proofs, unsettledMs })
  }
}

/** How many of those who hold something take turns at making. Source: our choice: enough for some of them to be away. */
const maxMakers = 8
/** How long a `make` may take. Source: our choice: 1 GB at 2 MB/s. */
const makeMs = 600_000
