import type { LinkFault } from './faults.ts'
import { frameHeaderBytes, frameKind, readUint32, shapeOf, startLengthBytes } from './frames.ts'

/** Gets what a reader finds. Each call may return a fault, or false to stop reading without one. */
export interface FrameSink {
  /** A whole frame. `body` is valid during the call. */
  frame(kind: number, stream: number, body: Uint8Array): LinkFault | boolean
  /** A long message begins. */
  begin(stream: number, messageBytes: number, fragmentBytes: number): LinkFault | boolean
  /** A further fragment of a long message begins. */
  more(stream: number, fragmentBytes: number): LinkFault | boolean
  /** Bytes of a long message; `last` when the fragment ends with them. `bytes` is valid during the call. */
  piece(stream: number, bytes: Uint8Array, last: boolean): LinkFault | boolean
}

/**
 * Cuts a stream of bytes into frames, however it was chunked. A header is judged before anything of its body is
 * kept; long messages are passed on in pieces as they arrive, so at most one short frame is held here.
 */
export class FrameReader {
  readonly #sink: FrameSink
  readonly #header = new Uint8Array(frameHeaderBytes)
  #headerHave = 0
  #kind = 0
  #stream = 0
  /** Bytes of the current body that are still to come; -1 between frames. */
  #left = -1
  #body: Uint8Array | undefined
  #bodyHave = 0
  #streaming = false

  constructor(sink: FrameSink) {
    this.#sink = sink
  }

  /** True when the bytes so far end between two frames. */
  get atBoundary(): boolean {
    return this.#headerHave === 0 && this.#left < 0
  }

  /** Reads a chunk. True when all of it was read, false when the sink said to stop. */
  push(chunk: Uint8Array): LinkFault | boolean {
    let at = 0
    for (;;) {
      if (this.#left < 0) {
        if (at >= chunk.length) return true
        const next = this.#takeHeader(chunk, at)
        if (typeof next !== 'number') return next
        at = next
        if (this.#left < 0) return true
      }
      const available = Math.min(this.#left, chunk.length - at)
      const result = this.#takeBody(chunk, at, at + available)
      if (result !== true) return result
      at += available
      if (this.#left > 0) return true
      this.#left = -1
    }
  }

  /** Returns the offset after the header, or after the chunk when the header is not complete yet. */
  #takeHeader(chunk: Uint8Array, from: number): LinkFault | number {
    let bytes = chunk
    let at = from
    if (this.#headerHave > 0 || chunk.length - from < frameHeaderBytes) {
      const end = Math.min(chunk.length, from + frameHeaderBytes - this.#headerHave)
      this.#header.set(chunk.subarray(from, end), this.#headerHave)
      this.#headerHave += end - from
      if (this.#headerHave < frameHeaderBytes) {
        return this.#judgeKind(this.#header[0]!) ?? chunk.length
      }
      this.#headerHave = 0
      bytes = this.#header
      at = 0
      const fault = this.#judge(bytes, at)
      return fault ?? end
    }
    const fault = this.#judge(bytes, at)
    return fault ?? from + frameHeaderBytes
  }

  #judgeKind(kind: number): LinkFault | undefined {
    return shapeOf(kind) === undefined ? { code: 'transport/frame-kind', kind } : undefined
  }

  #judge(bytes: Uint8Array, at: number): LinkFault | undefined {
    const kind = bytes[at]!
    const shape = shapeOf(kind)
    if (shape === undefined) return { code: 'transport/frame-kind', kind }
    const length = (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
    if (length < shape.least || length > shape.most) {
      return { code: 'transport/frame-length', kind, gotBytes: length }
    }
    const stream = readUint32(bytes, at + 4)
    if ((stream !== 0) !== shape.ofStream) {
      return { code: 'transport/frame-stream', kind, stream }
    }
    this.#kind = kind
    this.#stream = stream
    this.#left = length
    this.#streaming = false
    this.#bodyHave = 0
    this.#body = undefined
    return undefined
  }

  #takeBody(chunk: Uint8Array, from: number, to: number): LinkFault | boolean {
    const length = to - from
    if (this.#streaming) {
      this.#left -= length
      if (length === 0) return true
      return this.#sink.piece(this.#stream, chunk.subarray(from, to), this.#left === 0)
    }
    if (this.#kind === frameKind.start) return this.#takeStart(chunk, from, to)
    if (this.#kind === frameKind.part) {
      this.#streaming = true
      const result = this.#sink.more(this.#stream, this.#left)
      return result === true ? this.#takeBody(chunk, from, to) : result
    }
    if (length === this.#left && this.#bodyHave === 0) {
      this.#left = 0
      return this.#sink.frame(this.#kind, this.#stream, chunk.subarray(from, to))
    }
    this.#body ??= new Uint8Array(this.#left)
    this.#body.set(chunk.subarray(from, to), this.#bodyHave)
    this.#bodyHave += length
    this.#left -= length
    if (this.#left > 0) return true
    return this.#sink.frame(this.#kind, this.#stream, this.#body)
  }

  /** Reads the length of a long message, then passes the rest of the frame on as it comes. */
  #takeStart(chunk: Uint8Array, from: number, to: number): LinkFault | boolean {
    const needed = startLengthBytes - this.#bodyHave
    const got = Math.min(needed, to - from)
    this.#header.set(chunk.subarray(from, from + got), this.#bodyHave)
    this.#bodyHave += got
    this.#left -= got
    if (this.#bodyHave < startLengthBytes) return true
    this.#streaming = true
    const result = this.#sink.begin(this.#stream, readUint32(this.#header, 0), this.#left)
    if (result !== true) return result
    return this.#takeBody(chunk, from + got, to)
  }
}
