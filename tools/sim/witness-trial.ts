/** One run of `witness`: owners that fork, disks that are old, and what everybody knew when. */
import { type Checkpoint, checkpointId, cosignersOf, logIdOf, WitnessLog } from '@kithnet/holonomic'
import { after, type Instant, instant, type Rng, sample, utf8 } from '@kithnet/kernel'
import type { AnyHeld } from '../../packages/holonomic/src/statements/held.ts'
import { type Disk, type Site, WitnessWorld } from './witness-world.ts'

/** How large a run is. */
export interface Size {
  readonly peers: number
  readonly joinMs: number
  readonly settleMs: number
  readonly spanMs: number
  readonly equivocators: number
  readonly twins: number
  readonly restored: number
  readonly honest: number
  readonly restoredWitnesses: number
  /** States that each honest owner commits. */
  readonly commits: number
}

const cosigners = 5
/** How often an equivocator puts both sides to its witnesses, in half of the span. */
const offersAgain = 20
/** Longest wait for everybody to have all evidence. */
const patienceMs = 60_000

/** What came of a run. */
export interface Outcome {
  readonly checkpoints: number
  readonly lastHops: readonly number[]
  readonly delays: readonly number[]
  readonly evidenceMissing: number
  /** Convicted although nobody signed twice for them. */
  readonly framed: number
  readonly inconsistent: number
  readonly cosignatures: number
  /** Of them, those under checkpoints of whoever forked. */
  readonly offersToForkers: number
  /** Commits of owners with an old disk. */
  readonly restoredThatWentOn: number
  readonly restoredThatRefused: number
  readonly forkedByBackup: number
  /** Honest commits that too few have cosigned. */
  readonly unwitnessed: number
  readonly rejected: number
}

/** One run. */
export class Trial {
  readonly #size: Size
  readonly #world: WitnessWorld
  readonly #rng: Rng
  readonly #owners: readonly Site[]
  readonly #equivocators: readonly Site[]
  readonly #twins: readonly Site[]
  readonly #restored: readonly Site[]
  readonly #honest: readonly Site[]
  readonly #crashed = new Set<Site>()
  #crashesAt: Instant = instant(0)

  constructor(size: Size, seed: number) {
    this.#size = size
    this.#world = new WitnessWorld(seed, size.peers)
    this.#rng = this.#world.overlays.network.rng('trial')
    const { equivocators, twins, restored, honest } = size
    // The first peer is whom all join through.
    const owners = sample(
      this.#rng,
      this.#world.sites.slice(1),
      equivocators + twins + restored + honest,
    )
    this.#owners = owners
    this.#equivocators = owners.slice(0, equivocators)
    this.#twins = owners.slice(equivocators, equivocators + twins)
    this.#restored = owners.slice(equivocators + twins, equivocators + twins + restored)
    this.#honest = owners.slice(equivocators + twins + restored)
  }

  run(): Outcome {
    const { network } = this.#world.overlays
    const { peers, joinMs, settleMs, spanMs } = this.#size
    this.#world.join(joinMs)
    network.run(peers * joinMs + settleMs)
    this.#plan()
    network.run(spanMs)
    const isDone = (): boolean => this.#evidenceMissing() === 0
    for (let waited = 0; waited < 2_000 || (waited < patienceMs && !isDone()); waited += 500) {
      network.run(500)
    }
    return this.#outcome()
  }

  #plan(): void {
    const { network } = this.#world.overlays
    this.#crashesAt = after(network.now, 0.7 * this.#size.spanMs)
    for (const owner of [...this.#honest, ...this.#twins, ...this.#restored]) {
      for (let count = 0; count < this.#size.commits; count++) {
        this.#at(0.1 + 0.2 * count, 0.25 + 0.2 * count, () => this.#commit(owner, `${count}`))
      }
    }
    for (const owner of this.#twins) this.#planTwin(owner)
    for (const owner of this.#restored) this.#planRestored(owner)
    for (const owner of this.#equivocators) this.#planEquivocator(owner)
  }

  #at(from: number, to: number, job: () => void): Instant {
    const { network } = this.#world.overlays
    const { spanMs } = this.#size
    const at = after(
      network.now,
      Math.floor(spanMs * from) + this.#rng.below(Math.max(1, Math.floor(spanMs * (to - from)))),
    )
    network.at(at, job)
    return at
  }

  #commit(owner: Site, text: string): void {
    this.#world.commit(owner, `${owner.index} ${text}`)
  }

  /** A process beside the owner's, with its disk, signs another state of the epoch that is next. */
  #planTwin(owner: Site): void {
    this.#at(0.67, 0.72, () => {
      const kept = this.#world.logOf(owner)
      const twin = new WitnessLog(this.#world.logName(owner.peer), kept.leaves)
      this.#commit(owner, 'own')
      const held = this.#signNext(owner, twin, 'twin')
      const others = this.#steady().filter((site) => site !== owner)
      const [near] = sample(this.#rng, others, 1)
      this.#world.give(near!, held)
    })
  }

  /** A disk from before the last commit. It is honest: it must notice, and refuse. */
  #planRestored(owner: Site): void {
    this.#crashed.add(owner)
    let backup: Disk | undefined
    // Between the first commit and the second.
    this.#at(0.27, 0.27, () => (backup = this.#world.backup(owner)))
    this.#at(0.74, 0.78, () => this.#world.crash(owner))
    this.#at(0.82, 0.86, () => this.#world.restart(owner, backup))
    // Until it has compared statements it commits nothing at all; then it has to refuse.
    const { network } = this.#world.overlays
    this.#at(0.9, 0.95, () => {
      for (let count = 0; count < 4; count++) {
        network.at(after(network.now, count * 500), () => this.#commit(owner, `late ${count}`))
      }
    })
  }

  /** Two histories with a common past of one state: each side is given to a peer, and offered to all witnesses. */
  #planEquivocator(owner: Site): void {
    const log = logIdOf(this.#world.logName(owner.peer))
    const others = this.#world.sites.map(({ peer }) => peer).filter((peer) => peer !== owner.peer)
    const witnesses = cosignersOf(log, others, cosigners).map((peer) => this.#world.site(peer))
    const past = new WitnessLog(this.#world.logName(owner.peer))
    this.#at(0.05, 0.1, () => {
      const held = this.#signNext(owner, past, 'past')
      this.#world.give(owner, held)
      for (const witness of witnesses) this.#world.offer(owner, witness, held, past, 1)
    })
    const restored = sample(this.#rng, witnesses, this.#restoredOf()).filter(
      (site) => !this.#owners.includes(site) && !this.#crashed.has(site) && site.index > 0,
    )
    const backups = new Map<Site, Disk>()
    for (const site of restored) {
      this.#crashed.add(site)
      this.#at(0.3, 0.3, () => backups.set(site, this.#world.backup(site)))
      this.#at(0.74, 0.78, () => this.#world.crash(site))
      this.#at(0.82, 0.86, () => this.#world.restart(site, backups.get(site)))
    }
    this.#at(0.4, 0.55, () => {
      const { network } = this.#world.overlays
      const sides = ['one', 'other'].map((name) => {
        const side = new WitnessLog(this.#world.logName(owner.peer), past.leaves)
        return { side, held: this.#signNext(owner, side, name) }
      })
      const victims = sample(this.#rng, this.#steady(), 2)
      for (const [index, { held }] of sides.entries()) this.#world.give(victims[index]!, held)
      const put = (): void => {
        for (const [index, witness] of witnesses.entries()) {
          for (const which of [index % 2, (index + 1) % 2]) {
            const { side, held } = sides[which]!
            this.#world.offer(owner, witness, held, side, 2)
          }
        }
      }
      put()
      // Again and again, also to those that come back with an old disk.
      for (let count = 1; count <= offersAgain; count++) {
        network.at(
          after(network.now, Math.floor((this.#size.spanMs * count) / (2 * offersAgain))),
          put,
        )
      }
    })
  }

  #restoredOf(): number {
    return Math.ceil(this.#size.restoredWitnesses / this.#size.equivocators)
  }

  #signNext(owner: Site, log: WitnessLog, text: string): AnyHeld {
    const { network } = this.#world.overlays
    const members = [utf8(`${owner.index} ${text}`)]
    const { checkpoint } = log.commit(members, this.#world.wall(network.now))
    this.#world.logs.set(checkpointId(checkpoint), log)
    return this.#world.signCheckpoint(owner, checkpoint)
  }

  /** Honest, and never down. */
  #steady(): readonly Site[] {
    return this.#world.sites.filter(
      (site) => !this.#equivocators.includes(site) && !this.#crashed.has(site),
    )
  }

  /** All that have signed two states of an epoch, and when both were out. */
  #forked(): readonly { readonly owner: Site; readonly at: Instant }[] {
    return this.#owners.flatMap((owner) => {
      const at = this.#world.ledger.secondSideAt(owner.peer)
      return at === undefined ? [] : [{ owner, at }]
    })
  }

  #evidenceMissing(): number {
    let missing = 0
    for (const { owner } of this.#forked()) {
      for (const site of this.#world.sites) {
        const counts = !this.#equivocators.includes(site) && this.#world.isAlive(site)
        if (counts && !site.book.isConvicted(owner.peer)) missing++
      }
    }
    return missing
  }

  #outcome(): Outcome {
    const { cosigned, ledger, outputs, rejected } = this.#world
    const { arrivals, checkpoints, convicted } = ledger
    const steady = this.#steady()
    const lastOf = (times: ReadonlyMap<number, Instant> | undefined): number =>
      Math.max(...steady.map(({ index }) => times?.get(index) ?? Infinity))
    const honest = new Set(this.#honest.map(({ peer }) => peer))
    const lastHops = [...checkpoints].flatMap(([id, { peer }]) => {
      if (!honest.has(peer)) return []
      const times = arrivals.get(id)!
      return [lastOf(times) - Math.min(...times.values())]
    })
    const forked = this.#forked()
    const guilty = new Set(forked.map(({ owner }) => owner.peer))
    const restored = new Set(this.#restored.map(({ peer }) => peer))
    const witnessed = new Set(
      outputs.flatMap(({ by, output }) =>
        output.type === 'witnessed' && honest.has(by) ? [`${by} ${output.epoch}`] : [],
      ),
    )
    const refused = new Set(
      outputs.flatMap(({ by, output }) =>
        output.type === 'uncommitted' && output.fault.code === 'holonomic/log-behind' ? [by] : [],
      ),
    )
    const wentOn = outputs.filter(
      ({ by, at, output }) =>
        output.type === 'committed' && restored.has(by) && at > this.#crashesAt,
    )
    return {
      checkpoints: checkpoints.size,
      lastHops,
      delays: forked.map(({ owner, at }) => lastOf(convicted.get(owner.peer)) - at),
      evidenceMissing: this.#evidenceMissing(),
      framed: [...convicted.keys()].filter((peer) => !guilty.has(peer)).length,
      inconsistent: this.#inconsistent(),
      cosignatures: cosigned.length,
      offersToForkers: cosigned.filter(({ checkpoint }) => guilty.has(checkpoint.peer)).length,
      restoredThatWentOn: wentOn.length,
      restoredThatRefused: this.#restored.filter(({ peer }) => refused.has(peer)).length,
      forkedByBackup: [...guilty].filter((peer) => restored.has(peer)).length,
      unwitnessed: this.#honest.length * this.#size.commits - witnessed.size,
      rejected,
    }
  }

  /** Pairs of signatures of one witness under one log of which neither state is in the other's history. */
  #inconsistent(): number {
    const { cosigned, logs } = this.#world
    const groups = new Map<string, Checkpoint[]>()
    for (const { by, checkpoint } of cosigned) {
      const key = `${by} ${logIdOf(checkpoint)}`
      groups.set(key, [...(groups.get(key) ?? []), checkpoint])
    }
    let pairs = 0
    for (const group of groups.values()) {
      const sorted = group.toSorted((a, b) => a.epoch - b.epoch)
      for (const [index, later] of sorted.entries()) {
        const log = logs.get(checkpointId(later))
        if (log === undefined) throw new Error('every checkpoint of this world has its history')
        for (const earlier of sorted.slice(0, index)) {
          const there = log.checkpointAt(earlier.epoch)
          if (checkpointId(there) !== checkpointId(earlier)) pairs++
        }
      }
    }
    return pairs
  }
}
