import { describe, expect, test } from 'vitest'
import { scenario as a16 } from '../../../tools/sim/a16.ts'
import { scenario as net } from '../../../tools/sim/net.ts'

const options = { quick: true, progress: () => {} }

describe('quick forms', () => {
  test('A16: equal traces on every supported Node', async () => {
    const report = await a16.run({ ...options, seeds: 3 })
    expect(report.figures).toMatchObject({ unequalTraces: 0, realKeysEqual: 1 })
  })

  test('the network alone is fast, and repeats itself', async () => {
    const report = await net.run({ ...options, seeds: 1 })
    expect(report.ok, JSON.stringify(report.figures)).toBe(true)
  })
})
