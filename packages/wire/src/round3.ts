/**
 * The signatures that elara-runtime 0.1.0 writes: Dilithium 3.1 and SPHINCS+ 3.1 of the third round of NIST's
 * competition, which are not FIPS 204 and 205. For reading old records; signing is for tests and for peers that
 * know nothing newer, never with the key of an identity.
 *
 * @packageDocumentation
 */
import type { Bytes } from '@kithnet/kernel'
import { dilithium_v31 } from '@noble/post-quantum-round3/ml-dsa'
import { sphincs_sha2_192f_simple } from '@noble/post-quantum-round3/slh-dsa'
import {
  creatorKeyBytes,
  dilithium3SignatureBytes,
  sphincsSignatureBytes,
} from './record-limits.ts'
import { sphincsKeyBytes } from './signature-algorithms.ts'

/** Both halves of a key. */
export interface Round3KeyPair {
  readonly publicKey: Bytes
  readonly secretKey: Bytes
}

/** One of the two schemes. A key or signature of another length verifies nothing. */
export interface Round3Scheme {
  keyPair(seed: Uint8Array): Round3KeyPair
  /** Blocks for milliseconds. Without `randomness` the same bytes give the same signature. */
  sign(secretKey: Uint8Array, message: Uint8Array, randomness?: Uint8Array): Bytes
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean
}

/** Dilithium3 of round 3: seeds of 32 bytes, keys of 1,952 and 4,000, signatures of 3,293. */
export const dilithium3: Round3Scheme = scheme(
  dilithium_v31.dilithium3,
  creatorKeyBytes,
  dilithium3SignatureBytes,
)

/** SPHINCS+-SHA2-192f-simple of round 3: seeds of 72 bytes, keys of 48 and 96, signatures of 35,664. */
export const sphincs192f: Round3Scheme = scheme(
  sphincs_sha2_192f_simple,
  sphincsKeyBytes,
  sphincsSignatureBytes,
)

interface Signer {
  keygen(seed: Uint8Array): { readonly publicKey: Uint8Array; readonly secretKey: Uint8Array }
  sign(secretKey: Uint8Array, message: Uint8Array, random?: Uint8Array): Uint8Array
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean
}

function scheme(signer: Signer, keyBytes: number, signatureBytes: number): Round3Scheme {
  return {
    keyPair(seed) {
      const { publicKey, secretKey } = signer.keygen(Uint8Array.from(seed))
      return { publicKey: Uint8Array.from(publicKey), secretKey: Uint8Array.from(secretKey) }
    },
    sign: (secretKey, message, randomness) =>
      Uint8Array.from(signer.sign(secretKey, message, randomness && Uint8Array.from(randomness))),
    verify(publicKey, message, signature) {
      if (publicKey.length !== keyBytes || signature.length !== signatureBytes) return false
      try {
        return signer.verify(publicKey, message, signature)
      } catch {
        return false
      }
    },
  }
}
