import { describe, expect, it } from 'vitest'
import { OverlayWorld } from '../../../tools/sim/overlay-world.ts'

const payload = (mark: number): Uint8Array => new Uint8Array(200).fill(mark)

describe('a network of overlays', () => {
  it('gives a late joiner recent history, verified, and what follows as it comes', () => {
    const world = new OverlayWorld({ seed: 3, peers: 12 })
    const { network } = world
    const topic = world.topic('news')
    world.subscribeAll(topic)
    const late = world.citizens[11]!
    network.crash(late.peer)
    world.join(50)
    network.run(5_000)
    for (let index = 0; index < 40; index++)
      world.publish(index % 11, topic, payload(index), index * 50)
    network.run(4_000)
    expect(world.missing()).toBe(0)
    network.restart(late.peer)
    network.inject(late.peer, { type: 'subscribe', topic })
    network.inject(late.peer, { type: 'join', contacts: [world.contact(0)] })
    network.run(5_000)
    expect(late.delivered.size).toBe(40)
    world.publish(2, topic, payload(99))
    network.run(1_000)
    expect(late.delivered.size).toBe(41)
    expect([world.missing(), world.repeated, world.unverified]).toEqual([0, 0, 0])
  })

  it('goes on when peers vanish, and tells who is suspected and dead', () => {
    const world = new OverlayWorld({ seed: 5, peers: 16 })
    const { network } = world
    const topic = world.topic('news')
    world.subscribeAll(topic)
    world.join(50)
    network.run(5_000)
    for (const index of [3, 7, 12]) network.crash(world.citizens[index]!.peer, 'blackhole')
    for (let index = 0; index < 60; index++) {
      world.publish([0, 1, 2, 4, 5][index % 5]!, topic, payload(index), index * 500)
    }
    network.run(60_000)
    expect([world.missing(), world.repeated, world.unverified]).toEqual([0, 0, 0])
    expect(world.outputs('suspected')).toBeGreaterThan(0)
    expect(world.outputs('dead')).toBeGreaterThan(0)
  })

  it('carries messages of many fragments over lossy links', () => {
    const world = new OverlayWorld({ seed: 7, peers: 8 })
    const { network } = world
    const topic = world.topic('files')
    world.subscribeAll(topic)
    world.join(50)
    network.run(5_000)
    network.shape({ lossRate: 0.02 })
    const rng = network.rng('files')
    for (let index = 0; index < 5; index++)
      world.publish(index, topic, rng.bytes(300_000), index * 1_000)
    network.run(45_000)
    expect(world.published.size).toBe(5)
    expect([world.missing(), world.repeated, world.unverified]).toEqual([0, 0, 0])
  })

  it('repairs what a cut shorter than a suspicion has swallowed', () => {
    const world = new OverlayWorld({ seed: 9, peers: 12 })
    const { network } = world
    const topic = world.topic('news')
    world.subscribeAll(topic)
    world.join(50)
    network.run(5_000)
    const peers = world.citizens.map(({ peer }) => peer)
    const heal = network.partition(peers.slice(0, 5), peers.slice(5))
    for (let index = 0; index < 24; index++) {
      world.publish(index % 12, topic, payload(index), index * 100)
    }
    network.run(2_500)
    expect(world.missing()).toBeGreaterThan(0)
    heal()
    network.run(40_000)
    expect([world.missing(), world.repeated, world.unverified]).toEqual([0, 0, 0])
  })

  it('does the same with real ML-DSA-65 keys as with test keys', () => {
    const histories = [false, true].map((realKeys) => {
      const world = new OverlayWorld({ seed: 11, peers: 5, realKeys })
      const topic = world.topic('news')
      world.subscribeAll(topic)
      world.join(50)
      world.network.run(3_000)
      for (let index = 0; index < 10; index++)
        world.publish(index % 5, topic, payload(index), index * 30)
      world.network.run(3_000)
      expect([world.missing(), world.repeated, world.unverified]).toEqual([0, 0, 0])
      return { deliveries: world.deliveries, forged: world.outputs('penalised') }
    })
    expect(histories[1]).toEqual(histories[0])
  })

  it('does the same again for the same seed', () => {
    const traces = [13, 13, 14].map((seed) => {
      const world = new OverlayWorld({ seed, peers: 10 })
      world.subscribeAll(world.topic('news'))
      world.join(50)
      world.network.shape({ lossRate: 0.05 })
      for (let index = 0; index < 20; index++)
        world.publish(index % 10, world.topic('news'), payload(index), index * 200)
      world.network.run(20_000)
      return world.network.traceHash
    })
    expect(traces[1]).toBe(traces[0])
    expect(traces[2]).not.toBe(traces[0])
  })
})
