import type { Fault, LinkDownCause } from '@kithnet/kernel'

/**
 * An authenticated, encrypted, ordered stream of bytes between two peers: what a record layer gives and what
 * `openLink` builds a link on. The other end is known and proven before a pipe exists. A pipe starts paused.
 */
export interface Pipe {
  /** Bytes taken by `write` and not yet by the host's socket. */
  readonly bufferedBytes: number
  /** An array of at least this length to write from next, where the pipe has one that was written before. */
  allocate?(length: number): Uint8Array
  /** Takes a chunk, which the pipe owns from then on. False: write no more until `onDrain`. */
  write(chunk: Uint8Array): boolean
  /** Ends after everything written; `onClose` follows. */
  end(): void
  /** Cuts at once; `onClose` follows with this fault. */
  destroy(fault?: Fault): void
  /** Stops `onData`. Bytes wait in the host and hold the sender back. */
  pause(): void
  resume(): void
  /** Bytes in the order in which they were written, in chunks of any size. The reader owns the chunk. */
  onData: (chunk: Uint8Array) => void
  /** Called after `write` returned false, when there is room again. */
  onDrain: () => void
  /**
   * Called once, never from within a call of the owner. `closed`: the other side ended its bytes; `reset`: anything
   * else. A link trusts neither: only its own goodbye tells that nothing was cut off.
   */
  onClose: (cause: LinkDownCause, fault?: Fault) => void
}
