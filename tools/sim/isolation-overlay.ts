/** The part of `isolation` that runs whole overlays: who misses a broadcast after churn. */
import { sample } from '@kithnet/kernel'
import { overlayConfig } from '@kithnet/overlay'
import { applyPlan, randomPlan, uniformLatency } from '@kithnet/testkit'
import { OverlayWorld } from './overlay-world.ts'

const joinGapMs = 200
const settleMs = 10_000
const churnMs = 40_000
const broadcasts = 3

/** Peers that lived, took part and did not get each of three broadcasts after a time of faults. */
export function isolatedOverlays(seed: number, mostPeers: number): number {
  const config = overlayConfig('lan')
  const peers = 16 + ((seed * 7) % (mostPeers - 15))
  const world = new OverlayWorld({ seed, peers, config, latency: uniformLatency(1, 30) })
  const { network } = world
  const topic = world.topic('isolation')
  world.join(joinGapMs)
  world.subscribeAll(topic)
  network.run(peers * joinGapMs + settleMs)
  const rng = network.rng('isolation')
  const faults = Math.floor(peers / 2)
  const plan = randomPlan(rng, [...network.peers], { durationMs: churnMs, faults })
  applyPlan(network, plan, (peer) => {
    const contact = world.citizens.findIndex((citizen) => citizen.peer !== peer)
    network.inject(peer, { type: 'join', contacts: [world.contact(contact)] })
    network.inject(peer, { type: 'subscribe', topic })
  })
  network.run(churnMs + churnMs / 4)
  network.unblock()
  network.run(2 * config.membership.views.rejoinIntervalMs)
  for (const citizen of world.citizens) citizen.delivered.clear()
  const before = new Set(world.published.keys())
  const authors = sample(rng, [...world.citizens.keys()], broadcasts)
  for (const author of authors) world.publish(author, topic, new Uint8Array([author]))
  network.run(settleMs)
  const ids = [...world.published.keys()].filter((id) => !before.has(id))
  const missing = world.citizens.filter(({ peer, node, delivered }) => {
    return (
      node.alive && ids.some((id) => world.published.get(id)!.author !== peer && !delivered.has(id))
    )
  })
  return missing.length + (authors.length - ids.length)
}
