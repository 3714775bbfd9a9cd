import { assert, epochMs, toHex, utf8 } from '@kithnet/kernel'
import {
  type Classification,
  decodeIdentity,
  encodeIdentity,
  decodeMetadata,
  decodeRecord,
  encodeMetadata,
  encodeRecord,
  identityHash,
  idHashPrefix,
  MetadataFloat,
  parseTilePath,
  recordAddress,
  recordHash,
  sha3_256,
  signableBytes,
  tilePath,
  type WireFault,
} from '@kithnet/wire'
import { describe, expect, it } from 'vitest'
import { floatText } from '../src/float-text.ts'
import { uuid7Text } from '../src/uuid7.ts'
import {
  bitsOf,
  bytes,
  fieldsOf,
  floatOf,
  hasForeign,
  type RecordInput,
  vectorOf,
  vectorsOf,
} from './foreign-vectors.ts'

/** The message that elara-runtime has for a fault. Of those of JSON only the class is compared. */
function upstreamMessage(fault: WireFault): string {
  switch (fault.code) {
    case 'wire/truncated':
      return `Wire format error: unexpected EOF at offset ${fault.offset}, need ${fault.neededBytes} bytes`
    case 'wire/magic':
      return `Wire format error: invalid magic: ${fault.got}`
    case 'wire/version':
      return `Wire format error: unsupported wire version: ${fault.got}`
    case 'wire/classification':
      return `Wire format error: invalid classification: ${fault.got}`
    case 'wire/id':
      return 'Wire format error: invalid UTF-8'
    default:
      return fault.code.startsWith('wire/metadata') ? 'JSON error: ' : fault.code
  }
}

describe.skipIf(!hasForeign)('vectors of elara-runtime, where the folder is there', () => {
  interface Encoded {
    readonly input: RecordInput
    readonly expect: {
      readonly wire_len: number
      readonly wire_sha3_256: string
      readonly signable_len: number
      readonly signable_sha3_256: string
      readonly record_hash: string
      readonly tile_path: string
      readonly identity_hash: string
      readonly id_hash_prefix: string
      readonly wire?: string
      readonly signable?: string
    }
  }

  it.each(vectorsOf('encode') as readonly Encoded[])('$name', ({ input, expect: wanted }) => {
    const fields = fieldsOf(input)
    const wire = encodeRecord(fields, 'compatible')
    assert(wire.ok, 'compatible writes it')
    expect(wire.value.length).toBe(wanted.wire_len)
    expect(toHex(sha3_256(wire.value))).toBe(wanted.wire_sha3_256)
    if (wanted.wire !== undefined) expect(toHex(wire.value)).toBe(wanted.wire)
    const signable = signableBytes(fields, 'compatible')
    expect(signable.length).toBe(wanted.signable_len)
    expect(toHex(sha3_256(signable))).toBe(wanted.signable_sha3_256)
    if (wanted.signable !== undefined) expect(toHex(signable)).toBe(wanted.signable)
    expect(tilePath(recordAddress(fields))).toBe(wanted.tile_path)
    expect(identityHash(fields.creatorKey)).toBe(wanted.identity_hash)
    expect(toHex(idHashPrefix(fields.id))).toBe(wanted.id_hash_prefix)

    const read = decodeRecord(wire.value, 'compatible')
    if (!read.ok) return
    expect(toHex(recordHash(read.value))).toBe(wanted.record_hash)
    if (input.version === 1) expect(signableBytes(read.value)).toEqual(signable)
    const again = encodeRecord(read.value, 'compatible')
    expect(again.ok && again.value).toEqual(wire.value)
  })

  interface Decoded {
    readonly input: { readonly wire: string }
    readonly expect:
      | { readonly error: string }
      | {
          readonly error?: undefined
          readonly id: string
          readonly version: number
          readonly parents: readonly string[]
          readonly timestamp_bits: string
          readonly classification: number
          readonly metadata_canonical: string
          readonly signature_len: number | null
          readonly sphincs_len: number | null
          readonly zk_proof: string | null
          readonly reencodes_identically: boolean
          readonly reencoded_wire: string | null
        }
  }

  it.each(vectorsOf('decode') as readonly Decoded[])('$name', ({ input, expect: wanted }) => {
    const wire = bytes(input.wire)
    const read = decodeRecord(wire, 'compatible')
    if (wanted.error !== undefined) {
      assert(!read.ok, 'it is refused')
      const message = upstreamMessage(read.fault)
      if (message === 'JSON error: ') expect(wanted.error).toContain(message)
      else expect(message).toBe(wanted.error)
      expect(decodeRecord(wire).ok).toBe(false)
      return
    }
    assert(read.ok, 'it is accepted')
    const record = read.value
    expect(record.id).toBe(wanted.id)
    expect(record.version).toBe(wanted.version)
    expect(record.parents).toEqual(wanted.parents)
    expect(toHex(record.timestampBytes)).toBe(wanted.timestamp_bits)
    expect(record.classification).toBe(wanted.classification)
    const metadata = encodeMetadata(record.metadata, 'compatible')
    expect(metadata.ok && metadata.value).toEqual(utf8(wanted.metadata_canonical))
    expect(record.signature?.length ?? null).toBe(wanted.signature_len)
    expect(record.sphincsSignature?.length ?? null).toBe(wanted.sphincs_len)
    expect(record.zkProof === undefined ? null : toHex(record.zkProof)).toBe(wanted.zk_proof)
    const again = encodeRecord(record, 'compatible')
    assert(again.ok, 'what was read can be written')
    expect(toHex(again.value)).toBe(wanted.reencoded_wire ?? input.wire)
    expect(toHex(again.value) === input.wire).toBe(wanted.reencodes_identically)
    expect(toHex(record.bytes)).toBe(input.wire)
  })

  interface Path {
    readonly input: {
      readonly timestamp_bits: string
      readonly content_hash_prefix: string
      readonly content_hash_len: number
      readonly classification: Classification
    }
    readonly expect: { readonly path: string }
  }

  it.each(vectorsOf('tile_path') as readonly Path[])('$name', ({ input, expect: wanted }) => {
    const contentHash = new Uint8Array(input.content_hash_len)
    contentHash.set(bytes(input.content_hash_prefix))
    const { classification } = input
    const timestamp = floatOf(input.timestamp_bits)
    const address = recordAddress({ timestamp, contentHash, classification })
    expect(tilePath(address)).toBe(wanted.path)
    const parsed = parseTilePath(wanted.path, 'compatible')
    expect(parsed.ok && parsed.value).toEqual(address)
  })

  interface Parsed {
    readonly input: string
    readonly expect: { readonly ok?: string; readonly error?: string }
  }

  it.each(vectorsOf('parse_path') as readonly Parsed[])('$name', ({ input, expect: wanted }) => {
    const parsed = parseTilePath(input, 'compatible')
    if (parsed.ok) {
      const { year, month, day, shard, zone, classification, aiTier } = parsed.value
      const name = ['Public', 'Private', 'Restricted', 'Sovereign'][classification]
      expect(wanted.ok).toBe(
        `Address { year: ${year}, month: ${month}, day: ${day}, shard: ${shard}, zone: ${zone}, ` +
          `classification: ${name}, ai_tier: ${aiTier} }`,
      )
      const isCanonical = tilePath(parsed.value) === input && shard < 256
      expect(parseTilePath(input).ok).toBe(isCanonical)
      return
    }
    const { fault } = parsed
    if (fault.code === 'wire/classification') expect(wanted.error).toBe(upstreamMessage(fault))
    else if (fault.code === 'wire/path' && fault.part === 'length') {
      expect(wanted.error).toBe(`Address error: path too short: ${input}`)
    } else if (fault.code === 'wire/path') {
      expect(wanted.error).toContain(`Address error: invalid ${fault.part}: `)
    }
    expect(wanted.ok).toBeUndefined()
  })

  it('F01-float-to-text', () => {
    interface Row {
      readonly bits: string
      readonly text: string
    }
    const { rows } = vectorOf('number_text', 'F01') as { readonly rows: readonly Row[] }
    expect(rows.length).toBeGreaterThan(30)
    for (const { bits, text } of rows) expect(floatText(floatOf(bits)), bits).toBe(text)
  })

  it('F02-text-to-number-lossy', () => {
    interface Row {
      readonly text: string
      readonly kind: 'u64' | 'i64' | 'f64'
      readonly f64_bits: string
      readonly reserialised: string
      readonly error?: true
    }
    const { rows } = vectorOf('number_parse', 'F02') as { readonly rows: readonly Row[] }
    expect(rows.length).toBeGreaterThan(20)
    for (const row of rows) {
      const read = decodeMetadata(utf8(`{"f":${row.text}}`), 'compatible')
      expect(read.ok, row.text).toBe(row.error !== true)
      if (!read.ok) continue
      const value = read.value.get('f')
      const isFloat = value instanceof MetadataFloat
      expect(isFloat, row.text).toBe(row.kind === 'f64')
      const number = isFloat ? value.value : Number(value)
      expect(bitsOf(number), row.text).toBe(row.f64_bits)
      const again = encodeMetadata(read.value, 'compatible')
      expect(again.ok && again.value, row.text).toEqual(utf8(`{"f":${row.reserialised}}`))
    }
  })

  it('U01 and U02: UUIDs of version 7', () => {
    interface Uuid {
      readonly input: {
        readonly unix_ms: number
        readonly rand_a_hex: string
        readonly rand_b_hex62: string
        readonly counter42_hex: string
        readonly random32_hex: string
      }
      readonly expect: { readonly text: string }
    }
    const layout = vectorOf('uuid7', 'U01') as Uuid
    const low = BigInt(`0x${layout.input.rand_b_hex62}`) & (2n ** 62n - 1n)
    const high = BigInt(`0x${layout.input.rand_a_hex}`)
    const counter = Number((high << 30n) | (low >> 32n))
    const ms = epochMs(layout.input.unix_ms)
    expect(uuid7Text(ms, counter, Number(low & 0xffff_ffffn))).toBe(layout.expect.text)
    const { input, expect: wanted } = vectorOf('uuid7', 'U02') as Uuid
    const [count, random] = [input.counter42_hex, input.random32_hex].map((hex) =>
      parseInt(hex, 16),
    )
    expect(uuid7Text(input.unix_ms, count!, random!)).toBe(wanted.text)
  })

  it('H01-sha3', () => {
    const { rows } = vectorOf('sha3_256', 'H01') as {
      readonly rows: readonly { ascii: string; hex: string }[]
    }
    for (const { ascii, hex } of rows) expect(toHex(sha3_256(utf8(ascii)))).toBe(hex)
    expect(rows.length).toBeGreaterThan(4)
  })

  it('I01-identity-json', () => {
    interface IdentityVector {
      readonly input: { readonly public_key: string; readonly secret_key: string }
      readonly expect: { readonly identity_hash: string; readonly json: string }
    }
    const { input, expect: wanted } = vectorOf('identity_json', 'I01') as IdentityVector
    const read = decodeIdentity(wanted.json, 'compatible')
    assert(read.ok, 'compatible reads it')
    expect(toHex(read.value.publicKey)).toBe(input.public_key)
    expect(toHex(read.value.secretKey!)).toBe(input.secret_key)
    expect(identityHash(read.value.publicKey)).toBe(wanted.identity_hash)
    expect(encodeIdentity(read.value, 'compatible')).toBe(wanted.json)
    expect(encodeIdentity(read.value)).not.toContain('secret')
    expect(decodeIdentity(wanted.json)).toEqual({
      ok: false,
      fault: { code: 'wire/identity-field', field: 'secret_key' },
    })
  })
})
