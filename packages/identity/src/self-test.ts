import { equalBytes, toHex, utf8 } from '@kithnet/kernel'
import { hash } from '@kithnet/types'
import type { Backend } from './backend.ts'

/**
 * Names what a backend gets wrong; empty when it may be used. Keys made from fixed seeds must be the known
 * ones, which is what lets backends replace each other, and each operation must accept its own result and
 * refuse a changed one. The keys are public knowledge, so nothing is wiped. Takes about 10 ms when cold.
 */
export function selfTest(backend: Backend): readonly string[] {
  const failed: string[] = []
  for (const [name, passes] of checks) {
    try {
      if (!passes(backend)) failed.push(name)
    } catch {
      failed.push(name)
    }
  }
  return failed
}

const seed = Uint8Array.from({ length: 96 }, (_, index) => index)
const message = utf8('abc')
const context = utf8('kithnet/1/self-test')

const checks: readonly (readonly [string, (backend: Backend) => boolean])[] = [
  ['sha256', (b) => toHex(b.sha256(message)) === digests.sha256],
  ['sha3-256', (b) => toHex(b.sha3_256(message)) === digests.sha3],
  ['shake256', (b) => toHex(b.shake256(message, 16)) === digests.shake256],
  ['hmac', (b) => toHex(b.hmacSha256(utf8('key'), message)) === digests.hmac],
  ['hkdf', (b) => toHex(b.hkdfSha256(seed, message, context, 32)) === digests.hkdf],
  ['ml-dsa-65', mlDsaWorks],
  ['ml-kem-768', mlKemWorks],
  ['x25519', x25519Works],
  ['ed25519', ed25519Works],
  ['aes-256-gcm', (b) => aeadWorks(b.aes256Gcm, digests.aes)],
  ['chacha20-poly1305', (b) => aeadWorks(b.chaCha20Poly1305, digests.chacha)],
  ['xchacha20-poly1305', (b) => aeadWorks(b.xChaCha20Poly1305, digests.xchacha)],
]

/** Outputs for the fixed inputs; BLAKE3 of the long ones. Source: both backends, which agree; noble passes ACVP. */
const digests = {
  sha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  sha3: '3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532',
  shake256: '483366601360a8771c6863080cc4114d',
  hmac: '9c196e32dc0175f86f4b1cb89289d6619de6bee699e4c378e68309ed97a1a6ab',
  hkdf: '3bba36837b2cd5991d6425622ba2a55c2746bcd231c8ec93fc0f8fc4f6146cb8',
  mlDsaKey: 'e402f9201b3acfcec80c8b0fe0bd3bb182555e515d20a36e54f31ed06db00d00',
  mlKemKey: 'c3ad47e76db38d5a0f82f7d725da8a0ffb090e4161ddf7b6f53db52dce4e1211',
  x25519: '9663aa1da97e848a914a436d04163dfbb89178f107f1b5b77ed3854203382854',
  ed25519: 'cfe9a3a40b07cbf256500eec0eb7f53871ebfd5a11892d3c13c3b0f6f9fcde61',
  aes: '2660b57fba39722afc644b61a682439b6052f3',
  chacha: 'e8996bb6aa3998e7113138bac4cd2723ea9efd',
  xchacha: 'ffa06cc4d13f4ae74322e349810acef53a5bab',
} as const

function mlDsaWorks({ mlDsa65 }: Backend): boolean {
  const keys = mlDsa65.keyPair(seed.subarray(0, 32))
  if (toHex(hash('item', keys.publicKey)) !== digests.mlDsaKey) return false
  const signature = keys.sign(message, context)
  if (!mlDsa65.verify(keys.publicKey, message, context, signature)) return false
  if (mlDsa65.verify(keys.publicKey, message, message, signature)) return false
  return !mlDsa65.verify(keys.publicKey, context, context, signature)
}

function mlKemWorks({ mlKem768 }: Backend): boolean {
  const keys = mlKem768.keyPair(seed.subarray(0, 64))
  if (toHex(hash('item', keys.publicKey)) !== digests.mlKemKey) return false
  const sent = mlKem768.encapsulate(keys.publicKey)
  if (sent === undefined) return false
  const received = keys.decapsulate(sent.ciphertext)
  return received !== undefined && equalBytes(received, sent.sharedSecret)
}

function x25519Works({ x25519 }: Backend): boolean {
  const a = seed.subarray(0, 32)
  const b = seed.subarray(32, 64)
  const shared = x25519.sharedSecret(a, x25519.publicKey(b))
  if (shared === undefined || toHex(shared) !== digests.x25519) return false
  return x25519.sharedSecret(a, new Uint8Array(32)) === undefined
}

function ed25519Works({ ed25519 }: Backend): boolean {
  const secret = seed.subarray(0, 32)
  const publicKey = ed25519.publicKey(secret)
  const signature = ed25519.sign(secret, message)
  if (toHex(hash('item', signature)) !== digests.ed25519) return false
  return (
    ed25519.verify(publicKey, message, signature) && !ed25519.verify(publicKey, context, signature)
  )
}

function aeadWorks(aead: Backend['aes256Gcm'], digest: string): boolean {
  const key = seed.subarray(0, 32)
  const nonce = seed.subarray(0, aead.nonceBytes)
  const sealed = aead.seal(key, nonce, message, context)
  if (toHex(sealed) !== digest) return false
  const opened = aead.open(key, nonce, sealed, context)
  if (opened === undefined || !equalBytes(opened, message)) return false
  return aead.open(key, nonce, sealed, message) === undefined
}
