import { instant } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'
import { type ContentRef, refText } from './content-ref.ts'
import type { KeeperAudits } from './keeper-audits.ts'
import type { KeeperDiscovery } from './keeper-discovery.ts'
import { type KeeperEvent, keeperLimits } from './keeper-events.ts'
import type { KeeperFetches } from './keeper-fetches.ts'
import type { KeeperLeaving } from './keeper-leaving.ts'
import type { KeeperPlans } from './keeper-plans.ts'
import type { KeeperState } from './keeper-state.ts'
import type { KeeperSurveys } from './keeper-surveys.ts'
import type { KeeperTakes } from './keeper-takes.ts'
import { type ContentWatch, KnownContent, shareBytes } from './known-content.ts'

/** What this peer's own side says of one content. */
export type ContentEvent = Extract<
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
>

/** Who works on a content. */
interface ContentsParts {
  readonly audits: KeeperAudits
  readonly takes: KeeperTakes
  readonly discovery: KeeperDiscovery
  readonly leaving: KeeperLeaving
  readonly plans: KeeperPlans
  readonly surveys: KeeperSurveys
  readonly fetches: KeeperFetches
}

/** Which contents are known, held and owned, from the first word of a consent to the last. */
export class KeeperContents {
  readonly #state: KeeperState
  readonly #parts: ContentsParts

  constructor(state: KeeperState, parts: ContentsParts) {
    this.#state = state
    this.#parts = parts
  }

  on(event: ContentEvent): void {
    const known = this.#state.contents.get(refText(event.ref))
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
        this.#parts.plans.begin(watch, this.#state.config.settleMs)
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
        this.#parts.surveys.begin(event.token, event.ref)
        return
      case 'stored':
        if (known !== undefined) this.#parts.takes.stored(known, event.share, event.isStored)
    }
  }

  /** A share has come, is whole and durable. */
  stored(known: KnownContent, from: PeerId, share: number, isLast: boolean): void {
    const { watch } = known
    if (watch === undefined) return
    this.#holds(watch, share)
    this.#parts.plans.begin(watch, this.#state.config.settleMs)
    if (from === this.#state.self) watch.placement?.proven(from, share)
    if (isLast) this.#parts.discovery.announce(known, watch, from)
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
    const onTheWay = this.#parts.takes.drop(known)
    if (watch !== undefined) {
      this.#parts.fetches.drop(known)
      this.#parts.surveys.drop(known)
      for (const peer of watch.holders.claims.keys()) this.#parts.audits.callOff(peer, known)
      this.#parts.plans.unmade(known, watch)
      watch.placement?.abandon()
      this.#parts.plans.settle(known, watch)
      this.#state.room += watch.held.size * shareBytes(known.manifest)
      const shares = [...new Set([...watch.held, ...onTheWay])].sort((a, b) => a - b)
      if (shares.length > 0) this.#state.emit({ type: 'drop', ref, shares })
      watch.held.clear()
      watch.isOwned = false
      watch.plan = undefined
    }
  }

  #held(
    { ref, shares, proofs, unsettledMs }: Extract<KeeperEvent, { readonly type: 'held' }>,
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
    if (watch.held.size === 0) return
    this.#parts.plans.begin(watch, unsettledMs ?? this.#state.config.settleMs)
  }

  #holds(watch: ContentWatch, share: number): void {
    watch.held.add(share)
    watch.holders.proven(this.#state.self, share, instant(Infinity))
  }

  #decline(known: KnownContent, isDeclined: boolean): void {
    known.isDeclined = isDeclined
    if (!isDeclined) return
    const onTheWay = this.#parts.takes.drop(known)
    const { watch, ref } = known
    if (onTheWay.length > 0) this.#state.emit({ type: 'drop', ref, shares: onTheWay })
    if (watch !== undefined) this.#parts.leaving.letGo(known, watch, [...watch.held], undefined)
  }

  #place(ref: ContentRef, known: KnownContent | undefined): void {
    const watch = known?.watch
    const isReady = this.#state.isFresh && known?.isAllowed(this.#state.now) === true
    if (known === undefined || watch === undefined || !watch.isOwned || !isReady) {
      const nobody = { holders: new Map(), refused: [], wanted: 0 } as const
      this.#state.emit({ type: 'placed', ref, ...nobody })
      return
    }
    if (watch.placement !== undefined) {
      // What is being mended is placed, too: its end is told.
      watch.placement.isAsked = true
      return
    }
    // Who has placed it knows who holds it.
    this.#parts.plans.begin(watch, 0)
    this.#parts.plans.place(known, watch)
  }
}
