import { crc32 } from 'node:zlib'
import type { Bytes } from '@kithnet/kernel'

/** Before each frame's body, little-endian: u32 length, u32 CRC-32 of the body. Source: our choice. */
export const frameHeadBytes = 8

/** Room for a frame whose body the caller fills, from `frameHeadBytes` on, before `sealFrame`. */
export function frameFor(bodyBytes: number): Bytes {
  return new Uint8Array(frameHeadBytes + bodyBytes)
}

/** Writes the head of a frame whose body is there. */
export function sealFrame(frame: Bytes): void {
  const view = new DataView(frame.buffer, frame.byteOffset)
  view.setUint32(0, frame.length - frameHeadBytes, true)
  view.setUint32(4, crc32(frame.subarray(frameHeadBytes)), true)
}

/** The body of the frame at an offset; `undefined` when it was torn, or there is none. */
export function frameAt(bytes: Bytes, at: number): Bytes | undefined {
  if (at + frameHeadBytes > bytes.length) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset + at)
  const length = view.getUint32(0, true)
  const start = at + frameHeadBytes
  // An empty body is none: eight zero bytes, such as a torn file ends with, would be one.
  if (length === 0 || length > bytes.length - start) return undefined
  const body = bytes.subarray(start, start + length)
  return crc32(body) === view.getUint32(4, true) ? body : undefined
}
