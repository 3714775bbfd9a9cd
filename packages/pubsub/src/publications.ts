import type { MessageId, PeerId, StreamId, TopicId } from '@kithnet/types'
import type { PubsubOutput } from './events.ts'
import type { AckRange } from './messages.ts'

interface Publication {
  readonly token: number
  readonly id: MessageId
  readonly acknowledgedBy: Set<PeerId>
}

/** What became of this node's own messages, for a while: to how many they went, and who accepted them. */
export class Publications {
  readonly #byTopic = new Map<TopicId, Map<number, Publication>>()
  readonly #stream: StreamId
  readonly #capacity: number

  /** Remembers the last `capacity` per topic. */
  constructor(stream: StreamId, capacity: number) {
    this.#stream = stream
    this.#capacity = capacity
  }

  sent(token: number, id: MessageId, topic: TopicId, seq: number): void {
    let bySeq = this.#byTopic.get(topic)
    if (bySeq === undefined) {
      bySeq = new Map()
      this.#byTopic.set(topic, bySeq)
    }
    bySeq.set(seq, { token, id, acknowledgedBy: new Set() })
    if (bySeq.size <= this.#capacity) return
    for (const oldest of bySeq.keys()) {
      bySeq.delete(oldest)
      return
    }
  }

  /** A first-hop receiver accepted these: the news of them. */
  acknowledged(range: AckRange, by: PeerId): PubsubOutput[] {
    const bySeq = range.stream === this.#stream ? this.#byTopic.get(range.topic) : undefined
    if (bySeq === undefined) return []
    const outputs: PubsubOutput[] = []
    for (let seq = range.first; seq < range.first + range.count; seq++) {
      const publication = bySeq.get(seq)
      if (publication === undefined || publication.acknowledgedBy.has(by)) continue
      publication.acknowledgedBy.add(by)
      const { token, id, acknowledgedBy } = publication
      const peers = acknowledgedBy.size
      outputs.push({ type: 'published', token, id, status: 'acknowledged', peers })
    }
    return outputs
  }
}
