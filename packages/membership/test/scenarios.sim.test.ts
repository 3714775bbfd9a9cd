import { expect, it } from 'vitest'
import type { Scenario } from '../../../tools/report.ts'
import { scenario as a1 } from '../../../tools/sim/a1.ts'
import { scenario as a2 } from '../../../tools/sim/a2.ts'
import { scenario as a5 } from '../../../tools/sim/a5.ts'
import { scenario as a5b } from '../../../tools/sim/a5b.ts'

const quick: readonly (readonly [Scenario, number])[] = [
  [a1, 1],
  [a2, 1],
  [a5, 3],
  [a5b, 3],
]

for (const [scenario, seeds] of quick) {
  it(`${scenario.id}, quick form: ${scenario.title}`, { timeout: 120_000 }, async () => {
    const report = await scenario.run({ seeds, quick: true, progress: () => undefined })
    expect(report.ok, JSON.stringify(report.figures)).toBe(true)
  })
}
