/**
 * The attack experiments of gossipsub's evaluation (PL-TechRep-2020-001) on whole overlays: sybils take as many
 * links as they can get, and drop what they are given.
 *
 * Set-up, scaled to two cores: 100 honest peers (the quick form: 16) of the `lan` preset and 12 (10) of them publishing, 64
 * (16) sybils, which accept everybody and may hold any number of links. The evaluation has 1,000 honest peers and 100
 * publishers. Latencies are 10 to 100 ms one way. The sybil ratio says how many requests of high priority, each from
 * a sybil, a peer gets in 30 s for each of the eight links that it looks for, over and over: at 4, 20 and 40. What the sybils
 * get is bounded by what the views give to those who ask; `...SybilShare` says how much of all honest links that is. After 30 s
 * there are 30 s (12 s) of traffic, each publisher sending a message of 200 bytes every three seconds. A run of that size takes
 * minutes: from the fourth seed on there are 50 honest peers and 32 sybils.
 *
 * `degradation4/20/40`: sybils join with the others, graft by default, and drop. `coldBoot`: they join before the others.
 * `covertFlash`: they relay like anybody for 30 s (12 s; the evaluation: 300 s) and then drop all at once, while the
 * traffic goes on. `eclipse`: all of them after one peer, the figures are that peer's. `censor`: they drop one author's
 * messages and nothing else, the figures are that author's. Where not said, the ratio is 20.
 */
import type { Fired, Instant } from '@kithnet/kernel'
import type { Overlay, OverlayEvent, OverlayView } from '@kithnet/overlay'
import { overlayConfig } from '@kithnet/overlay'
import { uniformLatency } from '@kithnet/testkit'
import type { CborValue, PeerId } from '@kithnet/types'
import {
  atLeast,
  atMost,
  exactly,
  judge,
  type Report,
  type Scenario,
  type ScenarioOptions,
  seedsOf,
  type Threshold,
} from '../report.ts'
import { installFastHash } from '../../packages/runtime/src/hash-backend.ts'
import { rounded } from './membership-mean.ts'
import {
  type OverlayEffects,
  type OverlayMachine,
  OverlayWorld,
  quantile,
} from './overlay-world.ts'

/** How large a run is. */
interface Size {
  readonly honest: number
  readonly sybils: number
  readonly publishers: number
  readonly settleMs: number
  readonly trafficMs: number
}

const fullSize: Size = {
  honest: 100,
  sybils: 64,
  publishers: 12,
  settleMs: 30_000,
  trafficMs: 30_000,
}
const laterSize: Size = { ...fullSize, honest: 50, sybils: 32 }
/** Seeds of the full size. Source: our choice: a quarter of an hour of one core. */
const fullSeeds = 3
const quickSize: Size = {
  honest: 16,
  sybils: 16,
  publishers: 10,
  settleMs: 30_000,
  trafficMs: 12_000,
}

const linksWanted = 8
const askedOverMs = 30_000
const tickMs = 250
const payloadBytes = 200
const publishMs = 3_000
/** Source: the evaluation's deadline. */
const deadlineMs = 6_000

type Attack = 'none' | 'degradation' | 'coldBoot' | 'covertFlash' | 'eclipse' | 'censor'

/** A peer that takes links and drops. Its honest half accepts, answers probes and shuffles. */
class Sybil implements OverlayMachine {
  readonly #overlay: Overlay
  readonly #drops: (message: unknown) => boolean
  #body: Uint8Array | undefined
  /** Its own descriptor, as it travels. */
  #signed: CborValue | undefined
  /** Whom to ask on the next tick. */
  prey: readonly PeerId[] = []

  constructor(overlay: Overlay, drops: (message: unknown) => boolean) {
    this.#overlay = overlay
    this.#drops = drops
  }

  on(event: OverlayEvent | Fired<string>, now: Instant): OverlayEffects {
    if (event.type === 'signed' && this.#body !== undefined) {
      this.#signed ??= [this.#body, event.signature]
    }
    const effects = this.#overlay.on(event, now)
    for (const effect of effects) {
      if (effect.type === 'emit' && effect.output.type === 'sign') this.#body ??= effect.output.body
    }
    const kept = effects.filter(
      (effect) =>
        effect.type !== 'send' ||
        effect.message.type !== 'pubsub' ||
        !this.#drops(effect.message.message),
    )
    const signed = this.#signed
    if (event.type !== 'roundTrip' || signed === undefined) return kept
    const requests = this.prey.map((to) => {
      // A request to be neighbours, of high priority.
      const message = { type: 'membership', value: [3, signed, 1] } as const
      return { type: 'send', to, message } as const
    })
    return [...kept, ...requests]
  }

  snapshot(): OverlayView {
    return this.#overlay.snapshot()
  }
}

interface Outcome {
  /** Share of what was due that came within the deadline, and at all. */
  readonly inTime: number
  readonly delivered: number
  readonly p99Ms: number
  readonly sybilShare: number
  readonly shutOutHonest: number
}

/** One run of one attack. */
class Assault {
  readonly #attack: Attack
  readonly #ratio: number
  readonly #size: Size
  readonly #world: OverlayWorld
  readonly #sybils: Sybil[] = []
  readonly #delays: number[] = []
  #dropping: boolean
  #due = 0
  #shutOutHonest = 0

  constructor(attack: Attack, ratio: number, size: Size, seed: number) {
    this.#attack = attack
    this.#ratio = ratio
    this.#size = size
    this.#dropping = attack !== 'covertFlash'
    const lan = overlayConfig('lan')
    const greedy = { ...lan.membership.views, activeCapacity: 10_000 }
    const sybil = { ...lan, membership: { ...lan.membership, views: greedy } }
    this.#world = new OverlayWorld({
      seed,
      peers: size.honest + (attack === 'none' ? 0 : size.sybils),
      latency: uniformLatency(10, 100),
      configOf: (index) => (index < size.honest ? lan : sybil),
      wrap: (overlay, index) => (index < size.honest ? overlay : this.#corrupt(overlay)),
      onOutput: (citizen, output, now) => {
        const isSybil = this.#isSybil(citizen.peer)
        if (isSybil) return
        if (output.type === 'deliver') this.#delivered(citizen.peer, output.message, now)
        if (output.type !== 'standing' || this.#isSybil(output.peer)) return
        if (output.standing === 'graylisted' || output.standing === 'shed') this.#shutOutHonest++
      },
    })
  }

  run(): Outcome {
    const { honest, settleMs, trafficMs } = this.#size
    const { citizens } = this.#world
    const topic = this.#world.topic('attacks')
    this.#world.subscribeAll(topic)
    this.#join()
    this.#pass(honest * joinGapMs + settleMs)
    if (this.#attack === 'covertFlash') {
      this.#traffic(trafficMs)
      this.#dropping = true
    }
    this.#delays.length = 0
    this.#due = 0
    this.#traffic(trafficMs)
    this.#pass(2 * deadlineMs)
    const watched = citizens.slice(0, honest).filter(({ peer }) => this.#isWatched(peer))
    const links = watched.flatMap(({ node }) => node.machine.snapshot().activeView)
    const toSybils = links.filter((peer) => this.#isSybil(peer)).length
    const inTime = this.#delays.filter((ms) => ms <= deadlineMs).length
    return {
      inTime: inTime / this.#due,
      delivered: this.#delays.length / this.#due,
      p99Ms: quantile(this.#delays, 0.99),
      sybilShare: toSybils / Math.max(1, links.length),
      shutOutHonest: this.#shutOutHonest,
    }
  }

  get #target(): PeerId {
    return this.#world.citizens[this.#size.honest - 1]!.peer
  }

  #isSybil(peer: PeerId): boolean {
    const index = this.#indexOf.get(peer)
    return index !== undefined && index >= this.#size.honest
  }

  readonly #indexOf = new Map<PeerId, number>()

  #isWatched(peer: PeerId): boolean {
    return this.#attack !== 'eclipse' || peer === this.#target
  }

  #corrupt(overlay: Overlay): Sybil {
    const sybil = new Sybil(overlay, (message) => this.#dropping && this.#drops(message))
    this.#sybils.push(sybil)
    return sybil
  }

  #drops(message: unknown): boolean {
    if (this.#attack !== 'censor') return true
    return (message as { readonly author?: PeerId }).author === this.#world.citizens[0]!.peer
  }

  /** Everybody through the first honest peer; sybils as the attack says. */
  #join(): void {
    const { citizens, network } = this.#world
    const { honest } = this.#size
    const head = this.#attack === 'coldBoot' ? headStartMs : 0
    for (const [index, { peer }] of citizens.entries()) {
      this.#indexOf.set(peer, index)
      const contacts = index === 0 ? [] : [this.#world.contact(0)]
      const place = index < honest ? index * joinGapMs : (index - honest) * joinGapMs
      // The first peer is everybody's contact and is there at once.
      const wait = index === 0 || index >= honest ? 0 : head
      network.inject(peer, { type: 'join', contacts }, place + wait)
    }
    if (head > 0) this.#pass(head)
  }

  #traffic(ms: number): void {
    const { honest, publishers } = this.#size
    const topic = this.#world.topic('attacks')
    const rng = this.#world.network.rng('payloads')
    for (let passed = 0; passed < ms; passed += publishMs) {
      for (let index = 0; index < publishers; index++) {
        const delayMs = rng.below(publishMs)
        this.#world.publish(index, topic, rng.bytes(payloadBytes), delayMs)
        const isCounted = this.#attack !== 'censor' || index === 0
        if (isCounted) this.#due += this.#attack === 'eclipse' ? 1 : honest - 1
      }
      this.#pass(publishMs)
    }
  }

  /** Lets time pass while the sybils ask for links. */
  #pass(ms: number): void {
    const { network, citizens } = this.#world
    const { honest } = this.#size
    const rng = network.rng('prey')
    const perTick = (this.#ratio * linksWanted * honest * tickMs) / askedOverMs
    for (let passed = 0; passed < ms; passed += tickMs) {
      for (const sybil of this.#sybils) {
        const count = Math.floor(perTick / this.#sybils.length + rng.unit())
        sybil.prey = Array.from({ length: count }, () =>
          this.#attack === 'eclipse' ? this.#target : citizens[rng.below(honest)]!.peer,
        ).slice(0, this.#attack === 'eclipse' ? 1 : count)
      }
      for (const { peer } of citizens.slice(honest)) {
        network.inject(peer, { type: 'roundTrip', peer: this.#target, ms: 100 })
      }
      network.run(tickMs)
    }
  }

  #delivered(
    peer: PeerId,
    message: { readonly id: string; readonly author: PeerId },
    now: Instant,
  ): void {
    if (!this.#isWatched(peer)) return
    if (this.#attack === 'censor' && message.author !== this.#world.citizens[0]!.peer) return
    const publication = this.#world.published.get(message.id as never)
    if (publication !== undefined) this.#delays.push(now - publication.at)
  }
}

const joinGapMs = 50
const headStartMs = 10_000

/** Every attack of a run, by the name of its figures. */
const assaults = [
  ['degradation4', 'degradation', 4],
  ['degradation20', 'degradation', 20],
  ['degradation40', 'degradation', 40],
  ['coldBoot', 'coldBoot', 20],
  ['covertFlash', 'covertFlash', 20],
  ['eclipse', 'eclipse', 20],
  ['censor', 'censor', 20],
] as const

const quickAssaults: ReadonlySet<string> = new Set(['eclipse'])

async function run(options: ScenarioOptions): Promise<Report> {
  await installFastHash()
  const chosen = assaults.filter(([name]) => !options.quick || quickAssaults.has(name))
  const figures: Record<string, number> = {}
  const worst = (name: string, value: number, isLow: boolean): void => {
    const before = figures[name] ?? value
    figures[name] = rounded(isLow ? Math.min(before, value) : Math.max(before, value))
  }
  for (const [index, seed] of seedsOf(options).entries()) {
    const size = options.quick ? quickSize : index < fullSeeds ? fullSize : laterSize
    const calm = new Assault('none', 0, size, seed).run()
    worst('calmInTime', calm.inTime, true)
    worst('calmP99Ms', calm.p99Ms, false)
    for (const [name, attack, ratio] of chosen) {
      const outcome = new Assault(attack, ratio, size, seed).run()
      options.progress(`seed ${seed}, ${name}: ${JSON.stringify(outcome)}`)
      worst(`${name}InTime`, outcome.inTime, true)
      worst(`${name}P99`, outcome.p99Ms / calm.p99Ms, false)
      worst(`${name}SybilShare`, outcome.sybilShare, false)
      worst('honestShutOut', calm.shutOutHonest + outcome.shutOutHonest, false)
    }
  }
  const threshold: Record<string, Threshold> = {
    calmInTime: { match: atLeast(1), beat: null },
    honestShutOut: { match: exactly(0), beat: null },
  }
  for (const [name] of chosen) {
    threshold[`${name}InTime`] = { match: atLeast(1), beat: atLeast(1) }
    threshold[`${name}P99`] = { match: null, beat: atMost(1.6) }
  }
  return judge({
    id: 'attacks',
    seeds: seedsOf(options).length,
    figures,
    threshold,
  })
}

export const scenario: Scenario = {
  id: 'attacks',
  title: 'gossipsub’s attack experiments: all of it within six seconds',
  defaultSeeds: 3,
  run,
}
