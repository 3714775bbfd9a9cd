import { createHash, createHmac } from 'node:crypto'
import { nobleBackend, nodeBackend } from '@kithnet/identity'
import { type Bytes, concat, equalBytes, seededRng, toHex, utf8 } from '@kithnet/kernel'
import { type PeerId, peerIdOf, publicKeyBytes, signatureBytes } from '@kithnet/types'
import type { ChannelPrimitives } from '../../src/pq-channel/primitives.ts'

/** A signer of handshakes: real or ideal. */
export interface Party {
  readonly peer: PeerId
  readonly publicKey: Bytes
  sign(body: Uint8Array): Bytes
}

/** Who can tell a good signature. */
export interface Judge {
  verify(publicKey: Uint8Array, body: Uint8Array, signature: Uint8Array): boolean
}

const sha256 = (...parts: readonly Uint8Array[]): Bytes => {
  const digest = createHash('sha256')
  for (const part of parts) digest.update(part)
  return new Uint8Array(digest.digest())
}

const stretch = (seed: Uint8Array, length: number): Bytes =>
  new Uint8Array(createHash('shake256', { outputLength: length }).update(seed).digest())

/** The symmetric ciphers of this host. */
export const symmetric = nodeBackend() ?? nobleBackend

/**
 * A world in which key exchange and signatures are perfect and cheap: secrets are found only by who holds
 * them, because the world looks them up. Hashes and ciphers are the real ones. Same seed, same bytes.
 */
export class IdealWorld implements Judge {
  readonly primitives: ChannelPrimitives
  readonly #x25519SecretByKey = new Map<string, Bytes>()
  readonly #kemSeedByKey = new Map<string, Bytes>()
  readonly #signSeedByKey = new Map<string, Bytes>()

  constructor(seed: string) {
    const rng = seededRng(seed)
    const random = (length: number): Bytes => rng.bytes(length)
    this.primitives = {
      sha256: (message) => sha256(message),
      hmacSha256: (key, message) =>
        new Uint8Array(createHmac('sha256', key).update(message).digest()),
      aes256Gcm: symmetric.aes256Gcm,
      chaCha20Poly1305: symmetric.chaCha20Poly1305,
      random,
      x25519: {
        publicKey: (secret) => {
          const key = sha256(utf8('x25519'), secret)
          this.#x25519SecretByKey.set(toHex(key), Uint8Array.from(secret))
          return key
        },
        sharedSecret: (secret, publicKey) => this.#agree(secret, publicKey),
      },
      mlKem768: {
        keyPair: (kemSeed) => this.#kemKeyPair(Uint8Array.from(kemSeed)),
        encapsulate: (publicKey) => {
          const ciphertext = stretch(random(32), 1088)
          const held = this.#kemSeedByKey.get(toHex(publicKey)) ?? random(32)
          return { ciphertext, sharedSecret: sha256(utf8('kem'), held, ciphertext) }
        },
      },
    }
  }

  /** A signer whose signatures only this world can make and tell. */
  party(name: string): Party {
    const seed = sha256(utf8('party'), utf8(name))
    const publicKey = stretch(seed, publicKeyBytes)
    this.#signSeedByKey.set(toHex(sha256(publicKey)), seed)
    return { peer: peerIdOf(publicKey), publicKey, sign: (body) => signature(seed, body) }
  }

  verify(publicKey: Uint8Array, body: Uint8Array, claimed: Uint8Array): boolean {
    const seed = this.#signSeedByKey.get(toHex(sha256(publicKey)))
    return seed !== undefined && equalBytes(signature(seed, body), claimed)
  }

  /** The secret of both public keys, in an order of its own. */
  #agree(secret: Uint8Array, publicKey: Uint8Array): Bytes | undefined {
    if (publicKey.every((byte) => byte === 0)) return undefined
    const own = sha256(utf8('x25519'), secret)
    const other = this.#x25519SecretByKey.get(toHex(publicKey))
    if (other === undefined) return sha256(utf8('lost'), secret, publicKey)
    const mine = toHex(own) < toHex(publicKey)
    return mine ? sha256(secret, other) : sha256(other, secret)
  }

  #kemKeyPair(seed: Bytes): ReturnType<ChannelPrimitives['mlKem768']['keyPair']> {
    // Three bits a byte keep each packed coefficient below the modulus.
    const publicKey = stretch(concat(utf8('kem'), seed), 1184).map((byte) => byte & 7)
    this.#kemSeedByKey.set(toHex(publicKey), seed)
    return {
      publicKey,
      decapsulate: (ciphertext) => sha256(utf8('kem'), seed, ciphertext),
      [Symbol.dispose]: () => undefined,
    }
  }
}

function signature(seed: Uint8Array, body: Uint8Array): Bytes {
  return stretch(sha256(utf8('sign'), seed, body), signatureBytes)
}
