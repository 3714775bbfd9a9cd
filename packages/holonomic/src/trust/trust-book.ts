import { type EpochMs, epochMs, type Result } from '@kithnet/kernel'
import type { PeerId, ServiceHost } from '@kithnet/types'
import type { TrustFault } from '../faults.ts'
import type { Held } from '../statements/held.ts'
import type { Statements } from '../statements/statements.ts'
import { encodeGrant, encodeRevocation, fullTrust, type Grant } from './grant.ts'
import type { AdmittedBy, Standings } from './standings.ts'

/** What a grant says beside whom it is for. */
export interface GrantTerms {
  /** What for; `serve` unless said. */
  readonly kind?: string
  /** How much of this node's own trust passes on, in ten-thousandths from 1 to 10,000; all of it unless said. */
  readonly weight?: number
  /** How many further grants may follow from the peer, 0 to 4; none unless said. */
  readonly onward?: number
  /** For how long, in milliseconds; 90 days unless said. */
  readonly forMs?: number
}

/** Whom this node admits, by what it knows: from its roots, along grants that hold. */
export class TrustBook implements Disposable {
  readonly #host: ServiceHost
  readonly #statements: Statements
  readonly #standings: Standings
  readonly #listeners = new Set<() => void>()
  readonly #listening: Disposable
  #timer: Disposable | undefined

  /** Use `holonomic`. */
  constructor(host: ServiceHost, statements: Statements, standings: Standings) {
    this.#host = host
    this.#statements = statements
    this.#standings = standings
    this.#listening = statements.on(({ held }) => {
      if (decisive.has(held.kind)) this.#changed()
    })
    this.#wait()
  }

  /** Vouches for a peer. It stands in place of an earlier grant of the kind to it, and of its revocation. */
  async grant(peer: PeerId, terms: GrantTerms = {}): Promise<Held<'grant'>> {
    const { kind = serve, weight = fullTrust, onward = 0, forMs = defaultGrantMs } = terms
    const slot = `${this.#host.self}/${peer}/${kind}`
    const before = this.#statements.get('grant', slot)?.statement.issuedAt ?? 0
    const voided = this.#statements.get('revocation', slot)?.statement.issuedUntil ?? 0
    const issuedAt = epochMs(Math.max(this.#host.wall(), before + 1, voided + 1))
    const grant: Grant = {
      network: this.#host.network,
      granter: this.#host.self,
      grantee: peer,
      kind,
      weight,
      onward,
      issuedAt,
      expiresAt: epochMs(issuedAt + forMs),
    }
    return this.#statements.publish('grant', encodeGrant(grant))
  }

  /** Takes back what was granted to a peer for a kind of thing. */
  async revoke(peer: PeerId, kind: string = serve): Promise<Held<'revocation'>> {
    const slot = `${this.#host.self}/${peer}/${kind}`
    const given = this.#statements.get('grant', slot)?.statement.issuedAt ?? 0
    const body = encodeRevocation({
      network: this.#host.network,
      granter: this.#host.self,
      grantee: peer,
      kind,
      issuedUntil: epochMs(Math.max(this.#host.wall(), given)),
    })
    return this.#statements.publish('revocation', body)
  }

  /** How a peer stands, by the chain of grants that leaves most trust, or why it is not admitted. */
  check(peer: PeerId, kind: string = serve): Result<AdmittedBy, TrustFault> {
    return this.#standings.check(peer, kind, this.#host.wall())
  }

  /** All that are admitted, rising. */
  admitted(kind: string = serve): readonly PeerId[] {
    return this.#standings.admitted(kind, this.#host.wall())
  }

  /** Who keeps contents for others: admitted to serve, with a pledge that holds. Rising. */
  keepers(): readonly PeerId[] {
    const now = this.#host.wall()
    return this.admitted().filter((peer) => {
      const pledge = this.#statements.get('pledge', peer)?.statement
      return pledge !== undefined && pledge.bytes > 0 && pledge.expiresAt > now
    })
  }

  /** Calls back when it may be that others are admitted, or keep, than before. */
  on(listener: () => void): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  /** Calls back no more. */
  [Symbol.dispose](): void {
    this.#listening[Symbol.dispose]()
    this.#timer?.[Symbol.dispose]()
    this.#listeners.clear()
  }

  #changed(): void {
    this.#wait()
    for (const listener of this.#listeners) listener()
  }

  /** Until the first grant or pledge runs out. */
  #wait(): void {
    const now = this.#host.wall()
    const pledges = this.#statements.all('pledge').map(({ statement }) => statement.expiresAt)
    const next = Math.min(
      this.#standings.nextChange(serve, now),
      ...pledges.filter((at: EpochMs) => at > now),
    )
    this.#timer?.[Symbol.dispose]()
    this.#timer = this.#host.timer(Math.min(Math.max(0, next - now), longestWaitMs), () =>
      this.#changed(),
    )
  }
}

/** What lets a newcomer serve. */
const serve = 'serve'
/** Kinds of statements that decide who is admitted and who keeps. */
const decisive: ReadonlySet<string> = new Set(['grant', 'revocation', 'fork', 'pledge'])
/** Source: our choice: 90 days. */
const defaultGrantMs = 7_776_000_000
/** Source: our choice; a host's timers hold at most 24 days. */
const longestWaitMs = 3_600_000
