import { concat, fail, ok, type Result } from '@kithnet/kernel'
import { publicKeyBytes, signatureBytes } from '@kithnet/types'
import type { Backend } from './backend.ts'
import type { BoundSignatureFault } from './faults.ts'
import { OffThreadKey } from './off-thread-key.ts'
import { selectBackend } from './select-backend.ts'

/** Both public keys of a bound signature. */
export interface BoundPublicKey {
  /** Ed25519, 32 bytes. */
  readonly classical: Uint8Array
  /** ML-DSA-65, 1,952 bytes. */
  readonly postQuantum: Uint8Array
}

/** Two signatures over one preimage, the second also over the first, so that neither can be replaced alone. */
export interface BoundSignature {
  /** Ed25519 over the preimage, 64 bytes. */
  readonly classical: Uint8Array
  /** ML-DSA-65 over the preimage and the 64 bytes, with the empty context; 3,309 bytes. */
  readonly postQuantum: Uint8Array
}

/** The holder of both secret keys. */
export interface BoundKey extends Disposable {
  readonly publicKey: BoundPublicKey
  /** Signs off the event loop, all but the small classical half. */
  sign(preimage: Uint8Array): Promise<BoundSignature>
}

/** The holonomic formats sign with no context; nothing of Kithnet's own does. Source: CIRIS, holonomic v19. */
const noContext = new Uint8Array(0)

/** The bound key of an Ed25519 seed and an ML-DSA-65 seed, 32 bytes each. */
export function boundKey(
  classicalSeed: Uint8Array,
  postQuantumSeed: Uint8Array,
  backend: Backend = selectBackend(),
): BoundKey {
  const seed = Uint8Array.from(classicalSeed)
  const postQuantum = new OffThreadKey(postQuantumSeed, backend)
  const classical = backend.ed25519.publicKey(seed)
  return {
    publicKey: { classical, postQuantum: postQuantum.publicKey },
    async sign(preimage) {
      const first = backend.ed25519.sign(seed, preimage)
      const second = await postQuantum.sign(concat(preimage, first), noContext)
      return { classical: first, postQuantum: second }
    },
    [Symbol.dispose]() {
      seed.fill(0)
      postQuantum[Symbol.dispose]()
    },
  }
}

/**
 * Checks both halves, always both, and says which failed. There is no classical-only form: a missing
 * post-quantum half is refused before anything is computed.
 */
export function verifyBound(
  publicKey: BoundPublicKey,
  preimage: Uint8Array,
  signature: BoundSignature,
  backend: Backend = selectBackend(),
): Result<true, BoundSignatureFault> {
  if (signature.postQuantum.length === 0 || publicKey.postQuantum.length === 0) {
    return refuse('missing')
  }
  const { classical, postQuantum } = signature
  const classicalHolds = backend.ed25519.verify(publicKey.classical, preimage, classical)
  const shaped =
    publicKey.postQuantum.length === publicKeyBytes && postQuantum.length === signatureBytes
  const postQuantumHolds =
    shaped &&
    classical.length === 64 &&
    backend.mlDsa65.verify(
      publicKey.postQuantum,
      concat(preimage, classical),
      noContext,
      postQuantum,
    )
  if (classicalHolds && postQuantumHolds) return ok(true)
  if (classicalHolds) return refuse('post-quantum')
  return refuse(postQuantumHolds ? 'classical' : 'both')
}

function refuse(half: BoundSignatureFault['half']): Result<never, BoundSignatureFault> {
  return fail({ code: 'identity/bound-signature', half })
}
