import { BlockDecoder, BlockEncoder, Codec } from '@kithnet/fountain'
import { expect, test } from 'vitest'
import { blockCode } from '../src/block-code.ts'
import { planFor } from '../src/plan.ts'
import { ScriptKernels } from '../src/script-kernels.ts'
import { WasmKernels } from '../src/wasm-kernels.ts'
import { Workspace } from '../src/workspace.ts'
import { generatedData } from './generated-data.ts'

test.each([
  [56_403, 320],
  [9_000, 2_000],
])('%i symbols of %i bytes are done in 32 MiB, in strips', (symbols, symbolBytes) => {
  const kernels = new WasmKernels()
  const code = blockCode(symbols)
  const ids = Int32Array.from({ length: code.padded }, (_, id) => id)
  const plan = planFor(code, ids)
  if (plan === undefined) return expect.fail('a systematic matrix is regular')
  const symbol = generatedData(symbolBytes)
  const first = new Uint8Array(symbolBytes)
  new Workspace(kernels).solve({
    plan,
    symbolBytes,
    symbol: (index) => (index < symbols ? symbol : undefined),
    // As if all had been lost: this is the most that is asked for.
    ids,
    encoded: (index, from, bytes) => {
      if (index === 0) first.set(bytes, from)
    },
  })
  expect(kernels.bytes.length).toBeLessThanOrEqual(32 * 1024 * 1024)
  // Symbol 0 of the systematic code is itself: every strip was solved.
  expect(Buffer.compare(first, symbol)).toBe(0)
})

test('symbols of any length are the same in one strip and in many, and with other kernels', () => {
  const symbols = 700
  const symbolBytes = 20_011
  const code = blockCode(symbols)
  const ids = Int32Array.from({ length: code.padded }, (_, id) => id)
  const plan = planFor(code, ids)
  if (plan === undefined) return expect.fail('a systematic matrix is regular')
  const data = generatedData(symbols * symbolBytes)
  const repair = [WasmKernels, ScriptKernels].map((Kernels) => {
    const encoded = new Uint8Array(symbolBytes)
    new Workspace(new Kernels()).solve({
      plan,
      symbolBytes,
      symbol: (index) =>
        index < symbols ? data.subarray(index * symbolBytes, (index + 1) * symbolBytes) : undefined,
      ids: Int32Array.of(code.padded + 5),
      encoded: (_, from, bytes) => encoded.set(bytes, from),
    })
    return encoded
  })
  expect(Buffer.compare(repair[0]!, repair[1]!)).toBe(0)
  // The last bytes alone, which are in the last strip.
  const tail = 11
  const ends = new Uint8Array(symbols * tail)
  for (let id = 0; id < symbols; id++) {
    ends.set(data.subarray((id + 1) * symbolBytes - tail, (id + 1) * symbolBytes), id * tail)
  }
  expect(new BlockEncoder(ends, tail).symbol(symbols + 5)).toEqual(repair[0]!.slice(-tail))
  const [batched] = new BlockEncoder(data, symbolBytes).symbols([symbols + 5])
  expect(Buffer.compare(batched!, repair[0]!)).toBe(0)
})

test('symbols that never suffice cost few attempts, and source symbols still help', () => {
  class Unlucky extends Codec {
    attempts = 0
    override decodingPlan(): undefined {
      this.attempts++
    }
  }
  const codec = new Unlucky('js')
  const decoder = new BlockDecoder(100, 8, codec)
  const encoder = new BlockEncoder(generatedData(800), 8)
  const taken = Array.from({ length: 500 }, (_, index) => {
    const id = 100 + index
    const result = decoder.add(id, encoder.symbol(id))
    return result.ok && result.value
  })
  expect(taken.indexOf('not-needed')).toBe(132)
  expect(taken.lastIndexOf('added')).toBe(131)
  // At 100, 101, 102, 104, 108, 116 and 132; from 108 on without and with all of the surplus.
  expect(codec.attempts).toBe(10)
  for (let id = 0; id < 100; id++) decoder.add(id, encoder.symbol(id))
  expect(decoder.complete).toBe(true)
  expect(codec.attempts).toBeLessThan(20)
})
