import { assert, type Bytes } from '@kithnet/kernel'
import { publicKeyBytes, signatureBytes } from '@kithnet/types'
import type { KeyObject } from 'node:crypto'
import {
  type Aead,
  aeadTagBytes,
  type Backend,
  type Ed25519,
  mlKemCiphertextBytes,
  mlKemPublicKeyBytes,
  type MlDsa,
  type MlKem,
  type SlhDsa,
  type X25519,
} from './backend.ts'
import { Derived } from './derived.ts'
import { nodeModule } from './host.ts'
import { nobleBackend } from './noble-backend.ts'

type NodeCrypto = typeof import('node:crypto')

/** Node's own primitives, or `undefined` where there is no Node. Whether they work is for the self-test to say. */
export function nodeBackend(): Backend | undefined {
  const crypto = nodeModule('node:crypto')
  if (crypto === undefined) return undefined
  return {
    ...symmetric(crypto),
    name: 'node',
    nativeSignatures: true,
    mlDsa65: mlDsa65(crypto),
    mlKem768: mlKem768(crypto),
    slhDsa: slhDsa(crypto),
    x25519: x25519(crypto),
    ed25519: ed25519(crypto),
  }
}

/** Native where every supported Node is, noble for the rest: for a Node without post-quantum primitives. */
export function mixedBackend(): Backend | undefined {
  const crypto = nodeModule('node:crypto')
  if (crypto === undefined) return undefined
  return { ...nobleBackend, ...symmetric(crypto), name: 'node+noble' }
}

type Symmetric =
  | 'aes256Gcm'
  | 'chaCha20Poly1305'
  | 'xChaCha20Poly1305'
  | 'sha256'
  | 'sha3_256'
  | 'shake256'
  | 'hmacSha256'
  | 'hkdfSha256'

function symmetric(crypto: NodeCrypto): Pick<Backend, Symmetric> {
  return {
    aes256Gcm: aead(crypto, 'aes-256-gcm'),
    chaCha20Poly1305: aead(crypto, 'chacha20-poly1305'),
    // OpenSSL has no XChaCha20. It seals one small file here, so JavaScript is fast enough.
    xChaCha20Poly1305: nobleBackend.xChaCha20Poly1305,
    sha256: (message) => plain(crypto.hash('sha256', message, 'buffer')),
    sha3_256: (message) => plain(crypto.hash('sha3-256', message, 'buffer')),
    shake256: (message, length) =>
      plain(crypto.createHash('shake256', { outputLength: length }).update(message).digest()),
    hmacSha256: (key, message) => plain(crypto.createHmac('sha256', key).update(message).digest()),
    hkdfSha256: (secret, salt, info, length) =>
      new Uint8Array(crypto.hkdfSync('sha256', secret, salt, info, length)),
  }
}

function mlDsa65(crypto: NodeCrypto): MlDsa {
  const imported = new Derived((bytes) => rawKey(crypto, 'public', 'ml-dsa-65', bytes))
  const isShaped = (publicKey: Uint8Array, signature: Uint8Array): boolean =>
    publicKey.length === publicKeyBytes && signature.length === signatureBytes
  return {
    keyPair(seed) {
      assert(seed.length === 32, 'an ML-DSA seed has 32 bytes')
      const key = rawKey(crypto, 'seed', 'ml-dsa-65', seed)
      return {
        publicKey: rawPublic(crypto, key),
        sign: (message, context) => plain(crypto.sign(null, message, { key, context })),
        signOffThread: (message, context) =>
          new Promise((resolve, reject) => {
            crypto.sign(null, message, { key, context }, (error, signature) => {
              if (error === null) resolve(plain(signature))
              else reject(error)
            })
          }),
        // OpenSSL wipes its copy when the key object is collected; nothing here can hasten that.
        [Symbol.dispose]: () => undefined,
      }
    },
    verify(publicKey, message, context, signature) {
      if (!isShaped(publicKey, signature)) return false
      return crypto.verify(null, message, { key: imported.of(publicKey), context }, signature)
    },
    verifyOffThread(publicKey, message, context, signature) {
      if (!isShaped(publicKey, signature)) return Promise.resolve(false)
      return new Promise((resolve, reject) => {
        const key = { key: imported.of(publicKey), context }
        crypto.verify(null, message, key, signature, (error, valid) => {
          if (error === null) resolve(valid)
          else reject(error)
        })
      })
    },
  }
}

function mlKem768(crypto: NodeCrypto): MlKem {
  return {
    keyPair(seed) {
      assert(seed.length === 64, 'an ML-KEM seed has 64 bytes')
      const key = rawKey(crypto, 'seed', 'ml-kem-768', seed)
      return {
        publicKey: rawPublic(crypto, key),
        decapsulate(ciphertext) {
          if (ciphertext.length !== mlKemCiphertextBytes) return undefined
          return plain(crypto.decapsulate(key, ciphertext))
        },
        [Symbol.dispose]: () => undefined,
      }
    },
    encapsulate(publicKey, randomness) {
      // OpenSSL takes no randomness from outside; only known answers need it.
      if (randomness !== undefined) return nobleBackend.mlKem768.encapsulate(publicKey, randomness)
      if (publicKey.length !== mlKemPublicKeyBytes) return undefined
      let key: KeyObject
      try {
        key = rawKey(crypto, 'public', 'ml-kem-768', publicKey)
      } catch {
        return undefined
      }
      const { ciphertext, sharedKey } = crypto.encapsulate(key)
      return { ciphertext: plain(ciphertext), sharedSecret: plain(sharedKey) }
    },
  }
}

function slhDsa(crypto: NodeCrypto): SlhDsa {
  try {
    // A signature is too slow for the self-test, so ask whether OpenSSL was built with this family at all.
    rawKey(crypto, 'public', 'slh-dsa-sha2-128f', new Uint8Array(32))
  } catch {
    return nobleBackend.slhDsa
  }
  return {
    // OpenSSL imports only a finished key, whose root is the costly part: noble computes it.
    keyPair: nobleBackend.slhDsa.keyPair,
    sign(set, secretKey, message, context) {
      const key = rawKey(crypto, 'private', set, secretKey)
      return plain(crypto.sign(null, message, { key, context }))
    },
    verify(set, publicKey, message, context, signature) {
      let key: KeyObject
      try {
        key = rawKey(crypto, 'public', set, publicKey)
      } catch {
        return false
      }
      return crypto.verify(null, message, { key, context }, signature)
    },
  }
}

function x25519(crypto: NodeCrypto): X25519 {
  return {
    publicKey: (secret) => rawPublic(crypto, rawKey(crypto, 'private', 'x25519', secret)),
    sharedSecret(secret, publicKey) {
      const privateKey = rawKey(crypto, 'private', 'x25519', secret)
      if (publicKey.length !== 32) return undefined
      try {
        const other = rawKey(crypto, 'public', 'x25519', publicKey)
        return plain(crypto.diffieHellman({ privateKey, publicKey: other }))
      } catch {
        // OpenSSL refuses a result of zero, which is what a low-order point gives.
        return undefined
      }
    },
  }
}

function ed25519(crypto: NodeCrypto): Ed25519 {
  return {
    publicKey: (seed) => rawPublic(crypto, rawKey(crypto, 'private', 'ed25519', seed)),
    sign: (seed, message) =>
      plain(crypto.sign(null, message, rawKey(crypto, 'private', 'ed25519', seed))),
    verify(publicKey, message, signature) {
      if (publicKey.length !== 32 || signature.length !== 64) return false
      const key = rawKey(crypto, 'public', 'ed25519', publicKey)
      return crypto.verify(null, message, key, signature)
    },
  }
}

function aead(crypto: NodeCrypto, cipher: 'aes-256-gcm' | 'chacha20-poly1305'): Aead {
  // One cast for both: the typings know `authTagLength` and `setAAD` under each name apart.
  const name = cipher as 'aes-256-gcm'
  const options = { authTagLength: aeadTagBytes }
  return {
    nonceBytes: 12,
    seal(key, nonce, plaintext, associated) {
      assert(nonce.length === 12, 'the nonce has 12 bytes')
      const sealing = crypto.createCipheriv(name, key, nonce, options)
      if (associated !== undefined) sealing.setAAD(associated)
      const sealed = new Uint8Array(plaintext.length + aeadTagBytes)
      sealed.set(sealing.update(plaintext))
      sealing.final()
      sealed.set(sealing.getAuthTag(), plaintext.length)
      return sealed
    },
    open(key, nonce, sealed, associated) {
      assert(nonce.length === 12, 'the nonce has 12 bytes')
      if (sealed.length < aeadTagBytes) return undefined
      const opening = crypto.createDecipheriv(name, key, nonce, options)
      if (associated !== undefined) opening.setAAD(associated)
      const end = sealed.length - aeadTagBytes
      opening.setAuthTag(sealed.subarray(end))
      const plaintext = opening.update(sealed.subarray(0, end))
      try {
        opening.final()
      } catch {
        plaintext.fill(0)
        return undefined
      }
      return plain(plaintext)
    },
  }
}

/** A key object of raw bytes. Source: the formats that Node 24.21 and 26 share. */
function rawKey(
  crypto: NodeCrypto,
  kind: 'seed' | 'private' | 'public',
  asymmetricKeyType: string,
  bytes: Uint8Array,
): KeyObject {
  const input = { key: bytes, format: `raw-${kind}`, asymmetricKeyType } as unknown
  if (kind === 'public') {
    return crypto.createPublicKey(input as Parameters<NodeCrypto['createPublicKey']>[0])
  }
  return crypto.createPrivateKey(input as Parameters<NodeCrypto['createPrivateKey']>[0])
}

function rawPublic(crypto: NodeCrypto, key: KeyObject): Bytes {
  const bytes: unknown = crypto
    .createPublicKey(key as unknown as Parameters<NodeCrypto['createPublicKey']>[0])
    .export({ format: 'raw-public' } as unknown as { format: 'jwk' })
  return plain(bytes as Uint8Array)
}

/** A plain array of its own: a `Buffer` may share its memory with others. */
function plain(buffer: Uint8Array): Bytes {
  return new Uint8Array(buffer)
}
