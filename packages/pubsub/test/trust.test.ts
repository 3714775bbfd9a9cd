import { epochMs } from '@kithnet/kernel'
import { prefixOf } from '@kithnet/pubsub'
import { describe, expect, it } from 'vitest'
import {
  Author,
  epochAtZero,
  forged,
  idOf,
  news,
  other,
  peer,
  Subject,
  type Written,
} from './subject.ts'

const W = 600_000

describe('verified before any side effect', () => {
  it('delivers, forwards, announces, acknowledges, prunes and remembers only after the check', () => {
    const subject = new Subject({}, ['author', 'b', 'c'])
    const author = new Author('author')
    const written = author.write(['one'])
    subject.push('author', written)
    subject.push('b', written)
    subject.pass(500)
    expect(subject.outputs.map(({ type }) => type)).toEqual(['verify', 'source'])
    expect(subject.sent).toEqual([])
    expect(subject.pubsub.view()).toMatchObject({ cachedMessages: 0, seen: 0, lanes: 0 })
    subject.verify()
    subject.pass(20)
    expect(subject.delivered).toHaveLength(1)
    expect(subject.sentTo('c')).toEqual(['batch', 'eager'])
    expect(subject.sentTo('author')).toEqual(['ack'])
    expect(subject.sentTo('b')).toEqual(['prune'])
  })

  it('sends a batch before its messages, once on each link', () => {
    const subject = new Subject({}, ['a', 'b'])
    subject.push('a', new Author('author').write(['one', 'two', 'three']))
    subject.verify()
    expect(subject.sentTo('b')).toEqual(['batch', 'eager', 'eager', 'eager'])
  })

  it('verifies a batch once, whoever brings it', () => {
    const subject = new Subject({}, ['a', 'b', 'c'])
    const written = new Author('author').write(['one'])
    for (const name of ['a', 'b', 'c', 'a']) subject.push(name, written)
    expect(subject.take('verify')).toHaveLength(1)
  })

  it('ignores what only pretends to be verified', () => {
    const subject = new Subject({}, ['a'])
    const written = new Author('author').write(['one'])
    subject.from('a', written.messages[0]!)
    subject.feed({ type: 'verified', token: 99, batch: written.batch as never })
    expect(subject.delivered).toEqual([])
  })
})

describe('ids', () => {
  it('delivers the same payload of two authors, and of one author twice', () => {
    const subject = new Subject({}, ['a'])
    subject.push('a', new Author('x').write(['same', 'same']))
    subject.push('a', new Author('y').write(['same']))
    subject.verify()
    expect(subject.delivered).toHaveLength(3)
  })

  it('tells who wrote a message, apart from who brought it', () => {
    const subject = new Subject({}, ['a'])
    const author = new Author('x')
    const written = author.write(['one'])
    subject.push('a', written)
    subject.verify()
    expect(subject.delivered[0]).toMatchObject({
      id: idOf(written.messages[0]!),
      author: author.peer,
      stream: author.stream,
      seq: 0,
      via: peer('a'),
      late: false,
      hlc: epochAtZero,
    })
  })

  it('does not take another payload for a listed one', () => {
    const subject = new Subject({}, ['a'])
    const [real, fake] = [new Author('x').write(['real']), new Author('x').write(['fake'])]
    subject.from('a', { type: 'batch', signed: real.signed }, fake.messages[0]!)
    subject.verify()
    expect(subject.delivered).toEqual([])
    subject.from('a', real.messages[0]!)
    expect(subject.delivered).toHaveLength(1)
  })

  it('blames the deliverer of a message that stands elsewhere in its batch', () => {
    const subject = new Subject({}, ['a'])
    const author = new Author('x')
    const straight = author.write(['zero', 'one'])
    const shifted = { ...straight, batch: { ...straight.batch, firstSeq: 5 } }
    subject.from('a', { type: 'batch', signed: straight.signed })
    const { token } = subject.take('verify')[0]!
    subject.feed({ type: 'verified', token, batch: shifted.batch as never })
    subject.from('a', straight.messages[0]!)
    expect(subject.delivered).toEqual([])
    expect(subject.blames('a')).toEqual(['pubsub/wrong-position'])
  })
})

describe('a forgery never blocks the real thing', () => {
  it('accepts the real batch of another link while and after a forged one is checked', () => {
    const subject = new Subject({}, ['liar', 'honest', 'c'])
    const written = new Author('x').write(['one'])
    const fake = forged(written)
    subject.from('liar', { type: 'batch', signed: fake }, written.messages[0]!)
    subject.push('honest', written)
    const checks = subject.take('verify')
    expect(checks).toHaveLength(2)
    subject.outputs.push(checks[0]!)
    subject.verify([fake])
    expect(subject.blames('liar')).toEqual(['pubsub/forged-batch'])
    subject.outputs.push(checks[1]!)
    subject.verify()
    expect(subject.delivered).toHaveLength(1)
    expect(subject.blames('honest')).toEqual([])
  })

  it('gives the forged signature another id, and remembers it against the link alone', () => {
    const subject = new Subject({}, ['liar', 'honest'])
    const written = new Author('x').write(['one'])
    const fake = forged(written)
    subject.from('liar', { type: 'batch', signed: fake })
    subject.verify([fake])
    expect(subject.blames('liar')).toEqual(['pubsub/forged-batch'])
    expect(subject.take('shed').map((shed) => shed.peer)).toEqual([peer('liar')])
    subject.from('honest', { type: 'batch', signed: { ...fake } })
    expect(subject.take('verify')).toHaveLength(1)
  })

  it('keeps up to three alternatives to the first deliverer', () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f']
    const subject = new Subject({}, names)
    const written = new Author('x').write(['one'])
    for (const name of names) subject.push(name, written)
    expect(subject.take('source').map((source) => source.from)).toEqual(['b', 'c', 'd'].map(peer))
  })

  it('hears nothing more of a peer that is to be cut', () => {
    const subject = new Subject({}, ['liar'])
    const written = new Author('x').write(['one'])
    const fake = forged(written)
    subject.from('liar', { type: 'batch', signed: fake })
    subject.verify([fake])
    subject.clear()
    subject.push('liar', new Author('y').write(['two']))
    expect(subject.outputs).toEqual([])
    expect(subject.pubsub.view().pending).toBe(0)
  })
})

describe('withheld batches', () => {
  it('asks the deliverer, hedges after one round trip, and blames it after two', () => {
    const subject = new Subject({}, ['a', 'b'])
    const written = new Author('x').write(['one'])
    subject.from('a', written.messages[0]!)
    expect(subject.sentTo('a')).toEqual(['wantBatches'])
    expect(subject.sentTo('b')).toEqual([])
    subject.pass(90)
    expect(subject.sentTo('b')).toEqual(['iwant'])
    expect(subject.blames('a')).toEqual([])
    subject.pass(100)
    expect(subject.blames('a')).toEqual(['pubsub/batch-withheld'])
    subject.push('b', written)
    subject.verify()
    expect(subject.delivered).toHaveLength(1)
  })

  it('asks another deliverer after one round trip when there is one', () => {
    const subject = new Subject({}, ['a', 'b', 'c'])
    const written = new Author('x').write(['one'])
    subject.from('a', written.messages[0]!)
    subject.from('b', written.messages[0]!)
    subject.pass(100)
    expect(subject.sentTo('b')).toEqual(['wantBatches'])
    expect(subject.sentTo('c')).toEqual([])
  })

  it('gives a batch to whoever asks for it by message, and says what is gone', () => {
    const subject = new Subject({}, ['a', 'b'])
    const written = new Author('x').write(['one', 'two'])
    subject.push('a', written)
    subject.verify()
    const unknown = new Author('y').write(['none']).ids[0]!
    subject.from('stranger', { type: 'wantBatches', ids: [...written.ids, unknown] })
    expect(subject.sentTo('stranger')).toEqual(['batch', 'gone'])
  })

  it('passes over a deliverer whose author nobody knows, to the next one', () => {
    const subject = new Subject({}, ['a', 'b'])
    const written = new Author('x').write(['one'])
    subject.push('a', written)
    subject.from('b', written.messages[0]!)
    const { token } = subject.take('verify')[0]!
    subject.feed({ type: 'unverified', token, cause: 'no-key' })
    expect(subject.sentTo('b')).toEqual(['wantBatches'])
    expect(subject.blames('a')).toEqual([])
  })
})

describe('bounds on unverified work', () => {
  it('keeps 64 messages of a link, and goes on with other links', () => {
    const subject = new Subject({}, ['a', 'b'])
    const author = new Author('x')
    for (let index = 0; index < 70; index++)
      subject.from('a', author.write([`${index}`]).messages[0]!)
    expect(subject.pubsub.view().pending).toBe(64)
    expect(subject.blames('a')).toContain('pubsub/too-much-unverified')
    subject.push('b', new Author('y').write(['fine']))
    subject.verify()
    expect(subject.delivered).toHaveLength(1)
  })

  it('keeps 1 MiB of a link', () => {
    const subject = new Subject({}, ['a'])
    const author = new Author('x')
    for (let index = 0; index < 20; index++) {
      subject.from('a', author.write([new Uint8Array(65_536).fill(index)]).messages[0]!)
    }
    expect(subject.pubsub.view().neighbours[0]!.pendingBytes).toBe(1_048_576)
  })

  it('keeps nothing longer than two seconds', () => {
    const subject = new Subject({ initialRoundTripMs: 5_000 }, ['a'])
    subject.from('a', new Author('x').write(['one']).messages[0]!)
    subject.push('a', new Author('y').write(['two']))
    expect(subject.pubsub.view().pending).toBe(3)
    subject.pass(2_050)
    expect(subject.pubsub.view().pending).toBe(0)
    expect(subject.pubsub.view().neighbours[0]!.pendingBytes).toBe(0)
  })

  it("charges an author's bucket only with what is verified", () => {
    const subject = new Subject({ authorMessagesPerSecond: 1, authorBurstMessages: 2 }, [
      'liar',
      'a',
    ])
    const author = new Author('x')
    const [one, two, three] = [
      author.write(['1']),
      author.write(['2']),
      author.write(['3']),
    ] as const
    const fake = forged(one)
    subject.from('liar', { type: 'batch', signed: fake }, one.messages[0]!)
    subject.verify([fake])
    for (const written of [one, two, three]) subject.push('a', written)
    subject.verify()
    expect(subject.delivered.map(({ seq }) => seq)).toEqual([0, 1])
  })
})

describe('replay', () => {
  it('refuses a push older than the window, and one from the future', () => {
    const subject = new Subject({}, ['a', 'b'])
    const author = new Author('x')
    subject.pass(W + 1_000)
    subject.push('a', author.write(['old'], { hlc: epochAtZero }))
    subject.push('b', author.write(['early'], { hlc: epochAtZero + W + 1_000 + 120_001 }))
    subject.verify()
    expect(subject.delivered).toEqual([])
    expect(subject.blames('a')).toContain('pubsub/stale')
    expect(subject.blames('b')).toContain('pubsub/from-the-future')
  })

  it('takes a push at the edges of the window', () => {
    const subject = new Subject({}, ['a'])
    const author = new Author('x')
    subject.pass(W)
    subject.push('a', author.write(['old'], { hlc: epochAtZero }))
    subject.push('a', author.write(['early'], { hlc: epochAtZero + W + 120_000 }))
    subject.verify()
    expect(subject.delivered).toHaveLength(2)
  })

  it('forgets an id only when its replay is too old anyway', () => {
    const subject = new Subject({}, ['a'])
    const author = new Author('x')
    const written = author.write(['one'], { hlc: epochAtZero + 100_000 })
    subject.push('a', written)
    subject.verify()
    for (let minute = 0; minute < 40; minute++) {
      subject.pass(30_000)
      subject.push('a', written)
      subject.verify()
    }
    expect(subject.delivered).toHaveLength(1)
    expect(subject.pubsub.view()).toMatchObject({
      seen: 0,
      lanes: 0,
      batches: 0,
      cachedMessages: 0,
    })
  })

  it('tells a replay by its number when the bound has pushed the id out', () => {
    const subject = new Subject({ seenPerLink: 4, cacheBytes: 1 }, ['a', 'b'])
    const author = new Author('x')
    const written = Array.from({ length: 10 }, (_, index) => author.write([`${index}`]))
    for (const one of written) {
      subject.push('a', one)
      subject.verify()
    }
    expect(subject.pubsub.view().seen).toBe(4)
    for (const one of written) {
      subject.push('b', one)
      subject.verify()
    }
    expect(subject.delivered).toHaveLength(10)
  })

  it('asks once for an id that it has forgotten, and blames nobody for the answer', () => {
    const subject = new Subject({ seenPerLink: 1, cacheBytes: 1 }, ['a', 'b'])
    const author = new Author('x')
    const [first, second] = [author.write(['1']), author.write(['2'])]
    for (const written of [first, second]) {
      subject.push('a', written)
      subject.verify()
    }
    subject.from('b', { type: 'ihave', prefixes: first.ids.map(prefixOf) })
    subject.pass(300)
    expect(subject.sentTo('b').filter((type) => type === 'iwant')).toHaveLength(1)
    subject.clear()
    subject.push('b', first)
    subject.verify()
    subject.pass(2_000)
    expect(subject.delivered).toEqual([])
    expect(subject.blames('b')).toEqual([])
    expect(subject.pubsub.view().missing).toBe(0)
  })

  it('does not let one link flush what another has brought', () => {
    const subject = new Subject({ seenPerLink: 4 }, ['quiet', 'loud'])
    const written = new Author('x').write(['rare'])
    subject.push('quiet', written)
    const loud = new Author('y')
    for (let index = 0; index < 50; index++) subject.push('loud', loud.write([`${index}`]))
    subject.verify()
    expect(subject.pubsub.view().seen).toBe(5)
    subject.push('loud', written)
    subject.verify()
    expect(subject.delivered.filter(({ author }) => author === peer('x'))).toHaveLength(1)
  })

  it('judges time by the wall clock as it was set last', () => {
    const subject = new Subject({}, ['a'])
    const author = new Author('x')
    const hour = 3_600_000
    subject.push('a', author.write(['early'], { hlc: epochAtZero + hour }))
    subject.feed({ type: 'clock', epochAtZero: epochMs(epochAtZero + hour) })
    subject.push('a', author.write(['now'], { hlc: epochAtZero + hour }))
    subject.verify()
    expect(subject.delivered.map(({ hlc }) => hlc)).toEqual([epochAtZero + hour])
    subject.publish(1, 'mine')
    expect(subject.take('sign')).toHaveLength(1)
  })

  it('refuses a batch of another network', () => {
    const subject = new Subject({}, ['a'])
    const written = new Author('x').write(['one'])
    const body = written.signed.body.slice()
    // The network id lies behind the array head, the version and the head of the byte string.
    body[5]! ^= 1
    subject.from('a', { type: 'batch', signed: { ...written.signed, body } })
    expect(subject.take('verify')).toEqual([])
    expect(subject.blames('a')).toEqual(['pubsub/wrong-network'])
  })
})

describe('streams', () => {
  const deliver = (subject: Subject, ...all: readonly Written[]): void => {
    for (const written of all) subject.push('a', written)
    subject.verify()
  }

  it('takes a restarted author for the same author with another stream', () => {
    const subject = new Subject({}, ['a'])
    deliver(
      subject,
      new Author('x', 'first').write(['before']),
      new Author('x', 'second').write(['after']),
    )
    expect(subject.delivered.map(({ seq }) => seq)).toEqual([0, 0])
    expect(subject.take('equivocation')).toEqual([])
  })

  it('counts each topic apart', () => {
    const subject = new Subject({}, ['a'])
    subject.feed({ type: 'subscribe', topic: other })
    const author = new Author('x')
    deliver(
      subject,
      author.write(['n0', 'n1']),
      author.write(['o0'], { topic: other }),
      author.write(['n2']),
    )
    expect(subject.delivered.map(({ topic, seq }) => [topic === news, seq])).toEqual([
      [true, 0],
      [true, 1],
      [false, 0],
      [true, 2],
    ])
    expect(subject.take('gap')).toEqual([])
  })

  it('tells a gap before the message behind it', () => {
    const subject = new Subject({}, ['a'])
    const author = new Author('x')
    const [zero, , , three] = [0, 1, 2, 3].map((n) => author.write([`${n}`])) as [
      Written,
      Written,
      Written,
      Written,
    ]
    deliver(subject, zero, three)
    const types = subject.outputs
      .map(({ type }) => type)
      .filter((type) => type === 'gap' || type === 'deliver')
    expect(types).toEqual(['deliver', 'gap', 'deliver'])
    expect(subject.take('gap')[0]).toMatchObject({ first: 1, count: 2, author: author.peer })
  })

  it('shows evidence of equivocation once, delivers both, and orders the stream no more', () => {
    const subject = new Subject({}, ['a', 'b'])
    const author = new Author('x')
    const one = author.write(['left 0', 'left 1'], { firstSeq: 0 })
    const two = author.write(['right 1', 'right 2'], { firstSeq: 1 })
    subject.push('a', one)
    subject.verify()
    subject.push('b', two)
    subject.verify()
    const evidence = subject.take('equivocation')
    expect(evidence).toHaveLength(1)
    expect(evidence[0]!.evidence).toEqual([one.signed, two.signed])
    expect(subject.delivered).toHaveLength(4)
    deliver(subject, author.write(['far'], { firstSeq: 60 }))
    expect(subject.take('gap')).toEqual([])
    expect(subject.delivered).toHaveLength(5)
  })

  it('does not take a batch signed again for equivocation', () => {
    const subject = new Subject({}, ['a'])
    const author = new Author('x')
    deliver(
      subject,
      author.write(['same'], { firstSeq: 0 }),
      author.write(['same', 'more'], { firstSeq: 0 }),
    )
    expect(subject.take('equivocation')).toEqual([])
    expect(subject.delivered).toHaveLength(2)
  })
})

describe('keys', () => {
  it('pins the key of an author for as long as a message of its is cached', () => {
    const subject = new Subject({ cacheMs: 60_000 }, ['a'])
    const author = new Author('x')
    subject.push('a', author.write(['one', 'two']))
    subject.verify()
    expect(subject.take('holds')).toEqual([{ type: 'holds', author: author.peer }])
    subject.pass(120_000)
    expect(subject.take('releases')).toEqual([{ type: 'releases', author: author.peer }])
    expect(subject.pubsub.view()).toMatchObject({ cachedMessages: 0, cachedBytes: 0, batches: 0 })
  })
})
