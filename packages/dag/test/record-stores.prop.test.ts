import { memoryRecords, type RecordStore, type StoredRecord } from '@kithnet/dag'
import { sampleId, sampleRecord } from '@kithnet/dag/suite'
import { type Files, type OpenFile, openTiles } from '@kithnet/dag/tiles'
import { type Bytes, epochMs, hasCode, seededRng, toHex } from '@kithnet/kernel'
import { memoryStore } from '@kithnet/store/memory'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { CrashingDisk } from './crashing-disk.ts'

const host = { wall: () => epochMs(1), rng: seededRng(1) }
const samples = Array.from({ length: 24 }, (_, number) => {
  return sampleRecord(number, number < 3 ? [] : [number >> 1, number - 1])
})
const number = fc.nat(samples.length - 1)
const command = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('append' as const),
      numbers: fc.array(number, { maxLength: 4 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('get' as const), number }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('scan' as const), from: fc.nat(12) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('headers' as const), from: fc.nat(12) }) },
  { weight: 1, arbitrary: fc.constant({ type: 'reopen' as const }) },
)
type Command = typeof command extends fc.Arbitrary<infer T> ? T : never

/** What a store answers, as text. */
async function answer(store: RecordStore, step: Command): Promise<string> {
  switch (step.type) {
    case 'append': {
      const appended = store.append(step.numbers.map((each) => samples[each]!))
      return appended.then(
        () => 'appended',
        (error: unknown) => (hasCode(error, 'dag/duplicate') ? 'duplicate' : String(error)),
      )
    }
    case 'get':
      return plain(await store.get(sampleId(step.number)))
    case 'scan':
      return plain(await all(store.scan(step.from)))
    case 'headers':
      return plain(await all(store.headers(step.from)))
    case 'reopen':
      return `${store.size}`
  }
}

async function all<T>(batches: AsyncIterable<readonly T[]>): Promise<T[]> {
  const found: T[] = []
  for await (const batch of batches) found.push(...batch)
  return found
}

function plain(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => {
    if (part instanceof Uint8Array) return toHex(part)
    return isStored(part) ? [toHex(part.record.bytes), toHex(part.hash), part.firstSeen] : part
  })
}

function isStored(value: unknown): value is StoredRecord {
  return typeof value === 'object' && value !== null && 'record' in value
}

test('tiles do what the store in memory does, command by command, opened again at any time', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(command, { maxLength: 24, size: 'max' }),
      fc.integer({ min: 1, max: 40_000 }),
      async (commands, segmentBytes) => {
        const disk = new CrashingDisk(new Map(), Infinity)
        const open = (): Promise<RecordStore> =>
          openTiles({ files: disk, notes: memoryStore(), path: 'disk' }, { host, segmentBytes })
        await using memory = memoryRecords()
        let tiles = await open()
        const end = [
          { type: 'reopen' },
          { type: 'headers', from: 0 },
          { type: 'scan', from: 0 },
        ] as const
        for (const step of [...commands, ...end]) {
          expect(await answer(tiles, step)).toBe(await answer(memory, step))
          if (step.type !== 'reopen') continue
          await tiles.close()
          tiles = await open()
        }
        await tiles.close()
      },
    ),
    { numRuns: 100 },
  )
})

/** A disk that is full when it is told so. The first write that it then refuses leaves all its bytes, those after it none. */
class FullDisk implements Files {
  readonly #disk = new CrashingDisk(new Map(), Infinity)
  #refused: number | undefined

  set isFull(isFull: boolean) {
    this.#refused = isFull ? 0 : undefined
  }

  list(folder: string): readonly string[] {
    return this.#disk.list(folder)
  }

  open(path: string): ReturnType<Files['open']> {
    const file = this.#disk.open(path)
    return file && this.#limited(file)
  }

  async make(path: string): ReturnType<Files['make']> {
    return this.#limited(await this.#disk.make(path))
  }

  rename(from: string, to: string): Promise<void> {
    return this.#disk.rename(from, to)
  }

  remove(path: string): Promise<void> {
    return this.#disk.remove(path)
  }

  syncFolder(folder: string): Promise<void> {
    return this.#disk.syncFolder(folder)
  }

  #limited(file: OpenFile): OpenFile {
    return {
      ...file,
      write: async (at: number, bytes: Bytes) => {
        if (this.#refused === undefined || this.#refused++ === 0) await file.write(at, bytes)
        if (this.#refused === undefined) return
        throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
      },
    }
  }
}

// With the first, records go to their tiles all the time; with the second, only at the end.
test.each([12_000, 10_000_000])(
  'a full disk refuses what it cannot keep, keeps the rest, and goes on when there is room (%i)',
  async (segmentBytes) => {
    const disk = new FullDisk()
    const open = (): Promise<RecordStore> =>
      openTiles({ files: disk, notes: memoryStore(), path: 'disk' }, { host, segmentBytes })
    const expected: number[] = []
    let store = await open()
    const append = (each: number): Promise<string> =>
      store.append([samples[each]!]).then(
        () => 'appended',
        (error: unknown) => (hasCode(error, 'store/full') ? 'full' : String(error)),
      )
    for (let first = 0; first < samples.length; first += 2) {
      // Full for one pair of three, which meets appends and records on their way to tiles.
      const isFull = first % 6 === 2
      disk.isFull = isFull
      const outcomes = await Promise.all([append(first), append(first + 1)])
      expect(outcomes).toEqual(isFull ? ['full', 'full'] : ['appended', 'appended'])
      if (!isFull) expected.push(first, first + 1)
      const served = await all(store.scan())
      expect(served.map(({ record }) => record.id)).toEqual(expected.map(sampleId))
    }
    disk.isFull = true
    expect(await append(2)).toBe('full')
    await expect(store.close()).rejects.toMatchObject({ code: 'store/full' })
    disk.isFull = false
    store = await open()
    const served = await all(store.scan())
    expect(served.map(({ record }) => toHex(record.bytes))).toEqual(
      expected.map((each) => toHex(samples[each]!.record.bytes)),
    )
    await store.close()
  },
)
