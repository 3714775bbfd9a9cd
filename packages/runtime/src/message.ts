import type { EpochMs } from '@kithnet/kernel'
import type { Delivery } from '@kithnet/overlay'
import type { MessageId, PeerId, StreamId } from '@kithnet/types'
import type { Payload } from './payload.ts'

/** What a topic promises of the messages that it carries. */
export type Guarantee =
  /** Given to whoever is there, at most once. Nothing is kept or repaired. A channel of its own. */
  | 'ephemeral'
  /** What was missed is told, and repaired while it can be. */
  | 'reliable'
  /** The same, and each author's messages in the order in which it wrote them. */
  | 'fifo'
  /** The same, and a message after all that its author had read before. */
  | 'causal'
  /** Reliable, and kept on disk for readers and peers that come later. */
  | 'durable'

/** What a message has under each guarantee beside what all have. */
interface Extras {
  readonly ephemeral: unknown
  readonly reliable: unknown
  readonly fifo: unknown
  readonly causal: {
    /** Messages that its author had read and that did not come in time: 0, or the order did not hold. */
    readonly unmet: number
  }
  readonly durable: {
    /** Its place in the history. */
    readonly position: number
  }
}

/** A message, verified and given once. */
export type Message<Value = Payload, G extends Guarantee = 'reliable'> = PlainMessage<Value> &
  Extras[G]

interface PlainMessage<Value> {
  readonly id: MessageId
  /** Whose signature was verified. */
  readonly author: PeerId
  readonly value: Value
  /** The author's clock when it signed, in milliseconds since 1970. */
  readonly at: EpochMs
  /** The life of the author's process that it was written in. */
  readonly stream: StreamId
  /** Counts the author's messages here from 0 in each stream, so that gaps show. */
  readonly seq: number
  /** True when it came from history and not as it was published. */
  readonly late: boolean
  /** The neighbour that brought it. */
  readonly via: PeerId
}

/** A message with everything that any guarantee adds. What topics hand on inside. */
export interface FullMessage<Value> extends PlainMessage<Value> {
  readonly unmet: number
  readonly position?: number
}

/** A message as the overlay hands it over, or as history kept it. */
export type Arrived = Omit<Delivery, 'topic' | 'toConfirm'> & {
  /** The author's key, when it came along. */
  readonly key?: Uint8Array
}

/** The message of an arrival. */
export function messageOf<Value>(
  {
    id,
    author,
    stream,
    hlc,
    seq,
    late,
    via,
    unmet,
  }: Omit<Arrived, 'payload' | 'carried' | 'signed'>,
  value: Value,
): FullMessage<Value> {
  return { id, author, value, at: hlc, stream, seq, late, via, unmet }
}
