import type { Effect, Machine } from '@kithnet/kernel'
import type { PeerId } from '@kithnet/types'

/** What happens to links. `link` is any number that names one at this side. */
export type LinkTableEvent =
  /** Both sides have accepted each other. */
  | {
      readonly type: 'accepted'
      readonly link: number
      readonly remote: PeerId
      readonly direction: 'dialled' | 'accepted'
    }
  | { readonly type: 'gone'; readonly link: number }

/** What is to be done with links. */
export type LinkTableOutput =
  /** Send to this peer on this link from now on. */
  | { readonly type: 'use'; readonly remote: PeerId; readonly link: number }
  /** Another link stands for it: say goodbye once all queued is through. */
  | { readonly type: 'drain'; readonly link: number }
  /** It leads to this very peer: cut it. */
  | { readonly type: 'refuse'; readonly link: number }
  /** No link to this peer is left. */
  | { readonly type: 'alone'; readonly remote: PeerId }

type Output = Effect<never, never, never, LinkTableOutput>

interface Known {
  readonly link: number
  readonly remote: PeerId
  readonly direction: 'dialled' | 'accepted'
  draining: boolean
}

/**
 * Keeps one link between two peers, such that both sides keep the same one without a word: the links dialled by the
 * smaller id win over those dialled by the larger. Among links dialled by one side the youngest wins, which lets that
 * side replace a link before it ends the old one; the other side may have seen them in another order, so only the
 * side that dialled ends the older ones.
 */
export class LinkTable implements Machine<LinkTableEvent, never, never, never, LinkTableOutput> {
  readonly #self: PeerId
  readonly #knownByLink = new Map<number, Known>()
  /** Links of a peer, oldest first. */
  readonly #linksByPeer = new Map<PeerId, Known[]>()
  readonly #usedByPeer = new Map<PeerId, Known>()

  constructor(self: PeerId) {
    this.#self = self
  }

  /** The link in use for a peer. */
  used(remote: PeerId): number | undefined {
    return this.#usedByPeer.get(remote)?.link
  }

  on(event: LinkTableEvent | { readonly type: 'fired' }): readonly Output[] {
    if (event.type === 'accepted') return this.#accepted(event)
    return event.type === 'gone' ? this.#gone(event.link) : []
  }

  #accepted({ link, remote, direction }: LinkTableEvent & { readonly type: 'accepted' }): Output[] {
    if (remote === this.#self) return [emit({ type: 'refuse', link })]
    const known: Known = { link, remote, direction, draining: false }
    const links = this.#linksByPeer.get(remote) ?? []
    links.push(known)
    this.#linksByPeer.set(remote, links)
    this.#knownByLink.set(link, known)
    return this.#settle(remote)
  }

  #gone(link: number): Output[] {
    const known = this.#knownByLink.get(link)
    if (known === undefined) return []
    const { remote } = known
    this.#knownByLink.delete(link)
    const left = (this.#linksByPeer.get(remote) ?? []).filter((other) => other !== known)
    if (left.length === 0) this.#linksByPeer.delete(remote)
    else this.#linksByPeer.set(remote, left)
    return this.#settle(remote)
  }

  /** Chooses among the links that are not ending, and ends those that lost. */
  #settle(remote: PeerId): Output[] {
    const outputs: Output[] = []
    const standing = (this.#linksByPeer.get(remote) ?? []).filter(({ draining }) => !draining)
    const winner = this.#winnerOf(standing, remote)
    const used = this.#usedByPeer.get(remote)
    if (winner === undefined) {
      if (used === undefined) return []
      this.#usedByPeer.delete(remote)
      return [emit({ type: 'alone', remote })]
    }
    if (winner !== used) {
      this.#usedByPeer.set(remote, winner)
      outputs.push(emit({ type: 'use', remote, link: winner.link }))
    }
    for (const loser of standing) {
      if (loser === winner) continue
      if (loser.direction === winner.direction && loser.direction === 'accepted') continue
      loser.draining = true
      outputs.push(emit({ type: 'drain', link: loser.link }))
    }
    return outputs
  }

  #winnerOf(standing: readonly Known[], remote: PeerId): Known | undefined {
    const preferred = this.#self < remote ? 'dialled' : 'accepted'
    return standing.findLast(({ direction }) => direction === preferred) ?? standing.at(-1)
  }
}

function emit(output: LinkTableOutput): Output {
  return { type: 'emit', output }
}
