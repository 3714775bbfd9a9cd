import { mlDsaScheme, selectBackend, batchKind, contextOf, verifySigned } from '@kithnet/identity'
import { epochMs } from '@kithnet/kernel'
import {
  type Batch,
  contentOf,
  encodeBatch,
  hash,
  messageIdFromBytes,
  messageIdOf,
  networkId,
  peerIdFromBytes,
  peerIdOf,
  publicKeyBytes,
  type Signed,
  signatureBytes,
  streamIdFromBytes,
  topicId,
  topicIdFromBytes,
} from '@kithnet/types'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { openGiven } from '../src/catch-up.ts'
import {
  decodeGiven,
  decodeListing,
  decodeRequest,
  encodeGiven,
  encodeListing,
  encodeRequest,
  type Given,
} from '../src/history-messages.ts'

const bytes = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length })
const id = bytes(32).map(messageIdFromBytes)
const topicOf = bytes(32).map(topicIdFromBytes)
const request = fc.oneof(
  fc.record({
    type: fc.constant('list' as const),
    topic: topicOf,
    from: fc.maxSafeNat(),
    after: fc.option(id, { nil: undefined }),
  }),
  fc.record({
    type: fc.constant('get' as const),
    topic: topicOf,
    positions: fc.array(fc.maxSafeNat(), { maxLength: 64 }),
  }),
)
const listing = fc.record({
  first: fc.maxSafeNat(),
  ids: fc.array(fc.option(id, { nil: undefined }), { maxLength: 40 }),
  end: fc.maxSafeNat(),
})

describe('codecs', () => {
  test('what is written is read again', () => {
    fc.assert(
      fc.property(request, (one) => {
        expect(decodeRequest(encodeRequest(one))).toEqual({ ok: true, value: one })
      }),
    )
    fc.assert(
      fc.property(listing, (one) => {
        expect(decodeListing(encodeListing(one))).toEqual({ ok: true, value: one })
      }),
    )
  })

  test('any bytes give a value or a fault, and no part of a value is one', () => {
    const some = encodeGiven(given())
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(), (noise, cut) => {
        for (const decode of [decodeRequest, decodeListing, decodeGiven]) {
          expect(typeof decode(noise).ok).toBe('boolean')
          expect(decode(some.subarray(0, cut % some.length)).ok).toBe(false)
        }
      }),
    )
  })

  test('an index beyond what there is, is refused', () => {
    const one = given()
    const [message] = one.messages
    const lost = { ...one, messages: [{ ...message!, batch: 1 }] }
    expect(decodeGiven(encodeGiven(lost)).ok).toBe(false)
    const keyless = { ...one, batches: [{ ...one.batches[0]!, key: 1 }] }
    expect(decodeGiven(encodeGiven(keyless)).ok).toBe(false)
    expect(decodeGiven(encodeGiven({ ...one, keys: [] })).ok).toBe(false)
  })
})

const network = networkId('test')
const topic = topicId(network, 'log')
const pair = selectBackend().mlDsa65.keyPair(hash('item', Uint8Array.of(1)))
const author = peerIdOf(pair.publicKey)
const stream = streamIdFromBytes(new Uint8Array(16).fill(3))
const server = peerIdFromBytes(new Uint8Array(32).fill(9))
const carried = [Uint8Array.of(1), Uint8Array.of(2)]

function signed(change: Partial<Batch> = {}): Signed {
  const ids = carried.map((one, seq) =>
    messageIdOf({ network, topic, author, stream, seq }, contentOf(one)),
  )
  const hlc = epochMs(1_800_000_000_000)
  const batch: Batch = {
    network,
    author,
    stream,
    topic,
    firstSeq: 0,
    ids,
    hlc,
    prev: undefined,
    ...change,
  }
  const body = encodeBatch(batch)
  return { body, signature: pair.sign(body, contextOf('batch')) }
}

function given(change: Partial<Given> = {}): Given {
  return {
    keys: [pair.publicKey],
    batches: [{ signed: signed(), key: 0 }],
    messages: carried.map((one, seq) => ({ batch: 0, seq, carried: one })),
    ...change,
  }
}

function open(one: Given): ReturnType<typeof openGiven> {
  return openGiven(encodeGiven(one), server, {
    network,
    topic,
    check: async (what, key) => {
      const result = await verifySigned(batchKind, what, key, mlDsaScheme())
      return result.ok ? result.value : undefined
    },
  })
}

describe('what a peer gives as history', () => {
  test('is taken with its author’s proof, whoever gives it', async () => {
    const arrived = await open(given())
    expect(arrived.map(({ seq }) => seq)).toEqual([0, 1])
    expect(arrived[0]).toMatchObject({
      author,
      stream,
      via: server,
      late: true,
      payload: carried[0],
    })
  })

  const other = selectBackend().mlDsa65.keyPair(hash('item', Uint8Array.of(2)))
  const lies: readonly (readonly [string, () => Given])[] = [
    [
      'another payload',
      () => given({ messages: [{ batch: 0, seq: 0, carried: Uint8Array.of(7) }] }),
    ],
    ['another place', () => given({ messages: [{ batch: 0, seq: 1, carried: carried[0]! }] })],
    ['no such place', () => given({ messages: [{ batch: 0, seq: 5, carried: carried[0]! }] })],
    ['another key', () => given({ keys: [other.publicKey] })],
    ['a key that is none', () => given({ keys: [new Uint8Array(publicKeyBytes)] })],
    [
      'a forged signature',
      () =>
        given({
          batches: [{ signed: { ...signed(), signature: new Uint8Array(signatureBytes) }, key: 0 }],
        }),
    ],
    [
      'another topic',
      () => given({ batches: [{ signed: signed({ topic: topicId(network, 'x') }), key: 0 }] }),
    ],
    [
      'another network',
      () => given({ batches: [{ signed: signed({ network: networkId('x') }), key: 0 }] }),
    ],
  ]
  test.each(lies)('is refused with %s', async (_, lie) => {
    await expect(open(lie())).rejects.toThrow('runtime/bad-history')
  })
})
