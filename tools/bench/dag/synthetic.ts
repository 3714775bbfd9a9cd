import { type Bytes, epochMs, type Rng, toHex } from '@kithnet/kernel'
import type { RecordHeader } from '@kithnet/dag'

/** A UUIDv7-shaped id. */
export function randomId(rng: Rng): string {
  const hex = toHex(rng.bytes(16))
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-7${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`
}

/**
 * Headers of a graph as a community makes one: authors write after each other, every tenth record merges another recent
 * one. Made in batches, so that they need no memory at once.
 */
export function* syntheticHeaders(
  rng: Rng,
  count: number,
  options: { readonly chained?: boolean } = {},
): Generator<readonly RecordHeader[], undefined> {
  const creators = Array.from({ length: authors }, () => rng.bytes(32))
  const streams = creators.map(() => toHex(rng.bytes(16)))
  const recent: string[] = []
  const last: (Bytes | undefined)[] = []
  for (let from = 0; from < count; from += batchRecords) {
    const batch: RecordHeader[] = []
    for (let index = from; index < Math.min(count, from + batchRecords); index++) {
      const parents = recent.slice(-1)
      const other = recent[rng.below(Math.max(1, recent.length - 1))]
      if (index % 10 === 0 && other !== undefined && other !== parents[0]) parents.push(other)
      const author = index % authors
      const prev = last[author]
      const one: RecordHeader = {
        id: randomId(rng),
        parents,
        hash: rng.bytes(32),
        contentHash: rng.bytes(32),
        creatorKeyHash: creators[author]!,
        classification: index % 4,
        timestamp: 1_760_000_000 + index,
        firstSeen: epochMs(1_760_000_000_000 + index * 1000),
      }
      const seq = Math.floor(index / authors)
      const chain = { stream: streams[author]!, seq, prev: prev && toHex(prev) }
      batch.push(options.chained === true ? { ...one, chain } : one)
      last[author] = one.hash
      recent.push(one.id)
      if (recent.length > reach) recent.shift()
    }
    yield batch
  }
}

const authors = 100
const batchRecords = 5_000
/** How far back a merge looks. */
const reach = 50
