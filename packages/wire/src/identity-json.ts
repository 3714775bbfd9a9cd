import { type Bytes, fail, fromHex, fromUtf8, ok, type Result, toHex, utf8 } from '@kithnet/kernel'
import type { BoundFault, IdentityFault, MetadataFault } from './faults.ts'
import { type Metadata, MetadataFloat, type MetadataValue } from './metadata.ts'
import { decodeMetadata, encodeMetadata } from './metadata-codec.ts'
import type { Mode } from './record-fields.ts'
import { identityHash } from './record-hash.ts'
import { creatorKeyBytes } from './record-limits.ts'
import { sphincsKeyBytes } from './signature-algorithms.ts'

/** What an identity of elara-runtime is. */
export type EntityType = 'HUMAN' | 'AI' | 'DEVICE' | 'ORGANIZATION' | 'COMPOSITE'

/** Who signs elara-runtime's records, as its identity files say. Profile A has both keys, B and C the first. */
export interface ElaraIdentity {
  /** `dilithium3` in every file that is known. */
  readonly algorithm: string
  /** Seconds since 1970. */
  readonly created: number
  readonly entityType: EntityType
  /** SHA3-256 of the public key, in hexadecimal. Compatible reading takes the file's word for it. */
  readonly identityHash: string
  readonly profile: 'A' | 'B' | 'C'
  readonly publicKey: Bytes
  readonly sphincsPublicKey?: Bytes | undefined
  readonly secretKey?: Bytes | undefined
  readonly sphincsSecretKey?: Bytes | undefined
}

const entityTypes: readonly string[] = ['HUMAN', 'AI', 'DEVICE', 'ORGANIZATION', 'COMPOSITE']
const profiles: readonly string[] = ['A', 'B', 'C']

/** Longest identity file that is read. Source: our choice; one with all four keys has 16,500 characters. */
export const maxIdentityLength = 32_768

/**
 * The identity of a file's text. Strict wants keys of their length, the hash of the key, and no secrets: these lie in
 * such files in clear, so they are refused rather than kept. Compatible reads what elara-runtime reads.
 */
export function decodeIdentity(
  text: string,
  mode: Mode = 'strict',
): Result<ElaraIdentity, IdentityFault | MetadataFault | BoundFault> {
  if (text.length > maxIdentityLength) {
    return fail({ code: 'wire/too-long', got: text.length, most: maxIdentityLength })
  }
  const parsed = decodeMetadata(utf8(text), 'compatible')
  if (!parsed.ok) return parsed
  const read = fieldsOf(parsed.value)
  if (!read.ok || mode === 'compatible') return read
  const field = strictlyWrong(read.value)
  return field === undefined ? read : fail({ code: 'wire/identity-field', field })
}

/** The text of an identity's file, names sorted. Secrets are written, in clear, by `compatible` alone. */
export function encodeIdentity(identity: ElaraIdentity, mode: Mode = 'strict'): string {
  const { secretKey, sphincsSecretKey } = identity
  const metadata = new Map<string, MetadataValue>([
    ['algorithm', identity.algorithm],
    ['created', new MetadataFloat(identity.created)],
    ['entity_type', identity.entityType],
    ['identity_hash', identity.identityHash],
    ['profile', identity.profile],
    ['public_key', toHex(identity.publicKey)],
  ])
  const { sphincsPublicKey } = identity
  if (sphincsPublicKey !== undefined) metadata.set('sphincs_public_key', toHex(sphincsPublicKey))
  if (mode === 'compatible') {
    if (secretKey !== undefined) metadata.set('secret_key', toHex(secretKey))
    if (sphincsSecretKey !== undefined) metadata.set('sphincs_secret_key', toHex(sphincsSecretKey))
  }
  const written = encodeMetadata(metadata, 'compatible')
  return written.ok ? (fromUtf8(written.value) ?? '') : ''
}

function fieldsOf(object: Metadata): Result<ElaraIdentity, IdentityFault> {
  const texts: Record<string, string> = {}
  for (const field of ['algorithm', 'entity_type', 'identity_hash', 'profile', 'public_key']) {
    const value = object.get(field)
    if (typeof value !== 'string') return fail({ code: 'wire/identity-field', field })
    texts[field] = value
  }
  const created = numberOf(object.get('created'))
  if (created === undefined) return fail({ code: 'wire/identity-field', field: 'created' })
  for (const [field, known] of [
    ['entity_type', entityTypes],
    ['profile', profiles],
  ] as const) {
    if (!known.includes(texts[field]!)) return fail({ code: 'wire/identity-field', field })
  }
  const keys: Record<string, Bytes | undefined> = {}
  for (const field of ['public_key', 'secret_key', 'sphincs_public_key', 'sphincs_secret_key']) {
    const value = object.get(field)
    if (typeof value !== 'string') continue
    keys[field] = fromHex(value.toLowerCase())
    if (keys[field] === undefined) return fail({ code: 'wire/identity-field', field })
  }
  return ok({
    algorithm: texts['algorithm']!,
    created,
    entityType: texts['entity_type'] as EntityType,
    identityHash: texts['identity_hash']!,
    profile: texts['profile'] as ElaraIdentity['profile'],
    publicKey: keys['public_key']!,
    sphincsPublicKey: keys['sphincs_public_key'],
    secretKey: keys['secret_key'],
    sphincsSecretKey: keys['sphincs_secret_key'],
  })
}

function numberOf(value: MetadataValue | undefined): number | undefined {
  if (value instanceof MetadataFloat) return value.value
  return typeof value === 'bigint' ? Number(value) : undefined
}

/** The field that a strict reader does not take. */
function strictlyWrong(identity: ElaraIdentity): string | undefined {
  if (identity.secretKey !== undefined) return 'secret_key'
  if (identity.sphincsSecretKey !== undefined) return 'sphincs_secret_key'
  if (identity.algorithm !== 'dilithium3') return 'algorithm'
  if (identity.publicKey.length !== creatorKeyBytes) return 'public_key'
  const { sphincsPublicKey } = identity
  if (sphincsPublicKey !== undefined && sphincsPublicKey.length !== sphincsKeyBytes) {
    return 'sphincs_public_key'
  }
  if ((identity.profile === 'A') !== (sphincsPublicKey !== undefined)) return 'profile'
  return identityHash(identity.publicKey) === identity.identityHash ? undefined : 'identity_hash'
}
