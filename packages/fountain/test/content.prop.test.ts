import {
  BlockPool,
  checkContentSymbol,
  type Content,
  contentIdOf,
  type ContentSymbol,
  createContent,
  createContentDecoder,
  decodeContentSymbol,
  decodeManifest,
  defaultPolicy,
  encodeContentSymbol,
  encodeManifest,
  type FountainPolicy,
  type Manifest,
  maxContentSymbolBytes,
  maxManifestBytes,
  memorySource,
  rebuildContent,
} from '@kithnet/fountain'
import { seededRng, shuffled, toHex } from '@kithnet/kernel'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isInTree, SymbolTree } from '../src/symbol-tree.ts'
import { generatedData } from './generated-data.ts'

const small: FountainPolicy = {
  sourceSymbols: 5,
  repairSymbols: 2,
  minViableSymbols: 2,
  targetHolders: 29,
}

const range = (length: number): number[] => Array.from({ length }, (_, index) => index)

async function symbolsOf(content: Content, shares: readonly number[]): Promise<ContentSymbol[]> {
  const symbols: ContentSymbol[] = []
  for await (const symbol of content.symbols(shares)) symbols.push(symbol)
  return symbols
}

async function drained(parts: AsyncIterable<unknown>): Promise<number> {
  let count = 0
  for await (const _ of parts) count++
  return count
}

function decoderOf(manifest: Manifest): ReturnType<typeof createContentDecoder> & { ok: true } {
  const made = createContentDecoder(manifest)
  if (!made.ok) throw new Error(made.fault.code)
  return made
}

test('a content comes back from any N shares and hardly ever one more', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 700_000 }), fc.integer(), async (length, seed) => {
      const data = generatedData(length, seed)
      const content = await createContent(memorySource(data), { policy: small })
      const { manifest } = content
      const rng = seededRng(`shares ${seed}`)
      const shares = shuffled(rng, range(manifest.shares)).slice(0, small.sourceSymbols + 2)
      const decoder = decoderOf(manifest).value
      for (const symbol of shuffled(rng, await symbolsOf(content, shares))) {
        const decoded = decodeContentSymbol(encodeContentSymbol(symbol))
        if (!decoded.ok) return expect.fail(decoded.fault.code)
        expect(decoder.add(decoded.value).ok).toBe(true)
      }
      expect(decoder.object.complete).toBe(true)
      expect(Buffer.compare(decoder.bytes() ?? new Uint8Array(0), data)).toBe(0)
    }),
    { numRuns: 15 },
  )
})

test('a bad symbol is dropped, the others count', async () => {
  const data = generatedData(50_000)
  const content = await createContent(memorySource(data))
  const decoder = decoderOf(content.manifest).value
  const rng = seededRng('bad')
  for (const symbol of await symbolsOf(content, range(24))) {
    const bad = encodeContentSymbol(symbol)
    bad[rng.below(bad.length)]! ^= 1 << rng.below(8)
    const decoded = decodeContentSymbol(bad)
    // A changed byte of the frame is no symbol at all; any other is no symbol of this content.
    if (decoded.ok) {
      expect(decoder.add(decoded.value)).toMatchObject({ fault: { code: 'fountain/bad-symbol' } })
    }
    expect(decoder.add(symbol).ok).toBe(true)
  }
  expect(decoder.bytes()).toEqual(data)
})

test('a symbol in the place of another, or of another content, is bad', async () => {
  const content = await createContent(memorySource(generatedData(800_000)))
  const other = await createContent(memorySource(generatedData(800_000, 1)))
  const [symbol] = await symbolsOf(content, [4])
  const [foreign] = await symbolsOf(other, [4])
  if (symbol === undefined || foreign === undefined) return expect.fail('no symbol')
  const { manifest } = content
  expect(manifest.transfer.sourceBlocks).toBe(3)
  const isGood = (changed: Partial<ContentSymbol>): boolean =>
    checkContentSymbol({ ...symbol, ...changed }, manifest).ok
  expect(isGood({})).toBe(true)
  expect(checkContentSymbol(foreign, manifest).ok).toBe(false)
  expect(isGood({ id: { block: 1, symbol: 4 } })).toBe(false)
  expect(isGood({ id: { block: 0, symbol: 5 } })).toBe(false)
  expect(isGood({ id: { block: 3, symbol: 4 } })).toBe(false)
  expect(isGood({ id: { block: 0, symbol: manifest.shares } })).toBe(false)
  expect(isGood({ proof: symbol.proof.subarray(32) })).toBe(false)
  expect(isGood({ proof: new Uint8Array([...symbol.proof, ...new Uint8Array(32)]) })).toBe(false)
  expect(isGood({ bytes: symbol.bytes.subarray(4) })).toBe(false)
})

test('a tree proves each leaf at its place, and nothing else', () => {
  const leaves = range(20).map((index) => new Uint8Array(32).fill(index + 1))
  for (let size = 1; size <= leaves.length; size++) {
    const tree = new SymbolTree(leaves.slice(0, size))
    for (let index = 0; index < size; index++) {
      const proof = tree.proof(index)
      for (let place = 0; place < size; place++) {
        const holds = isInTree(leaves[index]!, place, size, proof, tree.root)
        expect(holds, `${index} at ${place} of ${size}`).toBe(place === index)
      }
    }
  }
})

test('manifests come back, other bytes are refused', async () => {
  const content = await createContent(memorySource(generatedData(20_000)), { service: 3 })
  const encoded = encodeManifest(content.manifest)
  expect(encoded.length).toBeLessThanOrEqual(maxManifestBytes)
  expect(decodeManifest(encoded)).toEqual({ ok: true, value: content.manifest })
  expect(content.id).toEqual(contentIdOf(content.manifest))
  for (let cut = 0; cut < encoded.length; cut++) {
    expect(decodeManifest(encoded.subarray(0, cut)).ok).toBe(false)
  }
  fc.assert(
    fc.property(fc.nat(encoded.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const changed = encoded.slice()
      changed[at]! ^= change
      const decoded = decodeManifest(changed)
      if (decoded.ok) expect(toHex(encodeManifest(decoded.value))).toBe(toHex(changed))
    }),
    { numRuns: 1_000 },
  )
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      decodeManifest(bytes)
      decodeContentSymbol(bytes)
    }),
  )
})

test('the largest of everything fits its bound', () => {
  const manifest: Manifest = {
    transfer: {
      transferBytes: 942_574_504_275,
      symbolBytes: 65_535,
      sourceBlocks: 255,
      subBlocks: 1,
      alignment: 1,
    },
    policy: {
      sourceSymbols: 1_000,
      repairSymbols: 400,
      minViableSymbols: 999,
      targetHolders: 1_024,
    },
    shares: 2_000,
    service: 3,
    root: new Uint8Array(32),
  }
  expect(encodeManifest(manifest).length).toBeLessThanOrEqual(maxManifestBytes)
  const symbol = {
    id: { block: 254, symbol: 1_999 },
    bytes: new Uint8Array(65_535),
    proof: new Uint8Array(19 * 32),
  }
  const encoded = encodeContentSymbol(symbol)
  expect(encoded.length).toBeLessThanOrEqual(maxContentSymbolBytes)
  expect(decodeContentSymbol(encoded)).toEqual({ ok: true, value: symbol })
})

test('a manifest is refused when its numbers do not fit together', async () => {
  const { manifest } = await createContent(memorySource(generatedData(20_000)))
  const codeOf = (changed: Partial<Manifest>): string => {
    const decoded = decodeManifest(encodeManifest({ ...manifest, ...changed }))
    return decoded.ok ? 'ok' : decoded.fault.code
  }
  expect(codeOf({})).toBe('ok')
  expect(codeOf({ shares: 25 })).toBe('types/shape')
  expect(codeOf({ shares: 510_001 })).toBe('types/shape')
  expect(codeOf({ service: 4 })).toBe('types/shape')
  expect(codeOf({ root: new Uint8Array(31) })).toBe('types/shape')
  expect(codeOf({ policy: { ...defaultPolicy, targetHolders: 20 } })).toBe('fountain/policy')
  expect(codeOf({ transfer: { ...manifest.transfer, sourceBlocks: 0 } })).toBe('fountain/transfer')
  const cut = { ...manifest.transfer, transferBytes: 1_000_000 }
  expect(codeOf({ transfer: cut })).toBe('types/shape')
})

test('contents that cannot be made are refused', async () => {
  await expect(createContent(memorySource(new Uint8Array(0)))).rejects.toThrow('fountain/content')
  const endless = { length: 20 * 65_532 * 255 + 1, read: () => Promise.reject(new Error('read')) }
  await expect(createContent(endless)).rejects.toThrow('from 1 to 334213200')
  const policy = { ...defaultPolicy, targetHolders: 3 }
  await expect(createContent(memorySource(new Uint8Array(9)), { policy })).rejects.toThrow(
    'fountain/policy',
  )
  const reason = new Error('enough')
  const signal = AbortSignal.abort(reason)
  await expect(createContent(memorySource(new Uint8Array(9)), { signal })).rejects.toBe(reason)
})

test('progress is told block by block, and symbols are the same with a pool', async () => {
  const data = generatedData(1_000_000)
  const told: string[] = []
  const progress = (blocks: number, of: number): number => told.push(`${blocks}/${of}`)
  const alone = await createContent(memorySource(data), { progress })
  expect(told).toEqual(['1/4', '2/4', '3/4', '4/4'])
  await using pool = new BlockPool({ workers: 0 })
  const pooled = await createContent(memorySource(data), { pool })
  expect(pooled.manifest).toEqual(alone.manifest)
})

test('a stream of symbols becomes a stream of blocks, as they are complete', async () => {
  const data = generatedData(900_000)
  const content = await createContent(memorySource(data))
  const shares = shuffled(seededRng('stream'), range(content.manifest.shares)).slice(0, 22)
  await using pool = new BlockPool({ workers: 0 })
  const back = new Uint8Array(data.length)
  const starts: number[] = []
  const bad: string[] = []
  const damaged = async function* (): AsyncGenerator<ContentSymbol> {
    for await (const symbol of content.symbols(shares)) {
      if (symbol.id.symbol === shares[3]) yield { ...symbol, proof: new Uint8Array(0) }
      yield symbol
      yield symbol
    }
  }
  const options = { pool, onBadSymbol: ({ code }: { readonly code: string }) => bad.push(code) }
  for await (const { start, bytes } of rebuildContent(content.manifest, damaged(), options)) {
    back.set(bytes, start)
    starts.push(start)
  }
  expect(Buffer.compare(back, data)).toBe(0)
  expect(starts).toEqual([0, 300_000, 600_000])
  expect(bad).toEqual(['fountain/bad-symbol', 'fountain/bad-symbol', 'fountain/bad-symbol'])
  const few = content.symbols(shares.slice(0, 19))
  await expect(drained(rebuildContent(content.manifest, few))).rejects.toThrow(
    'fountain/incomplete',
  )
  const signal = AbortSignal.abort(new Error('enough'))
  const stopped = rebuildContent(content.manifest, content.symbols(shares), { signal })
  await expect(drained(stopped)).rejects.toThrow('enough')
})

test('the symbols of one block are those that all of them have', async () => {
  const content = await createContent(memorySource(generatedData(400_000, 9)), { policy: small })
  const shares = [0, 6, 13]
  const all = await symbolsOf(content, shares)
  for (let block = content.manifest.transfer.sourceBlocks - 1; block >= 0; block--) {
    const some = await content.blockSymbols(block, shares)
    expect(some).toEqual(all.filter(({ id }) => id.block === block))
  }
  await expect(content.blockSymbols(0, [content.manifest.shares])).rejects.toThrow(
    'shares of this content',
  )
})
