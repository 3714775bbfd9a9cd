import { type Bytes, concat, equalBytes } from '@kithnet/kernel'
import type { ItemSet } from '@kithnet/reconcile'
import { hash } from '@kithnet/types'
import { beyondDepth } from './sync-keys.ts'

/** Bytes of the fingerprint of all items below a cut. Source: our choice; under a salt, one in 2^64 is mistaken. */
export const fingerprintBytes = 8
/** Most cuts of an opening. Source: our choice: a depth of 2^30, and two. */
export const maxCuts = 32

/** What the opener of a comparison says of its set: how large it is, and of ever shorter beginnings what they hold. */
export interface Outline {
  readonly salt: Uint8Array
  readonly count: number
  /** The greatest depth of a record; 0 when there is none. */
  readonly depth: number
  /** Fingerprints, the whole set's first, 8 bytes each. Empty: take nothing for granted, compare everything. */
  readonly fingerprints: Uint8Array
}

/** How what differs is found. */
export type Form =
  /** Nothing differs. */
  | { readonly type: 'same' }
  /** Coded symbols, from a depth on. */
  | { readonly type: 'coded'; readonly from: number }
  /** From a depth on, one side names all that it holds: whoever answers (`ours`), or whoever opened (`theirs`). */
  | { readonly type: 'listed'; readonly by: 'ours' | 'theirs'; readonly from: number }

/** Outlines a set. `careful`: without fingerprints. */
export function outlineOf(set: ItemSet, salt: Uint8Array, careful: boolean): Outline {
  const depth = depthOf(set)
  const fingerprints = careful
    ? new Uint8Array(0)
    : concat(...cutsOf(depth).map((cut) => fingerprint(set, salt, cut)))
  return { salt, count: set.size, depth, fingerprints }
}

/**
 * The cheapest way to find what differs between a set and an outlined one, by what each way is expected to cost.
 * Records are ordered by depth and everybody has the ancestors of what they have, so branches differ at their ends:
 * there listing the shorter end costs less than coded symbols, and nothing at all where one side has just fallen behind.
 */
export function formOf(set: ItemSet, outline: Outline): Form {
  const from = sharedDepth(set, outline)
  if (from === 'all') return { type: 'same' }
  const below = set.rank({ time: from, id: '' })
  const ours = set.size - below
  const theirs = Math.max(0, outline.count - below)
  const fewer = Math.min(ours, theirs)
  // At least so much differs; a short end is listed whatever differs of it.
  const coded = codedBytes + Math.abs(ours - theirs) * bytesPerDifference
  const isShort = fewer * listedBytes <= Math.max(coded, shortListBytes)
  if (!isShort || fewer > maxListedKeys) return { type: 'coded', from }
  return { type: 'listed', by: ours <= theirs ? 'ours' : 'theirs', from }
}

/** The items of a set from a depth on. */
export function* itemsFrom(set: ItemSet, from: number): Generator<{ time: number; id: string }> {
  for (let rank = set.rank({ time: from, id: '' }); rank < set.size; rank++) yield set.at(rank)
}

/** Most keys of a list. Source: our choice: 128 KiB. */
export const maxListedKeys = 4_096

/** Bytes of a key in a list. */
const listedBytes = 32
/** Source: our choice: two packets. */
const shortListBytes = 2_048
/** Source: measured, a session that finds a few. */
const codedBytes = 150
/** Source: 1.4 coded symbols of 13 bytes for each, and a key to whoever lacks it. */
const bytesPerDifference = 50

/** The depth below which both hold the same, as far as cuts tell; `all`: there is no difference. */
function sharedDepth(set: ItemSet, { salt, depth, fingerprints }: Outline): number | 'all' {
  const cuts = cutsOf(depth)
  const told = Math.min(cuts.length, Math.floor(fingerprints.length / fingerprintBytes))
  for (let index = 0; index < told; index++) {
    const at = index * fingerprintBytes
    const theirs = fingerprints.subarray(at, at + fingerprintBytes)
    const cut = cuts[index]!
    if (equalBytes(fingerprint(set, salt, cut), theirs)) return cut === everything ? 'all' : cut
  }
  return 0
}

/** Source: beyond the extras of any time. */
const everything: number = Number.MAX_SAFE_INTEGER

/** Where the set is cut: behind everything, behind the last record, then 1, 2, 4, ... depths before. */
function cutsOf(depth: number): readonly number[] {
  const cuts = [everything, depth + 1]
  for (let back = 1; depth + 1 - back > 0 && cuts.length < maxCuts; back *= 2) {
    cuts.push(depth + 1 - back)
  }
  return cuts
}

function fingerprint(set: ItemSet, salt: Uint8Array, cut: number): Bytes {
  const { count, sum } = set.sumOf(0, set.rank({ time: cut, id: '' }))
  const words = new Uint8Array(4 + sum.length * 4)
  const view = new DataView(words.buffer)
  view.setUint32(0, count)
  for (const [index, word] of sum.entries()) view.setUint32(4 + index * 4, word)
  return hash('range', salt, words).slice(0, fingerprintBytes)
}

/** The greatest depth of a record in the set. */
function depthOf(set: ItemSet): number {
  const records = set.rank({ time: beyondDepth, id: '' })
  return records === 0 ? 0 : set.at(records - 1).time
}
