import {
  blockSpan,
  checkTransferInfo,
  createObjectDecoder,
  decodePayloadId,
  decodeTransferInfo,
  encodePayloadId,
  encodeTransferInfo,
  ObjectEncoder,
  type TransferInfo,
  transferInfo,
} from '@kithnet/fountain'
import { seededRng, shuffled } from '@kithnet/kernel'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { subSymbolBytes } from '../src/transfer-info.ts'
import { generatedData } from './generated-data.ts'

const infos = fc
  .record({
    transferBytes: fc.integer({ min: 1, max: 20_000 }),
    units: fc.integer({ min: 1, max: 20 }),
    alignment: fc.constantFrom(1, 3, 4, 8),
    blocks: fc.integer({ min: 1, max: 6 }),
    subBlocks: fc.integer({ min: 1, max: 5 }),
  })
  .map(({ transferBytes, units, alignment, blocks, subBlocks }): TransferInfo => ({
    transferBytes,
    symbolBytes: units * alignment,
    alignment,
    sourceBlocks: Math.min(blocks, Math.ceil(transferBytes / (units * alignment))),
    subBlocks: Math.min(subBlocks, units),
  }))

test('blocks and sub-blocks cover the object without gaps', () => {
  fc.assert(
    fc.property(infos, (info) => {
      expect(checkTransferInfo(info).ok).toBe(true)
      let start = 0
      let last = Infinity
      for (let block = 0; block < info.sourceBlocks; block++) {
        const span = blockSpan(info, block)
        expect(span.start).toBe(start)
        expect(span.sourceSymbols).toBe(Math.ceil(span.bytes / info.symbolBytes))
        expect(span.sourceSymbols).toBeLessThanOrEqual(last)
        start += span.bytes
        last = span.sourceSymbols
      }
      expect(start).toBe(info.transferBytes)
      const parts = subSymbolBytes(info)
      expect(parts.reduce((sum, part) => sum + part, 0)).toBe(info.symbolBytes)
      expect(parts.length).toBe(info.subBlocks)
    }),
  )
})

test('an object comes back from any order of enough symbols of every block', () => {
  fc.assert(
    fc.property(infos, fc.integer(), (info, seed) => {
      const rng = seededRng(`object ${seed}`)
      const data = generatedData(info.transferBytes, seed)
      const encoder = new ObjectEncoder(data, info)
      const made = createObjectDecoder(info)
      if (!made.ok) return expect.fail(made.fault.code)
      const decoder = made.value
      const ids = Array.from({ length: info.sourceBlocks }, (_, block) => {
        const { sourceSymbols } = blockSpan(info, block)
        const all = Array.from({ length: 2 * sourceSymbols + 5 }, (__, symbol) => ({
          block,
          symbol,
        }))
        return shuffled(rng, all).slice(0, sourceSymbols + 5)
      })
      for (const id of shuffled(rng, ids.flat())) {
        expect(decoder.add(id, encoder.symbol(id)).ok).toBe(true)
      }
      expect([decoder.complete, decoder.missing]).toEqual([true, 0])
      expect(decoder.bytes()).toEqual(data)
    }),
    { numRuns: 150 },
  )
})

test('transfer information and payload ids come back; other bytes are refused', () => {
  fc.assert(
    fc.property(infos, fc.nat(255), fc.nat(0xff_ffff), (info, block, symbol) => {
      expect(decodeTransferInfo(encodeTransferInfo(info))).toEqual({ ok: true, value: info })
      const id = { block, symbol }
      expect(decodePayloadId(encodePayloadId(id))).toEqual({ ok: true, value: id })
    }),
  )
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 14 }), (bytes) => {
      const decoded = decodeTransferInfo(bytes)
      if (decoded.ok) expect(encodeTransferInfo(decoded.value)).toEqual(bytes)
      else expect(decoded.fault.code).toMatch(/^fountain\/(transfer|length)$/)
      expect(decodePayloadId(bytes).ok).toBe(bytes.length === 4)
    }),
  )
  const largest = { symbolBytes: 65_535, sourceBlocks: 255, subBlocks: 1, alignment: 1 }
  const most = { ...largest, transferBytes: 942_574_504_275 }
  expect(decodeTransferInfo(encodeTransferInfo(most))).toEqual({ ok: true, value: most })
  const reserved = encodeTransferInfo(most)
  reserved[5] = 1
  expect(decodeTransferInfo(reserved).ok).toBe(false)
})

test('an object is cut so that blocks fit where they are asked to', () => {
  const cut = (bytes: number, options: Parameters<typeof transferInfo>[1]): unknown => {
    const info = transferInfo(bytes, options)
    return info.ok ? [info.value.sourceBlocks, info.value.subBlocks] : info.fault.code
  }
  expect(cut(1_000_000, { symbolBytes: 1_280 })).toEqual([1, 1])
  expect(cut(100_000_000, { symbolBytes: 1_280, blockSymbols: 1_002 })).toEqual([78, 1])
  expect(cut(20_000_000, { symbolBytes: 1_280, workingBytes: 1_000_000 })).toEqual([1, 22])
  expect(cut(100_000_000, { symbolBytes: 1_280, blockSymbols: 10 })).toBe('fountain/transfer')
  expect(cut(100, { symbolBytes: 1_281 })).toBe('fountain/transfer')
  expect(cut(Number.NaN, { symbolBytes: 1_280 })).toBe('fountain/transfer')
})

test('a receiver bounds what it takes, and forgets what was used', () => {
  const info: TransferInfo = {
    transferBytes: 100,
    symbolBytes: 4,
    sourceBlocks: 2,
    subBlocks: 1,
    alignment: 1,
  }
  expect(createObjectDecoder(info, { maxBytes: 99 })).toMatchObject({
    fault: { code: 'fountain/too-large', bytes: 100, maxBytes: 99 },
  })
  const made = createObjectDecoder(info, { maxBytes: 100 })
  if (!made.ok) return expect.fail(made.fault.code)
  const data = generatedData(100)
  const encoder = new ObjectEncoder(data, info)
  const symbol = encoder.symbol({ block: 1, symbol: 0 })
  expect(made.value.add({ block: 2, symbol: 0 }, symbol)).toMatchObject({
    fault: { code: 'fountain/symbol-id' },
  })
  for (let id = 0; id < 13; id++) {
    made.value.add({ block: 0, symbol: id }, encoder.symbol({ block: 0, symbol: id }))
  }
  expect(made.value.blockBytes(0)).toEqual(data.subarray(0, 52))
  expect(made.value.blockBytes(1)).toBeUndefined()
  expect(made.value.missing).toBe(12)
  made.value.release(0)
  expect(made.value.add({ block: 0, symbol: 0 }, symbol)).toEqual({ ok: true, value: 'not-needed' })
  expect([made.value.missing, made.value.bytes()]).toEqual([12, undefined])
  encoder.release(0)
  expect(encoder.symbol({ block: 0, symbol: 0 })).toEqual(data.slice(0, 4))
})
