import { expect, it } from 'vitest'
import type { Scenario } from '../../../tools/report.ts'
import { scenario as a15 } from '../../../tools/sim/a15.ts'
import { scenario as a17 } from '../../../tools/sim/a17.ts'
import { scenario as a19 } from '../../../tools/sim/a19.ts'
import { scenario as attacks } from '../../../tools/sim/attacks.ts'
import { scenario as deliveries } from '../../../tools/sim/deliveries.ts'
import { scenario as flood } from '../../../tools/sim/flood.ts'
import { scenario as hunt } from '../../../tools/sim/hunt.ts'
import { scenario as order } from '../../../tools/sim/order.ts'
import { scenario as overload } from '../../../tools/sim/overload.ts'
import { scenario as isolation } from '../../../tools/sim/isolation.ts'

it.each([a15, a17, a19, deliveries, flood, hunt, order, overload])(
  '$id: $title',
  async (scenario: Scenario) => {
    const report = await scenario.run({ quick: true, seeds: 1, progress: () => {} })
    expect(report).toMatchObject({ ok: true, beat: true })
  },
)

it(`${isolation.id}: ${isolation.title}`, async () => {
  const report = await isolation.run({ quick: true, seeds: 8, progress: () => {} })
  expect(report).toMatchObject({ ok: true, beat: true })
})

it(`${attacks.id}: ${attacks.title}`, async () => {
  const report = await attacks.run({ quick: true, seeds: 1, progress: () => {} })
  expect(report).toMatchObject({ ok: true })
})
