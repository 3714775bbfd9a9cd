import { after, type Instant } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'
import type { KeeperAudits } from './keeper-audits.ts'
import type { ContentRef } from './content-ref.ts'
import { keeperLimits } from './keeper-events.ts'
import type { KeeperDiscovery } from './keeper-discovery.ts'
import type { KeeperState } from './keeper-state.ts'
import type { KnownContent } from './known-content.ts'

interface Survey {
  readonly token: number
  readonly until: Instant
  /** Who has not said yet what it holds. */
  readonly silent: Set<PeerId>
}

/** Asks, for a user, who holds a content, and each for a proof. */
export class KeeperSurveys {
  readonly #state: KeeperState
  readonly #discovery: KeeperDiscovery
  readonly #audits: KeeperAudits
  readonly #byContent = new Map<KnownContent, Survey[]>()
  #count = 0

  constructor(state: KeeperState, discovery: KeeperDiscovery, audits: KeeperAudits) {
    this.#state = state
    this.#discovery = discovery
    this.#audits = audits
  }

  begin(token: number, ref: ContentRef): void {
    const known = this.#state.allowed(ref)
    const isFull = this.#count >= keeperLimits.fetches
    const watch = known === undefined || isFull ? undefined : this.#state.watch(known)
    const { isFresh, now, config } = this.#state
    if (known === undefined || watch === undefined || !isFresh) {
      this.#state.emit({ type: 'surveyed', token, ref, proofs: [] })
      return
    }
    const silent = new Set(this.#discovery.discover(known, watch, true))
    const surveys = this.#byContent.get(known) ?? []
    const survey = { token, until: after(now, 2 * config.answerMs), silent }
    this.#byContent.set(known, [...surveys, survey])
    this.#count++
    watch.uses++
    for (const claim of watch.holders.claims.values()) if (claim.open === 0) claim.auditAt = now
    this.#audits.begin(known, watch)
    this.#endComplete(known)
  }

  /** A peer has said what it holds, or proven it. Once all have, there is nothing to wait for. */
  heard(known: KnownContent, from: PeerId): void {
    const surveys = this.#byContent.get(known)
    if (surveys === undefined) return
    for (const { silent } of surveys) silent.delete(from)
    this.#endComplete(known)
  }

  /** A peer cannot be reached. */
  lost(peer: PeerId): void {
    for (const known of [...this.#byContent.keys()]) this.heard(known, peer)
  }

  #endComplete(known: KnownContent): void {
    for (const { open, due } of known.watch?.holders.claims.values() ?? []) {
      if (open > 0 || due.length > 0) return
    }
    this.#end(known, ({ silent }) => silent.size === 0)
  }

  isAsking(known: KnownContent): boolean {
    return this.#byContent.has(known)
  }

  nextAt(known: KnownContent): Instant | undefined {
    return this.#byContent.get(known)?.[0]?.until
  }

  due(known: KnownContent): void {
    this.#end(known, ({ until }) => until <= this.#state.now)
  }

  /** Nothing of the content may be asked about any more. */
  drop(known: KnownContent): void {
    this.#end(known, () => true)
  }

  #end(known: KnownContent, isOver: (survey: Survey) => boolean): void {
    const surveys = this.#byContent.get(known) ?? []
    const { ref, watch } = known
    const proofs = watch?.holders.proofs(this.#state.self, this.#state.now) ?? []
    for (const survey of surveys.filter(isOver)) {
      this.#state.emit({ type: 'surveyed', token: survey.token, ref, proofs })
      this.#count--
      if (watch !== undefined) watch.uses--
    }
    const left = surveys.filter((survey) => !isOver(survey))
    if (left.length === 0) this.#byContent.delete(known)
    else this.#byContent.set(known, left)
  }
}
