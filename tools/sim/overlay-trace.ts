import { uniformLatency } from '@kithnet/testkit'
import { OverlayWorld } from './overlay-world.ts'

/** Source: our choice; large enough for full views, small enough for seconds. */
const peerCount = 14
const messageCount = 60

/**
 * One run of whole overlays, as they ship, under loss and crashes: its trace and what was delivered. Everything in
 * it comes from the seed.
 */
export function overlayTrace(seed: number): string {
  const world = new OverlayWorld({ seed, peers: peerCount, latency: uniformLatency(5, 50) })
  const { network } = world
  const topic = world.topic('trace')
  const rng = network.rng('payloads')
  world.subscribeAll(topic)
  world.join(50)
  network.run(10_000)
  network.shape({ lossRate: 0.02 })
  for (let sent = 0; sent < messageCount; sent++) {
    world.publish(rng.below(peerCount), topic, rng.bytes(200), rng.below(10_000))
  }
  network.run(5_000)
  for (const victim of [3, 9]) network.crash(world.citizens[victim]!.peer, 'blackhole')
  network.run(25_000)
  return `${network.traceHash}/${world.deliveries}/${world.unverified}`
}
