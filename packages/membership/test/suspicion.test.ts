import { describe, expect, it } from 'vitest'
import { presets, suspicionTimes } from '@kithnet/membership'
import { Suspicion } from '../src/suspicion.ts'
import { at, peer } from './peers.ts'

const memberlistLan = { ...presets.lan.swim, suspicionMultiplier: 4 }

describe('how long a suspicion lasts', () => {
  it('follows the published formula for memberlist at LAN settings', () => {
    // Source: alpha 4, beta 6, period 1 s: n = 32 gives 6/36 s, 128 gives 8.4/50.6 s, 1,000 gives 12/72 s.
    const times = [32, 128, 1000].map((members) => suspicionTimes(memberlistLan, members, members))
    expect(times.map(({ minMs }) => Math.round(minMs / 100))).toEqual([60, 84, 120])
    expect(times.map(({ maxMs }) => Math.round(maxMs / 100))).toEqual([361, 506, 720])
    expect(times.every(({ confirmations }) => confirmations === 3)).toBe(true)
  })

  it('waits for all where fewer than three could confirm', () => {
    const [one, two] = [1, 2].map((others) => suspicionTimes(presets.lan.swim, others + 1, others))
    expect(one).toEqual({ minMs: 3_000, maxMs: 18_000, confirmations: 1 })
    expect(two).toEqual({ minMs: 3_000, maxMs: 18_000, confirmations: 2 })
  })

  it('is the shortest at once where nobody could confirm', () => {
    const times = suspicionTimes(presets.lan.swim, 2, 0)
    expect(times).toEqual({ minMs: 3_000, maxMs: 3_000, confirmations: 0 })
  })

  it('shrinks with the logarithm of the confirmations, each peer counted once', () => {
    const suspicion = new Suspicion(1, at(1_000), { minMs: 100, maxMs: 1_300, confirmations: 3 })
    expect(suspicion.deadline).toBe(2_300)
    expect(suspicion.confirm(peer(1))).toBe(true)
    expect(suspicion.confirm(peer(1))).toBe(false)
    expect(suspicion.deadline).toBe(1_700)
    suspicion.confirm(peer(2))
    expect(suspicion.deadline - 1_000).toBeCloseTo(1_300 - 1_200 * (Math.log(3) / Math.log(4)), -1)
    suspicion.confirm(peer(3))
    expect(suspicion.deadline).toBe(1_100)
    expect(suspicion.confirm(peer(4))).toBe(false)
  })
})
