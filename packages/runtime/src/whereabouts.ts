import { BoundedMap } from '@kithnet/kernel'
import {
  type Address,
  address,
  type CborLimits,
  decodeCbor,
  encodeCbor,
  idBytes,
  idToBytes,
  isBytes,
  isList,
  isTuple,
  isUint,
  maxAddresses,
  maxAddressLength,
  type PeerId,
  peerIdFromBytes,
} from '@kithnet/types'
import type { AddressBook } from './address-book.ts'

/** What looking for peers needs of a node. */
export interface WhereaboutsHost {
  readonly self: PeerId
  readonly book: AddressBook
  readonly neighbours: () => readonly PeerId[]
  /** Where this node itself can be reached. */
  readonly addresses: () => readonly Address[]
  /** Asks a neighbour; what it gets goes to its `answer`. */
  readonly request: (neighbour: PeerId, message: Uint8Array, ms: number) => Promise<Uint8Array>
}

/**
 * Where peers are that this node has not met: its neighbours are asked, and by them theirs. What they say is a hint, for
 * whoever answers there has to prove to be the peer.
 */
export class Whereabouts {
  readonly #host: WhereaboutsHost
  readonly #asking = new Map<string, Promise<readonly Address[]>>()
  /** What neighbours said, for as long as the peer itself has said nothing. */
  readonly #hints = new BoundedMap<PeerId, readonly Address[]>(maxRemembered)
  /** Peers of which the first to answer has said something wrong. */
  readonly #doubted = new BoundedMap<PeerId, true>(maxRemembered)

  constructor(host: WhereaboutsHost) {
    this.#host = host
  }

  /** Notes where a peer may be, if anybody knows. */
  async find(peer: PeerId): Promise<void> {
    const { book } = this.#host
    if (book.of(peer).length > 0) return
    const found = await this.#ask(peer, forwardings, undefined)
    // The peer may have told by itself meanwhile.
    if (book.of(peer).length > 0) return
    book.learn(peer, found)
    this.#hints.set(peer, found)
  }

  /**
   * A peer was not reached. If that was by what neighbours said, it is forgotten, and from then on all of them are heard. True
   * when it is worth another try.
   */
  misled(peer: PeerId): boolean {
    const { book } = this.#host
    const hint = this.#hints.get(peer)
    this.#hints.delete(peer)
    if (hint === undefined || hint.length === 0 || book.of(peer) !== hint) return false
    book.forget(peer)
    const isFirst = !this.#doubted.has(peer)
    this.#doubted.set(peer, true)
    return isFirst
  }

  /** The answer to what a peer asked. Rejects when it is no question. */
  async answer(message: Uint8Array, from: PeerId): Promise<Uint8Array> {
    const decoded = decodeCbor(message, 'signed', requestLimits)
    if (!decoded.ok || !isTuple(decoded.value, 2)) throw new Error('no question')
    const [id, hops] = decoded.value
    if (!isBytes(id, idBytes) || !isUint(hops, forwardings)) throw new Error('no question')
    const peer = peerIdFromBytes(id)
    const { self, book, addresses } = this.#host
    const own = peer === self ? addresses() : book.of(peer)
    const known = own.length === 0 && hops > 0 ? await this.#ask(peer, hops - 1, from) : own
    return encodeCbor(known.slice(0, maxAddresses))
  }

  #ask(peer: PeerId, hops: number, except: PeerId | undefined): Promise<readonly Address[]> {
    const key = `${hops} ${peer}`
    const known = this.#asking.get(key)
    if (known !== undefined) return known
    // What others ask does not keep this node from asking.
    if (except !== undefined && this.#asking.size >= maxAsking) return Promise.resolve([])
    const others = this.#host.neighbours().filter((one) => one !== peer && one !== except)
    const answers = others.map((one) => this.#askOne(one, peer, hops))
    const asking = (this.#doubted.has(peer) ? allOf(answers) : Promise.any(answers))
      .catch(() => [])
      .finally(() => this.#asking.delete(key))
    this.#asking.set(key, asking)
    return asking
  }

  /** Rejects when the neighbour does not know. */
  async #askOne(neighbour: PeerId, peer: PeerId, hops: number): Promise<readonly Address[]> {
    const message = encodeCbor([idToBytes(peer), hops])
    const answer = await this.#host.request(neighbour, message, answerMs[hops]!)
    const addresses = readAnswer(answer)
    if (addresses.length === 0) throw new Error('this neighbour does not know')
    return addresses
  }
}

/** The first that each says, then the second: so one that lies keeps nobody from being heard. */
async function allOf(answers: readonly Promise<readonly Address[]>[]): Promise<readonly Address[]> {
  const settled = await Promise.allSettled(answers)
  const lists = settled.map((one) => (one.status === 'fulfilled' ? one.value : []))
  const mixed = new Set<Address>()
  for (let at = 0; at < maxAddresses; at++) {
    for (const list of lists) for (const one of list.slice(at, at + 1)) mixed.add(one)
  }
  return [...mixed].slice(0, maxAddresses)
}

function readAnswer(answer: Uint8Array): readonly Address[] {
  const decoded = decodeCbor(answer, 'signed', answerLimits)
  if (!decoded.ok || !isList(decoded.value, maxAddresses)) return []
  return decoded.value.flatMap((text) => {
    const parsed = typeof text === 'string' ? address(text) : undefined
    return parsed?.ok === true ? [parsed.value] : []
  })
}

/** The protocol's name and version. */
export const whereProtocol = 'kithnet/where/1'
/** How often a question is passed on. Source: our choice: some 30 passive views, of 5 neighbours and theirs. */
const forwardings = 1
/** Time to answer a question that is passed on so often. Source: our choice: a dial of the asked, and one of theirs. */
const answerMs = [1_500, 3_000] as const
/** Peers of which is remembered what was said of them. Source: our choice. */
const maxRemembered = 256
/** Peers that are looked for at a time. Source: our choice. */
const maxAsking = 256
const requestLimits: CborLimits = { maxBytes: 48, maxDepth: 1, maxItems: 3 }
const answerLimits: CborLimits = {
  maxBytes: 8 + maxAddresses * (maxAddressLength + 4),
  maxDepth: 1,
  maxItems: 1 + maxAddresses,
}
