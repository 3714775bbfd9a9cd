import { encodeCbor, hashBytes, publicKeyBytes, signatureBytes } from '@kithnet/types'
import { toHex } from '@kithnet/kernel'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  decodeWitnessMessage,
  encodeWitnessMessage,
  maxMemberBytes,
  maxWantedMembers,
  maxWitnessMessageBytes,
  type SignedBy,
  type WitnessMessage,
} from '../src/witness/witness-messages.ts'

const bytes = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length })
const hash = bytes(hashBytes)
const id = hash.map(toHex)
const number = fc.nat()
const signed: fc.Arbitrary<SignedBy> = fc
  .tuple(fc.nat(255), fc.uint8Array({ maxLength: 300 }))
  .map(([fill, body]) => ({
    publicKey: new Uint8Array(publicKeyBytes).fill(fill),
    body,
    signature: new Uint8Array(signatureBytes).fill(fill),
  }))
const session = { number, byOpener: fc.boolean() }
const message: fc.Arbitrary<WitnessMessage> = fc.oneof(
  fc.record({
    type: fc.constant('offer' as const),
    checkpoint: signed,
    basis: fc.uint8Array({ maxLength: 300 }),
    proof: fc.array(hash, { maxLength: 54 }),
  }),
  fc.record({ type: fc.constant('cosigned' as const), cosignature: signed }),
  fc.record({
    type: fc.constant('refused' as const),
    log: id,
    epoch: number,
    why: fc.constantFrom(
      ...(['rollback', 'inconsistent', 'fork', 'busy', 'full'] as const),
      ...(['not-ready', 'not-appointed'] as const),
    ),
    knownEpoch: number,
  }),
  fc.record({
    type: fc.constant('open' as const),
    number,
    namespaces: fc.constantFrom(['a'], ['a', 'b'], ['notes', 'votes']),
    opening: fc.constantFrom(null, [2, new Uint8Array(4)]),
  }),
  fc.record({
    type: fc.constant('shown' as const),
    number,
    checkpoint: fc.option(signed, { nil: undefined }),
  }),
  fc.record({ type: fc.constant('coded' as const), ...session, value: fc.constantFrom(null, [1]) }),
  fc.record({
    type: fc.constant('want' as const),
    number,
    ids: fc.array(id, { minLength: 1, maxLength: 8 }),
  }),
  fc.record({
    type: fc.constant('members' as const),
    number,
    members: fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 8 }),
  }),
  fc.record({ type: fc.constant('end' as const), ...session }),
)

describe('messages of witnesses', () => {
  it('come back as they were, in one spelling', () => {
    fc.assert(
      fc.property(message, (said) => {
        const encoded = encodeWitnessMessage(said)
        const back = decodeWitnessMessage(encoded)
        expect(back).toEqual({ ok: true, value: said })
        expect(encoded.length).toBeLessThanOrEqual(maxWitnessMessageBytes)
      }),
      { numRuns: 200 },
    )
  })

  it('are refused when they are cut short or go on, and bytes never throw', () => {
    fc.assert(
      fc.property(message, fc.nat(), fc.uint8Array({ maxLength: 200 }), (said, at, noise) => {
        const encoded = encodeWitnessMessage(said)
        const cut = encoded.subarray(0, at % encoded.length)
        expect(decodeWitnessMessage(cut).ok).toBe(false)
        expect(decodeWitnessMessage(Uint8Array.of(...encoded, 0)).ok).toBe(false)
        const changed = Uint8Array.from(encoded)
        changed[at % encoded.length]! ^= 1 + (at % 255)
        const back = decodeWitnessMessage(changed)
        if (back.ok) expect(toHex(encodeWitnessMessage(back.value))).toBe(toHex(changed))
        void decodeWitnessMessage(noise).ok
      }),
      { numRuns: 200 },
    )
  })

  it('have bounds', () => {
    const refused = (value: Parameters<typeof encodeCbor>[0]): boolean =>
      !decodeWitnessMessage(encodeCbor(value)).ok
    const many = new Uint8Array(hashBytes * (maxWantedMembers + 1))
    expect(refused([6, 1, many])).toBe(true)
    expect(refused([6, 1, many.subarray(1, 33)])).toBe(false)
    expect(refused([6, 1, many.subarray(0, 31)])).toBe(true)
    expect(refused([6, 1, new Uint8Array(0)])).toBe(true)
    expect(refused([7, 1, [new Uint8Array(maxMemberBytes)]])).toBe(false)
    expect(refused([7, 1, [new Uint8Array(maxMemberBytes + 1)]])).toBe(true)
    expect(refused([7, 1, Array.from({ length: 257 }, () => new Uint8Array(0))])).toBe(true)
    expect(refused([3, 1, [], null])).toBe(true)
    expect(refused([3, 1, ['b', 'a'], null])).toBe(true)
    expect(refused([2, new Uint8Array(32), 1, 7, 0])).toBe(true)
    expect(refused([9, 1])).toBe(true)
    const key = new Uint8Array(publicKeyBytes)
    const signature = new Uint8Array(signatureBytes)
    const offer = (body: number, proof: number): boolean =>
      refused([
        0,
        [key, new Uint8Array(body), signature],
        new Uint8Array(0),
        Array.from({ length: proof }, () => new Uint8Array(hashBytes)),
      ])
    expect(offer(3_400, 54)).toBe(false)
    expect(offer(3_401, 54)).toBe(true)
    expect(offer(3_400, 55)).toBe(true)
  })
})
