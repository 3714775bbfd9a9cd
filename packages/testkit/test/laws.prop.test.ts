import {
  type Effect,
  fail,
  type Fired,
  type Machine,
  ok,
  type Result,
  type Rng,
} from '@kithnet/kernel'
import { type Arbitrary, codecLaw, machineLaw, wholeNumber } from '@kithnet/testkit/suite'
import { describe, expect, test } from 'vitest'

interface Pair {
  readonly low: number
  readonly high: number
}

const pairs: Arbitrary<Pair> = wholeNumber(0, 65_535).map((n) => ({ low: n & 255, high: n >> 8 }))

const fault = fail({ code: 'test/length' })

const good = {
  encode: ({ low, high }: Pair): Uint8Array => Uint8Array.of(low, high),
  decode: (bytes: Uint8Array): Result<Pair> =>
    bytes.length === 2 ? ok({ low: bytes[0]!, high: bytes[1]! }) : fault,
}

describe('the codec law', () => {
  test('holds for a good codec', () => {
    codecLaw(good, pairs)
  })

  test.each<[string, Partial<typeof good>]>([
    [
      'loses something',
      { decode: (bytes) => (bytes.length === 2 ? ok({ low: 0, high: 0 }) : fault) },
    ],
    ['refuses its own', { decode: () => fault }],
    [
      'accepts trailing bytes',
      { decode: (bytes) => (bytes.length >= 2 ? good.decode(bytes.subarray(0, 2)) : fault) },
    ],
    [
      'accepts truncated bytes',
      {
        decode: (bytes) =>
          bytes.length < 3 ? ok({ low: bytes[0] ?? 0, high: bytes[1] ?? 0 }) : fault,
      },
    ],
    [
      'throws',
      {
        decode: (bytes) => {
          if (bytes.length > 100) throw new RangeError('too long')
          return good.decode(bytes)
        },
      },
    ],
    [
      'accepts two forms of one value',
      {
        encode: ({ low, high }) => Uint8Array.of(low, high, 0),
        decode: (bytes) => (bytes.length === 3 ? ok({ low: bytes[0]!, high: bytes[1]! }) : fault),
      },
    ],
  ])('finds a codec that %s', (_what, flaw) => {
    expect(() => codecLaw({ ...good, ...flaw }, pairs)).toThrow(/Property failed/)
  })
})

type Effects = readonly Effect<string, number, string, never>[]

class Dice implements Machine<{ readonly type: 'roll' }, string, number, string, never> {
  sum = 0
  readonly #roll: () => number

  constructor(roll: () => number) {
    this.#roll = roll
  }

  on(event: { readonly type: 'roll' } | Fired<string>): Effects {
    if (event.type === 'fired') return []
    const rolled = this.#roll()
    this.sum += rolled
    return [{ type: 'send', to: 'table', message: rolled }]
  }
}

const rolls: Arbitrary<{ readonly type: 'roll' }> = wholeNumber(0, 0).map(() => ({ type: 'roll' }))

describe('the machine law', () => {
  const fair = (rng: Rng): Dice => new Dice(() => rng.below(6))

  test('holds for a machine that draws from its own randomness', () => {
    machineLaw(fair, rolls)
  })

  test('finds a machine that looks elsewhere', () => {
    let outside = 0
    expect(() => machineLaw(() => new Dice(() => outside++), rolls)).toThrow(/answer alike/)
  })

  test('finds a broken invariant', () => {
    const atMostNine = ({ sum }: Dice): void => {
      if (sum > 9) throw new Error('more than nine')
    }
    expect(() => machineLaw(fair, rolls, atMostNine)).toThrow(/more than nine/)
  })
})
