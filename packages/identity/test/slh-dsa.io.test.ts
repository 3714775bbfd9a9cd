import { utf8 } from '@kithnet/kernel'
import {
  createIdentity,
  nobleBackend,
  selectBackend,
  slhDsaSets,
  SlhDsaSigner,
} from '@kithnet/identity'
import { afterAll, describe, expect, it } from 'vitest'

const identity = createIdentity(new Uint8Array(32).fill(6))
const body = utf8('a statement for decades')
const native = new SlhDsaSigner()
const reference = new SlhDsaSigner(nobleBackend)
// In JavaScript the sets with small signatures sign for seconds; one of them stands for the six.
const signedInJavaScript = slhDsaSets.filter(
  (set) => set.endsWith('f') || set === 'slh-dsa-sha2-128s',
)
const signedBySelected = selectBackend().nativeSignatures ? slhDsaSets : signedInJavaScript

afterAll(async () => {
  await native[Symbol.asyncDispose]()
  await reference[Symbol.asyncDispose]()
})

describe('SLH-DSA in a worker', () => {
  it.each(signedBySelected)('%s: the selected backend signs, both verify', async (set) => {
    const key = await native.key(set, identity.exportSeed(set))
    const signature = await key.sign('rotation', body)
    for (const signer of [native, reference]) {
      expect(await signer.verify(set, key.publicKey, 'rotation', body, signature)).toBe(true)
      expect(await signer.verify(set, key.publicKey, 'advert', body, signature)).toBe(false)
      expect(await signer.verify(set, key.publicKey, 'rotation', utf8('x'), signature)).toBe(false)
    }
    key[Symbol.dispose]()
    await expect(key.sign('rotation', body)).rejects.toThrow('disposed')
  })

  it.skipIf(selectBackend() === nobleBackend).each(signedInJavaScript)(
    '%s: noble signs, the selected backend verifies',
    async (set) => {
      const key = await reference.key(set, identity.exportSeed(set))
      const signature = await key.sign('rotation', body)
      expect(await native.verify(set, key.publicKey, 'rotation', body, signature)).toBe(true)
      signature[signature.length - 1]! ^= 1
      expect(await native.verify(set, key.publicKey, 'rotation', body, signature)).toBe(false)
    },
  )

  it('has one answer per key: the same seed gives the same public key in both', async () => {
    const seed = identity.exportSeed('slh-dsa-shake-128f')
    const left = await native.key('slh-dsa-shake-128f', seed)
    const right = await reference.key('slh-dsa-shake-128f', seed)
    expect(left.publicKey).toEqual(right.publicKey)
  })
})
