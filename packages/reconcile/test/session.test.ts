import { seededRng, toHex } from '@kithnet/kernel'
import { type CborValue, encodeCbor } from '@kithnet/types'
import { describe, expect, test } from 'vitest'
import { acceptSession, startSession } from '@kithnet/reconcile'
import { maxRanges } from '../src/codec.ts'
import { decodeMessage, encodeMessage } from '../src/messages.ts'
import { lastBound } from '../src/order.ts'
import { itemsOf, reconcile, setOf } from './peers.ts'

const items = itemsOf('items', 300)
const first = items[0]!.time
const salt = new Uint8Array(16)
const rng = seededRng(1)
const walkOnly = { version: 1 } as const

function opened(): ReturnType<typeof acceptSession> {
  const session = acceptSession(setOf(items), rng)
  session.answer(startSession(setOf(items.slice(1)), rng, walkOnly).message)
  return session
}

describe.each([1, 2] as const)('windows, version %i', (version) => {
  test('what lies outside is not compared', () => {
    const to = first + 200
    const { opener, accepter } = reconcile(setOf(items), setOf([]), {
      from: first + 100,
      to,
      version,
    })
    expect(opener.have).toEqual(items.slice(100, 200).map(({ id }) => id))
    expect(accepter.need).toEqual(opener.have)
  })

  test('the narrower of two windows holds, without a fault', () => {
    const wide = { from: 0, version }
    const narrow = { from: first + 250, version }
    for (const [ours, theirs] of [
      [wide, narrow],
      [narrow, wide],
    ]) {
      const { opener, accepter } = reconcile(setOf(items), setOf(items.slice(0, 299)), ours, theirs)
      expect([opener.fault, accepter.fault]).toEqual([undefined, undefined])
      expect([opener.have, accepter.need]).toEqual([[items[299]!.id], [items[299]!.id]])
      expect([opener.need, accepter.have]).toEqual([[], []])
    }
  })

  test('two empty sets are equal', () => {
    const { opener, accepter, messages } = reconcile(setOf([]), setOf([]), { version })
    expect([opener.done, accepter.done, messages]).toEqual([true, true, 2])
  })

  test('an id with two times is different on both sides', () => {
    const { opener } = reconcile(setOf([{ ...items[0]!, time: 5 }]), setOf([items[0]!]), {
      version,
    })
    expect([opener.have, opener.need]).toEqual([[items[0]!.id], []])
  })
})

describe.each([1, 2] as const)('bounds, version %i', (version) => {
  test('after the last round the session ends, both sides know, and what was found holds', () => {
    const limits = { messageBytes: 1_024, rounds: 5 }
    const { opener, accepter } = reconcile(setOf(items), setOf(itemsOf('others', 300)), {
      limits,
      version,
    })
    const codes = [accepter.fault?.code, opener.fault?.code]
    expect(codes.toSorted()).toEqual(['reconcile/stopped', 'reconcile/too-many-rounds'])
    if (version === 1) expect(opener.have.length).toBeGreaterThan(10)
    const ids = new Set(items.map(({ id }) => id))
    expect(opener.have.every((id) => ids.has(id))).toBe(true)
    expect(opener.need.some((id) => ids.has(id))).toBe(false)
  })

  test('too large a difference ends the session', () => {
    const limits = { messageBytes: 1_024, difference: 50, rounds: 1_000 }
    const { accepter, opener } = reconcile(setOf(items), setOf(itemsOf('others', 300)), {
      limits,
      version,
    })
    const codes = [accepter.fault?.code, opener.fault?.code]
    expect(codes.toSorted()).toEqual(['reconcile/stopped', 'reconcile/too-different'])
    expect(accepter.have.length + accepter.need.length).toBeLessThan(50 + 60)
  })

  test('a difference that fills many messages is walked to its end', () => {
    const limits = { messageBytes: 1_024, rounds: 2_000, difference: 10_000 }
    const { opener, accepter } = reconcile(setOf([]), setOf(itemsOf('late', 3_000)), {
      limits,
      version,
    })
    expect([opener.need.length, accepter.have.length]).toEqual([3_000, 3_000])
  })
})

describe('hostile peers', () => {
  test('a peer that never agrees is left after the last round', () => {
    const session = acceptSession(setOf(items), rng, { limits: { rounds: 20 } })
    const ranges = [{ type: 'fingerprint' as const, upper: lastBound, fingerprint: salt }]
    const start = { time: 0, id: '' }
    let answer = session.answer(encodeMessage({ type: 'open-walk', salt, start, ranges }))
    let rounds = 1
    while (!answer.done) {
      answer = session.answer(encodeMessage({ type: 'walk', start, ranges }))
      rounds++
    }
    expect(rounds).toBe(21)
    expect(answer.fault).toEqual({ code: 'reconcile/too-many-rounds', bound: 20 })
  })

  test('a peer that repeats a list is not reported twice', () => {
    const session = opened()
    const ranges = [
      { type: 'list' as const, upper: { time: first + 1, id: '' }, items: [] },
      { type: 'fingerprint' as const, upper: lastBound, fingerprint: salt },
    ]
    const list = encodeMessage({ type: 'walk', start: { time: 0, id: '' }, ranges })
    expect(session.answer(list)).toMatchObject({ have: [items[0]], done: false })
    expect(session.answer(list)).toMatchObject({ have: [], done: false })
  })

  test('a peer cannot name ids as ours that are not', () => {
    const { session } = startSession(setOf(items), rng, walkOnly)
    const [invented] = itemsOf('invented', 1)
    const start = { time: 0, id: '' }
    const missing = [items[0]!, invented!].toSorted((a, b) => (a.id < b.id ? -1 : 1))
    const ranges = [{ type: 'resolve' as const, upper: lastBound, extra: [items[1]!], missing }]
    const answer = session.answer(encodeMessage({ type: 'walk', start, ranges }))
    expect(answer.have).toEqual([items[0]])
    expect(answer.need).toEqual([])
    expect([answer.done, answer.reply]).toEqual([true, undefined])
  })

  test('ranges outside what was opened end the session', () => {
    const { session } = startSession(setOf(items), rng, {
      ...walkOnly,
      from: first,
      to: first + 10,
    })
    const ranges = [{ type: 'skip' as const, upper: { time: first + 11, id: '' } }]
    const start = { time: first, id: '' }
    const answer = session.answer(encodeMessage({ type: 'walk', start, ranges }))
    expect(answer).toMatchObject({ done: true, fault: { code: 'reconcile/outside' } })
  })

  test('the costliest message is answered quickly and briefly', () => {
    const set = setOf(itemsOf('large', 10_240))
    const at = itemsOf('large', 1)[0]!.time
    const ranges = Array.from({ length: maxRanges }, (_, index) => ({
      type: 'fingerprint' as const,
      upper: { time: at + (index + 1) * 10, id: '' },
      fingerprint: salt,
    }))
    const message = encodeMessage({ type: 'open-walk', salt, start: { time: at, id: '' }, ranges })
    const session = acceptSession(set, rng)
    const begin = performance.now()
    const { reply } = session.answer(message)
    expect(performance.now() - begin).toBeLessThan(500)
    expect(encodeCbor(reply!).length).toBeLessThanOrEqual(32_768)
  })
})

describe('order of messages', () => {
  const walk: CborValue = [1, 0, new Uint8Array(), []]
  const stop: CborValue = [2, []]

  test('a walk needs an opening, a second opening is refused, nothing follows the end', () => {
    const fault = (answer: { readonly fault: unknown }): unknown => answer.fault
    const open = startSession(setOf(items), rng, walkOnly).message
    expect(fault(acceptSession(setOf(items), rng).answer(walk))).toEqual({
      code: 'reconcile/unexpected',
      kind: 'walk',
    })
    const session = opened()
    expect(fault(session.answer(open))).toEqual({ code: 'reconcile/unexpected', kind: 'open' })
    const ended = opened()
    expect(fault(ended.answer(stop))).toEqual({ code: 'reconcile/stopped' })
    expect(fault(ended.answer(walk))).toEqual({ code: 'reconcile/unexpected', kind: 'walk' })
  })

  test('an unknown form is refused with the forms that are spoken, and the opener learns them', () => {
    const refusal = acceptSession(setOf(items), rng).answer([0, 7, 'a body of another form'])
    expect(refusal.fault).toEqual({ code: 'reconcile/version', versions: [7] })
    const { session } = startSession(setOf(items), rng)
    expect(session.answer(refusal.reply!).fault).toEqual({
      code: 'reconcile/version',
      versions: [1, 2],
    })
  })
})

describe('message bytes', () => {
  /** The salt and the fingerprint as byte strings. */
  const zeros = `50${'00'.repeat(16)}`
  const hex = (value: CborValue): string => toHex(encodeCbor(value))

  test('are these', () => {
    const start = { time: 1_000, id: '' }
    const item = { time: 1_002, id: 'ab'.repeat(32) }
    const upper = { time: 1_005, id: 'c0' }
    const open = encodeMessage({
      type: 'open-walk',
      salt,
      start,
      ranges: [{ type: 'fingerprint', upper, fingerprint: salt }],
    })
    expect(hex(open)).toBe(`860001${zeros}1903e84081830541c0${zeros}`)
    const walk = encodeMessage({
      type: 'walk',
      start,
      ranges: [
        { type: 'list', upper, items: [item] },
        { type: 'skip', upper: { time: 1_006, id: '' } },
        { type: 'resolve', upper: { time: 1_007, id: '' }, extra: [], missing: [] },
      ],
    })
    expect(hex(walk)).toBe(`84011903e84083830541c082025820${'ab'.repeat(32)}8201408401408080`)
    expect(hex(encodeMessage({ type: 'stop', versions: [1] }))).toBe('82028101')
  })

  const bound = [1, new Uint8Array()]
  const id = (byte: number): Uint8Array => new Uint8Array(32).fill(byte)
  const bad: Readonly<Record<string, CborValue>> = {
    'no array': 1,
    'an unknown type': [3, []],
    'a short salt': [0, 1, new Uint8Array(15), 0, new Uint8Array(), [bound]],
    'an opening without ranges': [0, 1, salt, 0, new Uint8Array(), []],
    'a bound of 33 bytes': [1, 0, new Uint8Array(33), []],
    'an empty range': [1, 0, new Uint8Array(), [[0, new Uint8Array()]]],
    'a time that is not safe': [1, Number.MAX_SAFE_INTEGER, new Uint8Array(), [bound]],
    'a short fingerprint': [1, 0, new Uint8Array(), [[...bound, new Uint8Array(15)]]],
    'half an item': [1, 0, new Uint8Array(), [[...bound, [0]]]],
    'a short id': [1, 0, new Uint8Array(), [[...bound, [0, new Uint8Array(31)]]]],
    'items out of order': [1, 0, new Uint8Array(), [[...bound, [0, id(2), 0, id(1)]]]],
    'an item twice': [1, 0, new Uint8Array(), [[...bound, [0, id(2), 0, id(2)]]]],
    'an item past its range': [1, 0, new Uint8Array(), [[...bound, [1, id(0)]]]],
    'an item before its range': [1, 0, id(5), [[...bound, [0, id(4)]]]],
    'a range of five parts': [1, 0, new Uint8Array(), [[...bound, [], [], []]]],
    'too many ranges': [1, 0, new Uint8Array(), Array.from({ length: maxRanges + 1 }, () => bound)],
    'a version that is none': [2, ['1']],
    'too many versions': [2, [1, 2, 3, 4, 5, 6, 7, 8, 9]],
  }
  for (const [name, value] of Object.entries(bad)) {
    test(`refuse ${name}`, () => {
      expect(decodeMessage(value)).toMatchObject({ ok: false, fault: { code: 'types/shape' } })
    })
  }

  test('refuse more than a message may have', () => {
    const list = Array.from({ length: 1_000 }, (_, index) => [index === 0 ? 0 : 1, id(0)]).flat()
    const value = [1, 0, new Uint8Array(), [[2_000, new Uint8Array(), list]]]
    expect(decodeMessage(value)).toEqual({
      ok: false,
      fault: { code: 'reconcile/too-long', maxBytes: 32_768 },
    })
  })
})
