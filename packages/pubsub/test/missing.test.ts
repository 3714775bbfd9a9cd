import { describe, expect, it } from 'vitest'
import { type IdPrefix, prefixOf } from '@kithnet/pubsub'
import { messageIdFromBytes } from '@kithnet/types'
import { Author, epochAtZero, peer, Subject } from './subject.ts'

/** Prefixes of messages that do not exist. */
function invented(count: number, mark = 1): IdPrefix[] {
  return Array.from({ length: count }, (_, index) => {
    const bytes = new Uint8Array(32).fill(mark)
    bytes[1] = index & 255
    bytes[2] = index >> 8
    return prefixOf(messageIdFromBytes(bytes))
  })
}

function askedOf(subject: Subject, name: string): IdPrefix[] {
  return subject.messagesTo(name, 'iwant').flatMap(({ prefixes }) => prefixes)
}

describe('pulling what was announced', () => {
  it('asks one announcer, then one more, then several at once, and nobody twice', () => {
    const names = Array.from({ length: 12 }, (_, index) => `peer ${index}`)
    const subject = new Subject({}, names)
    const written = new Author('x').write(['1'])
    for (const name of names) {
      subject.from(name, { type: 'ihave', prefixes: written.ids.map(prefixOf) })
    }
    const asked = (): number => names.reduce((sum, name) => sum + askedOf(subject, name).length, 0)
    const steps: number[] = []
    for (let ms = 0; ms < 2_000; ms += 5) {
      const before = asked()
      subject.pass(5)
      if (asked() > before) steps.push(asked() - before)
    }
    // As many announcers as a view has neighbours are remembered.
    expect(steps).toEqual([1, 1, 2, 4, 2])
    expect(Math.max(...names.map((name) => askedOf(subject, name).length))).toBe(1)
    expect(subject.take('starved')).not.toEqual([])
  })

  it('asks nobody beside one that has given what is not verified yet', () => {
    const subject = new Subject({}, ['a', 'b', 'c'])
    const written = new Author('x').write(['1'])
    for (const name of ['a', 'b', 'c']) {
      subject.from(name, { type: 'ihave', prefixes: written.ids.map(prefixOf) })
    }
    while (askedOf(subject, 'a').length === 0) subject.pass(5)
    subject.push('a', written)
    subject.pass(120)
    expect(askedOf(subject, 'b')).toEqual([])
  })

  it('asks a peer beyond its neighbours when they announce and do not give, and exchanges them', () => {
    const names = ['a', 'b', 'c', 'd']
    const subject = new Subject({}, names)
    const written = new Author('x').write(['1'])
    for (const name of names) {
      subject.from(name, { type: 'ihave', prefixes: written.ids.map(prefixOf) })
    }
    while (subject.take('starved').length === 0) subject.pass(5)
    expect(subject.now).toBeLessThan(1_000)
    subject.feed({ type: 'rescuer', peer: peer('far') })
    subject.pass(5)
    expect(subject.sentTo('far')).toEqual(['sync', 'iwant'])
    subject.push('far', written)
    subject.verify()
    expect(subject.delivered).toHaveLength(1)
    const silent = subject.take('idle').map((output) => output.peer)
    expect(silent.length).toBeGreaterThanOrEqual(3)
    expect(silent).not.toContain(peer('far'))
    subject.pass(60_000)
    expect(subject.pubsub.view().missing).toBe(0)
  })

  it('does not exchange who had not got it, or gave it late once', () => {
    const subject = new Subject({}, ['a', 'b', 'c', 'd'])
    const prefixes = new Author('x').write(['1']).ids.map(prefixOf)
    subject.from('a', { type: 'ihave', prefixes })
    subject.from('b', { type: 'ihave', prefixes })
    while (askedOf(subject, 'a').length === 0) subject.pass(5)
    subject.from('a', { type: 'gone', prefixes })
    subject.pass(5)
    subject.push('b', new Author('x').write(['1']))
    subject.verify()
    expect(subject.take('idle')).toEqual([])
    expect(subject.take('starved')).toEqual([])
  })

  it('has no more than its bound outstanding on a link, and the rest when answers come', () => {
    const subject = new Subject({ wantsPerLink: 16 }, ['a'])
    const written = new Author('x').write(Array.from({ length: 60 }, (_, index) => `${index}`))
    subject.from('a', { type: 'ihave', prefixes: written.ids.map(prefixOf) })
    subject.pass(190)
    expect(askedOf(subject, 'a')).toHaveLength(16)
    for (let round = 0; round < 10 && subject.delivered.length < 60; round++) {
      const asked = new Set(askedOf(subject, 'a'))
      subject.from('a', { type: 'batch', signed: written.signed })
      subject.verify()
      for (const [index, id] of written.ids.entries()) {
        if (asked.has(prefixOf(id))) subject.from('a', written.messages[index]!)
      }
      subject.pass(25)
      expect(askedOf(subject, 'a').length - subject.delivered.length).toBeLessThanOrEqual(16)
    }
    expect(subject.delivered).toHaveLength(60)
    expect(new Set(askedOf(subject, 'a')).size).toBe(60)
  })

  it('is not held up by a link that announces thousands of messages that do not exist', () => {
    const subject = new Subject({}, ['liar', 'honest'])
    const written = new Author('x').write(['real'])
    const real = written.ids.map(prefixOf)
    for (let mark = 1; mark <= 6; mark++) {
      subject.from('liar', { type: 'ihave', prefixes: [...invented(1_000, mark), ...real] })
    }
    subject.from('honest', { type: 'ihave', prefixes: real })
    expect(subject.pubsub.view().missing).toBeLessThanOrEqual(4_097)
    expect(subject.blames('liar')).toContain('pubsub/too-many-announced')
    while (askedOf(subject, 'honest').length === 0) subject.pass(10)
    // After one answer that did not come, at the latest.
    expect(subject.now).toBeLessThan(600)
    expect(askedOf(subject, 'honest')).toEqual(real)
    subject.push('honest', written)
    subject.verify()
    expect(subject.delivered).toHaveLength(1)
    subject.pass(60_000)
    expect(subject.pubsub.view().missing).toBe(0)
    expect(subject.blames('honest')).toEqual([])
  })

  it('waits for the push as long as pushes come late here, and no longer', () => {
    const asksAfter = (latenessMs: number): number => {
      const subject = new Subject({}, ['a', 'b'])
      const author = new Author('x')
      for (let count = 0; count < 20; count++) {
        const written = author.write([`${count}`], { hlc: epochAtZero + subject.now })
        subject.from('a', { type: 'ihave', prefixes: written.ids.map(prefixOf) })
        subject.pass(latenessMs)
        subject.push('b', written)
        subject.verify()
        subject.pass(500)
      }
      subject.clear()
      const from = subject.now
      subject.from('a', { type: 'ihave', prefixes: invented(1) })
      while (askedOf(subject, 'a').length === 0) subject.pass(1)
      return subject.now - from
    }
    expect(asksAfter(0)).toBeLessThanOrEqual(100)
    expect(asksAfter(90)).toBeGreaterThanOrEqual(90)
    expect(asksAfter(90)).toBeLessThanOrEqual(200)
  })

  it('does not ask for what came in the meantime', () => {
    const subject = new Subject({}, ['a', 'b'])
    const written = new Author('x').write(['1'])
    subject.from('b', { type: 'ihave', prefixes: written.ids.map(prefixOf) })
    subject.pass(50)
    subject.push('a', written)
    subject.verify()
    subject.pass(5_000)
    expect(subject.sentTo('b')).not.toContain('iwant')
  })
})
