import { getHashes, hash } from 'node:crypto'
import { sha3_256 } from '@kithnet/wire'

/**
 * SHA3-256, 32 bytes, by the host where it can: a third of what noble takes for an id, and for a record. Some builds of
 * Node's cryptography have no SHA-3. Source: measured.
 */
export const nativeSha3: (bytes: Uint8Array) => Uint8Array = getHashes().includes('sha3-256')
  ? (bytes) => hash('sha3-256', bytes, 'buffer')
  : sha3_256
