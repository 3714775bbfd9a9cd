import { workingBackends, xWingEncapsulate, xWingKeyPair } from '@kithnet/identity'
import { describe, expect, it } from 'vitest'

const backends = workingBackends()
const pairs = backends.flatMap((a) => backends.map((b) => [a.name, b.name, a, b] as const))
const seed = new Uint8Array(32).fill(4)

describe.each(pairs)('X-Wing from %s to %s', (_a, _b, a, b) => {
  it('agrees on a fresh secret', () => {
    const keys = xWingKeyPair(seed, b)
    const [one, two] = [xWingEncapsulate(keys.publicKey, a), xWingEncapsulate(keys.publicKey, a)]
    if (!one.ok || !two.ok) return expect.fail('an honest key was refused')
    const received = keys.decapsulate(one.value.ciphertext)
    expect(received.ok && received.value).toEqual(one.value.sharedSecret)
    expect(one.value.sharedSecret).not.toEqual(two.value.sharedSecret)
  })

  it('gives an unrelated secret for a tampered ciphertext, in either half', () => {
    const keys = xWingKeyPair(seed, b)
    const sent = xWingEncapsulate(keys.publicKey, a)
    if (!sent.ok) return expect.fail('an honest key was refused')
    for (const at of [5, 1100]) {
      const tampered = Uint8Array.from(sent.value.ciphertext)
      tampered[at]! ^= 1
      const received = keys.decapsulate(tampered)
      expect(received.ok && received.value).not.toEqual(sent.value.sharedSecret)
    }
  })
})

describe.each(backends.map((backend) => [backend.name, backend] as const))(
  'X-Wing on %s',
  (_name, backend) => {
    it('refuses what cannot be a key or a ciphertext', () => {
      const keys = xWingKeyPair(seed, backend)
      const badKey = { ok: false, fault: { code: 'identity/kem-input', what: 'public-key' } }
      const badCiphertext = { ok: false, fault: { code: 'identity/kem-input', what: 'ciphertext' } }
      expect(xWingEncapsulate(keys.publicKey.slice(1), backend)).toEqual(badKey)
      expect(xWingEncapsulate(keys.publicKey.with(0, 0xff).with(1, 0xff), backend)).toEqual(badKey)
      const lowOrder = Uint8Array.from(keys.publicKey).fill(0, 1184)
      expect(xWingEncapsulate(lowOrder, backend)).toEqual(badKey)
      expect(keys.decapsulate(new Uint8Array(1119))).toEqual(badCiphertext)
      expect(keys.decapsulate(new Uint8Array(1120))).toEqual(badCiphertext)
    })
  },
)
