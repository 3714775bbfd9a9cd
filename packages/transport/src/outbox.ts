import {
  frameHeaderBytes,
  frameKind,
  startLengthBytes,
  writeHeader,
  writeUint32,
} from './frames.ts'

/** What one turn of a stream wrote. */
export interface Turn {
  /** Where the next frame may be written. */
  readonly to: number
  /** Bytes of frames that cost credit. */
  readonly bytes: number
  /** Bytes of messages that left the queue. */
  readonly messageBytes: number
  /** The direction's `end` was written. */
  readonly ended: boolean
}

/**
 * Messages of one stream on their way out, cut into frames as credit allows. It keeps the sender's arrays until
 * they are written.
 */
export class Outbox {
  #messages: (Uint8Array | undefined)[] = []
  #head = 0
  /** Bytes of the first message that have been written; -1 when it has not begun. */
  #written = -1
  #queuedBytes = 0
  #credit: number
  #ending = false
  #endWritten = false

  constructor(initialCreditBytes: number) {
    this.#credit = initialCreditBytes
  }

  /** Bytes of messages not yet written. */
  get queuedBytes(): number {
    return this.#queuedBytes
  }

  get queuedMessages(): number {
    return this.#messages.length - this.#head
  }

  get creditBytes(): number {
    return this.#credit
  }

  push(message: Uint8Array): void {
    this.#messages.push(message)
    this.#queuedBytes += message.length
  }

  /** No more messages: `end` is written after the last one. */
  end(): void {
    this.#ending = true
  }

  /** The other side takes more. */
  grant(bytes: number): void {
    this.#credit += bytes
  }

  /** Drops what is queued; returns how many bytes that were. */
  clear(): number {
    const dropped = this.#queuedBytes
    this.#messages = []
    this.#head = 0
    this.#written = -1
    this.#queuedBytes = 0
    this.#endWritten = true
    return dropped
  }

  /** True when `write` would write something, given room. */
  get canWrite(): boolean {
    const message = this.#messages[this.#head]
    if (message === undefined) return this.#ending && !this.#endWritten
    return this.#credit >= this.#neededCredit(message)
  }

  /**
   * Writes frames into `out` from `from` on, about `quantumBytes` of them. A long message is cut into
   * fragments of `fragmentBytes`.
   */
  write(
    id: number,
    out: Uint8Array,
    from: number,
    quantumBytes: number,
    fragmentBytes: number,
  ): Turn {
    const stop = Math.min(out.length, from + quantumBytes)
    let at = from
    let messageBytes = 0
    while (at < stop) {
      const message = this.#messages[this.#head]
      if (message === undefined) break
      if (this.#credit < this.#neededCredit(message)) break
      const before = at
      if (this.#isSentWhole(message, fragmentBytes)) {
        if (at + frameHeaderBytes + message.length > out.length) break
        at = writeHeader(out, at, frameKind.whole, message.length, id)
        out.set(message, at)
        at += message.length
        messageBytes += message.length
        this.#shift()
      } else {
        const piece = this.#pieceBytes(message, out.length - at, fragmentBytes)
        if (piece <= 0) break
        at = this.#writePiece(message, piece, id, out, at)
        messageBytes += piece
      }
      this.#credit -= at - before
    }
    this.#queuedBytes -= messageBytes
    const ended = this.#writeEnd(id, out, at)
    return { to: ended ? at + frameHeaderBytes : at, bytes: at - from, messageBytes, ended }
  }

  #writePiece(
    message: Uint8Array,
    piece: number,
    id: number,
    out: Uint8Array,
    from: number,
  ): number {
    let at = from
    if (this.#written < 0) {
      at = writeHeader(out, at, frameKind.start, startLengthBytes + piece, id)
      at = writeUint32(out, at, message.length)
      this.#written = 0
    } else {
      at = writeHeader(out, at, frameKind.part, piece, id)
    }
    out.set(message.subarray(this.#written, this.#written + piece), at)
    this.#written += piece
    if (this.#written === message.length) this.#shift()
    return at + piece
  }

  /** Writes `end` when all messages are out and eight bytes are left. It costs no credit. */
  #writeEnd(id: number, out: Uint8Array, at: number): boolean {
    if (!this.#ending || this.#endWritten || this.queuedMessages > 0) return false
    if (at + frameHeaderBytes > out.length) return false
    writeHeader(out, at, frameKind.end, 0, id)
    this.#endWritten = true
    return true
  }

  #pieceBytes(message: Uint8Array, room: number, fragmentBytes: number): number {
    const head = frameHeaderBytes + (this.#written < 0 ? startLengthBytes : 0)
    const left = message.length - Math.max(0, this.#written)
    return Math.min(left, fragmentBytes, this.#credit - head, room - head)
  }

  #isSentWhole(message: Uint8Array, fragmentBytes: number): boolean {
    return (
      this.#written < 0 &&
      message.length <= fragmentBytes &&
      message.length + frameHeaderBytes <= this.#credit
    )
  }

  /** The rest of the message, or as much of it as is worth a frame. */
  #neededCredit(message: Uint8Array): number {
    const left = message.length - Math.max(0, this.#written)
    return Math.min(left, leastPiece) + fragmentHeadBytes
  }

  #shift(): void {
    this.#messages[this.#head++] = undefined
    this.#written = -1
    if (this.#head === this.#messages.length) {
      this.#messages.length = 0
      this.#head = 0
    } else if (this.#head >= compactAt && this.#head * 2 >= this.#messages.length) {
      this.#messages = this.#messages.slice(this.#head)
      this.#head = 0
    }
  }
}

const fragmentHeadBytes = frameHeaderBytes + startLengthBytes
/** Credit below this is not worth a frame. Source: our choice; credit comes in quarters of a window. */
const leastPiece = 4_096
/** Source: our choice; removing from the front costs a copy, so it is done rarely. */
const compactAt = 256
