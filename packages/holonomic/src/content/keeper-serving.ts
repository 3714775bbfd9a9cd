import type { ContentSymbol } from '@kithnet/fountain'
import { BoundedMap, TokenBucket } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'
import { answerChallenge, type Challenge } from '../retention/possession.ts'
import { type ContentMessage, type Refusal, symbolsPerMessage } from './content-messages.ts'
import type { ContentRef } from './content-ref.ts'
import { keeperLimits } from './keeper-events.ts'
import type { KeeperState } from './keeper-state.ts'
import type { KnownContent } from './known-content.ts'

type Want = Extract<ContentMessage, { readonly type: 'want' }>

/** Symbols that are being read for a peer. */
export interface Serving {
  readonly type: 'want' | 'challenge'
  readonly peer: PeerId
  readonly message: Want | Challenge
  readonly count: number
}

/** Gives symbols and proofs to whoever asks, so many at a time. */
export class KeeperServing {
  readonly #state: KeeperState
  readonly #load: (known: KnownContent, serving: Serving, share: number, fromBlock: number) => void
  readonly #buckets = new BoundedMap<PeerId, TokenBucket>(keeperLimits.watchedPeers)
  /** Symbols that are being read. */
  readonly #countByPeer = new Map<PeerId, number>()
  #count = 0

  constructor(
    state: KeeperState,
    load: (known: KnownContent, serving: Serving, share: number, fromBlock: number) => void,
  ) {
    this.#state = state
    this.#load = load
  }

  /** Whether one more request of a peer is answered. */
  admits(peer: PeerId): boolean {
    const { now } = this.#state
    let bucket = this.#buckets.get(peer)
    if (bucket === undefined) {
      const { requestsPerSecond, requestsAtOnce } = keeperLimits
      bucket = new TokenBucket(requestsPerSecond, requestsAtOnce, now)
      this.#buckets.set(peer, bucket)
    }
    return bucket.take(1, now)
  }

  want(peer: PeerId, message: Want): void {
    const { ref, share, fromBlock } = message
    const known = this.#state.allowed(ref)
    const why = this.#refusal(peer, known, share)
    if (known === undefined || why !== undefined || fromBlock >= known.blocks) {
      this.#refuse(peer, message, why ?? 'absent')
      return
    }
    known.watch?.placement?.progressed(peer)
    const most = symbolsPerMessage(known.manifest.transfer.symbolBytes)
    const count = Math.min(message.count, most, known.blocks - fromBlock)
    this.#begin(known, { type: 'want', peer, message, count }, share, fromBlock)
  }

  challenge(peer: PeerId, challenge: Challenge): void {
    const { id, author, content } = challenge
    // Before it knows what was withdrawn meanwhile, it says nothing: neither that it has it nor that it has not.
    if (!this.#state.isFresh) return
    const ref = { author, content }
    const known = this.#state.allowed(ref)
    const why = this.#refusal(peer, known, id.symbol)
    if (why === 'busy') return
    if (known === undefined || why !== undefined || id.block >= known.blocks) {
      this.#state.send(peer, { type: 'gone', ref, shares: [id.symbol] })
      return
    }
    const serving = { type: 'challenge', peer, message: challenge, count: 1 } as const
    this.#begin(known, serving, id.symbol, id.block)
  }

  /** What was read for a peer is there. */
  loaded({ peer, message, count }: Serving, symbols: readonly ContentSymbol[]): void {
    this.#ended(peer, count)
    const ref = message.type === 'want' ? message.ref : refOf(message)
    const isAllowed = this.#state.isFresh && this.#state.allowed(ref) !== undefined
    if (message.type === 'want') {
      if (!isAllowed) this.#refuse(peer, message, 'not-allowed')
      else if (symbols.length === 0) this.#refuse(peer, message, 'absent')
      else this.#give(peer, message, symbols)
      return
    }
    const [symbol] = symbols
    if (!isAllowed || symbol === undefined) {
      this.#state.send(peer, { type: 'gone', ref, shares: [message.id.symbol] })
    } else if (message.inFull) {
      this.#state.send(peer, { type: 'shown', nonce: message.nonce, symbol })
    } else {
      const parties = { challenger: peer, holder: this.#state.self }
      this.#state.send(peer, answerChallenge(message, parties, symbol.bytes))
    }
  }

  #refusal(peer: PeerId, known: KnownContent | undefined, share: number): Refusal | undefined {
    if (!this.#state.isFresh) return 'not-yet'
    if (known === undefined) return 'not-allowed'
    if (share >= known.manifest.shares || known.watch?.has(share) !== true) return 'absent'
    const { loads, loadsPerPeer } = keeperLimits
    const isBusy = this.#count >= loads || (this.#countByPeer.get(peer) ?? 0) >= loadsPerPeer
    return isBusy ? 'busy' : undefined
  }

  #begin(known: KnownContent, serving: Serving, share: number, fromBlock: number): void {
    const { peer, count } = serving
    this.#count += count
    this.#countByPeer.set(peer, (this.#countByPeer.get(peer) ?? 0) + count)
    this.#load(known, serving, share, fromBlock)
  }

  #ended(peer: PeerId, count: number): void {
    this.#count -= count
    const left = this.#countByPeer.get(peer)! - count
    if (left === 0) this.#countByPeer.delete(peer)
    else this.#countByPeer.set(peer, left)
  }

  #give(peer: PeerId, { ref, share, fromBlock }: Want, symbols: readonly ContentSymbol[]): void {
    this.#state.send(peer, { type: 'symbols', ref, share, fromBlock, symbols, why: undefined })
  }

  #refuse(peer: PeerId, { ref, share, fromBlock }: Want, why: Refusal): void {
    this.#state.send(peer, { type: 'symbols', ref, share, fromBlock, symbols: [], why })
  }
}

function refOf({ author, content }: ContentRef): ContentRef {
  return { author, content }
}
