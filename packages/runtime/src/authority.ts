import type { Result } from '@kithnet/kernel'
import {
  batchKind,
  descriptorKind,
  type Identity,
  selectBackend,
  type SignedKind,
  verifySigned,
  verifySignedSync,
} from '@kithnet/identity'
import type { Batch, Descriptor, Signed, Verified } from '@kithnet/types'

/** The two kinds of structure that an overlay has signed and verified outside itself. */
export type OverlayDomain = 'batch' | 'descriptor'

/** The verified value, or `undefined` when signature, shape or subject is wrong. */
export type Checked = Verified<Batch> | Verified<Descriptor> | undefined

/** Signs with the node's identity, and checks what others signed. */
export class Authority {
  readonly #identity: Identity
  /** True where checking a signature takes a tenth of a millisecond, and handing it to a thread takes as long. */
  readonly #atOnce = selectBackend().mlDsa65.verifyOffThread !== undefined

  constructor(identity: Identity) {
    this.#identity = identity
  }

  /** Signs off the event loop. */
  sign(domain: OverlayDomain, body: Uint8Array): Promise<Uint8Array> {
    return this.#identity.sign(domain, body)
  }

  /**
   * The value of the very bytes verified. At once with a native backend: a signature covers up to 64 messages, which
   * would otherwise all wait for the loop to come round. In a worker with any other.
   */
  check(domain: OverlayDomain, signed: Signed, publicKey: Uint8Array): Checked | Promise<Checked> {
    return domain === 'batch'
      ? this.#check(batchKind, signed, publicKey)
      : this.#check(descriptorKind, signed, publicKey)
  }

  /** The batch of the very bytes verified, or `undefined`. */
  async batch(signed: Signed, publicKey: Uint8Array): Promise<Verified<Batch> | undefined> {
    return this.#check(batchKind, signed, publicKey)
  }

  #check<T extends Batch | Descriptor>(
    kind: SignedKind<T>,
    signed: Signed,
    publicKey: Uint8Array,
  ): Verified<T> | undefined | Promise<Verified<T> | undefined> {
    if (this.#atOnce) return valueOf(verifySignedSync(kind, signed, publicKey))
    return verifySigned(kind, signed, publicKey).then((result) => valueOf(result))
  }
}

function valueOf<T>(result: Result<T>): T | undefined {
  return result.ok ? result.value : undefined
}
