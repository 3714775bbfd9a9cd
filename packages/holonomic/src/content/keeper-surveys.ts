import { after, type Instant } from '@kithnet/kernel'
import type { KeeperAudits } from './keeper-audits.ts'
import type { ContentRef } from './content-ref.ts'
import { keeperLimits } from './keeper-events.ts'
import type { KeeperPlans } from './keeper-plans.ts'
import type { KeeperState } from './keeper-state.ts'
import type { KnownContent } from './known-content.ts'

interface Survey {
  readonly token: number
  readonly until: Instant
}

/** Asks, for a user, who holds a content, and each for a proof. */
export class KeeperSurveys {
  readonly #state: KeeperState
  readonly #plans: KeeperPlans
  readonly #audits: KeeperAudits
  readonly #byContent = new Map<KnownContent, Survey[]>()
  #count = 0

  constructor(state: KeeperState, plans: KeeperPlans, audits: KeeperAudits) {
    this.#state = state
    this.#plans = plans
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
    const surveys = this.#byContent.get(known) ?? []
    this.#byContent.set(known, [...surveys, { token, until: after(now, 2 * config.answerMs) }])
    this.#count++
    watch.uses++
    this.#plans.discover(known, watch, true)
    for (const claim of watch.holders.claims.values()) if (claim.open === 0) claim.auditAt = now
    this.#audits.begin(known, watch)
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
