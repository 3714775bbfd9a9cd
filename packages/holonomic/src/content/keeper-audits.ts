import type { ContentSymbol } from '@kithnet/fountain'
import { after, type Instant } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'
import type { PossessionAnswer, PossessionShown } from '../retention/possession.ts'
import {
  type Audited,
  type AuditEvent,
  type AuditOutput,
  PossessionAudit,
} from '../retention/possession-audit.ts'
import { type ContentRef, refText } from './content-ref.ts'
import type { Claim } from './holder-book.ts'
import { keeperLimits } from './keeper-events.ts'
import type { KeeperState } from './keeper-state.ts'
import type { ContentWatch, KnownContent } from './known-content.ts'

/** A question that waits for this peer's own symbol. */
export interface OwnSymbol {
  readonly type: 'audit'
  readonly known: KnownContent
  readonly holder: PeerId
  readonly share: number
  readonly block: number
}

/** What was found out about one holder of a content. */
export interface Verdict {
  readonly known: KnownContent
  readonly holder: PeerId
  readonly share: number
  /** `wrong`: it is no holder; `silent`: it has not answered twice; `unsure`: it is asked again soon. */
  readonly result: 'proven' | 'unsure' | 'silent' | 'wrong'
}

/** Asks those who say that they hold something for proofs, a few questions at a time. */
export class KeeperAudits {
  readonly #state: KeeperState
  readonly #machine: PossessionAudit
  /** Loads of symbols to compare with. */
  readonly #load: (load: OwnSymbol) => void
  readonly #told: (verdict: Verdict) => void

  constructor(
    state: KeeperState,
    load: (load: OwnSymbol) => void,
    told: (verdict: Verdict) => void,
  ) {
    this.#state = state
    this.#load = load
    this.#told = told
    const { answerMs, provenMs } = state.config
    const maxOpenPerHolder = keeperLimits.openAuditsPerHolder * openContents
    const options = { answerMs, provenMs, maxOpen: maxOpenAudits, maxOpenPerHolder }
    this.#machine = new PossessionAudit(state.self, state.rng, options)
  }

  /** Asks those whose time has come. */
  begin(known: KnownContent, watch: ContentWatch): void {
    const { now, config } = this.#state
    // Who is due soon is asked at once: a timer less.
    const soon = after(now, config.planMs / 2)
    for (const [peer, claim] of watch.holders.claims) {
      if (claim.auditAt > soon || claim.open > 0 || claim.due.length > 0) continue
      if (this.#state.answers(peer)) this.audit(known, watch, peer, claim)
      else claim.auditAt = after(now, this.#state.config.awayMs)
    }
  }

  /** Asks one holder, in a round of its own. */
  audit(known: KnownContent, watch: ContentWatch, peer: PeerId, claim: Claim): void {
    claim.auditAt = after(this.#state.now, this.#state.about(this.#state.config.auditMs))
    claim.due = watch.holders.dueOf(peer)
    this.#pump(known, watch, peer, claim)
  }

  /** When the first of the claims on a content is due. */
  nextAt(watch: ContentWatch): Instant | undefined {
    let next: Instant | undefined
    for (const { auditAt } of watch.holders.claims.values()) {
      if (next === undefined || auditAt < next) next = auditAt
    }
    return next
  }

  /** This peer's own symbol is there, or cannot be had: then the holder is to show its own. */
  loaded({ known, holder, share, block }: OwnSymbol, symbols: readonly ContentSymbol[]): void {
    const claim = known.watch?.holders.claims.get(holder)
    if (claim === undefined) return
    const [own] = symbols
    const against = own === undefined ? { manifest: known.manifest } : { bytes: own.bytes }
    this.#ask(known, holder, share, block, against)
  }

  received(from: PeerId, message: PossessionAnswer | PossessionShown): void {
    this.#run({ type: 'received', from, message })
  }

  fired(key: string): void {
    this.#run({ type: 'fired', key })
  }

  /** Nothing is to come of what a peer was asked: of one content or of all. */
  callOff(holder: PeerId, known?: KnownContent): void {
    const ref = known?.ref
    this.#run({ type: 'calledOff', holder, ...(ref === undefined ? {} : { ref }) })
    const again = after(this.#state.now, this.#state.config.awayMs)
    for (const one of known === undefined ? this.#state.active : [known]) {
      const claim = one.watch?.holders.claims.get(holder)
      if (claim === undefined || (claim.open === 0 && claim.due.length === 0)) continue
      claim.open = 0
      claim.due = []
      claim.auditAt = again
    }
  }

  #pump(known: KnownContent, watch: ContentWatch, peer: PeerId, claim: Claim): void {
    while (claim.open < keeperLimits.openAuditsPerHolder) {
      const share = claim.due.shift()
      if (share === undefined) return
      claim.open++
      const block = this.#state.rng.below(known.blocks)
      if (watch.has(share)) {
        this.#load({ type: 'audit', known, holder: peer, share, block })
      } else {
        this.#ask(known, peer, share, block, { manifest: known.manifest })
      }
    }
  }

  #ask(
    known: KnownContent,
    holder: PeerId,
    share: number,
    block: number,
    against: Parameters<typeof auditOf>[3],
  ): void {
    this.#run(auditOf(known.ref, holder, { block, symbol: share }, against))
  }

  #run(event: AuditEvent | { readonly type: 'fired'; readonly key: string }): void {
    for (const effect of this.#machine.on(event, this.#state.now)) {
      if (effect.type === 'emit') this.#found(effect.output)
      else this.#state.push(effect)
    }
  }

  #found(output: AuditOutput): void {
    const known = this.#state.contents.get(refText(output))
    const watch = known?.watch
    const claim = watch?.holders.claims.get(output.holder)
    if (known === undefined || watch === undefined || claim === undefined) return
    claim.open = Math.max(0, claim.open - 1)
    const share = output.id.symbol
    if (output.type === 'proven') {
      claim.lates = 0
      watch.holders.proven(output.holder, share, output.until)
      this.#pump(known, watch, output.holder, claim)
      this.#told({ known, holder: output.holder, share, result: 'proven' })
      return
    }
    if (output.why === 'wrong') {
      this.#told({ known, holder: output.holder, share, result: 'wrong' })
      return
    }
    const isSilent = output.why === 'late' && claim.lates > 0
    this.#again(claim, output.why)
    if (isSilent) this.#lapse(watch, output.holder, claim)
    this.#told({ known, holder: output.holder, share, result: isSilent ? 'silent' : 'unsure' })
  }

  /** Its proofs count no longer. It may be slow and not lie, so it is asked again like any other. */
  #lapse(watch: ContentWatch, holder: PeerId, claim: Claim): void {
    claim.auditAt = after(this.#state.now, this.#state.about(this.#state.config.auditMs))
    for (const share of claim.shares) watch.holders.unproven(holder, share)
  }

  /** One answer that did not come is a slow moment; it is asked again soon. */
  #again(claim: Claim, why: 'wrong' | 'late' | 'refused'): void {
    claim.due = []
    claim.auditAt = after(this.#state.now, againMs)
    // The questions that were asked together are late together.
    if (why === 'late' && claim.open === 0) claim.lates++
  }
}

function auditOf(
  ref: ContentRef,
  holder: PeerId,
  id: Audited['id'],
  against: Extract<AuditEvent, { readonly type: 'audit' }>['against'],
): AuditEvent {
  return { type: 'audit', ...ref, holder, id, against }
}

/** Questions at a time, in all. Source: our choice: 200 bytes each. */
const maxOpenAudits = 4_096
/** Contents for which one holder is asked at a time. Source: our choice: as much as a holder reads at a time for one peer. */
const openContents = 16
/** Source: our choice: a pause of a machine is over. */
const againMs = 60_000
