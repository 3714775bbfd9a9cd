import { type EpochMs, epochMs } from '@kithnet/kernel'
import {
  type Address,
  address,
  type CborValue,
  type Change,
  decodeCbor,
  encodeCbor,
  idBytes,
  idToBytes,
  isList,
  isText,
  isTuple,
  isUint,
  maxAddresses,
  maxAddressLength,
  type PeerId,
  peerIdFromBytes,
  type Store,
} from '@kithnet/types'

/** Bounds of a peer cache. */
export interface PeerCacheLimits {
  readonly peers: number
  readonly addressesPerPeer: number
}

/** Source: our choice: some 200 KB, more than enough to find a network again. */
export const defaultPeerCacheLimits: PeerCacheLimits = {
  peers: 1_000,
  addressesPerPeer: maxAddresses,
}

/** What is known of one way to reach a peer. */
export interface KnownAddress {
  readonly peer: PeerId
  readonly address: Address
  /** Links that were made here, ever. */
  readonly successes: number
  /** Attempts that failed since the last success. */
  readonly failures: number
  /** When a link was last made here; 0 when never. */
  readonly lastSuccess: EpochMs
}

const space = 'peers'
/** Most failures that are counted. Source: our choice; beyond it one more says nothing. */
const maxFailures = 1_000

/**
 * Where peers have been reached, the best first: addresses that worked come before those that were only heard of,
 * and fresh successes before old ones. The worst give way when it is full, so that a peer who invents addresses
 * cannot push out one that worked.
 */
export class PeerCache {
  readonly #store: Store
  readonly #limits: PeerCacheLimits
  readonly #byPeer = new Map<PeerId, readonly KnownAddress[]>()

  /** Made by `openPeerCache`, from what each peer's entry held. */
  constructor(store: Store, limits: PeerCacheLimits, known: readonly (readonly KnownAddress[])[]) {
    this.#store = store
    this.#limits = limits
    for (const addresses of known) {
      const kept = addresses.toSorted(byRank).slice(0, limits.addressesPerPeer)
      const [best] = kept
      if (best !== undefined) this.#byPeer.set(best.peer, kept)
    }
  }

  /** Number of peers. */
  get size(): number {
    return this.#byPeer.size
  }

  /** The addresses of a peer, the best first. */
  of(peer: PeerId): readonly KnownAddress[] {
    return this.#byPeer.get(peer) ?? []
  }

  /** The best address of each of the `limit` best peers. */
  best(limit: number): readonly KnownAddress[] {
    return this.#ranked().slice(0, limit)
  }

  /** A peer is said to be at an address. Changes nothing about one that is known. */
  heard(peer: PeerId, where: Address): Promise<void> {
    if (this.#find(peer, where) !== undefined) return Promise.resolve()
    return this.#put(fresh(peer, where))
  }

  /** A link was made. */
  succeeded(peer: PeerId, where: Address, at: EpochMs): Promise<void> {
    const known = this.#find(peer, where) ?? fresh(peer, where)
    return this.#put({ ...known, successes: known.successes + 1, failures: 0, lastSuccess: at })
  }

  /** A link could not be made. An unknown address stays unknown. */
  failed(peer: PeerId, where: Address): Promise<void> {
    const known = this.#find(peer, where)
    if (known === undefined) return Promise.resolve()
    return this.#put({ ...known, failures: Math.min(known.failures + 1, maxFailures) })
  }

  /** Forgets a peer. */
  forget(peer: PeerId): Promise<void> {
    if (!this.#byPeer.delete(peer)) return Promise.resolve()
    return this.#store.write([{ space, key: idToBytes(peer), value: undefined }])
  }

  #find(peer: PeerId, where: Address): KnownAddress | undefined {
    return this.of(peer).find((known) => known.address === where)
  }

  #put(entry: KnownAddress): Promise<void> {
    const { peer } = entry
    const others = this.of(peer).filter((known) => known.address !== entry.address)
    const kept = [...others, entry].toSorted(byRank).slice(0, this.#limits.addressesPerPeer)
    this.#byPeer.set(peer, kept)
    // The peer that comes and the peer that goes change together, so the bound holds on disk as well.
    const changes: Change[] = [{ space, key: idToBytes(peer), value: encodePeer(kept) }]
    if (this.#byPeer.size > this.#limits.peers) {
      const worst = this.#worst(kept[0]!).peer
      this.#byPeer.delete(worst)
      changes.push({ space, key: idToBytes(worst), value: undefined })
    }
    return this.#store.write(changes)
  }

  #worst(start: KnownAddress): KnownAddress {
    let worst = start
    for (const [best] of this.#byPeer.values()) {
      if (best !== undefined && byRank(worst, best) < 0) worst = best
    }
    return worst
  }

  #ranked(): KnownAddress[] {
    return Array.from(this.#byPeer.values(), (addresses) => addresses[0]!).toSorted(byRank)
  }
}

/** Opens the cache of a store. Entries that do not decode are forgotten: they can be learnt again. */
export async function openPeerCache(
  store: Store,
  limits: PeerCacheLimits = defaultPeerCacheLimits,
): Promise<PeerCache> {
  const known: (readonly KnownAddress[])[] = []
  const useless: Change[] = []
  let from = new Uint8Array()
  for (;;) {
    const entries = await store.scan(space, { from, limit: 256 })
    for (const { key, value } of entries) {
      const addresses = decodePeer(key, value)
      if (addresses === undefined || known.length >= limits.peers) {
        useless.push({ space, key, value: undefined })
      } else {
        known.push(addresses)
      }
    }
    const last = entries.at(-1)
    if (last === undefined) break
    from = new Uint8Array([...last.key, 0])
  }
  if (useless.length > 0) await store.write(useless)
  return new PeerCache(store, limits, known)
}

/** Fewest failures in a row, then freshest success, then most successes, then the smaller text. */
function byRank(a: KnownAddress, b: KnownAddress): number {
  return (
    Number(a.successes === 0) - Number(b.successes === 0) ||
    a.failures - b.failures ||
    b.lastSuccess - a.lastSuccess ||
    b.successes - a.successes ||
    (a.peer + a.address < b.peer + b.address ? -1 : 1)
  )
}

function fresh(peer: PeerId, where: Address): KnownAddress {
  return { peer, address: where, successes: 0, failures: 0, lastSuccess: epochMs(0) }
}

function encodePeer(addresses: readonly KnownAddress[]): Uint8Array {
  return encodeCbor([
    1,
    addresses.map((known): CborValue => {
      return [known.address, known.successes, known.failures, known.lastSuccess]
    }),
  ])
}

function decodePeer(key: Uint8Array, value: Uint8Array): readonly KnownAddress[] | undefined {
  if (key.length !== idBytes) return undefined
  const decoded = decodeCbor(value)
  if (!decoded.ok || !isTuple(decoded.value, 2) || decoded.value[0] !== 1) return undefined
  const list = decoded.value[1]
  if (!isList(list, 1_000) || list.length === 0) return undefined
  const peer = peerIdFromBytes(key)
  const addresses: KnownAddress[] = []
  for (const item of list) {
    if (!isTuple(item, 4)) return undefined
    const [text, successes, failures, lastSuccess] = item
    if (!isText(text, maxAddressLength) || !isUint(successes)) return undefined
    if (!isUint(failures, maxFailures) || !isUint(lastSuccess)) return undefined
    const where = address(text)
    if (!where.ok) return undefined
    addresses.push({
      peer,
      address: where.value,
      successes,
      failures,
      lastSuccess: epochMs(lastSuccess),
    })
  }
  return addresses
}
