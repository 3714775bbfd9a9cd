import type { Manifest } from '@kithnet/fountain'
import { type EpochMs, epochMs } from '@kithnet/kernel'
import type { NetworkId } from '@kithnet/types'
import { consentOf, type ConsentStatus } from '../consent/consent.ts'
import type { Statements } from '../statements/statements.ts'
import { type ContentRef, parseRef, refText } from './content-ref.ts'

/** A content that was published, and where its consent stands. */
export interface PublishedContent {
  readonly ref: ContentRef
  readonly manifest: Manifest
  readonly consent: ConsentStatus
  /** When the consent ends, while it is active. */
  readonly until?: EpochMs
}

/** Who is told what changes. */
export interface ConsentListener {
  /** A consent is active: it is new, or its tier or its end has changed. */
  readonly active: (known: PublishedContent) => void
  /** A consent that was active is no longer. */
  readonly ended: (ref: ContentRef) => void
}

/** The contents that are published and may be kept, from the book of statements. */
export class ConsentedContents {
  readonly #network: NetworkId
  readonly #statements: Statements
  readonly #listener: ConsentListener
  readonly #activeByText = new Map<string, PublishedContent>()

  constructor(network: NetworkId, statements: Statements, listener: ConsentListener) {
    this.#network = network
    this.#statements = statements
    this.#listener = listener
  }

  /** Those that may be kept, by the text of their names. */
  get active(): ReadonlyMap<string, PublishedContent> {
    return this.#activeByText
  }

  /** Where a content stands, active or not; nothing when nobody has published it. */
  look(ref: ContentRef, now: EpochMs): PublishedContent | undefined {
    const text = refText(ref)
    const published = this.#statements.get('publication', text)
    if (published === undefined) return undefined
    const said = this.#statements.get('consent', text)
    const content = { network: this.#network, ...ref }
    const consent = consentOf(content, said === undefined ? [] : [said.statement], now)
    const { manifest } = published.statement
    if (said === undefined || !consent.isActive) return { ref, manifest, consent }
    const { at, windowMs } = said.statement
    return { ref, manifest, consent, until: epochMs(at + windowMs) }
  }

  /** All that were published. */
  all(now: EpochMs): readonly PublishedContent[] {
    return this.#statements.all('publication').flatMap(({ statement: { author, content } }) => {
      const known = this.look({ author, content }, now)
      return known === undefined ? [] : [known]
    })
  }

  /** Something was said of a content, or its time has come. `slot`: the text of its name. */
  refresh(slot: string, now: EpochMs): void {
    const ref = parseRef(slot)
    if (!ref.ok) return
    const known = this.look(ref.value, now)
    const before = this.#activeByText.get(slot)
    if (known === undefined || !known.consent.isActive) {
      if (this.#activeByText.delete(slot)) this.#listener.ended(ref.value)
      return
    }
    const isSame =
      before?.consent.tier === known.consent.tier &&
      before.consent.changesAt === known.consent.changesAt
    if (isSame) return
    this.#activeByText.set(slot, known)
    this.#listener.active(known)
  }

  /** Refreshes what has changed by now; the moment of the next change. */
  tick(now: EpochMs): EpochMs | undefined {
    for (const [slot, { consent }] of this.#activeByText) {
      if ((consent.changesAt ?? now) <= now) this.refresh(slot, now)
    }
    let next: EpochMs | undefined
    for (const { consent } of this.#activeByText.values()) {
      const { changesAt } = consent
      if (changesAt !== undefined && (next === undefined || changesAt < next)) next = changesAt
    }
    return next
  }
}
