import { pick, type Rng, seededRng, utf8 } from '@kithnet/kernel'
import {
  type Checkpoint,
  checkpointId,
  encodeCheckpoint,
  logIdOf,
  WitnessLog,
} from '@kithnet/holonomic'
import { expect, it } from 'vitest'
import { network } from './actors.ts'
import { type Site, WitnessWorld } from './witness-world.ts'

const namespaces = ['notes']

/** One schedule of what goes wrong with the logs of some owners and the disks of all. */
class Schedule {
  readonly world: WitnessWorld
  readonly #rng: Rng
  readonly #owners: readonly Site[]
  /** The history behind each checkpoint. */
  readonly logs = new Map<string, WitnessLog>()
  readonly #backups = new Map<Site, Map<string, Uint8Array>>()
  #steps = 0

  constructor(seed: number) {
    this.#rng = seededRng(`schedule ${seed}`)
    this.world = new WitnessWorld(`schedule ${seed}`, 7)
    this.#owners = this.world.sites.slice(0, 3)
    for (let step = 0; step < 24; step++) {
      this.#step()
      this.world.run(this.#rng.below(60))
    }
    this.world.run(60_000)
  }

  #step(): void {
    this.#steps++
    const owner = pick(this.#rng, this.#owners)!
    const site = pick(this.#rng, this.world.sites)!
    switch (this.#rng.below(7)) {
      case 0:
      case 1:
      case 2:
        this.#commit(owner)
        return
      case 3:
        this.#backups.set(site, new Map(site.disk))
        return
      case 4:
        this.#restart(site, site.disk)
        return
      case 5:
        this.#restart(site, this.#backups.get(site) ?? site.disk)
        return
      default:
        this.#twin(owner)
    }
  }

  #commit(owner: Site): void {
    const members = [utf8(`${this.#steps}`)]
    const at = this.world.wall
    this.world.feed(owner, { type: 'commit', token: this.#steps, namespaces, members, at })
    const log = owner.machine.owner.proven(namespaces)?.log
    if (log !== undefined && log.epoch > 0) this.#note(log, log.checkpointAt(log.epoch))
  }

  /** Broadcasts take their time: a machine that is carried away and brought back is away for longer. */
  #restart(site: Site, disk: Map<string, Uint8Array>): void {
    this.world.crash(site, new Map(disk))
    this.world.run(100)
    this.world.begin(site)
  }

  /** Another process with the owner's disk signs what is next, and puts it to everybody who witnesses. */
  #twin(owner: Site): void {
    const kept = owner.machine.owner.proven(namespaces)?.log
    const { peer } = owner.actor
    const log = new WitnessLog({ network, peer, namespaces }, kept?.leaves.slice(0, -1) ?? [])
    const { checkpoint } = log.commit([utf8(`twin ${this.#steps}`)], this.world.wall)
    this.#note(log, checkpoint)
    const held = this.world.signed(owner, 'checkpoint', encodeCheckpoint(checkpoint))
    for (const site of this.world.sites) {
      const from = this.#rng.below(checkpoint.epoch + 1)
      const message = {
        type: 'offer',
        checkpoint: held,
        basis: from === 0 ? new Uint8Array(0) : encodeCheckpoint(log.checkpointAt(from)),
        proof: log.consistencyProof(from),
      } as const
      if (site !== owner) this.world.feed(site, { type: 'received', from: peer, message })
    }
  }

  #note(log: WitnessLog, checkpoint: Checkpoint): void {
    const copy = new WitnessLog({ ...checkpoint }, log.leaves.slice(0, checkpoint.epoch))
    this.logs.set(checkpointId(checkpoint), copy)
  }
}

it('over random commits, twins, crashes and old disks: no witness signs for two histories', () => {
  let signatures = 0
  let convicted = 0
  for (let seed = 0; seed < 15; seed++) {
    const { world, logs } = new Schedule(seed)
    signatures += world.cosigned.length
    const byWitness = new Map<string, Checkpoint[]>()
    for (const { by, checkpoint } of world.cosigned) {
      const key = `${by} ${logIdOf(checkpoint)}`
      const before = byWitness.get(key) ?? []
      byWitness.set(key, [...before, checkpoint])
      for (const one of before) {
        const [early, late] = one.epoch < checkpoint.epoch ? [one, checkpoint] : [checkpoint, one]
        const there = logs.get(checkpointId(late))!.checkpointAt(early.epoch)
        expect(checkpointId(there)).toBe(checkpointId(early))
      }
    }
    const guilty = world.sites.filter(({ actor }) => world.sites[6]!.book.isConvicted(actor.peer))
    convicted += guilty.length
    for (const { book } of world.sites) {
      for (const { actor } of guilty) expect(book.isConvicted(actor.peer)).toBe(true)
    }
  }
  // Schedules in which nothing happens prove nothing.
  expect(signatures).toBeGreaterThan(70)
  expect(convicted).toBeGreaterThan(3)
})
