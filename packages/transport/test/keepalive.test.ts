import { instant } from '@kithnet/kernel'
import { expect, test } from 'vitest'
import { Keepalive } from '../src/keepalive.ts'

test('a link in use is measured every second, another asked when it has been silent', () => {
  const keepalive = new Keepalive(instant(0))
  expect(keepalive.pauseMs(10_000)).toBe(10_000)
  keepalive.isUsed = true
  expect(keepalive.pauseMs(10_000)).toBe(1_000)
  expect(keepalive.pauseMs(10_000)).toBe(10_000)
  keepalive.isUsed = true
  expect(keepalive.pauseMs(500)).toBe(500)
})

test('a first round trip that was long is soon forgotten, and one long one changes little', () => {
  const keepalive = new Keepalive(instant(0))
  const measure = (ms: number): void => {
    const token = keepalive.ask(instant(0))
    keepalive.answered(token, instant(ms))
  }
  measure(800)
  for (let count = 0; count < 8; count++) measure(2)
  expect(keepalive.smoothedMs).toBeLessThan(6)
  measure(80)
  expect(keepalive.smoothedMs).toBeLessThan(15)
})
