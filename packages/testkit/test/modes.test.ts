import { instant } from '@kithnet/kernel'
import { applyPlan, demand, livenessMode, safetyMode, swizzle } from '@kithnet/testkit'
import { describe, expect, test } from 'vitest'
import { echoes } from './echo.ts'

const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j']

describe('plans', () => {
  test('faults happen when the plan says, and heal', () => {
    const { network, see } = echoes(['a', 'b'])
    const restarted: string[] = []
    applyPlan(
      network,
      [
        { atMs: 100, kind: 'crash', peer: 'b', manner: 'reset' },
        { atMs: 300, kind: 'restart', peer: 'b', disk: 'lost' },
        { atMs: 400, kind: 'partition', groups: [['a'], ['b']], forMs: 200 },
      ],
      (peer) => restarted.push(peer),
    )
    network.run(200)
    expect(network.livingPeers).toEqual(['a'])
    network.run(150)
    expect(network.livingPeers).toEqual(['a', 'b'])
    expect(restarted).toEqual(['b'])
    network.run(100)
    network.inject('a', { type: 'say', to: 'b', text: 'lost' })
    network.run(200)
    network.inject('a', { type: 'let-go', of: 'b' })
    network.run(10_000)
    expect(see('a').seen).toContain('down b unreachable')
    network.inject('a', { type: 'say', to: 'b', text: 'heard' })
    network.run(100)
    expect(see('b').seen).toEqual(['up a', 'heard from a'])
  })

  test('a stopped plan does nothing more', () => {
    const { network } = echoes(['a', 'b'])
    const plan = applyPlan(network, [{ atMs: 100, kind: 'crash', peer: 'b', manner: 'reset' }])
    plan.stop()
    network.run(200)
    expect(network.livingPeers).toEqual(['a', 'b'])
  })

  test('a swizzle clogs its peers one by one and frees every one', () => {
    const { network, see } = echoes(names)
    const steps = swizzle(network.rng('s'), names, { atMs: 0, overMs: 1000 })
    const clogged = steps.flatMap((step) => (step.kind === 'clog' ? [step.peer] : []))
    const freed = steps.flatMap((step) => (step.kind === 'unclog' ? [step.peer] : []))
    expect(new Set(freed)).toEqual(new Set(clogged))
    expect(new Set(steps.map(({ atMs }) => atMs)).size).toBe(steps.length)
    applyPlan(network, steps)
    for (const name of names.slice(1))
      network.inject('a', { type: 'say', to: name, text: 'hi' }, 400)
    network.run(5_000)
    for (const name of names.slice(1)) expect(see(name).seen).toContain('hi from a')
  })
})

describe('modes', () => {
  test('the liveness mode heals a core and ruins the rest for ever', () => {
    const { network, see } = echoes(names, { dialTimeoutMs: 500 })
    const plan = safetyMode(network, network.rng('faults'), {
      durationMs: 5_000,
      faults: 40,
      path: { lossRate: 0.5 },
    })
    network.run(3_000)
    plan.stop()
    const core = livenessMode(network, network.rng('core'), { coreShare: 0.6 })
    expect(core).toHaveLength(6)
    for (const from of core) {
      for (const to of core) {
        if (from !== to) network.inject(from, { type: 'say', to, text: 'core' })
      }
    }
    demand(
      network,
      'everybody in the core has heard everybody',
      () =>
        core.every((to) =>
          core.every((from) => from === to || see(to).seen.includes(`core from ${from}`)),
        ),
      10_000,
    )
    const ruined = names.filter((name) => !core.includes(name))
    const asked = core[0]!
    for (const to of ruined) network.inject(asked, { type: 'say', to, text: 'ping' })
    network.run(5_000)
    const answered = ruined.filter((peer) => see(asked).seen.includes(`pong from ${peer}`))
    expect(answered.length).toBeLessThan(ruined.length)
  })

  test('a demand that is not met in time is a fault', () => {
    const { network } = echoes(['a'])
    expect(() => demand(network, 'never', () => false, 1_000)).toThrow('[testkit/no-progress]')
    expect(network.now).toBe(instant(1_000))
  })
})
