import type { SignedKind } from '@kithnet/identity'
import type { Result } from '@kithnet/kernel'
import type { PeerId, Verified } from '@kithnet/types'
import { type Consent, consentKind } from '../consent/consent.ts'
import {
  type Grant,
  grantKind,
  maxGrantMs,
  type Revocation,
  revocationKind,
} from '../trust/grant.ts'
import { type Checkpoint, checkpointKind, logIdOf } from '../witness/checkpoint.ts'
import { type Cosignature, cosignatureKind } from '../witness/cosignature.ts'
import { type ForkClaim, type ForkProof, readForkClaim } from '../witness/fork-proof.ts'
import { maxPledgeMs, type Pledge, pledgeKind } from './pledge.ts'
import { type Publication, publicationKind } from './publication.ts'

/** What statements say, by kind, whoever said it. */
export interface ClaimByKind {
  readonly publication: Publication
  readonly consent: Consent
  readonly pledge: Pledge
  readonly grant: Grant
  readonly revocation: Revocation
  readonly checkpoint: Checkpoint
  readonly cosignature: Cosignature
  readonly fork: ForkClaim
}

/** What every peer comes to hold, by kind: verified. */
export type StatementByKind = {
  readonly [K in SignedStatementKind]: Verified<ClaimByKind[K]>
} & { readonly fork: ForkProof }

/** A kind of statement that is replicated. */
export type StatementKind = keyof ClaimByKind

/** The kinds that one peer signs; a fork proof carries its own signatures. */
export type SignedStatementKind = Exclude<StatementKind, 'fork'>

/** All of them: the place of each is its number on the wire and on disk. */
export const statementKinds: readonly StatementKind[] = [
  'publication',
  'consent',
  'pledge',
  'grant',
  'revocation',
  'checkpoint',
  'cosignature',
  'fork',
]

/** What a book has to know of a kind. */
export interface KindRule<T> {
  readonly decode: (body: Uint8Array) => Result<T>
  /** Whose it counts as: of a proof, whom it convicts. */
  readonly signer: (statement: T) => PeerId
  /** One statement is held for each; a signer has its own, so nobody can take another's. */
  readonly slot: (statement: T) => string
  /** Which of two in one slot is later: the higher first number, then the second. The lower body decides what is left. */
  readonly order: (statement: T) => readonly [number, number]
  /** Its network, where it names one. */
  readonly network: (statement: T) => string | undefined
  /** From when it says something, where one from the future has to wait: it would stand before what holds now. */
  readonly from: (statement: T) => number
  /** From when no statement that it stands before can hold any more, so that it may be forgotten. */
  readonly until: (statement: T) => number
  /** Most that are held of one signer. */
  readonly most: number
}

/** How those are signed that one peer signs. */
export const signedKinds: { readonly [K in SignedStatementKind]: SignedKind<ClaimByKind[K]> } = {
  publication: publicationKind,
  consent: consentKind,
  pledge: pledgeKind,
  grant: grantKind,
  revocation: revocationKind,
  checkpoint: checkpointKind,
  cosignature: cosignatureKind,
}

const ever = Number.POSITIVE_INFINITY

/**
 * The rules, by kind. What may be forgotten is what no older statement could come back for: a consent stands before every
 * older one for ever, a grant until the longest that could have been given before it has expired. Bounds: our choice; of
 * cosignatures as many as a witness follows logs.
 */
export const kindRules: { readonly [K in StatementKind]: KindRule<ClaimByKind[K]> } = {
  publication: {
    decode: publicationKind.decode,
    signer: ({ author }) => author,
    slot: ({ author, content }) => `${author}/${content}`,
    order: () => [0, 0],
    network: ({ network }) => network,
    from: () => 0,
    until: () => ever,
    most: 1_024,
  },
  consent: {
    decode: consentKind.decode,
    signer: ({ author }) => author,
    slot: ({ author, content }) => `${author}/${content}`,
    order: ({ at, windowMs }) => [at, -windowMs],
    network: ({ network }) => network,
    // A withdrawal counts whenever it is dated.
    from: ({ at, windowMs }) => (windowMs === 0 ? 0 : at),
    until: () => ever,
    most: 1_024,
  },
  pledge: {
    decode: pledgeKind.decode,
    signer: ({ peer }) => peer,
    slot: ({ peer }) => peer,
    order: ({ at, bytes }) => [at, -bytes],
    network: ({ network }) => network,
    from: ({ at }) => at,
    until: ({ at }) => at + maxPledgeMs,
    most: 1,
  },
  grant: {
    decode: grantKind.decode,
    signer: ({ granter }) => granter,
    slot: ({ granter, grantee, kind }) => `${granter}/${grantee}/${kind}`,
    order: ({ issuedAt, weight }) => [issuedAt, -weight],
    network: ({ network }) => network,
    from: ({ issuedAt }) => issuedAt,
    until: ({ issuedAt }) => issuedAt + maxGrantMs,
    most: 1_024,
  },
  revocation: {
    decode: revocationKind.decode,
    signer: ({ granter }) => granter,
    slot: ({ granter, grantee, kind }) => `${granter}/${grantee}/${kind}`,
    order: ({ issuedUntil }) => [issuedUntil, 0],
    network: ({ network }) => network,
    from: () => 0,
    until: ({ issuedUntil }) => issuedUntil + maxGrantMs,
    most: 1_024,
  },
  checkpoint: {
    decode: checkpointKind.decode,
    signer: ({ peer }) => peer,
    slot: logIdOf,
    order: ({ epoch }) => [epoch, 0],
    network: ({ network }) => network,
    from: () => 0,
    until: () => ever,
    most: 16,
  },
  cosignature: {
    decode: cosignatureKind.decode,
    signer: ({ cosigner }) => cosigner,
    slot: ({ log, cosigner }) => `${log}/${cosigner}`,
    order: ({ epoch }) => [epoch, 0],
    network: () => undefined,
    from: () => 0,
    until: () => ever,
    most: 4_096,
  },
  fork: {
    decode: readForkClaim,
    signer: ({ one }) => one.peer,
    slot: ({ id }) => id,
    order: () => [0, 0],
    network: ({ one }) => one.network,
    from: () => 0,
    until: () => ever,
    most: 2,
  },
}
