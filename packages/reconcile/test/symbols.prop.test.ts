import fc from 'fast-check'
import { expect, test } from 'vitest'
import { CodedSymbols, symbolBytes } from '../src/coded-symbols.ts'
import { MappedHashes } from '../src/mapped-hashes.ts'
import { SymbolDecoder } from '../src/symbol-decoder.ts'
import { nextIndex } from '../src/symbol-mapping.ts'

const word = fc.integer({ min: 0, max: 0xffff_ffff })
const hash = fc.tuple(word, word)
const hashes = fc.uniqueArray(hash, { maxLength: 60, selector: ([low, high]) => `${low} ${high}` })

test('indexes rise, and are those of the published recurrence', () => {
  fc.assert(
    fc.property(hash, ([low, high]) => {
      const state = new Uint32Array([low, high])
      let exact = BigInt(high) * 2n ** 32n + BigInt(low)
      let index = 0
      for (let step = 0; step < 40; step++) {
        exact = (exact * 0xda94_2042_e4dd_58b5n) % 2n ** 64n
        const factor = 2 ** 32 / Math.sqrt(Number(exact) + 1) - 1
        const expected = index + Math.ceil((index + 1.5) * factor)
        const next = nextIndex(state, 0, index)
        if (expected > Number.MAX_SAFE_INTEGER) return
        expect(next).toBe(expected)
        expect(next).toBeGreaterThan(index)
        index = next
      }
    }),
    { numRuns: 2_000 },
  )
})

/** The first `count` symbols of these hashes. */
function symbolsOf(items: readonly (readonly number[])[], count: number): CodedSymbols {
  const symbols = new CodedSymbols()
  symbols.grow(count)
  new MappedHashes(Uint32Array.from(items.flat()), items.length).mixInto(symbols, count)
  return symbols
}

test('the decoder finds exactly what differs, in pieces of any length', () => {
  fc.assert(
    fc.property(
      hashes,
      fc.nat(60),
      fc.nat(60),
      fc.integer({ min: 1, max: 50 }),
      (all, a, b, piece) => {
        const ours = all.slice(0, a)
        const theirs = all.slice(Math.min(a, b))
        const decoder = new SymbolDecoder(Uint32Array.from(ours.flat()), ours.length)
        const symbols = symbolsOf(theirs, 400)
        for (let from = 0; !decoder.complete; from += piece) {
          expect(from).toBeLessThan(360)
          decoder.receive(symbols.encode(from, Math.min(from + piece, 400)))
        }
        const found = { ours: new Set<string>(), theirs: new Set<string>() }
        for (const { low, high, ours: isOurs } of decoder) {
          found[isOurs ? 'ours' : 'theirs'].add(`${low},${high}`)
        }
        const key = (one: readonly number[]): string => one.join()
        const [ourKeys, theirKeys] = [new Set(ours.map(key)), new Set(theirs.map(key))]
        expect(found.ours).toEqual(new Set([...ourKeys].filter((one) => !theirKeys.has(one))))
        expect(found.theirs).toEqual(new Set([...theirKeys].filter((one) => !ourKeys.has(one))))
        expect(decoder.broken).toBe(false)
      },
    ),
    { numRuns: 500 },
  )
})

test('whatever the symbols hold, decoding ends', () => {
  const noise = fc.uint8Array({ minLength: symbolBytes, maxLength: 40 * symbolBytes })
  const twisted = fc
    .tuple(hashes, fc.array(fc.tuple(fc.nat(39), fc.nat(39)), { maxLength: 8 }))
    .map(([items, swaps]) => {
      const bytes = symbolsOf(items, 40).encode(0, 40)
      for (const [from, to] of swaps) {
        bytes.copyWithin(to * symbolBytes, from * symbolBytes, (from + 1) * symbolBytes)
      }
      return bytes
    })
  fc.assert(
    fc.property(fc.oneof(noise, twisted), hashes, (bytes, ours) => {
      const decoder = new SymbolDecoder(Uint32Array.from(ours.flat()), ours.length)
      decoder.receive(bytes)
      expect(decoder.found).toBeLessThanOrEqual(decoder.length + 1)
      expect(Number.isFinite(decoder.estimate(0))).toBe(true)
    }),
    { numRuns: 2_000 },
  )
})

test('two items with one hash never peel, and are never taken for one', () => {
  const twins = [
    [1, 2],
    [1, 2],
  ]
  const decoder = new SymbolDecoder(new Uint32Array(), 0)
  decoder.receive(symbolsOf(twins, 500).encode(0, 500))
  expect([decoder.complete, decoder.found]).toEqual([false, 0])
})

test('the estimate is near what differs', () => {
  for (const difference of [100, 1_000, 10_000]) {
    const items = Array.from({ length: difference }, (_, index) => {
      const state = new Uint32Array([index + 1, 0x9e37_79b9])
      nextIndex(state, 0, 0)
      nextIndex(state, 0, 0)
      return [state[0]!, state[1]!]
    })
    for (const ours of [0, difference / 2, difference]) {
      const decoder = new SymbolDecoder(Uint32Array.from(items.slice(0, ours).flat()), ours)
      decoder.receive(symbolsOf(items.slice(ours), 256).encode(0, 256))
      const estimate = decoder.estimate(difference - 2 * ours)
      expect(estimate / difference).toBeGreaterThan(0.6)
      expect(estimate / difference).toBeLessThan(1.5)
    }
  }
})
