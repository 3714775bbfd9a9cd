import { assert, type Bytes, concat, fail, ok, type Result, wipe } from '@kithnet/kernel'
import {
  type Backend,
  type Encapsulation,
  mlKemCiphertextBytes,
  mlKemPublicKeyBytes,
} from './backend.ts'
import type { KemFault } from './faults.ts'
import { randomBytes } from './host.ts'
import { selectBackend } from './select-backend.ts'

/** Bytes of an X-Wing public key: an ML-KEM-768 key, then an X25519 key. Source: X-Wing section 5.1. */
export const xWingPublicKeyBytes: number = mlKemPublicKeyBytes + 32
/** Bytes of an X-Wing ciphertext. Source: X-Wing section 5.1. */
export const xWingCiphertextBytes: number = mlKemCiphertextBytes + 32
/** Bytes of an X-Wing seed, which is its whole secret key. Source: X-Wing section 5.1. */
export const xWingSeedBytes = 32

/** The label of the combiner, `\.//^\`. Source: X-Wing section 5.3. */
const label = Uint8Array.of(0x5c, 0x2e, 0x2f, 0x2f, 0x5e, 0x5c)

/** The holder's half of X-Wing. Disposing wipes the X25519 secret. */
export interface XWingKeyPair extends Disposable {
  readonly publicKey: Bytes
  /** The 32-byte secret of a ciphertext. A tampered one gives an unrelated secret, not a fault. */
  decapsulate(ciphertext: Uint8Array): Result<Bytes, KemFault>
}

/**
 * The X-Wing key pair of a 32-byte seed: X25519 and ML-KEM-768 together, safe while either holds.
 *
 * Source: draft-connolly-cfrg-xwing-kem, sections 5.2 to 5.5.
 */
export function xWingKeyPair(seed: Uint8Array, backend: Backend = selectBackend()): XWingKeyPair {
  assert(seed.length === xWingSeedBytes, 'an X-Wing seed has 32 bytes')
  const expanded = backend.shake256(seed, 96)
  const kem = backend.mlKem768.keyPair(expanded.subarray(0, 64))
  const secret = expanded.slice(64)
  wipe(expanded)
  const classicalKey = backend.x25519.publicKey(secret)
  return {
    publicKey: concat(kem.publicKey, classicalKey),
    decapsulate(ciphertext) {
      if (ciphertext.length !== xWingCiphertextBytes) return kemFault('ciphertext')
      const classicalCiphertext = ciphertext.subarray(mlKemCiphertextBytes)
      const post = kem.decapsulate(ciphertext.subarray(0, mlKemCiphertextBytes))
      const classical = backend.x25519.sharedSecret(secret, classicalCiphertext)
      // A low-order point: the draft would go on with zeros, but no honest sender makes one.
      if (post === undefined || classical === undefined) return kemFault('ciphertext')
      return ok(combine(backend, post, classical, classicalCiphertext, classicalKey))
    },
    [Symbol.dispose]() {
      kem[Symbol.dispose]()
      wipe(secret)
    },
  }
}

/**
 * A fresh secret for the holder of an X-Wing key. `seed`, 64 bytes, only to reproduce a known answer.
 */
export function xWingEncapsulate(
  publicKey: Uint8Array,
  backend: Backend = selectBackend(),
  seed?: Uint8Array,
): Result<Encapsulation, KemFault> {
  assert(seed === undefined || seed.length === 64, 'the seed of an encapsulation has 64 bytes')
  if (publicKey.length !== xWingPublicKeyBytes) return kemFault('public-key')
  const theirs = publicKey.subarray(mlKemPublicKeyBytes)
  const ephemeral = seed?.slice(32) ?? randomBytes(32)
  const post = backend.mlKem768.encapsulate(
    publicKey.subarray(0, mlKemPublicKeyBytes),
    seed?.subarray(0, 32),
  )
  const classical = backend.x25519.sharedSecret(ephemeral, theirs)
  if (post === undefined || classical === undefined) return kemFault('public-key')
  const classicalCiphertext = backend.x25519.publicKey(ephemeral)
  wipe(ephemeral)
  return ok({
    ciphertext: concat(post.ciphertext, classicalCiphertext),
    sharedSecret: combine(backend, post.sharedSecret, classical, classicalCiphertext, theirs),
  })
}

/** Source: X-Wing section 5.3. Wipes both parts. */
function combine(
  backend: Backend,
  post: Uint8Array,
  classical: Uint8Array,
  classicalCiphertext: Uint8Array,
  classicalKey: Uint8Array,
): Bytes {
  const input = concat(post, classical, classicalCiphertext, classicalKey, label)
  const secret = backend.sha3_256(input)
  wipe(input, post, classical)
  return secret
}

function kemFault(what: KemFault['what']): Result<never, KemFault> {
  return fail({ code: 'identity/kem-input', what })
}
