import type { Instant } from '@kithnet/kernel'
import {
  fragmentBytes,
  hash,
  isEphemeral,
  type MessageId,
  publicKeyBytes,
  type PeerId,
  signatureBytes,
  type TopicId,
} from '@kithnet/types'
import type { TrustedBatch } from './batch-book.ts'
import { type IdPrefix, prefixOf } from './id-prefix.ts'
import type { EagerMessage, FragmentMessage, ManifestMessage, PubsubMessage } from './messages.ts'

/** A verified message that can be forwarded. */
export interface CachedMessage {
  readonly id: MessageId
  readonly message: EagerMessage
  readonly batch: TrustedBatch
  readonly via: PeerId
  readonly late: boolean
  readonly at: Instant
  readonly bytes: number
  /** Whether the application has had it. */
  delivered: boolean
  /** Of a message above one fragment: made when first needed. */
  manifest: ManifestMessage | undefined
}

/** What the cache tells when it begins and ceases to need an author's key, and lets go of a batch. */
export interface CacheOwner {
  authorHeld(author: PeerId, held: boolean): void
  dropped(cached: CachedMessage): void
  /** Before its time: its author or its topic had more than its share. Nobody can be given it any more. */
  crowdedOut(cached: CachedMessage): void
}

/** What is cached of one author or one topic, oldest first. */
interface Holding {
  bytes: number
  readonly messages: Set<CachedMessage>
}

/** Shares of a full cache that one author and one topic can take from others. Source: our choice. */
const authorShare = 1 / 4
const topicShare = 1 / 2

/**
 * Verified messages, oldest first, bounded in bytes and age. A message pins its batch, and with the first of an
 * author comes the author's key: whoever can forward a message can also prove it.
 */
export class MessageCache {
  readonly #byPrefix = new Map<IdPrefix, CachedMessage>()
  /** Those that are kept only as long as forwarding takes. */
  readonly #ephemeral = new Set<CachedMessage>()
  readonly #byAuthor = new Map<PeerId, Holding>()
  readonly #byTopic = new Map<TopicId, Holding>()
  readonly #maxBytes: number
  readonly #owner: CacheOwner
  #bytes = 0
  #heldSince = 0

  constructor(maxBytes: number, owner: CacheOwner) {
    this.#maxBytes = maxBytes
    this.#owner = owner
  }

  get size(): number {
    return this.#byPrefix.size
  }

  /** Payloads, and each message's share of its batch and its author's key. */
  get bytes(): number {
    return this.#bytes
  }

  /** Everything accepted since then, by its author's clock, is here: bytes have not run short. */
  get heldSince(): number {
    return this.#heldSince
  }

  get(id: MessageId): CachedMessage | undefined {
    const cached = this.#byPrefix.get(prefixOf(id))
    return cached?.id === id ? cached : undefined
  }

  byPrefix(prefix: IdPrefix): CachedMessage | undefined {
    return this.#byPrefix.get(prefix)
  }

  /** In the order in which they came. */
  *ofTopic(topic: TopicId): Generator<CachedMessage, undefined> {
    for (const cached of this.#byPrefix.values()) if (cached.message.topic === topic) yield cached
  }

  add(entry: Omit<CachedMessage, 'bytes' | 'delivered'>): CachedMessage {
    const bytes = costOf(entry.message, entry.batch)
    const { id, message, batch, via, late, at, manifest } = entry
    const delivered = false
    const cached: CachedMessage = { id, message, batch, via, late, at, manifest, bytes, delivered }
    const prefix = prefixOf(entry.id)
    // An author that makes two of its messages look alike is served the younger.
    const alike = this.#byPrefix.get(prefix)
    if (alike !== undefined) this.#drop(alike)
    this.#byPrefix.set(prefix, cached)
    if (isEphemeral(entry.message.topic)) this.#ephemeral.add(cached)
    this.#bytes += bytes
    const { author, topic } = entry.message
    if (!this.#byAuthor.has(author)) this.#owner.authorHeld(author, true)
    hold(this.#byAuthor, author, cached)
    hold(this.#byTopic, topic, cached)
    while (this.#bytes > this.#maxBytes && this.#byPrefix.size > 1) this.#makeRoom(author, topic)
    return cached
  }

  /** Drops what came before `time`, and of ephemeral topics what came before `ephemeralTime`. */
  sweep(time: Instant, ephemeralTime: Instant): void {
    for (const cached of this.#ephemeral) {
      if (cached.at >= ephemeralTime) break
      this.#drop(cached)
    }
    for (const cached of this.#byPrefix.values()) {
      if (cached.at >= time) return
      this.#drop(cached)
    }
  }

  /** Whoever has more than its share makes room for its own; else the oldest goes. */
  #makeRoom(author: PeerId, topic: TopicId): void {
    const crowding =
      oldestAbove(this.#byAuthor.get(author), this.#maxBytes * authorShare) ??
      oldestAbove(this.#byTopic.get(topic), this.#maxBytes * topicShare)
    // A cache that belongs to one author or topic alone is the same as one without shares.
    if (crowding === undefined || this.#isOldest(crowding)) {
      this.#dropOldest()
      return
    }
    this.#owner.crowdedOut(crowding)
    this.#drop(crowding)
  }

  #isOldest(cached: CachedMessage): boolean {
    for (const oldest of this.#byPrefix.values()) return oldest === cached
    return false
  }

  #dropOldest(): void {
    for (const cached of this.#byPrefix.values()) {
      if (!this.#ephemeral.has(cached)) {
        this.#heldSince = Math.max(this.#heldSince, cached.batch.batch.hlc + 1)
      }
      this.#drop(cached)
      return
    }
  }

  #drop(cached: CachedMessage): void {
    this.#byPrefix.delete(prefixOf(cached.id))
    this.#ephemeral.delete(cached)
    this.#bytes -= cached.bytes
    const { author, topic } = cached.message
    letGo(this.#byTopic, topic, cached)
    if (letGo(this.#byAuthor, author, cached)) this.#owner.authorHeld(author, false)
    this.#owner.dropped(cached)
  }
}

function hold<Key>(holdings: Map<Key, Holding>, key: Key, cached: CachedMessage): void {
  let holding = holdings.get(key)
  if (holding === undefined) {
    holding = { bytes: 0, messages: new Set() }
    holdings.set(key, holding)
  }
  holding.bytes += cached.bytes
  holding.messages.add(cached)
}

/** True when nothing is left of the author or topic. */
function letGo<Key>(holdings: Map<Key, Holding>, key: Key, cached: CachedMessage): boolean {
  const holding = holdings.get(key)
  if (holding?.messages.delete(cached) !== true) return false
  holding.bytes -= cached.bytes
  if (holding.messages.size > 0) return false
  holdings.delete(key)
  return true
}

function oldestAbove(holding: Holding | undefined, bytes: number): CachedMessage | undefined {
  if (holding === undefined || holding.bytes <= bytes) return undefined
  for (const cached of holding.messages) return cached
  return undefined
}

/** The messages that carry a cached one over a link, in order. Fragments are made anew: their bytes are the cache's. */
export function partsOf(cached: CachedMessage): readonly PubsubMessage[] {
  const { message } = cached
  if (message.payload.length <= fragmentBytes) return [message]
  cached.manifest ??= manifestOf(message)
  const parts: PubsubMessage[] = [cached.manifest]
  for (let index = 0; index < cached.manifest.leaves.length; index++) {
    parts.push(fragmentOf(cached, index)!)
  }
  return parts
}

/** One piece of a cached message; `undefined` when it has no such piece. */
export function fragmentOf(
  { id, message }: CachedMessage,
  index: number,
): FragmentMessage | undefined {
  const at = index * fragmentBytes
  if (at >= message.payload.length) return undefined
  return { type: 'fragment', id, index, bytes: message.payload.subarray(at, at + fragmentBytes) }
}

function manifestOf({ topic, author, stream, seq, payload }: EagerMessage): ManifestMessage {
  const leaves: Uint8Array[] = []
  for (let at = 0; at < payload.length; at += fragmentBytes) {
    leaves.push(hash('fragment', payload.subarray(at, at + fragmentBytes)))
  }
  return { type: 'manifest', topic, author, stream, seq, length: payload.length, leaves }
}

/** Bytes that a tracked message takes beside its payload. Source: our choice, after `targets`: 200 bytes. */
const trackingBytes = 200

function costOf(message: EagerMessage, trusted: TrustedBatch): number {
  const share =
    (trusted.message.signed.body.length + signatureBytes + publicKeyBytes) /
    trusted.batch.ids.length
  return message.payload.length + trackingBytes + Math.ceil(share)
}
