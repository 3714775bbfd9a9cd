/** The first byte of every frame. Source: our choice. */
export const frameKind = {
  /** Who I am, in which network, and what binds you. First frame of each side. */
  accept: 1,
  /** Instead of `accept`: why there will be no link. */
  refuse: 2,
  /** A stream begins; its class. */
  open: 3,
  /** A whole message. */
  whole: 4,
  /** The length of a message, and its first bytes. */
  start: 5,
  /** Its next bytes. */
  part: 6,
  /** No more messages in this direction. */
  end: 7,
  /** Everything up to the other's `end` has been delivered. */
  ended: 8,
  /** The stream is dropped in both directions; answered by the same. */
  reset: 9,
  /** The stream may send so many bytes more. */
  credit: 10,
  /** So many bytes of streams have arrived since the last one. */
  ack: 11,
  ping: 12,
  pong: 13,
  /** Nothing follows. */
  goodbye: 14,
} as const

/** Bytes before a frame's body: kind, 24 bits of body length, 32 bits of stream, all big-endian. */
export const frameHeaderBytes = 8

/** Longest piece of a message in one frame. Source: our choice; others wait for at most one frame. */
export const maxFragmentBytes = 65_536

/** Bytes that tell the length of a message in `start`. */
export const startLengthBytes = 4

/** Bytes of `accept`: version, network, own id, four numbers of 32 bits. */
export const acceptBytes: number = 1 + 32 + 32 + 4 * 4

interface Shape {
  readonly least: number
  readonly most: number
  /** True when the frame belongs to a stream, whose id is not 0. */
  readonly ofStream: boolean
}

const shapeByKind: readonly (Shape | undefined)[] = [
  undefined,
  { least: acceptBytes, most: acceptBytes, ofStream: false },
  { least: 1, most: 1, ofStream: false },
  { least: 1, most: 1, ofStream: true },
  { least: 0, most: maxFragmentBytes, ofStream: true },
  { least: startLengthBytes + 1, most: startLengthBytes + maxFragmentBytes, ofStream: true },
  { least: 1, most: maxFragmentBytes, ofStream: true },
  { least: 0, most: 0, ofStream: true },
  { least: 0, most: 0, ofStream: true },
  { least: 0, most: 0, ofStream: true },
  { least: 4, most: 4, ofStream: true },
  { least: 4, most: 4, ofStream: false },
  { least: 4, most: 4, ofStream: false },
  { least: 4, most: 4, ofStream: false },
  { least: 0, most: 0, ofStream: false },
]

/** What a frame of this kind must look like, or `undefined` when there is no such kind. */
export function shapeOf(kind: number): Shape | undefined {
  return shapeByKind[kind]
}

/** Writes a header; returns where the body begins. */
export function writeHeader(
  out: Uint8Array,
  at: number,
  kind: number,
  bodyBytes: number,
  stream: number,
): number {
  out[at] = kind
  out[at + 1] = bodyBytes >>> 16
  out[at + 2] = bodyBytes >>> 8
  out[at + 3] = bodyBytes
  return writeUint32(out, at + 4, stream)
}

/** Writes 32 bits big-endian; returns the offset after them. */
export function writeUint32(out: Uint8Array, at: number, value: number): number {
  out[at] = value >>> 24
  out[at + 1] = value >>> 16
  out[at + 2] = value >>> 8
  out[at + 3] = value
  return at + 4
}

/** Reads 32 bits big-endian. */
export function readUint32(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
  )
}

/** A whole frame as an array of its own. */
export function encodeFrame(kind: number, stream: number, body: Uint8Array): Uint8Array {
  const frame = new Uint8Array(frameHeaderBytes + body.length)
  frame.set(body, writeHeader(frame, 0, kind, body.length, stream))
  return frame
}
