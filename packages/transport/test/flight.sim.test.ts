import type { Stream } from '@kithnet/types'
import { describe, expect, it } from 'vitest'
import { virtualLink } from './virtual-link.ts'

/** Milliseconds that small messages need to get there and back, while bulk fills the wire. */
function answersDuringBulk(
  wire: { readonly delayMs: number; readonly bytesPerMs: number },
  bulkBytes: number,
): { readonly delays: number[]; readonly bulkMs: number } {
  const { time, near, far } = virtualLink(
    { ...wire, bufferBytes: 524_288 },
    { maxBulkMessageBytes: 128e6 },
  )
  const bulk = near.mux.open('bulk')
  const asking = near.mux.open('membership')
  time.runUntil(500)
  const [bulkFar, askingFar] = far.streams as [Stream, Stream]
  let bulkMs = 0
  bulkFar.onMessage = () => (bulkMs = time.now - 500)
  askingFar.onMessage = (message) => askingFar.send(message.slice())
  const delays: number[] = []
  const sentAt: number[] = []
  asking.onMessage = () => delays.push(time.now - sentAt[delays.length]!)
  bulk.send(new Uint8Array(bulkBytes))
  const ask = (): void => {
    if (bulkMs > 0) return
    sentAt.push(time.now)
    asking.send(new Uint8Array(20))
    time.at(time.now + 50, ask)
  }
  ask()
  time.runUntil(500 + (bulkBytes / wire.bytesPerMs) * 3 + 5_000)
  return { delays: delays.toSorted((a, b) => a - b), bulkMs }
}

describe('what is on its way is bounded by the delay it causes', () => {
  it.each([
    ['10 Mbit/s, 20 ms away', { delayMs: 10, bytesPerMs: 1_250 }, 100_000_000],
    ['10 Mbit/s, next door', { delayMs: 0.2, bytesPerMs: 1_250 }, 20_000_000],
    ['10 Mbit/s, 150 ms away', { delayMs: 75, bytesPerMs: 1_250 }, 20_000_000],
    ['100 Mbit/s, 40 ms away', { delayMs: 20, bytesPerMs: 12_500 }, 100_000_000],
  ])('%s', (_where, wire, bulkBytes) => {
    const { delays, bulkMs } = answersDuringBulk(wire, bulkBytes)
    const p99 = delays[Math.floor(delays.length * 0.99)]!
    const used = bulkBytes / wire.bytesPerMs / bulkMs
    expect(p99).toBeLessThanOrEqual(2 * 2 * wire.delayMs + 50)
    expect(used).toBeGreaterThan(0.85)
  })
})
