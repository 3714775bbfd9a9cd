import { assert, toHex, utf8 } from '@kithnet/kernel'
import { selectBackend } from '@kithnet/identity'
import {
  contentId,
  decodeRecord,
  encodeRecord,
  identityHash,
  recordAddress,
  recordAlgorithms,
  recordHash,
  sha3_256,
  signableBytes,
  tilePath,
} from '@kithnet/wire'
import { dilithium3, sphincs192f } from '@kithnet/wire/round3'
import { describe, expect, it } from 'vitest'
import { bytes, fieldsOf, hasForeign, type RecordInput, vectorOf } from './foreign-vectors.ts'

const none = new Uint8Array(0)

describe.skipIf(!hasForeign)('signatures of elara-runtime, where the vectors are there', () => {
  interface KeyPair {
    readonly input: { readonly seed: string; readonly seed_skseed_skprf_pkseed: string }
    readonly expect: {
      readonly public_key: string
      readonly secret_key: string
      readonly secret_key_len: number
      readonly secret_key_sha3_256: string
      readonly identity_hash: string
    }
  }
  interface Checked {
    readonly input: {
      readonly message_ascii: string
      readonly signature: string
      readonly flip: { readonly byte: number; readonly xor: number }
    }
  }

  const dilithiumKeys = () => {
    const { input } = vectorOf('dilithium3_keygen', 'C01') as KeyPair
    return dilithium3.keyPair(bytes(input.seed))
  }

  it('C01: Dilithium3 keys of a seed', () => {
    const { expect: wanted } = vectorOf('dilithium3_keygen', 'C01') as KeyPair
    const keys = dilithiumKeys()
    expect(toHex(keys.publicKey)).toBe(wanted.public_key)
    expect(keys.secretKey.length).toBe(wanted.secret_key_len)
    expect(toHex(sha3_256(keys.secretKey))).toBe(wanted.secret_key_sha3_256)
    expect(identityHash(keys.publicKey)).toBe(wanted.identity_hash)
  })

  it('C02 and C03: a Dilithium3 signature, and one with a bit changed', () => {
    const { input } = vectorOf('dilithium3_verify', 'C02') as Checked
    const { flip } = (vectorOf('dilithium3_verify', 'C03') as Checked).input
    const keys = dilithiumKeys()
    const message = utf8(input.message_ascii)
    const signature = bytes(input.signature)
    expect(dilithium3.verify(keys.publicKey, message, signature)).toBe(true)
    expect(dilithium3.sign(keys.secretKey, message)).toEqual(signature)
    const changed = signature.slice()
    changed[flip.byte]! ^= flip.xor
    expect(dilithium3.verify(keys.publicKey, message, changed)).toBe(false)
    expect(dilithium3.verify(keys.publicKey, message, signature.subarray(1))).toBe(false)
    expect(dilithium3.verify(keys.publicKey.subarray(1), message, signature)).toBe(false)
    expect(dilithium3.verify(keys.publicKey, utf8('another'), signature)).toBe(false)
  })

  it('C04 and C05: SPHINCS+ keys of a seed, and a signature with known randomness', () => {
    interface SphincsSignature {
      readonly input: { readonly message_ascii: string; readonly optrand: string }
      readonly expect: {
        readonly signature_len: number
        readonly signature_sha3_256: string
        readonly signature_first_48: string
        readonly fips205_pure_verify_with_empty_ctx: boolean
      }
    }
    const { input, expect: wanted } = vectorOf('sphincs_keygen', 'C04') as KeyPair
    const keys = sphincs192f.keyPair(bytes(input.seed_skseed_skprf_pkseed))
    expect(toHex(keys.publicKey)).toBe(wanted.public_key)
    expect(toHex(keys.secretKey)).toBe(wanted.secret_key)
    const signed = vectorOf('sphincs_sign', 'C05') as SphincsSignature
    const message = utf8(signed.input.message_ascii)
    const signature = sphincs192f.sign(keys.secretKey, message, bytes(signed.input.optrand))
    expect(signature.length).toBe(signed.expect.signature_len)
    expect(toHex(sha3_256(signature))).toBe(signed.expect.signature_sha3_256)
    expect(toHex(signature.subarray(0, 48))).toBe(signed.expect.signature_first_48)
    expect(sphincs192f.verify(keys.publicKey, message, signature)).toBe(true)
    expect(sphincs192f.verify(keys.publicKey, utf8('another'), signature)).toBe(false)
    const { slhDsa } = selectBackend()
    const isPure = slhDsa.verify('slh-dsa-sha2-192f', keys.publicKey, message, none, signature)
    expect(isPure).toBe(signed.expect.fips205_pure_verify_with_empty_ctx)
  })

  it('S01: a record of profile B', () => {
    interface SignedVector {
      readonly input: RecordInput
      readonly expect: {
        readonly signable_sha3_256: string
        readonly signature: string
        readonly wire: string
        readonly wire_len: number
        readonly record_hash: string
        readonly tile_path: string
      }
    }
    const { input, expect: wanted } = vectorOf('signed_record', 'S01') as SignedVector
    const { publicKey, secretKey } = dilithiumKeys()
    const unsigned = { ...fieldsOf({ ...input, public_key: '', signature: null }) }
    const fields = { ...unsigned, creatorKey: publicKey }
    const signature = dilithium3.sign(secretKey, signableBytes(fields))
    expect(toHex(signature)).toBe(wanted.signature)
    const wire = encodeRecord({ ...fields, signature })
    assert(wire.ok, 'strict writes it')
    expect(wire.value.length).toBe(wanted.wire_len)
    expect(toHex(wire.value)).toBe(wanted.wire)

    const read = decodeRecord(bytes(wanted.wire))
    assert(read.ok, 'strict reads it')
    const record = read.value
    expect(toHex(recordHash(record))).toBe(wanted.record_hash)
    expect(toHex(contentId(record))).toBe(wanted.signable_sha3_256)
    expect(tilePath(recordAddress(record))).toBe(wanted.tile_path)
    expect(recordAlgorithms(record)).toEqual({
      ok: true,
      value: { primary: 'dilithium3-r3', secondary: 'sphincs-sha2-192f-r3' },
    })
    const signed = signableBytes(record)
    expect(dilithium3.verify(record.creatorKey, signed, record.signature!)).toBe(true)
  })
})
