/**
 * One hostile link of eight: forged copies, withheld batches, invented authors, replays after pruning.
 *
 * Set-up: nine whole overlays of the `lan` preset, each a neighbour of all others, 10 ms one way; the links of the hostile
 * one take 4 ms, so that it comes first and is the parent of every tree before it turns. Eight honest authors
 * publish in turn, one message each 50 ms, one per batch. From the tenth second on the hostile peer attacks in one of the
 * four ways for as long as anybody listens. Every message and receiver is compared with the same run without an attack:
 * nothing lost, nothing delayed by more than two round trips. For replays it keeps what it saw, waits until the
 * others have forgotten it (16 minutes), and sends it again; there only loss and repetition are counted.
 */
import { epochMs, type Fired, type Instant, seededRng } from '@kithnet/kernel'
import type { Overlay, OverlayEvent, OverlayMessage, OverlayView } from '@kithnet/overlay'
import type { EagerMessage, PubsubMessage } from '@kithnet/pubsub'
import {
  contentOf,
  encodeBatch,
  messageIdOf,
  networkId,
  type NetworkId,
  type PeerId,
  peerIdFromBytes,
  signatureBytes,
  streamIdFromBytes,
  topicId,
  type TopicId,
} from '@kithnet/types'
import {
  atMost,
  exactly,
  judge,
  type Report,
  type Scenario,
  type ScenarioOptions,
  seedsOf,
} from '../report.ts'
import { installFastHash } from '../../packages/runtime/src/hash-backend.ts'
import { rounded } from './membership-mean.ts'
import { type OverlayEffects, type OverlayMachine, OverlayWorld } from './overlay-world.ts'

type Attack = 'none' | 'forged' | 'withheld' | 'invented' | 'replayed'
type OverlayEffect = OverlayEffects[number]

const honestPeers = 8
const hostileIndex = 8
const roundTripMs = 20
const gapMs = 50
/** How often the honest peers' memory is looked at. */
const watchMs = 5
const settleMs = 10_000
const peaceMs = 10_000
const attackMs = 20_000
const forgottenAfterMs = 960_000

/** A peer that behaves until it turns. */
class Hostile implements OverlayMachine {
  readonly #overlay: Overlay
  readonly #attack: Attack
  readonly #network: NetworkId
  readonly #topic: TopicId
  readonly #rng = seededRng('hostile')
  readonly #kept: PubsubMessage[] = []
  readonly #heard = new Set<PeerId>()
  #lastBatch: PubsubMessage | undefined
  turned = false

  constructor(overlay: Overlay, attack: Attack, network: NetworkId, topic: TopicId) {
    this.#overlay = overlay
    this.#attack = attack
    this.#network = network
    this.#topic = topic
  }

  on(event: OverlayEvent | Fired<string>, now: Instant): OverlayEffects {
    if (event.type === 'received') {
      this.#heard.add(event.from)
      const { message } = event
      if (message.type === 'pubsub' && this.#kept.length < 400) {
        const { type } = message.message
        if (type === 'batch' || type === 'eager') this.#kept.push(message.message)
      }
    }
    const effects = this.#overlay.on(event, now)
    if (!this.turned || this.#attack === 'none') return effects
    if (event.type === 'roundTrip') return [...effects, ...this.#flood(now)]
    const twisted = effects.flatMap((effect) => this.#twist(effect))
    if (event.type !== 'received' || event.message.type !== 'pubsub') return twisted
    return [...twisted, ...this.#insist(event.from, event.message.message)]
  }

  snapshot(): OverlayView {
    return this.#overlay.snapshot()
  }

  /** What becomes of an honest effect. */
  #twist(effect: OverlayEffect): readonly OverlayEffect[] {
    if (effect.type !== 'send' || effect.message.type !== 'pubsub') return [effect]
    const { message } = effect.message
    if (message.type !== 'batch') return [effect]
    if (this.#attack !== 'withheld' && this.#attack !== 'forged') return [effect]
    if (this.#attack === 'withheld') return []
    const signature = this.#rng.bytes(signatureBytes)
    const signed = { body: message.signed.body, signature }
    return [{ ...effect, message: { type: 'pubsub', message: { type: 'batch', signed } } }]
  }

  /** Pushes a message on to everybody, pruned or not, with a forged batch or none. */
  #insist(from: PeerId, message: PubsubMessage): readonly OverlayEffect[] {
    if (message.type === 'batch') this.#lastBatch = message
    if (message.type !== 'eager' || (this.#attack !== 'withheld' && this.#attack !== 'forged'))
      return []
    const sends: OverlayEffect[] = []
    for (const to of this.#heard) {
      if (to === from || to === message.author) continue
      const batch: OverlayMessage = { type: 'pubsub', message: this.#lastBatch ?? message }
      sends.push(...this.#twist({ type: 'send', to, message: batch }))
      sends.push({ type: 'send', to, message: { type: 'pubsub', message } })
    }
    return sends
  }

  /** What is sent unasked, each time that the clock of the attack ticks. */
  #flood(now: Instant): readonly OverlayEffect[] {
    const sends: OverlayEffect[] = []
    const send = (to: PeerId, message: PubsubMessage): void => {
      const wrapped: OverlayMessage = { type: 'pubsub', message }
      sends.push({ type: 'send', to, message: wrapped })
    }
    for (const to of this.#heard) {
      if (this.#attack === 'replayed') for (const message of this.#kept) send(to, message)
      if (this.#attack !== 'invented') continue
      for (let count = 0; count < 10; count++)
        for (const message of this.#invent(now)) send(to, message)
    }
    return sends
  }

  /** A message of an author that nobody has the key of. */
  #invent(now: Instant): readonly PubsubMessage[] {
    const position = {
      topic: this.#topic,
      author: peerIdFromBytes(this.#rng.bytes(32)),
      stream: streamIdFromBytes(this.#rng.bytes(16)),
      seq: 0,
    }
    const eager: EagerMessage = { type: 'eager', ...position, payload: this.#rng.bytes(100) }
    const id = messageIdOf({ network: this.#network, ...position }, contentOf(eager.payload))
    const body = encodeBatch({
      ...position,
      network: this.#network,
      firstSeq: 0,
      ids: [id],
      // Source: the simulated clocks start with 2026.
      hlc: epochMs(1_767_225_600_000 + Math.floor(now)),
      prev: undefined,
    })
    return [{ type: 'batch', signed: { body, signature: this.#rng.bytes(signatureBytes) } }, eager]
  }
}

/** The most that an honest peer held at any time during an attack. */
interface Peak {
  pending: number
  pendingBytes: number
  unverified: number
  knownKeys: number
}

interface Outcome {
  /** Delay of each message at each receiver. */
  readonly delays: ReadonlyMap<string, number>
  readonly lost: number
  /** Delivered twice, or not as published. */
  readonly wrong: number
  readonly peak: Peak
  /** Peers that caught the hostile one more than twice and have not cut the link, peers that have, and honest links cut. */
  readonly spared: number
  readonly shedHostile: number
  readonly shedHonest: number
}

/** One run: peace, and then the attack. */
class Siege {
  readonly #world: OverlayWorld
  readonly #attack: Attack
  readonly #delays = new Map<string, number>()
  readonly #sentAt = new Map<number, Instant>()
  readonly #shedBy = new Set<PeerId>()
  readonly #blamesBy = new Map<PeerId, number>()
  readonly #peak: Peak = { pending: 0, pendingBytes: 0, unverified: 0, knownKeys: 0 }
  #hostile: Hostile | undefined
  #shedHonest = 0
  #number = 0

  constructor(attack: Attack, seed: number) {
    this.#attack = attack
    this.#world = new OverlayWorld({
      seed,
      peers: honestPeers + 1,
      latency: { perMessage: false, ms: latencyMs },
      wrap: (overlay, index) => (index === hostileIndex ? this.#corrupt(overlay) : overlay),
      onOutput: (citizen, output, now) => {
        if (citizen.peer === this.#enemy) return
        if (output.type === 'deliver') this.#delivered(citizen.peer, output.message.payload, now)
        if (output.type === 'penalised' && output.peer === this.#enemy) {
          this.#blamesBy.set(citizen.peer, (this.#blamesBy.get(citizen.peer) ?? 0) + 1)
        }
        if (output.type !== 'shed') return
        if (output.peer === this.#enemy) this.#shedBy.add(citizen.peer)
        else this.#shedHonest++
      },
    })
  }

  run(): Outcome {
    const world = this.#world
    world.subscribeAll(this.#topic)
    world.join(200)
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
      spared: [...this.#blamesBy].filter(([by, count]) => count > 2 && !this.#shedBy.has(by))
        .length,
      shedHostile: this.#shedBy.size,
      shedHonest: this.#shedHonest,
    }
  }

  get #topic(): TopicId {
    return this.#world.topic('a19')
  }

  get #enemy(): PeerId {
    return this.#world.citizens[hostileIndex]!.peer
  }

  #corrupt(overlay: Overlay): Hostile {
    this.#hostile = new Hostile(
      overlay,
      this.#attack,
      networkId('simulated'),
      topicId(networkId('simulated'), 'a19'),
    )
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
      this.#peak.pending = Math.max(this.#peak.pending, view.pending)
      this.#peak.pendingBytes = Math.max(this.#peak.pendingBytes, ...bytes)
      this.#peak.unverified = Math.max(this.#peak.unverified, view.unverified)
      this.#peak.knownKeys = Math.max(this.#peak.knownKeys, view.knownKeys)
    }
  }

  #delivered(peer: PeerId, payload: Uint8Array, now: Instant): void {
    const number = new DataView(payload.buffer, payload.byteOffset).getUint32(0)
    this.#delays.set(`${number} ${peer}`, now - (this.#sentAt.get(number) ?? now))
  }
}

/** The hostile peer is nearer to everybody than they are to each other. */
function latencyMs(from: number, to: number): number {
  return from === hostileIndex || to === hostileIndex ? 4 : roundTripMs / 2
}

/** The most that an attack delayed any message at any receiver, in round trips. */
function worstDelay(attacked: Outcome, calm: Outcome): number {
  let worst = 0
  for (const [key, delay] of attacked.delays) {
    const usual = calm.delays.get(key)
    if (usual !== undefined) worst = Math.max(worst, (delay - usual) / roundTripMs)
  }
  return worst
}

const attacks = ['forged', 'withheld', 'invented', 'replayed'] as const

async function run(options: ScenarioOptions): Promise<Report> {
  await installFastHash()
  const seeds = seedsOf(options)
  const figures: Record<string, number> = {}
  const note = (name: string, value: number): void => {
    figures[name] = Math.max(figures[name] ?? 0, value)
  }
  for (const seed of seeds) {
    const calm = new Siege('none', seed).run()
    for (const attack of attacks) {
      const outcome = new Siege(attack, seed).run()
      const delay = attack === 'replayed' ? 0 : worstDelay(outcome, calm)
      options.progress(
        `seed ${seed}, ${attack}: ${outcome.lost} lost, ${delay.toFixed(2)} round trips, shed by ${outcome.shedHostile}`,
      )
      note(`${attack}Lost`, outcome.lost)
      if (attack !== 'replayed') note(`${attack}RoundTrips`, rounded(delay))
      note('wrong', outcome.wrong)
      note('honestLinksCut', outcome.shedHonest)
      note('hostileLinksLeft', outcome.spared)
      note('mostPendingBytes', outcome.peak.pendingBytes)
      note('mostPending', outcome.peak.pending)
      note('mostUnverified', outcome.peak.unverified)
      note('mostKeys', outcome.peak.knownKeys)
    }
  }
  const none = { match: exactly(0), beat: exactly(0) }
  const inTime = { match: atMost(2), beat: atMost(2) }
  return judge({
    id: 'A19',
    seeds: seeds.length,
    figures,
    threshold: {
      forgedLost: none,
      withheldLost: none,
      inventedLost: none,
      replayedLost: none,
      forgedRoundTrips: inTime,
      withheldRoundTrips: inTime,
      inventedRoundTrips: inTime,
      wrong: none,
      honestLinksCut: none,
      hostileLinksLeft: { match: null, beat: exactly(0) },
      // Source: the bounds of the overlay: 64 of each link, 1 MiB, eight unknown authors; keys of nine peers.
      mostPending: { match: null, beat: atMost(64 * honestPeers) },
      mostPendingBytes: { match: null, beat: atMost(1_048_576) },
      mostUnverified: { match: null, beat: atMost(8 * honestPeers) },
      mostKeys: { match: null, beat: atMost(honestPeers + 1) },
    },
  })
}

export const scenario: Scenario = {
  id: 'A19',
  title: 'one hostile link of eight: nothing lost, nothing late, the link cut',
  defaultSeeds: 20,
  run,
}
