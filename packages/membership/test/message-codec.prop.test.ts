import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  decodeMembershipMessage,
  descriptorsOf,
  encodeMembershipMessage,
  type KnownPeer,
  maxMembershipMessageBytes,
  type MembershipMessage,
  type Update,
  withVerified,
} from '@kithnet/membership'
import { type CborValue, decodeCbor, encodeCbor } from '@kithnet/types'
import { known, peer } from './peers.ts'

const anyKnown = fc.integer({ min: 0, max: 255 }).map((number) => known(number))
const anyList = fc.array(anyKnown, { maxLength: 16 })
const priority = fc.constantFrom('high' as const, 'low' as const, 'spare' as const)
const nonce = fc.integer({ min: 0, max: 2 ** 32 - 1 })
const ttl = fc.integer({ min: 0, max: 32 })
const anyPeer = fc.integer({ min: 0, max: 255 }).map(peer)
const incarnation = fc.maxSafeNat()
const update: fc.Arbitrary<Update> = fc.oneof(
  fc.record({ state: fc.constant('alive' as const), known: anyKnown }),
  fc.record({
    state: fc.constantFrom('suspect' as const, 'dead' as const),
    peer: anyPeer,
    incarnation,
  }),
)
const updates = fc.array(update, { maxLength: 8 })

const offered = fc.array(anyPeer, { maxLength: 32 })
const wanted = fc.array(anyPeer, { maxLength: 16 })

const message: fc.Arbitrary<MembershipMessage> = fc.oneof(
  fc.record({
    type: fc.constantFrom('join' as const, 'neighbor' as const),
    self: anyKnown,
    priority,
  }),
  fc.record({ type: fc.constant('forwardJoin' as const), joiner: anyKnown, priority, ttl }),
  fc.record({
    type: fc.constant('neighborReply' as const),
    accepted: fc.boolean(),
    self: anyKnown,
    peers: anyList,
  }),
  fc.record({
    type: fc.constant('disconnect' as const),
    cause: fc.constantFrom('evicted', 'full', 'unwanted', 'leaving', 'dead'),
  }),
  fc.record({
    type: fc.constant('shuffle' as const),
    origin: anyKnown,
    nonce,
    ttl,
    peers: anyList,
  }),
  fc.record({ type: fc.constant('shuffleReply' as const), nonce, peers: anyList }),
  fc.record({ type: fc.constant('exchange' as const), origin: anyKnown, peers: offered }),
  fc.record({ type: fc.constant('exchangeReply' as const), peers: offered, wanted }),
  fc.record({ type: fc.constant('introduce' as const), peers: anyList, wanted }),
  fc.record({ type: fc.constantFrom('ping' as const, 'ack' as const), nonce, updates }),
  fc.record({ type: fc.constant('pingRequest' as const), nonce, target: anyKnown }),
  fc.record({ type: fc.constant('pingReply' as const), nonce, reached: fc.boolean() }),
  fc.record({ type: fc.constant('gossip' as const), updates }),
  fc.record({
    type: fc.constant('neighbours' as const),
    peers: fc.array(anyPeer, { maxLength: 16 }),
    known: anyList,
  }),
)

const byBody = new Map<string, KnownPeer>()
for (let number = 0; number < 256; number++) {
  byBody.set(String(known(number).signed.body), known(number))
}

const limits = { maxBytes: maxMembershipMessageBytes, maxDepth: 8, maxItems: 1_000 }

/** Stands for the verifier: finds the known peer of a body. */
function verify(bytes: Uint8Array): MembershipMessage | undefined {
  const value = decodeCbor(bytes, 'signed', limits)
  if (!value.ok) return undefined
  const unchecked = decodeMembershipMessage(value.value)
  if (!unchecked.ok) return undefined
  const verified = descriptorsOf(unchecked.value).map(({ body }) => byBody.get(String(body)))
  return withVerified(unchecked.value, verified)
}

describe('the messages of membership', () => {
  it('come back as they were sent, in a frame within the bound', () => {
    fc.assert(
      fc.property(message, (original) => {
        const bytes = encodeCbor(encodeMembershipMessage(original))
        expect(bytes.length).toBeLessThanOrEqual(maxMembershipMessageBytes)
        expect(verify(bytes)).toEqual(original)
      }),
      { numRuns: 150 },
    )
  })

  it('are a value or a fault whatever the bytes say', () => {
    const anything: fc.Arbitrary<CborValue> = fc.letrec<{ value: CborValue }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.constant(null),
        fc.boolean(),
        fc.maxSafeInteger(),
        fc.constantFrom(1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21),
        fc.string(),
        fc.uint8Array({ maxLength: 40 }),
        fc.array(tie('value'), { maxLength: 6 }),
      ),
    })).value
    fc.assert(
      fc.property(anything, (value) => {
        const decoded = decodeMembershipMessage(value)
        if (!decoded.ok) expect(decoded.fault.code).toBe('membership/bad-message')
      }),
      { numRuns: 500 },
    )
  })

  it('are refused when a field is cut off, added or of another kind', () => {
    fc.assert(
      fc.property(message, fc.nat(), (original, where) => {
        const value = encodeMembershipMessage(original) as readonly CborValue[]
        expect(decodeMembershipMessage(value.slice(0, -1)).ok).toBe(false)
        expect(decodeMembershipMessage([...value, 0]).ok).toBe(false)
        const place = where % value.length
        const changed = value.map((field, index) => (index === place ? 'text' : field))
        expect(decodeMembershipMessage(changed).ok).toBe(false)
      }),
      { numRuns: 150 },
    )
  })
})
