/**
 * An ordered, reliable way for bytes to one other end, of which nothing else is believed: WebSocket frames, a
 * data channel, a pair of queues. It may split and join what it carries. Whoever takes it over sets the three
 * handlers; nothing is delivered before control returns to the host's loop.
 */
export interface Carrier {
  /** The carrier's exporter where it has one, else `none:<kind>`; at most 64 bytes, equal at both ends. */
  readonly label: Uint8Array
  /** Where the other end was dialled, or where it comes from. */
  readonly address: string
  /** Resolves when the carrier has ended. */
  readonly gone: Promise<void>
  /** Bytes accepted and not yet handed to the host. */
  readonly bufferedBytes: number
  /** False asks to wait for `onDrain`. The bytes must not change until they are sent. */
  send(bytes: Uint8Array): boolean
  /** Asks the host to deliver no more for now; some bytes may still come. */
  pause(): void
  resume(): void
  /** Delivers what was sent, then ends; within the carrier's own time limit. */
  close(): void
  /** Ends at once. */
  destroy(): void
  /** The receiver may keep the array. */
  onBytes: (bytes: Uint8Array) => void
  onDrain: () => void
  /** Called once: no more bytes will come or go. */
  onEnd: () => void
}
