import { type EpochMs, fail, ok, type Result } from '@kithnet/kernel'
import type { NetworkId, PeerId } from '@kithnet/types'
import type { TrustFault } from '../faults.ts'
import { maxSkewMs } from '../skew.ts'
import type { Held } from '../statements/held.ts'
import type { StatementBook } from '../statements/statement-book.ts'
import { admitNewcomer, leastTrust, type Standing } from './admission.ts'
import { fullTrust, maxChainGrants } from './grant.ts'

/** How a peer was let in, and by which grants: from a root's to the one for the peer. */
export interface AdmittedBy extends Standing {
  readonly chain: readonly Held<'grant'>[]
}

/** What a walk over the grants has come to at a peer. */
interface Reached {
  readonly peer: PeerId
  /** What is left of the root's trust, in ten-thousandths. */
  readonly trust: number
  /** How many grants may follow. */
  readonly onward: number
  readonly by: { readonly from: Reached; readonly grant: Held<'grant'> } | undefined
}

interface Walk {
  readonly reachedByPeer: ReadonlyMap<PeerId, readonly Reached[]>
  /** It holds before this instant and until grants change. */
  readonly until: number
}

/**
 * Who is admitted for what, from the grants, revocations and forks of a book. Peers with the same roots and the same book
 * admit the same: so one chain lets a newcomer in everywhere.
 */
export class Standings {
  readonly #network: NetworkId
  readonly #roots: readonly PeerId[]
  readonly #book: () => StatementBook
  readonly #walks = new Map<string, Walk>()

  /** `book` is asked for when it is needed first: a book asks whom to trust. */
  constructor(network: NetworkId, roots: readonly PeerId[], book: () => StatementBook) {
    this.#network = network
    this.#roots = roots
    this.#book = book
  }

  /** Grants, revocations or forks have changed. */
  changed(): void {
    this.#walks.clear()
  }

  /** How a peer stands for a kind of thing, by the chain that leaves most trust, or why not. */
  check(peer: PeerId, kind: string, now: EpochMs): Result<AdmittedBy, TrustFault> {
    if (this.#book().isConvicted(peer)) return refuse('forked', 0)
    const chain = this.#chainTo(peer, kind, now)
    const forked = chain.findIndex(({ signer }) => this.#book().isConvicted(signer))
    if (forked >= 0) return refuse('forked', forked)
    const admitted = admitNewcomer({
      network: this.#network,
      newcomer: peer,
      kind,
      roots: this.#roots,
      chain: chain.map(({ statement }) => statement),
      revocations: chain.flatMap(({ slot }) => {
        const revocation = this.#book().get('revocation', slot)
        return revocation === undefined ? [] : [revocation.statement]
      }),
      now,
    })
    return admitted.ok ? ok({ ...admitted.value, chain }) : admitted
  }

  /** All that are admitted for a kind of thing, rising. */
  admitted(kind: string, now: EpochMs): readonly PeerId[] {
    return [...this.#walk(kind, now).reachedByPeer.keys()].sort()
  }

  /** True for whoever is admitted for a kind of thing. */
  isAdmitted(peer: PeerId, kind: string, now: EpochMs): boolean {
    return this.#walk(kind, now).reachedByPeer.has(peer)
  }

  /** When grants change what they say next, if nothing is said meanwhile. */
  nextChange(kind: string, now: EpochMs): number {
    return this.#walk(kind, now).until
  }

  #chainTo(peer: PeerId, kind: string, now: EpochMs): readonly Held<'grant'>[] {
    const best = bestOf(this.#walk(kind, now).reachedByPeer.get(peer))
    return best === undefined ? this.#nearest(peer, kind, now) : chainOf(best)
  }

  /** Where no chain holds, one that comes near: what is wrong with it says why. */
  #nearest(peer: PeerId, kind: string, now: EpochMs): readonly Held<'grant'>[] {
    const { reachedByPeer } = this.#walk(kind, now)
    const grants = this.#grantsBySlot().filter(({ statement }) => statement.kind === kind)
    const chain: Held<'grant'>[] = []
    for (let to = peer; chain.length < maxChainGrants;) {
      const given = grants.filter(({ statement }) => statement.grantee === to)
      const [first] = given
      if (first === undefined) return chain
      const rooted = given.find(({ signer }) => reachedByPeer.has(signer))
      chain.unshift(rooted ?? first)
      const from = chain[0]!.signer
      const reached = bestOf(reachedByPeer.get(from))
      if (reached !== undefined) return [...chainOf(reached), ...chain]
      to = from
    }
    return chain
  }

  #walk(kind: string, now: EpochMs): Walk {
    const known = this.#walks.get(kind)
    if (known !== undefined && now < known.until) return known
    const walk = this.#walked(kind, now)
    this.#walks.set(kind, walk)
    return walk
  }

  #walked(kind: string, now: EpochMs): Walk {
    const grantsByGranter = new Map<PeerId, Held<'grant'>[]>()
    let until = Number.POSITIVE_INFINITY
    for (const grant of this.#grantsBySlot()) {
      const { granter, expiresAt, issuedAt } = grant.statement
      if (grant.statement.kind !== kind || expiresAt <= now || this.#isVoid(grant)) continue
      // A clock that was set back.
      if (issuedAt > now + maxSkewMs) continue
      until = Math.min(until, expiresAt)
      const grants = grantsByGranter.get(granter)
      if (grants === undefined) grantsByGranter.set(granter, [grant])
      else grants.push(grant)
    }
    const reachedByPeer = new Map<PeerId, Reached[]>()
    let frontier: Reached[] = []
    for (const peer of this.#roots) {
      if (this.#book().isConvicted(peer)) continue
      const root = { peer, trust: fullTrust, onward: maxChainGrants, by: undefined }
      if (isBetter(reachedByPeer, root)) frontier.push(root)
    }
    while (frontier.length > 0) {
      const next: Reached[] = []
      for (const from of frontier) {
        if (from.onward === 0) continue
        for (const grant of grantsByGranter.get(from.peer) ?? []) {
          const reached = stepOver(from, grant)
          if (reached !== undefined && isBetter(reachedByPeer, reached)) next.push(reached)
        }
      }
      frontier = next
    }
    return { reachedByPeer, until }
  }

  #isVoid({ slot, statement }: Held<'grant'>): boolean {
    if (this.#book().isConvicted(statement.grantee)) return true
    const revocation = this.#book().get('revocation', slot)
    return revocation !== undefined && statement.issuedAt <= revocation.statement.issuedUntil
  }

  #grantsBySlot(): readonly Held<'grant'>[] {
    return [...this.#book().all('grant')].sort((a, b) => (a.slot < b.slot ? -1 : 1))
  }
}

/** What a grant passes on, or `undefined` where that is too little. */
function stepOver(from: Reached, grant: Held<'grant'>): Reached | undefined {
  const { grantee, weight, onward } = grant.statement
  const trust = Math.floor((from.trust * weight) / fullTrust)
  if (trust < leastTrust) return undefined
  for (let at: Reached | undefined = from; at !== undefined; at = at.by?.from) {
    if (at.peer === grantee) return undefined
  }
  return {
    peer: grantee,
    trust,
    onward: Math.min(from.onward - 1, onward),
    by: { from, grant },
  }
}

/** Adds what was reached unless another way there is as good in both respects. At most one stays for each `onward`. */
function isBetter(reachedByPeer: Map<PeerId, Reached[]>, reached: Reached): boolean {
  const others = reachedByPeer.get(reached.peer) ?? []
  if (others.some(({ trust, onward }) => trust >= reached.trust && onward >= reached.onward)) {
    return false
  }
  const rest = others.filter(
    ({ trust, onward }) => trust > reached.trust || onward > reached.onward,
  )
  reachedByPeer.set(reached.peer, [...rest, reached])
  return true
}

function bestOf(reached: readonly Reached[] | undefined): Reached | undefined {
  let best: Reached | undefined
  for (const one of reached ?? []) if (best === undefined || one.trust > best.trust) best = one
  return best
}

function chainOf(reached: Reached): readonly Held<'grant'>[] {
  const chain: Held<'grant'>[] = []
  for (let at: Reached | undefined = reached; at?.by !== undefined; at = at.by.from) {
    chain.unshift(at.by.grant)
  }
  return chain
}

function refuse(why: TrustFault['why'], at: number): Result<never, TrustFault> {
  return fail({ code: 'holonomic/not-trusted', why, at })
}
