import type { Aead, Backend } from '@kithnet/identity'
import type { Bytes } from '@kithnet/kernel'

/** What a `pq-channel` computes with: a part of an identity backend, and entropy. A test injects both. */
export interface ChannelPrimitives extends Pick<
  Backend,
  'x25519' | 'mlKem768' | 'aes256Gcm' | 'chaCha20Poly1305' | 'sha256' | 'hmacSha256'
> {
  /** `length` fresh secret bytes. */
  random(length: number): Bytes
}

/** The primitives of a backend with the host's entropy. */
export function channelPrimitives(backend: Backend): ChannelPrimitives {
  return {
    x25519: backend.x25519,
    mlKem768: backend.mlKem768,
    aes256Gcm: backend.aes256Gcm,
    chaCha20Poly1305: backend.chaCha20Poly1305,
    sha256: backend.sha256,
    hmacSha256: backend.hmacSha256,
    random: (length) => globalThis.crypto.getRandomValues(new Uint8Array(length)),
  }
}

/**
 * One choice of cryptography, by its number on the wire. Every suite is X25519 with ML-KEM-768, ML-DSA-65 both
 * ways and HKDF-SHA-256; only the record cipher differs, so there is nothing to downgrade to.
 */
export interface ChannelSuite {
  readonly number: number
  /** How `connections()` shows it. */
  readonly name: string
  readonly cipher: 'aes256Gcm' | 'chaCha20Poly1305'
}

/** AES-256-GCM records: fastest where the cipher is native. */
export const aesSuite: ChannelSuite = {
  number: 1,
  name: 'pq-channel/1 X25519MLKEM768 ML-DSA-65 AES-256-GCM',
  cipher: 'aes256Gcm',
}
/** ChaCha20-Poly1305 records: fastest where it runs in JavaScript. */
export const chaChaSuite: ChannelSuite = {
  number: 2,
  name: 'pq-channel/1 X25519MLKEM768 ML-DSA-65 ChaCha20-Poly1305',
  cipher: 'chaCha20Poly1305',
}

/** The suites of a host, the fastest first: what an initiator offers. */
export function preferredSuites(backendName: Backend['name']): readonly ChannelSuite[] {
  return backendName === 'noble' ? [chaChaSuite, aesSuite] : [aesSuite, chaChaSuite]
}

/** The cipher of a suite. */
export function cipherOf(primitives: ChannelPrimitives, suite: ChannelSuite): Aead {
  return primitives[suite.cipher]
}
