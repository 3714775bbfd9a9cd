import { utf8 } from '@kithnet/kernel'
import { boundKey, closeWorkers, verifyBound, workingBackends } from '@kithnet/identity'
import { afterAll, describe, expect, it } from 'vitest'

const seed = (byte: number): Uint8Array => new Uint8Array(32).fill(byte)
const preimage = utf8('kithnet bound preimage')

afterAll(closeWorkers)

describe.each(workingBackends().map((backend) => [backend.name, backend] as const))(
  'a bound signature on %s',
  (_name, backend) => {
    const refusal = (half: string): unknown => ({
      ok: false,
      fault: { code: 'identity/bound-signature', half },
    })

    it('holds only with both halves, the second over the first', async () => {
      const key = boundKey(seed(1), seed(2), backend)
      const other = boundKey(seed(3), seed(2), backend)
      const signature = await key.sign(preimage)
      const check = (changed: Partial<typeof signature>, text = preimage): unknown =>
        verifyBound(key.publicKey, text, { ...signature, ...changed }, backend)
      expect(check({})).toEqual({ ok: true, value: true })
      expect(check({}, utf8('another'))).toEqual(refusal('both'))
      expect(
        check({ postQuantum: signature.postQuantum.with(9, signature.postQuantum[9]! ^ 1) }),
      ).toEqual(refusal('post-quantum'))
      // Another key's classical half over the same preimage: valid alone, but not the one that was bound.
      const swapped = (await other.sign(preimage)).classical
      expect(
        verifyBound(other.publicKey, preimage, { ...signature, classical: swapped }, backend),
      ).toEqual(refusal('post-quantum'))
      expect(verifyBound(other.publicKey, preimage, signature, backend)).toEqual(
        refusal('classical'),
      )
    })

    it('is refused at once without its post-quantum half', async () => {
      const key = boundKey(seed(1), seed(2), backend)
      const { classical } = await key.sign(preimage)
      const alone = { classical, postQuantum: new Uint8Array(0) }
      expect(verifyBound(key.publicKey, preimage, alone, backend)).toEqual(refusal('missing'))
      const cut = { classical, postQuantum: new Uint8Array(12) }
      expect(verifyBound(key.publicKey, preimage, cut, backend)).toEqual(refusal('post-quantum'))
    })
  },
)
