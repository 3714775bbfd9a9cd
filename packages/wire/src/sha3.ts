import { type Bytes, equalBytes } from '@kithnet/kernel'
import { sha3_256 as nobleSha3 } from '@noble/hashes/sha3.js'

/** An implementation of SHA3-256 with its 32 bytes of output in an array of its own. It keeps no message. */
export type Sha3 = (message: Uint8Array) => Bytes

const noble: Sha3 = (message) => nobleSha3(message)
let backend: Sha3 = noble

/** SHA3-256, 32 bytes. Source: FIPS 202. */
export function sha3_256(message: Uint8Array): Bytes {
  return backend(message)
}

/**
 * Replaces what `sha3_256` runs on by something faster, such as a backend of `@kithnet/identity`, after comparing
 * both around every block boundary. Returns false, and changes nothing, when they differ.
 */
export function installSha3_256(candidate: Sha3): boolean {
  // A block has 136 bytes. Source: FIPS 202, section 6.1.
  for (const length of [0, 1, 135, 136, 137, 271, 272, 273, 5455]) {
    const message = Uint8Array.from({ length }, (_, index) => index % 251)
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
