import type { Instant } from '@kithnet/kernel'
import type { PubsubEvent, PubsubOutput } from '@kithnet/pubsub'
import type { PeerId } from '@kithnet/types'
import type { Authenticator } from './authenticator.ts'
import { isBatch } from './verified-kind.ts'

/** Batches that pubsub wants checked, on their way through the authenticator and back. */
export class BatchClaims {
  readonly #authenticator: Authenticator
  readonly #answer: (event: PubsubEvent, now: Instant) => void
  readonly #authorByToken = new Map<number, PeerId>()

  constructor(authenticator: Authenticator, answer: (event: PubsubEvent, now: Instant) => void) {
    this.#authenticator = authenticator
    this.#answer = answer
  }

  verify(request: Extract<PubsubOutput, { type: 'verify' }>, now: Instant): void {
    const { token, signed, author, from } = request
    this.#authorByToken.set(token, author)
    this.#authenticator.check(
      {
        domain: 'batch',
        signed,
        subject: author,
        from,
        settled: (value, cause, at) => {
          this.#authorByToken.delete(token)
          if (value !== undefined && isBatch(value)) {
            this.#answer({ type: 'verified', token, batch: value }, at)
          } else this.#answer({ type: 'unverified', token, cause }, at)
        },
      },
      now,
    )
  }

  /** Another link delivered the same batch. */
  addSource({ token, from }: Extract<PubsubOutput, { type: 'source' }>, now: Instant): void {
    const author = this.#authorByToken.get(token)
    if (author !== undefined) this.#authenticator.addSource(author, from, now)
  }
}
