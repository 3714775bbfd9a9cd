import { type Instant, toHex } from '@kithnet/kernel'
import type { Delivery, OverlayOutput } from '@kithnet/overlay'
import {
  contentOf,
  decodeDescriptor,
  type MessageId,
  messageIdOf,
  type PeerId,
} from '@kithnet/types'
import type { Citizen, OverlayWorld } from '../overlay-world.ts'

/** What one honest peer has shown in its present life. */
interface Life {
  readonly delivered: Map<MessageId, number>
  readonly sheds: Set<PeerId>
  forgeries: number
}

/** What the honest peers of a hunt let be seen, and how often it was what never may be. */
export class Observations {
  readonly #world: OverlayWorld
  readonly #liarIndex: number
  readonly #mayForget: boolean
  readonly #lives = new Map<PeerId, Life>()
  readonly #signed = new Map<PeerId, { incarnation: number; epoch: number }>()
  /** Of deliveries to honest peers: whoever was cut off for its lies gets what it gets. */
  readonly delaysMs: number[] = []
  evidence = 0
  unverified = 0
  repeated = 0
  backwards = 0
  overtold = 0

  /** `liarIndex` is -1 where nobody lies; `mayForget` where peers lose their disks. */
  constructor(world: OverlayWorld, liarIndex: number, mayForget: boolean) {
    this.#world = world
    this.#liarIndex = liarIndex
    this.#mayForget = mayForget
  }

  /** The liar's. */
  get enemy(): PeerId | undefined {
    return this.#world.citizens[this.#liarIndex]?.peer
  }

  /** What the peer has shown since it started. */
  lifeOf(peer: PeerId): Life {
    let life = this.#lives.get(peer)
    if (life === undefined) {
      life = { delivered: new Map(), sheds: new Set(), forgeries: 0 }
      this.#lives.set(peer, life)
    }
    return life
  }

  /** The peer starts anew. */
  reborn(peer: PeerId): void {
    this.#lives.delete(peer)
  }

  heard(citizen: Citizen, output: OverlayOutput, now: Instant): void {
    if (this.#world.citizens[this.#liarIndex] === citizen) return
    const life = this.lifeOf(citizen.peer)
    switch (output.type) {
      case 'deliver': {
        const { id, author } = output.message
        const publication = this.#world.published.get(id)
        if (publication !== undefined) this.delaysMs.push(now - publication.at)
        const isKnown = this.#world.published.has(id) || author === this.enemy
        if (!isKnown || id !== this.#idOf(output.message)) this.unverified++
        const times = (life.delivered.get(id) ?? 0) + 1
        life.delivered.set(id, times)
        if (times > 1) this.repeated++
        return
      }
      case 'sign':
        if (output.domain === 'descriptor') this.#described(citizen.peer, output.body)
        return
      case 'published':
        if (output.status !== 'acknowledged') return
        if (output.peers > this.#accepted(output.id, citizen.peer)) this.overtold++
        return
      case 'shed':
      case 'penalised':
        if (output.type === 'shed') life.sheds.add(output.peer)
        if (output.fault.code === 'pubsub/forged-batch') life.forgeries++
        return
      case 'equivocation':
        this.evidence++
        return
      default:
    }
  }

  #idOf({ topic, author, stream, seq, payload }: Delivery): MessageId {
    const position = { network: this.#world.name, topic, author, stream, seq }
    return messageIdOf(position, contentOf(payload))
  }

  /** Each descriptor follows the one before, in earlier lives too, and no newer one than is on disk is signed. */
  #described(peer: PeerId, body: Uint8Array): void {
    const decoded = decodeDescriptor(body)
    if (!decoded.ok) return
    const { incarnation, epoch } = decoded.value
    const bytes = this.#world.network.diskOf(peer).get('incarnation')
    const stored = bytes === undefined ? 0 : Number(BigInt(`0x${toHex(bytes)}`))
    const before = this.#signed.get(peer)
    const follows =
      before === undefined ||
      incarnation > before.incarnation ||
      (incarnation === before.incarnation && epoch > before.epoch)
    // Whoever has lost its disk begins again from below, and is told.
    if (incarnation > stored || (!follows && !this.#mayForget)) this.backwards++
    this.#signed.set(peer, { incarnation, epoch })
  }

  /** Peers that have had the message from its batch's author: those that delivered it, the liar counted in. */
  #accepted(id: MessageId, author: PeerId): number {
    const { citizens } = this.#world
    const others = citizens.filter(
      ({ peer }, index) => index !== this.#liarIndex && peer !== author,
    )
    const liar = this.#liarIndex < 0 ? 0 : 1
    return others.filter(({ delivered }) => delivered.has(id)).length + liar
  }
}
