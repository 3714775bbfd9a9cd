import { toHex } from '@kithnet/kernel'
import {
  contentId,
  decodeRecord,
  encodeMetadata,
  encodeRecord,
  installSha3_256,
  MetadataFloat,
  type MetadataValue,
  recordHash,
  RecordWriter,
  sha3_256,
  signableBytes,
} from '@kithnet/wire'
import { describe, expect, it } from 'vitest'
import { changed, sampleFields, strictBytes, strictRecord } from './sample-record.ts'

describe('reading', () => {
  const bytes = strictBytes()

  it('keeps the bytes and gives views into them', () => {
    const record = strictRecord(bytes)
    expect(record.bytes).toBe(bytes)
    expect(record.creatorKey.buffer).toBe(bytes.buffer)
    expect(record.metadata).toBe(record.metadata)
    expect(record.parents).toBe(record.parents)
    expect(record.zkProof).toBeUndefined()
  })

  it('reads a record within a larger frame', () => {
    const frame = new Uint8Array(bytes.length + 20)
    frame.set(bytes, 7)
    const record = strictRecord(frame.subarray(7, 7 + bytes.length))
    expect(record.id).toBe(sampleFields().id)
    expect(record.timestamp).toBe(sampleFields().timestamp)
    expect(record.signature).toEqual(sampleFields().signature)
    expect(record.metadata.get('key')).toBe('value')
    expect(toHex(recordHash(record))).toBe(toHex(sha3_256(bytes)))
  })

  it('says where the bytes end and what is missing', () => {
    expect(decodeRecord(bytes.subarray(0, 50))).toEqual({
      ok: false,
      fault: { code: 'wire/truncated', offset: 45, neededBytes: 32 },
    })
    expect(decodeRecord(new Uint8Array(0))).toEqual({
      ok: false,
      fault: { code: 'wire/truncated', offset: 0, neededBytes: 4 },
    })
  })

  it('says what is too much, before it is looked at', () => {
    expect(decodeRecord(new Uint8Array(65_537))).toEqual({
      ok: false,
      fault: { code: 'wire/too-long', got: 65_537, most: 65_536 },
    })
    expect(decodeRecord(changed(bytes, 2039, 1, 1))).toEqual({
      ok: false,
      fault: { code: 'wire/too-many-parents', got: 257, most: 256 },
    })
  })

  it('finds a parent that is named twice, of a few and of many', () => {
    for (const count of [2, 8, 9, 256]) {
      const parents = Array.from(
        { length: count },
        (_, index) => `019506e0-1234-7000-8000-${index.toString(16).padStart(12, '0')}`,
      )
      const whole = strictBytes(sampleFields({ parents }))
      expect(decodeRecord(whole).ok).toBe(true)
      const last = 2041 + 37 * (count - 1) + 1
      whole.copyWithin(last, 2042, 2042 + 36)
      expect(decodeRecord(whole)).toEqual({
        ok: false,
        fault: { code: 'wire/duplicate-parent', got: parents[0] },
      })
    }
  })

  it('keeps the bits of a timestamp that is no number', () => {
    const odd = changed(bytes, 2031, 0x7f, 0xf8, 0, 0, 0, 0, 1, 0x23)
    expect(decodeRecord(odd).ok).toBe(false)
    const read = decodeRecord(odd, 'compatible')
    const again = read.ok ? encodeRecord(read.value, 'compatible') : read
    expect(again.ok && again.value).toEqual(odd)
    expect(read.ok && read.value.timestamp).toBeNaN()
  })
})

describe('writing', () => {
  it('gives arrays of their own', () => {
    const first = strictBytes()
    const copy = first.slice()
    strictBytes(sampleFields({ id: '019506e0-1234-7000-8000-0000000000ff' }))
    signableBytes(sampleFields())
    expect(first).toEqual(copy)
  })

  it('through a writer gives a view that the next call overwrites', () => {
    const writer = new RecordWriter()
    const first = writer.record(sampleFields())
    const bytes = first.ok ? first.value.slice() : new Uint8Array(0)
    expect(strictRecord(bytes).id).toBe(sampleFields().id)
    const second = writer.signable(sampleFields())
    expect(first.ok && second.ok && first.value.buffer === second.value.buffer).toBe(true)
  })

  it('grows for compatible records that are longer than strict ones', () => {
    const zkProof = new Uint8Array(300_000).fill(9)
    const written = encodeRecord(sampleFields({ zkProof }), 'compatible')
    const read = written.ok ? decodeRecord(written.value, 'compatible') : written
    expect(read.ok && read.value.zkProof).toEqual(zkProof)
    expect(encodeRecord(sampleFields({ zkProof })).ok).toBe(false)
  })

  it('wraps the length of an id of 256 bytes, as the original does, so that nobody can read it', () => {
    const written = encodeRecord(sampleFields({ id: 'x'.repeat(256) }), 'compatible')
    expect(written.ok && written.value[8]).toBe(0)
    expect(written.ok && decodeRecord(written.value, 'compatible').ok).toBe(false)
  })

  it('of metadata that cannot be written throws where it is to be signed', () => {
    const metadata = new Map([['f', new MetadataFloat(0.9529413657043353)]])
    expect(encodeRecord(sampleFields({ metadata }))).toEqual({
      ok: false,
      fault: { code: 'wire/metadata-number', offset: 0 },
    })
    expect(() => signableBytes(sampleFields({ metadata }))).toThrow('[wire/metadata-number]')
  })
})

describe('metadata that is written', () => {
  const codeOf = (value: MetadataValue): string | undefined => {
    const written = encodeMetadata(new Map([['a', value]]))
    return written.ok ? undefined : written.fault.code
  }

  it('has no half of a surrogate pair, no number out of range, no endless number', () => {
    expect(codeOf('\ud800')).toBe('wire/metadata-form')
    expect(codeOf(2n ** 64n)).toBe('wire/metadata-number')
    expect(codeOf(-(2n ** 63n) - 1n)).toBe('wire/metadata-number')
    expect(codeOf(new MetadataFloat(Infinity))).toBe('wire/metadata-number')
    expect(codeOf(new Map([['\udc00', 1n]]))).toBe('wire/metadata-form')
  })

  it('in compatible mode has null for what is not finite', () => {
    const written = encodeMetadata(new Map([['a', new MetadataFloat(NaN)]]), 'compatible')
    expect(written.ok && new TextDecoder().decode(written.value)).toBe('{"a":null}')
  })

  it('counts what is in it once, however its keys are ordered', () => {
    const many = Array.from({ length: 500 }, () => 1n)
    const metadata = new Map<string, MetadataValue>([
      ['b', many],
      ['a', many],
    ])
    expect(encodeMetadata(metadata).ok).toBe(true)
    metadata.set('c', many)
    expect(encodeMetadata(metadata).ok).toBe(false)
  })
})

describe('hashes', () => {
  it('tell bytes from content: another order of parents has the same content', () => {
    const { parents } = sampleFields()
    const one = strictRecord(strictBytes())
    const other = strictRecord(strictBytes(sampleFields({ parents: parents.toReversed() })))
    expect(toHex(contentId(other))).toBe(toHex(contentId(one)))
    expect(toHex(recordHash(other))).not.toBe(toHex(recordHash(one)))
  })

  it('run on another implementation only when it is right', () => {
    const before = sha3_256(new Uint8Array(9))
    expect(installSha3_256(() => new Uint8Array(32))).toBe(false)
    expect(
      installSha3_256(() => {
        throw new Error('broken')
      }),
    ).toBe(false)
    expect(sha3_256(new Uint8Array(9))).toEqual(before)
    let calls = 0
    const counting = (message: Uint8Array) => {
      calls++
      return sha3(message)
    }
    expect(installSha3_256(counting)).toBe(true)
    calls = 0
    expect(sha3_256(new Uint8Array(9))).toEqual(before)
    expect(calls).toBe(1)
  })
})

const { sha3_256: sha3 } = (await import('@kithnet/identity')).selectBackend()
