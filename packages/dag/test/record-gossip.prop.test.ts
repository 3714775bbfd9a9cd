import { type Fired, seededRng } from '@kithnet/kernel'
import { machineLaw } from '@kithnet/testkit/suite'
import type { PeerId } from '@kithnet/types'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { GossipEvent } from '../src/sync/gossip-events.ts'
import { RecordGossip } from '../src/sync/record-gossip.ts'
import { beyondDepth } from '../src/sync/sync-keys.ts'
import type { SessionMessage, SyncMessage } from '../src/sync/sync-messages.ts'
import type { GossipOutput } from '../src/sync/sync-sessions.ts'
import { braid, GossipWorld, type Thing, thing } from './gossip-world.ts'

/** A graph of which each side has some, its ancestors always included. */
const split = fc.record({
  depth: fc.integer({ min: 0, max: 60 }),
  width: fc.integer({ min: 1, max: 12 }),
  cutOne: fc.double({ min: 0, max: 1, noNaN: true }),
  cutOther: fc.double({ min: 0, max: 1, noNaN: true }),
  drop: fc.constantFrom(0, 0.005, 0.2),
  extras: fc.nat(5),
  seed: fc.nat(),
})

function part(all: readonly Thing[], cut: number, drop: number, label: string): Thing[] {
  const rng = seededRng(label)
  const kept = new Map<string, Thing>()
  for (const one of all.slice(0, Math.ceil(all.length * cut))) {
    if (rng.unit() < drop || !one.parents.every((parent) => kept.has(parent))) continue
    kept.set(one.key, one)
  }
  return [...kept.values()]
}

test('whatever two sides hold, a comparison ends with the union on both, and the next finds nothing', () => {
  fc.assert(
    fc.property(split, ({ depth, width, cutOne, cutOther, drop, extras, seed }) => {
      const all = braid('law', depth, width, seed)
      const world = new GossipWorld(2, seed, { syncIntervalMs: 10_000_000 })
      const [one, other] = world.peers as [GossipWorld['peers'][0], GossipWorld['peers'][0]]
      const later = Array.from({ length: extras }, (_, at) =>
        thing(`extra ${at}`, beyondDepth + at),
      )
      world.give(one, part(all, cutOne, drop, `one ${seed}`))
      world.give(other, [...part(all, cutOther, drop, `other ${seed}`), ...later])
      const union = new Set([...one.things.keys(), ...other.things.keys()])
      world.start()
      world.feed(one, { type: 'compare', peer: other.peer })
      world.network.run(10_000)
      expect([...one.things.keys()].toSorted()).toEqual([...union].toSorted())
      expect([...other.things.keys()].toSorted()).toEqual([...union].toSorted())
      world.feed(other, { type: 'compare', peer: one.peer })
      world.network.run(10_000)
      expect(other.synced.map(({ report }) => report.complete)).toEqual([true, true])
      expect(other.synced[1]?.report.form).toBe('same')
      expect([...one.rejected, ...other.rejected]).toEqual([])
    }),
    { numRuns: 60 },
  )
})

const peers = ['aa', 'bb', 'cc'].map((text) => text.repeat(32) as PeerId)
const peer = fc.constantFrom(...peers)
const key = fc.constantFrom('11'.repeat(32), '22'.repeat(32), '33'.repeat(32))
const item = fc.constant({ kind: 0 as const, bytes: new Uint8Array(9) })
const small = fc.nat(6)

const sessionMessage: fc.Arbitrary<SessionMessage> = fc.oneof(
  fc.record({
    type: fc.constant('open' as const),
    salt: fc.constant(new Uint8Array(16)),
    count: small,
    depth: small,
    fingerprints: fc.constantFrom(new Uint8Array(0), new Uint8Array(24)),
  }),
  fc.record({
    type: fc.constant('end' as const),
    reason: fc.constantFrom('same', 'bound', 'busy'),
  }),
  fc.record({
    type: fc.constant('coded' as const),
    from: small,
    value: fc.constantFrom<number[] | (number | number[])[]>([2, []], [7], []),
  }),
  fc.record({
    type: fc.constant('list' as const),
    from: small,
    keys: fc.constant(new Uint8Array(32)),
  }),
  fc.record({ type: fc.constant('tell' as const), from: small }),
  fc.record({ type: fc.constant('lacks' as const), bits: fc.uint8Array({ maxLength: 2 }) }),
  fc.record({
    type: fc.constant('chunk' as const),
    last: fc.boolean(),
    items: fc.array(item, { maxLength: 2 }),
  }),
  fc.record({ type: fc.constant('credit' as const), bytes: fc.nat(20) }),
)

const message: fc.Arbitrary<SyncMessage> = fc.oneof(
  fc
    .tuple(fc.record({ number: fc.nat(3), byOpener: fc.boolean() }), sessionMessage)
    .map(([session, body]) => ({ session, ...body })),
  fc.record({ type: fc.constant('want' as const), keys: fc.array(key, { maxLength: 2 }) }),
  fc.record({
    type: fc.constant('gift' as const),
    items: fc.array(item, { maxLength: 2 }),
    absent: fc.array(key, { maxLength: 1 }),
  }),
)

const event: fc.Arbitrary<GossipEvent | Fired<string>> = fc.oneof(
  fc.record({ type: fc.constant('received' as const), from: peer, message }),
  fc.record({ type: fc.constantFrom('neighbourUp' as const, 'neighbourDown' as const), peer }),
  fc.record({ type: fc.constant('linkUp' as const), peer }),
  fc.record({
    type: fc.constant('linkDown' as const),
    peer,
    cause: fc.constantFrom('reset' as const, 'unreachable' as const),
  }),
  fc.constant({ type: 'ready' as const }),
  fc.record({
    type: fc.constant('held' as const),
    items: fc.array(fc.record({ time: small, key }), { maxLength: 3 }),
  }),
  fc.record({
    type: fc.constant('taken' as const),
    token: fc.nat(12),
    taken: fc.record({
      forged: fc.nat(1),
      stored: fc.array(key, { maxLength: 2 }),
      waiting: fc.array(key, { maxLength: 1 }),
      missing: fc.constantFrom([], ['44'.repeat(16)]),
      known: fc.array(key, { maxLength: 1 }),
    }),
  }),
  fc.record({
    type: fc.constant('loaded' as const),
    token: fc.nat(12),
    items: fc.array(fc.option(item, { nil: undefined }), { maxLength: 3 }),
  }),
  fc.record({
    type: fc.constant('heard' as const),
    author: peer,
    announcement: fc.oneof(
      fc.record({ type: fc.constant('item' as const), item }),
      fc.record({ type: fc.constant('notice' as const), key, time: small }),
    ),
  }),
  fc.record({ type: fc.constant('compare' as const), peer }),
  fc.record({
    type: fc.constant('fired' as const),
    key: fc.oneof(
      fc.constantFrom('sync', 'ask'),
      peer.map((one) => `meet ${one}`),
      peer.map((one) => `silence opened ${one}`),
    ),
  }),
)

test('the same seed and events give the same effects, and no event makes it throw', () => {
  machineLaw<GossipEvent, PeerId, SyncMessage, string, GossipOutput, RecordGossip>(
    (rng) => new RecordGossip({ self: peers[0]!, rng }),
    event,
    (machine) => expect(machine.size).toBeLessThanOrEqual(3 * 7),
    { runs: 300 },
  )
})
