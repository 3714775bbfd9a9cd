import { expect, it } from 'vitest'
import { scenario } from '../../../tools/sim/a10.ts'

it(`${scenario.id}: ${scenario.title}`, async () => {
  const report = await scenario.run({ quick: true, seeds: 1, progress: () => {} })
  expect(report).toMatchObject({ ok: true, beat: true })
})
