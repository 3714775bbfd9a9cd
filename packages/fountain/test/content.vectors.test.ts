import { createHash } from 'node:crypto'
import {
  contentIdOf,
  createContent,
  decodeManifest,
  encodeContentSymbol,
  encodeManifest,
  type FountainPolicy,
  memorySource,
} from '@kithnet/fountain'
import { fromHex, ok, toHex } from '@kithnet/kernel'
import { runVectors } from '@kithnet/testkit/suite'
import { test } from 'vitest'
import { generatedData } from './generated-data.ts'

interface Made {
  readonly length: number
  readonly policy: FountainPolicy
  readonly service: number
}

runVectors(test, 'fountain/content.json', async (input, { valid }) => {
  if (!valid) {
    const { manifest } = input as { readonly manifest: string }
    return decodeManifest(fromHex(manifest) ?? new Uint8Array(0))
  }
  const { length, policy, service } = input as Made
  const content = await createContent(memorySource(generatedData(length)), { policy, service })
  const decoded = decodeManifest(encodeManifest(content.manifest))
  if (!decoded.ok) return decoded
  const digest = createHash('sha256')
  const shares = Array.from({ length: decoded.value.shares }, (_, share) => share)
  for await (const symbol of content.symbols(shares)) digest.update(encodeContentSymbol(symbol))
  return ok({
    manifest: toHex(encodeManifest(decoded.value)),
    id: toHex(contentIdOf(decoded.value)),
    symbolsSha256: digest.digest('hex'),
  })
})
