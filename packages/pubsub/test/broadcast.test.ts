import { describe, expect, it } from 'vitest'
import { prefixOf, type PubsubMessage } from '@kithnet/pubsub'
import { fragmentBytes } from '@kithnet/types'
import { Author, epochAtZero, news, other, peer, Subject } from './subject.ts'

describe('publishing', () => {
  it('emits nothing unsigned, and says to how many a message went and who accepted it', () => {
    const subject = new Subject({}, ['a', 'b'])
    subject.publish(1, 'hello')
    expect(subject.sent).toEqual([])
    expect(subject.take('published')).toMatchObject([{ token: 1, status: 'queued', peers: 0 }])
    subject.sign()
    expect(subject.sentTo('a')).toEqual(['batch', 'eager'])
    expect(subject.take('published')).toMatchObject([{ token: 1, status: 'sent', peers: 2 }])
    const { stream } = subject.messagesTo('a', 'eager')[0]!
    const ack: PubsubMessage = {
      type: 'ack',
      ranges: [{ topic: news, stream, first: 0, count: 1 }],
    }
    subject.from('a', ack, ack)
    subject.from('b', ack)
    expect(subject.take('published')).toMatchObject([
      { token: 1, status: 'acknowledged', peers: 1 },
      { token: 1, status: 'acknowledged', peers: 2 },
    ])
  })

  it('waits for a first neighbour, and stamps what waited when it goes', () => {
    const subject = new Subject()
    subject.publish(1, 'hello')
    subject.pass(60_000)
    expect(subject.take('sign')).toEqual([])
    subject.feed({ type: 'neighbourUp', peer: peer('a') })
    subject.sign()
    expect(subject.sentTo('a')).toContain('eager')
    expect(subject.take('published').at(-1)).toMatchObject({ status: 'sent', peers: 1 })
  })

  it('sends again what was signed when the last neighbour had just left', () => {
    const subject = new Subject({}, ['a'])
    subject.publish(1, 'hello')
    subject.feed({ type: 'gone', peer: peer('a') })
    subject.sign()
    expect(subject.take('published').map(({ status }) => status)).toEqual(['queued'])
    subject.feed({ type: 'neighbourUp', peer: peer('b') })
    expect(subject.sentTo('b')).toContain('eager')
    expect(subject.take('published')).toMatchObject([{ status: 'sent', peers: 1 }])
  })

  it('refuses what is too large or too much', () => {
    const subject = new Subject({ queuedMessages: 2 })
    subject.publish(1, new Uint8Array(16 * fragmentBytes + 1))
    for (const token of [2, 3, 4]) subject.publish(token, 'x')
    expect(subject.take('refused')).toMatchObject([
      { token: 1, fault: { code: 'pubsub/too-large' } },
      { token: 4, fault: { code: 'pubsub/queue-full', bound: 2 } },
    ])
  })

  it('does not deliver its own messages to itself', () => {
    const subject = new Subject({}, ['a'])
    subject.publish(1, 'mine')
    subject.sign()
    expect(subject.delivered).toEqual([])
  })

  it('numbers each topic from 0 and chains its batches', () => {
    const subject = new Subject({}, ['a'])
    for (const topic of [news, other, news]) {
      subject.publish(1, 'x', topic)
      subject.pass(200)
      subject.sign()
    }
    expect(subject.messagesTo('a', 'eager').map(({ seq }) => seq)).toEqual([0, 0, 1])
    const receiver = new Subject({}, ['subject'], 'receiver')
    receiver.feed({ type: 'subscribe', topic: other })
    for (const { message } of subject.sent) receiver.from('subject', message)
    const claims = receiver.outputs.flatMap((output) =>
      output.type === 'verify' ? [output.signed] : [],
    )
    receiver.verify()
    expect(claims).toHaveLength(3)
    expect(receiver.delivered).toHaveLength(3)
  })
})

describe('batches', () => {
  const bodies = (subject: Subject): number => {
    const count = subject.outputs.filter((output) => output.type === 'sign').length
    subject.sign()
    return count
  }

  it('signs the message of an idle author at once', () => {
    const subject = new Subject({}, ['a'])
    for (let second = 0; second < 5; second++) {
      subject.publish(second, 'x')
      expect(bodies(subject)).toBe(1)
      subject.pass(1_000)
    }
    expect(subject.sentTo('a').filter((type) => type === 'batch')).toHaveLength(5)
  })

  it('closes a batch at 64 messages', () => {
    const subject = new Subject({}, ['a'])
    subject.publish(0, 'first')
    subject.sign()
    for (let token = 1; token <= 64; token++) subject.publish(token, 'x')
    expect(bodies(subject)).toBe(1)
    expect(subject.sentTo('a').filter((type) => type === 'eager')).toHaveLength(65)
  })

  it('closes every 25 ms at 640 messages a second, every 100 ms at 64', () => {
    for (const [gapMs, expectedMs] of [
      [1000 / 640, 25],
      [1000 / 64, 100],
    ] as const) {
      const subject = new Subject({}, ['a'])
      let batches = 0
      const count = Math.round(2_000 / gapMs)
      for (let token = 0; token < count; token++) {
        subject.publish(token, 'x')
        subject.pass(gapMs)
        batches += bodies(subject)
      }
      expect(batches).toBeGreaterThanOrEqual(2_000 / expectedMs - 8)
      expect(batches).toBeLessThanOrEqual(2_000 / expectedMs + 4)
    }
  })

  it('waits longer when many others publish, because everybody checks every batch', () => {
    const batchesAmong = (others: number): number => {
      const subject = new Subject({}, ['a'])
      const authors = Array.from({ length: others }, (_, index) => new Author(`author ${index}`))
      let batches = 0
      for (let token = 0; token < 640; token++) {
        if (token % 160 === 0) {
          for (const author of authors) subject.push('a', author.write([`${token}`]))
          subject.verify()
        }
        subject.publish(token, 'x')
        subject.pass(1000 / 640)
        batches += bodies(subject)
      }
      return batches
    }
    expect(batchesAmong(1)).toBeGreaterThan(30)
    expect(batchesAmong(8)).toBeLessThan(14)
  })

  it('signs one batch of a topic at a time', () => {
    const subject = new Subject({}, ['a'])
    for (let token = 0; token < 200; token++) subject.publish(token, 'x')
    expect(subject.take('sign')).toHaveLength(1)
  })
})

describe('trees', () => {
  it('prunes a link that pushes what is here, once, and pushes on it no more', () => {
    const subject = new Subject({}, ['a', 'b', 'c'])
    const author = new Author('x')
    const one = author.write(['1'])
    subject.push('a', one)
    subject.verify()
    subject.push('b', one)
    subject.push('b', one)
    expect(subject.sentTo('b').filter((type) => type === 'prune')).toHaveLength(1)
    subject.clear()
    subject.push('a', author.write(['2']))
    subject.verify()
    expect(subject.sentTo('b')).toEqual([])
    expect(subject.sentTo('c')).toEqual(['batch', 'eager'])
    subject.pass(150)
    expect(subject.sentTo('b')).toEqual(['ihave'])
  })

  it('keeps a tree for each source', () => {
    const subject = new Subject({}, ['a', 'b'])
    const [x, y] = [new Author('x'), new Author('y')]
    subject.from('b', { type: 'prune', source: x.peer })
    const prepare = x.write(['0'])
    subject.push('a', prepare)
    subject.verify()
    subject.from('b', { type: 'prune', source: x.peer })
    subject.clear()
    subject.push('a', x.write(['1']))
    subject.push('a', y.write(['1']))
    subject.verify()
    const pushed = subject.messagesTo('b', 'eager').map(({ author }) => author)
    expect(pushed).toEqual([y.peer])
    subject.from('b', { type: 'graft', source: x.peer })
    subject.push('a', x.write(['2']))
    subject.verify()
    expect(subject.messagesTo('b', 'eager').at(-1)?.author).toBe(x.peer)
  })

  it('pulls what was announced and did not come, from one announcer and then from another beside it', () => {
    const subject = new Subject({}, ['a', 'b', 'c'])
    const written = new Author('x').write(['1'])
    subject.from('a', { type: 'ihave', prefixes: written.ids.map(prefixOf) })
    subject.from('b', { type: 'ihave', prefixes: written.ids.map(prefixOf) })
    subject.pass(99)
    expect(subject.sentTo('a')).toEqual([])
    subject.pass(1)
    expect(subject.sentTo('a')).toEqual(['iwant'])
    subject.pass(50)
    expect(subject.sentTo('b')).toEqual([])
    subject.pass(50)
    expect(subject.sentTo('b')).toEqual(['iwant'])
    expect(subject.blames('a')).toEqual([])
    subject.pass(100)
    expect(subject.blames('a')).toEqual(['pubsub/unanswered'])
    subject.push('b', written)
    subject.verify()
    expect(subject.delivered).toHaveLength(1)
    expect(subject.pubsub.view().missing).toBe(0)
  })

  it('passes over an announcer whose link is gone or whose cache has let go at once', () => {
    const subject = new Subject({}, ['a', 'b', 'c'])
    const written = new Author('x').write(['1'])
    for (const name of ['a', 'b', 'c'])
      subject.from(name, { type: 'ihave', prefixes: written.ids.map(prefixOf) })
    subject.pass(200)
    subject.feed({ type: 'gone', peer: peer('a') })
    subject.pass(1)
    expect(subject.sentTo('b')).toEqual(['iwant'])
    subject.from('b', { type: 'gone', prefixes: written.ids.map(prefixOf) })
    subject.pass(1)
    expect(subject.sentTo('c')).toEqual(['iwant'])
    expect(subject.blames('b')).toEqual([])
  })

  it('grafts the link that has what the tree fails to bring', () => {
    const subject = new Subject({ graftAfter: 2 }, ['a', 'b'])
    const author = new Author('x')
    for (let index = 0; index < 2; index++) {
      const written = author.write([`${index}`])
      subject.from('b', { type: 'ihave', prefixes: written.ids.map(prefixOf) })
      subject.pass(200)
      subject.push('b', written)
      subject.verify()
    }
    expect(subject.sentTo('b').filter((type) => type === 'graft')).toHaveLength(1)
    expect(subject.sentTo('b').filter((type) => type === 'iwant')).toHaveLength(2)
  })

  it('batches announcements, and leaves out those who have announced it themselves', () => {
    const subject = new Subject({}, ['a', 'b', 'c'])
    const author = new Author('x')
    const first = author.write(['0'])
    subject.push('a', first)
    subject.verify()
    for (const name of ['b', 'c']) subject.from(name, { type: 'prune', source: author.peer })
    subject.clear()
    const more = [1, 2, 3].map((n) => author.write([`${n}`]))
    for (const written of more) subject.push('a', written)
    subject.verify()
    subject.from('c', { type: 'ihave', prefixes: more[1]!.ids.map(prefixOf) })
    subject.pass(200)
    expect(subject.messagesTo('b', 'ihave').map(({ prefixes }) => prefixes.length)).toEqual([3])
    expect(subject.messagesTo('c', 'ihave').map(({ prefixes }) => prefixes.length)).toEqual([2])
  })

  it('announces to a congested link instead of pushing, once it has drained', () => {
    const subject = new Subject({}, ['a', 'b'])
    subject.feed({ type: 'congested', peer: peer('b') })
    subject.push('a', new Author('x').write(['1']))
    subject.verify()
    subject.pass(1_000)
    expect(subject.sentTo('b')).toEqual([])
    subject.feed({ type: 'drained', peer: peer('b') })
    expect(subject.sentTo('b')).toEqual(['ihave'])
  })

  it('holds its own messages back while every link is congested', () => {
    const subject = new Subject({ queuedMessages: 3 }, ['a'])
    subject.feed({ type: 'congested', peer: peer('a') })
    for (let token = 1; token <= 4; token++) subject.publish(token, 'x')
    expect(subject.take('sign')).toEqual([])
    expect(subject.take('refused')).toHaveLength(1)
    subject.feed({ type: 'drained', peer: peer('a') })
    expect(subject.take('sign')).toHaveLength(1)
  })
})

describe('topics', () => {
  it('relays every topic and delivers those subscribed to', () => {
    const subject = new Subject({}, ['a', 'b'])
    subject.push('a', new Author('x').write(['1'], { topic: other }))
    subject.verify()
    expect(subject.delivered).toEqual([])
    expect(subject.sentTo('b')).toEqual(['batch', 'eager'])
  })

  it('gives a late subscriber what the cache has, once and marked late', () => {
    const subject = new Subject({}, ['a'])
    subject.push('a', new Author('x').write(['1'], { topic: other }))
    subject.verify()
    for (const type of ['subscribe', 'unsubscribe', 'subscribe'] as const) {
      subject.feed({ type, topic: other })
    }
    expect(subject.delivered).toMatchObject([{ late: true, topic: other }])
  })

  it('makes no state for a topic that only unverified messages name', () => {
    const subject = new Subject({}, ['a'])
    subject.push('a', new Author('x').write(['1'], { topic: other }))
    expect(subject.pubsub.view()).toMatchObject({ lanes: 0, topics: [news] })
  })
})

describe('history', () => {
  /** Lets two subjects talk until they have nothing to say. */
  const talk = (one: Subject, other_: Subject, names: readonly [string, string]): void => {
    for (let round = 0; round < 60; round++) {
      for (const [from, to, name, target] of [
        [one, other_, names[0], names[1]],
        [other_, one, names[1], names[0]],
      ] as const) {
        const sent = from.sent.filter((sending) => sending.to === peer(target))
        from.sent = from.sent.filter((sending) => sending.to !== peer(target))
        for (const { message } of sent) to.from(name, message)
        to.verify()
        from.pass(5)
      }
    }
  }

  it('gives a new neighbour what it has missed, marked late, with its batches', () => {
    const elder = new Subject({}, ['a'])
    const author = new Author('x')
    for (let index = 0; index < 30; index++) elder.push('a', author.write([`${index}`]))
    elder.verify()
    elder.clear()
    const late = new Subject()
    elder.feed({ type: 'neighbourUp', peer: peer('late') })
    late.feed({ type: 'neighbourUp', peer: peer('elder') })
    talk(elder, late, ['elder', 'late'])
    expect(late.delivered).toHaveLength(30)
    expect(new Set(late.delivered.map((message) => message.late))).toEqual(new Set([true]))
    expect(late.blames('elder')).toEqual([])
  })

  it('takes through history what is too old to be pushed', () => {
    const author = new Author('x')
    const old = author.write(['old'], { hlc: epochAtZero })
    const elder = new Subject({}, ['a'])
    elder.push('a', old)
    elder.verify()
    elder.clear()
    const late = new Subject()
    for (const subject of [elder, late]) subject.pass(700_000)
    late.push('b', old)
    late.verify()
    expect(late.delivered).toEqual([])
    elder.feed({ type: 'neighbourUp', peer: peer('late') })
    late.feed({ type: 'neighbourUp', peer: peer('elder') })
    talk(elder, late, ['elder', 'late'])
    expect(late.delivered).toMatchObject([{ late: true }])
  })

  it('does not deliver again what the bound on ids has made it forget', () => {
    const [elder, young] = [new Subject({}, ['a']), new Subject({ seenPerLink: 5 }, ['a'])]
    const author = new Author('x')
    for (let index = 0; index < 30; index++) {
      const written = author.write([`${index}`], { hlc: epochAtZero + index })
      for (const subject of [elder, young]) {
        subject.push('a', written)
        subject.verify()
      }
    }
    const extra = new Author('y').write(['only the elder has it'], { hlc: epochAtZero + 28 })
    elder.push('a', extra)
    elder.verify()
    for (const subject of [elder, young]) subject.sent = []
    elder.feed({ type: 'neighbourUp', peer: peer('young') })
    young.feed({ type: 'neighbourUp', peer: peer('elder') })
    talk(elder, young, ['elder', 'young'])
    const ids = young.delivered.map(({ id }) => id)
    expect(ids).toHaveLength(31)
    expect(new Set(ids).size).toBe(31)
  })

  it('says little when nothing differs', () => {
    const [one, two] = [new Subject({}, ['a']), new Subject({}, ['a'])]
    const author = new Author('x')
    const all = Array.from({ length: 100 }, (_, index) => author.write([`${index}`]))
    for (const subject of [one, two]) {
      for (const written of all) {
        subject.push('a', written)
        subject.verify()
      }
      subject.clear()
    }
    one.feed({ type: 'neighbourUp', peer: peer('two') })
    expect(one.sentTo('two')).toEqual(['sync'])
    for (const { message } of one.sent) two.from('one', message)
    expect(two.sentTo('one')).toEqual(['sync'])
    expect(two.pubsub.view().missing).toBe(0)
  })

  it('refuses to compare without end', () => {
    const subject = new Subject({}, ['a'])
    const opener = new Subject()
    opener.feed({ type: 'neighbourUp', peer: peer('subject') })
    const sync = opener.messagesTo('subject', 'sync')[0]!
    for (let nonce = 0; nonce < 5; nonce++) subject.from('a', { ...sync, nonce })
    expect(subject.sentTo('a')).toEqual(['sync'])
    // The same complaint is told once a second.
    expect(subject.blames('a')).toEqual(['pubsub/history-too-often'])
  })
})
