import { isDeepStrictEqual } from 'node:util'
import {
  after,
  assert,
  type Fired,
  instant,
  type Machine,
  type Result,
  type Rng,
  seededRng,
  toHex,
} from '@kithnet/kernel'
import { anyBytes, type Arbitrary, forAll, listOf, pairOf, wholeNumber } from './arbitraries.ts'

/** A wire format: one side makes bytes, the other takes any bytes at all. */
export interface Codec<T> {
  encode(value: T): Uint8Array
  decode(bytes: Uint8Array): Result<T>
}

/** How hard a law is tried. */
export interface LawOptions {
  readonly runs?: number
}

/**
 * What every codec owes: a value survives the way through bytes; each truncation is refused; any bytes give
 * a value or a fault and never throw; and what is accepted encodes to the very same bytes.
 */
export function codecLaw<T>(codec: Codec<T>, values: Arbitrary<T>, options: LawOptions = {}): void {
  const canonical = (bytes: Uint8Array): void => {
    const read = codec.decode(bytes)
    if (!read.ok) {
      assert(read.fault.code.includes('/'), 'a fault has a code of the form package/reason')
      return
    }
    assert(
      sameBytes(codec.encode(read.value), bytes),
      `${toHex(bytes)} is accepted and not canonical`,
    )
  }
  forAll(
    values,
    (value) => {
      const bytes = codec.encode(value)
      const read = codec.decode(bytes)
      assert(read.ok, `${toHex(bytes)} is refused and was encoded`)
      assert(
        isDeepStrictEqual(plain(read.value), plain(value)),
        `${toHex(bytes)} reads differently`,
      )
      for (
        let length = 0;
        length < bytes.length;
        length = Math.max(length + 1, (length * 1.1) | 0)
      ) {
        assert(!codec.decode(bytes.subarray(0, length)).ok, `cut to ${length} bytes it is accepted`)
      }
      assert(!codec.decode(Uint8Array.of(...bytes, 0)).ok, 'with a byte behind it is accepted')
    },
    options,
  )
  forAll(
    pairOf(values, pairOf(wholeNumber(0, 2 ** 31 - 1), wholeNumber(1, 255))),
    ([value, [at, flip]]) => {
      const bytes = Uint8Array.from(codec.encode(value))
      if (bytes.length === 0) return
      bytes[at % bytes.length]! ^= flip
      canonical(bytes)
    },
    options,
  )
  forAll(anyBytes(512), canonical, options)
}

/**
 * What every machine owes: made twice from the same seed and fed the same events at the same instants, it
 * answers with the same effects, and throws on none. `invariant` is asked after each event.
 */
export function machineLaw<
  Event,
  Peer,
  Message,
  Key,
  Output,
  M extends Machine<Event, Peer, Message, Key, Output>,
>(
  make: (rng: Rng) => M,
  events: Arbitrary<Event | Fired<Key>>,
  invariant: (machine: M) => void = () => {},
  options: LawOptions & { readonly maxEvents?: number } = {},
): void {
  const steps = listOf(pairOf(wholeNumber(0, 5_000), events), options.maxEvents ?? 100)
  forAll(
    pairOf(wholeNumber(0, 2 ** 31 - 1), steps),
    ([seed, script]) => {
      const one = make(seededRng(seed))
      const other = make(seededRng(seed))
      let now = instant(0)
      for (const [waitMs, event] of script) {
        now = after(now, waitMs)
        const effects = one.on(event, now)
        const same = other.on(structuredClone(event), now)
        assert(isDeepStrictEqual(plain(effects), plain(same)), 'two equal machines answer alike')
        invariant(one)
      }
    },
    options,
  )
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at])
}

/** Bytes as plain arrays of one kind, because a decoder may answer with views or with Node's buffers. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return toHex(value)
  if (Array.isArray(value)) return value.map(plain)
  if (value instanceof Map || value instanceof Set) return [...value].map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, plain(part)]))
}
