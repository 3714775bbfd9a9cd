import { type EpochMs, epochMs, type Instant, type Rng } from '@kithnet/kernel'
import { createNetwork, type Network } from '@kithnet/testkit'
import { peerIdOf, type PeerId } from '@kithnet/types'
import type { ExchangeEvent, ExchangeOutput, Taken } from '../src/statements/exchange-events.ts'
import {
  decodeParcel,
  encodeExchangeMessage,
  encodeParcel,
  type ExchangeMessage,
  type Parcel,
} from '../src/statements/exchange-messages.ts'
import { forksAmong } from '../src/statements/fork-evidence.ts'
import type { AnyHeld } from '../src/statements/held.ts'
import { type BookBounds, StatementBook } from '../src/statements/statement-book.ts'
import { StatementExchange } from '../src/statements/statement-exchange.ts'
import { readItem, verifyItemSync } from '../src/statements/statement-item.ts'
import { Standings } from '../src/trust/standings.ts'
import { type Actor, actors, network, scheme } from './actors.ts'

type World = Network<ExchangeEvent, PeerId, ExchangeMessage, string, ExchangeOutput>

/** A peer of this world: its book is what is on its disk. */
export interface Member {
  readonly actor: Actor
  book: StatementBook
  readonly standings: Standings
  readonly neighbours: Set<Member>
  readonly synced: { readonly peer: PeerId; readonly complete: boolean }[]
  readonly rejected: { readonly peer: PeerId; readonly code: string }[]
  verified: number
  /** Gives what nobody signed in place of what it holds. */
  forges: boolean
}

/** How a world is made. */
export interface WorldOptions {
  readonly peers: number
  readonly seed: number
  readonly roots?: readonly number[]
  readonly bounds?: Partial<BookBounds>
  readonly syncIntervalMs?: number
}

/** Exchanges of statements in virtual time, with books in place of disks, over a graph of neighbours that is cut and healed. */
export class StatementWorld {
  readonly network: World
  readonly members: Member[] = []
  readonly #memberByPeer = new Map<PeerId, Member>()
  readonly #options: WorldOptions
  readonly #rng: Rng
  published = 0
  bytes = 0
  readonly #listenerByMember = new Map<Member, (message: ExchangeMessage) => void>()
  /** Broadcasts reach whoever can be reached over neighbours, and never these. */
  readonly deaf = new Set<Member>()

  constructor(options: WorldOptions) {
    this.#options = options
    this.network = createNetwork({
      seed: options.seed,
      sizeOf: (message) => encodeExchangeMessage(message).length,
      onEmit: (peer, output) => this.#emitted(this.#memberByPeer.get(peer)!, output),
    })
    this.#rng = this.network.rng('world')
    for (const one of actors(options.peers)) this.#add(one)
  }

  get wall(): EpochMs {
    return epochMs(1_800_000_000_000 + this.network.now)
  }

  /** A circle with random chords: everybody has at least two neighbours. */
  meet(chords: number): void {
    const { length } = this.members
    this.members.forEach((one, index) => {
      this.link(one, this.members[(index + 1) % length]!)
      for (let chord = 0; chord < chords; chord++) {
        this.link(one, this.members[this.#rng.below(length)]!)
      }
    })
  }

  link(one: Member, other: Member): void {
    if (one === other || one.neighbours.has(other)) return
    for (const [a, b] of [
      [one, other],
      [other, one],
    ] as const) {
      a.neighbours.add(b)
      this.network.inject(a.actor.peer, { type: 'neighbourUp', peer: b.actor.peer })
    }
  }

  unlink(one: Member, other: Member): void {
    if (!one.neighbours.has(other)) return
    for (const [a, b] of [
      [one, other],
      [other, one],
    ] as const) {
      a.neighbours.delete(b)
      this.network.inject(a.actor.peer, { type: 'neighbourDown', peer: b.actor.peer })
    }
  }

  /** A peer states something: it is in its book, and told to everybody. */
  state(member: Member, held: AnyHeld): void {
    this.put(member, held)
    this.network.inject(member.actor.peer, { type: 'made', id: held.id })
  }

  /** The same, told to nobody. */
  put(member: Member, held: AnyHeld): void {
    for (const one of [held, ...forksAmong([held], member.book)]) member.book.add(one, this.wall)
  }

  /** Calls back on the messages that a member gets. */
  heardBy(member: Member, listener: (message: ExchangeMessage) => void): void {
    this.#listenerByMember.set(member, listener)
  }

  feed(member: Member, event: ExchangeEvent): void {
    this.network.inject(member.actor.peer, event)
  }

  /** The ids of every book. */
  books(): readonly (readonly string[])[] {
    return this.members.map(({ book }) => [...book.items].map(({ id }) => id))
  }

  #add(actor: Actor): void {
    const { roots = [0], bounds, syncIntervalMs } = this.#options
    const rootPeers = actors(this.#options.peers)
      .filter((_, index) => roots.includes(index))
      .map(({ peer }) => peer)
    const standings: Standings = new Standings(network, rootPeers, () => book)
    const book: StatementBook = new StatementBook({
      self: actor.peer,
      network,
      trusts: (peer) => standings.isAdmitted(peer, 'serve', this.wall),
      changed: () => standings.changed(),
      ...(bounds === undefined ? {} : { bounds }),
    })
    const member: Member = {
      actor,
      book,
      standings,
      neighbours: new Set(),
      synced: [],
      rejected: [],
      verified: 0,
      forges: false,
    }
    this.members.push(member)
    this.#memberByPeer.set(actor.peer, member)
    const config = syncIntervalMs === undefined ? {} : { syncIntervalMs }
    this.network.add(actor.peer, ({ rng }) => {
      const exchange = new StatementExchange({ self: actor.peer, rng, book, config })
      return {
        on: (event, now) => {
          if (event.type === 'received') this.#listenerByMember.get(member)?.(event.message)
          const effects = exchange.on(event, now)
          return member.forges ? effects.map(forged) : effects
        },
      }
    })
    this.network.inject(actor.peer, { type: 'opened' })
  }

  #emitted(member: Member, output: ExchangeOutput): void {
    switch (output.type) {
      case 'publish':
        this.published++
        this.#broadcast(member, output.parcel)
        return
      case 'take': {
        const { token, parcel } = output
        const event = { type: 'taken', token, taken: this.take(member, parcel) } as const
        this.network.inject(member.actor.peer, event, 2)
        return
      }
      case 'synced':
        member.synced.push({ peer: output.peer, complete: output.report.complete })
        return
      case 'reject':
        member.rejected.push({ peer: output.from, code: output.fault.code })
    }
  }

  /** As bytes, to everybody who is connected by way of others. */
  #broadcast(from: Member, parcel: Parcel): void {
    const bytes = encodeParcel(parcel)
    const reached = new Map<Member, number>([[from, 0]])
    for (const [one, hops] of reached) {
      for (const other of one.neighbours) if (!reached.has(other)) reached.set(other, hops + 1)
    }
    for (const [one, hops] of reached) {
      const read = decodeParcel(bytes)
      if (one === from || this.deaf.has(one) || !read.ok) continue
      const heard = { type: 'heard', author: from.actor.peer, parcel: read.value } as const
      this.network.inject(one.actor.peer, heard, 10 * hops)
    }
  }

  /** What a node does with what it is given: judge, verify, put in. */
  take(member: Member, parcel: Parcel): Taken {
    const { book, actor } = member
    const keys = new Map(parcel.keys.map((key) => [peerIdOf(key), key]))
    const known: string[] = []
    const news: AnyHeld[] = []
    let bad = 0
    for (const item of parcel.items) {
      const claimed = readItem(item)
      if (!claimed.ok) {
        bad++
        continue
      }
      const judged = book.judge(claimed.value, this.wall)
      if (judged.ok && judged.value === 'known') known.push(claimed.value.id)
      if (!judged.ok || judged.value === 'known') continue
      member.verified++
      const key = keys.get(claimed.value.signer) ?? book.keyOf(claimed.value.signer)
      const held = verifyItemSync(claimed.value, key ?? new Uint8Array(0), scheme)
      if (held.ok) news.push(held.value)
      else bad++
    }
    const proofs = forksAmong(news, book)
    for (const one of [...news, ...proofs]) book.add(one, this.wall)
    for (const { id } of proofs) this.network.inject(actor.peer, { type: 'made', id }, 1)
    const stored = [...news, ...proofs].filter(({ id }) => book.byId(id) !== undefined)
    return { forged: bad, known, stored: stored.map(({ id }) => id) }
  }
}

type Effects = ReturnType<StatementExchange['on']>

/** The same effect with signatures that nobody made. */
function forged(effect: Effects[number]): Effects[number] {
  const spoil = (parcel: Parcel): Parcel => ({
    keys: parcel.keys,
    items: parcel.items.map(({ kind, body, signature }) => ({
      kind,
      body,
      signature: signature.map((byte) => byte ^ 1),
    })),
  })
  if (effect.type === 'send' && effect.message.type === 'parcel') {
    return { ...effect, message: { ...effect.message, parcel: spoil(effect.message.parcel) } }
  }
  if (effect.type === 'emit' && effect.output.type === 'publish') {
    return { ...effect, output: { type: 'publish', parcel: spoil(effect.output.parcel) } }
  }
  return effect
}

/** A moment of virtual time, for tests that wait. */
export function untilEqual(world: StatementWorld, ms: number): boolean {
  const first = (): string => JSON.stringify(world.books()[0])
  let checked = 0 as Instant
  return world.network.runWhile(() => {
    if (world.network.now - checked < 200) return true
    checked = world.network.now
    const one = first()
    return !world.books().every((ids) => JSON.stringify(ids) === one)
  }, ms)
}
