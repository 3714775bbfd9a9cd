import { type EpochMs, epochMs, type Instant, instant, type Rng, seededRng } from '@kithnet/kernel'
import type { PeerId, Verified } from '@kithnet/types'
import { forksAmong } from '../src/statements/fork-evidence.ts'
import { StatementBook } from '../src/statements/statement-book.ts'
import { readItem, type StatementItem, verifyItemSync } from '../src/statements/statement-item.ts'
import type { AnyHeld } from '../src/statements/held.ts'
import { type Checkpoint, checkpointKind, decodeCheckpoint } from '../src/witness/checkpoint.ts'
import { checkpointId, cosignatureKind, encodeCosignature } from '../src/witness/cosignature.ts'
import { logIdOf } from '../src/witness/checkpoint.ts'
import { headKey, logKey } from '../src/witness/witness-disk.ts'
import type {
  WitnessConfig,
  WitnessEffect,
  WitnessInput,
  WitnessOutput,
} from '../src/witness/witness-events.ts'
import { WitnessExchange } from '../src/witness/witness-exchange.ts'
import {
  decodeWitnessMessage,
  encodeWitnessMessage,
  type WitnessMessage,
} from '../src/witness/witness-messages.ts'
import { type Actor, actors, network, noon, scheme } from './actors.ts'
import { verifySignedSync } from '@kithnet/identity'

/** One peer: its machine, its disk, its book, and what it told. */
export interface Site {
  readonly actor: Actor
  disk: Map<string, Uint8Array>
  machine: WitnessExchange
  book: StatementBook
  outputs: WitnessOutput[]
  timers: Map<string, Instant>
  /** Hears no statement of others, and sends none. */
  isCut: boolean
  /** Writes wait, and are lost in a crash. */
  unwritten: { readonly key: string; readonly value: Uint8Array }[]
  life: number
}

type Job = () => void

/** Peers that witness each other, in virtual time: what travels takes its time, in an order that a seed gives. */
export class WitnessWorld {
  readonly sites: readonly Site[]
  readonly config: Partial<WitnessConfig>
  /** Every cosignature that anybody ever signed. */
  readonly cosigned: { readonly by: PeerId; readonly checkpoint: Verified<Checkpoint> }[] = []
  /** All that was said. */
  readonly sent: {
    readonly from: PeerId
    readonly to: PeerId
    readonly message: WitnessMessage
  }[] = []
  now: Instant = instant(0)
  readonly #rng: Rng
  readonly #jobs: { readonly at: number; readonly order: number; readonly run: Job }[] = []
  #order = 0
  #lives = 0

  constructor(seed: string, count: number, config: Partial<WitnessConfig> = {}) {
    this.#rng = seededRng(seed)
    this.config = config
    this.sites = actors(count, 'site').map((actor) => {
      const site = { actor, disk: new Map(), isCut: false } as unknown as Site
      this.start(site)
      return site
    })
    for (const site of this.sites) this.begin(site)
  }

  get wall(): EpochMs {
    return epochMs(noon + this.now)
  }

  site(peer: PeerId): Site {
    return this.sites.find(({ actor }) => actor.peer === peer)!
  }

  /** A new process, with what is on the disk; the book is of the disk's age too when it is given. */
  start(site: Site, book?: StatementBook): void {
    const logs: Checkpoint[] = []
    const heads: [string, Uint8Array][] = []
    for (const [key, value] of site.disk) {
      if (key.startsWith(headKey)) heads.push([key.slice(headKey.length), value])
      const read = key.startsWith(logKey) ? decodeCheckpoint(value) : undefined
      if (read?.ok === true) logs.push(read.value)
    }
    logs.sort((a, b) => a.epoch - b.epoch)
    const { peer } = site.actor
    site.life = ++this.#lives
    site.machine = new WitnessExchange({
      self: peer,
      network,
      rng: this.#rng.fork(`life ${site.life}`),
      config: this.config,
      logs,
      heads,
    })
    site.book = book ?? new StatementBook({ self: peer, network })
    site.outputs = []
    site.timers = new Map()
    site.unwritten = []
  }

  /** It knows whom it admits and who is near, compares its book with the others', and begins. */
  begin(site: Site, neighbours: readonly Site[] = this.sites): void {
    const others = neighbours.filter((one) => one !== site)
    const peers = this.sites.map(({ actor }) => actor.peer).filter((one) => one !== site.actor.peer)
    this.feed(site, { type: 'admitted', peers })
    for (const { actor } of others) this.feed(site, { type: 'neighbourUp', peer: actor.peer })
    for (const held of allOf(site.book)) this.#tell(site, held)
    for (const other of others) this.compare(site, other)
  }

  /** Both books become one; only `site` counts the other as compared. */
  compare(site: Site, other: Site): void {
    for (const held of allOf(other.book)) this.#hold(site, held)
    for (const held of allOf(site.book)) this.#hold(other, held)
    this.feed(site, { type: 'compared', peer: other.actor.peer })
    this.feed(site, { type: 'ready' })
  }

  feed(site: Site, event: WitnessInput): void {
    for (const effect of site.machine.on(event, this.now)) this.#perform(site, effect)
  }

  /** Runs what is under way, timers for so long. */
  run(ms = 0): void {
    const until = instant(this.now + ms)
    for (;;) {
      const job = this.#jobs.sort((a, b) => a.at - b.at || a.order - b.order)[0]
      const timer = this.#nextTimer()
      const jobAt = job?.at ?? Infinity
      const timerAt = timer?.at ?? Infinity
      if (Math.min(jobAt, timerAt) > until) break
      if (jobAt <= timerAt) {
        this.#jobs.shift()
        this.now = instant(jobAt)
        job!.run()
      } else {
        this.now = timer!.at
        timer!.site.timers.delete(timer!.key)
        this.feed(timer!.site, { type: 'fired', key: timer!.key })
      }
    }
    this.now = until
  }

  /** What was not written is lost; so are what travels to it and its timers. */
  crash(site: Site, disk: Map<string, Uint8Array> = site.disk, book?: StatementBook): void {
    site.disk = disk
    this.start(site, book)
  }

  /** Puts a statement into the books of all that are not cut off. */
  broadcast(from: Site, held: AnyHeld): void {
    this.#hold(from, held)
    if (from.isCut) return
    for (const site of this.sites) {
      if (site === from) continue
      const { life } = site
      this.#later(() => {
        if (!site.isCut && site.life === life) this.#hold(site, held)
      })
    }
  }

  signed(site: Site, kind: 'checkpoint' | 'cosignature', body: Uint8Array): AnyHeld {
    const { actor } = site
    const { signature } =
      kind === 'checkpoint' ? actor.sign(checkpointKind, body) : actor.sign(cosignatureKind, body)
    return heldOf({ kind, body, signature }, actor.publicKey)
  }

  flush(site: Site): void {
    for (const { key, value } of site.unwritten.splice(0)) {
      site.disk.set(key, value)
      this.feed(site, { type: 'persisted', key })
    }
  }

  #perform(site: Site, effect: WitnessEffect): void {
    switch (effect.type) {
      case 'send': {
        const bytes = encodeWitnessMessage(effect.message)
        const to = this.site(effect.to)
        const { life } = to
        this.sent.push({ from: site.actor.peer, to: effect.to, message: effect.message })
        this.#later(() => {
          const message = decodeWitnessMessage(bytes.slice())
          if (!message.ok) throw new Error(message.fault.code)
          if (to.life !== life) return
          this.feed(to, { type: 'received', from: site.actor.peer, message: message.value })
        })
        return
      }
      case 'arm':
        site.timers.set(effect.key, effect.at)
        return
      case 'disarm':
        site.timers.delete(effect.key)
        return
      case 'persist': {
        site.unwritten.push({ key: effect.key, value: effect.value })
        const { life } = site
        this.#later(() => {
          if (site.life === life) this.flush(site)
        })
        return
      }
      case 'emit':
        site.outputs.push(effect.output)
        this.#emitted(site, effect.output)
        return
      case 'release':
    }
  }

  #emitted(site: Site, output: WitnessOutput): void {
    const { life } = site
    const later = (job: Job): void =>
      this.#later(() => {
        if (site.life === life) job()
      })
    switch (output.type) {
      case 'publish':
        later(() => this.broadcast(site, this.signed(site, 'checkpoint', output.body)))
        return
      case 'cosign':
        later(() => this.#cosign(site, output.checkpoint, output.to))
        return
      case 'verify':
        later(() => {
          const { signed, token } = output
          const read = verifySignedSync(checkpointKind, signed, signed.publicKey, scheme)
          if (read.ok) this.#hold(site, heldOf({ kind: 'checkpoint', ...signed }, signed.publicKey))
          const checkpoint = read.ok ? read.value : undefined
          this.feed(site, { type: 'verified', token, checkpoint })
        })
        return
      case 'take': {
        const { body, signature, publicKey } = output.signed
        const claimed = readItem({ kind: 'cosignature', body, signature })
        const held = claimed.ok ? verifyItemSync(claimed.value, publicKey, scheme) : claimed
        if (held.ok) later(() => this.#hold(site, held.value))
        return
      }
      case 'fork':
        later(() => {
          const item = { kind: 'fork', body: output.proof, signature: new Uint8Array(0) } as const
          this.broadcast(site, heldOf(item, new Uint8Array(0)))
        })
        return
      default:
    }
  }

  #cosign(site: Site, checkpoint: Verified<Checkpoint>, to: PeerId): void {
    const log = logIdOf(checkpoint)
    const id = checkpointId(checkpoint)
    const { peer } = site.actor
    const given = site.book.get('cosignature', `${log}/${peer}`)
    if (given !== undefined && given.statement.checkpoint !== id) {
      if (given.statement.epoch >= checkpoint.epoch) return
    }
    let held: AnyHeld | undefined = given
    if (held?.kind !== 'cosignature' || held.statement.checkpoint !== id) {
      const body = encodeCosignature({
        cosigner: peer,
        log,
        epoch: checkpoint.epoch,
        checkpoint: id,
        at: this.wall,
      })
      held = this.signed(site, 'cosignature', body)
      this.cosigned.push({ by: peer, checkpoint })
      this.broadcast(site, held)
    }
    this.feed(site, { type: 'cosigned', to, cosignature: held })
  }

  #hold(site: Site, held: AnyHeld): void {
    for (const fork of forksAmong([held], site.book)) {
      if (site.book.get('fork', fork.slot) === undefined) this.broadcast(site, fork)
    }
    for (const event of site.book.add(held, this.wall)) {
      if (event.type === 'held') this.#tell(site, event.held)
    }
  }

  #tell(site: Site, held: AnyHeld): void {
    const { peer } = site.actor
    if (held.kind === 'cosignature') {
      this.feed(site, { type: 'cosignature', cosignature: held.statement, signed: held })
    }
    if (held.kind === 'checkpoint' && held.signer === peer) {
      this.feed(site, { type: 'known', checkpoint: held.statement, signed: held })
    }
    if (held.kind === 'fork' && held.signer === peer) {
      for (const checkpoint of [held.statement.one, held.statement.other]) {
        this.feed(site, { type: 'known', checkpoint, signed: held })
      }
    }
  }

  #later(run: Job): void {
    const at = this.now + 1 + this.#rng.below(20)
    this.#jobs.push({ at, order: ++this.#order, run })
  }

  #nextTimer(): { readonly site: Site; readonly key: string; readonly at: Instant } | undefined {
    let next: { readonly site: Site; readonly key: string; readonly at: Instant } | undefined
    for (const site of this.sites) {
      for (const [key, at] of site.timers) {
        if (next === undefined || at < next.at) next = { site, key, at }
      }
    }
    return next
  }
}

export function allOf(book: StatementBook): readonly AnyHeld[] {
  return [...book.all('checkpoint'), ...book.all('cosignature'), ...book.all('fork')] as AnyHeld[]
}

function heldOf(item: StatementItem, publicKey: Uint8Array): AnyHeld {
  const claimed = readItem(item)
  const held = claimed.ok ? verifyItemSync(claimed.value, publicKey, scheme) : claimed
  if (!held.ok) throw new Error(held.fault.code)
  return held.value
}
