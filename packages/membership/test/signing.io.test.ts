import { expect, it } from 'vitest'
import { scenario } from '../../../tools/sim/a6b.ts'

it('A6b, quick form: nobody suspects a process that signs', { timeout: 180_000 }, async () => {
  const report = await scenario.run({ seeds: 1, quick: true, progress: () => undefined })
  expect(report.ok, JSON.stringify(report.figures)).toBe(true)
})
