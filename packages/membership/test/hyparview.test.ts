import { describe, expect, it } from 'vitest'
import { type Fired, seededRng } from '@kithnet/kernel'
import {
  HyParView,
  type KnownPeer,
  presets,
  type ViewEffect,
  type ViewEvent,
  type ViewMessage,
} from '@kithnet/membership'
import { at, emitted, known, peer, sent } from './peers.ts'

const config = { ...presets.paper.views, activeTarget: 3, activeCapacity: 3, passiveCapacity: 8 }

class Bench {
  readonly machine = new HyParView({ self: peer(0), config, rng: seededRng(1) })
  now = 0

  constructor(contacts: readonly number[] = []) {
    this.feed({ type: 'described', self: known(0) })
    this.feed({
      type: 'join',
      contacts: contacts.map((number) => ({ peer: peer(number), addresses: [] })),
    })
  }

  feed(event: ViewEvent | Fired<string>): readonly ViewEffect[] {
    return this.machine.on(event, at(this.now))
  }

  receive(from: number, message: ViewMessage): readonly ViewEffect[] {
    return this.feed({ type: 'received', from: peer(from), message })
  }

  fire(key: string): readonly ViewEffect[] {
    return this.feed({ type: 'fired', key })
  }

  /** Makes these peers neighbours. */
  befriend(...numbers: readonly number[]): this {
    for (const number of numbers) {
      this.receive(number, { type: 'neighbor', self: known(number), priority: 'high' })
    }
    return this
  }

  /** Puts these peers into the reserves. */
  reserve(...numbers: readonly number[]): this {
    for (const number of numbers) this.feed({ type: 'met', known: known(number) })
    return this
  }

  get active(): readonly string[] {
    return this.machine.active.map((one) => one.descriptor.peer).toSorted()
  }

  get passive(): readonly string[] {
    return this.machine.passive.map((one) => one.descriptor.peer).toSorted()
  }
}

const accepted = (self: KnownPeer): ViewMessage => {
  return { type: 'neighborReply', accepted: true, self, peers: [] }
}
const refused = (self: KnownPeer, peers: readonly KnownPeer[] = []): ViewMessage => {
  return { type: 'neighborReply', accepted: false, self, peers }
}

describe('joining', () => {
  it('asks a contact with high priority, and with low priority once it was in', () => {
    const bench = new Bench()
    const first = bench.feed({ type: 'join', contacts: [{ peer: peer(1), addresses: [] }] })
    expect(sent(first)).toMatchObject([
      { to: peer(1), message: { type: 'join', priority: 'high' } },
    ])
    bench.receive(1, accepted(known(1)))
    expect(bench.active).toEqual([peer(1)])
    const again = bench.feed({ type: 'linkDown', peer: peer(1), cause: 'reset' })
    expect(sent(again)).toMatchObject([{ to: peer(1), message: { type: 'join', priority: 'low' } }])
  })

  it('tries every contact, says that it is isolated once, and pauses longer each time', () => {
    const bench = new Bench([1, 2])
    const pauses: number[] = []
    const told: unknown[] = []
    for (let step = 0; step < 40; step++) {
      for (const effect of bench.fire('view/rejoin')) {
        if (effect.type === 'arm') pauses.push(effect.at - bench.now)
        if (effect.type === 'emit') told.push(effect.output)
      }
    }
    expect(told).toEqual([{ type: 'isolated', cause: 'alone' }])
    const longest = Math.max(...pauses)
    expect(longest).toBeGreaterThan(config.rejoinBackoffMaxMs * 0.7)
    expect(longest).toBeLessThanOrEqual(config.rejoinBackoffMaxMs * 1.25)
  })

  it('believes the session and not the body about who asks', () => {
    const bench = new Bench()
    bench.receive(5, { type: 'join', self: known(6), priority: 'high' })
    bench.receive(5, { type: 'neighbor', self: known(6), priority: 'high' })
    bench.receive(5, accepted(known(6)))
    expect(bench.active).toEqual([])
    expect(bench.passive).toEqual([])
  })

  it('makes room for a newcomer, tells whom it drops, and sends its walks on', () => {
    const bench = new Bench().befriend(1, 2, 3)
    const effects = bench.receive(4, { type: 'join', self: known(4), priority: 'high' })
    const messages = sent(effects).map(({ message }) => message.type)
    expect(messages.toSorted()).toEqual([
      'disconnect',
      'forwardJoin',
      'forwardJoin',
      'neighborReply',
    ])
    expect(bench.active).toHaveLength(3)
    expect(bench.active).toContain(peer(4))
    expect(bench.passive).toHaveLength(1)
  })

  it('clamps the hops that a walk asks for', () => {
    const bench = new Bench().befriend(1, 2)
    const walk = { type: 'forwardJoin', joiner: known(9), priority: 'high', ttl: 30 } as const
    const effects = bench.receive(1, walk)
    const ttl = config.activeWalkHops - 1
    expect(sent(effects)).toMatchObject([{ to: peer(2), message: { type: 'forwardJoin', ttl } }])
  })

  it('takes walks from neighbours only', () => {
    const bench = new Bench().befriend(1, 2)
    const walk = { type: 'forwardJoin', joiner: known(9), priority: 'high', ttl: 0 } as const
    expect(sent(bench.receive(7, walk))).toEqual([])
    expect(sent(bench.receive(1, walk))).toMatchObject([
      { to: peer(9), message: { type: 'neighbor', priority: 'low' } },
    ])
  })
})

describe('asking for neighbours', () => {
  it('uses high priority only when there is no neighbour', () => {
    const alone = new Bench()
    const asking = alone.feed({ type: 'met', known: known(1) })
    expect(sent(asking)).toMatchObject([{ message: { type: 'neighbor', priority: 'high' } }])
    const accompanied = new Bench().befriend(2)
    const low = accompanied.feed({ type: 'met', known: known(1) })
    expect(sent(low)).toMatchObject([{ message: { type: 'neighbor', priority: 'low' } }])
  })

  it('grants low priority only where there is room, and high priority always', () => {
    const bench = new Bench().befriend(1, 2, 3)
    const low = bench.receive(4, { type: 'neighbor', self: known(4), priority: 'low' })
    expect(sent(low)).toMatchObject([{ to: peer(4), message: { accepted: false } }])
    expect(low).toContainEqual({ type: 'release', peer: peer(4) })
    const high = bench.receive(5, { type: 'neighbor', self: known(5), priority: 'high' })
    expect(sent(high)).toMatchObject([
      { message: { type: 'disconnect', cause: 'evicted' } },
      { to: peer(5), message: { accepted: true } },
    ])
    expect(bench.active).toHaveLength(3)
  })

  it('drops a reserve that cannot be reached, and asks the next', () => {
    const bench = new Bench().befriend(1).reserve(2)
    bench.reserve(3)
    const effects = bench.feed({ type: 'linkDown', peer: peer(2), cause: 'unreachable' })
    expect(emitted(effects)).toContainEqual({ type: 'forgot', peer: peer(2) })
    expect(sent(effects)).toMatchObject([{ to: peer(3), message: { type: 'neighbor' } }])
    expect(bench.passive).toEqual([peer(3)])
  })

  it('keeps a reserve that refuses, and asks it again only after a pause', () => {
    const bench = new Bench().befriend(1).reserve(2)
    const effects = bench.receive(2, refused(known(2)))
    expect(sent(effects)).toEqual([])
    expect(effects.some((effect) => effect.type === 'arm' && effect.key === 'view/repair')).toBe(
      true,
    )
    expect(bench.passive).toEqual([peer(2)])
    expect(sent(bench.fire('view/repair'))).toMatchObject([{ to: peer(2) }])
  })

  it('turns down a late acceptance when there is no room any more', () => {
    const bench = new Bench().befriend(1, 2).reserve(4).befriend(3)
    expect(sent(bench.receive(4, accepted(known(4))))).toMatchObject([
      { to: peer(4), message: { type: 'disconnect', cause: 'full' } },
    ])
    expect(bench.active).toEqual([peer(1), peer(2), peer(3)])
  })

  it('repairs after a disconnect, not with the one who sent it', () => {
    const bench = new Bench().befriend(1, 2, 3).reserve(4)
    const effects = bench.receive(1, { type: 'disconnect', cause: 'evicted' })
    expect(emitted(effects)).toContainEqual({
      type: 'neighbourDown',
      peer: peer(1),
      cause: 'evicted',
    })
    expect(sent(effects)).toMatchObject([{ to: peer(4), message: { type: 'neighbor' } }])
    expect(bench.passive).toContain(peer(1))
  })
})

describe('mending a split', () => {
  const period = 'view/reunion'

  it('tries a lost neighbour once a rejoin period, with low priority, and has it back', () => {
    const bench = new Bench().befriend(1, 2)
    bench.feed({ type: 'linkDown', peer: peer(1), cause: 'reset' })
    const asking = bench.fire(period)
    expect(emitted(asking)).toContainEqual({ type: 'learned', known: known(1) })
    expect(sent(asking)).toMatchObject([
      { to: peer(1), message: { type: 'neighbor', priority: 'low' } },
    ])
    bench.receive(1, accepted(known(1)))
    expect(bench.active).toEqual([peer(1), peer(2)])
    expect(sent(bench.fire(period))).toEqual([])
  })

  it('tries those first that it has tried least', () => {
    const bench = new Bench().befriend(1, 2, 3)
    bench.feed({ type: 'linkDown', peer: peer(1), cause: 'reset' })
    for (let count = 0; count < 3; count++) {
      bench.fire(period)
      bench.feed({ type: 'linkDown', peer: peer(1), cause: 'unreachable' })
    }
    bench.feed({ type: 'died', peer: peer(2), incarnation: 1 })
    expect(sent(bench.fire(period))).toMatchObject([{ to: peer(2) }])
  })

  it('forgets where a lost neighbour is when it does not answer, and tries again', () => {
    const bench = new Bench().befriend(1, 2)
    bench.feed({ type: 'linkDown', peer: peer(1), cause: 'reset' })
    bench.fire(period)
    const failed = bench.feed({ type: 'linkDown', peer: peer(1), cause: 'unreachable' })
    expect(emitted(failed)).toEqual([{ type: 'forgot', peer: peer(1) }])
    expect(sent(bench.fire(period))).toMatchObject([{ to: peer(1) }])
  })

  it('asks whom it lost when it is alone and knows no contact', () => {
    const bench = new Bench().befriend(1)
    const effects = bench.feed({ type: 'linkDown', peer: peer(1), cause: 'reset' })
    expect(sent(effects)).toMatchObject([
      { to: peer(1), message: { type: 'join', priority: 'low' } },
    ])
  })

  it('does not try those who said goodbye', () => {
    const bench = new Bench().befriend(1, 2)
    bench.receive(1, { type: 'disconnect', cause: 'leaving' })
    expect(sent(bench.fire(period))).toEqual([])
  })

  it('asks a contact for a spare place while it has one itself, and else only shuffles', () => {
    const few = new Bench([9]).befriend(1)
    few.feed({ type: 'linkDown', peer: peer(9), cause: 'unreachable' })
    expect(sent(few.fire(period))).toMatchObject([
      { to: peer(9), message: { type: 'join', priority: 'spare' } },
    ])
    const full = new Bench([9]).befriend(1, 2, 3)
    full.feed({ type: 'linkDown', peer: peer(9), cause: 'unreachable' })
    expect(sent(full.fire(period))).toMatchObject([
      { to: peer(9), message: { type: 'shuffle', ttl: 1 } },
    ])
  })

  it('gives a spare place only while another stays free, and never makes room', () => {
    const bench = new Bench().befriend(1)
    const given = bench.receive(4, { type: 'join', self: known(4), priority: 'spare' })
    expect(sent(given)).toMatchObject([{ to: peer(4), message: { accepted: true } }])
    const kept = bench.receive(5, { type: 'join', self: known(5), priority: 'spare' })
    const messages = sent(kept).map(({ message }) => message.type)
    expect(messages).toEqual(['neighborReply', 'forwardJoin', 'forwardJoin'])
    expect(bench.active).toEqual([peer(1), peer(4)])
    const low = bench.receive(6, { type: 'neighbor', self: known(6), priority: 'low' })
    expect(sent(low)).toMatchObject([{ to: peer(6), message: { accepted: true } }])
  })

  it('takes a peer that was declared dead for alive once it has a session', () => {
    const bench = new Bench().befriend(1, 2, 3)
    bench.feed({ type: 'died', peer: peer(4), incarnation: 1 })
    bench.feed({ type: 'met', known: known(4, 1) })
    expect(bench.passive).toEqual([])
    bench.feed({ type: 'linkUp', peer: peer(4) })
    bench.feed({ type: 'met', known: known(4, 1) })
    expect(bench.passive).toEqual([peer(4)])
  })

  it('asks once with high priority when it misses most neighbours and everybody refuses', () => {
    const bench = new Bench().befriend(1).reserve(2)
    const asked: string[] = []
    for (let turn = 0; turn < 12; turn++) {
      bench.receive(2, refused(known(2)))
      for (const { message } of sent(bench.fire('view/repair'))) {
        if (message.type === 'neighbor') asked.push(message.priority)
      }
    }
    expect(asked.slice(0, 5)).toEqual(Array.from({ length: 5 }, () => 'low'))
    expect(asked).toContain('high')
  })

  it('parts with a neighbour that it cannot hear, and keeps it in reserve', () => {
    const bench = new Bench().befriend(1, 2)
    const effects = bench.feed({ type: 'unheard', peer: peer(1) })
    expect(sent(effects)).toMatchObject([
      { to: peer(1), message: { type: 'disconnect', cause: 'silent' } },
    ])
    expect(emitted(effects)).toContainEqual({
      type: 'neighbourDown',
      peer: peer(1),
      cause: 'unheard',
    })
    expect(bench.passive).toEqual([peer(1)])
  })
})

describe('shuffling', () => {
  const offer = { type: 'shuffle', origin: known(9), nonce: 5, ttl: 30, peers: [known(8)] } as const

  it('sends a walk on with one hop less than allowed, and its reply back', () => {
    const bench = new Bench().befriend(1, 2)
    const onward = sent(bench.receive(1, offer))
    const ttl = config.shuffleHops - 1
    expect(onward).toMatchObject([{ to: peer(2), message: { type: 'shuffle', ttl } }])
    const reply = { type: 'shuffleReply', nonce: 5, peers: [known(7)] } as const
    expect(sent(bench.receive(1, reply))).toEqual([])
    expect(sent(bench.receive(2, reply))).toEqual([{ type: 'send', to: peer(1), message: reply }])
    expect(sent(bench.receive(2, reply))).toEqual([])
    expect(bench.passive).toEqual([])
  })

  it('answers where the walk ends, and takes what it brought', () => {
    const bench = new Bench().befriend(1, 2, 3).reserve(4, 5)
    const effects = bench.receive(1, { ...offer, ttl: 1 })
    expect(sent(effects)).toMatchObject([
      { to: peer(1), message: { type: 'shuffleReply', nonce: 5 } },
    ])
    expect(bench.passive).toEqual([peer(4), peer(5), peer(8), peer(9)])
  })

  it('lets a stranger shuffle for itself only', () => {
    const bench = new Bench().befriend(1, 2, 3)
    expect(sent(bench.receive(7, offer))).toEqual([])
    const own = { ...offer, origin: known(7) }
    expect(sent(bench.receive(7, own))).toMatchObject([{ to: peer(7) }])
    expect(bench.passive).toEqual([peer(7), peer(8)])
  })

  it('ignores replies that it did not ask for', () => {
    const bench = new Bench().befriend(1, 2, 3)
    bench.receive(1, { type: 'shuffleReply', nonce: 1, peers: [known(8)] })
    expect(bench.passive).toEqual([])
  })

  it('gives up first what the other side has now', () => {
    const bench = new Bench().befriend(1, 2, 3).reserve(11, 12, 13, 14, 15, 16, 17, 18)
    const [shuffle] = sent(bench.fire('view/shuffle'))
    if (shuffle?.message.type !== 'shuffle') throw new Error('no shuffle')
    const { nonce, peers } = shuffle.message
    const given = new Set<string>(peers.map((one) => one.descriptor.peer))
    const reply = { type: 'shuffleReply', nonce, peers: [known(21), known(22)] } as const
    const from = Number.parseInt(shuffle.to.slice(0, 2), 16)
    const kept = bench.passive.filter((one) => !given.has(one))
    bench.receive(from, reply)
    for (const one of kept) expect(bench.passive).toContain(one)
    expect(bench.passive).toContain(peer(21))
  })

  it('does not bring back the dead, except in a later life', () => {
    const bench = new Bench().befriend(1, 2, 3).reserve(4)
    bench.feed({ type: 'died', peer: peer(4), incarnation: 1 })
    expect(bench.passive).toEqual([])
    bench.feed({ type: 'met', known: known(4, 1) })
    expect(bench.passive).toEqual([])
    bench.feed({ type: 'met', known: known(4, 2) })
    expect(bench.passive).toEqual([peer(4)])
  })

  it('comes more often after a newcomer, and slower each time until it is settled', () => {
    const lan = { ...presets.lan.views }
    const machine = new HyParView({ self: peer(0), config: lan, rng: seededRng(2) })
    machine.on({ type: 'described', self: known(0) }, at(0))
    machine.on({ type: 'join', contacts: [] }, at(0))
    const pauses: number[] = []
    for (let count = 0; count < 8; count++) {
      for (const effect of machine.on({ type: 'fired', key: 'view/shuffle' }, at(0))) {
        if (effect.type === 'arm') pauses.push(effect.at)
      }
    }
    expect(pauses[0]).toBeLessThan(lan.shuffleIntervalMs / 10)
    expect(pauses.at(-1)).toBeGreaterThanOrEqual(lan.shuffleIntervalMs * 0.75)
  })
})

describe('what is told of neighbours', () => {
  it('neither keeps in reserve nor lets in who is barred, until its time is over', () => {
    const bench = new Bench().befriend(1).reserve(2)
    bench.feed({ type: 'barred', peer: peer(2), until: at(10_000) })
    expect(bench.passive).toEqual([])
    bench.reserve(2).befriend(2)
    expect(bench.passive).toEqual([])
    expect(bench.active).toEqual([peer(1)])
    bench.now = 10_001
    bench.befriend(2)
    expect(bench.active).toEqual([peer(1), peer(2)].toSorted())
  })

  it('parts from an idle neighbour and takes another', () => {
    const bench = new Bench().befriend(1, 2, 3)
    const effects = bench.feed({ type: 'idle', peer: peer(1) })
    expect(sent(effects).map(({ message }) => message.type)).toContain('disconnect')
    bench.befriend(1)
    expect(bench.active).toEqual([peer(2), peer(3)].toSorted())
    bench.now = 120_001
    bench.befriend(1)
    expect(bench.active).toEqual([peer(1), peer(2), peer(3)].toSorted())
  })

  it('takes idle ones again when it has parted from most: it may be the one that nothing reaches', () => {
    const bench = new Bench().befriend(1, 2, 3)
    for (const number of [1, 2]) bench.feed({ type: 'idle', peer: peer(number) })
    bench.befriend(1)
    expect(bench.active).toEqual([peer(1), peer(3)].toSorted())
    bench.befriend(2)
    expect(bench.active).toEqual([peer(1), peer(3)].toSorted())
  })

  it('keeps an idle one out for longer each time, until it has been of use', () => {
    const bench = new Bench().befriend(2, 3)
    const outMs = (): number => {
      const from = bench.now
      bench.befriend(1).feed({ type: 'idle', peer: peer(1) })
      while (!bench.active.includes(peer(1))) {
        bench.now += 60_000
        bench.befriend(1)
      }
      return bench.now - from
    }
    const minutes = Array.from({ length: 6 }, () => outMs() / 60_000)
    expect(minutes).toEqual([2, 4, 8, 16, 32, 32])
    bench.feed({ type: 'useful', peer: peer(1) })
    expect(outMs() / 60_000).toBe(2)
  })

  it('lets those go first that have been of no use', () => {
    const bench = new Bench().befriend(1, 2, 3)
    for (const number of [1, 3]) bench.feed({ type: 'useful', peer: peer(number) })
    bench.befriend(4)
    expect(bench.active).toEqual([peer(1), peer(3), peer(4)].toSorted())
  })
})
