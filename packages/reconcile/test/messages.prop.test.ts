import { seededRng, toHex } from '@kithnet/kernel'
import { type CborValue, decodeCbor, encodeCbor } from '@kithnet/types'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { acceptSession, startSession } from '@kithnet/reconcile'
import { decodeMessage, encodeMessage, type ReconcileMessage } from '../src/messages.ts'
import { envelopeBytes, type Range, rangeBytes } from '../src/walk-messages.ts'
import type { HybridTurn, Span } from '../src/hybrid-messages.ts'
import { type Bound, firstBound, lastBound, precedes } from '../src/order.ts'
import { itemsOf, setOf } from './peers.ts'

const id = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(toHex)
const time = fc.integer({ min: 0, max: 300 })
const cut = fc.record({
  time,
  id: fc.uint8Array({ maxLength: 3 }).map(toHex),
  kind: fc.constantFrom('skip', 'fingerprint', 'list', 'resolve'),
})

const order = (a: Bound, b: Bound): number => (precedes(a, b) ? -1 : precedes(b, a) ? 1 : 0)

const walk = fc
  .record({
    cuts: fc.array(cut, { maxLength: 12 }),
    items: fc.array(fc.record({ time, id }), { maxLength: 60 }),
  })
  .map(({ cuts, items }) => {
    const bounds = cuts
      .toSorted(order)
      .filter((at, index, all) => index === 0 || order(all[index - 1]!, at) < 0)
    const sorted = items.toSorted(order)
    const start: Bound = { time: bounds[0]?.time ?? 0, id: bounds[0]?.id ?? '' }
    const ranges = bounds.slice(1).map(({ kind, ...upper }, index): Range => {
      const lower = bounds[index]!
      const within = sorted.filter((item) => !precedes(item, lower) && precedes(item, upper))
      if (kind === 'fingerprint') {
        return { type: 'fingerprint', upper, fingerprint: new Uint8Array(16).fill(index) }
      }
      if (kind === 'list') return { type: 'list', upper, items: within }
      if (kind === 'skip') return { type: 'skip', upper }
      return { type: 'resolve', upper, extra: within.slice(0, 3), missing: within.slice(3) }
    })
    return { start, ranges }
  })

test('what was encoded decodes to itself, within the bytes that were reckoned', () => {
  fc.assert(
    fc.property(walk, fc.boolean(), (body, isOpen) => {
      const salt = new Uint8Array(16).fill(9)
      const message: Exclude<ReconcileMessage, { type: 'unknown' }> =
        isOpen && body.ranges.length > 0
          ? { type: 'open-walk', salt, ...body }
          : { type: 'walk', ...body }
      const bytes = encodeCbor(encodeMessage(message))
      const value = decodeCbor(bytes)
      if (!value.ok) throw new Error(value.fault.code)
      expect(decodeMessage(value.value)).toEqual({ ok: true, value: message })
      let most = envelopeBytes
      let previous = body.start
      for (const range of body.ranges) {
        most += rangeBytes(range, previous)
        previous = range.upper
      }
      expect(bytes.length).toBeLessThanOrEqual(most)
    }),
    { numRuns: 300 },
  )
})

const short = fc.nat(2 ** 48 - 1)
const bytesOf = (length: number): fc.Arbitrary<Uint8Array<ArrayBuffer>> =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((bytes) => bytes.slice())

const turn: fc.Arbitrary<HybridTurn> = fc.record({
  number: fc.nat(),
  head: fc.option(
    fc.record({
      salt: bytesOf(16),
      count: fc.nat(),
      window: fc.constantFrom(undefined, { lower: firstBound, upper: lastBound }),
    }),
    { nil: undefined },
  ),
  ranges: fc
    .uniqueArray(cut, { maxLength: 9, selector: (at) => `${at.time} ${at.id}` })
    .map((cuts) => {
      const [start = firstBound, ...bounds] = cuts.toSorted(order)
      const spans = bounds.map(({ kind, ...upper }): Span => {
        if (kind === 'fingerprint') return { type: 'count', upper, count: upper.time }
        if (kind === 'list')
          return { type: 'list', upper, shorts: [upper.time, 2 ** 40 + upper.time] }
        return { type: kind === 'skip' ? 'skip' : 'ask', upper }
      })
      const from = { time: start.time, id: start.id }
      return spans.length === 0 ? { start: firstBound, spans } : { start: from, spans }
    }),
  symbols: fc.oneof(
    fc.constant(undefined),
    fc.record({ type: fc.constant('more' as const), total: fc.nat() }),
    fc.record({ type: fc.constant('symbols' as const), items: fc.nat(), bytes: bytesOf(39) }),
  ),
  gives: fc
    .uniqueArray(fc.record({ time, id }), { maxLength: 9, selector: (item) => item.id })
    .map((items) => items.toSorted(order)),
  wants: fc.array(short, { maxLength: 9 }),
  rest: fc.boolean(),
})

test('an opening and a turn of version 2 decode to themselves', () => {
  const window = { lower: { time: 5, id: '' }, upper: { time: 9, id: 'ab' } }
  const open = fc.record({
    salt: bytesOf(16),
    window: fc.constant(window),
    count: fc.nat(),
    sum: bytesOf(16),
  })
  const message = fc.oneof(
    turn.map((body) => ({ type: 'turn' as const, ...body })),
    open.map((body) => ({ type: 'open' as const, ...body })),
  )
  fc.assert(
    fc.property(message, (sent) => {
      const value = decodeCbor(encodeCbor(encodeMessage(sent)))
      if (!value.ok) throw new Error(value.fault.code)
      expect(decodeMessage(value.value)).toEqual({ ok: true, value: sent })
    }),
    { numRuns: 500 },
  )
})

const cbor: fc.Arbitrary<CborValue> = fc.letrec<{ value: CborValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.integer({ min: 0, max: 300 }),
    fc.integer(),
    fc.uint8Array({ maxLength: 33 }),
    fc.uint8Array({ minLength: 16, maxLength: 16 }),
    fc.uint8Array({ minLength: 32, maxLength: 32 }),
    fc.constant(null),
    fc.string({ maxLength: 4 }),
    fc.array(tie('value'), { maxLength: 6 }),
  ),
})).value

test('any value is a message or a fault, and what is a message re-encodes to itself', () => {
  const likely = fc.oneof(
    cbor,
    fc.tuple(fc.constantFrom(0, 1, 2, 3), cbor, cbor, cbor, cbor, cbor),
    fc.tuple(fc.constant(1), fc.nat(9), fc.uint8Array({ maxLength: 2 }), fc.array(cbor)),
    fc.tuple(fc.constant(2), fc.array(fc.nat(70_000))),
    fc.tuple(fc.constant(0), fc.constant(2), bytesOf(16), cbor, cbor, cbor),
    fc.tuple(fc.constant(3), cbor, cbor, cbor, cbor, cbor, cbor, fc.boolean()),
    fc.tuple(turn, fc.nat(7), cbor).map(([body, at, other]) => {
      const value = encodeMessage({ type: 'turn', ...body })
      return Array.isArray(value) ? value.with(at, other) : value
    }),
  )
  fc.assert(
    fc.property(likely, (value) => {
      const decoded = decodeMessage(value)
      if (!decoded.ok) expect(decoded.fault.code).toMatch(/^(types\/shape|reconcile\/too-long)$/)
      else if (decoded.value.type !== 'unknown') {
        expect(encodeCbor(encodeMessage(decoded.value))).toEqual(encodeCbor(value))
      }
    }),
    { numRuns: 2_000 },
  )
})

/** The messages of honest exchanges between two sets that differ, in both forms. */
const honest = ([1, 2] as const).map((version): Uint8Array[] => {
  const ours = itemsOf('a', 200)
  const { session, message } = startSession(setOf(ours), seededRng(1), { version })
  const theirs = setOf([...ours.slice(9), ...itemsOf('b', 90)])
  const other = acceptSession(theirs, seededRng(2))
  const frames: Uint8Array[] = []
  for (let next: CborValue | undefined = message, step = 0; next !== undefined; step++) {
    frames.push(encodeCbor(next))
    next = (step % 2 === 0 ? other : session).answer(next).reply
  }
  return frames
})

test('a session survives mutated and truncated frames of an honest exchange', () => {
  const items = setOf(itemsOf('a', 200))
  fc.assert(
    fc.property(
      fc.constantFrom(1 as const, 2 as const),
      fc.nat(),
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }),
      fc.option(fc.nat()),
      fc.boolean(),
      (version, which, flips, length, isOpener) => {
        const frames = honest[version - 1]!
        const at = which % frames.length
        const frame = frames[at]!.slice(0, length === null ? undefined : length % 2_000)
        for (const [place, byte] of flips) if (frame.length > 0) frame[place % frame.length] = byte
        const value = decodeCbor(frame)
        if (!value.ok) return
        const session = isOpener
          ? startSession(items, seededRng(1), { version }).session
          : acceptSession(items, seededRng(2))
        const mine = isOpener ? 1 : 0
        for (const earlier of frames.slice(0, at).filter((_, turned) => turned % 2 === mine)) {
          const heard = decodeCbor(earlier)
          if (heard.ok) session.answer(heard.value)
        }
        const answer = session.answer(value.value)
        expect(answer.done || answer.reply !== undefined).toBe(true)
        if (answer.reply !== undefined) {
          expect(encodeCbor(answer.reply).length).toBeLessThanOrEqual(32_768)
        }
      },
    ),
    { numRuns: 1_000 },
  )
})
