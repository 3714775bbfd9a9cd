import { BoundedMap, type Bytes, equalBytes, toHex } from '@kithnet/kernel'
import { sha3_256 } from '@kithnet/wire'

/** SHA3-256 of creators' keys, remembered for the last few: hashing a key takes longer than all else about a header. */
export class KeyHashes {
  /** By a key's last bytes; a key that is another one is hashed anew. */
  readonly #known = new BoundedMap<string, { readonly key: Bytes; readonly hash: Bytes }>(capacity)

  of(key: Uint8Array): Bytes {
    const name = toHex(key.subarray(-nameBytes))
    const known = this.#known.get(name)
    if (known !== undefined && equalBytes(known.key, key)) return known.hash
    const hash = sha3_256(key)
    this.#known.set(name, { key: key.slice(), hash })
    return hash
  }
}

/** Keys that are remembered, 2 KB each. Source: our choice. */
const capacity = 256
const nameBytes = 16
