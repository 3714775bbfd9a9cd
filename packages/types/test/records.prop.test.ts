import { epochMs } from '@kithnet/kernel'
import {
  address,
  type Batch,
  batchIdFromBytes,
  decodeBatch,
  decodeDescriptor,
  type Descriptor,
  encodeBatch,
  encodeDescriptor,
  forkedPeer,
  messageIdFromBytes,
  networkId,
  peerIdFromBytes,
  streamIdFromBytes,
  topicIdFromBytes,
} from '@kithnet/types'
import fc from 'fast-check'
import { expect, test } from 'vitest'

const id = fc.uint8Array({ minLength: 32, maxLength: 32 })
const batch = fc
  .record({
    network: fc.string().map(networkId),
    author: id.map(peerIdFromBytes),
    stream: fc.uint8Array({ minLength: 16, maxLength: 16 }).map(streamIdFromBytes),
    topic: id.map(topicIdFromBytes),
    firstSeq: fc.nat(),
    ids: fc.array(id.map(messageIdFromBytes), { minLength: 1, maxLength: 64 }),
    hlc: fc.nat().map(epochMs),
    prev: fc.option(id.map(batchIdFromBytes), { nil: undefined }),
  })
  .map((fields): Batch => fields)
const someAddress = fc
  .tuple(fc.constantFrom('tls', 'ws', 'wss'), fc.ipV4(), fc.integer({ min: 0, max: 65_535 }))
  .map(([scheme, host, port]) => {
    const parsed = address(`${scheme}://${host}:${port}`)
    if (!parsed.ok) throw new Error('an address of these parts is well formed')
    return parsed.value
  })
const descriptor = fc
  .record({
    network: fc.string().map(networkId),
    peer: id.map(peerIdFromBytes),
    incarnation: fc.nat(),
    addresses: fc.array(someAddress, { maxLength: 8 }),
    epoch: fc.nat(),
  })
  .map((fields): Descriptor => fields)

test('batches and descriptors come back', () => {
  fc.assert(
    fc.property(batch, (value) => {
      expect(decodeBatch(encodeBatch(value))).toEqual({ ok: true, value })
    }),
  )
  fc.assert(
    fc.property(descriptor, (value) => {
      expect(decodeDescriptor(encodeDescriptor(value))).toEqual({ ok: true, value })
    }),
  )
})

test('every truncation and every flipped byte gives a value or a fault, never a throw', () => {
  fc.assert(
    fc.property(batch, descriptor, fc.nat(), fc.nat(255), (a, b, where, mask) => {
      for (const [bytes, decode] of [
        [encodeBatch(a), decodeBatch],
        [encodeDescriptor(b), decodeDescriptor],
      ] as const) {
        expect(decode(bytes.subarray(0, where % bytes.length)).ok).toBe(false)
        bytes[where % bytes.length]! ^= mask
        decode(bytes)
      }
    }),
  )
})

test('a batch of none or of 65 is refused', () => {
  fc.assert(
    fc.property(batch, (value) => {
      expect(decodeBatch(encodeBatch({ ...value, ids: [] })).ok).toBe(false)
      const many = Array.from({ length: 65 }, () => value.ids[0]!)
      expect(decodeBatch(encodeBatch({ ...value, ids: many })).ok).toBe(false)
    }),
    { numRuns: 5 },
  )
})

test('two descriptors are a fork when life and epoch are one and the content is not', () => {
  fc.assert(
    fc.property(descriptor, fc.array(someAddress, { maxLength: 8 }), (one, addresses) => {
      const body = encodeDescriptor(one)
      const other = encodeDescriptor({ ...one, addresses })
      const differs = String(addresses) !== String(one.addresses)
      expect(forkedPeer(body, other)).toBe(differs ? one.peer : undefined)
      expect(forkedPeer(other, body)).toBe(differs ? one.peer : undefined)
      const later = encodeDescriptor({ ...one, addresses, epoch: one.epoch + 1 })
      const reborn = encodeDescriptor({ ...one, addresses, incarnation: one.incarnation + 1 })
      for (const lawful of [later, reborn, body, body.subarray(1)]) {
        expect(forkedPeer(body, lawful)).toBe(undefined)
      }
    }),
  )
})
