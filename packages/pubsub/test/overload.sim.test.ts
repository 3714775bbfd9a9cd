import { seededRng } from '@kithnet/kernel'
import { VirtualCores } from '@kithnet/testkit'
import { describe, expect, it } from 'vitest'
import { simulatedPeer } from '../../../tools/sim/membership-peers.ts'
import { BroadcastWorld } from '../../../tools/sim/overlay-broadcast.ts'
import { randomGraph } from '../../../tools/sim/a8.ts'

const nodes = 12

/** Everybody publishes in turn for a while; then what waits is worked off. */
function busy(world: BroadcastWorld, seconds: number, perSecond: number): void {
  for (let sent = 0; sent < seconds * perSecond; sent++) {
    world.publish(sent % nodes)
    world.network.run(1_000 / perSecond)
  }
}

describe('honest nodes under more than they can do', () => {
  it('never cut each other, and give everything in the end', () => {
    const cores = Array.from({ length: nodes }, () => new VirtualCores(1))
    const world = new BroadcastWorld(randomGraph(nodes, 5, seededRng('overload')), 1, {
      checkMs: (index, now) => cores[index]!.work(now, 1_300) - now,
    })
    world.network.shape({ lossRate: 0.2 })
    for (let index = 0; index < nodes; index++) world.network.slow(simulatedPeer(index), 4)
    busy(world, 6, 100)
    const behind = world.publications.filter(({ delivered }) => delivered < nodes - 1).length
    // They are behind by seconds: this is overload, or the test shows nothing.
    expect(behind).toBeGreaterThan(100)
    for (let index = 0; index < nodes; index++) world.network.slow(simulatedPeer(index), 0)
    world.network.unshape()
    world.network.run(40_000)
    // Batches that were lost came late by seconds, and each was complained of.
    expect(world.penalties).toBeGreaterThan(50)
    expect(world.shed).toEqual([])
    expect(world.repeated).toBe(0)
    expect(world.publications.every(({ delivered }) => delivered === nodes - 1)).toBe(true)
  })
})

/** Latencies of all deliveries but those at `except`, from the second message on: the first one floods. */
function p99(world: BroadcastWorld, except: readonly number[]): number {
  const delays = world.publications
    .slice(1)
    .flatMap(({ delaysMs }) => [...delaysMs].filter((_, index) => !except.includes(index)))
  const sorted = delays.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length * 0.99)]!
}

describe('one congested link of eight', () => {
  const source = 0
  const run = (congested: boolean): { readonly world: BroadcastWorld; readonly slow: number } => {
    const graph = randomGraph(20, 8, seededRng('slow link'))
    const slow = graph[source]![3]!
    const world = new BroadcastWorld(graph, 2)
    world.publish(source)
    world.network.run(2_000)
    if (congested) world.inject(source, { type: 'congested', peer: simulatedPeer(slow) })
    for (let sent = 0; sent < 40; sent++) {
      world.publish(source)
      world.network.run(200)
    }
    return { world, slow }
  }

  it('delays nobody else, and what it does not take is bounded and visible', () => {
    const clear = run(false)
    const congested = run(true)
    const { slow } = congested
    expect(p99(congested.world, [slow])).toBeLessThanOrEqual(p99(clear.world, [slow]) + 1)
    const delays = congested.world.publications.map(({ delaysMs }) => delaysMs)
    expect(delays.every((ms) => ms.every((one, index) => index === source || one >= 0))).toBe(true)
    // Whoever lived off that link has another parent after two messages, and keeps it.
    const late = delays.slice(1).map((ms) => ms[slow]!)
    expect(Math.max(...late)).toBeLessThanOrEqual(250)
    expect(Math.max(...late.slice(2))).toBeLessThanOrEqual(p99(clear.world, []) + 15)
    const view = congested.world.pubsub(source).view()
    const link = view.neighbours.find(({ peer }) => peer === simulatedPeer(slow))
    expect(link?.congested).toBe(true)
    expect(link?.unsentBytes).toBeLessThanOrEqual(65_536)
  })

  it('keeps a bound in bytes while nothing leaves', () => {
    const world = new BroadcastWorld([[1], [0]], 3)
    world.inject(0, { type: 'congested', peer: simulatedPeer(1) })
    world.network.run(10)
    for (let sent = 0; sent < 200; sent++) world.publish(0)
    world.network.run(60_000)
    const view = world.pubsub(0).view()
    expect(view.neighbours[0]?.unsentBytes).toBeLessThanOrEqual(65_536)
    expect(view.queued).toBe(200)
    world.inject(0, { type: 'drained', peer: simulatedPeer(1) })
    world.network.run(5_000)
    expect(world.publications.every(({ delivered }) => delivered === 1)).toBe(true)
    expect(world.pubsub(0).view()).toMatchObject({ queued: 0, neighbours: [{ unsentBytes: 0 }] })
  })
})
