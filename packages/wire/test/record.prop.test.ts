import { equalBytes, toHex } from '@kithnet/kernel'
import {
  type Classification,
  decodeRecord,
  encodeRecord,
  type Metadata,
  MetadataFloat,
  type MetadataValue,
  type Mode,
  RecordWriter,
  signableBytes,
  stableFloat,
} from '@kithnet/wire'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fuzzRecords } from './fuzz-records.ts'
import { sampleFields, strictBytes, strictRecord } from './sample-record.ts'

const uuid = fc
  .uint8Array({ minLength: 16, maxLength: 16 })
  .map(toHex)
  .map((hex) => hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'))

/** Characters of every length in UTF-8, and those that are escaped. */
const character = fc.constantFrom(
  ...['a', 'b', 'Z', '0', '"', '\\', '/', '\b', '\n', '\u0001', '\u001f', '\u007f', '\u00e9'],
  ...['\u07ff', '\u2028', '\ud7ff', '\uff5e', '\uffff', '\u{10000}', '\u{1f600}', '\u{10ffff}'],
)

const scalar: fc.Arbitrary<MetadataValue> = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(stableFloat),
  fc.string({ unit: character, maxLength: 12 }),
)

const { value } = fc.letrec<{ readonly value: MetadataValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, depthIdentifier: 'value' },
    { arbitrary: scalar, weight: 5 },
    { arbitrary: fc.array(tie('value'), { maxLength: 4, depthIdentifier: 'value' }), weight: 1 },
    { arbitrary: objectOf(tie('value')), weight: 1 },
  ),
}))

function objectOf(of: fc.Arbitrary<unknown>): fc.Arbitrary<Metadata> {
  const key = fc.string({ unit: character, maxLength: 8 })
  return fc
    .array(fc.tuple(key, of as fc.Arbitrary<MetadataValue>), {
      maxLength: 5,
      depthIdentifier: 'value',
    })
    .map((members) => new Map(members))
}

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })

const fields = fc.record({
  id: uuid,
  version: fc.constant(1),
  contentHash: bytes(32),
  creatorKey: fc.nat(255).map((byte) => new Uint8Array(1952).fill(byte)),
  timestamp: fc.double({ noNaN: true, noDefaultInfinity: true }),
  parents: fc.uniqueArray(uuid, { maxLength: 12 }),
  classification: fc.constantFrom<Classification>(0, 1, 2, 3),
  metadata: objectOf(value),
  zkProof: fc.option(fc.uint8Array({ minLength: 1, maxLength: 40 }), { nil: undefined }),
  signature: fc.constantFrom(undefined, new Uint8Array(3293).fill(1), new Uint8Array(3309).fill(2)),
  sphincsSignature: fc.constantFrom(undefined, new Uint8Array(35_664).fill(3)),
})

describe('strict records', () => {
  test('what is written is read with the same fields, and written again with the same bytes', () => {
    fc.assert(
      fc.property(fields, (original) => {
        const written = strictBytes(original)
        const record = strictRecord(written)
        expect(record.id).toBe(original.id)
        expect(record.contentHash).toEqual(original.contentHash)
        expect(record.creatorKey).toEqual(original.creatorKey)
        expect(record.timestamp).toBe(original.timestamp)
        expect(record.parents).toEqual(original.parents)
        expect(record.classification).toBe(original.classification)
        expect(sorted(record.metadata)).toEqual(sorted(original.metadata))
        expect(record.zkProof).toEqual(original.zkProof)
        expect(record.signature).toEqual(original.signature)
        expect(record.sphincsSignature).toEqual(original.sphincsSignature)
        expect(equalBytes(strictBytes(record), written)).toBe(true)
        const { id, version, contentHash, creatorKey, timestamp, parents } = record
        const { classification, metadata, zkProof, signature, sphincsSignature } = record
        const copy = { id, version, contentHash, creatorKey, timestamp, parents, classification }
        const all = { ...copy, metadata, zkProof, signature, sphincsSignature }
        expect(equalBytes(strictBytes(all), written)).toBe(true)
      }),
      { numRuns: 200 },
    )
  })

  test('compatible reads and writes the same bytes, and what is signed is the same in both modes', () => {
    const writer = new RecordWriter()
    fc.assert(
      fc.property(fields, (original) => {
        const written = strictBytes(original)
        const read = decodeRecord(written, 'compatible')
        const again = read.ok ? encodeRecord(read.value, 'compatible') : read
        expect(again.ok && equalBytes(again.value, written)).toBe(true)
        const signable = signableBytes(original)
        expect(equalBytes(signableBytes(strictRecord(written)), signable)).toBe(true)
        expect(equalBytes(signableBytes(original, 'compatible'), signable)).toBe(true)
        for (const mode of ['strict', 'compatible'] as const) {
          const own = read.ok ? writer.signable(read.value, mode) : read
          expect(own.ok && equalBytes(own.value, signable)).toBe(true)
        }
      }),
      { numRuns: 200 },
    )
  })

  test('every shorter form is refused, and every longer one', () => {
    const whole = strictBytes()
    for (let length = 0; length < whole.length; length++) {
      expect(decodeRecord(whole.subarray(0, length)).ok, `${length} bytes`).toBe(false)
    }
    expect(decodeRecord(Uint8Array.from([...whole, 0])).ok).toBe(false)
    expect(decodeRecord(whole).ok).toBe(true)
  })

  test('whatever strict accepts compatible accepts', () => {
    fc.assert(
      fc.property(fields, fc.nat(), fc.nat(255), (original, at, byte) => {
        const other = strictBytes(original)
        other[at % other.length] = byte
        if (decodeRecord(other).ok) expect(decodeRecord(other, 'compatible').ok).toBe(true)
      }),
      { numRuns: 500 },
    )
  })
})

describe('any bytes', () => {
  test('give a record or a fault, in both modes', () => {
    for (const mode of ['strict', 'compatible'] satisfies readonly Mode[]) {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 300 }), (any) => {
          const read = decodeRecord(any, mode)
          if (!read.ok) expect(read.fault.code).toMatch(/^wire\//)
        }),
        { numRuns: 1000 },
      )
    }
  })

  test('10,000 mutated records: see `npm run bench -- wire` for a million', () => {
    const outcome = fuzzRecords(10_000, 'test')
    expect(outcome.accepted).toBeGreaterThan(1000)
    expect(outcome.refused).toBeGreaterThan(1000)
    expect(outcome.codes.size).toBeGreaterThan(10)
  })
})

describe('a float that a strict record can keep', () => {
  const written = (kept: MetadataFloat) =>
    encodeRecord(sampleFields({ metadata: new Map([['f', kept]]) })).ok

  test('is there for every float', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (any) => {
        expect(written(stableFloat(any))).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })

  test('is at most two units in the last place away, of ordinary ones', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, min: 1e-6, max: 1e9 }), (any) => {
        const { value: kept } = stableFloat(any)
        expect(Math.abs(kept - any)).toBeLessThanOrEqual(any * 2 ** -51)
        if (written(new MetadataFloat(any))) expect(kept).toBe(any)
      }),
      { numRuns: 2000 },
    )
  })
})

/** Metadata as nested lists, so that the order of keys does not count. */
function sorted(of: MetadataValue): unknown {
  if (of instanceof Map) {
    const members: (readonly [string, unknown])[] = []
    for (const [key, member] of of) members.push([key, sorted(member as MetadataValue)])
    return members.toSorted(([a], [b]) => (a < b ? -1 : 1))
  }
  return Array.isArray(of) ? of.map((one) => sorted(one as MetadataValue)) : of
}
