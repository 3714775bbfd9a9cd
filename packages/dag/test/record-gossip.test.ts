import { instant } from '@kithnet/kernel'
import { peerIdFromBytes } from '@kithnet/types'
import { expect, test } from 'vitest'
import { Allowances } from '../src/sync/allowances.ts'
import type { SessionMessage } from '../src/sync/sync-messages.ts'
import { braid, GossipWorld, thing } from './gossip-world.ts'

const quiet = { syncIntervalMs: 1_000_000 }

test('equal sets are told by one message each way', () => {
  const world = new GossipWorld(2, 1, quiet)
  const [one, other] = world.peers as [GossipWorld['peers'][0], GossipWorld['peers'][0]]
  const all = braid('shared', 100, 5, 1)
  world.give(one, all)
  world.give(other, all)
  world.start()
  world.feed(one, { type: 'compare', peer: other.peer })
  world.network.run(1_000)
  expect(one.synced.map(({ report }) => report.form)).toEqual(['same'])
  expect(other.synced.map(({ report }) => report.complete)).toEqual([true])
  expect(world.turns).toBe(2)
  expect(world.bytes).toBeLessThan(250)
})

test('whoever has fallen behind is given the rest at once: nothing is searched', () => {
  const world = new GossipWorld(2, 2, quiet)
  const [one, other] = world.peers as [GossipWorld['peers'][0], GossipWorld['peers'][0]]
  const all = braid('chain', 1_000, 1, 2)
  world.give(one, all)
  world.give(other, all.slice(0, 900))
  world.start()
  world.feed(other, { type: 'compare', peer: one.peer })
  world.network.run(5_000)
  expect(other.things.size).toBe(1_000)
  expect(other.synced[0]?.report).toMatchObject({ form: 'listed', received: 100, complete: true })
  expect(world.bytes).toBeLessThan(100 * 204 + 1_000)
  // Opening, request for a list, the empty list, records.
  expect(world.turns).toBeLessThanOrEqual(5)
})

test('scattered differences are found by coded symbols, and both sides end with the union', () => {
  const world = new GossipWorld(2, 3, quiet)
  const [one, other] = world.peers as [GossipWorld['peers'][0], GossipWorld['peers'][0]]
  const roots = Array.from({ length: 2_000 }, (_, index) => thing(`root ${index}`, 0))
  world.give(
    one,
    roots.filter((_, index) => index % 50 !== 0),
  )
  world.give(
    other,
    roots.filter((_, index) => index % 40 !== 1),
  )
  world.start()
  world.feed(one, { type: 'compare', peer: other.peer })
  world.network.run(5_000)
  expect([one.things.size, other.things.size]).toEqual([2_000, 2_000])
  expect(one.synced[0]?.report).toMatchObject({
    form: 'coded',
    sent: 50,
    received: 40,
    complete: true,
  })
  expect(one.machine().size).toBe(2_000)
})

test('what is made here is published once and reaches those that hear; parents that lack are fetched', () => {
  const world = new GossipWorld(3, 4, quiet)
  const [one, other, third] = world.peers as [
    GossipWorld['peers'][0],
    GossipWorld['peers'][0],
    GossipWorld['peers'][0],
  ]
  world.start()
  world.meetAll()
  world.network.run(1_000)
  const first = thing('first', 0)
  const second = thing('second', 1, [first])
  world.deaf.add(third.peer)
  world.make(one, first)
  world.network.run(100)
  world.deaf.clear()
  world.make(other, second)
  world.network.run(300)
  for (const peer of world.peers)
    expect([...peer.things.keys()].toSorted()).toEqual([first.key, second.key].toSorted())
  expect(world.published).toBe(2)
})

test('what is too long to be published is told of by its key, and fetched', () => {
  const world = new GossipWorld(4, 5, { ...quiet, publishedBytes: 1_000 })
  world.start()
  world.meetAll()
  world.network.run(1_000)
  world.make(world.peers[0]!, thing('long', 0, [], 5_000))
  world.network.run(3_000)
  for (const { things } of world.peers) expect(things.size).toBe(1)
})

test('a comparison that is cut goes on where it was, and asks for nothing twice', () => {
  const world = new GossipWorld(2, 6, quiet)
  const [one, other] = world.peers as [GossipWorld['peers'][0], GossipWorld['peers'][0]]
  const all = braid('long', 600, 1, 6, 4_000)
  world.give(one, all)
  world.start()
  world.network.shape({ bytesPerSecond: 2_000_000 })
  world.feed(other, { type: 'compare', peer: one.peer })
  world.network.run(600)
  expect(other.things.size).toBeGreaterThan(50)
  world.network.resetLink(one.peer, other.peer)
  // What was on its way comes first, then the news of the cut.
  world.network.run(1_000)
  const before = other.things.size
  expect(before).toBeLessThan(600)
  world.feed(other, { type: 'compare', peer: one.peer })
  world.network.run(10_000)
  expect(other.things.size).toBe(600)
  const [cut, rest] = other.synced
  expect(cut?.report.complete).toBe(false)
  expect(rest?.report.complete).toBe(true)
  expect(rest!.report.received).toBeLessThanOrEqual(600 - before)
})

test('a crash in the middle loses nothing that was stored, and the restarted side catches up', () => {
  const world = new GossipWorld(2, 7, { syncIntervalMs: 1_000 })
  const [one, other] = world.peers as [GossipWorld['peers'][0], GossipWorld['peers'][0]]
  world.give(one, braid('long', 600, 1, 7, 4_000))
  world.start()
  world.network.shape({ bytesPerSecond: 2_000_000 })
  world.feed(other, { type: 'compare', peer: one.peer })
  world.network.run(600)
  world.network.crash(other.peer)
  const stored = other.things.size
  world.network.run(500)
  world.restart(other)
  world.network.run(10)
  expect(other.machine().size).toBe(stored)
  world.feed(other, { type: 'neighbourUp', peer: one.peer })
  world.network.run(20_000)
  expect(other.things.size).toBe(600)
})

test('no more is on its way than the window, whatever the other side holds', () => {
  const world = new GossipWorld(2, 8, quiet)
  const [one, other] = world.peers as [GossipWorld['peers'][0], GossipWorld['peers'][0]]
  world.give(one, braid('much', 1_000, 1, 8, 4_000))
  world.start()
  world.feed(other, { type: 'compare', peer: one.peer })
  world.network.run(60)
  // The first round trips are over; nothing more comes before something is verified.
  world.network.stall(other.peer, 3_000)
  world.network.run(2_500)
  expect(world.bytes).toBeLessThan(700_000)
  world.network.run(60_000)
  expect(other.things.size).toBe(1_000)
})

test('whoever gives what nobody signed is not listened to any more', () => {
  const world = new GossipWorld(2, 9, quiet)
  const [one, other] = world.peers as [GossipWorld['peers'][0], GossipWorld['peers'][0]]
  world.give(one, braid('a', 10, 1, 9))
  one.forges = true
  world.start()
  world.feed(other, { type: 'compare', peer: one.peer })
  world.network.run(2_000)
  expect(other.things.size).toBe(0)
  expect(other.rejected).toEqual(['dag/sync-forged'])
  world.feed(other, { type: 'compare', peer: one.peer })
  world.network.run(40_000)
  expect(other.things.size).toBe(0)
})

test('a peer that opens too often hears that there is no time', () => {
  const world = new GossipWorld(2, 10, quiet)
  const [one, other] = world.peers as [GossipWorld['peers'][0], GossipWorld['peers'][0]]
  world.give(one, braid('a', 3, 1, 10))
  world.give(other, braid('a', 3, 1, 10))
  world.start()
  for (let index = 0; index < 60; index++) {
    world.feed(other, { type: 'compare', peer: one.peer })
    world.network.run(100)
  }
  const forms = other.synced.map(({ report }) => report.form)
  expect(forms.filter((form) => form === 'none').length).toBeGreaterThan(3)
  expect(forms.filter((form) => form === 'same').length).toBeGreaterThan(32)
})

test('news that comes by a comparison is passed on at once', () => {
  const world = new GossipWorld(6, 11, { syncIntervalMs: 600_000 })
  const all = braid('news', 50, 2, 11)
  world.give(world.peers[0]!, all)
  world.start()
  for (let index = 0; index + 1 < 6; index++) {
    const [left, right] = [world.peers[index]!, world.peers[index + 1]!]
    world.feed(left, { type: 'neighbourUp', peer: right.peer })
    world.feed(right, { type: 'neighbourUp', peer: left.peer })
  }
  world.network.run(1_000)
  world.feed(world.peers[1]!, { type: 'compare', peer: world.peers[0]!.peer })
  world.network.run(6_000)
  for (const { things } of world.peers) expect(things.size).toBe(100)
})

test('what nobody asked for is not even verified', () => {
  const world = new GossipWorld(2, 12, quiet)
  const [one, other] = world.peers as [GossipWorld['peers'][0], GossipWorld['peers'][0]]
  world.start()
  const [item] = braid('loose', 1, 1, 12).map((made) => made.item)
  const from = one.peer
  const session = { number: 7, byOpener: true }
  for (const message of [
    { type: 'gift', items: [item!], absent: [] },
    { session, type: 'chunk', last: false, items: [item!] },
    { session, type: 'list', from: 0, keys: new Uint8Array(64) },
    { session, type: 'lacks', bits: new Uint8Array(8) },
  ] as const) {
    world.feed(other, { type: 'received', from, message })
  }
  world.network.run(1_000)
  expect(other.things.size).toBe(0)
  expect(world.bytes).toBe(0)
})

test('a peer that sends more than there is room for is cut off, and one that breaks the order', () => {
  for (const misdeed of ['too much', 'out of order'] as const) {
    const world = new GossipWorld(2, 13, quiet)
    const [one, other] = world.peers as [GossipWorld['peers'][0], GossipWorld['peers'][0]]
    world.give(other, braid('own', 3, 1, 13))
    world.start()
    world.network.stall(one.peer, 60_000)
    world.feed(other, { type: 'compare', peer: one.peer })
    world.network.run(50)
    const session = { number: 1, byOpener: false }
    const from = one.peer
    const feed = (message: SessionMessage): void =>
      world.feed(other, { type: 'received', from, message: { session, ...message } })
    feed({ type: 'tell', from: 0 })
    if (misdeed === 'out of order') feed({ type: 'tell', from: 0 })
    else {
      const items = [{ kind: 0, bytes: new Uint8Array(100_000) } as const]
      for (let count = 0; count < 8; count++) feed({ type: 'chunk', last: false, items })
    }
    world.network.run(1)
    expect(other.rejected).toEqual(['dag/sync-unexpected'])
    expect(other.synced.map(({ report }) => report.complete)).toEqual([false])
  }
})

test('a false list, or false fingerprints, cost one comparison and hide nothing for long', () => {
  const world = new GossipWorld(3, 14, { syncIntervalMs: 1_000, carefulEvery: 2 })
  const [one, other, liar] = world.peers as [
    GossipWorld['peers'][0],
    GossipWorld['peers'][0],
    GossipWorld['peers'][0],
  ]
  world.give(one, braid('a', 40, 3, 14))
  world.start()
  world.network.crash(liar.peer)
  world.feed(other, {
    type: 'received',
    from: liar.peer,
    message: {
      session: { number: 1, byOpener: true },
      type: 'open',
      salt: new Uint8Array(16),
      count: 10_000,
      depth: 2 ** 40,
      fingerprints: new Uint8Array(32 * 8),
    },
  })
  for (const [left, right] of [
    [one, other],
    [other, one],
  ] as const) {
    world.feed(left, { type: 'neighbourUp', peer: right.peer })
  }
  world.network.run(20_000)
  expect(other.things.size).toBe(120)
})

test('whoever is alone asks nobody, and asks when somebody comes', () => {
  const world = new GossipWorld(2, 15, quiet)
  const [one, other] = world.peers as [GossipWorld['peers'][0], GossipWorld['peers'][0]]
  const long = thing('long', 0, [], 500)
  world.give(one, [long])
  world.start()
  const announcement = { type: 'notice', key: long.key, time: 0 } as const
  const author = peerIdFromBytes(new Uint8Array(32))
  world.feed(other, { type: 'heard', author, announcement })
  world.network.run(60_000)
  expect(world.bytes).toBe(0)
  world.feed(other, { type: 'neighbourUp', peer: one.peer })
  world.network.run(8_000)
  expect(other.things.size).toBe(1)
})

test('what a bound has ended goes on by itself until all is there', () => {
  const limits = { bytes: 150_000, items: 65_536 }
  const world = new GossipWorld(2, 16, { ...quiet, limits })
  const [one, other] = world.peers as [GossipWorld['peers'][0], GossipWorld['peers'][0]]
  world.give(one, braid('much', 100, 1, 16, 4_000))
  world.start()
  world.meetAll()
  world.network.run(1_500)
  const first = other.things.size
  expect(first).toBeGreaterThan(30)
  expect(first).toBeLessThan(100)
  world.network.run(20_000)
  expect(other.things.size).toBe(100)
  const reports = other.synced.map(({ report }) => report)
  expect(reports[0]).toMatchObject({ complete: false })
  expect(reports.at(-1)).toMatchObject({ complete: true })
})

test('a peer that takes everything over and over is given less and less', () => {
  const allowances = new Allowances()
  const peer = peerIdFromBytes(new Uint8Array(32))
  const start = instant(0)
  let given = 0
  while (allowances.mayTake(peer, 131_072, start)) given += 131_072
  expect(given).toBe(64 * 2 ** 20)
  expect(allowances.mayTake(peer, 131_072, instant(10))).toBe(false)
  expect(allowances.mayTake(peer, 131_072, instant(1_000))).toBe(true)
  let openings = 0
  while (allowances.mayOpen(peer, 1_000_000, start)) openings++
  expect(openings).toBe(1)
})

test('a comparison in which the other side falls silent is begun again', () => {
  const world = new GossipWorld(2, 17, quiet)
  const [one, other] = world.peers as [GossipWorld['peers'][0], GossipWorld['peers'][0]]
  world.start()
  world.meetAll()
  world.network.run(2_000)
  // The link stands, and carries nothing.
  const heal = world.network.partition([one.peer], [other.peer])
  world.deaf.add(other.peer)
  for (const made of braid('a', 20, 1, 17)) world.make(one, made)
  world.network.run(10)
  world.feed(other, { type: 'compare', peer: one.peer })
  world.network.run(8_000)
  expect(other.things.size).toBe(0)
  heal()
  world.network.run(8_000)
  expect(other.things.size).toBe(20)
  expect(other.synced.map(({ report }) => report.complete).slice(-2)).toEqual([false, true])
  expect([...one.rejected, ...other.rejected]).toEqual([])
})
