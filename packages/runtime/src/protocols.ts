import { CodedError, fromUtf8, utf8 } from '@kithnet/kernel'
import type { PeerId, Stream } from '@kithnet/types'
import type { RuntimeFault } from './faults.ts'

type Taker = (stream: Stream, from: PeerId) => void

/** Longest name of a protocol, in bytes. Source: our choice. */
const maxNameBytes = 128

/** Most requests that one peer may have open here. Source: our choice. */
const maxRequestsPerPeer = 64

/**
 * Which protocol a bulk stream speaks: its first message is the protocol's name. A request is a stream
 * with one message each way.
 */
export class Protocols {
  readonly #takers = new Map<string, Taker>()
  readonly #requestsByPeer = new Map<PeerId, number>()

  /** @throws CodedError `runtime/protocol-taken`. */
  take(protocol: string, taker: Taker): Disposable {
    nameBytes(protocol)
    if (this.#takers.has(protocol)) {
      throw new CodedError<RuntimeFault>(
        { code: 'runtime/protocol-taken', protocol },
        `Something else already takes the streams of "${protocol}".`,
      )
    }
    this.#takers.set(protocol, taker)
    return { [Symbol.dispose]: () => void this.#takers.delete(protocol) }
  }

  /** Answers each request of a protocol with the promise's bytes; a rejection aborts the stream. */
  answer(
    protocol: string,
    answer: (message: Uint8Array, from: PeerId) => Promise<Uint8Array>,
  ): Disposable {
    return this.take(protocol, (stream, from) => {
      const open = this.#requestsByPeer.get(from) ?? 0
      if (open >= maxRequestsPerPeer) {
        stream.abort()
        return
      }
      this.#requestsByPeer.set(from, open + 1)
      stream.onClose = () => this.#requestEnded(from)
      stream.onMessage = (message) => {
        stream.onMessage = () => stream.abort()
        answer(message.slice(), from)
          .then((reply) => {
            stream.send(reply)
            stream.close().catch(() => {})
          })
          // Also when whoever asked has gone meanwhile, and nothing can be sent any more.
          .catch(() => stream.abort())
      }
    })
  }

  /** A stream that a peer opened: waits for its protocol's name, then hands it over. */
  accept(stream: Stream, from: PeerId): void {
    stream.onMessage = (message) => {
      const taker =
        message.length > maxNameBytes ? undefined : this.#takers.get(fromUtf8(message) ?? '')
      stream.onMessage = () => {}
      if (taker === undefined) stream.abort()
      else taker(stream, from)
    }
  }

  /** Names the protocol of a stream that was opened here. */
  begin(stream: Stream, protocol: string): Stream {
    stream.send(nameBytes(protocol))
    return stream
  }

  #requestEnded(from: PeerId): void {
    const open = (this.#requestsByPeer.get(from) ?? 1) - 1
    if (open === 0) this.#requestsByPeer.delete(from)
    else this.#requestsByPeer.set(from, open)
  }
}

/** Sends one message on a fresh stream and resolves with the first that comes back. */
export function exchange(
  stream: Stream,
  protocol: string,
  message: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const settle = (finish: () => void): void => {
      signal?.removeEventListener('abort', abort)
      finish()
    }
    const abort = (): void =>
      settle(() => {
        stream.abort()
        reject(signal?.reason as Error)
      })
    stream.onMessage = (reply) => {
      const copy = reply.slice()
      settle(() => resolve(copy))
    }
    stream.onClose = () =>
      settle(() =>
        reject(
          new CodedError<RuntimeFault>(
            { code: 'runtime/no-answer', protocol },
            `The peer ended the request for "${protocol}" without an answer; it may not offer it.`,
          ),
        ),
      )
    if (signal?.aborted === true) {
      abort()
      return
    }
    signal?.addEventListener('abort', abort, { once: true })
    stream.send(message)
    stream.close().catch(() => {})
  })
}

function nameBytes(protocol: string): Uint8Array {
  const bytes = utf8(protocol)
  if (bytes.length > 0 && bytes.length <= maxNameBytes) return bytes
  throw new CodedError<RuntimeFault>(
    { code: 'runtime/bad-option', option: 'protocol' },
    `A protocol's name has 1 to ${maxNameBytes} bytes.`,
  )
}
