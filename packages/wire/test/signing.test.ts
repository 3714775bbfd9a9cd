import { concat, utf8 } from '@kithnet/kernel'
import { selectBackend } from '@kithnet/identity'
import {
  decodeRecord,
  encodeRecord,
  recordAlgorithms,
  type RecordFields,
  signableBytes,
  withAlgorithms,
} from '@kithnet/wire'
import { dilithium3, sphincs192f } from '@kithnet/wire/round3'
import { describe, expect, it } from 'vitest'
import { sampleFields, strictBytes, strictRecord } from './sample-record.ts'

const none = new Uint8Array(0)
const { mlDsa65, slhDsa } = selectBackend()
const set = 'slh-dsa-sha2-192f'

describe('a new record with both signatures', () => {
  const first = mlDsa65.keyPair(new Uint8Array(32).fill(7))
  const second = slhDsa.keyPair(set, new Uint8Array(72).fill(8))
  const unsigned = sampleFields({
    creatorKey: first.publicKey,
    signature: undefined,
    metadata: withAlgorithms(new Map([['key', 'value']]), second.publicKey),
  })
  const signable = signableBytes(unsigned)
  const record = strictRecord(
    strictBytes({
      ...unsigned,
      signature: first.sign(signable, none),
      sphincsSignature: slhDsa.sign(set, second.secretKey, signable, none),
    }),
  )

  it('says how it is signed, and verifies from nothing but its bytes', () => {
    const algorithms = recordAlgorithms(record)
    expect(algorithms).toEqual({
      ok: true,
      value: { primary: 'ml-dsa-65', secondary: set, secondaryKey: second.publicKey },
    })
    const signed = signableBytes(record)
    expect(mlDsa65.verify(record.creatorKey, signed, none, record.signature!)).toBe(true)
    const key = algorithms.ok ? algorithms.value.secondaryKey! : none
    expect(slhDsa.verify(set, key, signed, none, record.sphincsSignature!)).toBe(true)
  })

  it('is not what round 3 verifies', () => {
    const signed = signableBytes(record)
    expect(sphincs192f.verify(second.publicKey, signed, record.sphincsSignature!)).toBe(false)
    expect(dilithium3.verify(record.creatorKey, signed, record.signature!)).toBe(false)
  })

  it('cannot lose its second signature', () => {
    const stripped = strictRecord(strictBytes({ ...copyOf(record), sphincsSignature: undefined }))
    expect(recordAlgorithms(stripped)).toEqual({
      ok: false,
      fault: { code: 'wire/algorithm', name: 'sphincs_algorithm' },
    })
  })

  it('changes what is signed with every field that is covered', () => {
    const changes: readonly Partial<RecordFields>[] = [
      { id: '019506e0-1234-7000-8000-000000000002' },
      { contentHash: new Uint8Array(32) },
      { creatorKey: new Uint8Array(1952) },
      { timestamp: 1 },
      { parents: [] },
      { classification: 2 },
      { metadata: new Map() },
      { zkProof: Uint8Array.of(1) },
    ]
    for (const change of changes) {
      expect(signableBytes({ ...copyOf(record), ...change })).not.toEqual(signable)
    }
  })
})

describe('signatures of round 3', () => {
  it('of SPHINCS+ are not those of SLH-DSA, whose messages have a prefix of two zero bytes', () => {
    const seed = new Uint8Array(72).fill(5)
    const old = sphincs192f.keyPair(seed)
    const message = utf8('a message')
    const signature = sphincs192f.sign(old.secretKey, message)
    expect(slhDsa.keyPair(set, seed).publicKey).toEqual(old.publicKey)
    expect(slhDsa.verify(set, old.publicKey, message, none, signature)).toBe(false)
    const prefixed = concat(Uint8Array.of(0, 0), message)
    const asNew = sphincs192f.sign(old.secretKey, prefixed)
    expect(slhDsa.verify(set, old.publicKey, message, none, asNew)).toBe(true)
  })

  it('of Dilithium3 are not those of ML-DSA-65', () => {
    const old = dilithium3.keyPair(new Uint8Array(32).fill(5))
    const message = utf8('a message')
    const signature = dilithium3.sign(old.secretKey, message)
    const again = dilithium3.sign(old.secretKey, message, new Uint8Array(64).fill(1))
    expect(dilithium3.verify(old.publicKey, message, signature)).toBe(true)
    expect(dilithium3.verify(old.publicKey, message, again)).toBe(true)
    expect(again).not.toEqual(signature)
    expect(old.publicKey).not.toEqual(mlDsa65.keyPair(new Uint8Array(32).fill(5)).publicKey)
    const longer = concat(signature, new Uint8Array(16))
    expect(mlDsa65.verify(old.publicKey, message, none, longer)).toBe(false)
  })

  it('that are garbage verify nothing and throw nothing', () => {
    const key = new Uint8Array(1952).fill(255)
    expect(dilithium3.verify(key, none, new Uint8Array(3293).fill(255))).toBe(false)
    expect(dilithium3.verify(none, none, none)).toBe(false)
    expect(sphincs192f.verify(none, none, new Uint8Array(35_664))).toBe(false)
  })
})

describe('what is signed with an empty context', () => {
  // Whatever else is signed by the same kind of key with no context must begin otherwise.
  const tls = concat(new Uint8Array(64).fill(0x20), utf8('TLS 1.3, server CertificateVerify\0'))
  const certificates = [0x81, 0x82, 0x83].map((length) => Uint8Array.of(0x30, length, 0x0b, 0x1e))

  it('begins with a UUID, and so is no prefix of a TLS transcript or a certificate, nor the reverse', () => {
    const start = signableBytes(sampleFields()).subarray(0, 36)
    expect(new TextDecoder().decode(start)).toMatch(/^[\da-f]{8}-[\da-f]{4}-/)
    for (const other of [tls, ...certificates]) {
      const isSame = other.subarray(0, 36).every((byte, index) => byte === start[index])
      expect(isSame).toBe(false)
      expect(isStartOfUuid(other)).toBe(false)
    }
    expect(isStartOfUuid(start)).toBe(true)
  })

  it('has one reading: another record never has the same bytes', () => {
    // With ids of any length these two are signed alike; strict takes no such ids.
    const ambiguous = [
      ['aaa', 'bbb'],
      ['aaabb', 'b'],
    ].map((parents) => sampleFields({ parents }))
    expect(signableBytes(ambiguous[0]!)).toEqual(signableBytes(ambiguous[1]!))
    for (const fields of ambiguous) expect(encodeRecord(fields).ok).toBe(false)
  })
})

/** True when all of the first nine bytes could be those of a UUID. */
function isStartOfUuid(bytes: Uint8Array): boolean {
  return /^[\da-f]{0,8}(?:-.*)?$/s.test(String.fromCharCode(...bytes.subarray(0, 9)))
}

function copyOf(record: RecordFields): RecordFields {
  const read = decodeRecord(strictBytes(record))
  if (!read.ok) throw new Error(read.fault.code)
  const { id, version, contentHash, creatorKey, timestamp, parents } = read.value
  const { classification, metadata, signature, sphincsSignature } = read.value
  const first = { id, version, contentHash, creatorKey, timestamp, parents, classification }
  return { ...first, metadata, signature, sphincsSignature }
}
