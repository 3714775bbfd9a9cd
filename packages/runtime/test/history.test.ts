import { epochMs, hasCode } from '@kithnet/kernel'
import { memoryStore } from '@kithnet/store'
import {
  hash,
  messageIdFromBytes,
  networkId,
  peerIdFromBytes,
  signatureBytes,
  type Store,
  streamIdFromBytes,
  topicId,
} from '@kithnet/types'
import { expect, test } from 'vitest'
import { History, type KeepOptions } from '../src/history.ts'
import type { Arrived } from '../src/message.ts'

const topic = topicId(networkId('n'), 't')

function arrived(seq: number, hlc = 1_000 + seq): Arrived {
  const bytes = hash('item', Uint8Array.of(seq >> 8, seq & 255))
  return {
    id: messageIdFromBytes(bytes),
    author: peerIdFromBytes(hash('item', Uint8Array.of(1))),
    stream: streamIdFromBytes(bytes.slice(0, 16)),
    seq,
    hlc: epochMs(hlc),
    late: false,
    via: peerIdFromBytes(bytes),
    unmet: 0,
    payload: Uint8Array.of(1),
    carried: Uint8Array.of(1),
    signed: { body: new Uint8Array(100), signature: new Uint8Array(signatureBytes) },
  }
}

function history(
  store: Store,
  keep: KeepOptions = {},
  wall = 1_000,
): { readonly kept: History; readonly errors: unknown[] } {
  const errors: unknown[] = []
  const kept = new History({
    store,
    topic,
    keep,
    keyOf: () => undefined,
    wall: () => epochMs(wall),
    onError: (error) => errors.push(error),
  })
  return { kept, errors }
}

test('what a store that is too slow cannot keep is told, and nothing of it waits', () => {
  const slow: Store = { ...memoryStore(), append: () => new Promise<number>(() => {}) }
  const { kept, errors } = history(slow)
  for (let seq = 0; seq < 16_384; seq++) kept.keep(arrived(seq), () => {})
  expect(errors).toEqual([])
  kept.keep(arrived(20_000), () => {})
  expect(hasCode(errors[0], 'runtime/history-full')).toBe(true)
})

test('keeps a message once, in the order in which they came', async () => {
  const { kept } = history(memoryStore())
  const positions: number[] = []
  for (const seq of [2, 1, 2, 3]) kept.keep(arrived(seq), (position) => positions.push(position))
  await kept.settled()
  expect(positions).toEqual([1, 2, 3])
  const page = await kept.page(1, 10)
  expect(page.kept.map((one) => one.arrived.seq)).toEqual([2, 1, 3])
  expect(page).toMatchObject({ next: 4, end: 4 })
  expect(await kept.ids()).toEqual(new Set([2, 1, 3].map((seq) => arrived(seq).id)))
})

test('forgets what is older than is to be kept', async () => {
  const { kept } = history(memoryStore(), { ageMs: 500 }, 2_000)
  for (const [seq, hlc] of [
    [1, 1_000],
    [2, 1_400],
    [3, 1_600],
  ] as const) {
    kept.keep(arrived(seq, hlc), () => {})
  }
  await kept.settled()
  expect((await kept.page(1, 10)).kept.map((one) => one.arrived.seq)).toEqual([3])
})

test('an entry that cannot be read is told and left out', async () => {
  const store = memoryStore()
  const { kept, errors } = history(store)
  kept.keep(arrived(1), () => {})
  await kept.settled()
  await store.append(`topic/${topic}`, [new Uint8Array(20)])
  kept.keep(arrived(2), () => {})
  await kept.settled()
  const seqs: number[] = []
  const reader = { ended: false, room: () => Promise.resolve() }
  await kept.replay(
    1,
    ({ arrived: { seq } }) => {
      seqs.push(seq)
      return Promise.resolve()
    },
    () => {},
    reader,
  )
  expect(seqs).toEqual([1, 2])
  expect(hasCode(errors[0], 'runtime/damaged-entry')).toBe(true)
})
