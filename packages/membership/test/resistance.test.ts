import { describe, expect, it } from 'vitest'
import { type Fired, seededRng } from '@kithnet/kernel'
import {
  HyParView,
  type KnownPeer,
  presets,
  type ViewConfig,
  type ViewEffect,
  type ViewEvent,
  type ViewMessage,
} from '@kithnet/membership'
import { address } from '@kithnet/types'
import { pairRank } from '../src/pair-rank.ts'
import { at, known as plain, peer, sent } from './peers.ts'

const lan = presets.lan.views

function whereIs(number: number): string {
  return `memory://peer-${number}`
}

/** A known peer that says where it is. */
function known(number: number, epoch = 0, where = whereIs(number)): KnownPeer {
  const parsed = address(where)
  if (!parsed.ok) throw new Error('an address')
  const { descriptor, signed } = plain(number)
  return { descriptor: { ...descriptor, epoch, addresses: [parsed.value] }, signed }
}

class Bench {
  readonly machine: HyParView
  now = 0

  constructor(config: ViewConfig = lan) {
    this.machine = new HyParView({ self: peer(0), config, rng: seededRng(1) })
    this.feed({ type: 'described', self: known(0) })
    this.feed({ type: 'join', contacts: [] })
  }

  feed(event: ViewEvent | Fired<string>): readonly ViewEffect[] {
    return this.machine.on(event, at(this.now))
  }

  receive(from: number, message: ViewMessage): readonly ViewEffect[] {
    return this.feed({ type: 'received', from: peer(from), message })
  }

  /** Meets reserves, asks them, and is let in by all. */
  choose(...numbers: readonly number[]): this {
    let effects: readonly ViewEffect[] = []
    for (const number of numbers) {
      effects = this.feed({ type: 'met', known: known(number) })
      for (const { to, message } of sent(effects)) {
        if (message.type !== 'neighbor') continue
        const self = known(numbers.find((one) => peer(one) === to)!)
        this.receive(
          numbers.find((one) => peer(one) === to)!,
          {
            type: 'neighborReply',
            accepted: true,
            self,
            peers: [],
          },
        )
      }
    }
    return this
  }

  /** These ask for a place, with all they have. */
  flood(from: number, to: number): void {
    for (let number = from; number < to; number++) {
      this.receive(number, { type: 'neighbor', self: known(number), priority: 'high' })
      this.receive(number, { type: 'join', self: known(number), priority: 'high' })
    }
  }

  /** The ids that a stranger is offered. */
  offered(stranger: number): readonly string[] {
    const effects = this.receive(stranger, {
      type: 'exchange',
      origin: known(stranger),
      peers: [],
    })
    return sent(effects).flatMap(({ message }) =>
      message.type === 'exchangeReply' ? message.peers : [],
    )
  }

  get neighbours(): readonly string[] {
    return this.machine.active.map((one) => one.descriptor.peer)
  }

  get reserves(): readonly string[] {
    return this.machine.passive.map((one) => one.descriptor.peer)
  }
}

/** Numbers of peers, those first that rank least with the one on the bench. */
function byRank(from: number, to: number): number[] {
  const numbers = Array.from({ length: to - from }, (_, index) => from + index)
  const rank = (number: number): number => pairRank(peer(0), peer(number))
  return numbers.toSorted((one, other) => rank(one) - rank(other))
}

describe('the quota of own choices', () => {
  const chosen = [peer(1), peer(2), peer(3)]

  it('asks reserves with high priority until it is met', () => {
    const bench = new Bench()
    const effects = bench.feed({ type: 'met', known: known(1) })
    expect(sent(effects)).toMatchObject([
      { to: peer(1), message: { type: 'neighbor', priority: 'high' } },
    ])
  })

  it('holds against any number of those who ask', () => {
    const bench = new Bench().choose(1, 2, 3)
    expect(bench.machine.chosen).toEqual(chosen)
    bench.flood(10, 200)
    expect(bench.machine.chosen).toEqual(chosen)
    expect(bench.neighbours).toEqual(expect.arrayContaining(chosen))
    expect(bench.neighbours).toHaveLength(lan.activeCapacity)
  })

  it('keeps its places free for those still to be chosen', () => {
    const bench = new Bench()
    bench.flood(10, 200)
    expect(bench.neighbours).toHaveLength(lan.activeCapacity - lan.outboundQuota)
  })

  it('is what protects: without it the same flood leaves nobody that was chosen', () => {
    const bench = new Bench({ ...lan, outboundQuota: 0, reserves: 'recent' }).choose(1, 2, 3)
    expect(bench.neighbours).toEqual(expect.arrayContaining(chosen))
    bench.flood(10, 200)
    for (const one of chosen) expect(bench.neighbours).not.toContain(one)
  })

  it('makes room for one that chooses, but never twice in the same place', () => {
    const bench = new Bench()
    for (let number = 10; number < 17; number++) {
      bench.receive(number, { type: 'neighbor', self: known(number), priority: 'low' })
    }
    for (let number = 20; number < 27; number++) {
      bench.receive(number, { type: 'neighbor', self: known(number), priority: 'high' })
    }
    const all = [20, 21, 22, 23, 24, 25, 26].map(peer).toSorted()
    expect(bench.neighbours.toSorted()).toEqual(all)
    bench.receive(30, { type: 'neighbor', self: known(30), priority: 'high' })
    expect(bench.neighbours.toSorted()).toEqual(all)
  })

  it('lets one that chooses have the place of one that is of no use where others are', () => {
    const bench = new Bench()
    const [last, outermost] = byRank(30, 200).slice(-2) as [number, number]
    for (let number = 20; number < 27; number++) {
      bench.receive(number, { type: 'neighbor', self: known(number), priority: 'high' })
      if (number > 20) bench.feed({ type: 'useful', peer: peer(number) })
    }
    const ask = (number: number): void => {
      bench.receive(number, { type: 'neighbor', self: known(number), priority: 'high' })
    }
    bench.now = 2_999
    ask(last)
    expect(bench.neighbours).not.toContain(peer(last))
    bench.now = 3_000
    ask(last)
    const useful = [21, 22, 23, 24, 25, 26].map(peer)
    expect(bench.neighbours.toSorted()).toEqual([...useful, peer(last)].toSorted())
    bench.feed({ type: 'useful', peer: peer(last) })
    bench.now = 60_000
    ask(outermost)
    expect(bench.neighbours).not.toContain(peer(outermost))
  })

  it('gives the places of those who asked to the least ranks, however often the others ask', () => {
    const bench = new Bench()
    const ranked = byRank(10, 100)
    for (let round = 0; round < 3; round++) {
      for (const number of ranked.toReversed()) {
        bench.receive(number, { type: 'neighbor', self: known(number), priority: 'high' })
        bench.feed({ type: 'useful', peer: peer(number) })
      }
    }
    const least = ranked.slice(0, lan.activeCapacity - lan.outboundQuota).map(peer)
    expect(bench.neighbours.toSorted()).toEqual(least.toSorted())
  })

  it('ranks a pair the same from both ends, and others otherwise', () => {
    expect(pairRank(peer(1), peer(2))).toBe(pairRank(peer(2), peer(1)))
    const ranks = new Set(byRank(10, 200).map((number) => pairRank(peer(0), peer(number))))
    expect(ranks.size).toBe(190)
  })

  it('replaces the oldest choice now and then, once the new one has agreed', () => {
    const bench = new Bench().choose(1, 2, 3, 4, 5, 6, 7, 8)
    const others = [10, 11, 12, 13]
    for (const number of others) bench.feed({ type: 'met', known: known(number) })
    // The hurried shuffles of a start do not count.
    const asked = Array.from({ length: presets.lan.views.earlyShuffles + 5 }, () =>
      sent(bench.feed({ type: 'fired', key: 'view/shuffle' })),
    ).flat()
    const ask = asked.findLast(({ message }) => message.type === 'neighbor')
    expect(ask?.message).toMatchObject({ priority: 'high' })
    expect(bench.machine.chosen).toEqual(chosen)
    const number = others.find((one) => peer(one) === ask?.to)!
    const effects = bench.receive(number, {
      type: 'neighborReply',
      accepted: true,
      self: known(number),
      peers: [],
    })
    expect(sent(effects)).toContainEqual({
      type: 'send',
      to: peer(1),
      message: { type: 'disconnect', cause: 'evicted' },
    })
    expect(bench.machine.chosen).toEqual([peer(2), peer(3), peer(number)])
  })
})

describe('rescuers', () => {
  const named = (effects: readonly ViewEffect[]): readonly string[] =>
    effects.flatMap((effect) =>
      effect.type === 'emit' && effect.output.type === 'rescuer' ? [effect.output.peer] : [],
    )

  it('are reserves, named at once, whose links are kept for as long as an answer may take', () => {
    const bench = new Bench()
    for (let number = 1; number < 20; number++) bench.feed({ type: 'met', known: known(number) })
    const rescuers = named(bench.feed({ type: 'starved' }))
    expect(rescuers).toHaveLength(3)
    for (const one of rescuers) {
      expect(bench.machine.isNeighbour(one as never)).toBe(false)
      expect(bench.machine.needsLink(one as never, at(bench.now))).toBe(true)
      expect(bench.machine.needsLink(one as never, at(lan.neighborTimeoutMs + 1))).toBe(false)
    }
  })

  it('are nobody where nobody is in reserve', () => {
    expect(named(new Bench().feed({ type: 'starved' }))).toEqual([])
  })
})

describe('addresses', () => {
  it('are told of only when the peer was reached there', () => {
    const bench = new Bench()
    for (const number of [1, 2, 3, 4, 5]) bench.feed({ type: 'met', known: known(number) })
    expect(bench.offered(50)).toEqual([])
    bench.feed({ type: 'linkUp', peer: peer(4), dialled: whereIs(4) })
    expect(bench.offered(51)).toEqual([peer(4)])
  })

  it('are not proven by a link that the other side made, nor by one to elsewhere', () => {
    const bench = new Bench()
    for (const number of [1, 2, 3, 4, 5]) bench.feed({ type: 'met', known: known(number) })
    bench.feed({ type: 'linkUp', peer: peer(4) })
    bench.feed({ type: 'linkUp', peer: peer(5), dialled: 'memory://by-another-way' })
    expect(bench.offered(50)).toEqual([])
  })

  it('have to be proven again when the peer has moved', () => {
    const bench = new Bench()
    for (const number of [1, 2, 3, 4, 5]) bench.feed({ type: 'met', known: known(number) })
    bench.feed({ type: 'linkUp', peer: peer(4), dialled: whereIs(4) })
    bench.feed({ type: 'met', known: known(4, 1) })
    expect(bench.offered(50)).toEqual([peer(4)])
    bench.feed({ type: 'met', known: known(4, 2, 'memory://another-house') })
    expect(bench.offered(51)).toEqual([])
    bench.feed({ type: 'linkUp', peer: peer(4), dialled: 'memory://another-house' })
    expect(bench.offered(52)).toEqual([peer(4)])
  })

  it('are tried at a low rate, and who is not there is not taken again on hearsay', () => {
    const bench = new Bench().choose(1, 2, 3)
    for (let number = 10; number < 60; number++) bench.feed({ type: 'met', known: known(number) })
    const tried = new Set<string>()
    for (let period = 0; period < 10; period++) {
      const effects = bench.feed({ type: 'fired', key: 'view/shuffle' })
      const began = sent(effects).filter(({ message }) => message.type === 'exchange')
      // One with a neighbour, and two tries.
      expect(began.length).toBeLessThanOrEqual(3)
      for (const { to } of began) if (!bench.neighbours.includes(to)) tried.add(to)
    }
    const [gone] = tried
    const number = Array.from({ length: 60 }, (_, one) => one).find((one) => peer(one) === gone)!
    bench.feed({ type: 'linkDown', peer: peer(number), cause: 'unreachable' })
    expect(bench.reserves).not.toContain(peer(number))
    bench.feed({ type: 'met', known: known(number) })
    expect(bench.reserves).not.toContain(peer(number))
    bench.feed({ type: 'met', known: known(number, 1) })
    expect(bench.reserves).toContain(peer(number))
  })
})

describe('an exchange', () => {
  it('wants only whom it has a slot for, and takes nothing else', () => {
    const bench = new Bench()
    const effects = bench.receive(9, {
      type: 'exchange',
      origin: known(9),
      peers: [peer(0), peer(9), peer(20), peer(21)],
    })
    expect(sent(effects)).toContainEqual({
      type: 'send',
      to: peer(9),
      message: { type: 'exchangeReply', peers: [], wanted: [peer(20), peer(21)] },
    })
    bench.receive(9, { type: 'introduce', peers: [known(20), known(33)], wanted: [] })
    expect(bench.reserves).toContain(peer(20))
    expect(bench.reserves).not.toContain(peer(33))
  })

  it('ignores introductions that it did not ask for, and a second one', () => {
    const bench = new Bench()
    bench.receive(9, { type: 'introduce', peers: [known(33)], wanted: [] })
    bench.receive(9, { type: 'exchange', origin: known(9), peers: [peer(20)] })
    bench.receive(9, { type: 'introduce', peers: [], wanted: [] })
    bench.receive(9, { type: 'introduce', peers: [known(20)], wanted: [] })
    expect(bench.reserves).not.toContain(peer(33))
    expect(bench.reserves).not.toContain(peer(20))
  })

  it('gives descriptors of nobody whose address was not proven', () => {
    const bench = new Bench()
    for (const number of [1, 2, 3, 4, 5]) bench.feed({ type: 'met', known: known(number) })
    bench.feed({ type: 'linkUp', peer: peer(4), dialled: whereIs(4) })
    bench.receive(9, { type: 'exchange', origin: known(9), peers: [] })
    const effects = bench.receive(9, {
      type: 'introduce',
      peers: [],
      wanted: [peer(4), peer(5), peer(77)],
    })
    const given = sent(effects).flatMap(({ message }) =>
      message.type === 'introduce' ? message.peers.map((one) => one.descriptor.peer) : [],
    )
    expect(given).toEqual([peer(4)])
  })

  it('counts who does not answer as one that is not there', () => {
    const bench = new Bench().choose(1, 2, 3)
    bench.feed({ type: 'met', known: known(30) })
    bench.feed({ type: 'fired', key: 'view/shuffle' })
    expect(bench.reserves).toContain(peer(30))
    bench.now += lan.neighborTimeoutMs + 1
    bench.feed({ type: 'fired', key: 'view/shuffle' })
    expect(bench.reserves).not.toContain(peer(30))
  })
})
