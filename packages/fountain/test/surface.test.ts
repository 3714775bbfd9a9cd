import * as surface from '@kithnet/fountain'
import { expect, test } from 'vitest'

test('exports', () => {
  expect(Object.keys(surface)).toMatchInlineSnapshot(`
    [
      "BlockDecoder",
      "BlockEncoder",
      "BlockPool",
      "maxBlockSymbols",
      "Codec",
      "createContent",
      "memorySource",
      "createContentDecoder",
      "rebuildContent",
      "checkContentSymbol",
      "decodeContentSymbol",
      "encodeContentSymbol",
      "maxContentSymbolBytes",
      "contentIdOf",
      "decodeManifest",
      "encodeManifest",
      "maxManifestBytes",
      "createObjectDecoder",
      "ObjectEncoder",
      "checkPolicy",
      "defaultPolicy",
      "policyFor",
      "survival",
      "dropPriority",
      "symbolsKept",
      "symbolsToDrop",
      "tierForFreeSpace",
      "blockSpan",
      "checkTransferInfo",
      "decodePayloadId",
      "decodeTransferInfo",
      "encodePayloadId",
      "encodeTransferInfo",
      "maxSymbolId",
      "transferInfo",
    ]
  `)
})
