import { instant, utf8 } from '@kithnet/kernel'
import { nativeCosts, nobleCosts, testScheme, VirtualCores } from '@kithnet/testkit'
import { publicKeyBytes, signatureBytes } from '@kithnet/types'
import { describe, expect, test } from 'vitest'

const scheme = testScheme()
const seed = new Uint8Array(32).fill(7)
const { publicKey, secretKey } = scheme.keygen(seed)
const body = utf8('the body')
const signature = scheme.signSync(secretKey, 'batch', body)
const claim = { domain: 'batch', publicKey, body, signature }

describe('test signatures', () => {
  test('have real sizes and are deterministic', async () => {
    expect(publicKey).toHaveLength(publicKeyBytes)
    expect(signature).toHaveLength(signatureBytes)
    expect(testScheme().keygen(seed).publicKey).toEqual(publicKey)
    expect(scheme.signSync(secretKey, 'batch', body)).toEqual(signature)
    using key = scheme.signingKey(seed)
    expect(key.publicKey).toEqual(publicKey)
    expect(await key.sign('batch', body)).toEqual(signature)
  })

  test('verify, in every form', async () => {
    expect(scheme.verifySync(claim)).toBe(true)
    expect(await scheme.verify(claim)).toBe(true)
    expect(await scheme.verifyAll([claim, { ...claim, domain: 'other' }])).toEqual([true, false])
  })

  test('are refused when any byte of any part differs', () => {
    for (const part of ['publicKey', 'body', 'signature'] as const) {
      for (let at = 0; at < claim[part].length; at += part === 'body' ? 1 : 13) {
        const changed = Uint8Array.from(claim[part])
        changed[at]! ^= 1 << (at % 8)
        expect(scheme.verifySync({ ...claim, [part]: changed }), `${part} ${at}`).toBe(false)
      }
      expect(scheme.verifySync({ ...claim, [part]: claim[part].subarray(1) })).toBe(false)
    }
    expect(scheme.verifySync({ ...claim, domain: 'handshake' })).toBe(false)
    const stranger = scheme.keygen(new Uint8Array(32).fill(8))
    expect(scheme.verifySync({ ...claim, publicKey: stranger.publicKey })).toBe(false)
  })

  test('cost what the table says, in virtual time', () => {
    expect(scheme.costs).toBe(nativeCosts)
    expect(testScheme(nobleCosts).costs.verifyUs).toBe(1300)
    const cores = new VirtualCores(2)
    const done = [1, 2, 3].map(() => cores.work(instant(10), nativeCosts.signUs))
    expect(done).toEqual([10.53, 10.53, 11.06])
    expect(cores.work(instant(100), 1_000)).toBe(101)
  })
})
