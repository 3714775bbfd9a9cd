/** One hostile peer among eight honest ones: peace, and then an attack. The set-up is told in `a19.ts`. */
import type { Instant } from '@kithnet/kernel'
import { type Overlay, overlayConfig, type OverlayConfig } from '@kithnet/overlay'
import { networkId, type PeerId, type TopicId, topicId } from '@kithnet/types'
import { type Attack, Hostile } from './hostile.ts'
import { OverlayWorld } from './overlay-world.ts'

const simulated = networkId('simulated')
export const honestPeers = 8
const hostileIndex = 8
export const roundTripMs = 20
const gapMs = 50
/** How often the honest peers' memory is looked at. */
const watchMs = 10
const forgottenAfterMs = 960_000
export const seenPerLink = 1_024
export const cacheBytes = 4_194_304

/** How long each part of a run lasts. */
export interface Spans {
  readonly settleMs: number
  readonly peaceMs: number
  readonly attackMs: number
}

/** Places on the ladder, from best to worst. */
export const ladder = ['good', 'deferred', 'lazy', 'graylisted', 'shed'] as const

/** The most that an honest peer held at any time during an attack. */
interface Peak {
  pending: number
  pendingBytes: number
  unverified: number
  knownKeys: number
  seen: number
  cachedBytes: number
  lanes: number
}

/** What a run came to. */
export interface Outcome {
  /** Delay of each message at each receiver. */
  readonly delays: ReadonlyMap<string, number>
  readonly lost: number
  /** Delivered twice, or not as published. */
  readonly wrong: number
  readonly peak: Peak
  readonly standing: number
  readonly shedHonest: number
}

/** One run: peace, and then the attack. */
export class Siege {
  readonly #world: OverlayWorld
  readonly #attack: Attack
  readonly #spans: Spans
  readonly #delays = new Map<string, number>()
  readonly #sentAt = new Map<number, Instant>()
  /** Where the hostile peer stands with each honest one, once that has changed. */
  readonly #standings = new Map<PeerId, number>()
  readonly #descriptors = new Map<PeerId, Uint8Array>()
  readonly #peak: Peak = {
    pending: 0,
    pendingBytes: 0,
    unverified: 0,
    knownKeys: 0,
    seen: 0,
    cachedBytes: 0,
    lanes: 0,
  }
  #hostile: Hostile | undefined
  #shedHonest = 0
  #number = 0

  constructor(attack: Attack, spans: Spans, seed: number) {
    this.#attack = attack
    this.#spans = spans
    this.#world = new OverlayWorld({
      seed,
      peers: honestPeers + 1,
      config: config(),
      latency: { perMessage: false, ms: latencyMs },
      wrap: (overlay, index) => (index === hostileIndex ? this.#corrupt(overlay) : overlay),
      onOutput: (citizen, output, now) => {
        if (output.type === 'sign' && output.domain === 'descriptor') {
          this.#descriptors.set(citizen.peer, output.body)
        }
        if (citizen.peer === this.#enemy) return
        if (output.type === 'deliver') this.#delivered(citizen.peer, output.message.payload, now)
        if (output.type !== 'standing') return
        if (output.peer === this.#enemy) {
          this.#standings.set(citizen.peer, ladder.indexOf(output.standing))
        } else if (output.standing === 'graylisted' || output.standing === 'shed') {
          this.#shedHonest++
        }
      },
    })
  }

  run(): Outcome {
    const world = this.#world
    const { settleMs, peaceMs, attackMs } = this.#spans
    world.subscribeAll(this.#topic)
    world.join(100)
    world.network.run(settleMs)
    this.#mesh()
    world.network.run(settleMs)
    this.#traffic(peaceMs)
    if (this.#attack === 'replayed') this.#idle(forgottenAfterMs)
    this.#hostile!.turned = true
    this.#traffic(attackMs)
    this.#idle(settleMs)
    const honest = world.citizens.slice(0, honestPeers)
    let lost = 0
    for (const [id, { author }] of world.published) {
      for (const citizen of honest) {
        if (citizen.peer !== author && !citizen.delivered.has(id)) lost++
      }
    }
    return {
      delays: this.#delays,
      lost,
      wrong: world.repeated + world.unverified,
      peak: this.#peak,
      standing: this.#middleStanding,
      shedHonest: this.#shedHonest,
    }
  }

  /** Introduces those to each other who have not met: the hostile link is to be one of eight. */
  #mesh(): void {
    const { citizens, network } = this.#world
    for (const [index, { peer, node }] of citizens.entries()) {
      for (const other of citizens.slice(index + 1)) {
        if (node.machine.snapshot().activeView.includes(other.peer)) continue
        const body = this.#descriptors.get(other.peer)
        if (body === undefined) continue
        const signed = [body, other.sign('descriptor', body)]
        // A request to be neighbours, of high priority.
        const message = { type: 'membership', value: [3, signed, 1] } as const
        network.inject(peer, { type: 'received', from: other.peer, message })
      }
    }
  }

  get #topic(): TopicId {
    return topicId(simulated, 'a19')
  }

  get #enemy(): PeerId {
    return this.#world.citizens[hostileIndex]!.peer
  }

  /** Where it stands in the end with at least half of those who thought worse of it at some time. */
  get #middleStanding(): number {
    const standings = [...this.#standings.values()].toSorted((one, other) => one - other)
    return standings[standings.length >> 1] ?? 0
  }

  #corrupt(overlay: Overlay): Hostile {
    const citizen = (index: number) => this.#world.citizens[index]!
    this.#hostile = new Hostile(overlay, this.#attack, {
      network: simulated,
      topic: topicId(simulated, 'a19'),
      victim: () => citizen(0).peer,
      self: () => citizen(hostileIndex).peer,
      sign: (body) => citizen(hostileIndex).sign('batch', body).slice(),
    })
    return this.#hostile
  }

  /** A message each 50 ms, in turn. */
  #traffic(ms: number): void {
    const { network } = this.#world
    for (let passed = 0; passed < ms; passed += gapMs) {
      const payload = new Uint8Array(100)
      const number = this.#number++
      new DataView(payload.buffer).setUint32(0, number)
      this.#sentAt.set(number, network.now)
      this.#world.publish(number % honestPeers, this.#topic, payload)
      this.#tick(passed)
      for (let slice = 0; slice < gapMs; slice += watchMs) {
        network.run(watchMs)
        this.#watch()
      }
    }
  }

  #idle(ms: number): void {
    const { network } = this.#world
    for (let passed = 0; passed < ms; passed += 1_000) {
      this.#tick(passed)
      network.run(1_000)
    }
  }

  /** Links tell their round trips once a second, as real ones do; the hostile peer's clock ticks with them. */
  #tick(passed: number): void {
    const { citizens, network } = this.#world
    network.inject(this.#enemy, { type: 'roundTrip', peer: citizens[0]!.peer, ms: 8 })
    if (passed % 1_000 !== 0) return
    for (const [from, citizen] of citizens.entries()) {
      for (const [to, other] of citizens.entries()) {
        if (from === to || from === hostileIndex) continue
        const ms = 2 * latencyMs(from, to)
        network.inject(citizen.peer, { type: 'roundTrip', peer: other.peer, ms })
      }
    }
  }

  #watch(): void {
    for (const { node } of this.#world.citizens.slice(0, honestPeers)) {
      const view = node.machine.snapshot()
      const bytes = view.neighbours.map(({ pendingBytes }) => pendingBytes)
      this.#peak.pendingBytes = Math.max(this.#peak.pendingBytes, ...bytes)
      for (const name of [
        'pending',
        'unverified',
        'knownKeys',
        'seen',
        'cachedBytes',
        'lanes',
      ] as const) {
        this.#peak[name] = Math.max(this.#peak[name], view[name])
      }
    }
  }

  #delivered(peer: PeerId, payload: Uint8Array, now: Instant): void {
    const number = new DataView(payload.buffer, payload.byteOffset).getUint32(0)
    this.#delays.set(`${number} ${peer}`, now - (this.#sentAt.get(number) ?? now))
  }
}

function config(): OverlayConfig {
  const shipped = overlayConfig('lan')
  const views = { ...shipped.membership.views, activeCapacity: 2 * honestPeers }
  return {
    ...shipped,
    membership: { ...shipped.membership, views },
    pubsub: {
      ...shipped.pubsub,
      seenPerLink,
      cacheBytes,
      authorMessagesPerSecond: 100,
      authorBurstMessages: 200,
    },
  }
}

/** The hostile peer is nearer to everybody than they are to each other. */
function latencyMs(from: number, to: number): number {
  return from === hostileIndex || to === hostileIndex ? 4 : roundTripMs / 2
}
