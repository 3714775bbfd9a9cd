/**
 * A simulated network whose peers witness each other: whole overlays, the exchange of statements and the machine of
 * witnesses that ship, disks that survive crashes and can be old, and test signatures of real sizes and costs.
 */
import {
  type Checkpoint,
  checkpointId,
  encodeCheckpoint,
  encodeCosignature,
  logIdOf,
  type WitnessLog,
} from '@kithnet/holonomic'
import { epochMs, type EpochMs, type Instant, seededRng, utf8, wallAt } from '@kithnet/kernel'
import type { OverlayEvent, OverlayOutput } from '@kithnet/overlay'
import {
  nativeCosts,
  type TestKeys,
  testScheme,
  uniformLatency,
  VirtualCores,
} from '@kithnet/testkit'
import { hash, networkId, type PeerId, peerIdOf, topicId, type Verified } from '@kithnet/types'
import type { Parcel } from '../../packages/holonomic/src/statements/exchange-messages.ts'
import { forksAmong } from '../../packages/holonomic/src/statements/fork-evidence.ts'
import type { AnyHeld, BookEvent } from '../../packages/holonomic/src/statements/held.ts'
import { StatementBook } from '../../packages/holonomic/src/statements/statement-book.ts'
import { StatementExchange } from '../../packages/holonomic/src/statements/statement-exchange.ts'
import { decodeCheckpoint } from '../../packages/holonomic/src/witness/checkpoint.ts'
import { headKey, logKey } from '../../packages/holonomic/src/witness/witness-disk.ts'
import type { WitnessOutput } from '../../packages/holonomic/src/witness/witness-events.ts'
import { WitnessExchange } from '../../packages/holonomic/src/witness/witness-exchange.ts'
import type { SignedBy } from '../../packages/holonomic/src/witness/witness-messages.ts'
import { type OverlayEffects, OverlayWorld } from './overlay-world.ts'
import { StatementReader } from './statement-reader.ts'
import { WitnessLedger } from './witness-ledger.ts'
import { type Errand, type Told, WitnessPeer } from './witness-peer.ts'

/** What a peer has on disk. */
export interface Disk {
  readonly statements: Map<string, AnyHeld>
  readonly witness: Map<string, Uint8Array>
}

/** A peer of the world, over all of its lives. */
export interface Site {
  readonly index: number
  readonly peer: PeerId
  readonly keys: TestKeys
  readonly cores: VirtualCores
  disk: Disk
  /** In memory: of the life that runs. */
  book: StatementBook
}

/** A signature of a witness, as somebody who sees everything noted it. */
export interface Noted {
  readonly by: PeerId
  readonly checkpoint: Verified<Checkpoint>
}

/** Source: testkit's wall clock at virtual time zero. */
const epochAtZeroMs = 1_767_225_600_000
/** Source: our choice: a commit on a good disk. */
const diskMs = 2

/** Peers, what they have on disk, and who knew what when. */
export class WitnessWorld {
  readonly overlays: OverlayWorld
  readonly sites: readonly Site[]
  readonly ledger = new WitnessLedger()
  readonly cosigned: Noted[] = []
  /** The history behind a checkpoint, by `checkpointId`. */
  readonly logs = new Map<string, WitnessLog>()
  readonly outputs: {
    readonly by: PeerId
    readonly at: Instant
    readonly output: WitnessOutput
  }[] = []
  rejected = 0
  comparisons = 0
  readonly #scheme = testScheme(nativeCosts)
  readonly #network = networkId('simulated')
  readonly #topic = topicId(this.#network, 'statements')
  readonly #parcels = new WeakMap<Uint8Array, Parcel>()
  readonly #reader = new StatementReader(this.#scheme)
  readonly #sites: ReadonlyMap<PeerId, Site>
  readonly #lifeByPeer = new Map<PeerId, WitnessPeer>()
  #lives = 0

  constructor(seed: number, peers: number) {
    const rng = seededRng(`witness ${seed}`)
    this.sites = Array.from({ length: peers }, (_, index) => {
      const keys = this.#scheme.keygen(hash('item', utf8(`citizen ${index}`)))
      const peer = peerIdOf(keys.publicKey)
      return {
        index,
        peer,
        keys,
        cores: new VirtualCores(),
        disk: { statements: new Map(), witness: new Map() },
        book: new StatementBook({ self: peer, network: this.#network }),
      }
    })
    this.#sites = new Map(this.sites.map((site) => [site.peer, site]))
    this.overlays = new OverlayWorld({
      seed,
      peers,
      latency: uniformLatency(5, 30),
      wrap: (overlay, index, self) => {
        const own = rng.fork(`life ${++this.#lives}`)
        const site = this.sites[index]!
        const network = this.#network
        site.book = new StatementBook({ self, network })
        const exchange = new StatementExchange({
          self,
          rng: own.fork('statements'),
          book: site.book,
        })
        const witness = new WitnessExchange({ self, network, rng: own, ...keptBy(site.disk) })
        const life = new WitnessPeer(overlay, exchange, witness, this.#topic, this.#parcels)
        this.#lifeByPeer.set(self, life)
        return life
      },
      onOutput: ({ peer }, output, now) => this.#told(peer, output, now),
    })
  }

  /** The name of a peer's log. */
  logName(peer: PeerId): Pick<Checkpoint, 'network' | 'peer' | 'namespaces'> {
    return { network: this.#network, peer, namespaces: ['notes'] }
  }

  site(peer: PeerId): Site {
    return this.#sites.get(peer)!
  }

  /** A peer's log as its running process has it. */
  logOf(site: Site): WitnessLog {
    return this.#logOf(this.#lifeByPeer.get(site.peer)!, site.peer)
  }

  wall(now: Instant): EpochMs {
    return wallAt(epochMs(epochAtZeroMs), now)
  }

  join(gapMs: number): void {
    this.overlays.join(gapMs)
    this.overlays.subscribeAll(this.#topic)
    for (const site of this.sites) this.#begin(site)
  }

  isAlive({ peer }: Site): boolean {
    return this.overlays.network.isAlive(peer)
  }

  /** A copy of a peer's disk. */
  backup({ disk }: Site): Disk {
    return { statements: new Map(disk.statements), witness: new Map(disk.witness) }
  }

  crash({ peer }: Site): void {
    this.overlays.network.crash(peer)
  }

  /** A peer begins again, with this on its disk. What its overlay keeps is never old. */
  restart(site: Site, disk: Disk = site.disk): void {
    const { network } = this.overlays
    site.disk = disk
    network.restart(site.peer)
    const others = this.sites.filter((one) => one !== site && this.isAlive(one))
    const contacts = others.slice(0, 8).map(({ index }) => this.overlays.contact(index))
    network.inject(site.peer, { type: 'join', contacts })
    network.inject(site.peer, { type: 'subscribe', topic: this.#topic, order: 'none' })
    this.#begin(site)
  }

  /** A peer commits a state of its own. */
  commit(site: Site, text: string): void {
    if (!this.isAlive(site)) return
    const { namespaces } = this.logName(site.peer)
    this.run(site, (life, now) =>
      life.witnessing(
        {
          type: 'commit',
          token: ++this.#lives,
          namespaces,
          members: [utf8(text)],
          at: this.wall(now),
        },
        now,
      ),
    )
  }

  /** What somebody signs outside of every machine. */
  signCheckpoint(site: Site, checkpoint: Checkpoint): AnyHeld {
    return this.#reader.sign(site, 'checkpoint', encodeCheckpoint(checkpoint))
  }

  /** A peer takes a statement that was given to it outside the exchange, and tells everybody. */
  give(site: Site, held: AnyHeld): void {
    this.#later(site, [held], (life, now) => this.#admit(site, life, [held], now, true))
  }

  /** An owner puts a checkpoint to a witness, past every machine of its own. */
  offer(owner: Site, witness: Site, held: SignedBy, log: WitnessLog, epoch: number): void {
    const known = witness.book.get(
      'cosignature',
      `${logIdOf(this.logName(owner.peer))}/${witness.peer}`,
    )
    const from = Math.min(known?.statement.epoch ?? 0, epoch)
    const basis = from === 0 ? new Uint8Array(0) : encodeCheckpoint(log.checkpointAt(from))
    const proof = log.consistencyProof(from, epoch)
    const message = { type: 'offer', checkpoint: held, basis, proof } as const
    this.run(witness, (life, now) =>
      life.witnessing({ type: 'received', from: owner.peer, message }, now),
    )
  }

  /** Does something within the life of a peer that runs. */
  run(site: Site, job: Errand['run'], delayMs = 0): void {
    const errand: Errand = { type: 'errand', run: job }
    this.overlays.network.inject(site.peer, errand as unknown as OverlayEvent, delayMs)
  }

  #begin(site: Site): void {
    this.run(site, (life, now) => {
      const peers = this.sites.map(({ peer }) => peer).filter((peer) => peer !== site.peer)
      const effects: OverlayEffects[number][] = []
      for (const held of site.disk.statements.values()) site.book.add(held, this.wall(now))
      effects.push(...this.#admitted(site, life, peers, now))
      for (const held of site.disk.statements.values()) {
        effects.push(...this.#happened(site, life, { type: 'held', held }, now))
      }
      effects.push(...life.statements({ type: 'opened' }, now))
      return effects
    })
  }

  #admitted(site: Site, life: WitnessPeer, peers: readonly PeerId[], now: Instant): OverlayEffects {
    const honest = peers.filter((peer) => !site.book.isConvicted(peer))
    return life.witnessing({ type: 'admitted', peers: honest }, now)
  }

  #told(peer: PeerId, output: OverlayOutput | Told, now: Instant): void {
    const site = this.#sites.get(peer)!
    if (output.type === 'statements') this.#exchanged(site, output.output, now)
    if (output.type === 'witness') {
      if (output.output.type === 'publish') {
        const { checkpoint } = output.output
        this.logs.set(checkpointId(checkpoint), this.#logOf(output.life, peer))
      }
      this.#witnessed(site, output.output, now)
    }
    if (output.type === 'persist') {
      const { key, value } = output
      this.run(
        site,
        (life, at) => {
          site.disk.witness.set(key, value)
          return life.witnessing({ type: 'persisted', key }, at)
        },
        diskMs,
      )
    }
  }

  #exchanged(
    site: Site,
    output: Extract<Told, { type: 'statements' }>['output'],
    now: Instant,
  ): void {
    switch (output.type) {
      case 'take': {
        const { token, parcel } = output
        const claims = parcel.items.map((item) => this.#reader.claim(item))
        const judged = claims.map((one) => site.book.judge(one, this.wall(now)))
        const known = claims.filter((_, at) => {
          const one = judged[at]!
          return one.ok && one.value === 'known'
        })
        const news = claims.filter((_, at) => {
          const one = judged[at]!
          return one.ok && one.value === 'news'
        })
        const keys = parcel.keys
        const held = news.map((one) => this.#reader.verify(one, keys, site))
        this.#later(site, held, (life, at) => {
          const effects = this.#admit(site, life, held, at, false)
          const stored = held.map(({ id }) => id).filter((id) => site.book.byId(id) !== undefined)
          const taken = { forged: 0, known: known.map(({ id }) => id), stored }
          return [...effects, ...life.statements({ type: 'taken', token, taken }, at)]
        })
        return
      }
      case 'synced': {
        this.comparisons++
        if (!output.report.complete) return
        const { peer } = output
        this.run(site, (life, at) => [
          ...life.witnessing({ type: 'compared', peer }, at),
          ...life.witnessing({ type: 'ready' }, at),
        ])
        return
      }
      case 'reject':
        this.rejected++
        return
      case 'publish':
    }
  }

  #witnessed(site: Site, output: WitnessOutput, now: Instant): void {
    this.outputs.push({ by: site.peer, at: now, output })
    switch (output.type) {
      case 'publish':
        this.give(site, this.#reader.sign(site, 'checkpoint', output.body))
        return
      case 'cosign':
        this.#cosign(site, output.checkpoint, output.to, now)
        return
      case 'verify': {
        const { token, signed } = output
        const { body, signature, publicKey } = signed
        const claim = this.#reader.claim({ kind: 'checkpoint', body, signature })
        const held = this.#reader.verify(claim, [publicKey], site)
        this.#later(site, [held], (life, at) => [
          ...this.#admit(site, life, [held], at, true),
          ...(held.kind === 'checkpoint'
            ? life.witnessing({ type: 'verified', token, checkpoint: held.statement }, at)
            : []),
        ])
        return
      }
      case 'take': {
        const { body, signature, publicKey } = output.signed
        const claim = this.#reader.claim({ kind: 'cosignature', body, signature })
        const held = this.#reader.verify(claim, [publicKey], site)
        this.#later(site, [held], (life, at) => this.#admit(site, life, [held], at, false))
        return
      }
      case 'fork': {
        const item = { kind: 'fork', body: output.proof, signature: new Uint8Array(0) } as const
        const held = this.#reader.verify(this.#reader.claim(item), [], site)
        this.#later(site, [held], (life, at) => this.#admit(site, life, [held], at, true))
        return
      }
      case 'reject':
        this.rejected++
        return
      default:
    }
  }

  /** As the service does: kept and broadcast before it is given. */
  #cosign(site: Site, checkpoint: Verified<Checkpoint>, to: PeerId, now: Instant): void {
    const [log, id] = [logIdOf(checkpoint), checkpointId(checkpoint)]
    const { epoch } = checkpoint
    const given = site.book.get('cosignature', `${log}/${site.peer}`)
    if (given?.statement.checkpoint === id) {
      this.run(site, (life, at) =>
        life.witnessing({ type: 'cosigned', to, cosignature: given }, at),
      )
      return
    }
    if (given !== undefined && given.statement.epoch >= epoch) return
    const at = this.wall(now)
    const body = encodeCosignature({ cosigner: site.peer, log, epoch, checkpoint: id, at })
    const held = this.#reader.sign(site, 'cosignature', body)
    this.cosigned.push({ by: site.peer, checkpoint })
    this.#later(site, [held], (life, done) => [
      ...this.#admit(site, life, [held], done, true),
      ...life.witnessing({ type: 'cosigned', to, cosignature: held }, done),
    ])
  }

  /** Puts what is on disk into the book, with the proofs that it makes. */
  #admit(
    site: Site,
    life: WitnessPeer,
    news: readonly AnyHeld[],
    now: Instant,
    isOwn: boolean,
  ): OverlayEffects {
    const proofs = forksAmong(news, site.book)
    const effects: OverlayEffects[number][] = []
    const told: string[] = proofs.map(({ id }) => id)
    for (const one of news) if (one.kind === 'checkpoint') this.ledger.arrived(site.index, one, now)
    for (const one of [...news, ...proofs] as AnyHeld[]) {
      for (const event of site.book.add(one, this.wall(now))) {
        if (event.type === 'held') {
          site.disk.statements.set(event.held.id, event.held)
          if (event.replaced !== undefined) site.disk.statements.delete(event.replaced.id)
          this.ledger.arrived(site.index, event.held, now)
          if (isOwn) told.push(event.held.id)
        } else {
          site.disk.statements.delete(event.held.id)
        }
        effects.push(...this.#happened(site, life, event, now))
      }
    }
    for (const id of new Set(told)) {
      if (site.book.byId(id) !== undefined)
        effects.push(...life.statements({ type: 'made', id }, now))
    }
    return effects
  }

  /** What the service tells the machine of the book. */
  #happened(site: Site, life: WitnessPeer, event: BookEvent, now: Instant): OverlayEffects {
    if (event.type !== 'held') return []
    const { held } = event
    if (held.kind === 'cosignature') {
      return life.witnessing(
        { type: 'cosignature', cosignature: held.statement, signed: held },
        now,
      )
    }
    if (held.kind === 'checkpoint' && held.signer === site.peer) {
      return life.witnessing({ type: 'known', checkpoint: held.statement, signed: held }, now)
    }
    if (held.kind !== 'fork') return []
    const peers = this.sites.map(({ peer }) => peer).filter((peer) => peer !== site.peer)
    const effects = [...this.#admitted(site, life, peers, now)]
    if (held.signer !== site.peer) return effects
    for (const checkpoint of [held.statement.one, held.statement.other]) {
      effects.push(...life.witnessing({ type: 'known', checkpoint, signed: held }, now))
    }
    return effects
  }

  #logOf(life: WitnessPeer, peer: PeerId): WitnessLog {
    const { namespaces } = this.logName(peer)
    const found = life.witness.owner.proven(namespaces)
    if (found === undefined) throw new Error('the peer has committed something')
    return found.log
  }

  /** When signatures are checked and all is on disk. */
  #later(site: Site, held: readonly AnyHeld[], job: Errand['run']): void {
    const { now } = this.overlays.network
    const costUs = held.length * this.#scheme.costs.verifyUs
    this.run(site, job, site.cores.work(now, costUs) - now + diskMs)
  }
}

/** What the machine of witnesses is made from after a start. */
function keptBy({ witness }: Disk): {
  readonly logs: readonly Checkpoint[]
  readonly heads: readonly (readonly [string, Uint8Array])[]
} {
  const logs: Checkpoint[] = []
  const heads: [string, Uint8Array][] = []
  for (const [key, value] of witness) {
    if (key.startsWith(headKey)) heads.push([key.slice(headKey.length), value])
    const read = key.startsWith(logKey) ? decodeCheckpoint(value) : undefined
    if (read?.ok === true) logs.push(read.value)
  }
  return { logs: logs.toSorted((a, b) => a.epoch - b.epoch), heads }
}
