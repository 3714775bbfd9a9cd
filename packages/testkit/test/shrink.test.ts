import {
  type FaultPlan,
  fewerItems,
  type Move,
  randomPlan,
  shrink,
  smallerNumber,
} from '@kithnet/testkit'
import { expect, test } from 'vitest'
import { echoes } from './echo.ts'

interface Scenario {
  readonly peers: number
  readonly faults: FaultPlan<string>
  readonly messages: readonly number[]
}

const moves: readonly Move<Scenario>[] = [
  smallerNumber(
    ({ peers }) => peers,
    (scenario, peers) => ({ ...scenario, peers }),
    2,
  ),
  fewerItems(
    ({ faults }) => faults,
    (scenario, faults) => ({ ...scenario, faults }),
  ),
  fewerItems(
    ({ messages }) => messages,
    (scenario, messages) => ({ ...scenario, messages }),
  ),
]

test('a failing scenario shrinks to the peers, the fault and the message that it takes', () => {
  const names = Array.from({ length: 20 }, (_, n) => `p${n}`)
  const { network } = echoes(['a'])
  const noise = randomPlan(network.rng('noise'), names, {
    durationMs: 2_000,
    faults: 20,
    kinds: ['stall', 'reset-link'],
  })
  const failing: Scenario = {
    peers: 20,
    faults: [...noise, { atMs: 1_000, kind: 'crash', peer: 'p2', manner: 'reset' }],
    messages: [100, 1_500, 300, 1_900],
  }
  // A planted bug: a crash of p2 loses what p0 sends it afterwards.
  const fails = ({ peers, faults, messages }: Scenario): boolean => {
    const present = names.slice(0, peers)
    const crash = faults.find((step) => step.kind === 'crash')
    if (crash === undefined || !present.includes('p2')) return false
    return messages.some((atMs) => atMs > crash.atMs)
  }
  expect(fails(failing)).toBe(true)
  const { smallest, tries } = shrink(failing, moves, fails)
  expect(smallest.peers).toBe(3)
  expect(smallest.faults).toEqual([{ atMs: 1_000, kind: 'crash', peer: 'p2', manner: 'reset' }])
  expect(smallest.messages).toHaveLength(1)
  expect(smallest.messages[0]).toBeGreaterThan(1_000)
  expect(tries).toBeLessThan(100)
})

test('the shrinker stops at its limit', () => {
  const numbers = { peers: 1_000_000, faults: [], messages: [] }
  const { tries } = shrink(numbers, moves, ({ peers }) => peers > 3, { maxTries: 7 })
  expect(tries).toBe(7)
})

test('what cannot shrink stays', () => {
  expect(shrink({ peers: 2, faults: [], messages: [] }, moves, () => true).smallest.peers).toBe(2)
})
