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
import { type Instant, type Rng, sample, seededRng, toHex } from '@kithnet/kernel'
import { type Delivery, overlayConfig, type OverlayOutput } from '@kithnet/overlay'
import {
  contentOf,
  decodeDescriptor,
  type MessageId,
  messageIdOf,
  type PeerId,
} from '@kithnet/types'
import { Liar } from './liar.ts'
import { type Citizen, type OverlayMachine, OverlayWorld } from '../overlay-world.ts'

/** A promise that was broken. */
export interface Finding {
  readonly promise: string
  readonly detail: string
}

const hazards = [
  'loss',
  'disorder',
  'resets',
  'crash',
  'vanish',
  'forget',
  'partition',
  'stall',
  'liar',
] as const
type Hazard = (typeof hazards)[number]

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

class Broken extends Error {
  readonly promise: string

  constructor(what: string, detail: string) {
    super(detail)
    this.promise = what
  }
}

/** What is held against a promise: how many times it was broken, or a number that is too large. */
function promise(what: string, found: number, most = 0): void {
  if (!(found <= most)) throw new Broken(what, `${found}, at most ${most}`)
}

/** What one honest peer has shown in its present life. */
interface Life {
  readonly delivered: Map<MessageId, number>
  readonly sheds: Set<PeerId>
  forgeries: number
}

class Hunt {
  readonly #rng: Rng
  readonly #hazards: ReadonlySet<Hazard>
  readonly #world: OverlayWorld
  readonly #lives = new Map<PeerId, Life>()
  readonly #liarIndex: number
  readonly #signed = new Map<PeerId, { incarnation: number; epoch: number }>()
  #liar: Liar | undefined
  readonly #goesOn: boolean
  #number = 0
  #eager = 0
  /** Of deliveries to honest peers: whoever was cut off for its lies gets what it gets. */
  readonly #delaysMs: number[] = []
  #evidence = 0
  #unverified = 0
  #repeated = 0
  #backwards = 0
  #overtold = 0

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
      onOutput: (citizen, output, now) => this.#heard(citizen, output, now),
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

  /** The liar's. */
  get #enemy(): PeerId | undefined {
    return this.#world.citizens[this.#liarIndex]?.peer
  }

  #idOf({ topic, author, stream, seq, payload }: Delivery): MessageId {
    const position = { network: this.#world.name, topic, author, stream, seq }
    return messageIdOf(position, contentOf(payload))
  }

  #lifeOf(peer: PeerId): Life {
    let life = this.#lives.get(peer)
    if (life === undefined) {
      life = { delivered: new Map(), sheds: new Set(), forgeries: 0 }
      this.#lives.set(peer, life)
    }
    return life
  }

  #heard(citizen: Citizen, output: OverlayOutput, now: Instant): void {
    if (this.#world.citizens[this.#liarIndex] === citizen) return
    const life = this.#lifeOf(citizen.peer)
    switch (output.type) {
      case 'deliver': {
        const { id, author } = output.message
        const publication = this.#world.published.get(id)
        if (publication !== undefined) this.#delaysMs.push(now - publication.at)
        const isKnown = this.#world.published.has(id) || author === this.#enemy
        if (!isKnown || id !== this.#idOf(output.message)) this.#unverified++
        const times = (life.delivered.get(id) ?? 0) + 1
        life.delivered.set(id, times)
        if (times > 1) this.#repeated++
        return
      }
      case 'sign':
        if (output.domain === 'descriptor') this.#described(citizen.peer, output.body)
        return
      case 'published':
        if (output.status !== 'acknowledged') return
        if (output.peers > this.#accepted(output.id, citizen.peer)) this.#overtold++
        return
      case 'shed':
      case 'penalised':
        if (output.type === 'shed') life.sheds.add(output.peer)
        if (output.fault.code === 'pubsub/forged-batch') life.forgeries++
        return
      case 'equivocation':
        this.#evidence++
        return
      default:
    }
  }

  /** Each descriptor follows the one before, in earlier lives too, and no newer one than is on disk is signed. */
  #described(peer: PeerId, body: Uint8Array): void {
    const decoded = decodeDescriptor(body)
    if (!decoded.ok) return
    const { incarnation, epoch } = decoded.value
    const bytes = this.#world.network.diskOf(peer).get('incarnation')
    const stored = bytes === undefined ? 0 : Number(BigInt(`0x${toHex(bytes)}`))
    const before = this.#signed.get(peer)
    const follows =
      before === undefined ||
      incarnation > before.incarnation ||
      (incarnation === before.incarnation && epoch > before.epoch)
    // Whoever has lost its disk begins again from below, and is told.
    if (incarnation > stored || (!follows && !this.#hazards.has('forget'))) this.#backwards++
    this.#signed.set(peer, { incarnation, epoch })
  }

  /** Peers that have had the message from its batch's author: those that delivered it, the liar counted in. */
  #accepted(id: MessageId, author: PeerId): number {
    const others = this.#honest.filter(({ peer }) => peer !== author)
    const liar = this.#liar === undefined ? 0 : 1
    return others.filter(({ delivered }) => delivered.has(id)).length + liar
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
    const { network } = this.#world
    this.#liar?.turn(true)
    if (this.#hazards.has('loss')) network.shape({ lossRate: 0.02 + this.#rng.unit() * 0.08 })
    else if (this.#hazards.has('disorder')) {
      network.shape({ duplicateRate: 0.05, reorderRate: 0.05, reorderMs: 50, jitterMs: 10 })
    }
    for (let passed = 0; passed < troubleMs; passed += 1_000) {
      for (const hazard of hazards) if (this.#hazards.has(hazard)) this.#strike(hazard)
      this.#pass(1_000, true)
    }
  }

  #strike(hazard: Hazard): void {
    const { network } = this.#world
    const living = this.#living.map(({ peer }) => peer)
    const [peer, other] = sample(this.#rng, living, 2)
    if (peer === undefined || other === undefined || this.#rng.below(4) !== 0) return
    switch (hazard) {
      case 'resets':
        return network.resetLink(peer, other)
      case 'stall':
        return network.stall(peer, 200 + this.#rng.below(2_000))
      case 'partition': {
        const cut = sample(this.#rng, living, Math.ceil(living.length / 3))
        const lift = network.partition(
          cut,
          living.filter((one) => !cut.includes(one)),
        )
        network.at((network.now + 2_000 + this.#rng.below(6_000)) as Instant, lift)
        return
      }
      case 'crash':
      case 'vanish':
      case 'forget': {
        if (living.length < 5) return
        network.crash(peer, hazard === 'crash' ? 'reset' : 'blackhole')
        const backMs = 500 + this.#rng.below(8_000)
        const disk = hazard === 'forget' ? 'lost' : 'kept'
        network.at((network.now + backMs) as Instant, () => this.#restart(peer, disk))
        return
      }
      case 'loss':
      case 'disorder':
      case 'liar':
    }
  }

  #restart(peer: PeerId, disk: 'kept' | 'lost'): void {
    const { network } = this.#world
    if (network.isAlive(peer)) return
    this.#lives.delete(peer)
    network.restart(peer, disk)
    network.inject(peer, { type: 'subscribe', topic: this.#topic })
    const others = this.#living.filter((citizen) => citizen.peer !== peer)
    const contact = this.#world.citizens.indexOf(others[this.#rng.below(others.length)]!)
    network.inject(peer, { type: 'join', contacts: [this.#world.contact(contact)] })
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
    const delays = this.#delaysMs
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
    promise('nothing unverified is delivered', this.#unverified)
    promise('nothing is delivered twice', this.#repeated)
    promise('incarnations rise', this.#backwards)
    promise('only who accepted acknowledges', this.#overtold)
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
      view.filter((other) => other !== this.#enemy && !living.has(other)),
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
        .filter((other) => other !== this.#enemy && views.get(other)?.includes(peer) === false)
        .map((other) => `${peer} ${other}`),
    )
  }

  /** Everything that anybody alive has had, everybody alive has. */
  #checkComplete(what: string): void {
    const living = this.#living
    let missing = 0
    for (const [id, { author }] of this.#world.published) {
      const having = living.filter(
        ({ peer }) => peer === author || this.#lifeOf(peer).delivered.has(id),
      )
      const known = living.some(({ peer }) => this.#lifeOf(peer).delivered.has(id))
      if (known) missing += living.length - having.length
    }
    promise(what, missing)
  }

  #checkHonour(): void {
    const liar = this.#enemy
    let cut = 0
    let spared = 0
    for (const { peer } of this.#living) {
      const { sheds, forgeries } = this.#lifeOf(peer)
      for (const other of sheds) if (other !== liar) cut++
      if (forgeries > 0 && liar !== undefined && !sheds.has(liar)) spared++
    }
    promise('the honest are not cut off', cut)
    promise('a forger is cut off', spared)
    if (this.#liar === undefined) return
    const { first, second } = this.#liar.forkedTo
    const calm = this.#hazards.size === 1
    if (calm && first.size > 0 && second.size > 0) {
      promise('a fork leaves evidence', this.#evidence === 0 ? 1 : 0)
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
