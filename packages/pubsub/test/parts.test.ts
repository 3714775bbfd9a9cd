import { epochMs, instant } from '@kithnet/kernel'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EagerLinks } from '../src/eager-links.ts'
import { HybridClock } from '../src/hybrid-clock.ts'
import { RoundTrip } from '../src/round-trip.ts'
import { SequenceWindow } from '../src/sequence-window.ts'
import { messageIdOf } from '@kithnet/types'
import { MessageIds } from '../src/message-ids.ts'
import { Author, network, news, other, peer } from './subject.ts'

describe('SequenceWindow', () => {
  it('is a set of numbers as long as its runs fit', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 60 })), (numbers) => {
        const window = new SequenceWindow(100)
        const model = new Set<number>()
        for (const number of numbers) {
          expect(window.has(number)).toBe(model.has(number))
          expect(window.add(number)).toBe(!model.has(number))
          model.add(number)
          expect(window.next).toBe(Math.max(...model) + 1)
        }
      }),
    )
  })

  it('never takes a number twice, whatever its bound', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat({ max: 200 })),
        fc.integer({ min: 1, max: 4 }),
        (numbers, runs) => {
          const window = new SequenceWindow(runs)
          const taken = new Set<number>()
          for (const number of numbers) {
            if (window.add(number)) {
              expect(taken.has(number)).toBe(false)
              taken.add(number)
            }
            expect(window.has(number)).toBe(true)
          }
        },
      ),
    )
  })
})

describe('EagerLinks', () => {
  const now = instant(0)

  it('shares one tree among sources beyond its bound, until one has been idle', () => {
    const links = new EagerLinks(1, 1_000, 2)
    links.delivered(peer('x'), peer('a'), 'pushed', now)
    links.delivered(peer('y'), peer('a'), 'pushed', now)
    expect(links.sources).toBe(1)
    links.prune(peer('y'), peer('b'), 0, now)
    expect(links.isEager(peer('z'), peer('b'))).toBe(false)
    expect(links.isEager(peer('x'), peer('b'))).toBe(true)
    links.delivered(peer('y'), peer('a'), 'pushed', instant(2_000))
    expect(links.isEager(peer('y'), peer('b'))).toBe(true)
  })

  it('makes a link eager again for a new neighbour, and for one on which a message came first', () => {
    const links = new EagerLinks(4, 1_000, 2)
    links.delivered(peer('x'), peer('a'), 'pushed', now)
    links.prune(peer('x'), peer('b'), 0, now)
    links.welcome(peer('b'))
    expect(links.isEager(peer('x'), peer('b'))).toBe(true)
    links.prune(peer('x'), peer('b'), 0, now)
    expect(links.delivered(peer('x'), peer('b'), 'pushed', now)).toBe('via')
    expect(links.isEager(peer('x'), peer('b'))).toBe(true)
  })

  it('on a busy host keeps a parent that pushes when another is first now and then, and takes the other when it has gone mute', () => {
    const links = new EagerLinks(4, 60_000, 2)
    links.delivered(peer('x'), peer('a'), 'pushed', now)
    expect(links.delivered(peer('x'), peer('b'), 'pushed', instant(10), true)).toBe('prune')
    expect(links.prune(peer('x'), peer('b'), 0, instant(10))).toBe(true)
    expect(links.prune(peer('x'), peer('a'), 0, instant(20))).toBe(false)
    expect(links.delivered(peer('x'), peer('b'), 'pushed', instant(40_000), true)).toBe('via')
    expect(links.prune(peer('x'), peer('a'), 0, instant(40_000))).toBe(true)
  })

  it('is nobody’s child who is asked to be its parent', () => {
    const links = new EagerLinks(4, 1_000, 2)
    links.delivered(peer('x'), peer('a'), 'pushed', now)
    links.requested(peer('x'), peer('a'))
    expect(links.isEager(peer('x'), peer('a'))).toBe(true)
  })

  it('does not stop the link that it lives off, when what was pulled comes late on it', () => {
    const links = new EagerLinks(4, 1_000, 2)
    links.delivered(peer('x'), peer('a'), 'pushed', now)
    expect(links.delivered(peer('x'), peer('b'), 'pulled', now)).toBe('none')
    expect(links.prune(peer('x'), peer('a'), 0, now)).toBe(false)
    expect(links.delivered(peer('x'), peer('b'), 'pulled', now)).toBe('via')
  })

  it('counts the sources that were heard within a second', () => {
    const links = new EagerLinks(4, 60_000, 2)
    links.delivered(peer('x'), peer('a'), 'pushed', now)
    links.delivered(peer('y'), peer('a'), 'pushed', instant(900))
    expect(links.heardLately(instant(1_000))).toBe(2)
    expect(links.heardLately(instant(1_500))).toBe(1)
  })

  it('grafts at the first pull when the parent is known to be lost', () => {
    const links = new EagerLinks(4, 1_000, 2)
    links.delivered(peer('x'), peer('a'), 'pushed', now)
    const orphaned = [{ source: peer('x'), second: undefined }]
    expect(links.lost(peer('a'), false, now)).toEqual({ orphaned, severed: [peer('x')] })
    expect(links.delivered(peer('x'), peer('b'), 'pulled', now)).toBe('via')
  })
})

describe('a lost link', () => {
  it('makes all links eager again for what was pushed on it', () => {
    const links = new EagerLinks(4, 1_000, 2)
    const now = instant(0)
    links.delivered(peer('x'), peer('parent'), 'pushed', now)
    links.prune(peer('x'), peer('lazy'), 0, now)
    expect(links.lost(peer('child'), false, now)).toEqual({ orphaned: [], severed: [peer('x')] })
    expect(links.isEager(peer('x'), peer('lazy'))).toBe(true)
    links.prune(peer('x'), peer('lazy'), 0, now)
    expect(links.lost(peer('lazy'), false, now)).toEqual({ orphaned: [], severed: [] })
  })

  it('to a peer that lives changes no other link, and names who was second', () => {
    const links = new EagerLinks(4, 1_000, 2)
    const now = instant(0)
    links.delivered(peer('x'), peer('parent'), 'pushed', now)
    links.prune(peer('x'), peer('second'), 0, now)
    expect(links.lost(peer('child'), true, now)).toEqual({ orphaned: [], severed: [] })
    expect(links.isEager(peer('x'), peer('second'))).toBe(false)
    const orphaned = [{ source: peer('x'), second: peer('second') }]
    expect(links.lost(peer('parent'), true, now)).toEqual({ orphaned, severed: [] })
  })
})

describe('HybridClock', () => {
  it('never falls, and follows what was received a little', () => {
    const clock = new HybridClock(epochMs(1_000_000))
    clock.witness(epochMs(1_000_300), instant(0))
    expect(clock.stamp(instant(0))).toBe(1_000_300)
    clock.witness(epochMs(9_000_000), instant(0))
    expect(clock.stamp(instant(0))).toBe(1_000_500)
    clock.set(epochMs(0))
    expect(clock.stamp(instant(10))).toBe(1_000_500)
  })
})

describe('RoundTrip', () => {
  it('assumes, then measures, and waits longer where times vary', () => {
    const [steady, jumpy] = [new RoundTrip(100), new RoundTrip(100)]
    expect(steady.smoothedMs).toBeUndefined()
    for (let count = 0; count < 50; count++) {
      steady.sample(50)
      jumpy.sample(count % 2 === 0 ? 10 : 90)
    }
    expect(steady.smoothedMs).toBeCloseTo(50)
    expect(steady.timeoutMs).toBeLessThan(55)
    expect(jumpy.timeoutMs).toBeGreaterThan(150)
  })

  it('soon forgets a first one that was long', () => {
    const roundTrip = new RoundTrip(100)
    roundTrip.sample(800)
    for (let count = 0; count < 10; count++) roundTrip.sample(2)
    expect(roundTrip.smoothedMs).toBeLessThan(4)
    for (let count = 0; count < 10; count++) roundTrip.sample(2)
    expect(roundTrip.timeoutMs).toBeLessThan(150)
  })

  it('ignores what cannot be', () => {
    const roundTrip = new RoundTrip(100)
    roundTrip.sample(Number.NaN)
    roundTrip.sample(-1)
    expect(roundTrip.smoothedMs).toBeUndefined()
  })
})

describe('MessageIds', () => {
  it('gives the ids that the vocabulary defines, whatever was asked before', () => {
    const ids = new MessageIds(network)
    const content = new Uint8Array(32).fill(9)
    const authors = [new Author('x'), new Author('y')]
    for (const seq of [0, 1, 255, 2 ** 33 + 5]) {
      for (const { peer: author, stream } of authors) {
        for (const topic of [news, other]) {
          const position = { topic, author, stream, seq }
          expect(ids.idOf(position, content)).toBe(messageIdOf({ network, ...position }, content))
        }
      }
    }
  })
})
