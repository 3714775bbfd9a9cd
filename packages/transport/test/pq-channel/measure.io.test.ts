import { expect, it } from 'vitest'
import { measureHandshake } from './measure.ts'

it('costs 14 KB in all over a WebSocket, and a flood of hellos costs no memory', async () => {
  const figures = await measureHandshake(20, 30_000)
  expect(figures.handshakeBytes).toBe(13_054)
  expect(figures.connectionBytes).toBeLessThanOrEqual(14 * 1_024)
  // 30,000 half-open ones of 1 KB each would be 30 MB; what grows here is garbage not yet collected.
  expect(figures.floodGrowthBytes).toBeLessThan(25_000_000)
})
