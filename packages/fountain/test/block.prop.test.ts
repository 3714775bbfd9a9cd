import { BlockDecoder, BlockEncoder, Codec } from '@kithnet/fountain'
import { type Rng, seededRng, shuffled } from '@kithnet/kernel'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { generatedData } from './generated-data.ts'

const codecs = [new Codec(), new Codec('js')] as const

/** Feeds symbols in an order until the block is there. Gives how many it took. */
function decode(encoder: BlockEncoder, ids: Iterable<number>, decoder: BlockDecoder): number {
  let fed = 0
  for (const id of ids) {
    if (decoder.complete) break
    const taken = decoder.add(id, encoder.symbol(id))
    expect(taken.ok).toBe(true)
    fed++
  }
  return fed
}

/** Some source symbols, the others replaced by repair symbols from anywhere. */
function* mixed(symbols: number, lost: number, rng: Rng): Generator<number> {
  const kept = shuffled(
    rng,
    Array.from({ length: symbols }, (_, id) => id),
  ).slice(lost)
  const seen = new Set<number>()
  yield* kept
  while (seen.size < lost + 10) {
    const id = symbols + rng.below(2 ** 24 - symbols)
    if (seen.has(id)) continue
    seen.add(id)
    yield id
  }
}

test('any sufficient set of symbols rebuilds the block, with either kernels', () => {
  const sizes = fc.record({
    symbols: fc.integer({ min: 1, max: 120 }),
    symbolBytes: fc.integer({ min: 1, max: 100 }),
    lostShare: fc.double({ min: 0, max: 1, noNaN: true }),
    seed: fc.integer(),
    short: fc.nat(40),
  })
  fc.assert(
    fc.property(sizes, ({ symbols, symbolBytes, lostShare, seed, short }) => {
      const length = symbols * symbolBytes - (short % symbolBytes)
      const data = generatedData(length, seed)
      const [wasm, script] = codecs
      const one = new BlockEncoder(data, symbolBytes, wasm)
      const other = new BlockEncoder(data, symbolBytes, script)
      expect(one.sourceSymbols).toBe(symbols)
      const far = symbols + Math.abs(seed % 1_000_000)
      expect(one.symbol(far)).toEqual(other.symbol(far))
      const ids = [far, 0, symbols - 1, symbols, far + 1]
      const each = ids.map((id) => one.symbol(id))
      expect(one.symbols(ids)).toEqual(each)
      expect(other.symbols(ids)).toEqual(each)
      for (const codec of codecs) {
        const decoder = new BlockDecoder(symbols, symbolBytes, codec)
        const lost = Math.floor(lostShare * symbols)
        const fed = decode(one, mixed(symbols, lost, seededRng(`loss ${seed}`)), decoder)
        expect(decoder.complete).toBe(true)
        expect(fed).toBeLessThanOrEqual(symbols + 4)
        expect(decoder.block.subarray(0, length)).toEqual(data)
        expect(decoder.block.subarray(length).every((byte) => byte === 0)).toBe(true)
      }
    }),
    { numRuns: 300 },
  )
})

test.each([
  [1_000, 1_280, 300],
  [1_000, 20_000, 100],
  [5_000, 64, 5_000],
])('%i symbols of %i bytes, %i lost', (symbols, symbolBytes, lost) => {
  const data = generatedData(symbols * symbolBytes)
  const encoder = new BlockEncoder(data, symbolBytes)
  const decoder = new BlockDecoder(symbols, symbolBytes)
  decode(encoder, mixed(symbols, lost, seededRng('large')), decoder)
  expect(decoder.complete).toBe(true)
  expect(Buffer.compare(decoder.block, data)).toBe(0)
})

test('source symbols can be used before the block is there', () => {
  const data = generatedData(100 * 32)
  const encoder = new BlockEncoder(data, 32)
  const decoder = new BlockDecoder(100, 32)
  for (const id of [7, 3, 99, 1_000]) decoder.add(id, encoder.symbol(id))
  expect([decoder.present, decoder.missing, decoder.complete]).toEqual([3, 96, false])
  expect(decoder.source(99)).toEqual(data.subarray(99 * 32))
  expect(decoder.source(8)).toBeUndefined()
  expect(decoder.source(100)).toBeUndefined()
})

test('a symbol counts once, and what is too much is not kept', () => {
  const encoder = new BlockEncoder(generatedData(20 * 16), 16)
  const decoder = new BlockDecoder(20, 16)
  expect(decoder.add(5, encoder.symbol(5))).toEqual({ ok: true, value: 'added' })
  expect(decoder.add(5, encoder.symbol(5))).toEqual({ ok: true, value: 'known' })
  expect(decoder.add(500, encoder.symbol(500))).toEqual({ ok: true, value: 'added' })
  expect(decoder.add(500, encoder.symbol(500))).toEqual({ ok: true, value: 'known' })
  expect(decoder.add(6, new Uint8Array(15))).toMatchObject({ fault: { code: 'fountain/length' } })
  decode(
    encoder,
    Array.from({ length: 40 }, (_, index) => 1_000 + index),
    decoder,
  )
  expect(decoder.complete).toBe(true)
  expect(decoder.add(6, encoder.symbol(6))).toEqual({ ok: true, value: 'not-needed' })
})

test('the decoder keeps its own copies', () => {
  const data = generatedData(10 * 8)
  const encoder = new BlockEncoder(data, 8)
  const decoder = new BlockDecoder(10, 8)
  for (let id = 10; !decoder.complete; id++) {
    const symbol = encoder.symbol(id)
    decoder.add(id, symbol)
    symbol.fill(0)
  }
  expect(decoder.block).toEqual(data)
})
