import type { Instant } from '@kithnet/kernel'
import {
  fragmentBytes,
  hash,
  type MessageId,
  publicKeyBytes,
  type PeerId,
  signatureBytes,
  type TopicId,
} from '@kithnet/types'
import type { TrustedBatch } from './batch-book.ts'
import type { EagerMessage, PubsubMessage } from './messages.ts'

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
  /** What goes over a link: the message itself, or its manifest and fragments. Made when first needed. */
  parts: readonly PubsubMessage[] | undefined
}

/** What the cache tells when it begins and ceases to need an author's key, and lets go of a batch. */
export interface CacheOwner {
  authorHeld(author: PeerId, held: boolean): void
  dropped(cached: CachedMessage): void
}

/**
 * Verified messages, oldest first, bounded in bytes and age. A message pins its batch, and with the first of an
 * author comes the author's key: whoever can forward a message can also prove it.
 */
export class MessageCache {
  readonly #byId = new Map<MessageId, CachedMessage>()
  readonly #countByAuthor = new Map<PeerId, number>()
  readonly #maxBytes: number
  readonly #owner: CacheOwner
  #bytes = 0
  #heldSince = 0

  constructor(maxBytes: number, owner: CacheOwner) {
    this.#maxBytes = maxBytes
    this.#owner = owner
  }

  get size(): number {
    return this.#byId.size
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
    return this.#byId.get(id)
  }

  /** In the order in which they came. */
  *ofTopic(topic: TopicId): Generator<CachedMessage, undefined> {
    for (const cached of this.#byId.values()) if (cached.message.topic === topic) yield cached
  }

  add(entry: Omit<CachedMessage, 'bytes' | 'delivered' | 'parts'>): CachedMessage {
    const bytes = costOf(entry.message, entry.batch)
    const cached: CachedMessage = { ...entry, bytes, delivered: false, parts: undefined }
    this.#byId.set(entry.id, cached)
    this.#bytes += bytes
    const { author } = entry.message
    const count = this.#countByAuthor.get(author) ?? 0
    this.#countByAuthor.set(author, count + 1)
    if (count === 0) this.#owner.authorHeld(author, true)
    while (this.#bytes > this.#maxBytes && this.#byId.size > 1) this.#dropOldest()
    return cached
  }

  /** Drops what came before `time`. */
  sweep(time: Instant): void {
    for (const cached of this.#byId.values()) {
      if (cached.at >= time) return
      this.#drop(cached)
    }
  }

  #dropOldest(): void {
    for (const cached of this.#byId.values()) {
      this.#heldSince = Math.max(this.#heldSince, cached.batch.batch.hlc + 1)
      this.#drop(cached)
      return
    }
  }

  #drop(cached: CachedMessage): void {
    this.#byId.delete(cached.id)
    this.#bytes -= cached.bytes
    const { author } = cached.message
    const count = (this.#countByAuthor.get(author) ?? 1) - 1
    if (count > 0) this.#countByAuthor.set(author, count)
    else {
      this.#countByAuthor.delete(author)
      this.#owner.authorHeld(author, false)
    }
    this.#owner.dropped(cached)
  }
}

/** The messages that carry a cached one over a link, in order. */
export function partsOf(cached: CachedMessage): readonly PubsubMessage[] {
  cached.parts ??= split(cached)
  return cached.parts
}

/** The leaves of a payload's content root. */
export function leavesOf(payload: Uint8Array): Uint8Array[] {
  const leaves: Uint8Array[] = []
  for (let at = 0; at === 0 || at < payload.length; at += fragmentBytes) {
    leaves.push(hash('fragment', payload.subarray(at, at + fragmentBytes)))
  }
  return leaves
}

function split({ id, message }: CachedMessage): readonly PubsubMessage[] {
  const { topic, author, stream, seq, payload } = message
  if (payload.length <= fragmentBytes) return [message]
  const parts: PubsubMessage[] = [
    {
      type: 'manifest',
      topic,
      author,
      stream,
      seq,
      length: payload.length,
      leaves: leavesOf(payload),
    },
  ]
  for (let at = 0; at < payload.length; at += fragmentBytes) {
    const bytes = payload.subarray(at, at + fragmentBytes)
    parts.push({ type: 'fragment', id, index: at / fragmentBytes, bytes })
  }
  return parts
}

/** Bytes that a tracked message takes beside its payload. Source: our choice, after `targets`: 200 bytes. */
const trackingBytes = 200

function costOf(message: EagerMessage, trusted: TrustedBatch): number {
  const share =
    (trusted.message.signed.body.length + signatureBytes + publicKeyBytes) /
    trusted.batch.ids.length
  return message.payload.length + trackingBytes + Math.ceil(share)
}
