import type { Bytes, Instant } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'
import type { EffectList } from './effect-list.ts'
import type { SwimOutput } from './events.ts'
import type { KnownPeer } from './known-peer.ts'
import type { SwimMessage } from './messages.ts'
import { isNewer } from './partial-view.ts'

/** The key under which the incarnation is persisted. */
export const incarnationKey = 'incarnation'

/** Accusers who get a refutation directly; the rest hear it with the next probes. Source: our choice. */
const maxAccusers = 16

/**
 * This peer's incarnation: on disk before it is signed, signed before it is sent. Each start takes the next
 * one, and so does each refutation.
 */
export class OwnIncarnation {
  readonly #effects: EffectList<SwimMessage, SwimOutput>
  /** Between two refutations lies at least this: each costs a signature and a write. */
  readonly #pauseMs: number
  readonly #accusers = new Set<PeerId>()
  #wanted: number
  #persisting: number | undefined
  #self: KnownPeer | undefined
  #refutedAt: Instant | undefined

  /** `stored` is what an earlier life persisted. */
  constructor(
    stored: number | undefined,
    pauseMs: number,
    effects: EffectList<SwimMessage, SwimOutput>,
  ) {
    this.#wanted = stored ?? 0
    this.#pauseMs = pauseMs
    this.#effects = effects
  }

  /** This peer's newest descriptor. */
  get self(): KnownPeer | undefined {
    return this.#self
  }

  /** Takes the next incarnation: for a new life, or to say something new in this one. */
  next(): void {
    this.#raise(this.#wanted + 1)
  }

  /** Somebody says that this peer is suspect or dead in this incarnation. True when that is refuted. */
  accused(by: PeerId, incarnation: number, now: Instant): boolean {
    if (this.#self === undefined) return false
    const own = this.#self.descriptor.incarnation
    if (incarnation === own) return this.#refute(by, incarnation, now)
    // An older accusation is answered by what is signed already. A later one has no proof: whoever holds my
    // descriptor of that life answers this with it.
    this.#effects.send(by, { type: 'gossip', updates: [{ state: 'alive', known: this.#self }] })
    return false
  }

  /** Somebody has a descriptor that an earlier life of this peer signed. True when that one is outranked. */
  proven(by: PeerId, earlier: KnownPeer, now: Instant): boolean {
    const { incarnation } = earlier.descriptor
    if (this.#self === undefined || incarnation <= this.#self.descriptor.incarnation) return false
    return this.#refute(by, incarnation, now)
  }

  /** The last persist effect is on disk. */
  persisted(): void {
    const persisted = this.#persisting
    if (persisted === undefined) return
    this.#persisting = undefined
    if (persisted < this.#wanted) this.#persist()
    else this.#effects.emit({ type: 'describe', incarnation: persisted })
  }

  /** A new descriptor was signed. Returns who waits for it, or `undefined` when it is the first or no news. */
  described(self: KnownPeer): readonly PeerId[] | undefined {
    const before = this.#self
    const { incarnation } = self.descriptor
    this.#self = self
    if (incarnation >= this.#wanted) {
      this.#wanted = incarnation
    } else if (this.#persisting === undefined) {
      this.#effects.emit({ type: 'describe', incarnation: this.#wanted })
    }
    if (before === undefined || !isNewer(self, before)) return undefined
    const waiting = [...this.#accusers]
    this.#accusers.clear()
    return waiting
  }

  #refute(by: PeerId, incarnation: number, now: Instant): boolean {
    if (this.#accusers.size < maxAccusers) this.#accusers.add(by)
    const rising = this.#wanted > incarnation
    const tooSoon = this.#refutedAt !== undefined && now - this.#refutedAt < this.#pauseMs
    if (rising || tooSoon) return false
    this.#refutedAt = now
    this.#raise(incarnation + 1)
    return true
  }

  #raise(incarnation: number): void {
    if (!Number.isSafeInteger(incarnation)) return
    this.#wanted = incarnation
    if (this.#persisting === undefined) this.#persist()
  }

  #persist(): void {
    this.#persisting = this.#wanted
    this.#effects.persist(incarnationKey, incarnationToBytes(this.#wanted))
  }
}

/** Eight bytes, most significant first. */
export function incarnationToBytes(incarnation: number): Bytes {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(incarnation))
  return bytes
}

/** The incarnation that was persisted, or `undefined` when the bytes are none. */
export function incarnationFromBytes(bytes: Uint8Array): number | undefined {
  if (bytes.length !== 8) return undefined
  const value = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0)
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : undefined
}
