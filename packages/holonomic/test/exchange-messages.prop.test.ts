import { codecLaw } from '@kithnet/testkit/suite'
import { encodeCbor } from '@kithnet/types'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  decodeExchangeMessage,
  decodeParcel,
  encodeExchangeMessage,
  encodeParcel,
  type ExchangeMessage,
  maxExchangeBytes,
  maxParcelItems,
  type Parcel,
  parcelBytes,
} from '../src/statements/exchange-messages.ts'
import { type StatementKind, statementKinds } from '../src/statements/statement-kinds.ts'

const bytes = (most: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ maxLength: most })
/** Of a length that counts, drawn from one byte. */
const filled = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.nat(255).map((byte) => new Uint8Array(length).fill(byte))
const signed = fc.record({
  kind: fc.constantFrom(...statementKinds.filter((kind) => kind !== 'fork')),
  body: bytes(200),
  signature: filled(3_309),
})
const proof = fc.record({
  kind: fc.constant<StatementKind>('fork'),
  body: bytes(300),
  signature: fc.constant(new Uint8Array(0)),
})
const parcel: fc.Arbitrary<Parcel> = fc
  .array(fc.oneof(signed, proof), { maxLength: 3 })
  .chain((items) =>
    fc.record({
      keys: fc.array(filled(1_952), { maxLength: items.length }),
      items: fc.constant(items),
    }),
  )
const comparison = fc.record({ number: fc.nat(), byOpener: fc.boolean() })
const message: fc.Arbitrary<ExchangeMessage> = fc.oneof(
  fc.record({ comparison, type: fc.constant('coded' as const), value: fc.constant([2, []]) }),
  fc.record({ comparison, type: fc.constant('parcel' as const), last: fc.boolean(), parcel }),
  fc.record({ comparison, type: fc.constant('credit' as const), bytes: fc.nat() }),
  fc.record({ comparison, type: fc.constant('end' as const) }),
)

test('messages keep the law of codecs', () => {
  const codec = { encode: encodeExchangeMessage, decode: decodeExchangeMessage }
  codecLaw(codec, message, { runs: 60 })
})

test('what is broadcast keeps the law of codecs', () => {
  codecLaw({ encode: encodeParcel, decode: decodeParcel }, parcel, { runs: 40 })
})

test('what is over a bound, or in the wrong place, is refused with a reason', () => {
  const refused = (value: Parameters<typeof encodeCbor>[0]): string | undefined => {
    const decoded = decodeExchangeMessage(encodeCbor(value))
    if (decoded.ok) return undefined
    return 'field' in decoded.fault ? decoded.fault.field : decoded.fault.code
  }
  const key = new Uint8Array(1_952)
  const item = [1, new Uint8Array(9), new Uint8Array(3_309)]
  const many = Array.from({ length: maxParcelItems + 1 }, () => [1, new Uint8Array(0), key])
  expect(refused([1, 2, true, [key], [item]])).toBeUndefined()
  expect(refused([1, 2, true, [key, key], [item]])).toBe('exchange.message')
  expect(refused([1, 2, true, [key.subarray(1)], [item]])).toBe('exchange.message')
  expect(refused([1, 2, true, [], [[8, new Uint8Array(9), new Uint8Array(3_309)]]])).toBe(
    'exchange.message',
  )
  expect(refused([1, 2, true, [], [[7, new Uint8Array(9), new Uint8Array(3_309)]]])).toBe(
    'exchange.message',
  )
  expect(refused([1, 2, true, [], [[1, new Uint8Array(15_501), new Uint8Array(3_309)]]])).toBe(
    'exchange.message',
  )
  expect(refused([1, 2, true, [], many])).toBe('exchange.message')
  expect(refused([1, 2, 1, [key], [item]])).toBe('exchange.message')
  expect(refused([4, 2])).toBe('exchange.message')
  expect(refused([3, -1])).toBe('exchange.comparison')
  expect(refused([0, 2, new Uint8Array(maxExchangeBytes)])).toBe('types/cbor-too-long')
})

test('a parcel of full size with the longest item behind it fits a message', () => {
  const body = new Uint8Array(parcelBytes / 39)
  const items = Array.from({ length: 39 }, () => ({
    kind: 'checkpoint' as const,
    body: body.subarray(3_309),
    signature: new Uint8Array(3_309),
  }))
  const last = { kind: 'fork' as const, body: new Uint8Array(15_500), signature: new Uint8Array(0) }
  const full: ExchangeMessage = {
    comparison: { number: 2 ** 40, byOpener: true },
    type: 'parcel',
    last: true,
    parcel: { keys: [new Uint8Array(1_952)], items: [...items, last] },
  }
  expect(decodeExchangeMessage(encodeExchangeMessage(full)).ok).toBe(true)
})
