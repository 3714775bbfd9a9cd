import { describe, expect, it } from 'vitest'
import { encodeFrame, frameKind, writeUint32 } from '../src/frames.ts'
import { virtualLink, type VirtualLink } from './virtual-link.ts'

const none = new Uint8Array(0)

function count(value: number): Uint8Array {
  const body = new Uint8Array(4)
  writeUint32(body, 0, value)
  return body
}

function start(total: number, bytes: number): Uint8Array {
  const body = new Uint8Array(4 + bytes)
  writeUint32(body, 0, total)
  return body
}

/** A link on which the far end has opened stream 2, and what the near end says to frames after that. */
function hostile(): { readonly link: VirtualLink; send(...frames: Uint8Array[]): unknown } {
  const link = virtualLink()
  link.time.runUntil(1)
  return {
    link,
    send(...frames) {
      for (const frame of frames) link.near.mux.receive(frame)
      link.time.runUntil(link.time.now + 1)
      return link.near.fault
    },
  }
}

const open = encodeFrame(frameKind.open, 2, new Uint8Array([1]))

describe('a peer that breaks a rule is cut', () => {
  it.each([
    ['a frame of no kind', [new Uint8Array([99])], { code: 'transport/frame-kind', kind: 99 }],
    ['kind 0', [new Uint8Array([0])], { code: 'transport/frame-kind', kind: 0 }],
    [
      'accepting twice',
      [encodeFrame(frameKind.accept, 0, new Uint8Array(81))],
      { code: 'transport/frame-kind', kind: 1 },
    ],
    [
      'a fragment that is too long',
      [new Uint8Array([frameKind.whole, 1, 0, 1, 0, 0, 0, 2])],
      { code: 'transport/frame-length', kind: 4, gotBytes: 65_537 },
    ],
    [
      'an empty part',
      [open, encodeFrame(frameKind.part, 2, none)],
      { code: 'transport/frame-length', kind: 6, gotBytes: 0 },
    ],
    [
      'a beginning without bytes',
      [open, encodeFrame(frameKind.start, 2, count(70_000))],
      { code: 'transport/frame-length', kind: 5, gotBytes: 4 },
    ],
    [
      'a message on the link itself',
      [encodeFrame(frameKind.whole, 0, none)],
      { code: 'transport/frame-stream', kind: 4, stream: 0 },
    ],
    [
      'a ping on a stream',
      [encodeFrame(frameKind.ping, 2, count(1))],
      { code: 'transport/frame-stream', kind: 12, stream: 2 },
    ],
    [
      'a message for no stream',
      [encodeFrame(frameKind.whole, 2, none)],
      { code: 'transport/frame-stream', kind: 4, stream: 2 },
    ],
    [
      'an end for no stream',
      [encodeFrame(frameKind.end, 2, none)],
      { code: 'transport/frame-stream', kind: 7, stream: 2 },
    ],
    [
      'credit for no stream',
      [encodeFrame(frameKind.credit, 2, count(1))],
      { code: 'transport/frame-stream', kind: 10, stream: 2 },
    ],
    [
      'a reset of no stream',
      [encodeFrame(frameKind.reset, 2, none)],
      { code: 'transport/frame-stream', kind: 9, stream: 2 },
    ],
    [
      'opening one of our ids',
      [encodeFrame(frameKind.open, 1, new Uint8Array([0]))],
      { code: 'transport/frame-stream', kind: 3, stream: 1 },
    ],
    ['opening an id twice', [open, open], { code: 'transport/frame-stream', kind: 3, stream: 2 }],
    [
      'a class that is none',
      [encodeFrame(frameKind.open, 2, new Uint8Array([3]))],
      { code: 'transport/frame-field', kind: 3, field: 'class' },
    ],
    [
      'a message after the end',
      [open, encodeFrame(frameKind.end, 2, none), encodeFrame(frameKind.whole, 2, none)],
      { code: 'transport/frame-stream', kind: 4, stream: 2 },
    ],
    [
      'two ends',
      [open, encodeFrame(frameKind.end, 2, none), encodeFrame(frameKind.end, 2, none)],
      { code: 'transport/fragment', stream: 2 },
    ],
    [
      'an end within a message',
      [
        open,
        encodeFrame(frameKind.start, 2, start(70_000, 10)),
        encodeFrame(frameKind.end, 2, none),
      ],
      { code: 'transport/fragment', stream: 2 },
    ],
    [
      'a confirmation of no end',
      [open, encodeFrame(frameKind.ended, 2, none)],
      { code: 'transport/frame-stream', kind: 8, stream: 2 },
    ],
    [
      'a part without a beginning',
      [open, encodeFrame(frameKind.part, 2, new Uint8Array(9))],
      { code: 'transport/fragment', stream: 2 },
    ],
    [
      'a whole message within another',
      [
        open,
        encodeFrame(frameKind.start, 2, start(70_000, 10)),
        encodeFrame(frameKind.whole, 2, none),
      ],
      { code: 'transport/fragment', stream: 2 },
    ],
    [
      'two beginnings',
      [
        open,
        encodeFrame(frameKind.start, 2, start(70_000, 10)),
        encodeFrame(frameKind.start, 2, start(70_000, 10)),
      ],
      { code: 'transport/fragment', stream: 2 },
    ],
    [
      'more than was announced',
      [
        open,
        encodeFrame(frameKind.start, 2, start(12, 10)),
        encodeFrame(frameKind.part, 2, new Uint8Array(3)),
      ],
      { code: 'transport/fragment', stream: 2 },
    ],
    [
      'a message that is too long',
      [open, encodeFrame(frameKind.start, 2, start(1_200_001, 10))],
      { code: 'transport/message-too-large', gotBytes: 1_200_001, maxBytes: 1_200_000 },
    ],
    [
      'credit beyond reason',
      [open, encodeFrame(frameKind.credit, 2, count(0xffffffff))],
      { code: 'transport/credit-overflow', stream: 2 },
    ],
    [
      'an acknowledgement of what was not sent',
      [encodeFrame(frameKind.ack, 0, count(1))],
      { code: 'transport/ack-overflow' },
    ],
    [
      'an answer to no ping',
      [encodeFrame(frameKind.pong, 0, count(7))],
      { code: 'transport/frame-field', kind: 13, field: 'token' },
    ],
    [
      'a message after goodbye',
      [open, encodeFrame(frameKind.goodbye, 0, none), encodeFrame(frameKind.whole, 2, none)],
      { code: 'transport/after-goodbye' },
    ],
    [
      'a second goodbye',
      [encodeFrame(frameKind.goodbye, 0, none), encodeFrame(frameKind.goodbye, 0, none)],
      { code: 'transport/after-goodbye' },
    ],
  ])('%s', (_what, frames, fault) => {
    expect(hostile().send(...frames)).toEqual(fault)
  })

  it('sending beyond its credit', () => {
    const { link, send } = hostile()
    send(open)
    link.near.streams[0]!.pause()
    const frame = encodeFrame(frameKind.whole, 2, new Uint8Array(65_000))
    const faults = Array.from({ length: 20 }, () => send(frame))
    expect(faults.find(Boolean)).toEqual({ code: 'transport/credit-exceeded', stream: 2 })
  })

  it('opening more streams than allowed', () => {
    const { send } = hostile()
    const opens = Array.from({ length: 65 }, (_, index) =>
      encodeFrame(frameKind.open, 2 + index * 2, new Uint8Array([2])),
    )
    expect(send(...opens.slice(0, 64))).toBeUndefined()
    expect(send(opens[64]!)).toEqual({ code: 'transport/too-many-streams', max: 64 })
  })

  it('making answers necessary and not reading them', () => {
    const { link, send } = hostile()
    const resets = Array.from({ length: 9_000 }, (_, index) => [
      encodeFrame(frameKind.open, 2 + index * 2, new Uint8Array([2])),
      encodeFrame(frameKind.reset, 2 + index * 2, none),
    ]).flat()
    for (const frame of resets) link.near.mux.receive(frame)
    expect(send()).toEqual({ code: 'transport/control-flood', maxBytes: 65_536 })
  })

  it('silence', () => {
    const { time, near, far } = virtualLink()
    time.runUntil(100)
    far.deliver = () => {}
    near.deliver = () => {}
    time.runUntil(24_000)
    expect(near.fault).toBeUndefined()
    time.runUntil(26_000)
    expect([near.fault, far.fault]).toEqual(
      Array.from({ length: 2 }, () => ({ code: 'transport/silent', silentMs: 25_000 })),
    )
  })
})

describe('a link', () => {
  it('stays up on keepalives alone, for little', () => {
    const { time, near, far } = virtualLink({
      delayMs: 20,
      bytesPerMs: 1_250,
      bufferBytes: 524_288,
    })
    time.runUntil(600_000)
    expect([near.fault, far.fault]).toEqual([undefined, undefined])
    expect(near.mux.stats.roundTripMs).toBeCloseTo(40, 0)
    expect(near.mux.stats.bytesSent).toBeLessThan(3_000)
  })

  it('answers only the last of many pings', () => {
    const { link, send } = hostile()
    const before = link.near.mux.stats.bytesSent
    for (let token = 0; token < 10_000; token++) {
      link.near.mux.receive(encodeFrame(frameKind.ping, 0, count(token)))
    }
    expect(send()).toBeUndefined()
    expect(link.near.mux.stats.bytesSent - before).toBeLessThan(100)
  })

  it('puts many small messages into few writes', () => {
    const { time, near, far } = virtualLink()
    let writes = 0
    const { receive } = far.mux
    far.deliver = (bytes) => {
      writes++
      receive.call(far.mux, bytes)
    }
    time.runUntil(1)
    writes = 0
    const stream = near.mux.open('pubsub')
    for (let index = 0; index < 1_000; index++) stream.send(new Uint8Array(100))
    time.runUntil(2)
    // 110 KB in pieces of 16 KB, as the wire cuts them.
    expect(writes).toBeLessThan(12)
  })

  it('gives lower classes at least a fifth of a busy link', () => {
    const { time, near, far } = virtualLink({ delayMs: 1, bytesPerMs: 1_000, bufferBytes: 65_536 })
    const urgent = near.mux.open('membership')
    const bulk = near.mux.open('bulk')
    const refill = (): void => {
      while (urgent.queuedBytes < 200_000) urgent.send(new Uint8Array(1_000))
      time.at(time.now + 1, refill)
    }
    time.at(0, refill)
    bulk.send(new Uint8Array(10_000_000))
    time.runUntil(5_000)
    const sent = near.mux.stats.bytesSent
    const bulkSent = 10_000_000 - bulk.queuedBytes
    expect(bulkSent / sent).toBeGreaterThan(0.19)
    expect(bulkSent / sent).toBeLessThan(0.25)
    expect(far.fault).toBeUndefined()
  })

  it('shares a class among its streams', () => {
    const { time, near } = virtualLink({ delayMs: 1, bytesPerMs: 1_000, bufferBytes: 65_536 })
    const streams = Array.from({ length: 4 }, () => near.mux.open('bulk'))
    for (const stream of streams) stream.send(new Uint8Array(10_000_000))
    time.runUntil(4_000)
    const sent = streams.map((stream) => 10_000_000 - stream.queuedBytes)
    expect(Math.max(...sent) / Math.min(...sent)).toBeLessThan(1.2)
  })

  it('holds a hostile sender of unfinished messages to a bound', () => {
    const { time, near, far } = virtualLink(
      { delayMs: 1, bytesPerMs: 1e6, bufferBytes: 524_288 },
      {
        maxBulkMessageBytes: 4_000_000,
        linkQueueMaxBytes: { membership: 1e6, pubsub: 1e6, bulk: 1e9 },
        maxAssemblyBytes: 8_000_000,
      },
    )
    // Each stream sends all but the last bytes of a long message, as far as credit goes.
    time.runUntil(5)
    near.deliver = () => {}
    const streams = Array.from({ length: 40 }, () => near.mux.open('bulk'))
    for (const stream of streams) stream.send(new Uint8Array(4_000_000))
    time.runUntil(400)
    expect(far.fault).toBeUndefined()
    expect(far.mux.stats.bytesReceived).toBeLessThan(40 * 131_072 + 8_000_000 + 4_194_304)
  })

  it('finishes all of them when their sender is honest', () => {
    const { time, near, far } = virtualLink(
      { delayMs: 1, bytesPerMs: 1e6, bufferBytes: 524_288 },
      {
        maxBulkMessageBytes: 4_000_000,
        linkQueueMaxBytes: { membership: 1e6, pubsub: 1e6, bulk: 1e9 },
        maxAssemblyBytes: 4_000_000,
        queueMaxBytes: { membership: 1e6, pubsub: 1e6, bulk: 1e8 },
      },
    )
    const streams = Array.from({ length: 20 }, () => near.mux.open('bulk'))
    for (const stream of streams) stream.send(new Uint8Array(2_000_000))
    time.runUntil(2)
    let received = 0
    for (const stream of far.streams) stream.onMessage = (message) => (received += message.length)
    time.runUntil(10_000)
    expect([received, far.fault]).toEqual([40_000_000, undefined])
  })
})
