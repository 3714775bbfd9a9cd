import { BoundedMap } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'
import { ceilLog10 } from './logarithm.ts'
import type { Update } from './messages.ts'

/** Subjects with an update to spread. Source: our choice. */
const maxSubjects = 64

/** Updates that ride on probes: the latest of each subject, a bounded number of times, least sent first. */
export class UpdateQueue {
  readonly #multiplier: number
  readonly #entryBySubject = new BoundedMap<PeerId, { readonly update: Update; sent: number }>(
    maxSubjects,
  )

  /** `multiplier` is SWIM's lambda: an update is sent lambda * ceil(log10(n + 1)) times. */
  constructor(multiplier: number) {
    this.#multiplier = multiplier
  }

  get size(): number {
    return this.#entryBySubject.size
  }

  /** Spreads an update in place of what was said of its subject before. */
  put(update: Update): void {
    this.#entryBySubject.set(subjectOf(update), { update, sent: 0 })
  }

  delete(subject: PeerId): void {
    this.#entryBySubject.delete(subject)
  }

  /** At most `count` updates for the next message to a peer, none about itself, in a group of `members`. */
  take(count: number, members: number, to: PeerId): readonly Update[] {
    if (count <= 0 || this.#entryBySubject.size === 0) return none
    const limit = this.#multiplier * ceilLog10(members + 1)
    const entries = [...this.#entryBySubject].filter(([subject]) => subject !== to)
    entries.sort(([, a], [, b]) => a.sent - b.sent)
    const taken: Update[] = []
    for (const [subject, entry] of entries.slice(0, count)) {
      taken.push(entry.update)
      if (++entry.sent >= limit) this.#entryBySubject.delete(subject)
    }
    return taken
  }
}

const none: readonly Update[] = []

function subjectOf(update: Update): PeerId {
  return update.state === 'alive' ? update.known.descriptor.peer : update.peer
}
