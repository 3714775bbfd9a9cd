import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import {
  createContent,
  defaultPolicy,
  encodeContentSymbol,
  encodeManifest,
  type FountainPolicy,
  type Manifest,
  memorySource,
} from '@kithnet/fountain'
import { toHex } from '@kithnet/kernel'
import { generatedData } from '../../packages/fountain/test/generated-data.ts'

/** Writes vectors/fountain/content.json anew: contents with their manifests, and manifests that are refused. */
const target = new URL('../../vectors/fountain/content.json', import.meta.url)

const small: FountainPolicy = {
  sourceSymbols: 5,
  repairSymbols: 2,
  minViableSymbols: 2,
  targetHolders: 29,
}

async function valid(
  name: string,
  why: string,
  input: { readonly length: number; readonly policy: FountainPolicy; readonly service: number },
): Promise<Record<string, unknown>> {
  const { length, policy, service } = input
  const content = await createContent(memorySource(generatedData(length)), { policy, service })
  const digest = createHash('sha256')
  const shares = Array.from({ length: content.manifest.shares }, (_, share) => share)
  for await (const symbol of content.symbols(shares)) digest.update(encodeContentSymbol(symbol))
  const output = {
    manifest: toHex(encodeManifest(content.manifest)),
    id: toHex(content.id),
    symbolsSha256: digest.digest('hex'),
  }
  return { name, why, valid: true, input, output }
}

const { manifest } = await createContent(memorySource(generatedData(20_000)))

function invalid(name: string, why: string, change: Partial<Manifest>, fault: string): object {
  const bytes = toHex(encodeManifest({ ...manifest, ...change }))
  return { name, why, valid: false, input: { manifest: bytes }, fault }
}

const sound = toHex(encodeManifest(manifest))
const cases = [
  await valid('one byte', 'the rest of the only symbol is padding', {
    length: 1,
    policy: small,
    service: 0,
  }),
  await valid('20,000 bytes', 'one block, the default policy', {
    length: 20_000,
    policy: defaultPolicy,
    service: 1,
  }),
  await valid('a million bytes', 'several blocks, one shorter than the others', {
    length: 1_000_003,
    policy: small,
    service: 3,
  }),
  invalid('shares', 'fewer than the policy hands out', { shares: 25 }, 'types/shape'),
  invalid('service', 'there are four classes', { service: 4 }, 'types/shape'),
  invalid('root', 'a hash has 32 bytes', { root: new Uint8Array(31) }, 'types/shape'),
  invalid(
    'holders',
    'fewer than symbols',
    { policy: { ...defaultPolicy, targetHolders: 20 } },
    'fountain/policy',
  ),
  invalid(
    'no blocks',
    'an object has a block',
    { transfer: { ...manifest.transfer, sourceBlocks: 0 } },
    'fountain/transfer',
  ),
  invalid(
    'long blocks',
    'a block has more symbols than the policy',
    { transfer: { ...manifest.transfer, transferBytes: 1_000_000 } },
    'types/shape',
  ),
  {
    name: 'torn',
    why: 'the last byte is missing',
    valid: false,
    input: { manifest: sound.slice(0, -2) },
    fault: 'types/cbor-truncated',
  },
  {
    name: 'trailing',
    why: 'one byte too many',
    valid: false,
    input: { manifest: `${sound}00` },
    fault: 'types/cbor-trailing',
  },
]
const file = {
  spec: 'fountain/manifest.ts and content-symbol.ts; data as in repair-symbols.json, SHA-256 of all encoded symbols',
  source: 'own',
  generatedBy: 'tools/vectors/fountain.ts',
  cases,
}
writeFileSync(target, `${JSON.stringify(file, undefined, 1)}\n`)
