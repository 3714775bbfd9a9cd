import { describe, expect, it } from 'vitest'
import { prefixOf } from '@kithnet/pubsub'
import { Author, epochAtZero, peer, Subject } from './subject.ts'

const names = ['a', 'b', 'c', 'd']

/** A word that says nothing. */
function word(subject: Subject, ...from: readonly string[]): void {
  for (const name of from) subject.from(name, { type: 'prune', source: peer('nobody') })
}

/** One message of each author comes from `via`, a tenth of a second apart, and `others` bring it a moment later. */
function traffic(
  subject: Subject,
  authors: readonly Author[],
  via: string,
  others: readonly string[] = [],
): void {
  for (const author of authors) {
    const written = author.write(['x'], { hlc: epochAtZero + subject.now })
    subject.push(via, written)
    subject.verify()
    for (const other of others) subject.push(other, written)
    subject.pass(100)
  }
}

describe('silence', () => {
  it('of all makes a node ask those who spoke last, then everybody, then peers beyond them', () => {
    const subject = new Subject({}, names)
    traffic(subject, [new Author('x'), new Author('x', 'again')], 'a', ['b'])
    subject.clear()
    subject.pass(800)
    expect(names.flatMap((name) => subject.messagesTo(name, 'sync'))).toEqual([])
    subject.pass(200)
    const asked = (): string[] =>
      names.filter((name) => subject.messagesTo(name, 'sync').length > 0)
    expect(asked()).toHaveLength(3)
    while (subject.take('starved').length === 0) subject.pass(10)
    expect(asked()).toEqual(names)
    expect(subject.now).toBeLessThan(3_000)
  })

  it('is broken by a word: who answers stays, who does not is exchanged', () => {
    const subject = new Subject({}, names)
    traffic(subject, [new Author('x')], 'a')
    for (let passed = 0; passed < 6_000; passed += 100) {
      word(subject, 'b', 'c', 'd')
      subject.pass(100)
    }
    expect(subject.take('idle').map((output) => output.peer)).toEqual([peer('a')])
    expect(subject.take('starved')).toEqual([])
    expect(subject.pubsub.view().neighbours[0]?.score).toBe(100)
  })

  it('of a few seconds, as of a host that stalls, exchanges nobody', () => {
    const subject = new Subject({}, names)
    traffic(subject, [new Author('x')], 'a')
    for (let passed = 0; passed < 6_000; passed += 100) {
      word(subject, 'b', 'c', 'd')
      if (passed >= 2_200) word(subject, 'a')
      subject.pass(100)
    }
    expect(subject.take('idle')).toEqual([])
  })

  it('where nothing was ever said asks nobody', () => {
    const subject = new Subject({}, names)
    subject.pass(4_000)
    expect(names.flatMap((name) => subject.messagesTo(name, 'sync'))).toEqual([])
  })

  it('of a parent gives all its sources to those who were second, at the first message it misses', () => {
    const subject = new Subject({}, names)
    const authors = ['x', 'y', 'z'].map((name) => new Author(name))
    traffic(subject, authors, 'a', ['b'])
    word(subject, 'b', 'c', 'd')
    subject.clear()
    const missed = authors[0]!.write(['late'], { hlc: epochAtZero + subject.now })
    subject.from('c', { type: 'ihave', prefixes: missed.ids.map(prefixOf) })
    while (subject.messagesTo('c', 'iwant').length === 0) {
      word(subject, 'b', 'c', 'd')
      subject.pass(10)
    }
    subject.push('c', missed)
    subject.verify()
    const grafted = (): string[] => subject.messagesTo('b', 'graft').map(({ source }) => source)
    while (grafted().length < authors.length && subject.now < 5_000) {
      word(subject, 'b', 'c', 'd')
      subject.pass(10)
    }
    expect(grafted().toSorted()).toEqual(authors.map((author) => author.peer).toSorted())
    expect(subject.now).toBeLessThan(1_500)
  })
})

describe('what is owed', () => {
  it('is asked of whoever brought the batch and not its messages', () => {
    const subject = new Subject({}, names)
    const written = new Author('x').write(['1', '2'])
    for (const name of ['a', 'b']) subject.from(name, { type: 'batch', signed: written.signed })
    subject.from('a', written.messages[0]!)
    subject.verify()
    subject.pass(400)
    const prefixes = [prefixOf(written.ids[1]!)]
    expect(subject.messagesTo('a', 'iwant')[0]?.prefixes).toEqual(prefixes)
    expect(subject.messagesTo('b', 'iwant')[0]?.prefixes).toEqual(prefixes)
    subject.push('b', written)
    subject.verify()
    expect(subject.delivered).toHaveLength(2)
  })

  it('is waited for while some of it comes', () => {
    const subject = new Subject({}, ['a'])
    const written = new Author('x').write(Array.from({ length: 8 }, (_, index) => `${index}`))
    subject.from('a', { type: 'batch', signed: written.signed })
    subject.verify()
    for (const message of written.messages) {
      subject.pass(120)
      subject.from('a', message)
    }
    expect(subject.messagesTo('a', 'iwant')).toEqual([])
    expect(subject.delivered).toHaveLength(8)
  })
})

describe('the source as a neighbour', () => {
  const pushed = (subject: Subject, author: Author, mark: string, lagMs: number): void => {
    const written = author.write([mark], { hlc: epochAtZero + subject.now })
    subject.push('near', written)
    subject.verify()
    subject.pass(lagMs)
    subject.push('x', written)
  }

  it('is the parent when its own copy comes right behind the first', () => {
    const author = new Author('x')
    const subject = new Subject({}, ['near', 'x', 'b'])
    subject.feed({ type: 'roundTrip', peer: author.peer, ms: 20 })
    pushed(subject, author, '1', 4)
    expect(subject.messagesTo('near', 'prune')).toEqual([{ type: 'prune', source: author.peer }])
    expect(subject.messagesTo('x', 'prune')).toEqual([])
  })

  it('is not when its link is much the longer way', () => {
    const author = new Author('x')
    const subject = new Subject({}, ['near', 'x', 'b'])
    subject.feed({ type: 'roundTrip', peer: author.peer, ms: 20 })
    pushed(subject, author, '1', 9)
    expect(subject.messagesTo('near', 'prune')).toEqual([])
    expect(subject.messagesTo('x', 'prune')).toEqual([{ type: 'prune', source: author.peer }])
  })

  it('is not sent its own message, nor is the parent sent what was pulled elsewhere', () => {
    const author = new Author('x')
    const subject = new Subject({}, ['parent', 'x', 'b'])
    subject.push('parent', author.write(['1']))
    subject.verify()
    expect(subject.messagesTo('x', 'eager')).toEqual([])
    expect(subject.messagesTo('b', 'eager')).toHaveLength(1)
    const missed = author.write(['2'])
    subject.from('b', { type: 'ihave', prefixes: missed.ids.map(prefixOf) })
    while (subject.messagesTo('b', 'iwant').length === 0) subject.pass(10)
    subject.push('b', missed)
    subject.verify()
    expect(subject.delivered).toHaveLength(2)
    // It would be pruned for it, and that ends the pushes in both directions.
    expect(subject.messagesTo('parent', 'eager')).toEqual([])
  })
})
