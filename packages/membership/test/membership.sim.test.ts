import { describe, expect, it } from 'vitest'
import type { Instant } from '@kithnet/kernel'
import { type MembershipOutput, presets } from '@kithnet/membership'
import { uniformLatency } from '@kithnet/testkit'
import type { PeerId } from '@kithnet/types'
import {
  type ComposedNetwork,
  type ComposedNodes,
  growComposed,
  join,
  lopsided,
} from '../../../tools/sim/membership-composed.ts'
import { simulatedPeer } from '../../../tools/sim/membership-peers.ts'

interface Told {
  readonly by: PeerId
  readonly output: MembershipOutput
  readonly at: Instant
}

function grow(
  size: number,
  seed: number,
  told: Told[] = [],
): { readonly network: ComposedNetwork; readonly nodes: ComposedNodes } {
  return growComposed({
    size,
    config: presets.local,
    seed,
    latency: uniformLatency(1, 5),
    joinPauseMs: 50,
    onEmit: (by, output, at) => told.push({ by, output, at }),
  })
}

/** Number of living peers that the first living one reaches over the neighbours' neighbours. */
function reach(nodes: ComposedNodes): number {
  const first = [...nodes].find(([, node]) => node.alive)
  const seen = new Set<PeerId>([first![0]])
  for (const peer of seen) {
    for (const { descriptor } of nodes.get(peer)!.machine.active) {
      if (nodes.get(descriptor.peer)!.alive) seen.add(descriptor.peer)
    }
  }
  return seen.size
}

function deadNeighbours(nodes: ComposedNodes): number {
  const living = [...nodes.values()].filter((node) => node.alive)
  const neighbours = living.flatMap((node) => node.machine.active)
  return neighbours.filter(({ descriptor }) => !nodes.get(descriptor.peer)!.alive).length
}

function expectWhole(nodes: ComposedNodes): void {
  const living = [...nodes.values()].filter((node) => node.alive).length
  expect(reach(nodes)).toBe(living)
  expect(deadNeighbours(nodes)).toBe(0)
  expect(lopsided(nodes)).toBe(0)
}

describe('composed machines', () => {
  it('mesh when they all start at once, and know of each other', () => {
    const { network, nodes } = grow(6, 1)
    network.run(10_000)
    expectWhole(nodes)
    for (const node of nodes.values()) expect(node.machine.active).toHaveLength(5)
  })

  for (let seed = 1; seed <= 6; seed++) {
    it(`are one symmetric network again after random faults, seed ${seed}`, () => {
      const { network, nodes } = grow(24, seed)
      const rng = network.rng('faults')
      const any = (): PeerId => simulatedPeer(rng.below(24))
      for (let count = 0; count < 30; count++) {
        const fault = rng.below(5)
        if (fault === 0) network.crash(any(), 'reset')
        else if (fault === 1) network.crash(any(), 'blackhole')
        else if (fault === 2) network.resetLink(any(), any())
        else if (fault === 3) network.halfOpen(any(), any())
        else network.stall(any(), 500)
        network.run(rng.below(2_000))
        if (fault > 1) continue
        const dead = network.peers.filter((peer) => !network.isAlive(peer))
        const back = dead[rng.below(Math.max(1, dead.length))]
        if (back === undefined || rng.below(2) === 0) continue
        network.restart(back, rng.below(2) === 0 ? 'kept' : 'lost')
        join(network, back)
      }
      if (!network.isAlive(simulatedPeer(0))) {
        network.restart(simulatedPeer(0))
        join(network, simulatedPeer(0))
      }
      network.run(60_000)
      expectWhole(nodes)
    })
  }

  it('suspect a killed process at once, repair, and take it back when it starts again', () => {
    const told: Told[] = []
    const { network, nodes } = grow(12, 3, told)
    network.run(20_000)
    const killed = simulatedPeer(5)
    const killedAt = network.now
    network.crash(killed, 'reset')
    network.run(20_000)
    const suspected = told.filter(({ output, at }) => {
      return output.type === 'suspected' && output.peer === killed && at > killedAt
    })
    expect(suspected.length).toBeGreaterThan(0)
    for (const { at } of suspected) expect(at - killedAt).toBeLessThan(5_000)
    expectWhole(nodes)
    network.restart(killed)
    join(network, killed)
    network.run(20_000)
    expect(nodes.get(killed)!.machine.active.length).toBeGreaterThanOrEqual(5)
    expectWhole(nodes)
  })

  it('go on without the contact, and a lone peer comes back through it once it is there again', () => {
    const { network, nodes } = grow(10, 4)
    network.run(20_000)
    network.crash(simulatedPeer(0), 'reset')
    network.run(20_000)
    expectWhole(nodes)
    const lone = simulatedPeer(9)
    const heal = network.partition([lone], network.peers.slice(0, 9))
    network.run(60_000)
    expect(nodes.get(lone)!.machine.active).toHaveLength(0)
    network.restart(simulatedPeer(0))
    join(network, simulatedPeer(0))
    heal()
    network.run(60_000)
    expect(nodes.get(lone)!.machine.active.length).toBeGreaterThan(0)
  })

  it('find together after a split in which they declared each other dead', () => {
    const told: Told[] = []
    const { network, nodes } = grow(20, 7, told)
    network.run(20_000)
    const few = network.peers.slice(0, 6)
    const heal = network.partition(few, network.peers.slice(6))
    network.run(60_000)
    expect(reach(nodes)).toBe(6)
    expect(told.some(({ output }) => output.type === 'dead')).toBe(true)
    heal()
    network.run(2 * presets.local.views.rejoinIntervalMs)
    expectWhole(nodes)
  })

  it('part with a link that carries nothing one way, though both ends live', () => {
    const told: Told[] = []
    const { network, nodes } = grow(12, 8, told)
    network.run(20_000)
    const mute = simulatedPeer(4)
    const deaf = nodes.get(mute)!.machine.active[0]!.descriptor.peer
    network.block([mute], [deaf])
    const before = told.length
    network.run(60_000)
    const ends = told.slice(before).filter(({ by, output }) => {
      return by === deaf && output.type === 'neighbourDown' && output.peer === mute
    })
    expect(ends.map(({ output }) => output)).toMatchObject([{ cause: 'unheard' }])
    expect(told.filter(({ output }) => output.type === 'dead')).toEqual([])
    expect(nodes.get(mute)!.machine.isNeighbour(deaf)).toBe(false)
    expectWhole(nodes)
  })

  it('know when they hear nobody, say so, and say when it is over', () => {
    const told: Told[] = []
    const { network, nodes } = grow(12, 9, told)
    network.run(20_000)
    const deaf = simulatedPeer(6)
    const from = network.now
    const heal = network.block(network.peers, [deaf])
    network.run(20_000)
    const outputs = (): readonly MembershipOutput[] => {
      return told.flatMap(({ by, output, at }) => (by === deaf && at > from ? [output] : []))
    }
    expect(outputs()).toContainEqual({ type: 'isolated', cause: 'silence' })
    expect(outputs()).toContainEqual({ type: 'isolated', cause: 'alone' })
    expect(nodes.get(deaf)!.machine.isolation).toBe('alone')
    expect(outputs()).not.toContainEqual({ type: 'healed' })
    heal()
    network.run(2 * presets.local.views.rejoinIntervalMs)
    expect(outputs()).toContainEqual({ type: 'healed' })
    expect(nodes.get(deaf)!.machine.isolation).toBeUndefined()
    expectWhole(nodes)
  })

  it('find others when all their neighbours are stuck', () => {
    const { network, nodes } = grow(24, 10)
    network.run(20_000)
    const lone = nodes.get(simulatedPeer(11))!
    const stuck = lone.machine.active.map((known) => known.descriptor.peer)
    for (const one of stuck) network.stall(one, 40_000)
    network.run(20_000)
    const heard = lone.machine.active.filter((known) => !stuck.includes(known.descriptor.peer))
    expect(heard.length).toBeGreaterThanOrEqual(presets.local.views.activeTarget / 2)
    network.run(60_000)
    expectWhole(nodes)
  })

  it('outrank their earlier lives after all disks are lost', () => {
    const { network, nodes } = grow(8, 5)
    network.run(10_000)
    const victim = simulatedPeer(3)
    for (let life = 0; life < 4; life++) {
      network.crash(victim, 'reset')
      network.run(3_000)
      network.restart(victim)
      join(network, victim)
      network.run(5_000)
    }
    const before = nodes.get(victim)!.machine.self!.descriptor.incarnation
    expect(before).toBeGreaterThanOrEqual(5)
    network.crash(victim, 'blackhole')
    network.run(10_000)
    network.restart(victim, 'lost')
    join(network, victim)
    network.run(10_000)
    expect(nodes.get(victim)!.machine.self!.descriptor.incarnation).toBeGreaterThan(before)
    expectWhole(nodes)
  })

  it('say goodbye when they leave, and are not suspected', () => {
    const told: Told[] = []
    const { network, nodes } = grow(8, 6, told)
    network.run(10_000)
    const leaver = simulatedPeer(4)
    network.inject(leaver, { type: 'leave' })
    network.run(10_000)
    expect(nodes.get(leaver)!.machine.active).toHaveLength(0)
    const doubts = told.filter(({ output }) => output.type === 'suspected')
    expect(doubts).toEqual([])
    const goodbyes = told.filter(({ by, output }) => {
      return by !== leaver && output.type === 'neighbourDown' && output.cause === 'leaving'
    })
    expect(goodbyes.length).toBeGreaterThan(0)
    for (const [peer, { machine }] of nodes) {
      if (peer === leaver) continue
      expect(machine.active.some((known) => known.descriptor.peer === leaver)).toBe(false)
    }
  })

  it('do the same for the same seed', () => {
    const hash = (seed: number): string => {
      const { network } = grow(12, seed)
      network.run(5_000)
      network.crash(simulatedPeer(2), 'blackhole')
      network.run(10_000)
      return network.traceHash
    }
    expect(hash(7)).toBe(hash(7))
    expect(hash(7)).not.toBe(hash(8))
  })
})
