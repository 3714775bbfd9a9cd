/**
 * A search for broken promises: small networks of whole overlays, another mixture of hazards for each seed, and a
 * list of what must hold whatever happens. A17 plants bugs and asks whether this finds them.
 *
 * Set-up: 6 to 12 peers of the `local` preset, 10 ms one way, one message each 100 ms. Each seed draws which hazards
 * take part for 20 seconds: loss, disorder (duplicates, overtaking, jitter), resets, crashes told and untold, restarts
 * with the disk or without, a partition, stalls, a peer that lies. Then all is healed; a minute later
 * everybody publishes in six rounds, a second apart. One seed in four goes on for 20 quiet minutes, after
 * which nothing may be remembered, and the liar replays what it kept.
 */
import { type Rng, seededRng } from '@kithnet/kernel'
import { overlayConfig } from '@kithnet/overlay'
import type { PeerId } from '@kithnet/types'
import { type Citizen, type OverlayMachine, OverlayWorld } from '../overlay-world.ts'
import { Broken, type Finding, promise } from './finding.ts'
import { type Hazard, hazards, Trouble } from './hazards.ts'
import { Liar } from './liar.ts'
import { Observations } from './observations.ts'

const settleMs = 4_000
const troubleMs = 20_000
const healMs = 60_000
const rounds = 6
const quietMs = 1_200_000
const gapMs = 100
const config = overlayConfig('local')

/** Runs one seed. Answers with the first promise that did not hold. */
export function hunt(seed: number): Finding | undefined {
  try {
    new Hunt(seed).run()
    return undefined
  } catch (error) {
    if (error instanceof Broken) return { promise: error.promise, detail: error.message }
    return { promise: 'no machine throws', detail: String(error) }
  }
}

class Hunt {
  readonly #rng: Rng
  readonly #hazards: ReadonlySet<Hazard>
  readonly #world: OverlayWorld
  readonly #observed: Observations
  readonly #troubles: Trouble
  readonly #liarIndex: number
  #liar: Liar | undefined
  readonly #goesOn: boolean
  #number = 0
  #eager = 0

  constructor(seed: number) {
    this.#rng = seededRng(`hunt ${seed}`)
    const drawn = hazards.filter(() => this.#rng.below(3) === 0)
    this.#hazards = new Set(drawn)
    this.#goesOn = seed % 4 === 0
    const peers = 6 + this.#rng.below(7)
    this.#liarIndex = this.#hazards.has('liar') ? peers - 1 : -1
    this.#world = new OverlayWorld({
      seed,
      peers,
      config,
      wrap: (overlay, index) => this.#wrap(overlay, index),
      onOutput: (citizen, output, now) => this.#observed.heard(citizen, output, now),
    })
    this.#observed = new Observations(this.#world, this.#liarIndex, this.#hazards.has('forget'))
    this.#troubles = new Trouble(this.#world, this.#rng, this.#hazards, {
      topic: this.#topic,
      living: () => this.#living,
      reborn: (peer) => this.#observed.reborn(peer),
    })
    const liar = this.#world.citizens[this.#liarIndex]
    if (liar !== undefined) this.#liar?.identify(liar, this.#world.name, this.#topic)
  }

  run(): void {
    const { network } = this.#world
    this.#world.subscribeAll(this.#topic)
    this.#world.join(50)
    this.#pass(settleMs, true)
    this.#trouble()
    this.#heal()
    this.#pass(healMs, false)
    this.#checkViews()
    this.#checkComplete('what was published in trouble reaches everybody')
    const before = network.counts.sentMessages
    this.#pass(10_000, false)
    const peers = this.#living.length + 1
    promise(
      'an idle network is quiet',
      (network.counts.sentMessages - before) / peers / 10,
      idlePerSecond,
    )
    this.#peace()
    this.#checkHonour()
    if (this.#goesOn) this.#goOn()
  }

  get #topic(): ReturnType<OverlayWorld['topic']> {
    return this.#world.topic('hunt')
  }

  get #honest(): readonly Citizen[] {
    return this.#world.citizens.filter((_, index) => index !== this.#liarIndex)
  }

  get #living(): readonly Citizen[] {
    return this.#honest.filter(({ node }) => node.alive)
  }

  #wrap(overlay: OverlayMachine, index: number): OverlayMachine {
    if (index === this.#liarIndex) {
      this.#liar = new Liar(overlay, this.#rng.fork('liar'))
      return this.#liar
    }
    return {
      on: (event, now) => {
        const isEager =
          event.type === 'received' &&
          event.message.type === 'pubsub' &&
          event.message.message.type === 'eager'
        if (isEager) this.#eager++
        return overlay.on(event, now)
      },
      snapshot: () => overlay.snapshot(),
    }
  }

  /** Lets time pass, with or without traffic; the promises about every moment are looked at each second. */
  #pass(ms: number, traffic: boolean): void {
    const { network } = this.#world
    for (let passed = 0; passed < ms; passed += gapMs) {
      if (traffic) this.#publish()
      network.run(gapMs)
      if (passed % 1_000 === 0) this.#checkMoment()
    }
  }

  #publish(): void {
    const living = this.#living
    const author = living[this.#rng.below(living.length)]!
    const index = this.#world.citizens.indexOf(author)
    const payload = this.#rng.bytes(64)
    new DataView(payload.buffer).setUint32(0, this.#number++)
    this.#world.publish(index, this.#topic, payload)
  }

  #trouble(): void {
    this.#liar?.turn(true)
    this.#troubles.begin()
    for (let passed = 0; passed < troubleMs; passed += 1_000) {
      this.#troubles.strike()
      this.#pass(1_000, true)
    }
  }

  #heal(): void {
    const { network } = this.#world
    // Longer than any partition or absence that is still planned.
    this.#pass(9_000, true)
    network.unblock()
    network.unshape()
    this.#liar?.turn(false)
  }

  /** Rounds of one message from everybody; the trees stand from the third on. */
  #peace(): void {
    const delays = this.#observed.delaysMs
    let from = 0
    for (let round = 0; round < rounds; round++) {
      if (round === 2) {
        from = delays.length
        this.#eager = 0
      }
      for (const citizen of this.#living) {
        const payload = this.#rng.bytes(64)
        new DataView(payload.buffer).setUint32(0, this.#number++)
        this.#world.publish(this.#world.citizens.indexOf(citizen), this.#topic, payload)
      }
      this.#pass(1_000, false)
    }
    const deliveries = delays.length - from
    this.#checkComplete('what is published in peace reaches everybody')
    promise('a standing tree pushes once', this.#eager / deliveries, mostCopies)
    promise('a standing tree pushes soon', Math.max(...delays.slice(from)), mostDelayMs)
    const left = this.#living.map(({ node }) => node.machine.snapshot())
    promise('nothing waits in peace', Math.max(...left.map((view) => view.pending + view.queued)))
    promise('nothing is missed in peace', Math.max(...left.map((view) => view.missing)))
  }

  #checkMoment(): void {
    promise('nothing unverified is delivered', this.#observed.unverified)
    promise('nothing is delivered twice', this.#observed.repeated)
    promise('incarnations rise', this.#observed.backwards)
    promise('only who accepted acknowledges', this.#observed.overtold)
    for (const { node } of this.#living) {
      const view = node.machine.snapshot()
      promise(
        'active views are bounded',
        view.activeView.length,
        config.membership.views.activeCapacity,
      )
      promise(
        'unverified work is bounded',
        view.pending,
        config.pubsub.pendingMessages * view.links,
      )
    }
  }

  #checkViews(): void {
    const living = new Set(this.#living.map(({ peer }) => peer))
    const views = new Map(
      this.#living.map(({ peer, node }) => [peer, node.machine.snapshot().activeView]),
    )
    const dead = [...views].flatMap(([, view]) =>
      view.filter((other) => other !== this.#observed.enemy && !living.has(other)),
    )
    promise('the dead leave the views', dead.length)
    // A goodbye may be on its way: what counts has lasted.
    const before = new Set(this.#oneSided())
    this.#pass(1_000, false)
    const lasting = this.#oneSided().filter((pair) => before.has(pair))
    promise('views are symmetric', lasting.length)
    const reached = new Set<PeerId>()
    const queue = [...living].slice(0, 1)
    for (let peer = queue.pop(); peer !== undefined; peer = queue.pop()) {
      if (reached.has(peer)) continue
      reached.add(peer)
      queue.push(...(views.get(peer) ?? []).filter((other) => living.has(other)))
    }
    promise('the network is one', living.size - reached.size)
    const full = Math.min(config.membership.views.activeTarget, living.size - 1)
    const least = Math.min(...[...views.values()].map((view) => view.length))
    promise('views are filled', full - least, Math.ceil(full / 2))
  }

  /** Neighbourhoods of two of the living that one of them alone believes in. */
  #oneSided(): readonly string[] {
    const views = new Map(
      this.#living.map(({ peer, node }) => [peer, node.machine.snapshot().activeView]),
    )
    return [...views].flatMap(([peer, view]) =>
      view
        .filter(
          (other) => other !== this.#observed.enemy && views.get(other)?.includes(peer) === false,
        )
        .map((other) => `${peer} ${other}`),
    )
  }

  /** Everything that anybody alive has had, everybody alive has. */
  #checkComplete(what: string): void {
    const living = this.#living
    let missing = 0
    for (const [id, { author }] of this.#world.published) {
      const having = living.filter(
        ({ peer }) => peer === author || this.#observed.lifeOf(peer).delivered.has(id),
      )
      const known = living.some(({ peer }) => this.#observed.lifeOf(peer).delivered.has(id))
      if (known) missing += living.length - having.length
    }
    promise(what, missing)
  }

  #checkHonour(): void {
    const liar = this.#observed.enemy
    let cut = 0
    let spared = 0
    for (const { peer } of this.#living) {
      const { sheds, forgeries } = this.#observed.lifeOf(peer)
      for (const other of sheds) if (other !== liar) cut++
      if (forgeries > 0 && liar !== undefined && !sheds.has(liar)) spared++
    }
    promise('the honest are not cut off', cut)
    promise('a forger is cut off', spared)
    if (this.#liar === undefined) return
    const { first, second } = this.#liar.forkedTo
    const calm = this.#hazards.size === 1
    if (calm && first.size > 0 && second.size > 0) {
      promise('a fork leaves evidence', this.#observed.evidence === 0 ? 1 : 0)
    }
  }

  #goOn(): void {
    const { network } = this.#world
    for (let passed = 0; passed < quietMs; passed += 10_000) network.run(10_000)
    const views = this.#living.map(({ node }) => node.machine.snapshot())
    const held = views.map((view) => view.seen + view.lanes + view.cachedMessages + view.batches)
    promise('what is old is forgotten', Math.max(...held))
    if (this.#liar === undefined) return
    this.#liar.replay()
    this.#pass(10_000, false)
    this.#checkMoment()
  }
}

/** Messages a peer may send in a second of peace. Source: four times what the `local` preset measures. */
const idlePerSecond = 400
/** Source: one push per delivery is the rule; views of the `local` preset go on changing, and each new link is pushed to once. */
const mostCopies = 2.5
/** Source: five hops of 10 ms, a signature and checks; then a message that was announced, waited for and pulled. */
const mostDelayMs = 600
