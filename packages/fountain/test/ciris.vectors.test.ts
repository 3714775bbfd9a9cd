import { createHash } from 'node:crypto'
import {
  type CirisConfig,
  cirisManifestBytes,
  decodeCirisContent,
  encodeCirisContent,
  type JsonValue,
} from '@kithnet/fountain/ciris'
import { ok } from '@kithnet/kernel'
import { runVectors } from '@kithnet/testkit/suite'
import { expect, test } from 'vitest'
import { generatedData } from './generated-data.ts'

const sha256 = (bytes: Uint8Array): Uint8Array =>
  new Uint8Array(createHash('sha256').update(bytes).digest())

interface Input {
  readonly config: CirisConfig
  readonly length: number
  readonly contentId: string
  readonly corpusKind: string
  readonly envelope: JsonValue
}

runVectors(test, 'fountain/ciris-content.json', (input) => {
  const { config, length, contentId, corpusKind, envelope } = input as Input
  const payload = generatedData(length)
  const content = encodeCirisContent(payload, config, sha256)
  if (!content.ok) return content
  const { symbolHashes, symbols, originalContentLength } = content.value
  const manifest = {
    ...config,
    contentId,
    corpusKind,
    envelope,
    symbolHashes,
    originalContentLength,
  }
  const bytes = cirisManifestBytes(manifest)
  if (!bytes.ok) return bytes
  const back = decodeCirisContent(symbols.slice(config.kRepair), manifest, sha256)
  expect(back).toEqual({ ok: true, value: payload })
  const manifestSha256 = createHash('sha256').update(bytes.value).digest('hex')
  return ok({ symbolHashes: [...symbolHashes], manifestSha256 })
})

test('a bad symbol is left out, and others make up for it', () => {
  const config = { nSource: 10, kRepair: 4, symbolSize: 32, minViableSymbols: 3 }
  const payload = generatedData(300)
  const content = encodeCirisContent(payload, config, sha256)
  if (!content.ok) return expect.fail(content.fault.code)
  const { symbols } = content.value
  const manifest = {
    ...config,
    ...content.value,
    contentId: 'c',
    corpusKind: 'blob',
    envelope: null,
  }
  const bad = { symbolId: 2, bytes: new Uint8Array(32) }
  const given = [bad, symbols[4]!, symbols[4]!, ...symbols.slice(5)]
  expect(decodeCirisContent(given, manifest, sha256)).toEqual({ ok: true, value: payload })
  const few = given.slice(0, 8)
  expect(decodeCirisContent(few, manifest, sha256)).toEqual({
    ok: false,
    fault: { code: 'fountain/insufficient', missing: 4 },
  })
  const unlike = { ...manifest, symbolHashes: [] }
  expect(decodeCirisContent(given, unlike, sha256)).toMatchObject({
    fault: { code: 'fountain/payload' },
  })
})

test('JSON without end is refused', () => {
  const endless: Record<string, JsonValue> = {}
  endless['a'] = endless
  const manifest = {
    nSource: 1,
    kRepair: 0,
    symbolSize: 1,
    minViableSymbols: 1,
    contentId: 'c',
    corpusKind: 'blob',
    originalContentLength: 1,
    symbolHashes: ['00'],
    envelope: endless,
  }
  expect(cirisManifestBytes(manifest)).toEqual({ ok: false, fault: { code: 'fountain/json' } })
})
