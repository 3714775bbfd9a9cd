import { BoundedMap, equalBytes, type Instant, TokenBucket } from '@kithnet/kernel'
import type { PeerId, Signed, TopicId } from '@kithnet/types'
import type { History, Kept } from './history.ts'
import {
  decodeRequest,
  encodeGiven,
  encodeListing,
  type Given,
  givenBytes,
  type HistoryRequest,
  maxListedIds,
} from './history-messages.ts'

/** Answers peers that ask what a durable topic has kept. It gives what authors signed, as they signed it. */
export class HistoryServer {
  readonly #historyOf: (topic: TopicId) => History | undefined
  readonly #now: () => Instant
  readonly #buckets = new BoundedMap<PeerId, TokenBucket>(watchedPeers)

  constructor(historyOf: (topic: TopicId) => History | undefined, now: () => Instant) {
    this.#historyOf = historyOf
    this.#now = now
  }

  /** The answer to a request. Rejects what is none, and who asks too often: the stream is aborted. */
  async answer(message: Uint8Array, from: PeerId): Promise<Uint8Array> {
    if (!this.#admits(from)) throw new Error('asked too often')
    const request = decodeRequest(message)
    if (!request.ok) throw new Error(request.fault.code)
    const history = this.#historyOf(request.value.topic)
    if (request.value.type === 'list') return listing(history, request.value)
    return given(history, request.value.positions)
  }

  #admits(peer: PeerId): boolean {
    const now = this.#now()
    let bucket = this.#buckets.get(peer)
    if (bucket === undefined) {
      bucket = new TokenBucket(requestsPerSecond, burstRequests, now)
      this.#buckets.set(peer, bucket)
    }
    return bucket.take(1, now)
  }
}

async function listing(
  history: History | undefined,
  { from, after }: Extract<HistoryRequest, { type: 'list' }>,
): Promise<Uint8Array> {
  if (history === undefined) return encodeListing({ first: 0, ids: [], end: 0 })
  const [before] = from > 1 ? (await history.page(from - 1, 1)).kept : []
  const isKnown = from <= 1 || (before?.position === from - 1 && before.arrived.id === after)
  const { kept, next, end } = await history.page(isKnown ? from : 1, maxListedIds)
  const first = kept[0]?.position ?? next
  const byPosition = new Map(kept.map((one) => [one.position, one.arrived.id]))
  const length = Math.min(next - first, maxListedIds)
  const ids = Array.from({ length }, (_, index) => byPosition.get(first + index))
  return encodeListing({ first, ids, end })
}

async function given(
  history: History | undefined,
  positions: readonly number[],
): Promise<Uint8Array> {
  const keys: Uint8Array[] = []
  const batches: Given['batches'][number][] = []
  const messages: Given['messages'][number][] = []
  const indexByBatch = new Map<number, number>()
  let bytes = 0
  for (const position of positions) {
    const kept = history === undefined ? undefined : await at(history, position)
    const batch = kept === undefined ? undefined : await provenBy(history!, kept)
    if (kept === undefined || batch === undefined) continue
    const { arrived } = kept
    let index = indexByBatch.get(batch.position)
    if (index === undefined) {
      const known = keys.findIndex((one) => equalBytes(one, batch.key))
      const key = known >= 0 ? known : keys.push(batch.key) - 1
      index = batches.push({ signed: batch.signed, key }) - 1
      indexByBatch.set(batch.position, index)
      bytes += batch.signed.body.length + batch.signed.signature.length
    }
    messages.push({ batch: index, seq: arrived.seq, carried: arrived.carried })
    bytes += arrived.carried.length
    if (bytes > givenBytes) break
  }
  return encodeGiven({ keys, batches, messages })
}

/** The batch and the key that prove a kept message, when they are still kept. */
async function provenBy(
  history: History,
  kept: Kept,
): Promise<
  { readonly position: number; readonly signed: Signed; readonly key: Uint8Array } | undefined
> {
  const batchAt = typeof kept.batch === 'number' ? kept.batch : kept.position
  const holder = batchAt === kept.position ? kept : await at(history, batchAt)
  const keyAt = typeof kept.key === 'number' ? kept.key : kept.position
  const keyHolder = keyAt === kept.position ? kept : await at(history, keyAt)
  if (holder === undefined || typeof holder.batch === 'number') return undefined
  const key = keyHolder?.key
  return key instanceof Uint8Array ? { position: batchAt, signed: holder.batch, key } : undefined
}

async function at(history: History, position: number): Promise<Kept | undefined> {
  const [kept] = (await history.page(position, 1)).kept
  return kept?.position === position ? kept : undefined
}

/** Source: our choice; 64 messages each. */
const requestsPerSecond = 64
const burstRequests = 128
/** Source: our choice; a forgotten peer may ask at once again. */
const watchedPeers = 256
