import { fail, ok, type Result } from '@kithnet/kernel'
import {
  type CborValue,
  idBytes,
  idToBytes,
  isBytes,
  isBytesUpTo,
  isList,
  isTuple,
  isUint,
  maxDescriptorBytes,
  type PeerId,
  peerIdFromBytes,
  signatureBytes,
  type Signed,
} from '@kithnet/types'
import type { MembershipFault } from './faults.ts'
import { maxHops, maxListedPeers, maxOfferedPeers, maxUpdates } from './message-bounds.ts'
import type {
  DisconnectCause,
  MembershipMessage,
  Priority,
  UncheckedMembershipMessage,
  Update,
  UpdateOf,
} from './messages.ts'
import type { KnownPeer } from './known-peer.ts'

/** Numbers of the messages on the wire. Source: our choice; never renumbered. */
const kinds = {
  join: 1,
  forwardJoin: 2,
  neighbor: 3,
  neighborReply: 4,
  disconnect: 5,
  shuffle: 6,
  shuffleReply: 7,
  exchange: 8,
  exchangeReply: 9,
  introduce: 10,
  ping: 16,
  ack: 17,
  pingRequest: 18,
  pingReply: 19,
  gossip: 20,
  neighbours: 21,
} as const

/** Numbers of the causes on the wire: their places in this list. */
const causes: readonly DisconnectCause[] = [
  'evicted',
  'full',
  'unwanted',
  'leaving',
  'dead',
  'silent',
]

/** Numbers of the priorities on the wire: their places in this list. */
const priorities: readonly Priority[] = ['low', 'high', 'spare']

/** Nonces are 32-bit. */
const maxNonce = 2 ** 32 - 1

type Decoded<T> = Result<T, MembershipFault>

/** The value of a message, to be encoded in the `signed` profile. Descriptors are their signed bytes. */
export function encodeMembershipMessage(message: MembershipMessage): CborValue {
  const kind = kinds[message.type]
  switch (message.type) {
    case 'join':
    case 'neighbor':
      return [kind, signedValue(message.self), priorities.indexOf(message.priority)]
    case 'forwardJoin':
      return [kind, signedValue(message.joiner), priorities.indexOf(message.priority), message.ttl]
    case 'neighborReply':
      return [kind, message.accepted, signedValue(message.self), message.peers.map(signedValue)]
    case 'disconnect':
      return [kind, causes.indexOf(message.cause)]
    case 'shuffle':
      return [
        kind,
        signedValue(message.origin),
        message.nonce,
        message.ttl,
        message.peers.map(signedValue),
      ]
    case 'shuffleReply':
      return [kind, message.nonce, message.peers.map(signedValue)]
    case 'exchange':
      return [kind, signedValue(message.origin), message.peers.map(idToBytes)]
    case 'exchangeReply':
      return [kind, message.peers.map(idToBytes), message.wanted.map(idToBytes)]
    case 'introduce':
      return [kind, message.peers.map(signedValue), message.wanted.map(idToBytes)]
    case 'ping':
    case 'ack':
      return [kind, message.nonce, message.updates.map(updateValue)]
    case 'pingRequest':
      return [kind, message.nonce, signedValue(message.target)]
    case 'pingReply':
      return [kind, message.nonce, message.reached]
    case 'gossip':
      return [kind, message.updates.map(updateValue)]
    case 'neighbours':
      return [kind, message.peers.map(idToBytes), message.known.map(signedValue)]
  }
}

/**
 * The message of a decoded value, or the fault. Its `Signed` values are views into the frame and nobody has
 * verified them: verify those of `descriptorsOf`, copy what is kept, then ask `withVerified`.
 */
export function decodeMembershipMessage(value: CborValue): Decoded<UncheckedMembershipMessage> {
  if (!isList(value, 5) || value.length < 2) return bad('message')
  const [kind, first, second, third, fourth] = value
  switch (kind) {
    case kinds.join:
      return decodeRequest('join', value, first, second)
    case kinds.neighbor:
      return decodeRequest('neighbor', value, first, second)
    case kinds.forwardJoin:
      return decodeForwardJoin(value, first, second, third)
    case kinds.neighborReply:
      return decodeNeighborReply(value, first, second, third)
    case kinds.disconnect:
      return decodeDisconnect(value, first)
    case kinds.shuffle:
      return decodeShuffle(value, first, second, third, fourth)
    case kinds.shuffleReply:
      return decodeShuffleReply(value, first, second)
    case kinds.exchange:
      return decodeExchange(value, first, second)
    case kinds.exchangeReply:
      return decodeExchangeReply(value, first, second)
    case kinds.introduce:
      return decodeIntroduce(value, first, second)
    case kinds.ping:
      return decodeProbe('ping', value, first, second)
    case kinds.ack:
      return decodeProbe('ack', value, first, second)
    case kinds.pingRequest:
      return decodePingRequest(value, first, second)
    case kinds.pingReply:
      return decodePingReply(value, first, second)
    case kinds.gossip:
      return decodeGossip(value, first)
    case kinds.neighbours:
      return decodeNeighbours(value, first, second)
    default:
      return bad('message.kind')
  }
}

type Field = CborValue | undefined

function decodeRequest(
  type: 'join' | 'neighbor',
  value: CborValue,
  self: Field,
  place: Field,
): Decoded<UncheckedMembershipMessage> {
  const signed = signedOf(self)
  if (!isTuple(value, 3)) return bad(type)
  if (signed === undefined) return bad(`${type}.self`)
  const priority = priorityAt(place)
  if (priority === undefined) return bad(`${type}.priority`)
  return ok({ type, self: signed, priority })
}

function decodeForwardJoin(
  value: CborValue,
  joiner: Field,
  place: Field,
  ttl: Field,
): Decoded<UncheckedMembershipMessage> {
  const signed = signedOf(joiner)
  if (!isTuple(value, 4)) return bad('forwardJoin')
  if (signed === undefined) return bad('forwardJoin.joiner')
  const priority = priorityAt(place)
  if (priority === undefined) return bad('forwardJoin.priority')
  if (!isUint(ttl, maxHops)) return bad('forwardJoin.ttl')
  return ok({ type: 'forwardJoin', joiner: signed, priority, ttl })
}

function decodeNeighborReply(
  value: CborValue,
  accepted: Field,
  self: Field,
  peers: Field,
): Decoded<UncheckedMembershipMessage> {
  const signed = signedOf(self)
  const listed = signedListOf(peers)
  if (!isTuple(value, 4)) return bad('neighborReply')
  if (typeof accepted !== 'boolean') return bad('neighborReply.accepted')
  if (signed === undefined) return bad('neighborReply.self')
  if (listed === undefined) return bad('neighborReply.peers')
  return ok({ type: 'neighborReply', accepted, self: signed, peers: listed })
}

function decodeDisconnect(value: CborValue, place: Field): Decoded<UncheckedMembershipMessage> {
  if (!isTuple(value, 2)) return bad('disconnect')
  const cause = isUint(place, causes.length - 1) ? causes[place] : undefined
  return cause === undefined ? bad('disconnect.cause') : ok({ type: 'disconnect', cause })
}

function decodeShuffle(
  value: CborValue,
  origin: Field,
  nonce: Field,
  ttl: Field,
  peers: Field,
): Decoded<UncheckedMembershipMessage> {
  const signed = signedOf(origin)
  const listed = signedListOf(peers)
  if (!isTuple(value, 5)) return bad('shuffle')
  if (signed === undefined) return bad('shuffle.origin')
  if (!isUint(nonce, maxNonce)) return bad('shuffle.nonce')
  if (!isUint(ttl, maxHops)) return bad('shuffle.ttl')
  if (listed === undefined) return bad('shuffle.peers')
  return ok({ type: 'shuffle', origin: signed, nonce, ttl, peers: listed })
}

function decodeShuffleReply(
  value: CborValue,
  nonce: Field,
  peers: Field,
): Decoded<UncheckedMembershipMessage> {
  const listed = signedListOf(peers)
  if (!isTuple(value, 3)) return bad('shuffleReply')
  if (!isUint(nonce, maxNonce)) return bad('shuffleReply.nonce')
  if (listed === undefined) return bad('shuffleReply.peers')
  return ok({ type: 'shuffleReply', nonce, peers: listed })
}

function decodeExchange(
  value: CborValue,
  origin: Field,
  peers: Field,
): Decoded<UncheckedMembershipMessage> {
  const signed = signedOf(origin)
  const offered = peerIdsOf(peers, maxOfferedPeers)
  if (!isTuple(value, 3)) return bad('exchange')
  if (signed === undefined) return bad('exchange.origin')
  if (offered === undefined) return bad('exchange.peers')
  return ok({ type: 'exchange', origin: signed, peers: offered })
}

function decodeExchangeReply(
  value: CborValue,
  peers: Field,
  wanted: Field,
): Decoded<UncheckedMembershipMessage> {
  const offered = peerIdsOf(peers, maxOfferedPeers)
  const ids = peerIdsOf(wanted, maxListedPeers)
  if (!isTuple(value, 3)) return bad('exchangeReply')
  if (offered === undefined) return bad('exchangeReply.peers')
  if (ids === undefined) return bad('exchangeReply.wanted')
  return ok({ type: 'exchangeReply', peers: offered, wanted: ids })
}

function decodeIntroduce(
  value: CborValue,
  peers: Field,
  wanted: Field,
): Decoded<UncheckedMembershipMessage> {
  const listed = signedListOf(peers)
  const ids = peerIdsOf(wanted, maxListedPeers)
  if (!isTuple(value, 3)) return bad('introduce')
  if (listed === undefined) return bad('introduce.peers')
  if (ids === undefined) return bad('introduce.wanted')
  return ok({ type: 'introduce', peers: listed, wanted: ids })
}

function decodeProbe(
  type: 'ping' | 'ack',
  value: CborValue,
  nonce: Field,
  updates: Field,
): Decoded<UncheckedMembershipMessage> {
  const listed = updatesOf(updates)
  if (!isTuple(value, 3)) return bad(type)
  if (!isUint(nonce, maxNonce)) return bad(`${type}.nonce`)
  if (listed === undefined) return bad(`${type}.updates`)
  return ok({ type, nonce, updates: listed })
}

function decodePingRequest(
  value: CborValue,
  nonce: Field,
  target: Field,
): Decoded<UncheckedMembershipMessage> {
  const signed = signedOf(target)
  if (!isTuple(value, 3)) return bad('pingRequest')
  if (!isUint(nonce, maxNonce)) return bad('pingRequest.nonce')
  if (signed === undefined) return bad('pingRequest.target')
  return ok({ type: 'pingRequest', nonce, target: signed })
}

function decodePingReply(
  value: CborValue,
  nonce: Field,
  reached: Field,
): Decoded<UncheckedMembershipMessage> {
  if (!isTuple(value, 3)) return bad('pingReply')
  if (!isUint(nonce, maxNonce)) return bad('pingReply.nonce')
  if (typeof reached !== 'boolean') return bad('pingReply.reached')
  return ok({ type: 'pingReply', nonce, reached })
}

function decodeGossip(value: CborValue, updates: Field): Decoded<UncheckedMembershipMessage> {
  const listed = updatesOf(updates)
  if (!isTuple(value, 2)) return bad('gossip')
  if (listed === undefined) return bad('gossip.updates')
  return ok({ type: 'gossip', updates: listed })
}

function decodeNeighbours(
  value: CborValue,
  peers: Field,
  known: Field,
): Decoded<UncheckedMembershipMessage> {
  const ids = peerIdsOf(peers, maxListedPeers)
  const listed = signedListOf(known)
  if (!isTuple(value, 3)) return bad('neighbours')
  if (ids === undefined) return bad('neighbours.peers')
  if (listed === undefined) return bad('neighbours.known')
  return ok({ type: 'neighbours', peers: ids, known: listed })
}

function signedValue(known: KnownPeer): CborValue {
  return [known.signed.body, known.signed.signature]
}

function signedOf(value: Field): Signed | undefined {
  if (!isTuple(value, 2)) return undefined
  const [body, signature] = value
  if (!isBytesUpTo(body, maxDescriptorBytes) || !isBytes(signature, signatureBytes))
    return undefined
  return { body, signature }
}

function signedListOf(value: Field): readonly Signed[] | undefined {
  return isList(value, maxListedPeers) ? allOf(value, signedOf) : undefined
}

function peerIdsOf(value: Field, most: number): readonly PeerId[] | undefined {
  if (!isList(value, most)) return undefined
  return allOf(value, (item) => (isBytes(item, idBytes) ? peerIdFromBytes(item) : undefined))
}

/** An update on the wire: `[0, descriptor]` alive, `[1 | 2, peer, incarnation]` suspect or dead. */
function updateValue(update: Update): CborValue {
  if (update.state === 'alive') return [0, signedValue(update.known)]
  return [update.state === 'suspect' ? 1 : 2, idToBytes(update.peer), update.incarnation]
}

function updateOf(value: CborValue): UpdateOf<Signed> | undefined {
  if (isTuple(value, 2) && value[0] === 0) {
    const known = signedOf(value[1])
    return known === undefined ? undefined : { state: 'alive', known }
  }
  if (!isTuple(value, 3)) return undefined
  const [state, peer, incarnation] = value
  if (state !== 1 && state !== 2) return undefined
  if (!isBytes(peer, idBytes) || !isUint(incarnation)) return undefined
  return { state: state === 1 ? 'suspect' : 'dead', peer: peerIdFromBytes(peer), incarnation }
}

function updatesOf(value: Field): readonly UpdateOf<Signed>[] | undefined {
  return isList(value, maxUpdates) ? allOf(value, updateOf) : undefined
}

function allOf<T>(
  items: readonly CborValue[],
  decode: (item: CborValue) => T | undefined,
): readonly T[] | undefined {
  const decoded: T[] = []
  for (const item of items) {
    const one = decode(item)
    if (one === undefined) return undefined
    decoded.push(one)
  }
  return decoded
}

function priorityAt(place: Field): Priority | undefined {
  return isUint(place, priorities.length - 1) ? priorities[place] : undefined
}

function bad(field: string): { readonly ok: false; readonly fault: MembershipFault } {
  return fail({ code: 'membership/bad-message', field })
}
