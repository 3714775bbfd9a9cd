import { type Brand, toHex } from '@kithnet/kernel'
import type { MessageId } from '@kithnet/types'

/**
 * The first eight bytes of a message's id, as 16 hex digits: how announcements name it on one link.
 *
 * An id is a hash over its author, so two messages under one prefix can be made only by one author out of its own,
 * with 2^32 trials; to cover another author's message takes 2^64. What is confused for once is found by
 * comparing histories, which use whole ids.
 */
export type IdPrefix = Brand<string, 'IdPrefix'>

/** Bytes of an `IdPrefix`. */
export const prefixBytes = 8

/** The prefix of an id. */
export function prefixOf(id: MessageId): IdPrefix {
  return id.slice(0, 2 * prefixBytes) as IdPrefix
}

/** Prefixes from packed bytes, whose length is a multiple of `prefixBytes`. */
export function unpackPrefixes(bytes: Uint8Array): IdPrefix[] {
  const prefixes: IdPrefix[] = []
  for (let at = 0; at < bytes.length; at += prefixBytes) {
    prefixes.push(toHex(bytes.subarray(at, at + prefixBytes)) as IdPrefix)
  }
  return prefixes
}

/** Packed bytes of prefixes. */
export function packPrefixes(prefixes: readonly IdPrefix[]): Uint8Array {
  const bytes = new Uint8Array(prefixes.length * prefixBytes)
  for (const [index, prefix] of prefixes.entries()) {
    for (let at = 0; at < prefixBytes; at++) {
      bytes[index * prefixBytes + at] = Number.parseInt(prefix.slice(2 * at, 2 * at + 2), 16)
    }
  }
  return bytes
}
