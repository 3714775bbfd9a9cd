import type { OverlayOutput, SignedDomain } from './events.ts'

/** Signatures that were asked for: of pubsub with its own token, or of the own descriptor. */
export class SignRequests {
  readonly #emit: (output: OverlayOutput) => void
  readonly #byToken = new Map<number, number | 'descriptor'>()
  #token = 0

  constructor(emit: (output: OverlayOutput) => void) {
    this.#emit = emit
  }

  ask(domain: SignedDomain, body: Uint8Array, request: number | 'descriptor'): void {
    const token = ++this.#token
    this.#byToken.set(token, request)
    this.#emit({ type: 'sign', token, domain, body })
  }

  /** What a signature was asked for, once. */
  take(token: number): number | 'descriptor' | undefined {
    const request = this.#byToken.get(token)
    this.#byToken.delete(token)
    return request
  }
}
