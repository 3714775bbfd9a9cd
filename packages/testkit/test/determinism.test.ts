import { expect, test } from 'vitest'
import {
  faultKinds,
  type PathConditions,
  randomPlan,
  safetyMode,
  uniformLatency,
} from '@kithnet/testkit'
import { type Echo, echoes } from './echo.ts'

const names = ['a', 'b', 'c', 'd', 'e', 'f']
const rough: Partial<PathConditions> = {
  lossRate: 0.05,
  burstLoss: { goodToBad: 0.01, badToGood: 0.2, lossInBad: 0.9 },
  duplicateRate: 0.05,
  reorderRate: 0.1,
  reorderMs: 30,
  jitterMs: 5,
}

function chaos(seed: number): { readonly hash: string; readonly diaries: string[][] } {
  const { network, see } = echoes(names, {
    seed,
    latency: uniformLatency(1, 40, { perMessage: true }),
    keepaliveMs: 2_000,
  })
  const rng = network.rng('talk')
  const machines: Echo[] = names.map(see)
  safetyMode(network, network.rng('faults'), {
    durationMs: 20_000,
    faults: 30,
    kinds: faultKinds,
    path: rough,
    restarted: (peer) => machines.push(see(peer)),
  })
  for (let count = 0; count < 2_000; count++) {
    const from = names[rng.below(names.length)]!
    const to = names[rng.below(names.length)]!
    const event = { type: 'say', to, text: rng.below(2) === 0 ? 'ping' : `${count}` } as const
    network.inject(from, event, rng.below(25_000))
  }
  network.run(40_000)
  return { hash: network.traceHash, diaries: machines.map(({ diary }) => diary) }
}

test('the same seed gives the same run, in every event and in the hash', () => {
  const first = chaos(7)
  const second = chaos(7)
  expect(second).toEqual(first)
  expect(first.hash).toMatch(/^[0-9a-f]{16}$/)
})

test('another seed gives another run', () => {
  const hashes = [1, 2, 3, 4, 5].map((seed) => chaos(seed).hash)
  expect(new Set(hashes).size).toBe(5)
})

test('the content of messages is in the hash when there is a digest', () => {
  const hash = (text: string, digestOf?: (message: string) => number): string => {
    const { network } = echoes(['a', 'b'], digestOf === undefined ? {} : { digestOf })
    network.inject('a', { type: 'say', to: 'b', text })
    network.run(100)
    return network.traceHash
  }
  expect(hash('x')).toBe(hash('y'))
  const firstLetter = (message: string): number => message.charCodeAt(0)
  expect(hash('x', firstLetter)).not.toBe(hash('y', firstLetter))
})

test('a random plan has every kind of fault it is given, and no other', () => {
  const { network } = echoes(names)
  const all = randomPlan(network.rng('p'), names, {
    durationMs: 1000,
    faults: 500,
    kinds: faultKinds,
  })
  expect(new Set(all.map(({ kind }) => kind))).toEqual(
    new Set([
      'snapshot',
      'crash',
      'restart',
      'stall',
      'clog',
      'unclog',
      'block',
      'partition',
      'reset-link',
      'half-open',
    ]),
  )
  const one = randomPlan(network.rng('p'), names, {
    durationMs: 1000,
    faults: 50,
    kinds: ['stall'],
  })
  expect(new Set(one.map(({ kind }) => kind))).toEqual(new Set(['stall']))
})
