import { expect, test } from 'vitest'
import { scenario } from '../../../tools/sim/a11.ts'

test(`${scenario.id}, quick form: ${scenario.title}`, async () => {
  const report = await scenario.run({ seeds: 1, quick: true, progress: () => undefined })
  expect(report.ok, JSON.stringify(report.figures)).toBe(true)
})
