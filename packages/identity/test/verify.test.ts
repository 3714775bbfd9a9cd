import { epochMs, ok, utf8 } from '@kithnet/kernel'
import {
  batchKind,
  createIdentity,
  createMlDsaScheme,
  descriptorKind,
  nobleBackend,
  type SignatureScheme,
  type SignedKind,
  verifyBatch,
  verifySigned,
  verifySignedSync,
} from '@kithnet/identity'
import {
  type Batch,
  encodeBatch,
  encodeDescriptor,
  messageIdFromBytes,
  networkId,
  type PeerId,
  streamIdFromBytes,
  topicId,
} from '@kithnet/types'
import { testScheme } from '@kithnet/testkit'
import { describe, expect, it } from 'vitest'

const author = createIdentity(new Uint8Array(32).fill(1))
const stranger = createIdentity(new Uint8Array(32).fill(2))
const network = networkId('test')
const batch: Batch = {
  network,
  author: author.peer,
  stream: streamIdFromBytes(new Uint8Array(16)),
  topic: topicId(network, 'news'),
  firstSeq: 0,
  ids: [messageIdFromBytes(new Uint8Array(32))],
  hlc: epochMs(1),
  prev: undefined,
}
const body = encodeBatch(batch)
const signature = await author.sign('batch', body)
const signed = { body, signature }

describe.each([
  ['verifySigned', verifySigned],
  ['verifySignedSync', verifySignedSync],
])('%s', (_name, verify) => {
  const faultOf = async (
    ...args: Parameters<typeof verifySigned<Batch, never>>
  ): Promise<unknown> => {
    const result = await verify(...args)
    return result.ok ? undefined : result.fault
  }
  const kind = batchKind as SignedKind<Batch, never>

  it('gives the value of the bytes that were signed', async () => {
    expect(await verify(batchKind, signed, author.publicKey)).toEqual(ok(batch))
  })

  it('refuses one changed bit anywhere in body or signature', async () => {
    for (const bit of [0, 77, 8 * body.length - 1]) {
      const changed = Uint8Array.from(body)
      changed[bit >> 3]! ^= 1 << (bit & 7)
      expect(await faultOf(kind, { body: changed, signature }, author.publicKey)).toBeDefined()
    }
    for (const byte of [0, 1500, 3308]) {
      const changed = Uint8Array.from(signature)
      changed[byte]! ^= 128
      expect(await faultOf(kind, { body, signature: changed }, author.publicKey)).toEqual({
        code: 'identity/bad-signature',
      })
    }
  })

  it('refuses a key that is not that of the peer named in the body', async () => {
    const forged = { body, signature: await stranger.sign('batch', body) }
    expect(await faultOf(kind, forged, stranger.publicKey)).toEqual({
      code: 'identity/wrong-key',
      named: author.peer,
      key: stranger.peer,
    })
    expect(await faultOf(kind, forged, author.publicKey)).toEqual({
      code: 'identity/bad-signature',
    })
  })

  it('refuses a signature made for another domain', async () => {
    const other = { body, signature: await author.sign('descriptor', body) }
    expect(await faultOf(kind, other, author.publicKey)).toEqual({ code: 'identity/bad-signature' })
  })

  it('refuses wrong lengths and bodies that do not decode before it computes anything', async () => {
    const never: SignatureScheme = {
      ...createMlDsaScheme(nobleBackend),
      verifySync: () => expect.fail('was asked'),
      verify: () => expect.fail('was asked'),
    }
    expect(await faultOf(kind, signed, author.publicKey.slice(1), never)).toEqual({
      code: 'identity/key-length',
      gotBytes: 1951,
    })
    const short = { body, signature: signature.slice(1) }
    expect(await faultOf(kind, short, author.publicKey, never)).toEqual({
      code: 'identity/signature-length',
      gotBytes: 3308,
    })
    const cut = { body: body.slice(1), signature }
    expect(await faultOf(kind, cut, author.publicKey, never)).toMatchObject({
      code: expect.stringMatching(/^types\//) as unknown,
    })
  })
})

describe('verification', () => {
  it('is of the bytes that were there when it was asked for', async () => {
    const reused = { body: Uint8Array.from(body), signature: Uint8Array.from(signature) }
    const verifying = verifySigned(batchKind, reused, author.publicKey)
    reused.body.fill(0)
    const result = await verifying
    expect(result).toEqual(ok(batch))
  })

  it('reads descriptors too', async () => {
    const descriptor = { network, peer: author.peer, incarnation: 3, addresses: [], epoch: 9 }
    const bytes = encodeDescriptor(descriptor)
    const claim = { body: bytes, signature: await author.sign('descriptor', bytes) }
    expect(await verifySigned(descriptorKind, claim, author.publicKey)).toEqual(ok(descriptor))
  })

  it('of many answers in order', async () => {
    const claims = Array.from({ length: 20 }, (_, index) => ({
      domain: index % 3 === 0 ? ('advert' as const) : ('batch' as const),
      publicKey: author.publicKey,
      body,
      signature,
    }))
    const expected = claims.map((_, index) => index % 3 !== 0)
    expect(await verifyBatch(claims)).toEqual(expected)
    expect(await verifyBatch([])).toEqual([])
  })

  it('takes another scheme of the same sizes, as a simulator does', async () => {
    const scheme: SignatureScheme = testScheme()
    const simulated = createIdentity(new Uint8Array(32).fill(5), scheme)
    const named: SignedKind<PeerId> = {
      domain: 'batch',
      decode: () => ok(simulated.peer),
      subject: (peer) => peer,
    }
    const bytes = utf8('x')
    const good = { body: bytes, signature: await simulated.sign('batch', bytes) }
    expect(verifySignedSync(named, good, simulated.publicKey, scheme).ok).toBe(true)
    expect(verifySignedSync(named, good, simulated.publicKey).ok).toBe(false)
  })
})
