import type { Signed } from '@kithnet/types'
import type { KnownPeer } from './known-peer.ts'
import type { MembershipMessage, UncheckedMembershipMessage, Update, UpdateOf } from './messages.ts'

/** The descriptors of a message that a verifier must look at, in the order that `withVerified` expects. */
export function descriptorsOf(unchecked: UncheckedMembershipMessage): readonly Signed[] {
  switch (unchecked.type) {
    case 'join':
    case 'neighbor':
      return [unchecked.self]
    case 'forwardJoin':
      return [unchecked.joiner]
    case 'neighborReply':
      return [unchecked.self, ...unchecked.peers]
    case 'shuffle':
      return [unchecked.origin, ...unchecked.peers]
    case 'shuffleReply':
    case 'introduce':
      return unchecked.peers
    case 'exchange':
      return [unchecked.origin]
    case 'pingRequest':
      return [unchecked.target]
    case 'ping':
    case 'ack':
    case 'gossip':
      return unchecked.updates.flatMap((update) => (update.state === 'alive' ? [update.known] : []))
    case 'neighbours':
      return unchecked.known
    case 'exchangeReply':
    case 'disconnect':
    case 'pingReply':
      return []
  }
}

/**
 * The message with its verified descriptors, given in the order of `descriptorsOf`; `undefined` marks one that
 * failed. A failed one leaves its list; `undefined` is returned when the message means nothing without it.
 */
export function withVerified(
  unchecked: UncheckedMembershipMessage,
  known: readonly (KnownPeer | undefined)[],
): MembershipMessage | undefined {
  const first = known[0]
  switch (unchecked.type) {
    case 'join':
    case 'neighbor':
      return first && { ...unchecked, self: first }
    case 'forwardJoin':
      return first && { ...unchecked, joiner: first }
    case 'neighborReply':
      return first && { ...unchecked, self: first, peers: present(known, 1) }
    case 'shuffle':
      return first && { ...unchecked, origin: first, peers: present(known, 1) }
    case 'shuffleReply':
    case 'introduce':
      return { ...unchecked, peers: present(known, 0) }
    case 'exchange':
      return first && { ...unchecked, origin: first }
    case 'pingRequest':
      return first && { ...unchecked, target: first }
    case 'ping':
    case 'ack':
    case 'gossip':
      return { ...unchecked, updates: verifiedUpdates(unchecked.updates, known) }
    case 'neighbours':
      return { ...unchecked, known: present(known, 0) }
    case 'exchangeReply':
    case 'disconnect':
    case 'pingReply':
      return unchecked
  }
}

function present(known: readonly (KnownPeer | undefined)[], from: number): readonly KnownPeer[] {
  const kept: KnownPeer[] = []
  for (let index = from; index < known.length; index++) {
    const one = known[index]
    if (one !== undefined) kept.push(one)
  }
  return kept
}

function verifiedUpdates(
  updates: readonly UpdateOf<Signed>[],
  known: readonly (KnownPeer | undefined)[],
): readonly Update[] {
  const kept: Update[] = []
  let next = 0
  for (const update of updates) {
    if (update.state !== 'alive') {
      kept.push(update)
      continue
    }
    const one = known[next++]
    if (one !== undefined) kept.push({ state: 'alive', known: one })
  }
  return kept
}
