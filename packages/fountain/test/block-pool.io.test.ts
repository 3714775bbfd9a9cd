import { BlockEncoder, BlockPool, createContent, memorySource } from '@kithnet/fountain'
import { expect, test } from 'vitest'
import type { WorkerListener } from '../src/worker-handle.ts'
import { generatedData } from './generated-data.ts'

test('workers encode and decode what this thread does', async () => {
  await using pool = new BlockPool({ workers: 2 })
  const symbolBytes = 1_000
  const data = generatedData(300 * symbolBytes - 7)
  const ids = [0, 299, 300, 5, 70_000]
  const encoder = new BlockEncoder(data, symbolBytes)
  const expected = ids.map((id) => encoder.symbol(id))
  for (let round = 0; round < 4; round++) {
    const symbols = await pool.encode(data.slice(), symbolBytes, ids)
    expect(Buffer.compare(symbols, Buffer.concat(expected))).toBe(0)
  }
  const sent = Array.from({ length: 304 }, (_, index) => 3 * index)
  const received = Uint8Array.from(Buffer.concat(sent.map((id) => encoder.symbol(id))))
  const block = await pool.decode(300, symbolBytes, sent, received)
  expect(block?.subarray(0, data.length)).toEqual(data)
  expect(await pool.decode(300, symbolBytes, [1], new Uint8Array(symbolBytes))).toBeUndefined()
})

test('a content is the same made by workers, of files longer than one block', async () => {
  await using pool = new BlockPool({ workers: 2 })
  const data = generatedData(3_000_000)
  const here = await createContent(memorySource(data))
  const there = await createContent(memorySource(data), { pool })
  expect(there.manifest).toEqual(here.manifest)
})

test('a wrong job is refused, and the worker goes on', async () => {
  await using pool = new BlockPool({ workers: 1 })
  await expect(pool.encode(new Uint8Array(0), 10, [0])).rejects.toThrow('fountain/worker-refused')
  await expect(pool.encode(new Uint8Array(10), 10, [0])).resolves.toHaveLength(10)
})

test('a closed pool refuses', async () => {
  const pool = new BlockPool({ workers: 1 })
  const waiting = [1, 2, 3].map(() => pool.encode(generatedData(100_000), 100, [5_000]))
  const ends = Promise.allSettled(waiting)
  await pool.close()
  for (const end of await ends) expect(end).toMatchObject({ status: 'rejected' })
  await expect(pool.encode(new Uint8Array(10), 10, [0])).rejects.toThrow('fountain/pool-closed')
})

test('a host without workers, or that cannot load ours, does it itself', async () => {
  const none = new BlockPool({ workers: 2, start: () => undefined })
  await expect(none.encode(new Uint8Array(10), 10, [0])).resolves.toHaveLength(10)
  const dead = (listener: WorkerListener) => ({
    post: () => setImmediate(() => listener.died()),
    hold: () => undefined,
    terminate: () => Promise.resolve(),
  })
  const unloadable = new BlockPool({ workers: 2, start: dead })
  const both = [
    unloadable.encode(new Uint8Array(10), 10, [0]),
    unloadable.encode(new Uint8Array(20), 10, [0, 1]),
  ]
  expect((await Promise.all(both)).map((symbols) => symbols.length)).toEqual([10, 20])
})

test('a worker that dies at its work is replaced', async () => {
  const pool = new BlockPool({
    workers: 1,
    start: (listener) => {
      let jobs = 0
      return {
        post: ({ id }) => {
          jobs++
          if (jobs === 1) setImmediate(() => listener.replied({ id, answer: new Uint8Array(1) }))
          else setImmediate(() => listener.died())
        },
        hold: () => undefined,
        terminate: () => Promise.resolve(),
      }
    },
  })
  await expect(pool.encode(new Uint8Array(10), 10, [0])).resolves.toHaveLength(1)
  await expect(pool.encode(new Uint8Array(10), 10, [0])).rejects.toThrow('fountain/worker-lost')
  await expect(pool.encode(new Uint8Array(10), 10, [0])).resolves.toHaveLength(1)
})
