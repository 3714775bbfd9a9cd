import {
  assert,
  type EpochMs,
  epochMs,
  type Instant,
  type Machine,
  type Rng,
  seededRng,
} from '@kithnet/kernel'
import { type Boot, bootOf, type DiskAtRestart, type MachineFactory } from './boot.ts'
import { horizonUs, type Subject } from './event-queue.ts'
import { fixedLatency } from './latency.ts'
import type { Seat } from './link-end.ts'
import type { LinkCounts } from './link-settings.ts'
import { Links } from './links.ts'
import type { NetworkOptions } from './network-options.ts'
import { type Node, nodeOf } from './node.ts'
import { clearPath, type PathConditions } from './path.ts'
import { type Disk, Process, type ProcessHost } from './process.ts'
import { Timeline, usAt } from './timeline.ts'

/** Source: our choice; 2026-01-01T00:00:00Z, so that wall times look like wall times. */
const epochAtZeroMs = 1_767_225_600_000

interface Member<Event, Peer, Message, Key, Output> extends Seat<Peer, Message> {
  readonly boot: (boot: Boot<Peer>) => Machine<Event, Peer, Message, Key, Output>
  readonly rng: Rng
  readonly epochAtZero: EpochMs
  process: Process<Peer, Event, Message, Key, Output> | undefined
  machine: Machine<Event, Peer, Message, Key, Output>
  disk: Disk
  snapshot: Disk
  starts: number
  /** By earlier lives. */
  readonly sentBefore: { messages: number; bytes: number }
}

/** An event of a simulation's script. */
class Control implements Subject {
  occur(_kind: number, action: unknown): void {
    ;(action as () => void)()
  }

  warm(): number {
    return 0
  }
}

/**
 * A network in virtual time: real machines under the kernel's own driver, simulated links, disks,
 * processors and faults. Everything follows from the seed; no clock, socket or thread takes part.
 */
export class Network<Event, Peer, Message, Key, Output> {
  readonly #options: NetworkOptions<Peer, Message, Output>
  readonly #timeline = new Timeline()
  readonly #rng: Rng
  readonly #members = new Map<Peer, Member<Event, Peer, Message, Key, Output>>()
  readonly #links: Links<Peer, Message>
  readonly #host: ProcessHost<Peer, Event, Message, Key, Output>
  readonly #control = new Control()

  constructor(options: NetworkOptions<Peer, Message, Output>) {
    this.#options = options
    this.#rng = seededRng(options.seed)
    this.#links = new Links(
      this.#timeline,
      this.#rng.fork('links'),
      {
        latency: options.latency ?? fixedLatency(10),
        addressOf: options.addressOf ?? ((peer) => `memory://${String(peer)}`),
        dialRoundTrips: options.dialRoundTrips ?? 2,
        dialTimeoutMs: options.dialTimeoutMs ?? 5_000,
        keepaliveMs: options.keepaliveMs,
        closesWhenReleasedBy: options.closesWhenReleasedBy ?? 'both',
        sizeOf: options.sizeOf,
        digestOf: options.digestOf,
      },
      this.#members,
    )
    const { log } = options
    this.#host = {
      timeline: this.#timeline,
      links: this.#links,
      persistUs: Math.round((options.persistMs ?? 1) * 1000),
      tap:
        log === undefined
          ? undefined
          : (peer, now, event, effects) => log.record({ at: now, peer, event, effects }),
      emitted: (peer, output) => options.onEmit?.(peer, output, this.#timeline.now),
    }
  }

  get now(): Instant {
    return this.#timeline.now
  }

  /** Peers in the order in which they were added, dead ones included. */
  get peers(): readonly Peer[] {
    return [...this.#members.keys()]
  }

  get livingPeers(): readonly Peer[] {
    return this.peers.filter((peer) => this.isAlive(peer))
  }

  /** Sixteen hexadecimal digits over all that has happened: equal for equal seeds, on every host. */
  get traceHash(): string {
    return this.#timeline.trace.hash
  }

  /** Events that have happened. */
  get events(): number {
    return this.#timeline.events
  }

  get counts(): Readonly<LinkCounts> {
    return this.#links.counts
  }

  /** Randomness for a scenario's own choices, apart from the network's and the machines'. */
  rng(label: string): Rng {
    return this.#rng.fork(`scenario ${label}`)
  }

  /** Adds a peer and starts it. Its machine is silent until the first event: inject one. */
  add<M extends Machine<Event, Peer, Message, Key, Output>>(
    peer: Peer,
    factory: MachineFactory<Peer, M>,
  ): Node<Event, M> {
    assert(!this.#members.has(peer), `peer ${String(peer)} is added once`)
    const rng = this.#rng.fork(`peer ${String(peer)}`)
    const index = this.#members.size
    const skewMs = this.#options.skewMs?.(index, rng.fork('skew')) ?? 0
    const epochAtZero = epochMs(epochAtZeroMs + Math.round(skewMs))
    const disk: Disk = new Map()
    const machine = factory(bootOf(peer, rng, new Map(), epochAtZero, this.now, 1))
    const member: Member<Event, Peer, Message, Key, Output> = {
      peer,
      index,
      station: undefined,
      vanished: false,
      clog: undefined,
      sentBefore: { messages: 0, bytes: 0 },
      boot: factory,
      rng,
      epochAtZero,
      process: undefined,
      machine,
      disk,
      snapshot: new Map(),
      starts: 1,
    }
    this.#members.set(peer, member)
    this.#run(member, machine)
    // The factory is the only source of this member's machines, so each of them is an M.
    return nodeOf<Event, M>(member, () => member.machine as M)
  }

  isAlive(peer: Peer): boolean {
    return this.#member(peer).process !== undefined
  }

  /** Feeds a local event to a peer after `delayMs`. */
  inject(peer: Peer, event: Event, delayMs = 0): void {
    this.#member(peer).process?.inject(event, Math.round(delayMs * 1000))
  }

  /** Plans a step of the scenario. */
  at(at: Instant, action: () => void): void {
    this.#timeline.at(usAt(at), 0, this.#control, action)
  }

  /** Lets virtual time pass. */
  run(ms: number): void {
    this.runWhile(() => true, ms)
  }

  /** Lets time pass while `goOn` holds, asked after every event, `ms` at most. True when it gave way. */
  runWhile(goOn: () => boolean, ms: number): boolean {
    const limitUs = this.#timeline.nowUs + Math.round(ms * 1000)
    assert(limitUs < horizonUs, 'a simulation ends before the horizon of the event queue')
    for (;;) {
      if (!goOn()) return true
      if (!this.#timeline.step(limitUs)) break
    }
    this.#timeline.passTo(limitUs)
    return false
  }

  /** Runs until nothing is left to happen, `maxEvents` at most. True when nothing is left. */
  settle(maxEvents = 1_000_000): boolean {
    for (let count = 0; count < maxEvents; count++) if (!this.#timeline.step(horizonUs)) return true
    return false
  }

  /** Stops a peer. `reset`: its neighbours' links break at once. `blackhole`: they hear nothing. */
  crash(peer: Peer, manner: 'reset' | 'blackhole' = 'reset'): void {
    const member = this.#member(peer)
    const { process } = member
    if (process === undefined) return
    process.die()
    member.sentBefore.messages += process.sentMessages
    member.sentBefore.bytes += process.sentBytes
    member.process = undefined
    member.station = undefined
    member.vanished = manner === 'blackhole'
    this.#links.abandon(process, manner)
  }

  /** Starts a dead peer again with the disk it had, an empty one, or the last snapshot. */
  restart(peer: Peer, disk: DiskAtRestart = 'kept'): void {
    const member = this.#member(peer)
    if (member.process !== undefined) return
    if (disk === 'lost') member.disk = new Map()
    if (disk === 'old') member.disk = new Map(member.snapshot)
    member.starts++
    const { rng, epochAtZero, starts } = member
    member.machine = member.boot(
      bootOf(peer, rng, new Map(member.disk), epochAtZero, this.now, starts),
    )
    this.#run(member, member.machine)
  }

  /** Keeps a copy of a peer's disk, for a restart with an old one. */
  snapshot(peer: Peer): void {
    const member = this.#member(peer)
    member.snapshot = new Map(member.disk)
  }

  /** What a peer has on disk. */
  diskOf(peer: Peer): ReadonlyMap<string, Uint8Array> {
    return this.#member(peer).disk
  }

  /** A peer processes nothing for a while, like a long garbage collection. */
  stall(peer: Peer, ms: number): void {
    this.#member(peer).process?.stall(Math.round(ms * 1000))
  }

  /** Makes a peer's processor slow: each event takes this long. Until its next restart. */
  slow(peer: Peer, msPerEvent: number): void {
    const { process } = this.#member(peer)
    if (process !== undefined) process.eventCostUs = Math.round(msPerEvent * 1000)
  }

  /** Sets loss, bursts, duplication, reordering, jitter and bandwidth, of all paths or of some. */
  shape(
    conditions: Partial<PathConditions>,
    applies: (from: Peer, to: Peer) => boolean = () => true,
  ): void {
    this.#links.shape({ ...clearPath, ...conditions }, applies)
  }

  /** Makes all paths perfect again. */
  unshape(): void {
    this.#links.unshape()
  }

  /** Blocks one direction: what `from` sends to `to` is lost. Answers with the function that heals it. */
  block(from: Iterable<Peer>, to: Iterable<Peer>): () => void {
    const lift = this.#links.blocks.add(this.#indices(from), this.#indices(to))
    this.#links.blocksChanged()
    return () => {
      lift()
      this.#links.blocksChanged()
    }
  }

  /**
   * Cuts the network into groups that do not hear each other. A peer in two groups is a bridge and hears
   * both; a peer in none is cut off from nobody. Answers with the function that heals it.
   */
  partition(...groups: readonly (readonly Peer[])[]): () => void {
    const lifts = groups.flatMap((group) =>
      groups
        .filter((other) => other !== group)
        .map((other) => {
          const own = group.filter((peer) => !other.includes(peer))
          const foreign = other.filter((peer) => !group.includes(peer))
          return this.#links.blocks.add(this.#indices(own), this.#indices(foreign))
        }),
    )
    this.#links.blocksChanged()
    return () => {
      for (const lift of lifts) lift()
      this.#links.blocksChanged()
    }
  }

  /** Heals every block and partition. */
  unblock(): void {
    this.#links.blocks.clear()
    this.#links.blocksChanged()
  }

  /** Breaks the link between two peers; both are told. */
  resetLink(one: Peer, other: Peer): void {
    const { process } = this.#member(one)
    if (process !== undefined) this.#links.reset(process, other)
  }

  /** `loser` loses its end of the link and is told; the other side believes that the link stands. */
  halfOpen(loser: Peer, believer: Peer): void {
    const { process } = this.#member(loser)
    if (process !== undefined) this.#links.halfOpen(process, believer)
  }

  /** Holds everything to and from a peer, without losing it. */
  clog(peer: Peer): void {
    this.#links.clog(this.#member(peer))
  }

  /** Lets through, in order, what a clog held. */
  unclog(peer: Peer): void {
    this.#links.unclog(this.#member(peer))
  }

  #run(
    member: Member<Event, Peer, Message, Key, Output>,
    machine: Machine<Event, Peer, Message, Key, Output>,
  ): void {
    member.process = new Process(this.#host, member, member.disk, machine)
    member.station = member.process
    member.vanished = false
  }

  #indices(peers: Iterable<Peer>): number[] {
    return Array.from(peers, (peer) => this.#member(peer).index)
  }

  #member(peer: Peer): Member<Event, Peer, Message, Key, Output> {
    const member = this.#members.get(peer)
    assert(member !== undefined, `peer ${String(peer)} was added`)
    return member
  }
}

/** A network with no peers yet. */
export function createNetwork<Event, Peer, Message, Key, Output>(
  options: NetworkOptions<Peer, Message, Output>,
): Network<Event, Peer, Message, Key, Output> {
  return new Network(options)
}
