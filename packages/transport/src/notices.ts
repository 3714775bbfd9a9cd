import { frameHeaderBytes, frameKind, writeHeader, writeUint32 } from './frames.ts'

/**
 * Short frames that go before all messages. Of those that replace each other only the last is kept, so that
 * a peer cannot pile them up; `bytes` tells the owner how many the others have come to.
 */
export class Notices {
  ping: number | undefined
  pong: number | undefined
  /** Bytes that have arrived and are not acknowledged yet. */
  ack = 0
  readonly #creditByStream = new Map<number, number>()
  #words: { readonly kind: number; readonly stream: number; readonly value: number }[] = []

  /** Bytes that `write` will write. */
  get bytes(): number {
    const single = Number(this.ping !== undefined) + Number(this.pong !== undefined)
    const counts = single + Number(this.ack > 0) + this.#creditByStream.size
    return counts * countBytes + this.#words.length * wordBytes
  }

  open(stream: number, rank: number): void {
    this.#words.push({ kind: frameKind.open, stream, value: rank })
  }

  ended(stream: number): void {
    this.#words.push({ kind: frameKind.ended, stream, value: -1 })
  }

  reset(stream: number): void {
    this.#words.push({ kind: frameKind.reset, stream, value: -1 })
  }

  credit(stream: number, bytes: number): void {
    this.#creditByStream.set(stream, (this.#creditByStream.get(stream) ?? 0) + bytes)
  }

  forgetCredit(stream: number): void {
    this.#creditByStream.delete(stream)
  }

  /** Writes everything at the front of `out`, which has room; returns how many bytes. */
  write(out: Uint8Array): number {
    let at = 0
    if (this.pong !== undefined) at = writeCount(out, at, frameKind.pong, 0, this.pong)
    if (this.ping !== undefined) at = writeCount(out, at, frameKind.ping, 0, this.ping)
    if (this.ack > 0) at = writeCount(out, at, frameKind.ack, 0, this.ack)
    for (const { kind, stream, value } of this.#words) {
      at = writeHeader(out, at, kind, value < 0 ? 0 : 1, stream)
      if (value >= 0) out[at++] = value
    }
    for (const [stream, bytes] of this.#creditByStream) {
      at = writeCount(out, at, frameKind.credit, stream, bytes)
    }
    this.pong = undefined
    this.ping = undefined
    this.ack = 0
    this.#words = []
    this.#creditByStream.clear()
    return at
  }
}

function writeCount(
  out: Uint8Array,
  at: number,
  kind: number,
  stream: number,
  value: number,
): number {
  return writeUint32(out, writeHeader(out, at, kind, 4, stream), value)
}

const countBytes = frameHeaderBytes + 4
const wordBytes = frameHeaderBytes + 1
