import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Fired, seededRng } from '@kithnet/kernel'
import {
  type KnownPeer,
  Membership,
  type MembershipEffect,
  type MembershipEvent,
  type MembershipMessage,
  presets,
} from '@kithnet/membership'
import type { PeerId } from '@kithnet/types'
import { at, known, peer } from './peers.ts'

const self = peer(0)
const views = {
  ...presets.local.views,
  activeTarget: 2,
  activeCapacity: 3,
  outboundQuota: 1,
  passiveCapacity: 5,
}
const config = { views, swim: presets.local.swim }

const number = fc.integer({ min: 0, max: 8 })
const anyPeer = number.map(peer)
const incarnation = fc.integer({ min: 0, max: 4 })
const anyKnown = fc.tuple(number, incarnation).map(([who, life]) => known(who, life))
const peers = fc.array(anyKnown, { maxLength: 6 })
const idList = fc.array(anyPeer, { maxLength: 6 })
const priority = fc.constantFrom('high' as const, 'low' as const, 'spare' as const)
const nonce = fc.integer({ min: 0, max: 3 })
const ttl = fc.integer({ min: 0, max: 20 })
const updates = fc.array(
  fc.oneof(
    fc.record({ state: fc.constant('alive' as const), known: anyKnown }),
    fc.record({
      state: fc.constantFrom('suspect' as const, 'dead' as const),
      peer: anyPeer,
      incarnation,
    }),
  ),
  { maxLength: 3 },
)

/** Messages that their sender signed itself, mostly, so that they are not ignored. */
const received = fc.tuple(number, incarnation).chain(([from, life]) => {
  const own = fc.oneof({ weight: 9, arbitrary: fc.constant(known(from, life)) }, anyKnown)
  const message: fc.Arbitrary<MembershipMessage> = fc.oneof(
    fc.record({ type: fc.constantFrom('join' as const, 'neighbor' as const), self: own, priority }),
    fc.record({ type: fc.constant('forwardJoin' as const), joiner: anyKnown, priority, ttl }),
    fc.record({
      type: fc.constant('neighborReply' as const),
      accepted: fc.boolean(),
      self: own,
      peers,
    }),
    fc.record({
      type: fc.constant('disconnect' as const),
      cause: fc.constantFrom('evicted', 'full', 'unwanted', 'leaving', 'dead'),
    }),
    fc.record({ type: fc.constant('shuffle' as const), origin: own, nonce, ttl, peers }),
    fc.record({ type: fc.constant('shuffleReply' as const), nonce, peers }),
    fc.record({ type: fc.constant('exchange' as const), origin: own, peers: idList }),
    fc.record({ type: fc.constant('exchangeReply' as const), peers: idList, wanted: idList }),
    fc.record({ type: fc.constant('introduce' as const), peers, wanted: idList }),
    fc.record({ type: fc.constantFrom('ping' as const, 'ack' as const), nonce, updates }),
    fc.record({ type: fc.constant('pingRequest' as const), nonce, target: anyKnown }),
    fc.record({ type: fc.constant('gossip' as const), updates }),
    fc.record({
      type: fc.constant('neighbours' as const),
      peers: fc.array(anyPeer, { maxLength: 5 }),
      known: peers,
    }),
  )
  return fc.record({
    type: fc.constant('received' as const),
    from: fc.constant(peer(from)),
    message,
  })
})

type Step =
  | { readonly type: 'event'; readonly event: MembershipEvent }
  | { readonly type: 'timer'; readonly which: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 10, arbitrary: received.map((event) => ({ type: 'event' as const, event })) },
  {
    weight: 10,
    arbitrary: fc.nat({ max: 30 }).map((which) => ({ type: 'timer' as const, which })),
  },
  {
    weight: 3,
    arbitrary: fc
      .record({
        type: fc.constant('linkDown' as const),
        peer: anyPeer,
        cause: fc.constantFrom('closed', 'reset', 'unreachable'),
      })
      .map((event) => ({ type: 'event' as const, event })),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom<MembershipEvent>(
        { type: 'leave' },
        { type: 'join', contacts: [{ peer: peer(1), addresses: [] }] },
        { type: 'moved' },
      )
      .map((event) => ({ type: 'event' as const, event })),
  },
)

/** Feeds a machine as a driver would: persisted and described are answered, timers fire only when armed. */
class Bench {
  readonly machine: Membership
  readonly armed = new Set<string>()
  readonly book = new Map<PeerId, KnownPeer>()
  readonly neighbours = new Set<PeerId>()
  readonly effects: MembershipEffect[] = []
  #now = 0

  constructor(seed: number) {
    this.machine = new Membership({ self, config, rng: seededRng(seed), incarnation: undefined })
    this.feed({ type: 'join', contacts: [{ peer: peer(1), addresses: [] }] })
  }

  take(next: Step): void {
    this.#now += 7
    if (next.type === 'event') {
      this.feed(next.event)
      return
    }
    const key = [...this.armed].at(next.which % Math.max(1, this.armed.size))
    if (key === undefined) return
    this.armed.delete(key)
    this.feed({ type: 'fired', key })
  }

  feed(event: MembershipEvent | Fired<string>): void {
    for (const effect of this.machine.on(event, at(this.#now))) this.#perform(effect)
  }

  #perform(effect: MembershipEffect): void {
    this.effects.push(effect)
    if (effect.type === 'arm') this.armed.add(effect.key)
    if (effect.type === 'disarm') this.armed.delete(effect.key)
    if (effect.type === 'persist') this.feed({ type: 'persisted', key: effect.key })
    if (effect.type !== 'emit') return
    const { output } = effect
    if (output.type === 'learned') this.book.set(output.known.descriptor.peer, output.known)
    if (output.type === 'forgot') this.book.delete(output.peer)
    if (output.type === 'neighbourUp') this.neighbours.add(output.peer)
    if (output.type === 'neighbourDown') this.neighbours.delete(output.peer)
    if (output.type === 'describe') {
      this.feed({ type: 'described', self: known(0, output.incarnation) })
    }
  }
}

function run(seed: number, steps: readonly Step[], check: (bench: Bench) => void): Bench {
  const bench = new Bench(seed)
  for (const one of steps) {
    bench.take(one)
    check(bench)
  }
  return bench
}

const ids = (held: readonly KnownPeer[]): PeerId[] => held.map((one) => one.descriptor.peer)

describe('a membership machine, whatever happens to it', () => {
  it('keeps its views bounded, disjoint, without itself, and its neighbours told of', () => {
    fc.assert(
      fc.property(fc.integer(), fc.array(step, { size: 'max', maxLength: 80 }), (seed, steps) => {
        run(seed, steps, ({ machine, neighbours, book }) => {
          const active = ids(machine.active)
          const passive = ids(machine.passive)
          expect(active.length).toBeLessThanOrEqual(views.activeCapacity)
          // Each slot has a second holder that has to be tried.
          expect(passive.length).toBeLessThanOrEqual(2 * views.passiveCapacity)
          const all = [...active, ...passive]
          expect(new Set(all).size).toBe(all.length)
          expect(all).not.toContain(self)
          expect(new Set(active)).toEqual(neighbours)
          for (const held of all) expect(book.has(held)).toBe(true)
        })
      }),
      { numRuns: 150 },
    )
  })

  it('forgets what it learned, once it has left and its probes are over', () => {
    fc.assert(
      fc.property(fc.integer(), fc.array(step, { size: 'max', maxLength: 80 }), (seed, steps) => {
        const bench = run(seed, steps, () => undefined)
        bench.feed({ type: 'leave' })
        expect([...bench.book.keys()]).toEqual([])
        expect([...bench.armed]).toEqual([])
      }),
      { numRuns: 120 },
    )
  })

  it('wants the same for the same seed and events', () => {
    fc.assert(
      fc.property(fc.integer(), fc.array(step, { size: 'max', maxLength: 40 }), (seed, steps) => {
        const first = run(seed, steps, () => undefined)
        const second = run(seed, steps, () => undefined)
        expect(second.effects).toEqual(first.effects)
      }),
      { numRuns: 60 },
    )
  })

  it('never sends an incarnation that was not persisted before', () => {
    fc.assert(
      fc.property(fc.integer(), fc.array(step, { size: 'max', maxLength: 80 }), (seed, steps) => {
        let persisted = 0
        for (const effect of run(seed, steps, () => undefined).effects) {
          if (effect.type === 'persist') persisted = effect.value.at(-1)!
          if (effect.type !== 'send') continue
          const { message } = effect
          if (message.type !== 'join' && message.type !== 'neighbor') continue
          expect(message.self.descriptor.incarnation).toBeLessThanOrEqual(persisted)
        }
      }),
      { numRuns: 100 },
    )
  })
})
