import type { PayloadId } from '@kithnet/fountain'
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
import {
  type Challenge,
  isProof,
  nonceBytes,
  type PossessionAnswer,
  possessionProof,
} from './possession.ts'

/** A holder is to be asked for a symbol that this peer has, or has just rebuilt. */
export interface Audit {
  readonly type: 'audit'
  readonly holder: PeerId
  readonly content: string
  readonly id: PayloadId
  readonly bytes: Uint8Array
}

/** What an audit found. */
export type AuditOutput =
  | (Audited & { readonly type: 'proven'; readonly until: Instant })
  /** `wrong`: another answer; `late`: none in time; `refused`: it was not asked, for too many audits are open. */
  | (Audited & { readonly type: 'unproven'; readonly why: 'wrong' | 'late' | 'refused' })

/** Who was asked for what. */
export interface Audited {
  readonly holder: PeerId
  readonly content: string
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
  readonly expected: Uint8Array
}

type AuditEffect = Effect<PeerId, Challenge, string, AuditOutput>

/**
 * Asks holders for proofs that they have what they claim. A question is keyed by its nonce and closed by the first
 * answer, right or wrong; what comes later, from another or for another nonce changes nothing.
 */
export class PossessionAudit implements Machine<
  Audit | Received<PeerId, PossessionAnswer>,
  PeerId,
  Challenge,
  string,
  AuditOutput
> {
  readonly #self: PeerId
  readonly #rng: Rng
  readonly #options: AuditOptions
  readonly #openByNonce = new Map<string, Open>()
  readonly #countByHolder = new Map<PeerId, number>()

  constructor(self: PeerId, rng: Rng, options: AuditOptions = defaultAuditOptions) {
    this.#self = self
    this.#rng = rng
    this.#options = options
  }

  on(
    event: Audit | Received<PeerId, PossessionAnswer> | Fired<string>,
    now: Instant,
  ): readonly AuditEffect[] {
    if (event.type === 'audit') return this.#ask(event, now)
    if (event.type === 'received') return this.#answered(event.from, event.message, now)
    const open = this.#close(event.key)
    return open === undefined ? [] : [unproven(open, 'late')]
  }

  #ask({ holder, content, id, bytes }: Audit, now: Instant): readonly AuditEffect[] {
    const count = this.#countByHolder.get(holder) ?? 0
    const { maxOpen, maxOpenPerHolder, answerMs } = this.#options
    if (this.#openByNonce.size >= maxOpen || count >= maxOpenPerHolder) {
      return [unproven({ holder, content, id }, 'refused')]
    }
    const nonce = toHex(this.#rng.bytes(nonceBytes))
    const challenge: Challenge = { type: 'challenge', content, id, nonce }
    const expected = possessionProof(challenge, { challenger: this.#self, holder }, bytes)
    this.#openByNonce.set(nonce, { holder, content, id, expected })
    this.#countByHolder.set(holder, count + 1)
    return [
      { type: 'send', to: holder, message: challenge },
      { type: 'arm', key: nonce, at: after(now, answerMs) },
    ]
  }

  #answered(from: PeerId, answer: PossessionAnswer, now: Instant): readonly AuditEffect[] {
    if (this.#openByNonce.get(answer.nonce)?.holder !== from) return []
    const open = this.#close(answer.nonce)!
    const disarm = { type: 'disarm', key: answer.nonce } as const
    if (!isProof(open.expected, answer)) return [disarm, unproven(open, 'wrong')]
    const { holder, content, id } = open
    const until = after(now, this.#options.provenMs)
    return [disarm, { type: 'emit', output: { type: 'proven', holder, content, id, until } }]
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

function unproven(
  { holder, content, id }: Audited,
  why: 'wrong' | 'late' | 'refused',
): AuditEffect {
  return { type: 'emit', output: { type: 'unproven', holder, content, id, why } }
}
