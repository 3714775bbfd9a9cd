import type { RetentionTier } from '@kithnet/fountain'
import type { SignedKind } from '@kithnet/identity'
import { type Bytes, type EpochMs, epochMs, fromHex, ok, type Result, toHex } from '@kithnet/kernel'
import {
  badShape,
  hashBytes,
  idBytes,
  idToBytes,
  isBytes,
  isUint,
  type NetworkId,
  networkIdFromBytes,
  type PeerId,
  peerIdFromBytes,
  type Verified,
} from '@kithnet/types'
import type { BodyFault } from '../faults.ts'
import { maxSkewMs } from '../skew.ts'
import { readStatement, type StatementShape, writeStatement } from '../statement.ts'

/** What the author of a content allows others to do: to keep it for a time, or no longer. */
export interface Consent {
  readonly network: NetworkId
  readonly author: PeerId
  /** 64 hex digits. */
  readonly content: string
  readonly at: EpochMs
  /** For how long from then on, in milliseconds; 0 withdraws what was allowed before. */
  readonly windowMs: number
}

/** Where a content stands. */
export interface ConsentStatus {
  /** True only when a consent is known, holds by now and was not withdrawn. */
  readonly isActive: boolean
  readonly state: 'active' | 'withdrawn' | 'expired' | 'unknown'
  /** How much may be kept: less with each quarter of the time, and nothing when it is not active. */
  readonly tier: RetentionTier | 'nothing'
  /** When the next quarter begins, for as long as it is active. */
  readonly changesAt?: EpochMs
}

/** Windows of the ancestor's classes, in milliseconds. Source: CIRIS, holonomic v19, section 19.5: 14 and 90 days. */
export const temporaryMs = 1_209_600_000
export const standardMs = 7_776_000_000
/** Longest window. Source: our choice: a hundred years. */
export const maxConsentMs = 3_155_760_000_000

const shape: StatementShape = {
  name: 'consent',
  version: 2,
  fields: 5,
  limits: { maxBytes: 140, maxDepth: 1, maxItems: 7 },
}

/** Consents and withdrawals, signed by the author of the content. */
export const consentKind: SignedKind<Consent, BodyFault> = {
  domain: 'consent',
  decode: decodeConsent,
  subject: ({ author }) => author,
}

/** The exact bytes that are signed. */
export function encodeConsent(consent: Consent): Bytes {
  return writeStatement(
    shape,
    [
      idToBytes(consent.network),
      idToBytes(consent.author),
      fromHex(consent.content)!,
      consent.at,
      consent.windowMs,
    ],
    decodeConsent,
  )
}

/** The consent of a body. Says nothing about the signature. */
export function decodeConsent(body: Uint8Array): Result<Consent, BodyFault> {
  const read = readStatement(shape, body)
  if (!read.ok) return read
  const [network, author, content, at, windowMs] = read.value
  if (!isBytes(network, idBytes)) return badShape('consent.network')
  if (!isBytes(author, idBytes)) return badShape('consent.author')
  if (!isBytes(content, hashBytes)) return badShape('consent.content')
  if (!isUint(at)) return badShape('consent.at')
  if (!isUint(windowMs, maxConsentMs)) return badShape('consent.windowMs')
  return ok({
    network: networkIdFromBytes(network),
    author: peerIdFromBytes(author),
    content: toHex(content),
    at: epochMs(at),
    windowMs,
  })
}

/**
 * What the statements that are known allow. Fails closed: statements of others count for nothing, a consent from the
 * future is none, a withdrawal counts whenever it is dated, of two at one time the narrower holds, and where nothing is
 * known nothing is allowed.
 */
export function consentOf(
  content: Pick<Consent, 'network' | 'author' | 'content'>,
  statements: readonly Verified<Consent>[],
  now: EpochMs,
): ConsentStatus {
  let latest: Consent | undefined
  for (const one of statements) {
    const isAbout =
      one.network === content.network &&
      one.author === content.author &&
      one.content === content.content
    if (!isAbout || (one.windowMs > 0 && one.at > now + maxSkewMs)) continue
    const isLater = latest === undefined || one.at > latest.at
    if (isLater || (one.at === latest?.at && one.windowMs < latest.windowMs)) latest = one
  }
  if (latest === undefined) return { isActive: false, state: 'unknown', tier: 'nothing' }
  const { at, windowMs } = latest
  if (windowMs === 0) return { isActive: false, state: 'withdrawn', tier: 'nothing' }
  const quarter = Math.floor((4 * Math.max(0, now - at)) / windowMs)
  const tier = tierByQuarter[quarter]
  if (tier === undefined) return { isActive: false, state: 'expired', tier: 'nothing' }
  const changesAt = epochMs(at + Math.ceil((windowMs * (quarter + 1)) / 4))
  return { isActive: true, state: 'active', tier, changesAt }
}

/** Source: CIRIS, its store: full to a quarter of the window, then t2, t3 and t4. */
const tierByQuarter: readonly RetentionTier[] = ['full', 'source', 'reduced', 'viable']
