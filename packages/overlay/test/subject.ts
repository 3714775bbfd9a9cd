import {
  batchKind,
  descriptorKind,
  type SignatureScheme,
  verifySignedSync,
} from '@kithnet/identity'
import { after, Deadlines, epochMs, type Instant, instant, seededRng, utf8 } from '@kithnet/kernel'
import {
  decodeFrame,
  encodeFrame,
  Overlay,
  type OverlayConfig,
  overlayConfig,
  type OverlayEvent,
  type OverlayMessage,
  type OverlayOutput,
} from '@kithnet/overlay'
import type { Position } from '@kithnet/pubsub'
import { testScheme } from '@kithnet/testkit'
import {
  address,
  type Address,
  type Batch,
  contentOf,
  encodeBatch,
  encodeDescriptor,
  hash,
  type MessageId,
  messageIdOf,
  networkId,
  type PeerId,
  peerIdOf,
  type Signed,
  streamIdFromBytes,
  topicId,
} from '@kithnet/types'

export const network = networkId('test')
export const news = topicId(network, 'news')
export const epochAtZero = epochMs(1_800_000_000_000)

const scheme = testScheme()

/** Somebody with keys. */
export interface Person {
  readonly peer: PeerId
  readonly publicKey: Uint8Array
  readonly secretKey: Uint8Array
}

export function person(name: string): Person {
  const { publicKey, secretKey } = scheme.keygen(hash('item', utf8(name)))
  return { peer: peerIdOf(publicKey), publicKey, secretKey }
}

export function someAddress(name: string): Address {
  const parsed = address(`memory://${name}`)
  if (!parsed.ok) throw new Error('bad address')
  return parsed.value
}

export function sign(who: Person, domain: 'batch' | 'descriptor', body: Uint8Array): Signed {
  return { body, signature: scheme.signSync(who.secretKey, domain, body) }
}

/** True when somebody has signed this descriptor. */
export function verifies(who: Person, signed: Signed): boolean {
  // The test scheme has identity's shape but for domains, which it takes as any text.
  const as = scheme as unknown as SignatureScheme
  return verifySignedSync(descriptorKind, signed, who.publicKey, as).ok
}

export function descriptorOf(who: Person, incarnation = 1, where = network): Signed {
  return sign(
    who,
    'descriptor',
    encodeDescriptor({ network: where, peer: who.peer, incarnation, addresses: [], epoch: 1 }),
  )
}

/** Where somebody's message stands. */
function positionOf(author: Person, seq: number): Position {
  const stream = streamIdFromBytes(hash('item', author.publicKey).slice(0, 16))
  return { topic: news, author: author.peer, stream, seq }
}

/** The id of a message of `written`. */
function idOf(author: Person, text: string, seq = 0): MessageId {
  return messageIdOf({ network, ...positionOf(author, seq) }, contentOf(utf8(text)))
}

/** A batch of one message of somebody's, and the message. */
export function written(author: Person, text: string, seq = 0): readonly OverlayMessage[] {
  const position = positionOf(author, seq)
  const payload = utf8(text)
  const batch: Batch = {
    ...position,
    network,
    firstSeq: seq,
    ids: [idOf(author, text, seq)],
    hlc: epochAtZero,
    prev: undefined,
  }
  const signed = sign(author, 'batch', encodeBatch(batch))
  return [
    { type: 'pubsub', message: { type: 'batch', signed } },
    { type: 'pubsub', message: { type: 'eager', ...position, payload } },
  ]
}

/** A message of membership that introduces a peer as a neighbour. */
export function neighbour(who: Person): OverlayMessage {
  const { body, signature } = descriptorOf(who)
  return { type: 'membership', value: [3, [body, signature], 1] }
}

/** One `Overlay` with its time and its driver's work in the test's hands. */
export class Subject {
  readonly me = person('me')
  readonly overlay: Overlay
  now: Instant = instant(0)
  sent: { readonly to: PeerId; readonly message: OverlayMessage }[] = []
  outputs: OverlayOutput[] = []
  readonly #timers = new Deadlines<string>()

  constructor(config: Partial<OverlayConfig> = {}) {
    this.overlay = new Overlay({
      network,
      self: this.me.peer,
      publicKey: this.me.publicKey,
      stream: streamIdFromBytes(new Uint8Array(16).fill(3)),
      epochAtZero,
      incarnation: 4,
      addresses: [someAddress('me')],
      config: { ...overlayConfig('lan'), ...config },
      rng: seededRng(1),
    })
  }

  /** Joined, described, subscribed, and a neighbour of these, whose keys their sessions have proven. */
  static among(people: readonly Person[], config: Partial<OverlayConfig> = {}): Subject {
    const subject = new Subject(config)
    subject.feed({ type: 'join', contacts: [] })
    subject.settle()
    subject.feed({ type: 'subscribe', topic: news })
    for (const { peer, publicKey } of people) subject.feed({ type: 'linkUp', peer, publicKey })
    for (const who of people) subject.from(who, neighbour(who))
    subject.settle()
    subject.sent = []
    subject.outputs = []
    return subject
  }

  feed(event: OverlayEvent): void {
    for (const effect of this.overlay.on(event, this.now)) {
      if (effect.type === 'send') this.sent.push(effect)
      else if (effect.type === 'emit') this.outputs.push(effect.output)
      else if (effect.type === 'arm') this.#timers.arm(effect.key, effect.at)
      else if (effect.type === 'disarm') this.#timers.disarm(effect.key)
      else if (effect.type === 'persist') this.feed({ type: 'persisted', key: effect.key })
    }
  }

  /** Messages as frames, through bytes. */
  from(who: Person, ...messages: readonly OverlayMessage[]): void {
    for (const message of messages) {
      this.feed({ type: 'frame', from: who.peer, bytes: encodeFrame(message).slice() })
    }
  }

  /** Does the driver's work: signs and verifies until nothing is asked for. */
  settle(): void {
    for (let output = this.#nextRequest(); output !== undefined; output = this.#nextRequest()) {
      const { token, domain } = output
      if (output.type === 'sign') {
        this.feed({
          type: 'signed',
          token,
          signature: sign(this.me, domain, output.body).signature,
        })
        continue
      }
      const { signed, publicKey } = output
      const as = scheme as unknown as SignatureScheme
      const result =
        domain === 'batch'
          ? verifySignedSync(batchKind, signed, publicKey, as)
          : verifySignedSync(descriptorKind, signed, publicKey, as)
      this.feed({ type: 'checked', token, value: result.ok ? result.value : undefined })
    }
  }

  pass(ms: number): void {
    const until = after(this.now, ms)
    for (
      let next = this.#timers.next;
      next !== undefined && next <= until;
      next = this.#timers.next
    ) {
      this.now = next > this.now ? next : this.now
      const key = this.#timers.takeDue(this.now)
      if (key !== undefined) this.feed({ type: 'fired', key })
      this.settle()
    }
    this.now = until
  }

  /** Messages sent to somebody, decoded from their frames. */
  sentTo(who: Person): OverlayMessage[] {
    return this.sent
      .filter(({ to }) => to === who.peer)
      .map(({ message }) => {
        const decoded = decodeFrame(encodeFrame(message))
        if (!decoded.ok) throw new Error(decoded.fault.code)
        return decoded.value
      })
  }

  faults(who: Person): string[] {
    return this.outputs.flatMap((output) =>
      output.type === 'penalised' && output.peer === who.peer ? [output.fault.code] : [],
    )
  }

  has(type: OverlayOutput['type']): boolean {
    return this.outputs.some((output) => output.type === type)
  }

  get texts(): string[] {
    return this.outputs.flatMap((output) =>
      output.type === 'deliver' ? [new TextDecoder().decode(output.message.payload)] : [],
    )
  }

  #nextRequest(): Extract<OverlayOutput, { type: 'sign' | 'verify' }> | undefined {
    const index = this.outputs.findIndex(({ type }) => type === 'sign' || type === 'verify')
    if (index < 0) return undefined
    return this.outputs.splice(index, 1)[0] as Extract<OverlayOutput, { type: 'sign' | 'verify' }>
  }
}
