import type { Fired, Instant } from '@kithnet/kernel'
import { seededRng } from '@kithnet/kernel'
import type { PubsubEvent, PubsubMessage, PubsubOutput } from '@kithnet/pubsub'
import type { PeerId } from '@kithnet/types'
import { describe, expect, it } from 'vitest'
import { randomGraph } from '../../../tools/sim/a8.ts'
import { BroadcastWorld, type PubsubMachine } from '../../../tools/sim/overlay-broadcast.ts'
import { Uplink } from '../../../tools/sim/uplink.ts'

const nodes = 12
const payloadBytes = 5 * 65_536 + 17
/** Half of `pendingMs`, while pauses between pieces are not known; and the tick that finds out. */
const patienceMs = 1_100

/** A line on which a piece takes ten milliseconds. */
function line(machine: PubsubMachine): PubsubMachine {
  const sizeOf = (message: PubsubMessage): number =>
    message.type === 'fragment' ? message.bytes.length : 100
  return new Uplink<PubsubEvent, PeerId, PubsubMessage, PubsubOutput>(machine, 6_553_600, sizeOf)
}

/** Stops sending pieces after the first of each message, and answers nothing. */
class Sloth implements PubsubMachine {
  readonly #inner: PubsubMachine

  constructor(inner: PubsubMachine) {
    this.#inner = inner
  }

  on(event: PubsubEvent | Fired<string>, now: Instant): ReturnType<PubsubMachine['on']> {
    return this.#inner
      .on(event, now)
      .filter(
        (effect) =>
          effect.type !== 'send' ||
          effect.message.type !== 'fragment' ||
          effect.message.index === 0,
      )
  }
}

describe('large messages in a network', () => {
  it('arrive everywhere, once and unchanged, although a tenth of all frames is lost', () => {
    const world = new BroadcastWorld(randomGraph(nodes, 5, seededRng('loss')), 1, {
      wrap: (machine) => line(machine),
    })
    world.network.shape({ lossRate: 0.1, reorderRate: 0.1, reorderMs: 40 })
    for (let index = 0; index < 6; index++) {
      world.publish(index, payloadBytes)
      world.network.run(1_000)
    }
    world.network.run(60_000)
    expect(world.publications.map(({ delivered }) => delivered)).toEqual(Array(6).fill(nodes - 1))
    expect([world.repeated, world.corrupted, world.shed]).toEqual([0, 0, []])
  })

  it('lose no piece to a relay that crashes in the middle', () => {
    const graph = randomGraph(nodes, 5, seededRng('crash'))
    const world = new BroadcastWorld(graph, 2, { wrap: (machine) => line(machine) })
    world.publish(0, payloadBytes)
    world.network.run(3_000)
    const publication = world.publish(0, payloadBytes)
    world.network.run(90)
    expect(publication.delivered).toBe(0)
    const [relay] = graph[0]!
    world.crash(relay!)
    for (const other of graph[relay!]!) world.unlink(other, relay!)
    world.network.run(1_000)
    expect(publication.delivered).toBe(nodes - 2)
    expect(world.corrupted).toBe(0)
  })

  it('are late by no more than the patience with each relay that stops in the middle', () => {
    const graph = randomGraph(nodes, 5, seededRng('sloth'))
    const sloths = new Set(graph[0]!.slice(0, 3))
    const world = new BroadcastWorld(graph, 3, {
      wrap: (machine, index) => line(sloths.has(index) ? new Sloth(machine) : machine),
    })
    for (let sent = 0; sent < 3; sent++) {
      world.publish(0, payloadBytes)
      world.network.run(10_000)
    }
    for (const { delivered, at, lastAt } of world.publications) {
      expect(delivered).toBe(nodes - 1)
      expect(lastAt - at).toBeLessThan(sloths.size * patienceMs + 500)
    }
    expect(world.penalties).toBeGreaterThan(0)
  })
})
