import { assert, type Bytes, wipe } from '@kithnet/kernel'
import { publicKeyBytes, signatureBytes } from '@kithnet/types'
import { gcm } from '@noble/ciphers/aes.js'
import { chacha20poly1305, xchacha20poly1305 } from '@noble/ciphers/chacha.js'
import { ed25519, x25519 } from '@noble/curves/ed25519.js'
import { hkdf } from '@noble/hashes/hkdf.js'
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { sha3_256, shake256 } from '@noble/hashes/sha3.js'
import { ml_dsa65 } from '@noble/post-quantum/ml-dsa.js'
import { ml_kem768 } from '@noble/post-quantum/ml-kem.js'
import * as slh from '@noble/post-quantum/slh-dsa.js'
import {
  type Aead,
  aeadTagBytes,
  type Backend,
  mlKemCiphertextBytes,
  mlKemPublicKeyBytes,
  type MlDsaKeyPair,
  type SlhDsaSet,
} from './backend.ts'

const slhDsaBySet = {
  'slh-dsa-sha2-128s': slh.slh_dsa_sha2_128s,
  'slh-dsa-sha2-128f': slh.slh_dsa_sha2_128f,
  'slh-dsa-sha2-192s': slh.slh_dsa_sha2_192s,
  'slh-dsa-sha2-192f': slh.slh_dsa_sha2_192f,
  'slh-dsa-sha2-256s': slh.slh_dsa_sha2_256s,
  'slh-dsa-sha2-256f': slh.slh_dsa_sha2_256f,
  'slh-dsa-shake-128s': slh.slh_dsa_shake_128s,
  'slh-dsa-shake-128f': slh.slh_dsa_shake_128f,
  'slh-dsa-shake-192s': slh.slh_dsa_shake_192s,
  'slh-dsa-shake-192f': slh.slh_dsa_shake_192f,
  'slh-dsa-shake-256s': slh.slh_dsa_shake_256s,
  'slh-dsa-shake-256f': slh.slh_dsa_shake_256f,
} as const satisfies Record<SlhDsaSet, unknown>

/**
 * Everything in JavaScript, for browsers and for older Nodes. It is the reference against which the native
 * backend is tested. JavaScript cannot promise constant time: `docs/limits.md` says what that means.
 */
export const nobleBackend: Backend = {
  name: 'noble',
  nativeSignatures: false,
  mlDsa65: { keyPair: mlDsaKeyPair, verify: verifyMlDsa },
  mlKem768: {
    keyPair(seed) {
      assert(seed.length === 64, 'an ML-KEM seed has 64 bytes')
      const { publicKey, secretKey } = ml_kem768.keygen(seed)
      return {
        publicKey,
        decapsulate(ciphertext) {
          if (ciphertext.length !== mlKemCiphertextBytes) return undefined
          return ml_kem768.decapsulate(ciphertext, secretKey)
        },
        [Symbol.dispose]: () => wipe(secretKey),
      }
    },
    encapsulate(publicKey, randomness) {
      if (publicKey.length !== mlKemPublicKeyBytes) return undefined
      try {
        const { cipherText, sharedSecret } = ml_kem768.encapsulate(publicKey, randomness)
        return { ciphertext: cipherText, sharedSecret }
      } catch {
        // The modulus check of FIPS 203 section 7.2 throws.
        return undefined
      }
    },
  },
  slhDsa: {
    keyPair(set, seed) {
      const { publicKey, secretKey } = slhDsaBySet[set].keygen(seed)
      return { publicKey, secretKey }
    },
    sign: (set, secretKey, message, context) =>
      slhDsaBySet[set].sign(message, secretKey, { context }),
    verify(set, publicKey, message, context, signature) {
      const { lengths } = slhDsaBySet[set]
      if (publicKey.length !== lengths.publicKey) return false
      if (signature.length !== lengths.signature) return false
      return slhDsaBySet[set].verify(signature, message, publicKey, { context })
    },
  },
  x25519: {
    publicKey: (secret) => x25519.getPublicKey(secret),
    sharedSecret(secret, publicKey) {
      assert(secret.length === 32, 'an X25519 secret has 32 bytes')
      if (publicKey.length !== 32) return undefined
      try {
        return x25519.getSharedSecret(secret, publicKey)
      } catch {
        return undefined
      }
    },
  },
  ed25519: {
    publicKey: (seed) => ed25519.getPublicKey(seed),
    sign: (seed, message) => ed25519.sign(message, seed),
    verify(publicKey, message, signature) {
      if (publicKey.length !== 32 || signature.length !== 64) return false
      // The strict rules of RFC 8032, which OpenSSL follows too: both backends must agree on every signature.
      return ed25519.verify(signature, message, publicKey, { zip215: false })
    },
  },
  aes256Gcm: aead(gcm, 12),
  chaCha20Poly1305: aead(chacha20poly1305, 12),
  xChaCha20Poly1305: aead(xchacha20poly1305, 24),
  sha256: (message) => sha256(message),
  sha3_256: (message) => sha3_256(message),
  shake256: (message, length) => shake256(message, { dkLen: length }),
  hmacSha256: (key, message) => hmac(sha256, key, message),
  hkdfSha256: (secret, salt, info, length) => hkdf(sha256, secret, salt, info, length),
}

function mlDsaKeyPair(seed: Uint8Array): MlDsaKeyPair {
  assert(seed.length === 32, 'an ML-DSA seed has 32 bytes')
  const { publicKey, secretKey } = ml_dsa65.keygen(seed)
  return {
    publicKey,
    sign: (message, context) => ml_dsa65.sign(message, secretKey, { context }),
    [Symbol.dispose]: () => wipe(secretKey),
  }
}

function verifyMlDsa(
  publicKey: Uint8Array,
  message: Uint8Array,
  context: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (publicKey.length !== publicKeyBytes || signature.length !== signatureBytes) return false
  return ml_dsa65.verify(signature, message, publicKey, { context })
}

type NobleCipher = (
  key: Uint8Array,
  nonce: Uint8Array,
  associated?: Uint8Array,
) => { encrypt(plaintext: Uint8Array): Uint8Array; decrypt(sealed: Uint8Array): Uint8Array }

function aead(cipher: NobleCipher, nonceBytes: number): Aead {
  return {
    nonceBytes,
    seal(key, nonce, plaintext, associated) {
      assert(key.length === 32, 'an AEAD key has 32 bytes')
      assert(nonce.length === nonceBytes, `the nonce has ${nonceBytes} bytes`)
      return cipher(key, nonce, associated).encrypt(plaintext) as Bytes
    },
    open(key, nonce, sealed, associated) {
      assert(key.length === 32, 'an AEAD key has 32 bytes')
      assert(nonce.length === nonceBytes, `the nonce has ${nonceBytes} bytes`)
      if (sealed.length < aeadTagBytes) return undefined
      try {
        return cipher(key, nonce, associated).decrypt(sealed) as Bytes
      } catch {
        return undefined
      }
    },
  }
}
