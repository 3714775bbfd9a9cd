import { CodedError, type Signal } from '@kithnet/kernel'
import type { Stream, StreamClass } from '@kithnet/types'
import type { Budget } from './budget.ts'
import type { LinkFault, UseFault } from './faults.ts'
import { Inbox } from './inbox.ts'
import { Outbox } from './outbox.ts'

/** Why a stream is over. */
export type StreamEnd = 'closed' | 'aborted' | 'link-down'

/** What a stream needs of the link that it is part of. */
export interface StreamOwner {
  readonly budget: Budget
  /** True once the link takes no more messages from us. */
  readonly isClosing: boolean
  /** The stream has something to send. */
  ready(stream: MuxStream): void
  sendCredit(stream: number, bytes: number): void
  sendEnded(stream: number): void
  sendReset(stream: number): void
  /** The stream is over: forget it. `awaitsReset` when the other side does not know yet. */
  over(stream: MuxStream, awaitsReset: boolean): void
  /** A reader's callback threw. */
  report(error: unknown): void
}

interface Waiter {
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** One stream of a multiplexed link: the queue out, the queue in, and who waits for what. */
export class MuxStream implements Stream {
  readonly id: number
  readonly class: StreamClass
  readonly out: Outbox
  readonly in: Inbox
  onMessage: (message: Uint8Array) => void = () => {}
  onEnd: () => void = () => {}
  onClose: (cause: StreamEnd) => void = () => {}
  /** True while the schedule holds it. */
  scheduled = false
  readonly #owner: StreamOwner
  readonly #drainWaiters = new Set<Waiter>()
  #closeWaiter: ({ readonly promise: Promise<void> } & Waiter) | undefined
  #ended: StreamEnd | undefined
  #endSent = false
  /** The other side has delivered all that was sent. */
  #endConfirmed = false
  #endReceived = false
  #endDelivered = false

  constructor(id: number, streamClass: StreamClass, owner: StreamOwner, initial: InitialCredit) {
    this.id = id
    this.class = streamClass
    this.#owner = owner
    this.out = new Outbox(initial.outBytes)
    this.in = new Inbox(this, owner, initial.inBytes)
  }

  get queuedBytes(): number {
    return this.out.queuedBytes
  }

  get isOver(): boolean {
    return this.#ended !== undefined
  }

  send(message: Uint8Array): boolean {
    if (this.#ended !== undefined || this.#closeWaiter !== undefined || this.#owner.isClosing) {
      throw this.#closedError()
    }
    const maxBytes = this.#owner.budget.maxBytesOut(this.class)
    if (message.length > maxBytes) {
      throw new CodedError<LinkFault>(
        { code: 'transport/message-too-large', gotBytes: message.length, maxBytes },
        `The message has ${message.length} bytes; the other side takes ${maxBytes} on ${this.class} streams. ` +
          'Split it, or use a bulk stream.',
      )
    }
    if (!this.#owner.budget.hasRoom(this.class, this.out.queuedBytes, message.length)) {
      throw queueFull(this.out.queuedBytes)
    }
    this.out.push(message)
    this.#owner.budget.queued(this.class, message.length)
    if (!this.scheduled) this.#owner.ready(this)
    return this.#isDrained()
  }

  drained(signal?: Signal): Promise<void> {
    signal?.throwIfAborted()
    if (this.#ended !== undefined) return Promise.reject(this.#closedError())
    if (this.#isDrained()) return Promise.resolve()
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        this.#drainWaiters.delete(waiter)
        // The caller's own reason, whatever it is.
        reject(signal?.reason)
      }
      const settle = (): void => {
        signal?.removeEventListener('abort', onAbort)
        this.#drainWaiters.delete(waiter)
      }
      const waiter: Waiter = {
        resolve: () => {
          settle()
          resolve()
        },
        reject: (error) => {
          settle()
          reject(error)
        },
      }
      this.#drainWaiters.add(waiter)
      signal?.addEventListener('abort', onAbort, { once: true })
    })
  }

  pause(): void {
    this.in.pause()
  }

  resume(): void {
    this.in.resume()
  }

  close(): Promise<void> {
    if (this.#closeWaiter !== undefined) return this.#closeWaiter.promise
    if (this.#ended === 'closed') return Promise.resolve()
    if (this.#ended !== undefined) return Promise.reject(this.#closedError())
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    // A caller that does not look must not bring the process down.
    promise.catch(() => {})
    this.#closeWaiter = { promise, resolve, reject }
    this.out.end()
    if (!this.scheduled) this.#owner.ready(this)
    return promise
  }

  abort(): void {
    if (this.#ended !== undefined) return
    this.#owner.sendReset(this.id)
    this.finish('aborted', true)
  }

  /** Wakes who waits for room in the queue. */
  wakeDrained(): void {
    if (this.#drainWaiters.size === 0 || !this.#isDrained()) return
    for (const waiter of [...this.#drainWaiters]) waiter.resolve()
  }

  get hasDrainWaiters(): boolean {
    return this.#drainWaiters.size > 0
  }

  /** Our `end` has been written. */
  endWritten(): void {
    this.#endSent = true
    this.#finishIfBothEnded()
  }

  /** The other side confirms our `end`. False when there was none. */
  confirmed(): boolean {
    if (!this.#endSent || this.#endConfirmed) return false
    this.#endConfirmed = true
    this.#closeWaiter?.resolve()
    this.#finishIfBothEnded()
    return true
  }

  get hasReceivedEnd(): boolean {
    return this.#endReceived
  }

  /** The other side ended its direction; told to the reader after the last message. */
  received(): void {
    this.#endReceived = true
    this.in.settleEnd()
  }

  /** Called by the inbox when everything before the other side's `end` has been delivered. */
  delivered(): void {
    if (!this.#endReceived || this.#endDelivered || this.#ended !== undefined) return
    this.#endDelivered = true
    this.#owner.sendEnded(this.id)
    this.guard(() => this.onEnd())
    this.#finishIfBothEnded()
  }

  /** Ends the stream for its user, whatever is still queued. */
  finish(cause: StreamEnd, awaitsReset: boolean): void {
    if (this.#ended !== undefined) return
    this.#ended = cause
    this.#owner.budget.queued(this.class, -this.out.clear())
    this.in.clear()
    this.#owner.over(this, awaitsReset)
    const error = this.#closedError()
    for (const waiter of [...this.#drainWaiters]) waiter.reject(error)
    if (cause === 'closed') this.#closeWaiter?.resolve()
    else this.#closeWaiter?.reject(error)
    this.guard(() => this.onClose(cause))
  }

  /** Runs a callback of the reader. What it throws is the reader's, not the link's. */
  guard(callback: () => void): void {
    try {
      callback()
    } catch (error) {
      this.#owner.report(error)
    }
  }

  #isDrained(): boolean {
    return this.#owner.budget.isBelowMark(this.class, this.out.queuedBytes)
  }

  #finishIfBothEnded(): void {
    if (this.#endSent && this.#endConfirmed && this.#endDelivered) this.finish('closed', false)
  }

  #closedError(): CodedError<UseFault> {
    return new CodedError<UseFault>(
      { code: 'transport/stream-closed', stream: this.id },
      'This stream has ended. Open another one on the link.',
    )
  }
}

/** What each direction of a fresh stream may send. */
export interface InitialCredit {
  readonly outBytes: number
  readonly inBytes: number
}

function queueFull(queuedBytes: number): CodedError<UseFault> {
  return new CodedError<UseFault>(
    { code: 'transport/queue-full', queuedBytes },
    'The queue of this stream is full. Wait for drained() when send() returns false.',
  )
}
