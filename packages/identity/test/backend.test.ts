import { utf8 } from '@kithnet/kernel'
import {
  type Backend,
  nobleBackend,
  selectBackend,
  selfTest,
  workingBackends,
} from '@kithnet/identity'
import { describe, expect, it } from 'vitest'

const backends = workingBackends()
// The mixed backend has the public-key half of noble: one of the two stands for both.
const publicKeyHalves = [...new Set([selectBackend(), nobleBackend])]
const pairs = publicKeyHalves.flatMap((a) =>
  publicKeyHalves.map((b) => [a.name, b.name, a, b] as const),
)
const seed = new Uint8Array(32).fill(7)
const message = utf8('one message')
const context = utf8('kithnet/1/test')

describe('selection', () => {
  it('takes the first backend that passes its self-test, once', () => {
    expect(selectBackend()).toBe(selectBackend())
    expect(selectBackend().name).toBe(backends[0]?.name)
  })

  it('always has the JavaScript backend to fall back on', () => {
    expect(backends.at(-1)).toBe(nobleBackend)
  })

  it('names what a broken backend gets wrong', () => {
    const broken: Backend = {
      ...nobleBackend,
      mlDsa65: { ...nobleBackend.mlDsa65, verify: () => true },
      sha256: () => new Uint8Array(32),
      mlKem768: {
        ...nobleBackend.mlKem768,
        keyPair: () => {
          throw new Error('not here')
        },
      },
    }
    expect(selfTest(broken)).toEqual(['sha256', 'ml-dsa-65', 'ml-kem-768'])
    expect(selfTest(nobleBackend)).toEqual([])
  })
})

describe.each(pairs)('%s beside %s', (_a, _b, a, b) => {
  it('makes the same ML-DSA-65 keys, and each verifies what the other signed', () => {
    const [left, right] = [a.mlDsa65.keyPair(seed), b.mlDsa65.keyPair(seed)]
    expect(left.publicKey).toEqual(right.publicKey)
    const signature = left.sign(message, context)
    const { verify } = b.mlDsa65
    expect(verify(right.publicKey, message, context, signature)).toBe(true)
    expect(verify(right.publicKey, message, utf8('kithnet/1/other'), signature)).toBe(false)
    expect(verify(right.publicKey, utf8('another'), context, signature)).toBe(false)
    expect(verify(right.publicKey.slice(1), message, context, signature)).toBe(false)
    expect(verify(right.publicKey, message, context, signature.slice(1))).toBe(false)
    const changed = Uint8Array.from(signature)
    changed[1000]! ^= 1
    expect(verify(right.publicKey, message, context, changed)).toBe(false)
  })

  it('decapsulates what the other encapsulated', () => {
    const long = new Uint8Array(64).fill(9)
    const keys = a.mlKem768.keyPair(long)
    expect(keys.publicKey).toEqual(b.mlKem768.keyPair(long).publicKey)
    const sent = b.mlKem768.encapsulate(keys.publicKey)
    expect(sent && keys.decapsulate(sent.ciphertext)).toEqual(sent?.sharedSecret)
    expect(keys.decapsulate(new Uint8Array(1087))).toBeUndefined()
    expect(b.mlKem768.encapsulate(keys.publicKey.slice(1))).toBeUndefined()
    expect(b.mlKem768.encapsulate(new Uint8Array(1184).fill(0xff))).toBeUndefined()
  })

  it('rejects a tampered ML-KEM ciphertext implicitly, in the same way', () => {
    const long = new Uint8Array(64).fill(9)
    const sent = a.mlKem768.encapsulate(a.mlKem768.keyPair(long).publicKey)
    const tampered = Uint8Array.from(sent?.ciphertext ?? [])
    tampered[3]! ^= 1
    const left = a.mlKem768.keyPair(long).decapsulate(tampered)
    expect(left).toEqual(b.mlKem768.keyPair(long).decapsulate(tampered))
    expect(left).not.toEqual(sent?.sharedSecret)
  })

  it('verifies the other’s SLH-DSA signature', () => {
    const keys = a.slhDsa.keyPair('slh-dsa-sha2-128f', new Uint8Array(48).fill(5))
    const signature = a.slhDsa.sign('slh-dsa-sha2-128f', keys.secretKey, message, context)
    const { verify } = b.slhDsa
    expect(verify('slh-dsa-sha2-128f', keys.publicKey, message, context, signature)).toBe(true)
    expect(verify('slh-dsa-sha2-128f', keys.publicKey, message, message, signature)).toBe(false)
    expect(verify('slh-dsa-sha2-128f', keys.publicKey.slice(1), message, context, signature)).toBe(
      false,
    )
    expect(verify('slh-dsa-shake-128f', keys.publicKey, message, context, signature)).toBe(false)
    expect(verify('slh-dsa-sha2-128f', keys.publicKey, message, context, signature.slice(1))).toBe(
      false,
    )
  })
})

describe.each(backends.map((backend) => [backend.name, backend] as const))(
  '%s',
  (_name, backend) => {
    it('signs off the thread the bytes it was given, though the caller reuses the buffer', async () => {
      const keys = backend.mlDsa65.keyPair(seed)
      if (keys.signOffThread === undefined) return expect(backend.nativeSignatures).toBe(false)
      const reused = Uint8Array.from(message)
      const signing = keys.signOffThread(reused, context)
      reused.fill(0)
      const signature = await signing
      expect(backend.mlDsa65.verify(keys.publicKey, message, context, signature)).toBe(true)
      const checking = backend.mlDsa65.verifyOffThread?.(keys.publicKey, reused, context, signature)
      reused.set(message)
      expect(await checking).toBe(false)
    })

    it('notices that the caller overwrote a key array it had used before', () => {
      const [mine, other] = [
        backend.mlDsa65.keyPair(seed),
        backend.mlDsa65.keyPair(seed.map(() => 8)),
      ]
      const signature = mine.sign(message, context)
      const key = Uint8Array.from(mine.publicKey)
      expect(backend.mlDsa65.verify(key, message, context, signature)).toBe(true)
      key.set(other.publicKey)
      expect(backend.mlDsa65.verify(key, message, context, signature)).toBe(false)
    })
  },
)
