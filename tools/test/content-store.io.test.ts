import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  BlockPool,
  checkContentSymbol,
  type ContentPart,
  createContent,
  memorySource,
  rebuildContent,
} from '@kithnet/fountain'
import { seededRng, toHex } from '@kithnet/kernel'
import { memoryStore, openStore } from '@kithnet/store'
import { peerIdFromBytes, type Store } from '@kithnet/types'
import { afterEach, expect, test } from 'vitest'
import { remakeContent, WholeContent } from '../../packages/holonomic/src/content/content-maker.ts'
import { ContentMemory } from '../../packages/holonomic/src/content/content-memory.ts'
import { ContentStore } from '../../packages/holonomic/src/content/content-store.ts'
import {
  clearRebuilt,
  RebuiltContent,
} from '../../packages/holonomic/src/content/rebuilt-content.ts'
import { sampleBlocks, sampleRef, sampleSymbol } from './content-samples.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

function newPath(): string {
  const folder = mkdtempSync(join(tmpdir(), 'content-'))
  folders.push(folder)
  return join(folder, 'store.db')
}

const blocks = Array.from({ length: sampleBlocks }, (_, block) => block)

async function keep(store: ContentStore, share: number, count = sampleBlocks): Promise<boolean[]> {
  const puts = blocks
    .slice(0, count)
    .map((block) => store.put(sampleRef, sampleBlocks, sampleSymbol(share, block)))
  return Promise.all(puts)
}

/** How many entries the spaces have. */
async function entriesOf(store: Store): Promise<readonly number[]> {
  const spaces = ['holonomic/shares/1', 'holonomic/symbols/1', 'holonomic/rebuilt/1']
  return Promise.all(
    spaces.map(async (space) => (await store.scan(space, { limit: 1_000_000 })).length),
  )
}

test('a share counts once all of it is there, is read again, and leaves nothing when it goes', async () => {
  await using disk = await openStore(newPath())
  const store = await ContentStore.open(disk)
  expect(await keep(store, 3, 4)).toEqual([false, false, false, false])
  expect(store.sharesOf(sampleRef)).toEqual([])
  expect(await keep(store, 3)).toEqual([false, false, false, false, true])
  expect(await keep(store, 70_000)).toContain(true)
  expect(store.sharesOf(sampleRef)).toEqual([3, 70_000])
  expect(store.bytes).toBe(store.bytesOf(sampleRef))
  expect(await store.get(sampleRef, 3, 4)).toEqual(sampleSymbol(3, 4))
  const again = await ContentStore.open(disk)
  expect(again.sharesOf(sampleRef)).toEqual([3, 70_000])
  expect(again.bytes).toBe(store.bytes)
  await again.drop(sampleRef, [3])
  expect(again.has(sampleRef, 3)).toBe(false)
  expect(await again.get(sampleRef, 3, 0)).toBeUndefined()
  expect(await entriesOf(disk)).toEqual([1, sampleBlocks, 0])
  await again.dropAll(sampleRef)
  expect(again.bytes).toBe(0)
  expect(again.refs()).toEqual([])
  expect(await entriesOf(disk)).toEqual([0, 0, 0])
})

test('what was not whole when the process ended is deleted when it comes back', async () => {
  const disk = memoryStore()
  const store = await ContentStore.open(disk)
  await keep(store, 1)
  await keep(store, 2, 3)
  const again = await ContentStore.open(disk)
  expect(again.sharesOf(sampleRef)).toEqual([1])
  expect(await entriesOf(disk)).toEqual([1, sampleBlocks, 0])
})

test('a share that is dropped while it is written is gone, and may come again', async () => {
  const disk = memoryStore()
  const store = await ContentStore.open(disk)
  const writing = keep(store, 1)
  const dropping = store.drop(sampleRef, [1])
  expect(await writing).toEqual([false, false, false, false, false])
  await dropping
  expect(await entriesOf(disk)).toEqual([0, 0, 0])
  expect(await keep(store, 1)).toContain(true)
})

test.each([0, 2, 4])('a write that fails makes no share whole: the one after %d', async (after) => {
  const disk = memoryStore()
  let failing = after
  const broken: Store = Object.assign(Object.create(disk) as Store, {
    write: (...args: Parameters<Store['write']>) =>
      failing-- === 0 ? Promise.reject(new Error('full')) : disk.write(...args),
    get: disk.get.bind(disk),
    scan: disk.scan.bind(disk),
  })
  const store = await ContentStore.open(broken)
  await expect(keep(store, 1)).rejects.toThrow('full')
  expect(store.sharesOf(sampleRef)).toEqual([])
  expect(await store.put(sampleRef, sampleBlocks, sampleSymbol(1, after))).toBe(true)
  expect((await ContentStore.open(disk)).sharesOf(sampleRef)).toEqual([1])
})

/** Runs the writer and kills it; resolves with the whole lines that it printed. */
function killedAfter(ms: number, path: string, from: number): Promise<string[]> {
  const script = join(import.meta.dirname, 'content-writer.ts')
  const stdio = ['ignore', 'pipe', 'inherit'] as const
  const child = spawn(process.execPath, [script, path, `${from}`], { stdio: [...stdio] })
  let printed = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (printed === '') setTimeout(() => child.kill('SIGKILL'), ms)
    printed += text
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (_, signal) => {
      if (signal === 'SIGKILL') resolve(printed.split('\n').slice(1, -1))
      else reject(new Error('the writer ended by itself'))
    })
  })
}

test('a writer that was killed has lost no share that was acknowledged, and left none in part', async () => {
  const path = newPath()
  const rng = seededRng('kill contents')
  let acknowledged = 0
  for (let round = 0; round < 6; round++) {
    const from = round * 10_000
    const lines = await killedAfter(rng.below(80), path, from)
    await using disk = await openStore(path)
    const store = await ContentStore.open(disk)
    const shares = new Set(store.sharesOf(sampleRef))
    const dropped = new Set(lines.filter((line) => line.startsWith('d')).map(numberOf))
    for (const share of lines.filter((line) => line.startsWith('w')).map(numberOf)) {
      acknowledged++
      if (dropped.has(share)) expect(shares.has(share)).toBe(false)
      else if (share % 3 > 0) expect(shares.has(share)).toBe(true)
    }
    const [entries, symbols] = await entriesOf(disk)
    expect([entries, symbols]).toEqual([shares.size, shares.size * sampleBlocks])
    for (const share of shares) {
      const [block] = blocks.slice(rng.below(sampleBlocks))
      expect(await store.get(sampleRef, share, block!)).toEqual(sampleSymbol(share, block!))
    }
    await store.dropAll(sampleRef)
  }
  expect(acknowledged).toBeGreaterThan(10)
}, 60_000)

const numberOf = (line: string): number => Number(line.slice(2))

test('what is remembered of contents is there after a restart, and what cannot be read is nothing', async () => {
  const disk = memoryStore()
  const memory = await ContentMemory.open(disk)
  const proofs = [{ peer: sampleRef.author, share: 9, until: 1_800_000_000_000 as never }]
  await memory.decline(sampleRef, true)
  await memory.saveCensus(sampleRef, { proofs, unsettledMs: 12_345.6 })
  const again = await ContentMemory.open(disk)
  expect(again.isDeclined(sampleRef)).toBe(true)
  expect(await again.censusOf(sampleRef)).toEqual({ proofs, unsettledMs: 12_346 })
  await again.decline(sampleRef, false)
  await again.forget(sampleRef)
  expect((await ContentMemory.open(disk)).isDeclined(sampleRef)).toBe(false)
  expect(await again.censusOf(sampleRef)).toBeUndefined()
  expect(await disk.scan('holonomic/declined/1', { limit: 1 })).toEqual([])
  const key = new Uint8Array(64).fill(0x12)
  await disk.write([{ space: 'holonomic/census/1', key, value: Uint8Array.of(0xff) }])
  const odd = { author: peerIdFromBytes(key.subarray(0, 32)), content: '12'.repeat(32) }
  expect(await again.censusOf(odd)).toBeUndefined()
})

test('a content that is rebuilt on disk is made again, share for share, and leaves nothing', async () => {
  const length = 1_234_567
  const data = seededRng('remade').bytes(length)
  const content = await createContent(memorySource(data))
  const { manifest } = content
  const ref = { author: sampleRef.author, content: toHex(content.id) }
  const disk = memoryStore()
  await using pool = new BlockPool({ workers: 0 })
  const rebuilt = new RebuiltContent(disk, 1, length)
  const { signal } = new AbortController()
  const shares = Array.from({ length: 20 }, (_, index) => 2 * index)
  const parts = (): AsyncIterable<ContentPart> =>
    rebuildContent(manifest, content.symbols(shares), { pool })
  const options = { ref, manifest, rebuilt, pool, signal }
  const remade = new WholeContent(await remakeContent({ ...options, parts: parts() }))
  expect(Buffer.compare(await rebuilt.read(0, length), data)).toBe(0)
  expect(Buffer.compare(await rebuilt.read(65_000, 70_000), data.subarray(65_000, 135_000))).toBe(0)
  for (const share of [1, 25, 51]) {
    for (let block = 0; block < manifest.transfer.sourceBlocks; block++) {
      const symbol = await remade.symbol(share, block)
      expect(symbol?.id).toEqual({ block, symbol: share })
      expect(checkContentSymbol(symbol!, manifest).ok).toBe(true)
    }
  }
  // A source that is not what it was gives nothing, rather than symbols of something else.
  await rebuilt.write(0, new Uint8Array(1_000))
  expect(await new WholeContent(content).symbol(1, 0)).toBeDefined()
  expect(await new WholeContent(await remakeOf(rebuilt)).symbol(30, 0)).toBeUndefined()
  const other = { ...ref, content: '00'.repeat(32) }
  await expect(remakeContent({ ...options, ref: other, parts: parts() })).rejects.toThrow(
    'holonomic/other-content',
  )
  await rebuilt.clear()
  expect(await entriesOf(disk)).toEqual([0, 0, 0])
  await new RebuiltContent(disk, 2, 600_000).write(0, data.subarray(0, 600_000))
  await clearRebuilt(disk)
  expect(await entriesOf(disk)).toEqual([0, 0, 0])

  /** Described from what is right, and read from what has changed since. */
  async function remakeOf(source: RebuiltContent): ReturnType<typeof createContent> {
    let changed = false
    const first = await createContent({
      length,
      read: (start, bytes) =>
        changed ? source.read(start, bytes) : memorySource(data).read(start, bytes),
    })
    changed = true
    return first
  }
})
