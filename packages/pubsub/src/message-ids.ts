import { BoundedMap, concat } from '@kithnet/kernel'
import {
  hash,
  idToBytes,
  type MessageId,
  messageIdFromBytes,
  type NetworkId,
  type PeerId,
  type StreamId,
  type TopicId,
} from '@kithnet/types'
import type { Position } from './messages.ts'

interface Header {
  readonly topic: TopicId
  readonly author: PeerId
  readonly bytes: Uint8Array
}

/** Streams whose headers are kept. Source: our choice: as many as have trees of their own. */
const capacity = 256

/**
 * Ids of one network's messages, as `messageIdOf` of types gives them; the bytes of a stream's header are made
 * once, which is most of the cost beside hashing.
 */
export class MessageIds {
  readonly #network: Uint8Array
  readonly #headerByStream = new BoundedMap<StreamId, Header>(capacity)
  readonly #seq = new Uint8Array(8)
  readonly #seqView = new DataView(this.#seq.buffer)

  constructor(network: NetworkId) {
    this.#network = idToBytes(network)
  }

  /** The id of the message at this position with this content root. */
  idOf(position: Position, content: Uint8Array): MessageId {
    this.#seqView.setUint32(0, Math.floor(position.seq / 2 ** 32))
    this.#seqView.setUint32(4, position.seq >>> 0)
    const header = this.#headerOf(position)
    return messageIdFromBytes(hash('message', header, this.#seq, content))
  }

  #headerOf({ topic, author, stream }: Position): Uint8Array {
    const known = this.#headerByStream.peek(stream)
    if (known !== undefined && known.topic === topic && known.author === author) return known.bytes
    const ids = [topic, author, stream].map(idToBytes)
    const bytes = concat(this.#network, ...ids)
    this.#headerByStream.set(stream, { topic, author, bytes })
    return bytes
  }
}
