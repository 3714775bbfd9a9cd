import { expect, it } from 'vitest'
import type { Scenario } from '../../../tools/report.ts'
import { scenario as a7 } from '../../../tools/sim/a7.ts'
import { scenario as a7b } from '../../../tools/sim/a7b.ts'
import { scenario as a8 } from '../../../tools/sim/a8.ts'
import { scenario as crash } from '../../../tools/sim/crash.ts'
import { scenario as large } from '../../../tools/sim/large.ts'

it.each([a7, a7b, a8, crash])('$id: $title', async (scenario: Scenario) => {
  const report = await scenario.run({ quick: true, seeds: 1, progress: () => {} })
  expect(report).toMatchObject({ ok: true, beat: true })
})

it(`${large.id}: ${large.title}`, async () => {
  const report = await large.run({ quick: true, seeds: 1, progress: () => {} })
  // What it is compared with, whole messages, is pulled by comparisons of histories while it is slow.
  expect(report).toMatchObject({ ok: true })
})
