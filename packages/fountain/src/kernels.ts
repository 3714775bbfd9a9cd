/**
 * The three things that are done to the bytes of symbols, in a memory of their own. Addresses are bytes from its
 * start, lengths bytes; all are multiples of 16. Below {@link firstAddress} they keep tables of
 * their own.
 */
export interface Kernels {
  readonly name: 'wasm' | 'js'
  /** The memory. Growing it replaces the view. */
  readonly bytes: Uint8Array
  /** Makes the memory at least this long. What was in it may be gone. */
  reserve(length: number): void
  /**
   * target = start + the sum of sources. `list` to `end` are the addresses of 32-bit numbers n; a source is at
   * `base + n * stride`. The target is no source; it may be the start.
   */
  sum(
    target: number,
    start: number,
    list: number,
    end: number,
    base: number,
    stride: number,
    length: number,
  ): void
  /** running = alpha * running + added; then both rows get it added. */
  advance(running: number, added: number, row: number, other: number, length: number): void
  /** target = target + octet * added. */
  multiplyAdd(target: number, added: number, octet: number, length: number): void
}

/** Where the memory is free for users. */
export const firstAddress: number = 256 * 32
