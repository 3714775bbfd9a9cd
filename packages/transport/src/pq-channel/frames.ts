import { type Bytes, fail, ok, type Result } from '@kithnet/kernel'
import { aeadTagBytes } from '@kithnet/identity'
import type { ChannelFault } from './faults.ts'
import { answerBytes, finishBytes, maxHelloBytes, refusalBytes, retryBytes } from './messages.ts'

/** The first byte of every frame. Source: our choice, docs/protocols/pq-channel.md section 2. */
export const frameKind = {
  hello: 1,
  retry: 2,
  answer: 3,
  finish: 4,
  refusal: 5,
  data: 16,
  ratchet: 17,
  close: 18,
} as const

/** Bytes before a frame's body: the kind, and the body's length as a big-endian 24-bit number. */
export const frameHeaderBytes = 4

/** Most plaintext in one record. Source: our choice; what TLS calls a record is a quarter of it. */
export const maxRecordBytes = 65_536

/** A frame taken from a carrier. Both are views into received bytes, valid until the next `push`. */
export interface Frame {
  readonly kind: number
  /** Header and body, as they crossed the wire. */
  readonly bytes: Uint8Array
  readonly body: Uint8Array
}

/** Longest body of each kind that may come before the channel stands. */
const handshakeBodies: ReadonlyMap<number, number> = new Map([
  [frameKind.hello, maxHelloBytes],
  [frameKind.retry, retryBytes],
  [frameKind.answer, answerBytes],
  [frameKind.finish, finishBytes],
  [frameKind.refusal, refusalBytes],
])

/** And after it stands: a stranger cannot make us keep as much as a peer. */
const recordBodies: ReadonlyMap<number, number> = new Map([
  [frameKind.data, maxRecordBytes + aeadTagBytes],
  [frameKind.ratchet, aeadTagBytes],
  [frameKind.close, aeadTagBytes],
])

/** Pieces of an unfinished frame that are kept apart; more are joined, as tiny ones cost more than they hold. */
const maxPieces = 16

/** The header of a frame. */
export function frameHeader(kind: number, bodyBytes: number): Bytes {
  return new Uint8Array([kind, bodyBytes >>> 16, (bodyBytes >>> 8) & 255, bodyBytes & 255])
}

/** Header and body as one array. */
export function encodeFrame(kind: number, body: Uint8Array): Bytes {
  const frame = new Uint8Array(frameHeaderBytes + body.length)
  frame.set(frameHeader(kind, body.length))
  frame.set(body, frameHeaderBytes)
  return frame
}

/**
 * Cuts a stream of bytes into frames, however the carrier split it. The header is judged before anything is kept of
 * the body, so a peer makes us keep at most one frame of a kind that may come now.
 */
export class FrameReader {
  #maxBodyByKind = handshakeBodies
  #chunks: Uint8Array[] = []
  /** Bytes of the first chunk that are used up. */
  #offset = 0
  #buffered = 0

  /** Bytes that are not yet part of a taken frame. */
  get bufferedBytes(): number {
    return this.#buffered
  }

  /** From the next frame on, records and nothing else. */
  expectRecords(): void {
    this.#maxBodyByKind = recordBodies
  }

  /** Adds what the carrier delivered. The reader keeps the array until its frames are taken. */
  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return
    this.#chunks.push(chunk)
    this.#buffered += chunk.length
  }

  /** The next whole frame, `undefined` when more bytes are needed, or the fault of a header that cannot be. */
  next(): Result<Frame | undefined, ChannelFault> {
    if (this.#buffered === 0) return ok(undefined)
    const kind = this.#at(0)
    const maxBytes = this.#maxBodyByKind.get(kind)
    if (maxBytes === undefined) return fail({ code: 'transport/channel-frame', kind })
    if (this.#buffered < frameHeaderBytes) return ok(undefined)
    const gotBytes = this.#at(1) * 65_536 + this.#at(2) * 256 + this.#at(3)
    if (gotBytes > maxBytes) {
      return fail({ code: 'transport/channel-frame-length', kind, gotBytes, maxBytes })
    }
    const length = frameHeaderBytes + gotBytes
    if (this.#buffered < length) {
      this.#join()
      return ok(undefined)
    }
    const bytes = this.#take(length)
    return ok({ kind, bytes, body: bytes.subarray(frameHeaderBytes) })
  }

  /** Makes one piece of many, while they are less than a frame. */
  #join(): void {
    if (this.#chunks.length <= maxPieces) return
    const length = this.#buffered
    this.#chunks = [this.#take(length)]
    this.#offset = 0
    this.#buffered = length
  }

  #at(index: number): number {
    let at = index + this.#offset
    for (const chunk of this.#chunks) {
      if (at < chunk.length) return chunk[at]!
      at -= chunk.length
    }
    return -1
  }

  #take(length: number): Uint8Array {
    this.#buffered -= length
    const first = this.#chunks[0]!
    if (first.length - this.#offset >= length) {
      const whole = first.subarray(this.#offset, this.#offset + length)
      this.#skip(length)
      return whole
    }
    const joined = new Uint8Array(length)
    for (let filled = 0; filled < length;) {
      const chunk = this.#chunks[0]!
      const part = chunk.subarray(this.#offset, this.#offset + length - filled)
      joined.set(part, filled)
      filled += part.length
      this.#skip(part.length)
    }
    return joined
  }

  /** Uses up bytes of the first chunk. */
  #skip(length: number): void {
    this.#offset += length
    if (this.#offset < this.#chunks[0]!.length) return
    this.#chunks.shift()
    this.#offset = 0
  }
}
