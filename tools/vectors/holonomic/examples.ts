import { defaultPolicy, encodeManifest, transferInfo } from '@kithnet/fountain'
import {
  type Capacity,
  capacityId,
  type Consent,
  type Checkpoint,
  encodeConsent,
  encodeGrant,
  encodePledge,
  encodePossession,
  encodePublication,
  type Pledge,
  encodeRevocation,
  type Grant,
  type Snapshot,
  WitnessLog,
} from '@kithnet/holonomic'
import { type Identity } from '@kithnet/identity'
import { type Bytes, epochMs, toHex, utf8 } from '@kithnet/kernel'
import { type CborValue, encodeCbor, type PeerId, hash } from '@kithnet/types'
import { alice, at, bob, content, ids, network, nonce, stream } from './people.ts'

export const statement = (kind: string, bytes: Uint8Array): object => ({
  kind,
  bytes: toHex(bytes),
})

const log = new WitnessLog({ network, peer: alice.peer, namespaces: ['groups', 'records'] })
export const checkpoint: Checkpoint = log.commit([utf8('a'), utf8('b')], at).checkpoint
export const grant = (from: Identity, to: Identity, part: Partial<Grant> = {}): Bytes =>
  encodeGrant({
    network,
    granter: from.peer,
    grantee: to.peer,
    kind: 'serve',
    weight: 9_000,
    onward: 2,
    issuedAt: at,
    expiresAt: epochMs(at + 86_400_000),
    ...part,
  })
export const capacity = (peer: PeerId, part: Partial<Capacity> = {}): Capacity => ({
  network,
  stream,
  peer,
  epoch: 5,
  measuredAt: at,
  uplinkKbps: 9_000,
  maxChildren: 2,
  maxLayer: [2, 3, 1],
  lanes: [],
  near: [],
  ...part,
})
export const lanes = [
  { path: Uint8Array.of(0), kbps: 1_000 },
  { path: Uint8Array.of(1), kbps: 2_500 },
]
export const snapshotOf = (
  offers: readonly Capacity[],
  part: Partial<Snapshot> = {},
): Snapshot => ({
  network,
  stream,
  publisher: ids[0]!,
  epoch: 5,
  issuedAt: at,
  lanes,
  members: offers
    .map((offer) => ({ peer: offer.peer, capacity: capacityId(offer) }))
    .sort((a, b) => (a.peer < b.peer ? -1 : 1)),
  ...part,
})
export const revocation = encodeRevocation({
  network,
  granter: alice.peer,
  grantee: bob.peer,
  kind: 'serve',
  issuedUntil: at,
})
export const consent = (part: Partial<Consent> = {}): Bytes =>
  encodeConsent({ network, author: alice.peer, content, at, windowMs: 1_209_600_000, ...part })
export const challenge = encodePossession({
  type: 'challenge',
  author: alice.peer,
  content,
  id: { block: 2, symbol: 31 },
  nonce,
  inFull: false,
})

const transfer = transferInfo(3_000, { symbolBytes: 64, blockSymbols: 20 })
if (!transfer.ok) throw new Error(transfer.fault.code)
export const publication = encodePublication({
  network,
  author: alice.peer,
  manifestBytes: encodeManifest({
    transfer: transfer.value,
    policy: defaultPolicy,
    shares: 52,
    service: 1,
    root: hash('trace', utf8('root')),
  }),
})
export const pledge = (part: Partial<Pledge> = {}): Bytes =>
  encodePledge({
    network,
    peer: alice.peer,
    bytes: 1_000_000_000,
    at,
    expiresAt: epochMs(at + 86_400_000),
    ...part,
  })

/** A statement with one field of its array replaced. */
export function changed(kind: string, fields: readonly CborValue[]): object {
  return statement(kind, encodeCbor(fields))
}
