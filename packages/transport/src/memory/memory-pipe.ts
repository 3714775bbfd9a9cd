import type { Fault, LinkDownCause } from '@kithnet/kernel'
import { soon } from '../host.ts'
import type { Pipe } from '../pipe.ts'

/** Two ends of a pipe within one process. Chunks pass by reference, each in a later turn of the host's loop. */
export function memoryPipes(): readonly [Pipe, Pipe] {
  const a = new MemoryPipe()
  const b = new MemoryPipe()
  a.connect(b)
  b.connect(a)
  return [a, b]
}

class MemoryPipe implements Pipe {
  onData: (chunk: Uint8Array) => void = () => {}
  onDrain: () => void = () => {}
  onClose: (cause: LinkDownCause, fault?: Fault) => void = () => {}
  #other: MemoryPipe | undefined
  /** Chunks on their way to this end. */
  #arriving: Uint8Array[] = []
  #arrivingBytes = 0
  #paused = true
  #asked = false
  #writerWaits = false
  #otherEnded = false
  #ended = false
  #closed = false

  connect(other: MemoryPipe): void {
    this.#other = other
  }

  get bufferedBytes(): number {
    return this.#other?.arrivingBytes ?? 0
  }

  get arrivingBytes(): number {
    return this.#arrivingBytes
  }

  write(chunk: Uint8Array): boolean {
    if (this.#closed || this.#ended) return true
    return this.#other?.arrive(chunk) ?? true
  }

  end(): void {
    if (this.#closed || this.#ended) return
    this.#ended = true
    this.#other?.endArrives()
    if (this.#otherEnded) this.#close('closed')
  }

  destroy(fault?: Fault): void {
    if (this.#closed) return
    this.#close('reset', fault)
    this.#other?.cut()
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.#ask()
  }

  /** A chunk from the other end. False when it must wait for `onDrain`. */
  arrive(chunk: Uint8Array): boolean {
    if (this.#closed) return true
    this.#arriving.push(chunk)
    this.#arrivingBytes += chunk.length
    this.#ask()
    this.#writerWaits = this.#arrivingBytes >= markBytes
    return !this.#writerWaits
  }

  endArrives(): void {
    this.#otherEnded = true
    this.#ask()
  }

  /** The other end was destroyed. */
  cut(): void {
    this.#close('reset')
  }

  #ask(): void {
    if (this.#asked || this.#paused || this.#closed) return
    this.#asked = true
    soon(() => this.#deliver())
  }

  #deliver(): void {
    this.#asked = false
    while (!this.#paused && !this.#closed) {
      const chunk = this.#arriving.shift()
      if (chunk === undefined) break
      this.#arrivingBytes -= chunk.length
      this.onData(chunk)
    }
    if (this.#writerWaits && this.#arrivingBytes < markBytes / 2) {
      this.#writerWaits = false
      this.#other?.onDrain()
    }
    if (!this.#otherEnded || this.#arriving.length > 0 || this.#paused) return
    // Nobody waits for more bytes of an end that has said its last.
    this.#ended = true
    this.#other?.close()
    this.#close('closed')
  }

  close(): void {
    this.#close('closed')
  }

  #close(cause: LinkDownCause, fault?: Fault): void {
    if (this.#closed) return
    this.#closed = true
    this.#arriving = []
    this.#arrivingBytes = 0
    soon(() => this.onClose(cause, fault))
  }
}

/** Source: our choice, as much as a socket's buffers hold. */
const markBytes = 262_144
