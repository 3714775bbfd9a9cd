import { selectBackend } from '@kithnet/identity'
import { type Bytes, concat } from '@kithnet/kernel'

/** SHA-256 of the parts, one after the other: the hash of the ancestor's formats. */
export function sha256(...parts: readonly Uint8Array[]): Bytes {
  return selectBackend().sha256(parts.length === 1 ? parts[0]! : concat(...parts))
}
