import { createHash } from 'node:crypto'
import {
  BlockDecoder,
  BlockEncoder,
  blockSpan,
  encodePayloadId,
  ObjectEncoder,
  transferInfo,
} from '@kithnet/fountain'
import { ok } from '@kithnet/kernel'
import { runVectors } from '@kithnet/testkit/suite'
import { describe, test } from 'vitest'
import { generatedData } from './generated-data.ts'

describe('repair symbols', () => {
  runVectors(test, 'fountain/repair-symbols.json', (input, { valid }) => {
    const { sourceSymbols, symbolBytes, first, count } = input as Readonly<
      Record<'sourceSymbols' | 'symbolBytes' | 'first' | 'count', number>
    >
    if (!valid) {
      return new BlockDecoder(sourceSymbols, symbolBytes).add(first, new Uint8Array(symbolBytes))
    }
    const encoder = new BlockEncoder(generatedData(sourceSymbols * symbolBytes), symbolBytes)
    const digest = createHash('sha256')
    for (let symbol = first; symbol < first + count; symbol++) {
      digest.update(encodePayloadId({ block: 0, symbol })).update(encoder.symbol(symbol))
    }
    return ok(digest.digest('hex'))
  })
})

describe('objects', () => {
  runVectors(test, 'fountain/objects.json', (input) => {
    const { transferBytes, repair, ...options } = input as Readonly<
      Record<'transferBytes' | 'symbolBytes' | 'alignment' | 'workingBytes' | 'repair', number>
    >
    const info = transferInfo(transferBytes, options)
    if (!info.ok) return info
    const encoder = new ObjectEncoder(generatedData(transferBytes), info.value)
    const digest = createHash('sha256')
    let packets = 0
    for (let block = 0; block < info.value.sourceBlocks; block++) {
      const symbols = blockSpan(info.value, block).sourceSymbols + repair
      for (let symbol = 0; symbol < symbols; symbol++, packets++) {
        const id = { block, symbol }
        digest.update(encodePayloadId(id)).update(encoder.symbol(id))
      }
    }
    return ok({ packets, sha256: digest.digest('hex') })
  })
})
