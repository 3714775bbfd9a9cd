import { describe, expect, it } from 'vitest'
import { type IdPrefix, prefixOf } from '@kithnet/pubsub'
import { messageIdFromBytes } from '@kithnet/types'
import { Author, peer, Subject } from './subject.ts'

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
  it('asks one announcer at a time, whatever many announce', () => {
    const names = ['a', 'b', 'c', 'd', 'e']
    const subject = new Subject({}, names)
    const written = new Author('x').write(['1'])
    for (const name of names) {
      subject.from(name, { type: 'ihave', prefixes: written.ids.map(prefixOf) })
    }
    for (let ms = 0; ms < 2_000; ms += 10) {
      const before = names.reduce((sum, name) => sum + askedOf(subject, name).length, 0)
      subject.pass(10)
      const after = names.reduce((sum, name) => sum + askedOf(subject, name).length, 0)
      expect(after - before).toBeLessThanOrEqual(1)
    }
    // The first deliverer and three others are kept; nobody is asked twice.
    expect(names.map((name) => askedOf(subject, name).length)).toEqual([1, 1, 1, 1, 0])
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

  it('waits for the push for as long as round trips take here', () => {
    for (const [roundTripMs, waitMs] of [
      [2, 100],
      [200, 600],
    ] as const) {
      const subject = new Subject({}, ['a', 'b'])
      for (const name of ['a', 'b']) {
        for (let sample = 0; sample < 40; sample++) {
          subject.feed({ type: 'roundTrip', peer: peer(name), ms: roundTripMs })
        }
      }
      subject.from('a', { type: 'ihave', prefixes: invented(1) })
      subject.pass(waitMs - 1)
      expect(askedOf(subject, 'a')).toEqual([])
      subject.pass(10)
      expect(askedOf(subject, 'a')).toHaveLength(1)
    }
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
