import type { ByteSink } from './byte-sink.ts'
import {
  contentHashAt,
  contentHashBytes,
  creatorKeyAt,
  idAt,
  idLength,
  parentCountAt,
  parentsAt,
  recordVersion,
} from './record-limits.ts'

/** Bytes of classification and of the length of metadata. */
const beforeMetadata = 5

/**
 * Writes what is signed of a strict record's bytes, which stand in it in six pieces: no field has to be made. False,
 * and nothing is promised of the sink, when the parents are not in order.
 */
export function copySignable(sink: ByteSink, bytes: Uint8Array): boolean {
  const count = (bytes[parentCountAt]! << 8) | bytes[parentCountAt + 1]!
  const tailAt = parentsAt + count * (1 + idLength)
  const metadataEnd = tailAt + beforeMetadata + u32(bytes, tailAt + 1)
  const tailEnd = metadataEnd + 4 + u32(bytes, metadataEnd)
  sink.length = 0
  sink.all(bytes.subarray(idAt, idAt + idLength))
  sink.u16(recordVersion)
  sink.all(bytes.subarray(contentHashAt, contentHashAt + contentHashBytes))
  sink.all(bytes.subarray(creatorKeyAt, parentsAt))
  for (let at = parentsAt + 1; at < tailAt; at += 1 + idLength) {
    if (at > parentsAt + 1 && !ascends(bytes, at - 1 - idLength, at)) return false
    sink.all(bytes.subarray(at, at + idLength))
  }
  sink.all(bytes.subarray(tailAt, tailEnd))
  return true
}

/** True when one id comes before another. */
function ascends(bytes: Uint8Array, first: number, second: number): boolean {
  let index = 0
  while (index < idLength && bytes[first + index] === bytes[second + index]) index++
  return bytes[first + index]! < bytes[second + index]!
}

function u32(bytes: Uint8Array, at: number): number {
  const high = (bytes[at]! << 8) | bytes[at + 1]!
  return high * 0x1_00_00 + ((bytes[at + 2]! << 8) | bytes[at + 3]!)
}
