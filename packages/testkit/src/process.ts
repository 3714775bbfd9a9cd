import { drive, type Fired, type Instant, type Io, type Machine, type Tap } from '@kithnet/kernel'
import type { Subject } from './event-queue.ts'
import type { LinkEnd, LinkEvent, Seat, Station } from './link-end.ts'
import type { Links } from './links.ts'
import { type Timeline, usAt } from './timeline.ts'

/** What happens to a process. */
const processKind = { timer: 0, wake: 1, persisted: 2, local: 3 } as const

/** Told apart from link kinds in the trace. */
const traceBase = 8

/** What survives a crash: values by key, as `persist` effects put them there. */
export type Disk = Map<string, Uint8Array>

/** What a process needs of its network. */
export interface ProcessHost<Peer, Event, Message, Key, Output> {
  readonly timeline: Timeline
  readonly links: Links<Peer, Message>
  /** From a `persist` effect to the disk and the `persisted` event. */
  readonly persistUs: number
  readonly tap:
    ((peer: Peer, ...step: Parameters<Tap<Event, Peer, Message, Key, Output>>) => void) | undefined
  emitted(peer: Peer, output: Output): void
}

interface Delayed<Event, Key> {
  readonly event: Event | Fired<Key>
  /** Of a timer: still due only while the key holds this mark. */
  readonly mark: number
}

/** One life of a peer: a machine under the kernel's driver, with virtual timers, disk and processor. */
export class Process<Peer, Event, Message, Key, Output>
  implements Station<Peer, Message>, Subject, Io<Peer, Message, Key, Output>
{
  readonly seat: Seat<Peer, Message>
  readonly ends: Map<Peer, LinkEnd<Peer, Message>> = new Map()
  /** Processor time that each event takes. */
  eventCostUs = 0
  sentMessages = 0
  sentBytes = 0
  readonly #host: ProcessHost<Peer, Event, Message, Key, Output>
  readonly #index: number
  readonly #disk: Disk
  /** Event id of each armed timer; below zero, the mark of a firing that waits for the processor. */
  readonly #timers = new Map<Key, number>()
  readonly #machine: Machine<Event, Peer, Message, Key, Output>
  readonly #feed: (event: Event | Fired<Key>) => void
  #alive = true
  /** Occupied, or behind with events. */
  #busy = false
  #busyUntilUs = 0
  #stalled = false
  #delayed: Delayed<Event, Key>[] = []
  #marks = -1

  constructor(
    host: ProcessHost<Peer, Event, Message, Key, Output>,
    seat: Seat<Peer, Message>,
    disk: Disk,
    machine: Machine<Event, Peer, Message, Key, Output>,
  ) {
    this.#host = host
    this.seat = seat
    this.#index = seat.index
    this.#disk = disk
    this.#machine = machine
    const { tap } = host
    this.#feed =
      tap === undefined
        ? drive(machine, this)
        : drive(machine, this, (now, event, effects) => tap(seat.peer, now, event, effects))
  }

  warm(peer?: Peer): number {
    const known = peer === undefined ? 0 : (this.ends.get(peer)?.index ?? 0)
    return known + this.#timers.size + this.sentMessages + this.#machine.on.length
  }

  /** Feeds a local event, `afterUs` from now. Lost when the process dies before. */
  inject(event: Event, afterUs: number): void {
    if (!this.#alive) return
    const { timeline } = this.#host
    timeline.at(timeline.nowUs + afterUs, processKind.local, this, event)
  }

  deliver(event: LinkEvent<Peer, Message>): void {
    // A machine that runs in a network takes the network's events; the driver asks no more of it.
    this.#take(event as Event, 0)
  }

  /**
   * Processes nothing for a while; what happens meanwhile waits. Then the timers come first, as in Node,
   * which runs those that are due before it reads its sockets.
   */
  stall(us: number): void {
    this.#stalled = true
    this.#occupy(this.#host.timeline.nowUs + us)
  }

  /** Ends this life. Timers, waiting events and unfinished writes are gone. */
  die(): void {
    this.#alive = false
    for (const id of this.#timers.values()) if (id >= 0) this.#host.timeline.cancel(id)
    this.#timers.clear()
    this.#delayed = []
  }

  occur(kind: number, detail: unknown): void {
    this.#host.timeline.trace.word((this.#index << 4) | (traceBase + kind))
    if (!this.#alive) return
    switch (kind) {
      case processKind.timer:
        this.#timers.delete(detail as Key)
        this.#take({ type: 'fired', key: detail as Key }, this.#marks--)
        return
      case processKind.wake:
        this.#catchUp()
        return
      case processKind.persisted: {
        const { key, value } = detail as { readonly key: string; readonly value: Uint8Array }
        this.#disk.set(key, value)
        this.#take({ type: 'persisted', key } as Event, 0)
        return
      }
      default:
        this.#take(detail as Event, 0)
    }
  }

  now(): Instant {
    return this.#host.timeline.now
  }

  send(to: Peer, message: Message): void {
    if (this.#alive) this.#host.links.send(this, to, message)
  }

  arm(key: Key, at: Instant): void {
    if (!this.#alive) return
    const { timeline } = this.#host
    const known = this.#timers.get(key)
    if (known !== undefined && known >= 0) timeline.cancel(known)
    const atUs = usAt(at)
    timeline.trace.word(atUs | 0)
    this.#timers.set(key, timeline.at(atUs, processKind.timer, this, key))
  }

  disarm(key: Key): void {
    const known = this.#timers.get(key)
    if (known === undefined) return
    this.#timers.delete(key)
    if (known >= 0) this.#host.timeline.cancel(known)
  }

  release(peer: Peer): void {
    this.#host.links.release(this, peer)
  }

  persist(key: string, value: Uint8Array): void {
    if (!this.#alive) return
    const { timeline, persistUs } = this.#host
    const written = { key, value: value.slice() }
    timeline.at(timeline.nowUs + persistUs, processKind.persisted, this, written)
  }

  emit(output: Output): void {
    if (this.#alive) this.#host.emitted(this.seat.peer, output)
  }

  #take(event: Event | Fired<Key>, mark: number): void {
    if (this.#busy) {
      if (mark < 0) this.#timers.set((event as Fired<Key>).key, mark)
      this.#delayed.push({ event, mark })
      return
    }
    this.#feed(event)
    if (this.eventCostUs > 0) this.#occupy(this.#host.timeline.nowUs + this.eventCostUs)
  }

  #occupy(untilUs: number): void {
    if (untilUs <= this.#busyUntilUs) return
    this.#busy = true
    this.#busyUntilUs = untilUs
    this.#host.timeline.at(untilUs, processKind.wake, this)
  }

  /** Works off what waited, as far as the processor is free. */
  #catchUp(): void {
    const { timeline } = this.#host
    if (this.#stalled && this.#busyUntilUs <= timeline.nowUs) {
      this.#stalled = false
      const timers = this.#delayed.filter(({ mark }) => mark < 0)
      this.#delayed = [...timers, ...this.#delayed.filter(({ mark }) => mark >= 0)]
    }
    const waiting = this.#delayed
    let next = 0
    while (next < waiting.length && this.#alive && this.#busyUntilUs <= timeline.nowUs) {
      const { event, mark } = waiting[next++]!
      if (mark < 0) {
        const { key } = event as Fired<Key>
        // Disarmed or armed again while it waited: a stale firing must not exist.
        if (this.#timers.get(key) !== mark) continue
        this.#timers.delete(key)
      }
      this.#feed(event)
      if (this.eventCostUs > 0) this.#occupy(timeline.nowUs + this.eventCostUs)
    }
    if (!this.#alive) return
    waiting.splice(0, next)
    this.#busy = waiting.length > 0 || this.#busyUntilUs > timeline.nowUs
  }
}
