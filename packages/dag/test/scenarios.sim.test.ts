import { expect, it } from 'vitest'
import { scenario } from '../../../tools/sim/a18.ts'

it(`${scenario.id}: ${scenario.title}`, async () => {
  const report = await scenario.run({ quick: true, seeds: 1, progress: () => {} })
  expect(report).toMatchObject({ ok: true, beat: true })
})

it('the same seed gives the same run', async () => {
  const run = (): Promise<unknown> =>
    scenario.run({ quick: true, seeds: 1, seed: 2, progress: () => {} })
  expect(await run()).toEqual(await run())
})
