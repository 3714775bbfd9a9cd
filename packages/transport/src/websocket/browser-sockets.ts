import { CodedError, type Signal } from '@kithnet/kernel'
import type { Address } from '@kithnet/types'
import { later } from '../host.ts'
import type { Carrier } from '../pq-channel/carrier.ts'
import type { WebsocketFault } from './faults.ts'
import {
  goodbyeMs,
  highWaterBytes,
  lowWaterBytes,
  maxSocketMessageBytes,
  type Sockets,
  subprotocol,
  websocketLabel,
} from './sockets.ts'

/** How often a full socket is asked whether it has sent; the standard has no event for it. Source: our choice. */
const drainPollMs = 5

/** Longest wait for the upgrade. Source: our choice, as long as a handshake. */
const openTimeoutMs = 5_000

/** The WebSockets of a browser, or of another host with the same class: they dial only. */
export const browserSockets: Sockets = {
  open(address: Address, signal: Signal | undefined): Promise<Carrier> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted()
      const socket = new WebSocket(`${address}/`, [subprotocol])
      socket.binaryType = 'arraybuffer'
      const settle = (): void => {
        clearTimeout(limit)
        signal?.removeEventListener('abort', abort)
        socket.onopen = null
        socket.onclose = null
        socket.onerror = null
      }
      const refuse = (system: string): void => {
        settle()
        socket.close()
        reject(unreachable(address, system))
      }
      const abort = (): void => {
        settle()
        socket.close()
        reject(signal?.reason)
      }
      const limit = setTimeout(() => refuse('timeout'), openTimeoutMs)
      signal?.addEventListener('abort', abort, { once: true })
      // Browsers do not tell why.
      socket.onerror = () => refuse('error')
      socket.onclose = () => refuse('closed')
      socket.onopen = () => {
        if (socket.protocol !== subprotocol) {
          refuse('other protocol')
          return
        }
        settle()
        resolve(new BrowserCarrier(socket, address))
      }
    })
  },
}

function unreachable(address: Address, system: string): CodedError<WebsocketFault> {
  const sentence = `No Kithnet node answers at ${address} (${system}): check the address and that the node runs.`
  return new CodedError({ code: 'transport/unreachable', address }, sentence)
}

/** An open standard WebSocket as a carrier. It cannot be paused: what comes is kept, within a bound, above. */
class BrowserCarrier implements Carrier {
  readonly label: Uint8Array = websocketLabel
  readonly address: string
  onBytes: (bytes: Uint8Array) => void = () => undefined
  onDrain: () => void = () => undefined
  onEnd: () => void = () => undefined
  readonly #socket: WebSocket
  readonly #gone = Promise.withResolvers<void>()
  #poll: ReturnType<typeof setInterval> | undefined
  #ended = false

  constructor(socket: WebSocket, address: string) {
    this.#socket = socket
    this.address = address
    socket.onmessage = ({ data }: { readonly data: unknown }) => {
      if (data instanceof ArrayBuffer && data.byteLength <= maxSocketMessageBytes) {
        if (!this.#ended) this.onBytes(new Uint8Array(data))
      } else {
        this.destroy()
      }
    }
    socket.onclose = () => this.#end()
  }

  get gone(): Promise<void> {
    return this.#gone.promise
  }

  get bufferedBytes(): number {
    return this.#socket.bufferedAmount
  }

  send(bytes: Uint8Array<ArrayBuffer>): boolean {
    if (this.#ended || this.#socket.readyState !== WebSocket.OPEN) return false
    this.#socket.send(bytes)
    if (this.#socket.bufferedAmount >= highWaterBytes) {
      this.#poll ??= setInterval(() => this.#checkDrain(), drainPollMs)
    }
    return this.#poll === undefined
  }

  pause(): void {
    // There is no such thing in the standard.
  }

  resume(): void {
    // See `pause`.
  }

  close(): void {
    if (this.#ended) return
    this.#socket.close(1000)
    later(goodbyeMs, () => this.#end())
  }

  destroy(): void {
    this.#socket.close()
    this.#end()
  }

  #checkDrain(): void {
    if (this.#socket.bufferedAmount > lowWaterBytes) return
    clearInterval(this.#poll)
    this.#poll = undefined
    this.onDrain()
  }

  #end(): void {
    if (this.#ended) return
    this.#ended = true
    clearInterval(this.#poll)
    this.#gone.resolve()
    this.onEnd()
  }
}
