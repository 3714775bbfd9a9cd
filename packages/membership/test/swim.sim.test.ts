import { describe, expect, it } from 'vitest'
import { type MembershipOutput, presets } from '@kithnet/membership'
import { applyPlan, randomPlan, uniformLatency } from '@kithnet/testkit'
import type { PeerId } from '@kithnet/types'
import {
  type ComposedNetwork,
  type ComposedNodes,
  growComposed,
  join,
} from '../../../tools/sim/membership-composed.ts'
import { simulatedPeer } from '../../../tools/sim/membership-peers.ts'
import { swimMembers } from '../../../tools/sim/swim-members.ts'

interface Told {
  readonly by: PeerId
  readonly output: MembershipOutput
  readonly at: number
}

interface Grown {
  readonly network: ComposedNetwork
  readonly nodes: ComposedNodes
  readonly told: readonly Told[]
}

function grow(size: number, seed: number): Grown {
  const told: Told[] = []
  const { network, nodes } = growComposed({
    size,
    config: presets.local,
    seed,
    latency: uniformLatency(1, 5),
    joinPauseMs: 50,
    onEmit: (by, output, at) => told.push({ by, output, at }),
  })
  network.run(10_000)
  return { network, nodes, told }
}

function incarnationOf(nodes: ComposedNodes, peer: PeerId): number {
  return nodes.get(peer)!.machine.self!.descriptor.incarnation
}

/** Stops a peer and starts it again, so that its incarnation rises. */
function restart(network: ComposedNetwork, peer: PeerId): void {
  network.crash(peer, 'reset')
  network.run(3_000)
  network.restart(peer)
  join(network, peer)
  network.run(5_000)
}

/** Everybody has neighbours that live, of the life that they live now, and doubts none of them. */
function expectAtPeace({ network, nodes, told }: Grown): void {
  for (const node of nodes.values()) {
    if (!node.alive) continue
    expect(node.machine.active.length).toBeGreaterThan(0)
    for (const { descriptor } of node.machine.active) {
      const { peer, incarnation } = descriptor
      expect(network.isAlive(peer)).toBe(true)
      expect(node.machine.isSuspected(peer)).toBe(false)
      expect(incarnation).toBeLessThanOrEqual(incarnationOf(nodes, peer))
    }
  }
  const quietFrom = network.now
  network.run(10_000)
  const deaths = told.filter(({ output, at }) => output.type === 'dead' && at > quietFrom)
  expect(deaths).toEqual([])
}

describe('an incarnation', () => {
  it('of a restored backup is answered with the accusation, and rises above it', () => {
    const grown = grow(8, 1)
    const { network, nodes } = grown
    const victim = simulatedPeer(3)
    network.snapshot(victim)
    for (let life = 0; life < 3; life++) restart(network, victim)
    const before = incarnationOf(nodes, victim)
    network.crash(victim, 'blackhole')
    network.run(10_000)
    network.restart(victim, 'old')
    join(network, victim)
    network.run(10_000)
    expect(incarnationOf(nodes, victim)).toBeGreaterThan(before)
    expectAtPeace(grown)
  })

  // Source: hashicorp/memberlist, pull requests 311 and 345: such members stayed dead for ever.
  it('that was lost in a mass restart leaves nobody dead', () => {
    const grown = grow(16, 2)
    const { network, nodes } = grown
    for (const index of [2, 3, 4]) restart(network, simulatedPeer(index))
    const before = [2, 3, 4].map((index) => incarnationOf(nodes, simulatedPeer(index)))
    const restarted = network.peers.slice(2)
    for (const peer of restarted) network.crash(peer, 'blackhole')
    network.run(10_000)
    for (const peer of restarted) {
      network.restart(peer, 'lost')
      join(network, peer)
    }
    network.run(30_000)
    const after = [2, 3, 4].map((index) => incarnationOf(nodes, simulatedPeer(index)))
    for (const [at, incarnation] of after.entries()) {
      const held = [...nodes.values()].slice(0, 2).some(({ machine }) => {
        return machine.active.some((known) => known.descriptor.peer === simulatedPeer(at + 2))
      })
      if (held) expect(incarnation).toBeGreaterThanOrEqual(before[at]!)
    }
    expectAtPeace(grown)
  })
})

describe('a few slow members', () => {
  // Source: hashicorp/consul, issue 5567: they suspected hundreds, and everybody believed them.
  it('accuse few, and convince nobody', () => {
    const config = { ...presets.lan.swim, probesPerInterval: 1 }
    const slow = new Set([3, 17, 40, 55].map(simulatedPeer))
    let accusedBySlow = 0
    let doubtsAmongHealthy = 0
    const { network } = swimMembers({
      size: 64,
      config,
      seed: 1,
      onEmit: (by, output) => {
        if (output.type !== 'suspected' || slow.has(output.peer)) return
        if (output.by !== by) return
        if (slow.has(by)) accusedBySlow++
        else doubtsAmongHealthy++
      },
    })
    network.run(5_000)
    for (let cycle = 0; cycle < 6; cycle++) {
      for (const peer of slow) network.clog(peer)
      network.run(8_000)
      for (const peer of slow) network.unclog(peer)
      network.run(2_000)
    }
    expect(doubtsAmongHealthy).toBe(0)
    expect(accusedBySlow).toBeGreaterThan(0)
    // In good health each of them would take 60 turns and so accuse up to 48 times in its stalls.
    expect(accusedBySlow).toBeLessThan(slow.size * 24)
  })

  it('that are stopped whole, timers too, accuse nobody when they go on', () => {
    const accusers = new Set<PeerId>()
    const { network, peers } = swimMembers({
      size: 16,
      config: presets.lan.swim,
      seed: 1,
      onEmit: (by, output) => {
        if (output.type === 'suspected' && output.by === by) accusers.add(by)
      },
    })
    network.run(5_000)
    for (let cycle = 0; cycle < 5; cycle++) {
      network.stall(peers[3]!, 4_000)
      network.run(6_000)
    }
    expect(accusers.size).toBeGreaterThan(0)
    expect(accusers.has(peers[3]!)).toBe(false)
  })
})

describe('random faults', () => {
  for (let seed = 1; seed <= 6; seed++) {
    it(`leave no live peer dead, no incarnation behind and no storm, seed ${seed}`, () => {
      const grown = grow(8 + ((seed * 5) % 25), seed)
      const { network, told } = grown
      const lost = new Set<PeerId>()
      const plan = randomPlan(network.rng('plan'), network.peers, {
        durationMs: 30_000,
        faults: 12,
        longestMs: 8_000,
      })
      for (const step of plan) {
        if (step.kind === 'restart' && step.disk !== 'kept') lost.add(step.peer)
      }
      const begun = network.now
      applyPlan(network, plan, (peer) => join(network, peer))
      network.shape({ lossRate: 0.05 })
      network.run(45_000)
      network.unshape()
      network.unblock()
      for (const peer of network.peers) {
        network.unclog(peer)
        if (network.isAlive(peer)) continue
        network.restart(peer)
        join(network, peer)
      }
      const healedAt = network.now
      network.run(60_000)
      expectAtPeace(grown)
      expectMonotone(told, lost)
      expectNoStorm(told, begun, healedAt)
    })
  }
})

/** What a peer signs rises from life to life, as long as it keeps its disk. */
function expectMonotone(told: readonly Told[], lost: ReadonlySet<PeerId>): void {
  const lastBySigner = new Map<PeerId, number>()
  for (const { by, output } of told) {
    if (output.type !== 'describe' || lost.has(by)) continue
    expect(output.incarnation).toBeGreaterThan(lastBySigner.get(by) ?? 0)
    lastBySigner.set(by, output.incarnation)
  }
}

/** Nobody accuses more often than its own turns and the hints it follows allow. */
function expectNoStorm(told: readonly Told[], begun: number, ended: number): void {
  const { probeIntervalMs, probesPerInterval } = presets.local.swim
  const accusations = new Map<PeerId, number>()
  for (const { by, output, at } of told) {
    if (output.type !== 'suspected' || output.by !== by || at < begun || at > ended) continue
    accusations.set(by, (accusations.get(by) ?? 0) + 1)
  }
  const periods = (ended - begun) / probeIntervalMs
  for (const count of accusations.values()) {
    expect(count).toBeLessThanOrEqual(periods * (probesPerInterval + maxHintedProbes))
  }
}

/** Source: gossip.ts. */
const maxHintedProbes = 4
