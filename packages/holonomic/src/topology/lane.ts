import { compareBytes } from '@kithnet/kernel'
import { type CborValue, isBytesUpTo, isTuple, isUint } from '@kithnet/types'

/** Most parts into which a stream is cut. Source: our choice: four halvings. */
export const maxLanes = 16
/** Longest path of a part, a byte for each choice. Source: our choice. */
const maxPathBytes = 8
/** Fastest uplink that can be named, in kilobits a second: 100 Gbit/s. Source: our choice. */
export const maxKbps = 100_000_000

/** A part of a stream, and how much of something it takes or is given. */
export interface Lane {
  /** The choices that lead to it; empty for the whole. */
  readonly path: Uint8Array
  readonly kbps: number
}

/** True for lists whose paths rise strictly, so that there is one way to write them. */
export function areDistinct(lanes: readonly { readonly path: Uint8Array }[]): boolean {
  return lanes.every(
    ({ path }, index) => index === 0 || compareBytes(lanes[index - 1]!.path, path) < 0,
  )
}

/** The lane of a pair of path and speed. */
export function readLane(value: CborValue): Lane | undefined {
  if (!isTuple(value, 2)) return undefined
  const [path, kbps] = value
  return isBytesUpTo(path, maxPathBytes) && isUint(kbps, maxKbps) ? { path, kbps } : undefined
}
