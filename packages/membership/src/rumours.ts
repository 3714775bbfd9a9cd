import { BoundedMap } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'
import type { KnownPeer } from './known-peer.ts'
import type { Accusation, Update } from './messages.ts'
import { UpdateQueue } from './update-queue.ts'

/** Subjects whose rumours are remembered, so that each is passed on once. Source: our choice. */
const maxSubjects = 256

/** What was passed on last of a subject. */
interface Passed {
  readonly incarnation: number
  readonly state: Accusation['state']
  /** The latest refutation that was passed on, or -1. */
  readonly refutedIn: number
}

/**
 * What is said of peers that this one does not know: passed on, each thing once, because the accused or its
 * neighbours may be further on. A refutation follows where an accusation went, and nowhere else: it is
 * large. What this peer itself has found goes first.
 */
export class Rumours {
  readonly #passedBySubject = new BoundedMap<PeerId, Passed>(maxSubjects)
  readonly #queue: UpdateQueue

  /** `multiplier` is SWIM's lambda. */
  constructor(multiplier: number) {
    this.#queue = new UpdateQueue(multiplier)
  }

  accuse(accusation: Accusation): void {
    const { peer, incarnation, state } = accusation
    const passed = this.#passedBySubject.get(peer)
    if (passed !== undefined && !outranks(accusation, passed)) return
    this.#passedBySubject.set(peer, { incarnation, state, refutedIn: passed?.refutedIn ?? -1 })
    this.#queue.put(accusation)
  }

  /** Passes on the proof that an accused peer lives. */
  refute(known: KnownPeer): void {
    const { peer, incarnation } = known.descriptor
    const passed = this.#passedBySubject.get(peer)
    if (passed === undefined || incarnation <= passed.refutedIn) return
    this.#passedBySubject.set(peer, { ...passed, refutedIn: incarnation })
    this.#queue.put({ state: 'alive', known })
  }

  /** The subject is known now: what is said of it is this peer's own business. */
  settle(subject: PeerId): void {
    this.#passedBySubject.delete(subject)
    this.#queue.delete(subject)
  }

  take(count: number, members: number, to: PeerId): readonly Update[] {
    return this.#queue.take(count, members, to)
  }
}

/** Dead is more than suspect, a later life more than either; what was refuted is nothing. */
function outranks({ incarnation, state }: Accusation, passed: Passed): boolean {
  if (incarnation <= passed.refutedIn) return false
  if (incarnation !== passed.incarnation) return incarnation > passed.incarnation
  return state === 'dead' && passed.state === 'suspect'
}
