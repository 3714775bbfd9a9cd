import { after, CodedError, Deadlines } from '@kithnet/kernel'
import type { LinkStats, Stream, StreamClass } from '@kithnet/types'
import type { AcceptedLimits } from './accept.ts'
import { Budget } from './budget.ts'
import type { LinkFault, UseFault } from './faults.ts'
import { FrameReader, type FrameSink } from './frame-reader.ts'
import { frameHeaderBytes, frameKind, readUint32, startLengthBytes } from './frames.ts'
import { Keepalive } from './keepalive.ts'
import type { LinkLimits } from './limits.ts'
import type { MuxHost } from './mux-host.ts'
import { MuxStream, type StreamOwner } from './mux-stream.ts'
import { streamClasses } from './schedule.ts'
import { Sender } from './sender.ts'
import { StreamTable } from './stream-table.ts'

type Timer = 'ping' | 'dead' | 'close'

/**
 * Many streams over one ordered stream of bytes: classes in order of urgency, credit per stream, a bound on what
 * is on its way, keepalive, and a goodbye. It reads no clock and owns no socket.
 */
export class Mux {
  readonly #host: MuxHost
  readonly #limits: LinkLimits
  readonly #theirs: AcceptedLimits
  readonly #initialCredit: number
  readonly #reader: FrameReader
  readonly #streams: StreamTable
  readonly #budget: Budget
  readonly #sender: Sender
  readonly #keepalive: Keepalive
  readonly #deadlines = new Deadlines<Timer>()
  readonly #owner: StreamOwner
  #blocked = false
  #flushAsked = false
  #closing = false
  #goodbyeReceived = false
  #dead = false
  #bytesSent = 0
  #bytesReceived = 0
  /** Bytes of streams that came since the last acknowledgement. */
  #unacked = 0

  constructor(
    host: MuxHost,
    dialled: boolean,
    limits: LinkLimits,
    theirs: AcceptedLimits,
    initialCredit: number,
  ) {
    this.#host = host
    this.#limits = limits
    this.#theirs = theirs
    this.#initialCredit = initialCredit
    this.#streams = new StreamTable(dialled)
    this.#budget = new Budget(limits, theirs, initialCredit)
    this.#sender = new Sender(this.#budget)
    this.#owner = this.#ownerOfStreams()
    this.#reader = new FrameReader(this.#sink())
    const now = host.now()
    this.#keepalive = new Keepalive(now)
    this.#deadlines.arm('ping', now)
    this.#deadlines.arm('dead', after(now, limits.deadMs))
    host.alarm(now)
  }

  get stats(): LinkStats {
    let bulkStreams = 0
    for (const stream of this.#streams.values()) if (stream.class === 'bulk') bulkStreams++
    return {
      roundTripMs: this.#keepalive.smoothedMs,
      queuedBytes: this.#budget.queuedBytes,
      bytesSent: this.#bytesSent,
      bytesReceived: this.#bytesReceived,
      bulkStreams,
    }
  }

  /** Both sides said goodbye: that the bytes end is as it should be. */
  get isFinished(): boolean {
    return this.#sender.hasSaidGoodbye && this.#goodbyeReceived
  }

  open(streamClass: StreamClass): Stream {
    if (this.#closing || this.#dead) throw closedError()
    const id = this.#streams.nextOurs
    const max = this.#theirs.maxStreams
    if (this.#streams.countLike(id) >= max) {
      throw new CodedError<LinkFault>(
        { code: 'transport/too-many-streams', max },
        `The other side takes ${max} streams at once on a link. Close one first.`,
      )
    }
    this.#sender.notices.open(id, streamClasses.indexOf(streamClass))
    const stream = this.#add(id, streamClass)
    this.#soon()
    return stream
  }

  /** Bytes came from the other side. */
  receive(chunk: Uint8Array): void {
    if (this.#dead) return
    this.#bytesReceived += chunk.length
    this.#deadlines.arm('dead', after(this.#host.now(), this.#limits.deadMs))
    const fault = this.#reader.push(chunk)
    if (typeof fault === 'object') this.#cut(fault)
    if (this.#unacked < ackBytes) return
    this.#keepalive.isUsed = true
    this.#sender.notices.ack += this.#unacked
    this.#unacked = 0
    this.#soon()
  }

  /** The pipe takes bytes again. */
  drain(): void {
    this.#blocked = false
    this.flush()
  }

  /** Writes what may be written. */
  flush(): void {
    this.#flushAsked = false
    while (!this.#blocked && !this.#dead && this.#sender.hasWork) {
      const out = this.#host.allocate(this.#sender.batchBytes(this.#streams.values()))
      const end = this.#sender.fill(out, this.#host.now())
      if (end === 0) break
      this.#bytesSent += end
      this.#blocked = !this.#host.write(out.subarray(0, end))
    }
    if (this.#dead) return
    if (this.#sender.isIdle) this.#sender.flight.idle()
    for (const stream of this.#streams.values()) stream.wakeDrained()
    if (!this.isFinished) return
    this.end()
    this.#host.finished()
  }

  /** The instant that was asked for has come. */
  wake(): void {
    if (this.#dead) return
    const now = this.#host.now()
    for (;;) {
      const timer = this.#deadlines.takeDue(now)
      if (timer === undefined) break
      const { deadMs: silentMs, keepaliveMs } = this.#limits
      if (timer !== 'ping') {
        this.#cut(timer === 'dead' ? { code: 'transport/silent', silentMs } : undefined)
        return
      }
      this.#sender.notices.ping = this.#keepalive.ask(now)
      this.#deadlines.arm('ping', after(now, this.#keepalive.pauseMs(keepaliveMs)))
      this.#soon()
    }
    this.#host.alarm(this.#deadlines.next)
  }

  /** Takes no more messages, and says goodbye when all queued ones are through; cuts after `timeoutMs`. */
  close(timeoutMs: number): void {
    if (this.#dead) return
    this.#closing = true
    this.#sender.sayGoodbye()
    this.#deadlines.arm('close', after(this.#host.now(), timeoutMs))
    this.#host.alarm(this.#deadlines.next)
    this.#soon()
  }

  /** The pipe is gone: ends every stream. */
  end(): void {
    this.#dead = true
    this.#host.alarm(undefined)
    for (const stream of [...this.#streams.values()]) stream.finish('link-down', false)
  }

  #sink(): FrameSink {
    return {
      frame: (kind, id, body) => this.#frame(kind, id, body),
      begin: (id, messageBytes, fragmentBytes) =>
        this.#data(id, frameKind.start, startLengthBytes + fragmentBytes, (stream) =>
          stream.in.begin(messageBytes, fragmentBytes),
        ),
      more: (id, fragmentBytes) =>
        this.#data(id, frameKind.part, fragmentBytes, (stream) =>
          stream.in.fragment(fragmentBytes),
        ),
      piece: (id, bytes, last) => {
        const stream = this.#streams.get(id)
        // A fading stream, or one whose reader aborted it in between.
        if (stream === undefined) return !this.#dead
        return stream.in.piece(bytes, last) ?? !this.#dead
      },
    }
  }

  #frame(kind: number, id: number, body: Uint8Array): LinkFault | boolean {
    switch (kind) {
      case frameKind.whole:
        return this.#whole(id, body)
      case frameKind.open:
        return this.#opened(id, body[0]!)
      case frameKind.credit:
        return this.#credited(id, readUint32(body, 0))
      case frameKind.ack:
        return this.#acknowledged(readUint32(body, 0))
      case frameKind.ping:
        this.#sender.notices.pong = readUint32(body, 0)
        this.#soon()
        return true
      case frameKind.pong:
        return this.#ponged(readUint32(body, 0))
      case frameKind.end:
      case frameKind.ended:
        return this.#ended(kind, id)
      case frameKind.reset:
        return this.#reset(id)
      case frameKind.goodbye:
        return this.#goodbye()
      default:
        return { code: 'transport/frame-kind', kind }
    }
  }

  /** The path of almost every message: kept short. */
  #whole(id: number, body: Uint8Array): LinkFault | boolean {
    const stream = this.#streams.get(id)
    if (stream === undefined || stream.hasReceivedEnd || this.#goodbyeReceived) {
      return this.#data(id, frameKind.whole, body.length, () => undefined)
    }
    this.#unacked += frameHeaderBytes + body.length
    return stream.in.whole(body) ?? !this.#dead
  }

  #data(
    id: number,
    kind: number,
    bytes: number,
    take: (stream: MuxStream) => LinkFault | undefined,
  ): LinkFault | boolean {
    if (this.#goodbyeReceived) return { code: 'transport/after-goodbye' }
    this.#unacked += frameHeaderBytes + bytes
    const stream = this.#streams.get(id)
    if (stream === undefined) {
      return this.#streams.isFading(id) || { code: 'transport/frame-stream', kind, stream: id }
    }
    if (stream.hasReceivedEnd) return { code: 'transport/frame-stream', kind, stream: id }
    return take(stream) ?? !this.#dead
  }

  #opened(id: number, rank: number): LinkFault | boolean {
    const streamClass = streamClasses[rank]
    const kind = frameKind.open
    if (streamClass === undefined) return { code: 'transport/frame-field', kind, field: 'class' }
    if (this.#goodbyeReceived) return { code: 'transport/after-goodbye' }
    if (!this.#streams.isNew(id)) {
      return { code: 'transport/frame-stream', kind, stream: id }
    }
    if (this.#streams.countLike(id) >= this.#limits.maxStreams) {
      return { code: 'transport/too-many-streams', max: this.#limits.maxStreams }
    }
    const stream = this.#add(id, streamClass)
    this.#host.opened(stream)
    stream.in.settle()
    return !this.#dead
  }

  #credited(id: number, bytes: number): LinkFault | boolean {
    const stream = this.#streams.get(id)
    if (stream === undefined) return this.#streams.isPast(id, frameKind.credit)
    stream.out.grant(bytes)
    if (stream.out.creditBytes > maxCreditBytes) {
      return { code: 'transport/credit-overflow', stream: id }
    }
    this.#ready(stream)
    return true
  }

  #acknowledged(bytes: number): LinkFault | boolean {
    if (!this.#sender.flight.acknowledged(bytes, this.#host.now())) {
      return { code: 'transport/ack-overflow' }
    }
    if (!this.#sender.isIdle) this.#soon()
    return true
  }

  #ponged(token: number): LinkFault | boolean {
    const now = this.#host.now()
    if (!this.#keepalive.hasSent(token)) {
      return { code: 'transport/frame-field', kind: frameKind.pong, field: 'token' }
    }
    const roundTripMs = this.#keepalive.answered(token, now)
    if (roundTripMs !== undefined) this.#sender.flight.roundTrip(roundTripMs, now)
    return true
  }

  #ended(kind: number, id: number): LinkFault | boolean {
    const stream = this.#streams.get(id)
    if (stream === undefined) {
      return this.#streams.isFading(id) || { code: 'transport/frame-stream', kind, stream: id }
    }
    if (kind === frameKind.ended) {
      return stream.confirmed() ? !this.#dead : { code: 'transport/frame-stream', kind, stream: id }
    }
    if (stream.hasReceivedEnd || stream.in.isAssembling) {
      return { code: 'transport/fragment', stream: id }
    }
    stream.received()
    return !this.#dead
  }

  #reset(id: number): LinkFault | boolean {
    if (this.#streams.faded(id)) return true
    const stream = this.#streams.get(id)
    if (stream === undefined) {
      const past = this.#streams.isPast(id, frameKind.reset)
      // The other side dropped it while our last word was on its way, and waits for an answer.
      if (past === true) this.#notice(() => this.#sender.notices.reset(id))
      return past
    }
    this.#notice(() => this.#sender.notices.reset(id))
    stream.finish('aborted', false)
    return !this.#dead
  }

  #goodbye(): LinkFault | boolean {
    if (this.#goodbyeReceived) return { code: 'transport/after-goodbye' }
    this.#goodbyeReceived = true
    if (this.#closing) this.#soon()
    else this.close(this.#limits.closeMs)
    return true
  }

  #ownerOfStreams(): StreamOwner {
    const isClosing = (): boolean => this.#closing
    return {
      budget: this.#budget,
      get isClosing() {
        return isClosing()
      },
      ready: (stream) => this.#ready(stream),
      sendCredit: (id, bytes) => this.#notice(() => this.#sender.notices.credit(id, bytes)),
      sendEnded: (id) => this.#notice(() => this.#sender.notices.ended(id)),
      sendReset: (id) => this.#notice(() => this.#sender.notices.reset(id)),
      over: (stream, awaitsReset) => {
        this.#streams.remove(stream.id, awaitsReset)
        this.#sender.remove(stream)
        this.#soon()
      },
      report: (error) => this.#host.report(error),
    }
  }

  #add(id: number, streamClass: StreamClass): MuxStream {
    const stream = new MuxStream(id, streamClass, this.#owner, {
      outBytes: this.#theirs.initialCreditBytes,
      inBytes: this.#initialCredit,
    })
    this.#streams.add(stream)
    return stream
  }

  #ready(stream: MuxStream): void {
    if (this.#sender.ready(stream)) this.#soon()
  }

  #soon(): void {
    if (this.#flushAsked || this.#blocked || this.#dead) return
    this.#flushAsked = true
    this.#host.soon()
  }

  #notice(add: () => void): void {
    if (this.#dead) return
    add()
    if (this.#sender.notices.bytes > maxNoticeBytes) {
      this.#cut({ code: 'transport/control-flood', maxBytes: maxNoticeBytes })
      return
    }
    this.#soon()
  }

  #cut(fault: LinkFault | undefined): void {
    if (this.#dead) return
    this.#dead = true
    this.#host.alarm(undefined)
    this.#host.cut(fault)
  }
}

function closedError(): CodedError<UseFault> {
  return new CodedError<UseFault>(
    { code: 'transport/closed' },
    'This link is closed. Dial the peer again.',
  )
}

/** Bytes of streams after which an acknowledgement is due. Source: our choice, a quarter of the least flight. */
const ackBytes = 8_192
/** Answers waiting for a peer that does not read. Source: our choice. */
const maxNoticeBytes = 65_536
/** Source: our choice; what a sender can be given beyond any window. */
const maxCreditBytes = 268_435_456
