import { fromHex, utf8 } from '@kithnet/kernel'
import { codecLaw } from '@kithnet/testkit/suite'
import { encodeCbor } from '@kithnet/types'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { beyondDepth } from '../src/sync/sync-keys.ts'
import {
  type Announcement,
  decodeAnnouncement,
  decodeSyncMessage,
  encodeAnnouncement,
  encodeSyncMessage,
  maxItemBytes,
  type SyncMessage,
} from '../src/sync/sync-messages.ts'

const bytes = (most: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ maxLength: most })
const exactly = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length })
const hex = (length: number): fc.Arbitrary<string> =>
  exactly(length).map((one) => Buffer.from(one).toString('hex'))
const depth = fc.integer({ min: 0, max: beyondDepth })
const item = fc.record({
  kind: fc.constantFrom(0 as const, 1 as const, 2 as const),
  bytes: bytes(40),
})
const keys = fc.array(fc.oneof(hex(32), hex(16)), { maxLength: 5 })
const session = fc.record({ number: fc.nat(), byOpener: fc.boolean() })
const times = (width: number, most: number): fc.Arbitrary<Uint8Array> =>
  fc.nat(most).chain((count) => exactly(count * width))

const body: fc.Arbitrary<SyncMessage> = fc.oneof(
  fc.record({
    session,
    type: fc.constant('open' as const),
    salt: exactly(16),
    count: fc.nat(),
    depth,
    fingerprints: times(8, 32),
  }),
  fc.record({
    session,
    type: fc.constant('end' as const),
    reason: fc.constantFrom('same' as const, 'bound' as const, 'busy' as const),
  }),
  fc.record({
    session,
    type: fc.constant('coded' as const),
    from: depth,
    value: fc.constant([2, []]),
  }),
  fc.record({ session, type: fc.constant('list' as const), from: depth, keys: times(32, 6) }),
  fc.record({ session, type: fc.constant('tell' as const), from: depth }),
  fc.record({ session, type: fc.constant('lacks' as const), bits: bytes(30) }),
  fc.record({
    session,
    type: fc.constant('chunk' as const),
    last: fc.boolean(),
    items: fc.array(item, { maxLength: 5 }),
  }),
  fc.record({ session, type: fc.constant('credit' as const), bytes: fc.nat() }),
  fc.record({ type: fc.constant('want' as const), keys }),
  fc.record({
    type: fc.constant('gift' as const),
    items: fc.array(item, { maxLength: 5 }),
    absent: keys,
  }),
)

test('messages keep the law of codecs', () => {
  codecLaw({ encode: encodeSyncMessage, decode: decodeSyncMessage }, body)
})

test('announcements keep the law of codecs', () => {
  const announcement: fc.Arbitrary<Announcement> = fc.oneof(
    fc.record({ type: fc.constant('item' as const), item }),
    fc.record({ type: fc.constant('notice' as const), key: hex(32), time: fc.nat() }),
  )
  codecLaw({ encode: encodeAnnouncement, decode: decodeAnnouncement }, announcement)
})

test('what is over a bound is refused with a reason', () => {
  const refused = (value: Parameters<typeof encodeCbor>[0]): string | undefined => {
    const decoded = decodeSyncMessage(encodeCbor(value))
    return decoded.ok
      ? undefined
      : `${decoded.fault.code} ${'field' in decoded.fault ? decoded.fault.field : ''}`
  }
  const key = fromHex('00'.repeat(32))!
  expect(refused([8, Array.from({ length: 65 }, () => key)])).toBe('types/shape want')
  expect(refused([8, [utf8('short')]])).toBe('types/shape want')
  expect(refused([6, 2, true, [0, new Uint8Array(maxItemBytes + 1)]])).toBe('types/shape sync.body')
  expect(refused([6, 2, true, [3, key]])).toBe('types/shape sync.body')
  expect(refused([0, 1, key, 5, 5, new Uint8Array(8)])).toBe('types/shape sync.body')
  expect(refused([0, 1, key.subarray(16), 5, 5, new Uint8Array(9)])).toBe('types/shape sync.body')
  expect(refused([3, 1, 0, new Uint8Array(31)])).toBe('types/shape sync.body')
  expect(refused([3, 1, 0, new Uint8Array(4_097 * 32)])).toBe('types/shape sync.body')
  expect(refused([10, 1])).toBe('types/shape sync.body')
  expect(refused([7, -1, 1])).toBe('types/shape sync.session')
  expect(refused([6, 2, true, Array.from({ length: 514 }, (_, at) => (at % 2 ? key : 0))])).toBe(
    'types/shape sync.body',
  )
})
