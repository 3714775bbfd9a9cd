/** Peers by number: which of them a rule concerns. */
type Mask = Uint8Array

interface Block {
  readonly from: Mask
  readonly to: Mask
}

/** Directions in which nothing passes: partitions are sums of these. */
export class Blocks {
  readonly #blocks = new Set<Block>()

  /** True when something is blocked. */
  get any(): boolean {
    return this.#blocks.size > 0
  }

  /** Blocks one direction. Answers with the function that lifts it. */
  add(from: Iterable<number>, to: Iterable<number>): () => void {
    const block = { from: maskOf(from), to: maskOf(to) }
    this.#blocks.add(block)
    return () => void this.#blocks.delete(block)
  }

  clear(): void {
    this.#blocks.clear()
  }

  stop(from: number, to: number): boolean {
    for (const block of this.#blocks) {
      // Peers that were added later lie beyond the mask: nothing blocks them.
      if (block.from[from] === 1 && block.to[to] === 1) return true
    }
    return false
  }
}

function maskOf(peers: Iterable<number>): Mask {
  const list = [...peers]
  const mask = new Uint8Array(list.reduce((most, peer) => Math.max(most, peer + 1), 0))
  for (const peer of list) mask[peer] = 1
  return mask
}
