import type { LinkDownCause, Rng } from '@kithnet/kernel'
import { Blocks } from './blocks.ts'
import {
  lastRemoteKind,
  LinkEnd,
  linkKind,
  type LinkLayer,
  type Seat,
  type Station,
} from './link-end.ts'
import type { LinkCounts, LinkSettings } from './link-settings.ts'
import { clearPath, type PathConditions } from './path.ts'
import type { Timeline } from './timeline.ts'

interface Rule<Peer> {
  readonly conditions: PathConditions
  readonly applies: (from: Peer, to: Peer) => boolean
}

/** Connection-oriented links between seats: dialling, order, faults, and how each kind of end is learnt. */
export class Links<Peer, Message> implements LinkLayer<Peer, Message> {
  readonly blocks: Blocks = new Blocks()
  readonly counts: LinkCounts = {
    sentMessages: 0,
    sentBytes: 0,
    arrivedMessages: 0,
    lostMessages: 0,
  }
  readonly #timeline: Timeline
  readonly #rng: Rng
  readonly #settings: LinkSettings<Peer, Message>
  readonly #seats: ReadonlyMap<Peer, Seat<Peer, Message>>
  #rules: Rule<Peer>[] = []
  #clogs = 0

  constructor(
    timeline: Timeline,
    rng: Rng,
    settings: LinkSettings<Peer, Message>,
    seats: ReadonlyMap<Peer, Seat<Peer, Message>>,
  ) {
    this.#timeline = timeline
    this.#rng = rng
    this.#settings = settings
    this.#seats = seats
  }

  send(station: Station<Peer, Message>, to: Peer, message: Message): void {
    const end = station.ends.get(to) ?? this.#dial(station, to)
    end.inUse = true
    if (end.state === 'dialling') end.hold(message)
    else this.#transmit(end, message)
  }

  /** The machine at `station` no longer needs the link. */
  release(station: Station<Peer, Message>, to: Peer): void {
    const end = station.ends.get(to)
    if (end === undefined) return
    end.inUse = false
    if (end.state === 'dialling' && end.waiting === 0 && end.other === undefined) {
      this.#takeDown(end)
    } else {
      this.#closeIfUnused(end)
    }
  }

  /** Ends every link of a process that dies. */
  abandon(station: Station<Peer, Message>, manner: 'reset' | 'blackhole'): void {
    const ends = [...station.ends.values()]
    for (const end of ends) {
      this.#takeDown(end)
      end.silent = manner === 'blackhole'
      if (manner === 'reset') this.#tell(end, linkKind.reset)
      else if (end.other !== undefined) this.#watch(end.other)
    }
  }

  /** Breaks a link; both sides are told. */
  reset(station: Station<Peer, Message>, to: Peer): void {
    const end = station.ends.get(to)
    if (end?.state !== 'up') return
    this.#tell(end, linkKind.reset)
    this.#fail(end, 'reset')
  }

  /** Makes a link half-open: `station` loses its end, the other side is told nothing. */
  halfOpen(station: Station<Peer, Message>, to: Peer): void {
    const end = station.ends.get(to)
    if (end?.state !== 'up') return
    end.silent = true
    this.#fail(end, 'reset')
    if (end.other !== undefined) this.#watch(end.other)
  }

  /** Sets the conditions of every path that the rule applies to. Later rules win. */
  shape(conditions: PathConditions, applies: (from: Peer, to: Peer) => boolean): void {
    this.#rules.push({ conditions, applies })
    this.#reshape()
  }

  /** Makes every path perfect again. */
  unshape(): void {
    this.#rules = []
    this.#reshape()
  }

  /** Looks at every link again after `blocks` has changed. */
  blocksChanged(): void {
    for (const end of this.#ends()) this.#watch(end)
  }

  clog(seat: Seat<Peer, Message>): void {
    if (seat.clog !== undefined) return
    seat.clog = []
    this.#clogs++
  }

  unclog(seat: Seat<Peer, Message>): void {
    const held = seat.clog
    if (held === undefined) return
    seat.clog = undefined
    this.#clogs--
    for (const resume of held) resume()
  }

  occur(end: LinkEnd<Peer, Message>, kind: number, detail: unknown): void {
    const { trace } = this.#timeline
    trace.word((end.index << 4) | kind)
    trace.word(end.remoteIndex)
    if (kind <= lastRemoteKind && (this.#clogs > 0 || this.blocks.any)) {
      const here = end.station.seat
      const knocks = kind === linkKind.knock
      const from = knocks ? here : end.remote!
      const to = knocks ? end.remote! : here
      if (this.blocks.stop(from.index, to.index)) {
        if (kind === linkKind.message) this.counts.lostMessages++
        return
      }
      const clogged = from.clog ?? to.clog
      if (clogged !== undefined) {
        clogged.push(() => this.occur(end, kind, detail))
        return
      }
    }
    switch (kind) {
      case linkKind.message:
        this.#arrive(end, detail as Message)
        return
      case linkKind.knock:
        this.#answer(end)
        return
      case linkKind.accepted:
        this.#accepted(end)
        return
      case linkKind.fin:
        this.#fail(end, 'closed')
        return
      case linkKind.reset:
        this.#fail(end, 'reset')
        return
      case linkKind.keepalive:
        this.#keepalive(end)
        return
      default:
        // Refused or timed out.
        if (end.state !== 'dialling') return
        if (kind === linkKind.dialTimeout) {
          end.deadline = -1
          this.#tell(end, linkKind.reset)
        }
        this.#fail(end, 'unreachable')
    }
  }

  #dial(station: Station<Peer, Message>, to: Peer): LinkEnd<Peer, Message> {
    const remote = this.#seats.get(to)
    const end = new LinkEnd(this, station, to, remote, 'dialling')
    station.ends.set(to, end)
    const { dialTimeoutMs, dialRoundTrips } = this.#settings
    const { nowUs } = this.#timeline
    if (remote === station.seat || this.#settings.addressOf(to) === undefined) {
      // A link to oneself is refused, and so is one to an address where somebody else is.
      this.#timeline.at(nowUs, linkKind.refused, end)
      return end
    }
    end.deadline = this.#timeline.at(nowUs + dialTimeoutMs * 1000, linkKind.dialTimeout, end)
    if (remote !== undefined) {
      this.#furnish(end, remote)
      const atUs = nowUs + Math.round((2 * dialRoundTrips - 1) * end.latencyUs)
      this.#timeline.at(atUs, linkKind.knock, end)
    }
    return end
  }

  /** A dial has arrived: `end` is the dialler's. */
  #answer(end: LinkEnd<Peer, Message>): void {
    const seat = end.remote
    if (end.state !== 'dialling' || end.other !== undefined || seat === undefined) return
    const { nowUs } = this.#timeline
    const station = seat.station
    if (station === undefined) {
      if (!seat.vanished) this.#timeline.at(nowUs + end.latencyUs, linkKind.refused, end)
      return
    }
    const caller = end.station.seat
    const known = station.ends.get(caller.peer)
    let mine = known
    if (known === undefined || known.state !== 'dialling') {
      mine = new LinkEnd(this, station, caller.peer, caller, 'up')
      this.#furnish(mine, caller)
      station.ends.set(caller.peer, mine)
    }
    // Both sides dialled at once: the two dials become one link.
    mine = this.#stand(mine!)
    mine.other = end
    end.other = mine
    this.#timeline.at(mine.next(nowUs), linkKind.accepted, end)
    if (known !== undefined && known !== mine) {
      known.state = 'down'
      station.deliver({ type: 'linkDown', peer: caller.peer, cause: 'reset' })
    }
    this.#flush(mine)
    station.deliver({ type: 'linkUp', peer: caller.peer })
  }

  #accepted(end: LinkEnd<Peer, Message>): void {
    if (end.state !== 'dialling') return
    this.#stand(end)
    this.#flush(end)
    const peer = end.remotePeer
    end.station.deliver({ type: 'linkUp', peer, dialled: this.#settings.addressOf(peer)! })
    this.#closeIfUnused(end)
  }

  #stand(end: LinkEnd<Peer, Message>): LinkEnd<Peer, Message> {
    end.state = 'up'
    this.#forgetDeadline(end)
    return end
  }

  #flush(end: LinkEnd<Peer, Message>): void {
    for (const message of end.takeWaiting()) this.#transmit(end, message)
  }

  #transmit(end: LinkEnd<Peer, Message>, message: Message): void {
    const { other, station } = end
    const sizeBytes = this.#settings.sizeOf?.(message) ?? 0
    this.counts.sentMessages++
    this.counts.sentBytes += sizeBytes
    station.sentMessages++
    station.sentBytes += sizeBytes
    if (other === undefined || (this.blocks.any && this.blocks.stop(end.index, end.remoteIndex))) {
      this.counts.lostMessages++
      return
    }
    const { nowUs } = this.#timeline
    if (this.#settings.latency.perMessage) {
      end.latencyUs = this.#draw(end)
      end.guarded = true
    }
    if (end.plain) {
      this.#timeline.at(end.next(nowUs), linkKind.message, other, message)
      return
    }
    const arrivals = end.arrivals(nowUs, sizeBytes, this.#rng)
    if (arrivals.length === 0) this.counts.lostMessages++
    for (const atUs of arrivals) this.#timeline.at(atUs, linkKind.message, other, message)
  }

  #arrive(end: LinkEnd<Peer, Message>, message: Message): void {
    const digest = this.#settings.digestOf?.(message)
    if (digest !== undefined) this.#timeline.trace.word(digest)
    if (end.state === 'up') {
      this.counts.arrivedMessages++
      end.station.deliver({ type: 'received', from: end.remotePeer, message })
      return
    }
    this.counts.lostMessages++
    // Nobody knows this link here any more: the sender learns it, unless the process is gone for good.
    const vanished = end.silent && end.station.seat.station === undefined
    if (end.state === 'down' && !vanished && !this.#isHalfOpen(end)) this.#tell(end, linkKind.reset)
  }

  /** The process lives on, but its half of the link went without a word. */
  #isHalfOpen(end: LinkEnd<Peer, Message>): boolean {
    return end.silent && end.station.seat.station === end.station
  }

  /** Sends the other side a control message about this link, in order behind what was sent. */
  #tell(end: LinkEnd<Peer, Message>, kind: number): void {
    if (end.other === undefined || end.other.state === 'down') return
    this.#timeline.at(end.next(this.#timeline.nowUs), kind, end.other)
  }

  #closeIfUnused(end: LinkEnd<Peer, Message>): void {
    if (end.state !== 'up' || end.inUse) return
    const { closesWhenReleasedBy } = this.#settings
    const wanted = end.other?.state !== 'down' && end.other?.inUse === true
    if (wanted && closesWhenReleasedBy === 'both') return
    this.#tell(end, linkKind.fin)
    this.#takeDown(end)
  }

  #fail(end: LinkEnd<Peer, Message>, cause: LinkDownCause): void {
    if (end.state === 'down') return
    const stood = end.state === 'up'
    this.counts.lostMessages += end.waiting
    this.#takeDown(end)
    const told = stood ? cause : 'unreachable'
    end.station.deliver({ type: 'linkDown', peer: end.remotePeer, cause: told })
  }

  #takeDown(end: LinkEnd<Peer, Message>): void {
    end.state = 'down'
    end.takeWaiting()
    this.#forgetDeadline(end)
    if (end.station.ends.get(end.remotePeer) === end) end.station.ends.delete(end.remotePeer)
  }

  #forgetDeadline(end: LinkEnd<Peer, Message>): void {
    if (end.deadline >= 0) this.#timeline.cancel(end.deadline)
    end.deadline = -1
  }

  /** Starts or stops the wait after which a keepalive finds out that nothing arrives any more. */
  #watch(end: LinkEnd<Peer, Message>): void {
    const { keepaliveMs } = this.#settings
    if (keepaliveMs === undefined || end.state !== 'up') return
    if (!this.#isDeaf(end)) {
      end.deafSinceUs = -1
      return
    }
    if (end.deafSinceUs >= 0) return
    end.deafSinceUs = this.#timeline.nowUs
    this.#timeline.at(end.deafSinceUs + keepaliveMs * 1000, linkKind.keepalive, end)
  }

  #keepalive(end: LinkEnd<Peer, Message>): void {
    const waitUs = (this.#settings.keepaliveMs ?? 0) * 1000
    if (end.state !== 'up' || end.deafSinceUs < 0) return
    if (this.#timeline.nowUs - end.deafSinceUs < waitUs) return
    this.#tell(end, linkKind.reset)
    this.#fail(end, 'reset')
  }

  #isDeaf(end: LinkEnd<Peer, Message>): boolean {
    if (end.other?.silent === true) return true
    return this.blocks.any && this.blocks.stop(end.remoteIndex, end.index)
  }

  /** Gives a new end its latency and conditions. */
  #furnish(end: LinkEnd<Peer, Message>, remote: Seat<Peer, Message>): void {
    end.latencyUs = this.#draw(end)
    end.conditions = this.#conditionsOf(end.station.seat.peer, remote.peer)
  }

  #draw(end: LinkEnd<Peer, Message>): number {
    const ms = this.#settings.latency.ms(end.index, end.remoteIndex, this.#rng)
    return Math.round(ms * 1000)
  }

  #conditionsOf(from: Peer, to: Peer): PathConditions {
    return this.#rules.findLast((rule) => rule.applies(from, to))?.conditions ?? clearPath
  }

  #reshape(): void {
    for (const end of this.#ends()) {
      end.conditions = this.#conditionsOf(end.station.seat.peer, end.remotePeer)
    }
  }

  *#ends(): Generator<LinkEnd<Peer, Message>> {
    for (const seat of this.#seats.values()) {
      if (seat.station !== undefined) yield* seat.station.ends.values()
    }
  }
}
