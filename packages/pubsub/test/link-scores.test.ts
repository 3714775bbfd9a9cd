import { type Instant, instant } from '@kithnet/kernel'
import { describe, expect, it } from 'vitest'
import { LinkScores } from '../src/link-scores.ts'
import { Author, forged, news, other, peer, Subject } from './subject.ts'

const a = peer('a')
const at = (ms: number): Instant => instant(ms)
const malformed = { code: 'types/shape' }

describe('the terms of a score', () => {
  it('end a link at the first certain lie', () => {
    const scores = new LinkScores()
    scores.charge(a, { code: 'pubsub/forged-batch' }, at(0))
    expect(scores.standing(a, at(0))).toBe('shed')
  })

  it('forgive invalid messages in ten minutes, not by coming back', () => {
    const scores = new LinkScores()
    for (const ms of [0, 1, 2]) scores.charge(a, malformed, at(ms))
    expect(scores.standing(a, at(2))).toBe('lazy')
    expect(scores.standing(a, at(160_000))).toBe('deferred')
    expect(scores.standing(a, at(451_000))).toBe('good')
    expect(scores.of(a)).toBe(100)
  })

  it('never end a link, nor graylist it, for what load or clocks may explain', () => {
    const scores = new LinkScores()
    for (let ms = 0; ms < 200_000; ms += 10) {
      scores.charge(a, { code: 'pubsub/too-much-unverified' }, at(ms))
      scores.charge(a, { code: 'pubsub/from-the-future' }, at(ms))
      scores.charge(a, { code: 'pubsub/stale' }, at(ms))
      scores.broke(a, at(ms))
      if (ms % 1_000 === 0) scores.kept(a, at(ms))
      expect(['good', 'deferred', 'lazy']).toContain(scores.standing(a, at(ms)))
    }
    expect(scores.of(a)).toBe(30)
    expect(scores.standing(a, at(270_000))).toBe('good')
  })

  it('take a lossy link for a good one, and one that keeps no promise out of the trees', () => {
    const scores = new LinkScores()
    for (let count = 0; count < 1_000; count++) {
      if (count % 10 === 0) scores.broke(a, at(count * 10))
      else scores.kept(a, at(count * 10))
      expect(scores.standing(a, at(count * 10))).toBe('good')
    }
    for (let count = 0; count < 40; count++) scores.broke(a, at(10_000 + count))
    expect(scores.standing(a, at(10_100))).toBe('lazy')
  })

  it('end a link that is asked for half a minute and gives nothing at all', () => {
    const scores = new LinkScores()
    for (let second = 0; second < 30; second++) scores.broke(a, at(second * 1_000))
    expect(scores.standing(a, at(29_000))).toBe('lazy')
    scores.broke(a, at(30_000))
    expect(scores.standing(a, at(30_000))).toBe('shed')
    const slow = new LinkScores()
    for (let second = 0; second < 300; second++) {
      slow.broke(a, at(second * 1_000))
      if (second % 20 === 0) slow.heard(a)
      expect(slow.standing(a, at(second * 1_000))).not.toBe('shed')
    }
  })

  it('let credit order whom to ask, and pay for nothing', () => {
    const scores = new LinkScores()
    for (let count = 0; count < 100_000; count++) scores.credit(a, news, at(0))
    expect(scores.rank(a, 0)).toBe(110)
    for (let count = 0; count < 100_000; count++) scores.credit(a, other, at(0))
    expect(scores.rank(a, 0)).toBe(120)
    for (const ms of [0, 1, 2, 3]) scores.charge(a, malformed, at(ms))
    expect(scores.standing(a, at(3))).toBe('shed')
  })

  it('let a long round trip order, and cost nothing', () => {
    const scores = new LinkScores()
    expect(scores.rank(a, 500)).toBe(90)
    expect(scores.rank(a, 60_000)).toBe(80)
    expect(scores.standing(a, at(0))).toBe('good')
  })

  it('bring a graylisted peer back at the stated time, lazy and a few faults from the next', () => {
    const scores = new LinkScores()
    for (const ms of [0, 1, 2]) scores.charge(a, malformed, at(ms))
    for (let count = 0; count < 3; count++) scores.charge(a, { code: 'pubsub/replayed' }, at(3))
    expect(scores.standing(a, at(3))).toBe('graylisted')
    expect(scores.graylistedUntil(a)).toBe(60_003)
    expect(scores.standing(a, at(60_002))).toBe('graylisted')
    expect(scores.standing(a, at(60_104))).toBe('lazy')
    scores.charge(a, malformed, at(60_105))
    expect(scores.standing(a, at(60_105))).toBe('shed')
  })
})

describe('the ladder', () => {
  const shapeFault = { code: 'types/shape' } as const
  const misbehave = (subject: Subject, name: string, points: number): void => {
    const price = { term: 'invalid', points } as const
    subject.feed({ type: 'misbehaved', peer: peer(name), fault: shapeFault, price })
  }
  const standings = (subject: Subject): string[] =>
    subject.take('standing').map(({ standing }) => standing)

  it('is told step by step, down and up, and is in view', () => {
    const subject = new Subject({}, ['a', 'b'])
    misbehave(subject, 'a', 30)
    misbehave(subject, 'a', 30)
    expect(subject.pubsub.view().neighbours[0]).toMatchObject({ standing: 'lazy', score: 40 })
    misbehave(subject, 'a', 30)
    subject.pass(62_000)
    subject.pass(500_000)
    expect(standings(subject)).toEqual([
      'deferred',
      'lazy',
      'graylisted',
      'lazy',
      'deferred',
      'good',
    ])
    misbehave(subject, 'a', 100)
    expect(standings(subject)).toEqual(['shed'])
    expect(subject.take('shed')).toHaveLength(1)
  })

  it('asks a deferred peer only when nobody better has the message', () => {
    const subject = new Subject({}, ['bad', 'good'])
    misbehave(subject, 'bad', 30)
    const written = new Author('x').write(['one'])
    const prefixes = written.ids.map((id) => id.slice(0, 16) as never)
    subject.from('bad', { type: 'ihave', prefixes })
    subject.from('good', { type: 'ihave', prefixes })
    subject.pass(500)
    expect(subject.sentTo('good')).toContain('iwant')
    expect(subject.sent.findIndex(({ to }) => to === peer('good'))).toBeLessThan(
      subject.sent.findIndex(({ to }) => to === peer('bad')) >>> 0,
    )
  })

  it('pushes nothing to a lazy peer, unless there is no other', () => {
    const subject = new Subject({}, ['a', 'b', 'source'])
    misbehave(subject, 'a', 60)
    subject.push('source', new Author('source').write(['one']))
    subject.verify()
    subject.pass(200)
    expect(subject.sentTo('a')).toEqual(['ihave'])
    expect(subject.sentTo('b')).toContain('eager')
    const alone = new Subject({}, ['a'])
    misbehave(alone, 'a', 60)
    alone.publish(1, 'mine')
    alone.sign()
    expect(alone.sentTo('a')).toContain('eager')
  })

  it('mends the trees whose parent becomes lazy', () => {
    const subject = new Subject({}, ['parent', 'b'])
    subject.push('parent', new Author('x').write(['one']))
    subject.verify()
    subject.clear()
    misbehave(subject, 'parent', 60)
    expect(subject.sentTo('b')).toEqual(['graft'])
    expect(subject.sentTo('parent')).toEqual([])
  })

  it('hears nothing of a graylisted peer until its time is over', () => {
    const subject = new Subject({}, ['a', 'b'])
    misbehave(subject, 'a', 85)
    subject.clear()
    const author = new Author('x')
    subject.push('a', author.write(['unheard']))
    expect(subject.take('verify')).toEqual([])
    subject.pass(61_000)
    subject.push('a', author.write(['heard']))
    subject.verify()
    expect(subject.delivered).toHaveLength(1)
  })

  it('keeps the standing of a peer whose link comes back', () => {
    const subject = new Subject({}, ['a', 'b'])
    misbehave(subject, 'a', 60)
    subject.feed({ type: 'gone', peer: a })
    subject.feed({ type: 'neighbourUp', peer: a })
    expect(subject.pubsub.view().neighbours.find((link) => link.peer === a)?.standing).toBe('lazy')
  })
})

describe('what the sender cannot answer for', () => {
  it('does not cost a link that its batches were refused here', () => {
    const subject = new Subject({ pendingMessages: 2 }, ['a'])
    const author = new Author('x')
    const all = [author.write(['0']), author.write(['1']), author.write(['2'])]
    // Two wait for their signatures; the third batch finds no room, so its message stands alone.
    subject.from(
      'a',
      { type: 'batch', signed: all[0]!.signed },
      { type: 'batch', signed: all[1]!.signed },
    )
    subject.from('a', { type: 'batch', signed: all[2]!.signed })
    subject.verify()
    subject.from('a', ...all[2]!.messages)
    subject.pass(1_000)
    expect(subject.blames('a')).toContain('pubsub/batch-withheld')
    expect(subject.pubsub.view().neighbours[0]!.score).toBeGreaterThan(99)
  })

  it('lets in the batches of messages that fill the room for what is not verified', () => {
    const subject = new Subject({ pendingMessages: 4 }, ['a', 'b'])
    const author = new Author('x')
    const all = [0, 1, 2, 3, 4, 5].map((number) => author.write([`${number}`]))
    for (const { messages } of all) subject.from('a', ...messages)
    for (const { signed } of all) subject.from('a', { type: 'batch', signed })
    subject.verify()
    expect(subject.delivered).toHaveLength(4)
    expect(subject.pubsub.view().pending).toBe(0)
  })

  it('does not cost all links when it is the clock here that is wrong', () => {
    const subject = new Subject({}, ['a', 'b'])
    subject.pass(3_600_000)
    const author = new Author('x')
    for (let count = 0; count < 300; count++) {
      const { signed } = author.write([`${count}`])
      subject.from(count % 2 === 0 ? 'a' : 'b', { type: 'batch', signed })
    }
    expect(subject.take('shed')).toEqual([])
    expect(subject.blames('a')).toEqual(['pubsub/stale'])
  })

  it('does cost the one that replays while others push in time', () => {
    const subject = new Subject({}, ['a', 'b'])
    subject.pass(3_600_000)
    const wall = 1_800_000_000_000 + 3_600_000
    subject.push('b', new Author('y').write(['now'], { hlc: wall }))
    subject.verify()
    const author = new Author('x')
    const replay = (): void => {
      for (let count = 0; count < 60; count++) subject.push('a', author.write([`${count}`]))
    }
    replay()
    expect(subject.take('standing').at(-1)).toMatchObject({ peer: a, standing: 'graylisted' })
    subject.pass(61_000)
    subject.push('b', new Author('z').write(['now'], { hlc: wall + 61_000 }))
    subject.verify()
    replay()
    expect(subject.take('shed').map((shed) => shed.peer)).toEqual([a])
  })

  it('gives whoever asks for the same message again and again no more than three', () => {
    const subject = new Subject({}, ['a', 'b'])
    const written = new Author('x').write(['one'])
    subject.push('b', written)
    subject.verify()
    const prefixes = written.ids.map((id) => id.slice(0, 16) as never)
    for (let count = 0; count < 300; count++) subject.from('a', { type: 'iwant', prefixes })
    expect(subject.messagesTo('a', 'eager').length).toBeLessThanOrEqual(4)
    expect(subject.pubsub.view().neighbours[0]!.standing).toBe('deferred')
  })

  it('ends a forger, not whoever brought the real batch', () => {
    const subject = new Subject({}, ['liar', 'honest'])
    const written = new Author('x').write(['one'])
    const fake = forged(written)
    subject.from('liar', { type: 'batch', signed: fake }, written.messages[0]!)
    subject.push('honest', written)
    subject.verify([fake])
    expect(subject.take('shed').map((shed) => shed.peer)).toEqual([peer('liar')])
    expect(subject.delivered).toHaveLength(1)
  })
})

describe('the cache', () => {
  const room = 200_000
  const payload = (): Uint8Array => new Uint8Array(2_000)

  it('keeps what others have published from an author that floods', () => {
    const subject = new Subject({ cacheBytes: room }, ['a'])
    subject.push('a', new Author('rare').write(['kept']))
    subject.verify()
    const loud = new Author('loud')
    for (let count = 0; count < 500; count++) {
      subject.push('a', loud.write([payload()]))
      subject.verify()
    }
    const view = subject.pubsub.view()
    expect(view.cachedBytes).toBeLessThanOrEqual(room)
    expect(subject.take('releases')).toEqual([])
    // What is left of the flood is compared and given, and no more.
    expect(view.seen).toBe(501)
  })

  it('lets an author that is alone have all of it', () => {
    const subject = new Subject({ cacheBytes: room }, ['a'])
    const only = new Author('only')
    for (let count = 0; count < 100; count++) {
      subject.push('a', only.write([payload()]))
      subject.verify()
    }
    expect(subject.pubsub.view().cachedBytes).toBeGreaterThan(room * 0.9)
  })

  it('keeps what stands in other topics from authors that flood one', () => {
    const subject = new Subject({ cacheBytes: room }, ['a'])
    subject.push('a', new Author('rare').write(['kept'], { topic: other }))
    subject.verify()
    for (let count = 0; count < 500; count++) {
      subject.push('a', new Author(`loud ${count % 20}`, `${count}`).write([payload()]))
      subject.verify()
    }
    expect(subject.take('releases').map(({ author }) => author)).not.toContain(peer('rare'))
  })
})

describe('usefulness', () => {
  const sources = Array.from({ length: 8 }, (_, index) => `source ${index}`)
  const idle = (subject: Subject): readonly string[] =>
    subject.take('idle').map((output) => output.peer)
  /** Lets time pass; these say a word each half second, whatever they are asked. */
  const passWith = (subject: Subject, names: readonly string[], ms: number): void => {
    for (let passed = 0; passed < ms; passed += 100) {
      if (passed % 500 === 0) {
        for (const name of names) subject.from(name, { type: 'prune', source: peer(name) })
      }
      subject.pass(100)
    }
  }

  it('names a neighbour that has said nothing since it came', () => {
    const subject = new Subject({ historyMs: 12_000 }, ['mute', 'b'])
    subject.from('b', { type: 'prune', source: peer('b') })
    subject.pass(4_999)
    expect(idle(subject)).toEqual([])
    subject.pass(1)
    expect(idle(subject)).toEqual([peer('mute')])
  })

  it('takes a comparison for a word, also one that came before the neighbour did', () => {
    const opener = new Subject()
    opener.feed({ type: 'neighbourUp', peer: peer('subject') })
    const sync = opener.messagesTo('subject', 'sync')[0]!
    const subject = new Subject({}, [])
    subject.from('early', sync)
    expect(subject.take('useful')).toEqual([])
    subject.feed({ type: 'neighbourUp', peer: peer('early') })
    subject.pass(5_000)
    expect(idle(subject)).toEqual([])
    expect(subject.take('useful').map((output) => output.peer)).toEqual([peer('early')])
  })

  it('names one from which nothing comes while others bring messages of many sources', () => {
    const subject = new Subject({ historyMs: 20_000 }, ['quiet', 'b', 'lazy'])
    const written = sources.map((name) => new Author(name).write(['one']))
    for (const name of ['quiet', 'b', 'lazy']) {
      subject.from(name, { type: 'prune', source: peer(name) })
    }
    for (const one of written) subject.push('b', one)
    subject.verify()
    const prefixes = written[0]!.ids.map((id) => id.slice(0, 16) as never)
    subject.from('lazy', { type: 'ihave', prefixes })
    passWith(subject, ['quiet', 'b', 'lazy'], 5_900)
    expect(idle(subject)).toEqual([])
    passWith(subject, ['quiet', 'b', 'lazy'], 100)
    expect(idle(subject)).toEqual([peer('quiet')])
    expect(subject.pubsub.view().neighbours[0]!.score).toBe(100)
    expect(new Set(subject.take('useful').map((output) => output.peer))).toEqual(
      new Set([peer('b'), peer('lazy')]),
    )
  })

  it('names nobody where there are few sources, because a leaf of one tree brings nothing', () => {
    const subject = new Subject({ historyMs: 20_000 }, ['leaf', 'b'])
    for (const name of ['leaf', 'b']) subject.from(name, { type: 'prune', source: peer(name) })
    for (const name of sources.slice(0, 7)) subject.push('b', new Author(name).write(['one']))
    subject.verify()
    passWith(subject, ['leaf', 'b'], 26_000)
    expect(idle(subject)).toEqual([])
  })
})
