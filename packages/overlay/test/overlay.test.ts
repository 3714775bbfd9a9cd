import { describe, expect, it } from 'vitest'
import { toHex } from '@kithnet/kernel'
import { encodeDescriptor, forkedPeer, networkId, type Signed } from '@kithnet/types'
import {
  channelOf,
  decodeFrame,
  encodeFrame,
  overlayConfig,
  type OverlayMessage,
} from '@kithnet/overlay'
import {
  descriptorOf,
  neighbour,
  network,
  news,
  person,
  sign,
  someAddress,
  Subject,
  verifies,
  written,
} from './subject.ts'

const [a, b, stranger, author] = [person('a'), person('b'), person('stranger'), person('author')]

const keys = (...keysOf: readonly { publicKey: Uint8Array }[]): OverlayMessage => ({
  type: 'keys',
  keys: keysOf.map(({ publicKey }) => publicKey),
})

describe('an overlay', () => {
  it('signs and checks its own descriptor before it joins, and again when its addresses change', () => {
    const subject = new Subject()
    subject.feed({ type: 'join', contacts: [{ peer: a.peer, addresses: [] }] })
    expect(subject.sent).toEqual([])
    subject.settle()
    expect(subject.sentTo(a).map(({ type }) => type)).toContain('membership')
    subject.feed({ type: 'addresses', addresses: [someAddress('elsewhere')] })
    expect(subject.outputs.some((output) => output.type === 'sign')).toBe(true)
    subject.settle()
  })

  it('takes part once it has addresses, without a contact', () => {
    const subject = new Subject()
    subject.feed({ type: 'addresses', addresses: [someAddress('here')] })
    subject.settle()
    subject.feed({ type: 'linkUp', peer: a.peer, publicKey: a.publicKey })
    subject.from(a, neighbour(a))
    subject.settle()
    expect(subject.overlay.snapshot().activeView).toEqual([a.peer])
  })

  it('tells broadcast who the neighbours are', () => {
    const subject = Subject.among([a, b])
    const view = subject.overlay.snapshot()
    expect(view.neighbours.map(({ peer }) => peer)).toEqual([a.peer, b.peer])
    subject.feed({ type: 'linkDown', peer: a.peer, cause: 'reset' })
    expect(subject.overlay.snapshot().neighbours.map(({ peer }) => peer)).toEqual([b.peer])
    expect(subject.has('neighbourDown')).toBe(true)
  })

  it('delivers and forwards what a neighbour brings, as the bytes that came', () => {
    const subject = Subject.among([a, b])
    const messages = written(a, 'hello')
    subject.from(a, ...messages)
    expect(subject.texts).toEqual([])
    subject.settle()
    expect(subject.texts).toEqual(['hello'])
    const forwarded = subject.sent.filter(({ to }) => to === b.peer).map(({ message }) => message)
    const hex = (message: OverlayMessage): string => toHex(encodeFrame(message))
    expect(forwarded.slice(-2).map(hex)).toEqual(messages.map(hex))
  })

  it('copies what it keeps out of a frame', () => {
    const subject = Subject.among([a, b])
    const [batch, eager] = written(a, 'hello').map((message) => encodeFrame(message).slice())
    subject.feed({ type: 'frame', from: a.peer, bytes: batch! })
    subject.feed({ type: 'frame', from: a.peer, bytes: eager! })
    batch!.fill(0)
    eager!.fill(0)
    subject.settle()
    expect(subject.texts).toEqual(['hello'])
  })

  it('publishes, and says to how many', () => {
    const subject = Subject.among([a, b])
    subject.feed({ type: 'publish', token: 1, topic: news, payload: Uint8Array.of(1) })
    subject.settle()
    const published = subject.outputs.filter((output) => output.type === 'published')
    expect(published.at(-1)).toMatchObject({ token: 1, status: 'sent', peers: 2 })
  })

  it('leaves', () => {
    const subject = Subject.among([a, b])
    subject.feed({ type: 'leave' })
    expect(subject.sentTo(a).map(({ type }) => type)).toEqual(['membership'])
    expect(subject.overlay.snapshot().activeView).toEqual([])
  })
})

describe('keys', () => {
  it('fetches an unknown key from the link that delivered, once, and keeps it', () => {
    const subject = Subject.among([a, b])
    subject.from(a, ...written(author, 'one'))
    subject.from(b, ...written(author, 'one'))
    expect(subject.sentTo(a).filter(({ type }) => type === 'wantKeys')).toEqual([
      { type: 'wantKeys', peers: [author.peer] },
    ])
    expect(subject.sentTo(b).filter(({ type }) => type === 'wantKeys')).toEqual([])
    subject.from(a, keys(author))
    subject.settle()
    expect(subject.texts).toEqual(['one'])
    subject.sent = []
    subject.from(b, ...written(author, 'two', 1))
    subject.settle()
    expect(subject.texts).toEqual(['one', 'two'])
    expect(subject.sent.some(({ message }) => message.type === 'wantKeys')).toBe(false)
  })

  it('gives the keys that it has, its own among them', () => {
    const subject = Subject.among([a, b])
    subject.from(b, { type: 'wantKeys', peers: [a.peer, subject.me.peer, stranger.peer] })
    expect(subject.sentTo(b)).toEqual([keys(a, subject.me)])
  })

  it('asks the next deliverer beside a silent one, and blames that one after two round trips', () => {
    const subject = Subject.among([a, b])
    for (const { peer } of [a, b]) subject.feed({ type: 'roundTrip', peer, ms: 20 })
    subject.from(a, ...written(author, 'one'))
    subject.from(b, ...written(author, 'one'))
    subject.pass(40)
    expect(subject.sentTo(b).some(({ type }) => type === 'wantKeys')).toBe(true)
    expect(subject.faults(a)).toEqual([])
    subject.from(b, keys(author))
    subject.settle()
    expect(subject.texts).toEqual(['one'])

    const alone = Subject.among([a, b])
    alone.feed({ type: 'roundTrip', peer: a.peer, ms: 20 })
    alone.from(a, ...written(author, 'one'))
    alone.pass(80)
    expect(alone.faults(a)).toContain('overlay/key-withheld')
    expect(alone.overlay.snapshot().unverified).toBe(0)
  })

  it('does not believe a key that is not the one asked for', () => {
    const subject = Subject.among([a])
    subject.from(a, ...written(author, 'one'))
    subject.from(a, keys(stranger))
    subject.settle()
    expect(subject.texts).toEqual([])
    expect(subject.overlay.snapshot().knownKeys).toBe(2)
  })

  it('keeps a key out until it has verified something', () => {
    const subject = Subject.among([a])
    const [batch, message] = written(author, 'one')
    if (batch?.type !== 'pubsub' || batch.message.type !== 'batch') throw new Error('no batch')
    const forged = sign(stranger, 'batch', batch.message.signed.body)
    subject.from(a, { type: 'pubsub', message: { type: 'batch', signed: forged } }, message!)
    subject.from(a, keys(author))
    const before = subject.overlay.snapshot().knownKeys
    subject.settle()
    expect(subject.overlay.snapshot().knownKeys).toBe(before)
    expect(subject.faults(a)).toEqual(['pubsub/forged-batch'])
  })

  it('has at most eight unknown authors of one link under way', () => {
    const subject = Subject.among([a])
    for (let index = 0; index < 12; index++)
      subject.from(a, ...written(person(`unknown ${index}`), 'x'))
    const wanted = subject
      .sentTo(a)
      .flatMap((message) => (message.type === 'wantKeys' ? message.peers : []))
    expect(wanted).toHaveLength(8)
    expect(subject.faults(a)).toEqual(['overlay/too-many-unknown'])
  })

  it('takes the key that a session has proven, and only if it is the peer’s', () => {
    const subject = new Subject()
    subject.feed({ type: 'linkUp', peer: a.peer, publicKey: b.publicKey })
    expect(subject.overlay.snapshot().knownKeys).toBe(1)
    subject.feed({ type: 'linkUp', peer: a.peer, publicKey: a.publicKey })
    expect(subject.overlay.snapshot().knownKeys).toBe(2)
  })
})

describe('descriptors', () => {
  it('are verified before membership sees them', () => {
    const subject = Subject.among([])
    subject.feed({ type: 'linkUp', peer: a.peer })
    subject.from(a, neighbour(a))
    expect(subject.sentTo(a)).toEqual([{ type: 'wantKeys', peers: [a.peer] }])
    expect(subject.overlay.snapshot().activeView).toEqual([])
    subject.from(a, keys(a))
    expect(subject.overlay.snapshot().activeView).toEqual([])
    subject.settle()
    expect(subject.overlay.snapshot().activeView).toEqual([a.peer])
  })

  it('cost their deliverer its link when they are forged or of another network', () => {
    for (const [signed, code] of [
      [sign(stranger, 'descriptor', descriptorOf(a).body), 'overlay/forged-descriptor'],
      [descriptorOf(a, 1, networkId('another')), 'overlay/wrong-network'],
    ] as const) {
      const subject = Subject.among([a])
      subject.from(a, { type: 'membership', value: [3, [signed.body, signed.signature], 1] })
      subject.settle()
      expect(subject.faults(a)).toEqual([code])
      expect(subject.has('shed')).toBe(true)
    }
  })

  it('do not hold back the answer to a probe', () => {
    const subject = Subject.among([a])
    const { body, signature } = descriptorOf(stranger)
    subject.from(a, { type: 'membership', value: [16, 77, [[0, [body, signature]]]] })
    const values = subject
      .sentTo(a)
      .flatMap((message) => (message.type === 'membership' ? [message.value] : []))
    expect(values.some((value) => Array.isArray(value) && value[0] === 17 && value[1] === 77)).toBe(
      true,
    )
    expect(subject.sentTo(a).some(({ type }) => type === 'wantKeys')).toBe(true)
  })
})

describe('links', () => {
  it('are cut when their score is spent, not heard any more, and refused while the ban lasts', () => {
    const subject = Subject.among([a, b])
    for (let count = 0; count < 4; count++) {
      subject.feed({ type: 'frame', from: a.peer, bytes: Uint8Array.of(0xff, count) })
    }
    expect(subject.faults(a)).toHaveLength(4)
    expect(subject.has('shed')).toBe(true)
    subject.outputs = []
    subject.from(a, ...written(a, 'more'))
    subject.settle()
    expect(subject.outputs).toEqual([])
    subject.feed({ type: 'linkDown', peer: a.peer, cause: 'reset' })
    subject.feed({ type: 'linkUp', peer: a.peer, publicKey: a.publicKey })
    expect(subject.outputs).toContainEqual({
      type: 'shed',
      peer: a.peer,
      fault: { code: 'overlay/banned' },
    })
  })

  it('have buckets of bytes and frames on each lane before anything is decoded', () => {
    const { lanes } = overlayConfig('lan')
    const few = { ...lanes.normal, framesPerSecond: 10, burstFrames: 3 }
    const subject = Subject.among([a], { lanes: { ...lanes, normal: few } })
    for (let count = 0; count < 20; count++) {
      subject.feed({ type: 'frame', from: a.peer, bytes: encodeFrame(written(a, `${count}`)[1]!) })
    }
    // The rest costs one complaint a second, and other lanes are as open as before.
    expect(subject.faults(a)).toEqual(['overlay/over-rate'])
    subject.from(a, { type: 'pubsub', message: { type: 'prune', source: a.peer } })
    subject.from(a, { type: 'membership', value: [5, 0] })
    expect(subject.faults(a)).toEqual(['overlay/over-rate'])
    expect(subject.overlay.snapshot().activeView).toEqual([])
    const small = { ...lanes.normal, bytesPerSecond: 10_000, burstBytes: 10_000 }
    const bytes = Subject.among([a], { lanes: { ...lanes, normal: small } })
    bytes.feed({ type: 'frame', from: a.peer, bytes: new Uint8Array(20_000) })
    expect(bytes.faults(a)).toEqual(['overlay/over-rate'])
  })

  it('of a graylisted peer carry proof of life and nothing else, for a stated time', () => {
    const subject = Subject.among([a, b])
    for (let count = 0; count < 3; count++) {
      subject.feed({ type: 'frame', from: a.peer, bytes: Uint8Array.of(0xff, count) })
    }
    // A comparison of history that breaks the rules.
    const sync = {
      type: 'sync',
      nonce: 1,
      fromOpener: true,
      heldSince: 0,
      value: [1, 2, 3],
    } as const
    subject.from(a, { type: 'pubsub', message: sync })
    expect(subject.overlay.snapshot().neighbours[0]).toMatchObject({ standing: 'graylisted' })
    subject.sent = []
    subject.from(a, ...written(a, 'unheard'))
    subject.from(a, { type: 'membership', value: [16, 7, []] })
    subject.settle()
    expect(subject.texts).toEqual([])
    expect(subject.sentTo(a).map(({ type }) => type)).toEqual(['membership'])
    subject.pass(62_000)
    subject.from(a, ...written(a, 'heard'))
    subject.settle()
    expect(subject.texts).toEqual(['heard'])
  })

  it('are not looked for by membership while a ban lasts', () => {
    const subject = Subject.among([a, b])
    for (let count = 0; count < 4; count++) {
      subject.feed({ type: 'frame', from: a.peer, bytes: Uint8Array.of(0xff, count) })
    }
    subject.feed({ type: 'linkDown', peer: a.peer, cause: 'reset' })
    subject.sent = []
    const [from, about] = [descriptorOf(b), descriptorOf(a)].map(({ body, signature }) => [
      body,
      signature,
    ])
    subject.from(b, { type: 'membership', value: [6, from!, 1, 0, [about!]] })
    subject.settle()
    subject.pass(5_000)
    expect(subject.overlay.snapshot().passiveView).toEqual([])
    expect(subject.sentTo(a)).toEqual([])
  })

  it('carry keys and membership before broadcast', () => {
    expect(channelOf(keys(a))).toBe('membership')
    expect(channelOf(neighbour(a))).toBe('membership')
    expect(channelOf(written(a, 'x')[0]!)).toBe('pubsub')
  })
})

describe('frames', () => {
  it('above the bound are refused unread', () => {
    expect(decodeFrame(new Uint8Array(131_073))).toMatchObject({
      ok: false,
      fault: { code: 'types/cbor-too-long' },
    })
  })

  it('of the same message are made once', () => {
    const [batch] = written(a, 'x')
    expect(encodeFrame(batch!)).toBe(encodeFrame(batch!))
  })
})

describe('two descriptors for one life and epoch', () => {
  const moved = (where: string, epoch = 1) =>
    sign(
      stranger,
      'descriptor',
      encodeDescriptor({
        network,
        peer: stranger.peer,
        incarnation: 1,
        addresses: [someAddress(where)],
        epoch,
      }),
    )
  /** A shuffle in which a neighbour tells where somebody is. */
  const told = ({ body, signature }: Signed): OverlayMessage => {
    const { body: own, signature: ownSignature } = descriptorOf(a)
    const value = [6, [own, ownSignature], 7, 1, [[body, signature]]]
    return { type: 'membership', value }
  }
  const learned = (subject: Subject): readonly string[] =>
    subject.outputs.flatMap((output) =>
      output.type === 'learned' && output.peer === stranger.peer ? output.addresses : [],
    )
  it('are evidence, which anybody can check, and neither is believed', () => {
    const subject = Subject.among([a])
    const [one, other] = [moved('here'), moved('there')]
    subject.from(a, told(one))
    subject.from(a, keys(stranger))
    subject.settle()
    expect(subject.overlay.snapshot().passiveView).toContain(stranger.peer)
    subject.from(a, told(other))
    subject.settle()
    const fork = subject.outputs.find((output) => output.type === 'descriptorFork')
    expect(fork).toMatchObject({ peer: stranger.peer })
    if (fork?.type !== 'descriptorFork') throw new Error('no fork')
    const [first, second] = fork.evidence
    expect(forkedPeer(first.body, second.body)).toBe(stranger.peer)
    for (const signed of fork.evidence) expect(verifies(stranger, signed)).toBe(true)
    expect(subject.overlay.snapshot().passiveView).not.toContain(stranger.peer)
    // Whoever told of it is not to blame.
    expect(subject.faults(a)).toEqual([])
    subject.outputs = []
    subject.from(a, told(one), told(moved('elsewhere', 9)))
    subject.settle()
    expect(learned(subject)).toEqual([])
    expect(subject.has('descriptorFork')).toBe(false)
  })

  it('are none when the epoch differs, or only the signature', () => {
    const subject = Subject.among([a])
    subject.from(a, told(moved('here')), told(moved('here')), told(moved('there', 2)))
    subject.from(a, keys(stranger))
    subject.settle()
    expect(subject.has('descriptorFork')).toBe(false)
  })
})
