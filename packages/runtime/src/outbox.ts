import { CodedError, type Fault } from '@kithnet/kernel'
import type { MessageId, PeerId, TopicId } from '@kithnet/types'
import type { RuntimeFault } from './faults.ts'
import { later } from './system.ts'

/** How far a message has come: waiting for a first neighbour, on its way to some, verified and accepted by some. */
export type PublishStatus = 'queued' | 'sent' | 'acknowledged'

/** What became of a message. */
export interface Published {
  readonly id: MessageId
  readonly status: PublishStatus
  /** Neighbours it was sent to, or that acknowledged it, by `status`; 0 while queued. */
  readonly peers: number
}

/** What to wait for. */
export interface PublishOptions {
  /** Default `sent`. `queued` does not wait for a neighbour; `acknowledged` waits until one has accepted it. */
  readonly until?: PublishStatus
  /** Gives up waiting, not publishing: the message may still go out. */
  readonly signal?: AbortSignal
  /** Longest wait in milliseconds. Default: as long as the signal allows. */
  readonly timeoutMs?: number
}

/** A message to publish. */
export interface Outgoing {
  readonly topic: TopicId
  readonly payload: Uint8Array
  readonly confirmers: readonly PeerId[]
}

interface Waiting {
  readonly until: PublishStatus
  /** Told the message's id once, as soon as there is one. */
  onId: ((id: MessageId) => void) | undefined
  resolve(published: Published): void
  reject(error: unknown): void
  settled(): void
}

const rank: Readonly<Record<PublishStatus, number>> = { queued: 0, sent: 1, acknowledged: 2 }

/** Messages on their way out, and who waits for news of them. */
export class Outbox {
  readonly #submit: (token: number, message: Outgoing) => void
  /** Topics of messages that no neighbour has been sent, and who waits until there are none. */
  readonly #unsentByToken = new Map<number, TopicId>()
  readonly #flushing = new Set<() => void>()
  readonly #waitingByToken = new Map<number, Waiting>()
  #token = 0
  #closed = false

  /** `submit` hands the message to the overlay. */
  constructor(submit: (token: number, message: Outgoing) => void) {
    this.#submit = submit
  }

  publish(
    message: Outgoing,
    options: PublishOptions,
    onId: (id: MessageId) => void,
  ): Promise<Published> {
    const signal = options.signal
    if (this.#closed) return Promise.reject(closedError())
    if (signal?.aborted === true) return Promise.reject(signal.reason as Error)
    const token = ++this.#token
    return new Promise((resolve, reject) => {
      const giveUp = (error: unknown): void => {
        if (!this.#waitingByToken.delete(token)) return
        waiting.settled()
        reject(error)
      }
      const onAbort = (): void => giveUp(signal?.reason)
      const timeoutMs = options.timeoutMs
      const timer =
        timeoutMs === undefined
          ? undefined
          : later(timeoutMs, () => giveUp(noPeersError(timeoutMs)))
      const waiting: Waiting = {
        until: options.until ?? 'sent',
        onId,
        resolve,
        reject,
        settled: () => {
          timer?.[Symbol.dispose]()
          signal?.removeEventListener('abort', onAbort)
        },
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      this.#waitingByToken.set(token, waiting)
      this.#unsentByToken.set(token, message.topic)
      this.#submit(token, message)
    })
  }

  /** The overlay's news of a message. */
  progressed(token: number, published: Published): void {
    if (published.status !== 'queued') this.#left(token)
    const waiting = this.#waitingByToken.get(token)
    waiting?.onId?.(published.id)
    if (waiting === undefined || rank[published.status] < rank[waiting.until]) {
      if (waiting !== undefined) waiting.onId = undefined
      return
    }
    this.#waitingByToken.delete(token)
    waiting.settled()
    waiting.resolve(published)
  }

  /** The overlay would not take a message. */
  refused(token: number, fault: Fault): void {
    this.#left(token)
    const waiting = this.#waitingByToken.get(token)
    if (waiting === undefined) return
    this.#waitingByToken.delete(token)
    waiting.settled()
    waiting.reject(new CodedError(fault, refusalSentence(fault)))
  }

  /** Resolves when everything published on the topic so far has been sent to a neighbour. */
  async flush(topic: TopicId, signal: AbortSignal | undefined): Promise<void> {
    const last = this.#token
    const isOpen = (): boolean => {
      if (this.#closed) return false
      for (const [token, one] of this.#unsentByToken)
        if (token <= last && one === topic) return true
      return false
    }
    while (isOpen()) await this.#change(signal)
  }

  close(): void {
    this.#closed = true
    this.#wake()
    for (const waiting of this.#waitingByToken.values()) {
      waiting.settled()
      waiting.reject(closedError())
    }
    this.#waitingByToken.clear()
  }

  #left(token: number): void {
    if (this.#unsentByToken.delete(token)) this.#wake()
  }

  #wake(): void {
    for (const resume of this.#flushing) resume()
    this.#flushing.clear()
  }

  #change(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted()
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        this.#flushing.delete(resume)
        reject(signal?.reason as Error)
      }
      const resume = (): void => {
        signal?.removeEventListener('abort', abort)
        resolve()
      }
      this.#flushing.add(resume)
      signal?.addEventListener('abort', abort, { once: true })
    })
  }
}

function refusalSentence(fault: Fault): string {
  if (fault.code.endsWith('queue-full')) {
    return 'Too many messages wait to be sent. Await what publish returns before publishing more, or join a network.'
  }
  if (fault.code.endsWith('too-large')) {
    return 'The payload is larger than a message may be. Split it, or send it on a stream.'
  }
  return 'The message was refused.'
}

function closedError(): CodedError<RuntimeFault> {
  return new CodedError<RuntimeFault>({ code: 'runtime/closed' }, 'This node has been closed.')
}

function noPeersError(waitedMs: number): CodedError<RuntimeFault> {
  return new CodedError<RuntimeFault>(
    { code: 'runtime/no-peers', waitedMs },
    `Nobody took the message within ${waitedMs} ms. Join a network with a ticket, or publish with until: 'queued'.`,
  )
}
