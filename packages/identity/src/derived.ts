import { equalBytes } from '@kithnet/kernel'

/**
 * What was computed from an array of bytes, kept as long as that array lives. The bytes are compared with a
 * copy on each use, so that a caller who overwrites the array gets the value of the new bytes.
 */
export class Derived<Value> {
  readonly #compute: (bytes: Uint8Array) => Value
  readonly #entries = new WeakMap<
    Uint8Array,
    { readonly bytes: Uint8Array; readonly value: Value }
  >()

  constructor(compute: (bytes: Uint8Array) => Value) {
    this.#compute = compute
  }

  /** @throws whatever the computation throws; then nothing is kept. */
  of(array: Uint8Array): Value {
    const entry = this.#entries.get(array)
    if (entry !== undefined && equalBytes(entry.bytes, array)) return entry.value
    const bytes = Uint8Array.from(array)
    const value = this.#compute(bytes)
    this.#entries.set(array, { bytes, value })
    return value
  }
}
