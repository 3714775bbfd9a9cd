import { seededRng } from '@kithnet/kernel'
import { parseTilePath, recordAddress, tilePath } from '@kithnet/wire'
import { expect, it } from 'vitest'

const contentHash = new Uint8Array(32).fill(42)

it('has the days of the calendar', () => {
  const rng = seededRng('days')
  for (let run = 0; run < 5000; run++) {
    const seconds = Math.floor(rng.unit() * 253_402_300_800)
    const date = new Date(seconds * 1000)
    const { year, month, day } = recordAddress({
      timestamp: seconds,
      contentHash,
      classification: 0,
    })
    const wanted = [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()]
    expect([year, month, day], String(seconds)).toEqual(wanted)
  }
})

it('has a path for every time, in a bounded number of steps', () => {
  const path = (timestamp: number) =>
    tilePath(recordAddress({ timestamp, contentHash, classification: 2 }))
  expect(path(1.5e18)).toMatch(/^\d+\/\d\d\/\d\d\/c2\/z0000\/s0042$/)
  expect(path(-Infinity)).toMatch(/^1970\/01\/\d+\/c2\/z0000\/s0042$/)
  expect(path(Number.MAX_SAFE_INTEGER)).toMatch(/\/c2\/z0000\/s0042$/)
})

it('comes back from its path', () => {
  const address = recordAddress({ timestamp: 1_739_712_345, contentHash, classification: 3 })
  expect(parseTilePath(tilePath(address))).toEqual({ ok: true, value: address })
})
