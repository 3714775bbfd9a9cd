import { encodeCbor } from '@kithnet/types'
import { describe, expect, it } from 'vitest'
import type { SyncMessage } from '../src/messages.ts'
import { Author, epochAtZero, peer, Subject } from './subject.ts'

/** Two subjects that accepted the same messages, but for the last ones of the first. */
function pair(count: number, extra: number): { readonly one: Subject; readonly two: Subject } {
  const one = new Subject({}, ['a'], 'one')
  const two = new Subject({}, ['a'], 'two')
  const author = new Author('x')
  for (let index = 0; index < count; index++) {
    const written = author.write([`${index}`], { hlc: epochAtZero + index })
    for (const subject of index < count - extra ? [one, two] : [one]) {
      subject.push('a', written)
      subject.verify()
    }
  }
  for (const subject of [one, two]) {
    subject.clear()
    subject.sent = []
  }
  return { one, two }
}

/** Lets both talk until they are silent: what sync messages they sent, and how many bytes those took. */
function talk(
  one: Subject,
  two: Subject,
): { readonly bytes: number; readonly syncs: SyncMessage[] } {
  let bytes = 0
  const syncs: SyncMessage[] = []
  for (let round = 0; round < 40; round++) {
    for (const [from, to] of [
      [one, two],
      [two, one],
    ] as const) {
      const sent = from.sent.filter((sending) => sending.to === to.self)
      from.sent = []
      for (const { message } of sent) {
        if (message.type === 'sync') {
          syncs.push(message)
          bytes += encodeCbor(message.value).length
        }
        to.feed({ type: 'received', from: from.self, message })
      }
      to.verify()
      from.pass(5)
    }
  }
  return { bytes, syncs }
}

describe('a comparison of histories', () => {
  it('costs two small messages when nothing differs', () => {
    const { one, two } = pair(400, 0)
    one.feed({ type: 'neighbourUp', peer: two.self })
    const { bytes, syncs } = talk(one, two)
    expect(syncs).toHaveLength(2)
    expect(bytes).toBeLessThan(75)
  })

  it('costs a few dozen bytes beyond the ids that differ', () => {
    const { one, two } = pair(400, 10)
    two.feed({ type: 'neighbourUp', peer: one.self })
    const { bytes } = talk(one, two)
    expect(two.delivered).toHaveLength(10)
    expect(bytes).toBeLessThan(10 * 35 + 500)
  })

  it('is made in the older form with a peer that speaks no other', () => {
    const { one, two } = pair(60, 3)
    two.feed({ type: 'neighbourUp', peer: one.self })
    const opening = two.messagesTo('one', 'sync')[0]!
    expect(opening.value).toEqual(expect.objectContaining({ 0: 0, 1: 2 }))
    two.sent = []
    const refusal = { ...opening, fromOpener: false, value: [2, [1]] }
    two.feed({ type: 'received', from: one.self, message: refusal })
    expect(two.blames('one')).toEqual([])
    two.pass(900)
    for (const name of ['one', 'a']) two.from(name, { type: 'prune', source: peer(name) })
    two.pass(100)
    const again = two.messagesTo('one', 'sync')[0]!
    expect(again.value).toEqual(expect.objectContaining({ 0: 0, 1: 1 }))
    one.feed({ type: 'neighbourUp', peer: two.self })
    one.sent = []
    talk(one, two)
    expect(two.delivered).toHaveLength(3)
    // Who refuses the older form, too, is not asked without end.
    two.feed({ type: 'received', from: peer('one'), message: { ...refusal, nonce: again.nonce } })
    two.sent = []
    two.pass(5_000)
    expect(two.messagesTo('one', 'sync')).toEqual([])
  })
})
