import { type Bytes, instant, seededRng } from '@kithnet/kernel'
import { describe, expect, it } from 'vitest'
import {
  encodeFrame,
  type Frame,
  FrameReader,
  frameKind,
  maxRecordBytes,
} from '../../src/pq-channel/frames.ts'
import { aesSuite, chaChaSuite } from '../../src/pq-channel/primitives.ts'
import {
  defaultRatchetLimits,
  type RatchetLimits,
  type RecordContent,
  RecordOpener,
  RecordSealer,
} from '../../src/pq-channel/records.ts'
import { IdealWorld } from './ideal.ts'

const { primitives } = new IdealWorld('records')
const start = instant(0)

function pair(
  limits: RatchetLimits = defaultRatchetLimits,
  openerLimits: RatchetLimits = limits,
  suite = aesSuite,
): { sealer: RecordSealer; opener: RecordOpener } {
  const secret = primitives.random(32)
  return {
    sealer: new RecordSealer(primitives, suite, secret.slice(), start, limits),
    opener: new RecordOpener(primitives, suite, secret.slice(), openerLimits),
  }
}

function frameOf(bytes: Uint8Array): Frame {
  const reader = new FrameReader()
  reader.expectRecords()
  reader.push(bytes)
  const frame = reader.next()
  if (!frame.ok || frame.value === undefined) throw new Error('not a frame')
  return frame.value
}

function dataOf(content: RecordContent): Bytes {
  if (content.type !== 'data') throw new Error(`not data but ${content.type}`)
  return content.bytes
}

/** Opens frames and gives the bytes in them, or the code of the fault that ended it. */
function read(opener: RecordOpener, frames: readonly Uint8Array[]): number[] | string {
  const bytes: number[] = []
  for (const frame of frames) {
    const opened = opener.open(frameOf(frame))
    if (!opened.ok) return opened.fault.code
    if (opened.value.type === 'data') bytes.push(...opened.value.bytes)
  }
  return bytes
}

const unauthentic = 'transport/channel-unauthentic'

describe('records', () => {
  for (const suite of [aesSuite, chaChaSuite]) {
    it(`carry bytes of any length under ${suite.cipher}`, () => {
      const { sealer, opener } = pair(defaultRatchetLimits, defaultRatchetLimits, suite)
      const rng = seededRng(1)
      for (const length of [
        1,
        2,
        1_000,
        maxRecordBytes - 1,
        maxRecordBytes,
        maxRecordBytes + 1,
        200_000,
      ]) {
        const plaintext = rng.bytes(length)
        const frames = sealer.seal(plaintext, start)
        expect(frames).toHaveLength(Math.ceil(length / maxRecordBytes))
        const parts = frames.map((frame) => {
          const opened = opener.open(frameOf(frame))
          if (!opened.ok) throw new Error(opened.fault.code)
          return Buffer.from(dataOf(opened.value))
        })
        expect(Buffer.concat(parts).equals(Buffer.from(plaintext))).toBe(true)
      }
    })
  }

  it('cost 20 bytes each', () => {
    const { sealer } = pair()
    expect(sealer.seal(new Uint8Array(100), start)[0]).toHaveLength(120)
  })

  it('that are changed anywhere end the channel', () => {
    const secret = primitives.random(32)
    const seal = (): Uint8Array =>
      new RecordSealer(primitives, aesSuite, secret.slice(), start).seal(
        new Uint8Array(40),
        start,
      )[0]!
    const length = seal().length
    for (let at = 0; at < length; at++) {
      const frame = seal()
      frame[at]! ^= 1
      const reader = new FrameReader()
      reader.expectRecords()
      reader.push(frame)
      const next = reader.next()
      if (!next.ok || next.value === undefined) continue
      const opened = new RecordOpener(primitives, aesSuite, secret.slice()).open(next.value)
      expect(opened.ok, `byte ${at}`).toBe(false)
    }
  })

  it('are refused when repeated, left out, swapped or from the other direction', () => {
    const schedules: readonly (readonly number[])[] = [[0, 0], [1], [0, 2], [1, 0]]
    for (const schedule of schedules) {
      const { sealer, opener } = pair()
      const frames = [1, 2, 3].flatMap((byte) => sealer.seal(new Uint8Array([byte]), start))
      const result = read(
        opener,
        schedule.map((index) => frames[index]!),
      )
      expect(result, schedule.join()).toBe(unauthentic)
    }
    const { sealer } = pair()
    expect(read(pair().opener, sealer.seal(new Uint8Array(1), start))).toBe(unauthentic)
  })

  it('end with a goodbye that cannot be forged, repeated or followed', () => {
    const { sealer, opener } = pair()
    const frames = [...sealer.seal(new Uint8Array([1]), start), sealer.close()]
    expect(read(opener, frames.slice(0, 1))).toEqual([1])
    expect(opener.closed).toBe(false)
    expect(read(opener, frames.slice(1))).toEqual([])
    expect(opener.closed).toBe(true)
    expect(read(opener, frames.slice(1))).toBe('transport/channel-unexpected')
    const forged = Uint8Array.from(pair().sealer.close())
    expect(read(pair().opener, [forged])).toBe(unauthentic)
  })

  it('of other kinds, empty data and handshake messages are refused', () => {
    const { sealer, opener } = pair()
    const frame = Uint8Array.from(sealer.close())
    frame[0] = frameKind.data
    expect(read(opener, [frame])).toBe('transport/channel-frame-length')
    const close = pair()
    expect(close.opener.open({ kind: frameKind.hello, bytes: frame, body: frame }).ok).toBe(false)
  })
})

describe('the ratchet', () => {
  const small: RatchetLimits = { records: 4, bytes: 1_000, ageMs: 600_000 }

  it('turns after so many records, and so many bytes, and nothing is lost', () => {
    const { sealer, opener } = pair(small)
    const kinds: number[] = []
    for (let count = 0; count < 20; count++) {
      for (const frame of sealer.seal(new Uint8Array([count]), start)) {
        kinds.push(frame[0]!)
        expect(opener.open(frameOf(frame)).ok).toBe(true)
      }
    }
    const { data, ratchet } = frameKind
    expect(kinds.slice(0, 11)).toEqual([
      data,
      data,
      data,
      data,
      ratchet,
      data,
      data,
      data,
      data,
      ratchet,
      data,
    ])
    const big = sealer.seal(new Uint8Array(900), start)
    const more = sealer.seal(new Uint8Array(900), start)
    expect(more[0]![0]).toBe(ratchet)
    for (const frame of [...big, ...more]) expect(opener.open(frameOf(frame)).ok).toBe(true)
  })

  it('turns after ten minutes, but not on a key that protected nothing', () => {
    const { sealer, opener } = pair()
    const first = sealer.seal(new Uint8Array(1), instant(700_000))
    expect(first.map((frame) => frame[0])).toEqual([frameKind.data])
    const second = sealer.seal(new Uint8Array(1), instant(700_001))
    expect(second.map((frame) => frame[0])).toEqual([frameKind.ratchet, frameKind.data])
    const third = sealer.seal(new Uint8Array(1), instant(700_002))
    expect(third.map((frame) => frame[0])).toEqual([frameKind.data])
    expect(read(opener, [...first, ...second, ...third])).toEqual([0, 0, 0])
  })

  it('must turn in time: a peer that goes on with an old key is cut', () => {
    const lax = { ...small, records: 100 }
    const { sealer, opener } = pair(lax, small)
    const frames = Array.from({ length: 5 }, () => sealer.seal(new Uint8Array(1), start)[0]!)
    expect(read(opener, frames.slice(0, 4))).toEqual([0, 0, 0, 0])
    expect(read(opener, frames.slice(4))).toBe('transport/channel-ratchet')
    const bytes = pair({ ...small, bytes: 10_000 }, small)
    expect(read(bytes.opener, bytes.sealer.seal(new Uint8Array(1_001), start))).toBe(
      'transport/channel-ratchet',
    )
  })

  it('cannot be left out, repeated or turned idly', () => {
    const once = { ...small, records: 1 }
    const { sealer, opener } = pair(once)
    const first = sealer.seal(new Uint8Array([1]), start)
    const second = sealer.seal(new Uint8Array([2]), start)
    expect(read(opener, [first[0]!, second[1]!])).toBe('transport/channel-ratchet')
    const again = pair(small)
    const frames = Array.from({ length: 5 }, () =>
      again.sealer.seal(new Uint8Array(1), start),
    ).flat()
    expect(read(again.opener, [...frames.slice(0, 5), frames[4]!])).toBe(unauthentic)
  })

  it('makes other keys, from which the old ones cannot be had', () => {
    const secret = primitives.random(32)
    const one = new RecordSealer(primitives, aesSuite, secret.slice(), start, {
      ...small,
      records: 1,
    })
    const frames = [1, 1, 1].flatMap((byte) => one.seal(new Uint8Array([byte]), start))
    const bodies = frames
      .filter((frame) => frame[0] === frameKind.data)
      .map((frame) => frame.join())
    expect(new Set(bodies).size).toBe(3)
  })
})

describe('the frame reader', () => {
  const { hello, retry, answer, data, close } = frameKind

  it('refuses kinds that may not come now and impossible lengths before it keeps a body', () => {
    const cases: readonly (readonly ['handshake' | 'records', readonly number[], string])[] = [
      ['handshake', [0], 'transport/channel-frame'],
      ['handshake', [6], 'transport/channel-frame'],
      ['handshake', [255, 255, 255, 255], 'transport/channel-frame'],
      ['handshake', [data], 'transport/channel-frame'],
      ['handshake', [hello, 0, 255, 255], 'transport/channel-frame-length'],
      ['handshake', [answer, 1, 0, 0], 'transport/channel-frame-length'],
      ['handshake', [retry, 0, 0, 33], 'transport/channel-frame-length'],
      ['records', [hello], 'transport/channel-frame'],
      ['records', [data, 1, 0, 17], 'transport/channel-frame-length'],
      ['records', [close, 0, 0, 17], 'transport/channel-frame-length'],
    ]
    for (const [phase, bytes, code] of cases) {
      const reader = new FrameReader()
      if (phase === 'records') reader.expectRecords()
      reader.push(new Uint8Array(bytes))
      const next = reader.next()
      expect(next.ok ? undefined : next.fault.code, bytes.join()).toBe(code)
    }
  })

  it('puts frames together from pieces of any size', () => {
    const rng = seededRng('pieces')
    const sent = [10, 0, 30_000, 1, 5_000].map((length) => encodeFrame(data, rng.bytes(length)))
    const all = Buffer.concat(sent)
    for (const size of [1, 3, 1_000, 40_000]) {
      const reader = new FrameReader()
      reader.expectRecords()
      const got: Uint8Array[] = []
      for (let at = 0; at < all.length; at += size) {
        reader.push(Uint8Array.from(all.subarray(at, at + size)))
        for (;;) {
          const next = reader.next()
          if (!next.ok || next.value === undefined) break
          got.push(Uint8Array.from(next.value.bytes))
        }
      }
      expect(Buffer.concat(got).equals(all), `pieces of ${size}`).toBe(true)
      expect(got).toHaveLength(sent.length)
      expect(reader.bufferedBytes).toBe(0)
    }
  })
})
