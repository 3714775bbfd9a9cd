import { decodeIdentity, type ElaraIdentity, encodeIdentity, identityHash } from '@kithnet/wire'
import { expect, it } from 'vitest'

const publicKey = new Uint8Array(1952).fill(1)
const identity: ElaraIdentity = {
  algorithm: 'dilithium3',
  created: 1_739_712_345,
  entityType: 'DEVICE',
  identityHash: identityHash(publicKey),
  profile: 'A',
  publicKey,
  sphincsPublicKey: new Uint8Array(48).fill(2),
}

/** The field that a strict reader refuses in a changed identity. */
function refused(changes: Partial<ElaraIdentity>): string | undefined {
  const read = decodeIdentity(encodeIdentity({ ...identity, ...changes }, 'compatible'))
  if (read.ok) return undefined
  return read.fault.code === 'wire/identity-field' ? read.fault.field : read.fault.code
}

it('reads what it writes', () => {
  const text = encodeIdentity(identity)
  expect(text).toContain('"created":1739712345.0')
  const read = decodeIdentity(text)
  expect(read.ok && read.value).toEqual({
    ...identity,
    secretKey: undefined,
    sphincsSecretKey: undefined,
  })
})

it('strictly refuses secrets, other keys, and a hash that is not that of the key', () => {
  expect(refused({})).toBeUndefined()
  expect(refused({ secretKey: new Uint8Array(4000) })).toBe('secret_key')
  expect(refused({ sphincsSecretKey: new Uint8Array(96) })).toBe('sphincs_secret_key')
  expect(refused({ identityHash: '00'.repeat(32) })).toBe('identity_hash')
  expect(refused({ publicKey: new Uint8Array(5) })).toBe('public_key')
  expect(refused({ sphincsPublicKey: new Uint8Array(5) })).toBe('sphincs_public_key')
  expect(refused({ profile: 'B' })).toBe('profile')
  expect(refused({ sphincsPublicKey: undefined })).toBe('profile')
  expect(refused({ algorithm: 'other' })).toBe('algorithm')
})

it('reads secrets only where it is asked to be compatible, and never writes them otherwise', () => {
  const secretKey = new Uint8Array(4000).fill(3)
  const text = encodeIdentity({ ...identity, secretKey }, 'compatible')
  const read = decodeIdentity(text, 'compatible')
  expect(read.ok && read.value.secretKey).toEqual(secretKey)
  expect(encodeIdentity({ ...identity, secretKey })).not.toContain('secret')
})

it('says which field is missing or cannot be', () => {
  const object = JSON.parse(encodeIdentity(identity)) as Record<string, unknown>
  for (const field of Object.keys(object).filter((name) => name !== 'sphincs_public_key')) {
    const { [field]: _, ...rest } = object
    expect(decodeIdentity(JSON.stringify(rest), 'compatible')).toMatchObject({ fault: { field } })
  }
  for (const [field, value] of [
    ['entity_type', 'CAT'],
    ['profile', 'D'],
    ['public_key', 'xyz'],
    ['created', 'today'],
  ]) {
    const text = JSON.stringify({ ...object, [field!]: value })
    expect(decodeIdentity(text, 'compatible')).toMatchObject({ fault: { field } })
  }
  expect(decodeIdentity('{"a":', 'compatible')).toMatchObject({
    fault: { code: 'wire/metadata-syntax' },
  })
  expect(decodeIdentity(' '.repeat(32_769), 'compatible')).toMatchObject({
    fault: { code: 'wire/too-long' },
  })
})
