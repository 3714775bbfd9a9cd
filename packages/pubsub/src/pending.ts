import { type Instant } from '@kithnet/kernel'
import {
  type Batch,
  type BatchId,
  hashBytes,
  type MessageId,
  type PeerId,
  type Signed,
} from '@kithnet/types'
import { maxAlternatives } from './config.ts'
import type { Links } from './links.ts'
import type { EagerMessage, ManifestMessage } from './messages.ts'

/** A batch whose signature is being checked. */
export interface PendingBatch {
  readonly token: number
  readonly id: BatchId
  readonly signed: Signed
  /** What it claims. */
  readonly batch: Batch
  /** Who delivered it, first the one that is charged. */
  readonly sources: PeerId[]
  readonly since: Instant
  readonly bytes: number
}

/** A message that no verified batch lists yet. */
export interface PendingMessage {
  readonly id: MessageId
  /** Of a message in pieces its manifest. */
  readonly message: EagerMessage | ManifestMessage
  readonly bytes: number
  /** Who delivered it, first the one that is charged. */
  readonly owner: PeerId
  readonly sources: PeerId[]
  readonly since: Instant
  /** Who was asked for its batch, and when. */
  asked: PeerId | undefined
  askedAt: Instant
  /** Others have been asked as well, because the answer is overdue. */
  hedged: boolean
}

/** Work whose signature is not verified. Each link pays for what it delivered first. */
export class Pending {
  readonly batches: Map<BatchId, PendingBatch> = new Map()
  readonly messages: Map<MessageId, PendingMessage> = new Map()
  readonly #batchByToken = new Map<number, PendingBatch>()
  readonly #batchesByMessage = new Map<MessageId, PendingBatch[]>()
  readonly #links: Links
  readonly #maxMessages: number
  readonly #maxBytes: number
  #token = 0

  constructor(links: Links, maxMessages: number, maxBytes: number) {
    this.#links = links
    this.#maxMessages = maxMessages
    this.#maxBytes = maxBytes
  }

  /** True when the link may leave `bytes` more. */
  hasRoom(peer: PeerId, bytes: number): boolean {
    const link = this.#links.of(peer)
    return link.pendingMessages < this.#maxMessages && link.pendingBytes + bytes <= this.#maxBytes
  }

  /**
   * True when a batch may come in. One that lists a message which waits for it has as much room again: else messages
   * that fill the room of a link would keep out what they wait for.
   */
  hasRoomForBatch(peer: PeerId, { ids }: Batch, bytes: number): boolean {
    if (this.hasRoom(peer, bytes)) return true
    const link = this.#links.of(peer)
    return link.pendingMessages < 2 * this.#maxMessages && ids.some((id) => this.messages.has(id))
  }

  /** True when a batch that is being checked lists the message. */
  isListed(id: MessageId): boolean {
    return this.#batchesByMessage.has(id)
  }

  byToken(token: number): PendingBatch | undefined {
    return this.#batchByToken.get(token)
  }

  addBatch(id: BatchId, signed: Signed, batch: Batch, from: PeerId, now: Instant): PendingBatch {
    const bytes = signed.body.length + signed.signature.length
    const token = ++this.#token
    const pending = { token, id, signed, batch, sources: [from], since: now, bytes }
    this.batches.set(id, pending)
    this.#batchByToken.set(token, pending)
    for (const message of batch.ids) {
      const listing = this.#batchesByMessage.get(message)
      if (listing === undefined) this.#batchesByMessage.set(message, [pending])
      else listing.push(pending)
    }
    this.#charge(from, bytes)
    return pending
  }

  addMessage(
    id: MessageId,
    message: EagerMessage | ManifestMessage,
    from: PeerId,
    now: Instant,
  ): PendingMessage {
    const bytes = bytesOf(message)
    const pending: PendingMessage = {
      id,
      message,
      bytes,
      owner: from,
      sources: [from],
      since: now,
      asked: undefined,
      askedAt: now,
      hedged: false,
    }
    this.messages.set(id, pending)
    this.#charge(from, bytes)
    return pending
  }

  deleteBatch(pending: PendingBatch): void {
    if (!this.batches.delete(pending.id)) return
    this.#batchByToken.delete(pending.token)
    for (const message of pending.batch.ids) {
      const listing = this.#batchesByMessage.get(message)?.filter((other) => other !== pending)
      if (listing === undefined || listing.length === 0) this.#batchesByMessage.delete(message)
      else this.#batchesByMessage.set(message, listing)
    }
    this.#refund(pending.sources[0]!, pending.bytes)
  }

  deleteMessage(pending: PendingMessage): void {
    if (!this.messages.delete(pending.id)) return
    this.#refund(pending.owner, pending.bytes)
  }

  /** Counts bytes of a message in pieces on a link's account, or takes them off. */
  chargeBytes(peer: PeerId, bytes: number): void {
    this.#links.of(peer).pendingBytes += bytes
  }

  refundBytes(peer: PeerId, bytes: number): void {
    const link = this.#links.peek(peer)
    if (link !== undefined) link.pendingBytes = Math.max(0, link.pendingBytes - bytes)
  }

  #charge(peer: PeerId, bytes: number): void {
    const link = this.#links.of(peer)
    link.pendingMessages++
    link.pendingBytes += bytes
  }

  #refund(peer: PeerId, bytes: number): void {
    const link = this.#links.peek(peer)
    if (link === undefined) return
    link.pendingMessages = Math.max(0, link.pendingMessages - 1)
    link.pendingBytes = Math.max(0, link.pendingBytes - bytes)
  }
}

/** What a message takes of its link's account. The pieces of one with a manifest are charged as they come. */
export function bytesOf(message: EagerMessage | ManifestMessage): number {
  return message.type === 'eager' ? message.payload.length : message.leaves.length * hashBytes
}

/** Adds another deliverer, up to three beside the first. True when it is new and kept. */
export function addSource(sources: PeerId[], from: PeerId): boolean {
  if (sources.length > maxAlternatives || sources.includes(from)) return false
  sources.push(from)
  return true
}
