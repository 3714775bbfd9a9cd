import { toHex } from '@kithnet/kernel'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  decodePubsubMessage,
  encodePubsubMessage,
  prefixOf,
  type PubsubMessage,
} from '@kithnet/pubsub'
import {
  type CborValue,
  decodeCbor,
  encodeCbor,
  messageIdFromBytes,
  peerIdFromBytes,
  signatureBytes,
  streamIdFromBytes,
  topicIdFromBytes,
} from '@kithnet/types'

const bytes = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length })
const id = bytes(32).map(messageIdFromBytes)
const uint = fc.nat({ max: 2 ** 31 - 1 })
const position = fc.record({
  topic: bytes(32).map(topicIdFromBytes),
  author: bytes(32).map(peerIdFromBytes),
  stream: bytes(16).map(streamIdFromBytes),
  seq: uint,
})

const message: fc.Arbitrary<PubsubMessage> = fc.oneof(
  fc
    .tuple(position, fc.uint8Array({ maxLength: 200 }))
    .map(([at, payload]): PubsubMessage => ({ type: 'eager', ...at, payload })),
  fc
    .tuple(position, fc.integer({ min: 2, max: 6 }), fc.nat({ max: 65_535 }), bytes(32))
    .map(([at, count, less, leaf]): PubsubMessage => {
      const length = count * 65_536 - less
      const leaves = Array.from({ length: count }, () => leaf)
      return { type: 'manifest', ...at, length: length > 65_536 ? length : 65_537, leaves }
    }),
  fc
    .record({
      id,
      index: fc.nat({ max: 255 }),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 200 }),
    })
    .map((fields): PubsubMessage => ({ type: 'fragment', ...fields })),
  fc
    .record({ body: fc.uint8Array({ maxLength: 300 }), signature: bytes(signatureBytes) })
    .map((signed): PubsubMessage => ({ type: 'batch', signed })),
  fc
    .record({
      type: fc.constantFrom('ihave' as const, 'iwant' as const, 'gone' as const),
      prefixes: fc.array(id.map(prefixOf), { minLength: 1, maxLength: 5 }),
    })
    .map((fields): PubsubMessage => fields),
  fc
    .record({
      type: fc.constant('wantBatches' as const),
      ids: fc.array(id, { minLength: 1, maxLength: 5 }),
    })
    .map((fields): PubsubMessage => fields),
  fc
    .record({ id, indexes: fc.array(fc.nat({ max: 255 }), { minLength: 1, maxLength: 20 }) })
    .map((fields): PubsubMessage => ({ type: 'wantFragments', ...fields })),
  fc
    .record({
      type: fc.constantFrom('graft' as const, 'prune' as const),
      source: bytes(32).map(peerIdFromBytes),
    })
    .map((fields): PubsubMessage => fields),
  fc
    .array(
      fc.record({
        topic: bytes(32).map(topicIdFromBytes),
        stream: bytes(16).map(streamIdFromBytes),
        first: uint,
        count: fc.integer({ min: 1, max: 1_024 }),
      }),
      { minLength: 1, maxLength: 5 },
    )
    .map((ranges): PubsubMessage => ({ type: 'ack', ranges })),
  fc
    .record({ nonce: uint, fromOpener: fc.boolean(), heldSince: uint })
    .map((fields): PubsubMessage => ({ type: 'sync', ...fields, value: [1, 2, ['x']] })),
)

const scalar: fc.Arbitrary<CborValue> = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.integer(),
  fc.string(),
  fc.uint8Array({ maxLength: 40 }),
  bytes(32),
)
const value: fc.Arbitrary<CborValue> = fc.oneof(
  { maxDepth: 3 },
  scalar,
  fc.array(scalar, { maxLength: 8 }),
  fc
    .tuple(
      fc.nat({ max: 13 }),
      fc.array(fc.oneof(scalar, fc.array(scalar, { maxLength: 4 })), { maxLength: 7 }),
    )
    .map(([tag, rest]): CborValue => [tag, ...rest]),
)

describe('the codec', () => {
  it('gives back every message, through canonical bytes', () => {
    fc.assert(
      fc.property(message, (one) => {
        const encoded = encodeCbor(encodePubsubMessage(one))
        const decoded = decodeCbor(encoded)
        if (!decoded.ok) throw new Error(decoded.fault.code)
        const back = decodePubsubMessage(decoded.value)
        if (!back.ok) throw new Error(back.fault.field)
        expect(toHex(encodeCbor(encodePubsubMessage(back.value)))).toBe(toHex(encoded))
      }),
      { numRuns: 300 },
    )
  })

  it('answers every value with a message or a fault, and what it takes re-encodes the same', () => {
    fc.assert(
      fc.property(value, (one) => {
        const decoded = decodePubsubMessage(one)
        if (decoded.ok)
          expect(toHex(encodeCbor(encodePubsubMessage(decoded.value)))).toBe(toHex(encodeCbor(one)))
        else expect(decoded.fault.code).toBe('types/shape')
      }),
      { numRuns: 1_000 },
    )
  })

  it('refuses every message with a field missing or too many', () => {
    fc.assert(
      fc.property(message, (one) => {
        const encoded = encodePubsubMessage(one) as readonly CborValue[]
        expect(decodePubsubMessage(encoded.slice(0, -1)).ok).toBe(false)
        expect(decodePubsubMessage([...encoded, 0]).ok).toBe(false)
      }),
      { numRuns: 200 },
    )
  })
})
