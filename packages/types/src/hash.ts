import { assert, type Bytes, equalBytes, toHex, utf8 } from '@kithnet/kernel'
import { blake3 } from '@noble/hashes/blake3.js'

/** What a hash is of. A label separates every use from every other; the list is closed. */
export type HashLabel =
  | 'network'
  | 'topic'
  | 'peer'
  | 'stream'
  | 'batch'
  | 'message'
  | 'fragment'
  | 'content'
  | 'ticket'
  | 'slot'
  | 'range'
  | 'item'
  | 'trace'
  | 'leaf'
  | 'node'
  | 'log'
  | 'statement'
  | 'rank'
  | 'possession'
  | 'tree'
  | 'symbol'
  | 'symbol-node'
  | 'manifest'

/** Bytes of every hash. */
export const hashBytes = 32

/** An implementation of BLAKE3 with its default 32 bytes of output, in an array of its own. It keeps no message. */
export type Blake3 = (message: Uint8Array) => Uint8Array

const noble: Blake3 = (message) => blake3(message)
let backend: Blake3 = noble
const prefixByLabel = new Map<HashLabel, Uint8Array>()

/**
 * Where parts are put together: a hash is a call that keeps nothing. Source: our choice: a fragment of 64 KiB and what goes with it,
 * so that nothing which a peer sends costs an array.
 */
const scratch = new Uint8Array(66_560)

/**
 * BLAKE3 of `kithnet/1/<label>`, a zero byte and the parts, one after the other. The parts of one label
 * have fixed widths, all but the last, so that no two lists of parts collide.
 */
export function hash(label: HashLabel, ...parts: readonly Uint8Array[]): Bytes {
  let prefix = prefixByLabel.get(label)
  if (prefix === undefined) {
    prefix = utf8(`kithnet/1/${label}\0`)
    prefixByLabel.set(label, prefix)
  }
  let length = prefix.length
  for (const part of parts) length += part.length
  const message = length <= scratch.length ? scratch.subarray(0, length) : new Uint8Array(length)
  message.set(prefix)
  let offset = prefix.length
  for (const part of parts) {
    message.set(part, offset)
    offset += part.length
  }
  return backend(message) as Bytes
}

/**
 * Replaces the backend of `hash` by a faster one, after comparing it with the reference on inputs
 * around every block and chunk boundary. Returns false, and changes nothing, when they differ.
 */
export function installBlake3(candidate: Blake3): boolean {
  for (const length of [0, 1, 63, 64, 65, 1023, 1024, 1025, 3073]) {
    const message = new Uint8Array(length)
    for (let index = 0; index < length; index++) message[index] = index % 251
    let digest: Uint8Array
    try {
      digest = candidate(message)
    } catch {
      return false
    }
    if (!equalBytes(digest, noble(message))) return false
  }
  backend = candidate
  return true
}

/** `hash` as hexadecimal text. */
export function hashHex(label: HashLabel, ...parts: readonly Uint8Array[]): string {
  const digest = hash(label, ...parts)
  assert(digest.length === hashBytes, 'a BLAKE3 digest has 32 bytes')
  return toHex(digest)
}
