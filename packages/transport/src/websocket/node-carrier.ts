import { later } from '../host.ts'
import type { Carrier } from '../pq-channel/carrier.ts'
import { goodbyeMs, highWaterBytes, lowWaterBytes, websocketLabel } from './sockets.ts'

/** The part of an open `ws` socket that a carrier uses. */
export interface PausableSocket {
  on(event: 'message', listener: (data: Uint8Array, isBinary: boolean) => void): unknown
  on(event: 'error' | 'close', listener: () => void): unknown
  send(data: Uint8Array, options: { readonly binary: true }, done: () => void): void
  pause(): void
  resume(): void
  close(code: number): void
  terminate(): void
}

/** An open `ws` socket as a carrier. A text message, or any error, ends it. */
export class NodeCarrier implements Carrier {
  readonly label: Uint8Array = websocketLabel
  readonly address: string
  onBytes: (bytes: Uint8Array) => void = () => undefined
  onDrain: () => void = () => undefined
  onEnd: () => void = () => undefined
  readonly #socket: PausableSocket
  readonly #gone = Promise.withResolvers<void>()
  #bufferedBytes = 0
  #isFull = false
  #ended = false

  constructor(socket: PausableSocket, address: string) {
    this.#socket = socket
    this.address = address
    socket.on('message', (data, isBinary) => {
      if (isBinary) this.onBytes(data)
      else socket.terminate()
    })
    // A `close` event always follows, and tells all that matters.
    socket.on('error', () => undefined)
    socket.on('close', () => this.#end())
  }

  get gone(): Promise<void> {
    return this.#gone.promise
  }

  get bufferedBytes(): number {
    return this.#bufferedBytes
  }

  send(bytes: Uint8Array): boolean {
    if (this.#ended) return false
    this.#bufferedBytes += bytes.length
    this.#socket.send(bytes, { binary: true }, () => this.#sent(bytes.length))
    if (this.#bufferedBytes >= highWaterBytes) this.#isFull = true
    return !this.#isFull
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  close(): void {
    if (this.#ended) return
    // A paused socket would never read the other side's goodbye.
    this.#socket.resume()
    this.#socket.close(1000)
    const limit = later(goodbyeMs, () => this.#socket.terminate())
    void this.gone.then(() => limit[Symbol.dispose]())
  }

  destroy(): void {
    this.#socket.terminate()
  }

  #sent(length: number): void {
    this.#bufferedBytes -= length
    if (!this.#isFull || this.#bufferedBytes > lowWaterBytes) return
    this.#isFull = false
    if (!this.#ended) this.onDrain()
  }

  #end(): void {
    this.#ended = true
    this.#gone.resolve()
    this.onEnd()
  }
}
