import { expect, it } from 'vitest'
import type { Scenario } from '../../../tools/report.ts'
import { scenario as a15 } from '../../../tools/sim/a15.ts'
import { scenario as a19 } from '../../../tools/sim/a19.ts'
import { scenario as deliveries } from '../../../tools/sim/deliveries.ts'

it.each([a15, a19, deliveries])('$id: $title', async (scenario: Scenario) => {
  const report = await scenario.run({ quick: true, seeds: 1, progress: () => {} })
  expect(report).toMatchObject({ ok: true, beat: true })
})
