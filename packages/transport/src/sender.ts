import type { Instant } from '@kithnet/kernel'
import type { Budget } from './budget.ts'
import { Flight } from './flight.ts'
import { frameHeaderBytes, frameKind, maxFragmentBytes, writeHeader } from './frames.ts'
import { batchBytes } from './limits.ts'
import type { MuxStream } from './mux-stream.ts'
import { Notices } from './notices.ts'
import { Schedule } from './schedule.ts'

/** Chooses what is written next, and writes it: notices, then messages in the order of urgency, then the goodbye. */
export class Sender {
  readonly notices: Notices = new Notices()
  readonly flight: Flight = new Flight()
  readonly #budget: Budget
  readonly #schedule = new Schedule<MuxStream>()
  #goodbye: 'none' | 'wanted' | 'written' = 'none'
  /** Membership always; pubsub within twice the bound of what is on its way; bulk within the bound. */
  readonly #may = (rank: number): boolean => rank === 0 || this.flight.hasRoom(3 - rank)

  constructor(budget: Budget) {
    this.#budget = budget
  }

  /** True when no stream has anything that it may send. */
  get isIdle(): boolean {
    return this.#schedule.isEmpty
  }

  get hasSaidGoodbye(): boolean {
    return this.#goodbye === 'written'
  }

  /** Takes a stream into the schedule if it has something to send. True when it was not there. */
  ready(stream: MuxStream): boolean {
    if (stream.scheduled || !stream.out.canWrite) return false
    stream.scheduled = true
    this.#schedule.add(stream)
    return true
  }

  remove(stream: MuxStream): void {
    this.notices.forgetCredit(stream.id)
    if (stream.scheduled) this.#schedule.remove(stream)
    stream.scheduled = false
  }

  /** Says goodbye once nothing is left to send. */
  sayGoodbye(): void {
    if (this.#goodbye === 'none') this.#goodbye = 'wanted'
  }

  /** True when `fill` would write something. */
  get hasWork(): boolean {
    if (this.notices.bytes > 0 || this.#mayGoodbye) return true
    return this.#schedule.next(this.#may) !== undefined
  }

  /** Room for what may be written, at most one batch. */
  batchBytes(streams: Iterable<MuxStream>): number {
    const { queuedBytes } = this.#budget
    if (this.#schedule.isEmpty) return this.notices.bytes + frameHeaderBytes
    let messages = 0
    for (const stream of streams) messages += stream.out.queuedMessages
    const frames = queuedBytes / this.flight.fragmentBytes + messages + 5
    const room = Math.max(0, this.flight.limitBytes * 2 - this.flight.inFlightBytes)
    const most = Math.min(
      room + maxFragmentBytes + maxHeadBytes,
      queuedBytes + frames * maxHeadBytes,
    )
    return Math.min(batchBytes, this.notices.bytes + Math.ceil(most))
  }

  /** Writes frames; returns how many bytes. */
  fill(out: Uint8Array, now: Instant): number {
    let at = this.notices.write(out)
    for (let stream = this.#schedule.next(this.#may); stream !== undefined;) {
      const { fragmentBytes } = this.flight
      const quantum = stream.class === 'bulk' ? fragmentBytes : maxFragmentBytes
      const turn = stream.out.write(stream.id, out, at, quantum, fragmentBytes)
      this.#budget.queued(stream.class, -turn.messageBytes)
      if (turn.bytes > 0) this.flight.sent(turn.bytes, now)
      const waitsOn = stream.out.canWrite
      // The rest of the room is too short for it.
      if (turn.to === at && waitsOn) break
      at = turn.to
      stream.scheduled = waitsOn
      this.#schedule.served(stream, turn.bytes, waitsOn)
      if (turn.ended) stream.endWritten()
      stream = this.#schedule.next(this.#may)
    }
    if (this.#mayGoodbye && at + frameHeaderBytes <= out.length) {
      this.#goodbye = 'written'
      at = writeHeader(out, at, frameKind.goodbye, 0, 0)
    }
    return at
  }

  get #mayGoodbye(): boolean {
    return this.#goodbye === 'wanted' && this.#budget.queuedBytes === 0 && this.#schedule.isEmpty
  }
}

/** The longest head of a frame: header and message length. */
const maxHeadBytes = 12
