import { expect, it } from 'vitest'
import type { Scenario } from '../../../tools/report.ts'
import { scenario as a1 } from '../../../tools/sim/a1.ts'
import { scenario as a2 } from '../../../tools/sim/a2.ts'
import { scenario as a3 } from '../../../tools/sim/a3.ts'
import { scenario as a4 } from '../../../tools/sim/a4.ts'
import { scenario as a5 } from '../../../tools/sim/a5.ts'
import { scenario as a5b } from '../../../tools/sim/a5b.ts'
import { scenario as a9 } from '../../../tools/sim/a9.ts'
import { scenario as a6 } from '../../../tools/sim/a6.ts'
import { scenario as churn } from '../../../tools/sim/churn.ts'
import { scenario as storm } from '../../../tools/sim/storm.ts'

const quick: readonly (readonly [Scenario, number])[] = [
  [a1, 1],
  [a2, 1],
  [a3, 1],
  [a4, 1],
  [a5, 3],
  [a5b, 3],
  [a9, 1],
  [a6, 1],
  [churn, 1],
  [storm, 1],
]

for (const [scenario, seeds] of quick) {
  it(`${scenario.id}, quick form: ${scenario.title}`, { timeout: 120_000 }, async () => {
    const report = await scenario.run({ seeds, quick: true, progress: () => undefined })
    expect(report.ok, JSON.stringify(report.figures)).toBe(true)
  })
}
