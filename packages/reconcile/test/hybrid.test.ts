import { seededRng, toHex } from '@kithnet/kernel'
import { type CborValue, encodeCbor } from '@kithnet/types'
import { describe, expect, test } from 'vitest'
import {
  acceptSession,
  type Answer,
  type Item,
  ItemSet,
  type Reconciler,
  startSession,
} from '@kithnet/reconcile'
import { CodedSymbols } from '../src/coded-symbols.ts'
import type { HybridTurn } from '../src/hybrid-messages.ts'
import { KeyedItems } from '../src/keyed-items.ts'
import { MappedHashes } from '../src/mapped-hashes.ts'
import { decodeMessage, encodeMessage, type ReconcileMessage } from '../src/messages.ts'
import { firstBound, lastBound } from '../src/order.ts'
import { defaultSessionLimits, Tally } from '../src/tally.ts'
import { WalkSession } from '../src/walk-session.ts'
import { itemsOf, reconcile, setOf } from './peers.ts'

const items = itemsOf('items', 500)
const rng = seededRng(3)
const salt = new Uint8Array(16).fill(5)
const whole = { lower: firstBound, upper: lastBound }
const ids = (list: readonly Item[]): string[] => list.map(({ id }) => id)

function decoded(value: CborValue): ReconcileMessage {
  const message = decodeMessage(value)
  if (!message.ok) throw new Error(message.fault.code)
  return message.value
}

/** A turn that says nothing but this. */
function turn(number: number, part: Partial<HybridTurn> = {}): CborValue {
  const ranges = { start: firstBound, spans: [] }
  const silent = { head: undefined, ranges, symbols: undefined, gives: [], wants: [], rest: false }
  return encodeMessage({ type: 'turn', number, ...silent, ...part })
}

const head = { salt, count: 500, window: undefined }

describe('versions', () => {
  /** A peer of version 1 reads the first two of at most six parts of an opening, and refuses what is not 1. */
  const refusal = encodeMessage({ type: 'stop', versions: [1] })

  test('a peer that speaks version 1 alone can refuse version 2, and is then asked in its own', () => {
    const theirs = setOf(items.slice(3))
    const first = startSession(setOf(items), rng)
    expect(first.message).toHaveLength(6)
    expect((first.message as readonly CborValue[]).slice(0, 2)).toEqual([0, 2])
    const refused = first.session.answer(refusal)
    expect(refused).toMatchObject({
      done: true,
      fault: { code: 'reconcile/version', versions: [1] },
    })
    const { opener, accepter } = reconcile(setOf(items), theirs, { version: 1 })
    expect(opener.have).toEqual(ids(items.slice(0, 3)))
    expect(accepter.need).toEqual(opener.have)
  })

  test('version 1 is spoken to whoever opens in it', () => {
    const { message } = startSession(setOf(items), rng, { version: 1 })
    const { reply } = acceptSession(setOf(items.slice(1)), rng).answer(message)
    expect(decoded(reply!).type).toBe('walk')
  })
})

/** Plays the accepting side by hand: symbols of these hashes, whatever is asked, until the other side walks. */
class FalseEncoder {
  readonly #set: ItemSet
  readonly #hashes: (keyed: KeyedItems<string>) => Uint32Array<ArrayBuffer>
  readonly #symbols = new CodedSymbols()
  #keyed: KeyedItems<string> | undefined
  #mapped: MappedHashes | undefined
  #walk: WalkSession<string> | undefined
  symbolsSent = 0

  constructor(set: ItemSet, hashes: (keyed: KeyedItems<string>) => Uint32Array<ArrayBuffer>) {
    this.#set = set
    this.#hashes = hashes
  }

  answer(value: CborValue): CborValue | undefined {
    const message = decoded(value)
    if (message.type === 'open') {
      const keyed = new KeyedItems(this.#set, [message.salt, salt])
      const hashes = this.#hashes(keyed)
      this.#keyed = keyed
      this.#mapped = new MappedHashes(hashes, hashes.length / 2)
      return turn(1, { head, symbols: this.#send(8) })
    }
    if (message.type === 'turn') {
      const total = message.symbols?.type === 'more' ? message.symbols.total : 0
      return turn(message.number + 1, { symbols: this.#send(total) })
    }
    if (this.#walk === undefined) {
      this.#walk = new WalkSession(this.#set, whole, new Tally(defaultSessionLimits))
      this.#walk.join((low, high) => this.#keyed!.sumOf(low, high))
    }
    return this.#walk.take(message).reply
  }

  #send(total: number): HybridTurn['symbols'] {
    const from = this.#symbols.length
    const to = Math.max(from, Math.min(total, from + 2_000))
    this.#symbols.grow(to)
    this.#mapped!.mixInto(this.#symbols, to)
    this.symbolsSent = to
    return { type: 'symbols', items: 500, bytes: this.#symbols.encode(from, to) }
  }
}

/** What an honest opener finds against an encoder that is not. */
function against(
  encoder: FalseEncoder,
  ours: ItemSet,
): { have: string[]; need: string[]; last: Answer } {
  const { session, message } = startSession(ours, seededRng(9))
  const found = { have: [] as string[], need: [] as string[] }
  let next = encoder.answer(message)
  for (let turns = 0; ; turns++) {
    expect(turns).toBeLessThan(65)
    const last = session.answer(next!)
    found.have.push(...ids(last.have))
    found.need.push(...ids(last.need))
    if (last.done || last.reply === undefined) return { ...found, last }
    next = encoder.answer(last.reply)
    if (next === undefined) return { ...found, last }
  }
}

describe('symbols that never peel', () => {
  const ours = setOf(items.slice(2))
  const theirs = setOf(items.slice(0, 498))
  const difference = { have: ids(items.slice(498)), need: ids(items.slice(0, 2)) }
  const own = (keyed: KeyedItems<string>): Uint32Array<ArrayBuffer> => keyed.hashes([whole])

  test('an item in them twice: the session walks, and finds what differs', () => {
    const encoder = new FalseEncoder(theirs, (keyed) => Uint32Array.of(...own(keyed), 7, 7, 7, 7))
    expect(against(encoder, ours)).toMatchObject({ ...difference, last: { fault: undefined } })
    expect(encoder.symbolsSent).toBeLessThan(3 * 100 + 64)
  })

  test('items of both sides counted three times', () => {
    const twisted = (keyed: KeyedItems<string>): Uint32Array<ArrayBuffer> => {
      const hashes = own(keyed)
      return Uint32Array.of(...hashes, ...hashes.slice(0, 2), ...hashes.slice(0, 2))
    }
    expect(against(new FalseEncoder(theirs, twisted), ours)).toMatchObject(difference)
  })

  test('noise', () => {
    const noise = (): Uint32Array<ArrayBuffer> =>
      Uint32Array.from({ length: 40_000 }, () => rng.u32())
    const encoder = new FalseEncoder(theirs, noise)
    expect(against(encoder, ours)).toMatchObject(difference)
    expect(encoder.symbolsSent * 13).toBeLessThan(1_000_000)
  })

  test('none, although they were asked for', () => {
    const { session } = startSession(ours, rng)
    const first = session.answer(turn(1, { head, symbols: { type: 'more', total: 8 } }))
    expect(decoded(first.reply!)).toMatchObject({ symbols: { type: 'symbols' } })
    const other = startSession(ours, rng).session
    const symbols = { type: 'symbols', items: 500, bytes: new Uint8Array(13).fill(1) } as const
    expect(decoded(other.answer(turn(1, { head, symbols })).reply!)).toMatchObject({
      symbols: { type: 'more' },
    })
    expect(decoded(other.answer(turn(3)).reply!).type).toBe('walk')
  })
})

describe('what a peer says', () => {
  /** A session that has heard the first answer. */
  function opened(): Reconciler {
    const { session } = startSession(setOf(items.slice(0, 400)), rng, { to: items[450]!.time })
    session.answer(turn(1, { head, symbols: { type: 'more', total: 1 } }))
    return session
  }

  test('is taken once, within the window, and if it is news', () => {
    const session = opened()
    const gives = [items[399]!, items[420]!, items[460]!]
    expect(ids(session.answer(turn(3, { gives, rest: true })).need)).toEqual(ids([items[420]!]))
    expect(session.answer(turn(5, { gives, rest: true })).need).toEqual([])
  })

  test('that it lacks counts only where the item is held', () => {
    const answer = opened().answer(turn(3, { wants: [1, 2, 3] }))
    expect([answer.have, answer.need, answer.done]).toEqual([[], [], true])
  })

  test('out of turn ends the session', () => {
    for (const number of [1, 2, 4]) {
      expect(opened().answer(turn(number))).toMatchObject({
        done: true,
        fault: { code: 'reconcile/unexpected', kind: 'turn' },
      })
    }
    expect(acceptSession(setOf(items), rng).answer(turn(1, { head }))).toMatchObject({
      fault: { code: 'reconcile/unexpected', kind: 'turn' },
    })
  })

  test('of another window than the opener has ends the session', () => {
    const { session } = startSession(setOf(items), rng, { from: 10, to: 20 })
    const window = { lower: { time: 30, id: '' }, upper: lastBound }
    expect(session.answer(turn(1, { head: { ...head, window } }))).toMatchObject({
      fault: { code: 'reconcile/outside' },
    })
  })

  test('never asks for more symbols than a session is for', () => {
    const { session } = startSession(setOf(items), rng, { limits: { difference: 10 } })
    const answer = session.answer(turn(1, { head, symbols: { type: 'more', total: 10 ** 9 } }))
    const reply = decoded(answer.reply!)
    expect(reply).toMatchObject({ symbols: { type: 'symbols' } })
    expect(encodeCbor(answer.reply!).length).toBeLessThan((3 * 10 + 64) * 13 + 100)
  })
})

test('ids that add up to the same are told apart under a key, though not by the walk alone', () => {
  const [a, b, c] = itemsOf('sums', 3)
  const shifted = (id: string, by: bigint): string =>
    (BigInt(`0x${id}`) + by).toString(16).padStart(64, '0')
  const ours = setOf([a!, b!, c!])
  const theirs = setOf([
    { ...a!, id: shifted(a!.id, 12_345n) },
    { ...b!, id: shifted(b!.id, -12_345n) },
    c!,
  ])
  const many = itemsOf('many', 40)
  for (const { time, id } of many) for (const set of [ours, theirs]) set.add(time + 9_999, id)
  expect(reconcile(ours, theirs, { version: 1 }).opener.have).toEqual([])
  expect(reconcile(ours, theirs).opener.have.toSorted()).toEqual(ids([a!, b!]).toSorted())
  const walked = new KeyedItems(ours, [salt]).sumOf(0, 3)
  expect(toHex(walked)).not.toBe(toHex(new KeyedItems(theirs, [salt]).sumOf(0, 3)))
})

test('both sides have a hand in the key', () => {
  const keys = [
    [salt, new Uint8Array(16)],
    [salt, new Uint8Array(16).fill(1)],
    [new Uint8Array(16), salt],
  ]
  const sums = keys.map((salts) => toHex(new KeyedItems(setOf(items), salts).sumOf(0, 9)))
  expect(new Set(sums).size).toBe(3)
})
