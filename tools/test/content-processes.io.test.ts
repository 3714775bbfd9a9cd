import { expect, test } from 'vitest'
import { benchmark } from '../bench/content.ts'

test('a file that processes keep comes back whole on a new one when some were killed', async () => {
  const report = await benchmark.run({ quick: true, progress: () => {} })
  expect(report).toMatchObject({ ok: true, figures: { 'back whole': 1 } })
}, 120_000)
