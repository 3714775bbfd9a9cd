/** A peer that behaves like any other until it turns, and then attacks in one of many ways. */
import { type Bytes, epochMs, type Fired, type Instant, seededRng } from '@kithnet/kernel'
import type { Overlay, OverlayEvent, OverlayMessage, OverlayView } from '@kithnet/overlay'
import { type EagerMessage, type IdPrefix, prefixOf, type PubsubMessage } from '@kithnet/pubsub'
import {
  contentOf,
  decodeBatch,
  encodeBatch,
  messageIdOf,
  type NetworkId,
  type PeerId,
  peerIdFromBytes,
  publicKeyBytes,
  signatureBytes,
  type StreamId,
  streamIdFromBytes,
  type TopicId,
} from '@kithnet/types'
import type { OverlayEffects, OverlayMachine } from './overlay-world.ts'

type OverlayEffect = OverlayEffects[number]
type Send = Extract<OverlayEffect, { type: 'send' }>
type BatchMessage = Extract<PubsubMessage, { type: 'batch' }>

/** What a hostile peer is told of its world. */
export interface HostileWorld {
  readonly network: NetworkId
  readonly topic: TopicId
  /** Whose messages it is after, where it is after somebody's. */
  readonly victim: () => PeerId
  readonly self: () => PeerId
  readonly sign: (body: Uint8Array) => Bytes
}

/**
 * One way to attack. `twist` is what becomes of what an honest peer would send, `insist` what is sent beside when a
 * message comes in, `flood` what goes to everybody each 50 ms.
 */
interface Tactic {
  readonly twist?: (send: Send, hostile: Hostile, now: Instant) => readonly Send[]
  readonly insist?: (from: PeerId, message: PubsubMessage, hostile: Hostile) => readonly Send[]
  readonly flood?: (hostile: Hostile, now: Instant) => readonly OverlayMessage[]
}

/** Tells what kind of message of broadcast a send carries. */
function innerOf(send: Send): PubsubMessage | undefined {
  return send.message.type === 'pubsub' ? send.message.message : undefined
}

function authorOf({ signed }: BatchMessage): PeerId | undefined {
  const decoded = decodeBatch(signed.body)
  return decoded.ok ? decoded.value.author : undefined
}

function broadcast(message: PubsubMessage): OverlayMessage {
  return { type: 'pubsub', message }
}

/** Withholds the batches for which `which` holds. */
function withholding(
  which: (batch: BatchMessage, hostile: Hostile, now: Instant) => boolean,
): Tactic {
  return {
    twist: (send, hostile, now) => {
      const inner = innerOf(send)
      return inner?.type === 'batch' && which(inner, hostile, now) ? [] : [send]
    },
    insist: (from, message, hostile) => hostile.pushOn(from, message, undefined),
  }
}

const forging: Tactic = {
  twist: (send, hostile) => {
    const inner = innerOf(send)
    return inner?.type === 'batch'
      ? [{ ...send, message: broadcast(hostile.forge(inner)) }]
      : [send]
  },
  insist: (from, message, hostile) => hostile.pushOn(from, message, hostile.lastBatch),
}

/** Announces at once whatever it has, and answers as many of `of` requests as `keeps` says. */
function breaking(keeps: number, of: number): Tactic {
  return {
    twist: (send, hostile) => {
      const inner = innerOf(send)
      if (inner?.type !== 'eager' && inner?.type !== 'batch') return [send]
      return hostile.count++ % of < keeps ? [send] : []
    },
    insist: (from, message, hostile) => {
      if (message.type !== 'eager') return []
      const prefixes = [hostile.prefixOf(message)]
      return hostile.toOthers(from, broadcast({ type: 'ihave', prefixes }))
    },
  }
}

/** Every way to attack, by name. */
export const tactics = {
  none: {},
  /** Pushes everything with signatures that are not the author's. */
  forged: forging,
  /** Pushes everything without its batch. */
  withheld: withholding(() => true),
  /** The same for one author. */
  withheldAuthor: withholding((batch, hostile) => authorOf(batch) === hostile.world.victim()),
  /** The same every other time. */
  withheldOther: withholding((_, hostile) => hostile.count++ % 2 === 0),
  /** The same as rarely as the rules forgive: 16 points come back in 96 s, and it never owes 25. */
  withheldBelow: withholding((_, hostile, now) => hostile.affords(16, 24, now)),
  /** Takes everything and passes nothing on, but proves that it lives. */
  mute: { twist: (send) => (innerOf(send) === undefined ? [send] : []) },
  /** Passes on every other message: never as many in a row as make a tree look elsewhere. */
  muteOther: {
    twist: (send, hostile) => {
      const inner = innerOf(send)
      return inner?.type === 'eager' && hostile.isOdd(inner) ? [] : [send]
    },
  },
  /** Passes nothing on of one author. */
  muteAuthor: {
    twist: (send, hostile) => {
      const inner = innerOf(send)
      if (inner?.type !== 'eager') return [send]
      return inner.author === hostile.world.victim() ? [] : [send]
    },
  },
  /** Announces first and gives nothing. */
  promises: breaking(0, 1),
  /** Announces first and keeps four promises of five, which costs nothing. */
  promisesBelow: breaking(4, 5),
  /** Messages of authors that nobody has the key of. */
  invented: {
    flood: (hostile, now) =>
      times(10, () => hostile.invent(now))
        .flat()
        .map(broadcast),
  },
  /** What it kept, again and again. */
  replayed: { flood: (hostile) => hostile.kept.map(broadcast) },
  /** Keys that nobody asked for, and requests for keys that nobody has. */
  keys: {
    flood: (hostile) =>
      times(20, () => [
        { type: 'keys', keys: times(32, () => hostile.rng.bytes(publicKeyBytes)) } as const,
        { type: 'wantKeys', peers: times(32, () => hostile.somebody()) } as const,
      ]).flat(),
  },
  /** Its own batches, signed well and dated five minutes ahead. */
  ahead: {
    flood: (hostile, now) =>
      times(20, () => hostile.write(1, now + 300_000))
        .flat()
        .map(broadcast),
  },
  /** Messages that cannot be proven, as large as may be, to fill the room for what is not verified. */
  budget: {
    flood: (hostile, now) =>
      times(10, () => hostile.invent(now, hostile.world.victim(), 60_000)[1]!).map(broadcast),
  },
  /** Forged batches in the victim's name, to spend what its author may publish. */
  bucket: {
    flood: (hostile, now) =>
      times(1, () => hostile.invent(now, hostile.world.victim()))
        .flat()
        .map(broadcast),
  },
  /** Its own messages, well signed, each in a topic and a stream of its own, to push out what others remember. */
  flush: {
    flood: (hostile, now) =>
      times(4, () => hostile.write(32, now))
        .flat()
        .map(broadcast),
  },
  /** Asks to be pushed and not to be pushed, for every author, two thousand times a second. */
  storm: {
    flood: (hostile) =>
      times(50, () => {
        const source = hostile.somebodyHeard()
        return [broadcast({ type: 'graft', source }), broadcast({ type: 'prune', source })]
      }).flat(),
  },
  /** The same at five times what the lane admits. */
  stormOver: {
    flood: (hostile) =>
      times(500, () => {
        const source = hostile.somebodyHeard()
        return [broadcast({ type: 'graft', source }), broadcast({ type: 'prune', source })]
      }).flat(),
  },
  /** Asks for all that it knows of, over and over. */
  iwants: {
    flood: (hostile) => times(5, () => broadcast({ type: 'iwant', prefixes: hostile.prefixes() })),
  },
  /** Opens comparisons of history without end. */
  history: {
    flood: (hostile) =>
      times(10, () =>
        broadcast({
          type: 'sync',
          nonce: hostile.rng.u32(),
          fromOpener: true,
          heldSince: 0,
          value: [1, 2, 3],
        }),
      ),
  },
} satisfies Record<string, Tactic>

export type Attack = keyof typeof tactics

/** The peer. Its honest half joins, answers and relays; its tactic decides what comes out once it has turned. */
export class Hostile implements OverlayMachine {
  readonly world: HostileWorld
  readonly rng = seededRng('hostile')
  /** What it has seen, to be sent again. */
  readonly kept: PubsubMessage[] = []
  lastBatch: BatchMessage | undefined
  count = 0
  turned = false
  readonly #overlay: Overlay
  readonly #tactic: Tactic
  readonly #heard = new Set<PeerId>()
  readonly #prefixes: IdPrefix[] = []
  #owed = 0
  #owedAt = 0
  #seq = 0

  constructor(overlay: Overlay, attack: Attack, world: HostileWorld) {
    this.#overlay = overlay
    this.#tactic = tactics[attack]
    this.world = world
  }

  on(event: OverlayEvent | Fired<string>, now: Instant): OverlayEffects {
    if (event.type === 'received') this.#see(event.from, event.message)
    const effects = this.#overlay.on(event, now)
    if (!this.turned) return effects
    const { twist, insist, flood } = this.#tactic
    const out: OverlayEffect[] = []
    for (const effect of effects) {
      if (effect.type !== 'send' || twist === undefined) out.push(effect)
      else out.push(...twist(effect, this, now))
    }
    if (insist !== undefined && event.type === 'received' && event.message.type === 'pubsub') {
      out.push(...insist(event.from, event.message.message, this))
    }
    if (flood !== undefined && event.type === 'roundTrip') {
      for (const message of flood(this, now)) out.push(...this.toOthers(undefined, message))
    }
    return out
  }

  snapshot(): OverlayView {
    return this.#overlay.snapshot()
  }

  /** To everybody that it ever heard, but one. */
  toOthers(but: PeerId | undefined, message: OverlayMessage): Send[] {
    const sends: Send[] = []
    for (const to of this.#heard) if (to !== but) sends.push({ type: 'send', to, message })
    return sends
  }

  /** Pushes a message on to everybody, pruned or not, with a batch of its choice or none. */
  pushOn(from: PeerId, message: PubsubMessage, batch: BatchMessage | undefined): Send[] {
    if (message.type !== 'eager') return []
    const sends: Send[] = []
    for (const to of this.#heard) {
      if (to === from || to === message.author) continue
      if (batch !== undefined) {
        sends.push({ type: 'send', to, message: broadcast(this.forge(batch)) })
      }
      sends.push({ type: 'send', to, message: broadcast(message) })
    }
    return sends
  }

  forge({ signed }: BatchMessage): BatchMessage {
    return {
      type: 'batch',
      signed: { body: signed.body, signature: this.rng.bytes(signatureBytes) },
    }
  }

  /** True when `points` more still leave it owing less than `most`, by the rules that it has read. */
  affords(points: number, most: number, now: Instant): boolean {
    this.#owed = Math.max(0, this.#owed - (now - this.#owedAt) / 6_000)
    this.#owedAt = now
    if (this.#owed + points > most) return false
    this.#owed += points
    return true
  }

  /** A batch of one, with a signature of nobody's, and its message. */
  invent(now: number, author = this.somebody(), payloadBytes = 100): readonly PubsubMessage[] {
    const stream = streamIdFromBytes(this.rng.bytes(16))
    const { body, messages } = this.#compose(author, stream, this.world.topic, 1, now, payloadBytes)
    const signature = this.rng.bytes(signatureBytes)
    return [{ type: 'batch', signed: { body, signature } }, ...messages]
  }

  /** Messages of its own, well signed, in a topic and a stream of their own. */
  write(messages: number, now: number): readonly PubsubMessage[] {
    const stream = streamIdFromBytes(this.rng.bytes(16))
    const topic = peerIdFromBytes(this.rng.bytes(32)) as string as TopicId
    const composed = this.#compose(this.world.self(), stream, topic, messages, now, 100)
    const signed = { body: composed.body, signature: this.world.sign(composed.body) }
    return [{ type: 'batch', signed }, ...composed.messages]
  }

  /** Every other message, the same ones to everybody. */
  isOdd({ seq }: EagerMessage): boolean {
    return seq % 2 === 1
  }

  prefixOf(message: EagerMessage): IdPrefix {
    return prefixOf(
      messageIdOf({ network: this.world.network, ...message }, contentOf(message.payload)),
    )
  }

  /** What it knows that others have. */
  prefixes(): readonly IdPrefix[] {
    return this.#prefixes.slice(0, 1_000)
  }

  somebody(): PeerId {
    return peerIdFromBytes(this.rng.bytes(32))
  }

  somebodyHeard(): PeerId {
    const all = [...this.#heard]
    return all[this.rng.below(all.length)] ?? this.somebody()
  }

  #see(from: PeerId, message: OverlayMessage): void {
    this.#heard.add(from)
    if (message.type !== 'pubsub') return
    const inner = message.message
    if (inner.type === 'batch') this.lastBatch = inner
    if (inner.type === 'eager') {
      if (this.#prefixes.length < 1_000) this.#prefixes.push(this.prefixOf(inner))
    }
    if (this.kept.length < 400 && (inner.type === 'batch' || inner.type === 'eager')) {
      this.kept.push(inner)
    }
  }

  #compose(
    author: PeerId,
    stream: StreamId,
    topic: TopicId,
    count: number,
    now: number,
    payloadBytes: number,
  ): { readonly body: Bytes; readonly messages: readonly EagerMessage[] } {
    const { network } = this.world
    const messages = times(count, (seq): EagerMessage => {
      // Its own number makes each payload another one.
      const payload = new Uint8Array(payloadBytes)
      new DataView(payload.buffer).setUint32(8, ++this.#seq)
      return { type: 'eager', topic, author, stream, seq, payload }
    })
    const ids = messages.map((message) =>
      messageIdOf({ network, ...message }, contentOf(message.payload)),
    )
    // Source: the simulated clocks start with 2026.
    const hlc = epochMs(1_767_225_600_000 + Math.floor(now))
    const header = { network, author, stream, topic, firstSeq: 0, ids, hlc, prev: undefined }
    return { body: encodeBatch(header), messages }
  }
}

function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index))
}
