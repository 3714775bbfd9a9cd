import type { Fault, LinkDownCause } from '@kithnet/kernel'
import type { TLSSocket } from 'node:tls'
import { allocate, later } from '../host.ts'
import { batchBytes } from '../limits.ts'
import type { Pipe } from '../pipe.ts'

/** A TLS socket whose other end is proven, as a pipe. Takes the socket over and pauses it. */
export class TlsPipe implements Pipe {
  onData: (chunk: Uint8Array) => void = () => {}
  onDrain: () => void = () => {}
  onClose: (cause: LinkDownCause, fault?: Fault) => void = () => {}
  readonly #socket: TLSSocket
  /** Chunks that the socket still has; `undefined` for those that are not ours to use again. */
  readonly #writing: (Uint8Array | undefined)[] = []
  readonly #idle: Uint8Array[] = []
  #full = false
  #ended = false
  #fault: Fault | undefined
  #linger: Disposable | undefined

  constructor(socket: TLSSocket) {
    this.#socket = socket
    socket.pause()
    socket.setNoDelay(true)
    // A plain array: a slice of a Buffer would be no copy, and keep all of it from being freed.
    socket.on('data', ({ buffer, byteOffset, byteLength }: Buffer) =>
      this.onData(new Uint8Array(buffer, byteOffset, byteLength)),
    )
    socket.pause()
    socket.on('end', () => {
      this.#ended = true
    })
    // A `close` event always follows, and tells all that matters.
    socket.on('error', () => {})
    socket.on('close', () => this.#closed())
  }

  get bufferedBytes(): number {
    return this.#socket.writableLength
  }

  write(chunk: Uint8Array): boolean {
    if (this.#socket.destroyed || this.#socket.writableEnded) return true
    this.#writing.push(chunk.buffer.byteLength === batchBytes ? chunk : undefined)
    this.#socket.write(chunk, this.#written)
    this.#full = this.#socket.writableLength >= fullBytes
    return !this.#full
  }

  end(): void {
    if (this.#socket.destroyed || this.#socket.writableEnded) return
    // A paused socket would never see the other side's end.
    this.#socket.resume()
    this.#socket.end()
    this.#linger = later(lingerMs, () => this.#socket.destroy())
  }

  destroy(fault?: Fault): void {
    this.#fault ??= fault
    this.#socket.destroy()
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  /** Batches come from a few arrays that take turns: fresh ones would cost more in page faults than encryption. */
  allocate(length: number): Uint8Array {
    if (length > batchBytes || length < batchBytes / 4) return allocate(length)
    return this.#idle.pop() ?? allocate(batchBytes)
  }

  readonly #written = (): void => {
    const chunk = this.#writing.shift()
    if (chunk !== undefined && this.#idle.length < maxIdle)
      this.#idle.push(new Uint8Array(chunk.buffer))
    if (!this.#full || this.#socket.destroyed || this.#socket.writableLength > fullBytes / 2) return
    this.#full = false
    this.onDrain()
  }

  #closed(): void {
    this.#linger?.[Symbol.dispose]()
    this.onClose(this.#ended && this.#fault === undefined ? 'closed' : 'reset', this.#fault)
  }
}

/** Source: our choice; two batches, so that the socket has one while the next is being written. */
const fullBytes = 524_288
/** Source: our choice: one being filled and one being sent. */
const maxIdle = 2
/** How long the other side may take to end after we have. Source: our choice. */
const lingerMs = 1_000
