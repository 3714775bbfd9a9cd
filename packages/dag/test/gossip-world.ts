import { type Instant, seededRng, utf8 } from '@kithnet/kernel'
import { createNetwork, type Network } from '@kithnet/testkit'
import { hash, hashHex, type PeerId, peerIdFromBytes } from '@kithnet/types'
import type { GossipConfig, GossipEvent } from '../src/sync/gossip-events.ts'
import { RecordGossip } from '../src/sync/record-gossip.ts'
import {
  encodeAnnouncement,
  encodeSyncMessage,
  type SyncMessage,
} from '../src/sync/sync-messages.ts'
import type { SyncItem } from '../src/sync/sync-keys.ts'
import type { GossipOutput } from '../src/sync/sync-sessions.ts'
import type { SyncReport } from '../src/sync/sync-session.ts'

/** A thing that peers of this world exchange: it says of itself what the machine wants to know. */
export interface Thing {
  readonly key: string
  readonly time: number
  readonly parents: readonly string[]
  readonly item: SyncItem
}

/** A thing with a key of its own. `bytes`: how long it is, 200 when left out. */
export function thing(
  name: string,
  time: number,
  parents: readonly Thing[] = [],
  bytes = 200,
): Thing {
  const key = hashHex('item', utf8(name))
  const text = JSON.stringify({ key, time, parents: parents.map((one) => one.key) })
  const item = { kind: 0, bytes: utf8(text.padEnd(bytes)) } as const
  return { key, time, parents: parents.map((one) => one.key), item }
}

export interface Peer {
  readonly peer: PeerId
  readonly machine: () => RecordGossip
  readonly things: Map<string, Thing>
  readonly waiting: Map<string, Thing>
  readonly synced: { readonly isOpener: boolean; readonly report: SyncReport }[]
  readonly rejected: string[]
  /** Gives these bytes in place of what it holds. */
  forges: boolean
}

type World = Network<GossipEvent, PeerId, SyncMessage, string, GossipOutput>

/** Machines in virtual time, over stores that are maps. */
export class GossipWorld {
  readonly network: World
  readonly peers: Peer[] = []
  published = 0
  /** Bytes of messages, and how often the direction changed. */
  bytes = 0
  turns = 0
  /** Published things reach everybody but these. */
  deaf = new Set<PeerId>()
  #lastSender: PeerId | undefined

  constructor(count: number, seed: number, config: Partial<GossipConfig> = {}) {
    this.network = createNetwork({
      seed,
      sizeOf: (message) => encodeSyncMessage(message).length,
      onEmit: (peer, output, now) => this.#emitted(peer, output, now),
    })
    for (let index = 0; index < count; index++) {
      const peer = peerIdFromBytes(hash('item', utf8(`peer ${index}`)))
      const node = this.network.add(peer, ({ rng }) => {
        const machine = new RecordGossip({ self: peer, rng, config })
        return {
          on: (event, now) => {
            const effects = machine.on(event, now)
            for (const effect of effects)
              if (effect.type === 'send') this.#count(peer, effect.message)
            return effects
          },
          get size() {
            return machine.size
          },
          machine,
        }
      })
      this.peers.push({
        peer,
        machine: () => node.machine.machine,
        things: new Map(),
        waiting: new Map(),
        synced: [],
        rejected: [],
        forges: false,
      })
    }
  }

  /** Puts things into a peer's store before its machine is told of them. */
  give(peer: Peer, things: Iterable<Thing>): void {
    for (const one of things) peer.things.set(one.key, one)
  }

  /** Tells every machine what its store holds, and that it may begin. */
  start(): void {
    for (const { peer, things } of this.peers) this.#ready(peer, things)
    this.network.run(5)
  }

  /** A peer makes a thing. */
  make(peer: Peer, one: Thing): void {
    peer.things.set(one.key, one)
    this.feed(peer, { type: 'held', items: [one] })
  }

  feed({ peer }: Peer, event: GossipEvent): void {
    this.network.inject(peer, event)
  }

  /** Every peer is a neighbour of every other. */
  meetAll(): void {
    for (const one of this.peers) {
      for (const { peer } of this.peers) {
        if (peer !== one.peer) this.feed(one, { type: 'neighbourUp', peer })
      }
    }
  }

  restart(peer: Peer): void {
    this.network.restart(peer.peer)
    this.#ready(peer.peer, peer.things)
  }

  #ready(peer: PeerId, things: ReadonlyMap<string, Thing>): void {
    const items = [...things.values()].map(({ key, time }) => ({ key, time }))
    this.network.inject(peer, { type: 'held', items })
    this.network.inject(peer, { type: 'ready' })
  }

  #count(from: PeerId, message: SyncMessage): void {
    this.bytes += encodeSyncMessage(message).length
    if (this.#lastSender !== from) this.turns++
    this.#lastSender = from
  }

  #emitted(peer: PeerId, output: GossipOutput, _now: Instant): void {
    const holder = this.peers.find((one) => one.peer === peer)!
    switch (output.type) {
      case 'publish': {
        this.published++
        encodeAnnouncement(output.announcement)
        for (const other of this.peers) {
          if (other === holder || this.deaf.has(other.peer) || !this.network.isAlive(other.peer))
            continue
          const heard = { type: 'heard', author: peer, announcement: output.announcement } as const
          this.network.inject(other.peer, heard, 20)
        }
        return
      }
      case 'take':
        this.network.inject(peer, this.#taken(holder, output.token, output.items), 2)
        return
      case 'load':
        this.network.inject(peer, this.#loaded(holder, output), 1)
        return
      case 'synced':
        holder.synced.push(output)
        return
      case 'reject':
        holder.rejected.push(output.fault.code)
    }
  }

  #loaded(
    holder: Peer,
    { token, keys, maxBytes }: Extract<GossipOutput, { type: 'load' }>,
  ): GossipEvent {
    const items: (SyncItem | undefined)[] = []
    let bytes = 0
    for (const key of keys) {
      if (items.length > 0 && bytes >= maxBytes) break
      const known = holder.things.get(key)
      const item = holder.forges && known !== undefined ? forged : known?.item
      items.push(item)
      bytes += item?.bytes.length ?? 0
    }
    return { type: 'loaded', token, items }
  }

  #taken(holder: Peer, token: number, items: readonly SyncItem[]): GossipEvent {
    const missing = new Set<string>()
    const known: string[] = []
    const stored: string[] = []
    let bad = 0
    for (const { bytes, kind } of items) {
      const text = new TextDecoder().decode(bytes)
      if (!text.startsWith('{')) {
        bad++
        continue
      }
      const told = JSON.parse(text) as Omit<Thing, 'item'>
      if (holder.things.has(told.key)) known.push(told.key)
      else holder.waiting.set(told.key, { ...told, item: { kind, bytes } })
    }
    for (let moved = true; moved;) {
      moved = false
      for (const one of holder.waiting.values()) {
        if (!one.parents.every((parent) => holder.things.has(parent))) continue
        holder.waiting.delete(one.key)
        holder.things.set(one.key, one)
        stored.push(one.key)
        const held = { type: 'held', items: [{ key: one.key, time: one.time }] } as const
        this.network.inject(holder.peer, held, 1)
        moved = true
      }
    }
    for (const { parents } of holder.waiting.values()) {
      for (const parent of parents) {
        if (!holder.things.has(parent) && !holder.waiting.has(parent)) missing.add(parent)
      }
    }
    return {
      type: 'taken',
      token,
      taken: {
        forged: bad,
        stored,
        waiting: [...holder.waiting.keys()],
        missing: [...missing],
        known,
      },
    }
  }
}

const forged: SyncItem = { kind: 0, bytes: utf8('not signed by anybody') }

/** A chain, or with `width` a braid: each thing names one or two of the layer before. */
export function braid(
  name: string,
  depth: number,
  width: number,
  seed: number,
  bytes?: number,
): Thing[] {
  const rng = seededRng(`${seed} ${name}`)
  const all: Thing[] = []
  let layer: Thing[] = []
  for (let time = 0; time < depth; time++) {
    const next: Thing[] = []
    for (let index = 0; index < width; index++) {
      const one = layer[rng.below(Math.max(1, layer.length))]
      const other = layer[rng.below(Math.max(1, layer.length))]
      const parents = one === undefined ? [] : one === other ? [one] : [one, other!]
      next.push(thing(`${name} ${time} ${index}`, time, parents, bytes))
    }
    all.push(...next)
    layer = next
  }
  return all
}
