import { expect, it } from 'vitest'
import { scenario } from '../../../tools/sim/retention.ts'

it(`${scenario.id}: ${scenario.title}`, async () => {
  const report = await scenario.run({ quick: true, seeds: 1, progress: () => {} })
  expect(report).toMatchObject({ ok: true })
})
