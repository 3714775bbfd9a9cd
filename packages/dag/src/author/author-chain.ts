/**
 * Where a record stands in a chain of its author: said in its metadata by `stream`, `seq` and `prev`, and so under its
 * signature. Two different records of one author at one place are equivocation.
 */
export interface ChainPlace {
  /** 32 hex digits that the author drew when its process started: a restart or a restored copy begins another chain. */
  readonly stream: string
  /** Counts from 0. */
  readonly seq: number
  /** The hash of the record before it, 64 hex digits; none at 0. */
  readonly prev: string | undefined
}

/** The place that metadata claims, or `undefined` when it claims none in exactly this form. */
export function chainPlaceOf(metadata: ReadonlyMap<string, unknown>): ChainPlace | undefined {
  const stream = metadata.get(streamKey)
  const seq = metadata.get(seqKey)
  const prev = metadata.get(prevKey)
  if (typeof stream !== 'string' || !streamPattern.test(stream)) return undefined
  if (typeof seq !== 'bigint' || seq < 0n || seq > maxSeq) return undefined
  if (seq === 0n) return prev === undefined ? { stream, seq: 0, prev: undefined } : undefined
  if (typeof prev !== 'string' || !hashPattern.test(prev)) return undefined
  return { stream, seq: Number(seq), prev }
}

/** The entries of metadata that claim a place. */
export function chainMetadata(place: ChainPlace): readonly (readonly [string, string | bigint])[] {
  const entries: (readonly [string, string | bigint])[] = [
    [streamKey, place.stream],
    [seqKey, BigInt(place.seq)],
  ]
  if (place.prev !== undefined) entries.push([prevKey, place.prev])
  return entries
}

const streamKey = 'stream'
const seqKey = 'seq'
const prevKey = 'prev'
const streamPattern = /^[0-9a-f]{32}$/
const hashPattern = /^[0-9a-f]{64}$/
/** Source: integers that JavaScript keeps exactly. */
const maxSeq = BigInt(Number.MAX_SAFE_INTEGER)
