import type { SignedKind } from '@kithnet/identity'
import { type Bytes, type EpochMs, epochMs, ok, type Result } from '@kithnet/kernel'
import {
  badShape,
  type CborValue,
  idBytes,
  idToBytes,
  isBytes,
  isText,
  isUint,
  type NetworkId,
  networkIdFromBytes,
  type PeerId,
  peerIdFromBytes,
} from '@kithnet/types'
import type { BodyFault } from '../faults.ts'
import { readStatement, type StatementShape, writeStatement } from '../statement.ts'

/** One peer vouches for another, for one kind of thing and for a time. */
export interface Grant {
  readonly network: NetworkId
  readonly granter: PeerId
  readonly grantee: PeerId
  /** What for; `serve` lets a newcomer serve. */
  readonly kind: string
  /** How much of the granter's own trust passes on, in ten-thousandths, from 1 to 10,000. */
  readonly weight: number
  /** How many further grants may follow from the grantee: 0 to 4. */
  readonly onward: number
  readonly issuedAt: EpochMs
  /** From then on it is void. */
  readonly expiresAt: EpochMs
}

/** The granter takes back what it granted. Later grants stand again. */
export interface Revocation {
  readonly network: NetworkId
  readonly granter: PeerId
  readonly grantee: PeerId
  readonly kind: string
  /** Every grant of this kind to this peer that was issued until then is void. */
  readonly issuedUntil: EpochMs
}

/** Most grants from a root to a newcomer. Source: CIRIS, holonomic v19, `max_witness_chain_len`. */
export const maxChainGrants = 5
/** Parts of a whole trust. */
export const fullTrust = 10_000
/** Longest life of a grant, in milliseconds. Source: our choice: a year, then it is made anew. */
export const maxGrantMs = 31_622_400_000
/** Longest name of a kind, in UTF-16 units. Source: our choice. */
const maxKindLength = 32

const grantShape: StatementShape = {
  name: 'grant',
  version: 2,
  fields: 8,
  limits: { maxBytes: 240, maxDepth: 1, maxItems: 10 },
}
const revocationShape: StatementShape = {
  name: 'revocation',
  version: 2,
  fields: 5,
  limits: { maxBytes: 220, maxDepth: 1, maxItems: 7 },
}

/** Grants, signed by the granter. */
export const grantKind: SignedKind<Grant, BodyFault> = {
  domain: 'grant',
  decode: decodeGrant,
  subject: ({ granter }) => granter,
}

/** Revocations, signed by the granter. */
export const revocationKind: SignedKind<Revocation, BodyFault> = {
  domain: 'revocation',
  decode: decodeRevocation,
  subject: ({ granter }) => granter,
}

/** The exact bytes that are signed. */
export function encodeGrant(grant: Grant): Bytes {
  return writeStatement(
    grantShape,
    [...partiesOf(grant), grant.weight, grant.onward, grant.issuedAt, grant.expiresAt],
    decodeGrant,
  )
}

/** The grant of a body. Says nothing about the signature. */
export function decodeGrant(body: Uint8Array): Result<Grant, BodyFault> {
  const read = readStatement(grantShape, body)
  if (!read.ok) return read
  const parties = readParties('grant', read.value)
  if (!parties.ok) return parties
  const [, , , , weight, onward, issuedAt, expiresAt] = read.value
  if (!isUint(weight, fullTrust) || weight === 0) return badShape('grant.weight')
  if (!isUint(onward, maxChainGrants - 1)) return badShape('grant.onward')
  if (!isUint(issuedAt)) return badShape('grant.issuedAt')
  if (!isUint(expiresAt) || expiresAt <= issuedAt || expiresAt - issuedAt > maxGrantMs) {
    return badShape('grant.expiresAt')
  }
  return ok({
    ...parties.value,
    weight,
    onward,
    issuedAt: epochMs(issuedAt),
    expiresAt: epochMs(expiresAt),
  })
}

/** The exact bytes that are signed. */
export function encodeRevocation(revocation: Revocation): Bytes {
  return writeStatement(
    revocationShape,
    [...partiesOf(revocation), revocation.issuedUntil],
    decodeRevocation,
  )
}

/** The revocation of a body. Says nothing about the signature. */
export function decodeRevocation(body: Uint8Array): Result<Revocation, BodyFault> {
  const read = readStatement(revocationShape, body)
  if (!read.ok) return read
  const parties = readParties('revocation', read.value)
  if (!parties.ok) return parties
  const issuedUntil = read.value[4]
  if (!isUint(issuedUntil)) return badShape('revocation.issuedUntil')
  return ok({ ...parties.value, issuedUntil: epochMs(issuedUntil) })
}

/** Who says it about whom, and for what. */
type Parties = Pick<Grant, 'network' | 'granter' | 'grantee' | 'kind'>

function partiesOf({ network, granter, grantee, kind }: Parties): readonly CborValue[] {
  return [idToBytes(network), idToBytes(granter), idToBytes(grantee), kind]
}

function readParties(name: string, fields: readonly CborValue[]): Result<Parties, BodyFault> {
  const [network, granter, grantee, kind] = fields
  if (!isBytes(network, idBytes)) return badShape(`${name}.network`)
  if (!isBytes(granter, idBytes)) return badShape(`${name}.granter`)
  if (!isBytes(grantee, idBytes)) return badShape(`${name}.grantee`)
  if (!isText(kind, maxKindLength) || kind === '') return badShape(`${name}.kind`)
  return ok({
    network: networkIdFromBytes(network),
    granter: peerIdFromBytes(granter),
    grantee: peerIdFromBytes(grantee),
    kind,
  })
}
