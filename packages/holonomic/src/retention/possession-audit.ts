import { checkContentSymbol, type Manifest, type PayloadId } from '@kithnet/fountain'
import {
  after,
  type Effect,
  type Fired,
  type Instant,
  type Machine,
  type Received,
  type Rng,
  toHex,
} from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'
import type { ContentRef } from '../content/content-ref.ts'
import {
  type Challenge,
  isProof,
  nonceBytes,
  type PossessionAnswer,
  type PossessionShown,
  possessionProof,
} from './possession.ts'

/** A holder is to be asked for a symbol. */
export interface Audit extends ContentRef {
  readonly type: 'audit'
  readonly holder: PeerId
  readonly id: PayloadId
  /** The symbol, where the challenger has it; else what shows that the one that comes is of the content. */
  readonly against: { readonly bytes: Uint8Array } | { readonly manifest: Manifest }
}

/** Nothing is to come of the questions that are open: the holder is away, or says that it has let go of the content. */
export interface AuditCalledOff {
  readonly type: 'calledOff'
  readonly holder: PeerId
  /** All of them when absent. */
  readonly ref?: ContentRef
}

/** What audits are told. */
export type AuditEvent =
  Audit | AuditCalledOff | Received<PeerId, PossessionAnswer | PossessionShown>

/** What an audit found. */
export type AuditOutput =
  | (Audited & { readonly type: 'proven'; readonly until: Instant })
  /** `wrong`: another answer; `late`: none in time; `refused`: it was not asked, for too many audits are open. */
  | (Audited & { readonly type: 'unproven'; readonly why: 'wrong' | 'late' | 'refused' })

/** Who was asked for what. */
export interface Audited extends ContentRef {
  readonly holder: PeerId
  /** The symbol; its `symbol` is the share that it is of. */
  readonly id: PayloadId
}

/** How an audit goes. */
export interface AuditOptions {
  /** Time to answer, in milliseconds. */
  readonly answerMs: number
  /** How long a proof counts, in milliseconds. */
  readonly provenMs: number
  /** Most questions open at once, in all and to one holder. */
  readonly maxOpen: number
  readonly maxOpenPerHolder: number
}

/** Source: our choice: a slow link's round trip; the life of a claim in CIRIS v19's swarm; 100 bytes a question. */
export const defaultAuditOptions: AuditOptions = {
  answerMs: 5_000,
  provenMs: 600_000,
  maxOpen: 1_024,
  maxOpenPerHolder: 16,
}

interface Open extends Audited {
  readonly expected: { readonly proof: Uint8Array } | { readonly manifest: Manifest }
  readonly lateAt: Instant
}

type AuditEffect = Effect<PeerId, Challenge, string, AuditOutput>

/**
 * Asks holders for proofs that they have what they claim. A question is keyed by its nonce and closed by the first
 * answer, right or wrong; what comes later, from another or for another nonce changes nothing. One timer serves all.
 */
export class PossessionAudit implements Machine<
  AuditEvent,
  PeerId,
  Challenge,
  string,
  AuditOutput
> {
  readonly #self: PeerId
  readonly #rng: Rng
  readonly #options: AuditOptions
  /** In the order in which they will be late: all have the same time to answer. */
  readonly #openByNonce = new Map<string, Open>()
  readonly #countByHolder = new Map<PeerId, number>()

  constructor(self: PeerId, rng: Rng, options: AuditOptions = defaultAuditOptions) {
    this.#self = self
    this.#rng = rng
    this.#options = options
  }

  on(event: AuditEvent | Fired<string>, now: Instant): readonly AuditEffect[] {
    switch (event.type) {
      case 'audit':
        return this.#ask(event, now)
      case 'received':
        return this.#answered(event.from, event.message, now)
      case 'calledOff':
        this.#callOff(event)
        return []
      case 'fired':
        return event.key === auditTimer ? this.#late(now) : []
    }
  }

  #ask({ holder, author, content, id, against }: Audit, now: Instant): readonly AuditEffect[] {
    const audited = { holder, author, content, id }
    const count = this.#countByHolder.get(holder) ?? 0
    const { maxOpen, maxOpenPerHolder, answerMs } = this.#options
    if (this.#openByNonce.size >= maxOpen || count >= maxOpenPerHolder) {
      return [unproven(audited, 'refused')]
    }
    const nonce = toHex(this.#rng.bytes(nonceBytes))
    const inFull = 'manifest' in against
    const challenge: Challenge = { type: 'challenge', author, content, id, nonce, inFull }
    const parties = { challenger: this.#self, holder }
    const expected = inFull
      ? against
      : { proof: possessionProof(challenge, parties, against.bytes) }
    const lateAt = after(now, answerMs)
    const isFirst = this.#openByNonce.size === 0
    this.#openByNonce.set(nonce, { ...audited, expected, lateAt })
    this.#countByHolder.set(holder, count + 1)
    const sent = { type: 'send', to: holder, message: challenge } as const
    return isFirst ? [sent, { type: 'arm', key: auditTimer, at: lateAt }] : [sent]
  }

  #answered(
    from: PeerId,
    answer: PossessionAnswer | PossessionShown,
    now: Instant,
  ): readonly AuditEffect[] {
    if (this.#openByNonce.get(answer.nonce)?.holder !== from) return []
    const open = this.#close(answer.nonce)!
    if (!isRight(open, answer)) return [unproven(open, 'wrong')]
    const { holder, author, content, id } = open
    const until = after(now, this.#options.provenMs)
    return [{ type: 'emit', output: { type: 'proven', holder, author, content, id, until } }]
  }

  #late(now: Instant): readonly AuditEffect[] {
    const effects: AuditEffect[] = []
    for (const [nonce, { lateAt }] of this.#openByNonce) {
      if (lateAt > now) return [...effects, { type: 'arm', key: auditTimer, at: lateAt }]
      effects.push(unproven(this.#close(nonce)!, 'late'))
    }
    return effects
  }

  #callOff({ holder, ref }: AuditCalledOff): void {
    if (!this.#countByHolder.has(holder)) return
    for (const [nonce, open] of this.#openByNonce) {
      const isOfIt =
        ref === undefined || (open.author === ref.author && open.content === ref.content)
      if (open.holder === holder && isOfIt) this.#close(nonce)
    }
  }

  #close(nonce: string): Open | undefined {
    const open = this.#openByNonce.get(nonce)
    if (open === undefined) return undefined
    this.#openByNonce.delete(nonce)
    const left = this.#countByHolder.get(open.holder)! - 1
    if (left === 0) this.#countByHolder.delete(open.holder)
    else this.#countByHolder.set(open.holder, left)
    return open
  }
}

/** The timer of all questions. */
export const auditTimer = 'audit'

function isRight({ expected, id }: Open, answer: PossessionAnswer | PossessionShown): boolean {
  if ('proof' in expected) return answer.type === 'answer' && isProof(expected.proof, answer)
  if (answer.type !== 'shown') return false
  const { symbol } = answer
  const isAsked = symbol.id.block === id.block && symbol.id.symbol === id.symbol
  return isAsked && checkContentSymbol(symbol, expected.manifest).ok
}

function unproven(
  { holder, author, content, id }: Audited,
  why: 'wrong' | 'late' | 'refused',
): AuditEffect {
  return { type: 'emit', output: { type: 'unproven', holder, author, content, id, why } }
}
