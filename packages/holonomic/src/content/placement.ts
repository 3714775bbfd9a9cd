import { after, type Instant } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'
import type { Refusal } from './content-messages.ts'
import type { Refused } from './keeper-events.ts'
import type { KeeperState } from './keeper-state.ts'
import type { KnownContent } from './known-content.ts'

/** What one keeper was asked to keep. */
interface Job {
  readonly shares: readonly number[]
  /** Shares that it has proven. */
  readonly proven: Set<number>
  /** When another is asked in its place. */
  deadline: Instant
  /** When it was first asked, and when it is asked once more, if it is to be. */
  readonly askedAt: Instant
  againAt: Instant | undefined
  again: number
}

/**
 * Finds keepers for shares: each is asked, takes them, says that it has them and proves it. Who does not is replaced by the
 * next in line, until nobody is left.
 */
export class Placement {
  readonly #state: KeeperState
  readonly #known: KnownContent
  readonly #keepOwn: (shares: readonly number[]) => void
  readonly #jobs = new Map<PeerId, Job>()
  readonly #spare: PeerId[]
  readonly #refused: Refused[] = []
  readonly #holders = new Map<PeerId, readonly number[]>()
  /** The `make` whose shares these are. */
  readonly token: number | undefined
  /** True when a user asked for it and is told. */
  isAsked: boolean

  constructor(
    state: KeeperState,
    known: KnownContent,
    options: {
      readonly places: ReadonlyMap<PeerId, readonly number[]>
      readonly spare: readonly PeerId[]
      readonly token?: number
      readonly isAsked: boolean
      /** Called for the shares that this peer is to keep itself. */
      readonly keepOwn: (shares: readonly number[]) => void
    },
  ) {
    this.#state = state
    this.#known = known
    this.#spare = [...options.spare]
    this.token = options.token
    this.isAsked = options.isAsked
    this.#keepOwn = options.keepOwn
    for (const [peer, shares] of options.places) this.#ask(peer, shares)
  }

  get isDone(): boolean {
    return this.#jobs.size === 0
  }

  get holders(): ReadonlyMap<PeerId, readonly number[]> {
    return this.#holders
  }

  get refused(): readonly Refused[] {
    return this.#refused
  }

  get nextAt(): Instant | undefined {
    let next: Instant | undefined
    for (const { deadline, againAt } of this.#jobs.values()) {
      const at = againAt !== undefined && againAt < deadline ? againAt : deadline
      if (next === undefined || at < next) next = at
    }
    return next
  }

  /** True while a peer is to prove that it has what it was asked to keep. */
  isAbout(peer: PeerId): boolean {
    return this.#jobs.has(peer)
  }

  /** A keeper answers. */
  kept(peer: PeerId, shares: readonly number[], why: Refusal | undefined): void {
    const job = this.#jobs.get(peer)
    if (job === undefined) return
    const taken = job.shares.filter((share) => shares.includes(share))
    if (taken.length === 0) {
      if (this.#mayChange(job, why)) this.#askAgain(job)
      else this.#replace(peer, job.shares, why ?? 'declined')
      return
    }
    this.progressed(peer)
    if (taken.length === job.shares.length) return
    if (this.#spare.length === 0 && this.#mayChange(job, 'busy')) {
      this.#askAgain(job)
      return
    }
    this.#jobs.set(peer, { ...job, shares: taken })
    this.#pass(job.shares.filter((share) => !taken.includes(share)))
  }

  /** A keeper takes some of it, or says that it has it all. */
  progressed(peer: PeerId): void {
    const job = this.#jobs.get(peer)
    const { now } = this.#state
    if (job !== undefined && now < after(job.askedAt, mostJobMs)) job.deadline = this.#later()
  }

  proven(peer: PeerId, share: number): void {
    const job = this.#jobs.get(peer)
    if (job === undefined || !job.shares.includes(share)) return
    job.proven.add(share)
    job.deadline = this.#later()
    if (job.proven.size < job.shares.length) return
    this.#jobs.delete(peer)
    this.#holders.set(peer, job.shares)
  }

  /** A keeper cannot be reached, or has not proven what it says. */
  failed(peer: PeerId, why: Refused['why']): void {
    const job = this.#jobs.get(peer)
    if (job !== undefined) this.#replace(peer, job.shares, why)
  }

  /** Nothing of it may be kept any more. */
  abandon(): void {
    this.#jobs.clear()
  }

  due(): void {
    const { now } = this.#state
    for (const [peer, job] of this.#jobs) {
      if (job.deadline <= now) {
        this.failed(peer, 'silent')
      } else if (job.againAt !== undefined && job.againAt <= now) {
        job.againAt = undefined
        this.#send(peer, job.shares)
      }
    }
  }

  #replace(peer: PeerId, shares: readonly number[], why: Refused['why']): void {
    this.#jobs.delete(peer)
    this.#refused.push({ peer, why })
    this.#pass(shares)
  }

  #pass(shares: readonly number[]): void {
    for (let next = this.#spare.shift(); next !== undefined; next = this.#spare.shift()) {
      if (!this.#state.mayKeep(next) || this.#jobs.has(next)) continue
      this.#ask(next, shares)
      return
    }
  }

  #ask(peer: PeerId, shares: readonly number[]): void {
    this.#jobs.set(peer, {
      shares,
      proven: new Set(),
      deadline: this.#later(),
      askedAt: this.#state.now,
      againAt: undefined,
      again: 0,
    })
    this.#send(peer, shares)
  }

  /** Whether another answer may come: the publication is still on its way, or others are served first. */
  #mayChange({ askedAt }: Job, why: Refusal | undefined): boolean {
    const { now, config } = this.#state
    if (why === 'busy') return now < after(askedAt, config.takeMs)
    return (why === 'not-allowed' || why === 'not-yet') && now < after(askedAt, spreadMs)
  }

  #askAgain(job: Job): void {
    job.againAt = after(this.#state.now, Math.min(mostAgainMs, firstAgainMs * 2 ** job.again))
    job.again++
    job.deadline = this.#later()
  }

  #send(peer: PeerId, shares: readonly number[]): void {
    if (peer === this.#state.self) this.#keepOwn(shares)
    else this.#state.send(peer, { type: 'keep', ref: this.#known.ref, shares })
  }

  #later(): Instant {
    return after(this.#state.now, this.#state.config.takeMs)
  }
}

/** Within this a statement has come to everybody who can be reached. Source: our choice, above ten hops and a comparison. */
const spreadMs = 15_000
/** However much it asks for: 50 MB a share at 15 kB/s. Source: our choice. */
const mostJobMs = 3_600_000
/** Source: our choice: a broadcast takes some 100 ms. */
const firstAgainMs = 250
const mostAgainMs = 5_000
