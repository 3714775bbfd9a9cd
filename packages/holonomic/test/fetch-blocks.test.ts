import { createContent, type Manifest, memorySource } from '@kithnet/fountain'
import { seededRng } from '@kithnet/kernel'
import { expect, it } from 'vitest'
import { FetchBlocks } from '../src/content/fetch-blocks.ts'

const { manifest } = await createContent(memorySource(seededRng('film').bytes(1_000_000)))

function take(blocks: FetchBlocks, block: number, count: number, from = 0): void {
  for (let share = from; share < from + count; share++) {
    blocks.ask(block, share)
    blocks.take(block, share)
  }
  blocks.settle()
}

it('asks for as many symbols of a block as rebuild it, and no share twice', () => {
  const blocks = new FetchBlocks(manifest, [0, 1, 2], 2, 16)
  expect(manifest.transfer.sourceBlocks).toBe(4)
  expect(blocks.window).toEqual([0, 2])
  expect(blocks.lacks(0, 2)).toBe(false)
  for (let share = 3; share < 20; share++) {
    expect(blocks.isShort(0)).toBe(true)
    expect(blocks.lacks(0, share)).toBe(true)
    blocks.ask(0, share)
    expect(blocks.lacks(0, share)).toBe(false)
  }
  expect(blocks.isShort(0)).toBe(false)
  blocks.unask(0, 7)
  expect(blocks.isShort(0)).toBe(true)
  expect(blocks.lacks(0, 7)).toBe(true)
})

it('moves on behind what is complete, and back for what did not do', () => {
  const blocks = new FetchBlocks(manifest, [], 4, 2)
  take(blocks, 0, 19)
  expect(blocks.window).toEqual([0, 2])
  take(blocks, 0, 1, 19)
  expect(blocks.window).toEqual([1, 3])
  take(blocks, 1, 20)
  take(blocks, 2, 20)
  expect(blocks.window).toEqual([3, 4])
  blocks.more(1)
  expect(blocks.window).toEqual([1, 3])
  expect(blocks.isShort(1)).toBe(true)
  take(blocks, 1, 1, 20)
  expect(blocks.window).toEqual([3, 4])
  take(blocks, 3, 20)
  expect(blocks.window).toEqual([4, 4])
  // A block that does not exist is nobody's.
  blocks.more(4)
  expect(blocks.window).toEqual([4, 4])
})

it('takes a symbol once', () => {
  const blocks = new FetchBlocks(manifest, [], 4, 4)
  blocks.ask(0, 5)
  expect(blocks.take(0, 5)).toBe(true)
  expect(blocks.take(0, 5)).toBe(false)
})

it('of a last block that is short asks for less', () => {
  const short: Manifest = {
    ...manifest,
    transfer: {
      ...manifest.transfer,
      transferBytes: 30 * 1_000,
      symbolBytes: 1_000,
      sourceBlocks: 2,
    },
  }
  const blocks = new FetchBlocks(short, [], 2, 4)
  take(blocks, 0, 15)
  expect(blocks.window).toEqual([1, 2])
})
