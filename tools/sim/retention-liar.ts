import { after, type Instant, type Machine, pick, type Rng, sample, toHex } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'
import type { ContentMessage } from '../../packages/holonomic/src/content/content-messages.ts'
import { type ContentRef, refText } from '../../packages/holonomic/src/content/content-ref.ts'
import type {
  KeeperEffect,
  KeeperEvent,
  KeeperOutput,
} from '../../packages/holonomic/src/content/keeper-events.ts'
import type { Challenge } from '../../packages/holonomic/src/retention/possession.ts'

/** What a keeper is to a network. */
export type KeeperMachine = Machine<KeeperEvent, PeerId, ContentMessage, string, KeeperOutput>
type KeeperInput = Parameters<KeeperMachine['on']>[0]

/**
 * How a liar answers an audit: with a wrong answer, with one that comes too late, never; or honestly until an hour after it
 * was given something, and from then on wrongly.
 */
export const lies = ['wrong', 'late', 'silent', 'forgetful'] as const
export type Lie = (typeof lies)[number]

/** What a liar remembers over its restarts. */
export interface LiarMemory {
  readonly lie: Lie
  /** Shares that it says it has, by content. */
  readonly claims: Map<string, readonly number[]>
  /** When a forgetful one drops everything. */
  turnAt: Instant | undefined
}

/** Source: our choice: after the author's audit and others'. */
const honestMs = 3_600_000
/** Source: `answerMs` of a keeper, and as much again. */
const lateMs = 10_000
/** Source: our choice; a liar has friends. */
const hintsGiven = 8

/**
 * A keeper that keeps nothing. It claims what it was given, or a share of its choice; takes everything, fetches it like one that
 * would keep it, and forgets it; gives symbols that are none; and hints at peers that hold nothing.
 */
export class LyingKeeper implements KeeperMachine {
  readonly #rng: Rng
  readonly #memory: LiarMemory
  /** How a forgetful one behaves at first. */
  readonly #honest: KeeperMachine | undefined
  readonly #late = new Map<string, { readonly to: PeerId; readonly message: ContentMessage }>()
  #friends: readonly PeerId[] = []

  constructor(rng: Rng, memory: LiarMemory, honest: KeeperMachine | undefined) {
    this.#rng = rng
    this.#memory = memory
    this.#honest = honest
  }

  on(event: KeeperInput, now: Instant): readonly KeeperEffect[] {
    if (this.#honest !== undefined && !this.#hasTurned(now)) {
      if (event.type === 'stored' && event.isStored) this.#given(event.ref, event.share, now)
      return this.#honest.on(event, now)
    }
    if (event.type === 'keepers') this.#friends = sample(this.#rng, event.peers, hintsGiven)
    if (event.type === 'fired') return this.#tooLate(event.key)
    return event.type === 'received' ? this.#answer(event.from, event.message, now) : []
  }

  #hasTurned(now: Instant): boolean {
    const { turnAt } = this.#memory
    return turnAt !== undefined && turnAt <= now
  }

  #given(ref: ContentRef, share: number, now: Instant): void {
    const { claims } = this.#memory
    const text = refText(ref)
    claims.set(text, [...new Set([...(claims.get(text) ?? []), share])].sort(rising))
    this.#memory.turnAt ??= after(now, honestMs)
  }

  #answer(from: PeerId, message: ContentMessage, now: Instant): readonly KeeperEffect[] {
    const say = (answer: ContentMessage): KeeperEffect => ({
      type: 'send',
      to: from,
      message: answer,
    })
    switch (message.type) {
      case 'ask-holding': {
        const shares = this.#claimed(message.ref)
        const hints = this.#friends.toSorted()
        return [say({ type: 'holding', ref: message.ref, shares, hints })]
      }
      case 'keep': {
        const { ref, shares } = message
        this.#memory.claims.set(refText(ref), shares)
        const wants = shares.map((share) =>
          say({ type: 'want', ref, share, fromBlock: 0, count: 1 }),
        )
        return [say({ type: 'kept', ref, shares, why: undefined }), ...wants]
      }
      case 'challenge':
        return this.#pretend(from, message, now)
      case 'want': {
        const { ref, share, fromBlock } = message
        const symbols = [this.#invented(share)]
        return [say({ type: 'symbols', ref, share, fromBlock, symbols, why: undefined })]
      }
      default:
        return []
    }
  }

  #claimed(ref: ContentRef): readonly number[] {
    const { claims } = this.#memory
    const text = refText(ref)
    const shares = claims.get(text) ?? [this.#rng.below(26)]
    claims.set(text, shares)
    return shares
  }

  #pretend(from: PeerId, challenge: Challenge, now: Instant): readonly KeeperEffect[] {
    const { nonce, inFull, id } = challenge
    const message: ContentMessage = inFull
      ? { type: 'shown', nonce, symbol: this.#invented(id.symbol) }
      : { type: 'answer', nonce, proof: this.#rng.bytes(32) }
    switch (this.#memory.lie) {
      case 'silent':
        return []
      case 'late': {
        const key = toHex(this.#rng.bytes(8))
        this.#late.set(key, { to: from, message })
        return [{ type: 'arm', key, at: after(now, lateMs) }]
      }
      default:
        return [{ type: 'send', to: from, message }]
    }
  }

  #tooLate(key: string): readonly KeeperEffect[] {
    const late = this.#late.get(key)
    this.#late.delete(key)
    return late === undefined ? [] : [{ type: 'send', ...late }]
  }

  #invented(share: number): Extract<ContentMessage, { type: 'shown' }>['symbol'] {
    const bytes = this.#rng.bytes(64)
    return { id: { block: 0, symbol: share }, bytes, proof: this.#rng.bytes(6 * 32) }
  }
}

/** What a new liar has in mind. */
export function liarMemory(rng: Rng): LiarMemory {
  return { lie: pick(rng, lies)!, claims: new Map(), turnAt: undefined }
}

function rising(a: number, b: number): number {
  return a - b
}
