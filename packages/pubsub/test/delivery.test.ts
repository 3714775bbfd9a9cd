import { topicId } from '@kithnet/types'
import { describe, expect, it } from 'vitest'
import { seal, streamRef } from '../src/envelope.ts'
import { Author, network, news, peer, Subject, type Written } from './subject.ts'

const brief = topicId(network, 'news', true)

/** A subject that has subscribed to `news` in an order. */
function ordered(order: 'fifo' | 'causal'): Subject {
  const subject = new Subject({}, ['a', 'b'])
  subject.feed({ type: 'unsubscribe', topic: news })
  subject.feed({ type: 'subscribe', topic: news, order })
  subject.clear()
  return subject
}

function give(subject: Subject, ...written: readonly Written[]): void {
  for (const one of written) {
    subject.push('a', one)
    subject.verify()
  }
}

function seqs(subject: Subject): number[] {
  return subject.delivered.map(({ seq }) => seq)
}

function told(subject: Subject): string[] {
  return subject.outputs.flatMap((output) =>
    output.type === 'gap' || output.type === 'repaired' || output.type === 'lost'
      ? [`${output.type} ${output.first}+${output.count}`]
      : output.type === 'deliver'
        ? [`${output.message.seq}`]
        : [],
  )
}

describe('reliable', () => {
  it('delivers at once, and tells a gap and its end', () => {
    const subject = new Subject({}, ['a'])
    const author = new Author('x')
    const [zero, one, two] = [author.write(['0']), author.write(['1']), author.write(['2'])]
    give(subject, zero, two)
    expect(subject.pubsub.missing(news)).toMatchObject([{ first: 1, count: 1 }])
    give(subject, one)
    expect(told(subject)).toEqual(['0', 'gap 1+1', '2', '1', 'repaired 1+1'])
    expect(subject.pubsub.missing(news)).toEqual([])
  })

  it('tells what did not come while it could', () => {
    const subject = new Subject({ retentionMs: 60_000 }, ['a'])
    const author = new Author('x')
    const [zero, , two] = [author.write(['0']), author.write(['1']), author.write(['2'])]
    give(subject, zero, two)
    subject.pass(60_001)
    expect(told(subject)).toEqual(['0', 'gap 1+1', '2', 'lost 1+1'])
  })
})

describe('fifo', () => {
  it('holds back what comes too early', () => {
    const subject = ordered('fifo')
    const author = new Author('x')
    const [zero, one, two] = [author.write(['0']), author.write(['1']), author.write(['2'])]
    give(subject, zero, two)
    expect(subject.pubsub.view().held).toBe(1)
    give(subject, one)
    expect(told(subject)).toEqual(['0', 'gap 1+1', 'repaired 1+1', '1', '2'])
  })

  it('goes on without what does not come, and leaves it out when it comes after all', () => {
    const subject = ordered('fifo')
    const author = new Author('x')
    const [zero, one, two] = [author.write(['0']), author.write(['1']), author.write(['2'])]
    give(subject, zero, two)
    subject.pass(30_001)
    give(subject, one)
    expect(told(subject)).toEqual(['0', 'gap 1+1', 'lost 1+1', '2'])
  })

  it('begins a stream that it meets in its middle with what its neighbours still have', () => {
    const subject = ordered('fifo')
    const author = new Author('x')
    author.write(['0', '1', '2'])
    const [three, four] = [author.write(['3']), author.write(['4'])]
    give(subject, four, three)
    expect(seqs(subject)).toEqual([])
    subject.pass(2_001)
    expect(told(subject)).toEqual(['lost 0+3', '3', '4'])
  })

  it('does not wait for a stream whose author signs two versions', () => {
    const subject = ordered('fifo')
    const [author, double] = [new Author('x'), new Author('x')]
    const zero = author.write(['0'])
    author.write(['1'])
    const two = author.write(['2'])
    double.write(['0', '1'])
    const other = double.write(['another'])
    give(subject, zero, two)
    expect(seqs(subject)).toEqual([0])
    give(subject, other)
    expect(subject.take('equivocation')).toHaveLength(1)
    expect(seqs(subject).toSorted()).toEqual([0, 2, 2])
    expect(told(subject).filter((one) => one.startsWith('lost'))).toEqual(['lost 1+1'])
  })
})

describe('causal', () => {
  const [alice, bob] = [new Author('alice'), new Author('bob')]
  const question = alice.write(['question'])
  const ref = streamRef(alice.peer, alice.stream)
  const at = question.batch.hlc
  const body = Uint8Array.of(1)
  const answer = bob.write([seal({ causes: [{ stream: ref, seq: 0, at }], confirmers: [], body })])

  it('gives an answer after its question', () => {
    const subject = ordered('causal')
    give(subject, answer, question)
    expect(subject.delivered.map(({ author }) => author)).toEqual([alice.peer, bob.peer])
    expect(subject.delivered[1]).toMatchObject({ payload: body, unmet: 0 })
  })

  it('gives it without the question after a while, and says so', () => {
    const subject = ordered('causal')
    give(subject, answer)
    subject.pass(29_000)
    expect(subject.delivered).toEqual([])
    subject.pass(1_001)
    expect(subject.delivered).toMatchObject([{ author: bob.peer, unmet: 1 }])
    give(subject, question)
    expect(subject.delivered).toHaveLength(2)
  })

  it('names in what is written what was read since, and nothing twice', () => {
    const subject = ordered('causal')
    give(subject, question)
    for (const token of [1, 2]) {
      subject.publish(token, 'own')
      subject.pass(200)
      subject.sign()
    }
    const [first, second] = subject
      .messagesTo('b', 'eager')
      .filter(({ author }) => author !== alice.peer)
    const reader = ordered('causal')
    expect(first!.payload.length).toBeGreaterThan(second!.payload.length)
    expect(new TextDecoder().decode(second!.payload)).toBe('own')
    expect(reader.pubsub.view().held).toBe(0)
  })
})

describe('ephemeral', () => {
  it('is forwarded and delivered, and soon forgotten', () => {
    const subject = new Subject({}, ['a', 'b'])
    subject.feed({ type: 'subscribe', topic: brief })
    const author = new Author('x')
    const lasting = author.write(['kept'])
    give(subject, author.write(['gone soon'], { topic: brief }), lasting)
    expect(subject.delivered).toHaveLength(2)
    expect(subject.messagesTo('b', 'eager')).toHaveLength(2)
    expect(subject.pubsub.view()).toMatchObject({ cachedMessages: 2, seen: 2 })
    subject.pass(61_000)
    expect(subject.pubsub.view()).toMatchObject({ cachedMessages: 1, seen: 2 })
  })

  it('is not given to who subscribes later, nor told when it is missing', () => {
    const subject = new Subject({}, ['a', 'b'])
    const author = new Author('x')
    give(subject, author.write(['0'], { topic: brief }))
    subject.feed({ type: 'subscribe', topic: brief })
    expect(subject.delivered).toEqual([])
    author.write(['1'], { topic: brief })
    give(subject, author.write(['2'], { topic: brief }), author.write(['3'], { topic: brief }))
    expect(told(subject)).toEqual(['2', '3'])
  })
})

it('says whom an author asks to confirm', () => {
  const subject = new Subject({}, ['a', 'b'])
  const body = Uint8Array.of(1)
  const author = new Author('x')
  const asked = author.write([
    seal({ causes: [], confirmers: [subject.self, peer('y')], body }),
    seal({ causes: [], confirmers: [peer('y')], body }),
  ])
  give(subject, asked)
  expect(subject.delivered.map(({ toConfirm }) => toConfirm)).toEqual([true, false])
  subject.feed({ type: 'publish', token: 9, topic: news, payload: body, confirmers: [peer('y')] })
  subject.pass(200)
  subject.sign()
  expect(subject.take('own')).toMatchObject([{ message: { author: subject.self, payload: body } }])
})
