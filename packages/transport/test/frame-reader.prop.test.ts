import { concat, seededRng, toHex } from '@kithnet/kernel'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { FrameReader } from '../src/frame-reader.ts'
import { encodeFrame, frameKind, shapeOf, writeUint32 } from '../src/frames.ts'
import { virtualLink } from './virtual-link.ts'

/** Everything a reader finds, as text. Pieces of one fragment are put together. */
function readAll(chunks: readonly Uint8Array[]): {
  readonly found: string[]
  readonly fault: unknown
} {
  const found: string[] = []
  let piece = ''
  const reader = new FrameReader({
    frame: (kind, stream, body) => found.push(`${kind} ${stream} ${toHex(body)}`) > 0,
    begin: (stream, messageBytes, fragmentBytes) =>
      found.push(`begin ${stream} ${messageBytes} ${fragmentBytes}`) > 0,
    more: (stream, fragmentBytes) => found.push(`more ${stream} ${fragmentBytes}`) > 0,
    piece: (stream, bytes, last) => {
      piece += toHex(bytes)
      if (last) found.push(`piece ${stream} ${piece}`)
      if (last) piece = ''
      return true
    },
  })
  for (const chunk of chunks) {
    const result = reader.push(chunk)
    if (result !== true) return { found, fault: result }
  }
  return { found, fault: undefined }
}

/** The bytes cut at these places. */
function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const sorted = [0, ...places.map((place) => place % (bytes.length + 1)), bytes.length].toSorted(
    (a, b) => a - b,
  )
  return sorted.slice(1).map((end, index) => bytes.subarray(sorted[index], end))
}

const frame = fc
  .tuple(
    fc.integer({ min: 1, max: 14 }),
    fc.integer({ min: 1, max: 0xffffffff }),
    fc.nat(300),
    fc.nat(255),
  )
  .map(([kind, stream, extra, fill]) => {
    const { least, most, ofStream } = shapeOf(kind)!
    const body = new Uint8Array(Math.min(most, least + extra)).fill(fill)
    if (kind === frameKind.start) writeUint32(body, 0, body.length * 3)
    return encodeFrame(kind, ofStream ? stream : 0, body)
  })

it('finds the same frames however the bytes are cut', () => {
  fc.assert(
    fc.property(
      fc.array(frame, { maxLength: 12 }),
      fc.array(fc.nat(), { maxLength: 20 }),
      (frames, places) => {
        const bytes = concat(...frames)
        const whole = readAll([bytes])
        expect(whole.fault).toBeUndefined()
        expect(readAll(cut(bytes, places))).toEqual(whole)
        expect(readAll(Array.from(bytes, (byte) => new Uint8Array([byte])))).toEqual(whole)
      },
    ),
    { numRuns: 150 },
  )
})

it('gives frames or a fault for any bytes', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 400 }),
      fc.array(fc.nat(), { maxLength: 5 }),
      (bytes, places) => {
        const { fault } = readAll(cut(bytes, places))
        if (fault !== undefined) {
          expect(fault).toHaveProperty(
            'code',
            expect.stringMatching(/^transport\/frame-(?:kind|length|stream)$/),
          )
        }
      },
    ),
    { numRuns: 2_000 },
  )
})

it('sheds 10,000 random and mutated frames with typed faults, and holds little meanwhile', () => {
  const rng = seededRng('frames')
  const seen = new Map<string, number>()
  let links = 0
  let frames = 0
  while (frames < 10_000) {
    const { time, near, far } = virtualLink()
    links++
    // What an honest peer sends, to be mutated.
    const honest: Uint8Array[] = []
    near.deliver = () => {}
    far.deliver = (bytes) => honest.push(bytes.slice())
    const stream = near.mux.open(rng.below(2) === 0 ? 'bulk' : 'pubsub')
    for (let index = 0; index < 4; index++) stream.send(rng.bytes(rng.below(70_000)))
    if (rng.below(2) === 0) stream.close().catch(() => {})
    time.runUntil(5)
    const victim = virtualLink().far
    for (const bytes of honest) {
      const copy = bytes.slice()
      for (let flips = rng.below(4); flips > 0; flips--)
        copy[rng.below(Math.min(copy.length, 40))]! ^= 1 << rng.below(8)
      victim.mux.receive(rng.below(10) === 0 ? rng.bytes(copy.length) : copy)
      frames++
      if (victim.wasCut) break
    }
    const code = victim.fault?.code ?? 'none'
    seen.set(code, (seen.get(code) ?? 0) + 1)
    expect(code === 'none' || code.startsWith('transport/'), code).toBe(true)
    expect(victim.mux.stats.queuedBytes).toBe(0)
  }
  expect(seen.size).toBeGreaterThan(5)
  expect(links).toBeGreaterThan(1_000)
}, 60_000)

it('delivers any messages on any streams, whole and in order', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ stream: fc.nat(2), length: fc.oneof(fc.nat(100), fc.nat(300_000)) }), {
        maxLength: 25,
      }),
      fc.integer({ min: 1, max: 20_000 }),
      (messages, step) => {
        const { time, near, far } = virtualLink()
        const { mux } = far
        far.deliver = (bytes) => {
          for (let at = 0; at < bytes.length; at += step) mux.receive(bytes.subarray(at, at + step))
        }
        const streams = (['membership', 'pubsub', 'bulk'] as const).map((streamClass) =>
          near.mux.open(streamClass),
        )
        const sent: string[][] = [[], [], []]
        const got: string[][] = [[], [], []]
        time.runUntil(1)
        for (const [index, stream] of far.streams.entries()) {
          stream.onMessage = (message) =>
            got[index]!.push(`${message.length} ${message[0]} ${message.at(-1)}`)
        }
        for (const [index, { stream, length }] of messages.entries()) {
          const message = new Uint8Array(length).fill(index)
          try {
            streams[stream]!.send(message)
          } catch {
            continue
          }
          sent[stream]!.push(`${message.length} ${message[0]} ${message.at(-1)}`)
        }
        time.runUntil(2)
        expect(far.fault).toBeUndefined()
        expect(got).toEqual(sent)
        expect(near.mux.stats.queuedBytes).toBe(0)
      },
    ),
    { numRuns: 60 },
  )
})
