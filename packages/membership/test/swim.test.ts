import { describe, expect, it } from 'vitest'
import { type Fired, seededRng } from '@kithnet/kernel'
import {
  incarnationFromBytes,
  incarnationToBytes,
  presets,
  Swim,
  type SwimEffect,
  type SwimEvent,
  type SwimMessage,
  type Update,
} from '@kithnet/membership'
import { lastCallMs } from '../src/last-call.ts'
import { at, emitted, known, peer, sent } from './peers.ts'

const config = { ...presets.lan.swim, probesPerInterval: 1 }

class Bench {
  readonly machine: Swim
  readonly armed = new Map<string, number>()
  now = 0

  constructor(members: readonly number[], partial = true) {
    const rng = seededRng(3)
    this.machine = new Swim({ self: peer(0), config, rng, incarnation: undefined, partial })
    this.feed({ type: 'described', self: known(0) })
    for (const number of members) this.feed({ type: 'memberUp', known: known(number) })
  }

  feed(event: SwimEvent | Fired<string>): readonly SwimEffect[] {
    const effects = this.machine.on(event, at(this.now))
    for (const effect of effects) {
      if (effect.type === 'arm') this.armed.set(effect.key, effect.at)
      if (effect.type === 'disarm') this.armed.delete(effect.key)
    }
    return effects
  }

  receive(from: number, message: SwimMessage): readonly SwimEffect[] {
    return this.feed({ type: 'received', from: peer(from), message })
  }

  gossip(from: number, ...updates: readonly Update[]): readonly SwimEffect[] {
    return this.receive(from, { type: 'gossip', updates })
  }

  /** Lets a probe fail: its end, and the last call after it. */
  fail(nonce: number): readonly SwimEffect[] {
    const key = `swim/end/${nonce}`
    return [...this.feed({ type: 'fired', key }), ...this.feed({ type: 'fired', key })]
  }

  /** How long a suspicion lasts yet, its last call included. */
  left(number: number): number {
    return this.armed.get(`swim/suspect/${peer(number)}`)! + lastCallMs(config) - this.now
  }

  /** Lets time pass and fires what is due; answers with everything that was wanted. */
  run(ms: number): readonly SwimEffect[] {
    const until = this.now + ms
    const effects: SwimEffect[] = []
    for (;;) {
      const [first] = [...this.armed].toSorted(([, a], [, b]) => a - b)
      if (first === undefined || first[1] > until) break
      this.armed.delete(first[0])
      this.now = first[1]
      effects.push(...this.feed({ type: 'fired', key: first[0] }))
    }
    this.now = until
    return effects
  }
}

const suspect = (number: number, incarnation = 1): Update => {
  return { state: 'suspect', peer: peer(number), incarnation }
}
const dead = (number: number, incarnation = 1): Update => {
  return { state: 'dead', peer: peer(number), incarnation }
}

function ping(effects: readonly SwimEffect[]): { readonly nonce: number } {
  for (const { message } of sent(effects)) if (message.type === 'ping') return message
  throw new Error('no ping')
}

describe('probing', () => {
  it('reaches every member once a round', () => {
    const bench = new Bench([1, 2, 3, 4], false)
    const probed = new Set<string>()
    for (let turn = 0; turn < 4; turn++) {
      for (const { to, message } of sent(bench.feed({ type: 'fired', key: 'swim/probe' }))) {
        if (message.type === 'ping') probed.add(to)
      }
    }
    expect(probed.size).toBe(4)
  })

  it('takes an answer only from the target and only to its probe', () => {
    const bench = new Bench([1])
    const { nonce } = ping(bench.feed({ type: 'fired', key: 'swim/probe' }))
    bench.receive(2, { type: 'ack', nonce, updates: [] })
    bench.receive(1, { type: 'ack', nonce: nonce ^ 1, updates: [] })
    expect(bench.armed.has(`swim/end/${nonce}`)).toBe(true)
    bench.receive(1, { type: 'ack', nonce, updates: [] })
    expect(bench.armed.has(`swim/end/${nonce}`)).toBe(false)
  })

  it("asks the silent member's own neighbours, then the rest", () => {
    const bench = new Bench([1, 2])
    bench.receive(1, {
      type: 'neighbours',
      peers: [peer(0), peer(7), peer(8)],
      known: [known(7), known(8)],
    })
    const effects: SwimEffect[] = []
    for (let turn = 0; turn < 2; turn++) effects.push(...bench.run(config.probeIntervalMs))
    const asked = sent(effects).filter(({ message }) => {
      return message.type === 'pingRequest' && message.target.descriptor.peer === peer(1)
    })
    expect(asked.map(({ to }) => to).toSorted()).toEqual([peer(2), peer(7), peer(8)])
    expect(emitted(effects)).toContainEqual({ type: 'learned', known: known(7) })
  })

  it('does not wait for a direct answer when there is no link', () => {
    const bench = new Bench([1, 2])
    const effects = bench.feed({ type: 'fired', key: 'swim/probe' })
    const { to } = sent(effects).find(({ message }) => message.type === 'ping')!
    const down = bench.feed({ type: 'linkDown', peer: to, cause: 'unreachable' })
    expect(sent(down)).toMatchObject([{ message: { type: 'pingRequest' } }])
  })

  it('probes for a stranger only whom it is linked to, for a member anybody', () => {
    const bench = new Bench([1])
    const request = (target: number): SwimMessage => {
      return { type: 'pingRequest', nonce: 9, target: known(target) }
    }
    expect(sent(bench.receive(5, request(6)))).toMatchObject([
      { to: peer(5), message: { type: 'pingReply', nonce: 9, reached: false } },
    ])
    expect(sent(bench.receive(5, request(1)))).toMatchObject([
      { to: peer(1), message: { type: 'ping' } },
    ])
    const { nonce } = ping(bench.receive(1, request(6)))
    expect(sent(bench.receive(6, { type: 'ack', nonce, updates: [] }))).toMatchObject([
      { to: peer(1), message: { type: 'pingReply', nonce: 9, reached: true } },
    ])
  })
})

describe('a deadline', () => {
  it('leaves time to read the answers that came while the process was paused', () => {
    const bench = new Bench([1])
    const { nonce } = ping(bench.feed({ type: 'fired', key: 'swim/probe' }))
    const key = `swim/end/${nonce}`
    bench.now = 30_000
    expect(emitted(bench.feed({ type: 'fired', key }))).toEqual([])
    expect(bench.armed.get(key)).toBe(30_000 + lastCallMs(config))
    bench.receive(1, { type: 'ack', nonce, updates: [] })
    expect(bench.armed.has(key)).toBe(false)
    expect(bench.machine.isSuspected(peer(1))).toBe(false)
  })

  it('of a suspicion does so too', () => {
    const bench = new Bench([1])
    bench.run(2 * config.probeIntervalMs)
    const key = `swim/suspect/${peer(1)}`
    expect(bench.armed.has(key)).toBe(true)
    bench.now = 60_000
    expect(emitted(bench.feed({ type: 'fired', key }))).toEqual([])
    bench.gossip(1, { state: 'alive', known: known(1, 2) })
    expect(bench.armed.has(key)).toBe(false)
    expect(bench.machine.watches(peer(1))).toBe(true)
  })
})

/** What this peer tells another with its answer to a ping. */
function told(bench: Bench, to = 1): readonly Update[] {
  const [answer] = sent(bench.receive(to, { type: 'ping', nonce: 1, updates: [] }))
  return answer?.message.type === 'ack' ? answer.message.updates : []
}

describe('a rumour', () => {
  it('of an unknown peer is passed on, each thing once', () => {
    const bench = new Bench([1, 2])
    bench.gossip(2, suspect(9, 4))
    expect(told(bench)).toEqual([suspect(9, 4)])
    for (let count = 0; count < 12; count++) told(bench)
    expect(told(bench)).toEqual([])
    bench.gossip(1, suspect(9, 4), suspect(9, 3))
    expect(told(bench)).toEqual([])
    bench.gossip(1, dead(9, 4))
    expect(told(bench)).toEqual([dead(9, 4)])
  })

  it('is followed by its refutation, which goes nowhere else', () => {
    const bench = new Bench([1])
    const alive: Update = { state: 'alive', known: known(9, 5) }
    bench.gossip(1, alive)
    expect(told(bench)).toEqual([])
    bench.gossip(1, suspect(9, 4))
    bench.gossip(1, alive)
    expect(told(bench)).toEqual([alive])
    bench.gossip(1, dead(9, 5))
    expect(told(bench)).toEqual([alive])
  })

  it('waits for what this peer has found itself', () => {
    const bench = new Bench([1, 2, 3, 4, 5])
    bench.gossip(1, suspect(9), suspect(10), suspect(11), suspect(12))
    const { nonce } = ping(bench.gossip(1, suspect(2)))
    bench.fail(nonce)
    expect(told(bench)).toEqual([suspect(2), suspect(9), suspect(10), suspect(11)])
  })
})

describe('an accuser', () => {
  it('is heard a bounded number of times a period', () => {
    const bench = new Bench([1, 2])
    const accept = (first: number): number => {
      for (let subject = first; subject < first + 60; subject++) bench.gossip(2, suspect(subject))
      const heard = new Set<string>()
      for (let count = 0; count < 40; count++) {
        for (const update of told(bench)) if (update.state !== 'alive') heard.add(update.peer)
      }
      return heard.size
    }
    expect(accept(10)).toBe(16)
    expect(accept(70)).toBe(0)
    bench.now += config.probeIntervalMs
    expect(accept(130)).toBe(8)
    bench.gossip(1, suspect(200))
    expect(told(bench)).toContainEqual(suspect(200))
  })

  it('causes a bounded number of probes a turn', () => {
    const bench = new Bench([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], false)
    const probes = [2, 3, 4, 5, 6, 7, 8, 9, 10].flatMap((subject) => {
      return sent(bench.gossip(1, suspect(subject)))
    })
    expect(probes).toHaveLength(4)
  })
})

describe('suspicion', () => {
  it('asks the suspect again every period, and nobody else', () => {
    const bench = new Bench([1, 2, 3], false)
    const { nonce } = ping(bench.gossip(2, suspect(1)))
    bench.fail(nonce)
    const { health } = bench.machine
    for (let period = 0; period < 3; period++) {
      const effects = bench.feed({ type: 'fired', key: 'swim/probe' })
      const again = sent(effects).find(({ to }) => to === peer(1))!
      expect(again.message).toMatchObject({ type: 'ping', updates: [suspect(1)] })
      bench.fail((again.message as { nonce: number }).nonce)
    }
    expect(bench.machine.health).toBe(health)
  })

  it('does so in every period, as the timers go', () => {
    const bench = new Bench([1, 2, 3], false)
    const { nonce } = ping(bench.gossip(2, suspect(1)))
    bench.fail(nonce)
    let asked = 0
    const pass = (periods: number): void => {
      for (let slice = 0; slice < periods * 10; slice++) {
        for (const { to, message } of sent(bench.run(config.probeIntervalMs / 10))) {
          if (message.type !== 'ping') continue
          if (to === peer(1)) asked++
          else bench.receive(to === peer(2) ? 2 : 3, { ...message, type: 'ack', updates: [] })
        }
      }
    }
    // Until the failed probe that began it has no part in local health any more.
    pass(4)
    expect(bench.machine.health).toBe(0)
    asked = 0
    pass(4)
    expect(bench.machine.isSuspected(peer(1))).toBe(true)
    expect(asked).toBe(4)
  })

  it('comes from a failed probe, tells the suspect first, and ends in death by the formula', () => {
    const bench = new Bench([1])
    const effects = bench.run(2 * config.probeIntervalMs)
    expect(emitted(effects)).toContainEqual({ type: 'suspected', peer: peer(1), by: peer(0) })
    const gossip = sent(effects).find(({ message }) => message.type === 'gossip')
    expect(gossip).toMatchObject({ to: peer(1), message: { updates: [suspect(1)] } })
    expect(emitted(bench.run(5_000))).toContainEqual({
      type: 'dead',
      peer: peer(1),
      cause: 'suspicion-timeout',
      incarnation: 1,
    })
    expect(bench.machine.watches(peer(1))).toBe(false)
  })

  it('rides first on the probes of the suspect', () => {
    const bench = new Bench([1])
    bench.run(2 * config.probeIntervalMs)
    const probe = sent(bench.run(2 * config.probeIntervalMs)).find(({ message }) => {
      return message.type === 'ping'
    })
    expect(probe).toMatchObject({ to: peer(1), message: { updates: [suspect(1)] } })
  })

  it('ends when the suspect answers', () => {
    const bench = new Bench([1])
    bench.run(2 * config.probeIntervalMs)
    const { nonce } = ping(bench.run(2 * config.probeIntervalMs))
    const effects = bench.receive(1, { type: 'ack', nonce, updates: [] })
    expect(emitted(effects)).toMatchObject([{ type: 'alive', peer: peer(1) }])
    expect(bench.machine.isSuspected(peer(1))).toBe(false)
  })

  it('is never taken over from others, who only cause a probe', () => {
    const bench = new Bench([1, 2])
    const effects = bench.gossip(2, dead(1))
    expect(emitted(effects)).toEqual([])
    expect(sent(effects)).toMatchObject([{ to: peer(1), message: { type: 'ping' } }])
    expect(bench.machine.isSuspected(peer(1))).toBe(false)
  })

  it('is confirmed by what others said before and after', () => {
    const bench = new Bench([1, 2, 3, 4])
    const around = [known(2), known(3), known(4)]
    bench.receive(1, { type: 'neighbours', peers: [peer(2), peer(3), peer(4)], known: around })
    const { nonce } = ping(bench.gossip(2, suspect(1)))
    bench.gossip(3, suspect(1))
    bench.gossip(4, dead(1))
    bench.fail(nonce)
    expect(bench.left(1)).toBe(3_000)
  })

  it('is not confirmed by those who only pass a rumour on', () => {
    const bench = new Bench([1, 2, 3, 4, 5, 6])
    const around = [known(7), known(8), known(9)]
    bench.receive(1, { type: 'neighbours', peers: [peer(7), peer(8), peer(9)], known: around })
    const { nonce } = ping(bench.gossip(2, suspect(1)))
    for (const gossip of [3, 4]) bench.gossip(gossip, suspect(1))
    bench.fail(nonce)
    for (const gossip of [5, 6]) bench.gossip(gossip, dead(1))
    expect(bench.left(1)).toBe(18_000)
    for (const watcher of [7, 8, 9]) bench.gossip(watcher, suspect(1))
    expect(bench.left(1)).toBe(3_000)
  })

  it('lasts beta times as long when nobody confirms it', () => {
    const bench = new Bench([1, 2])
    bench.receive(1, { type: 'neighbours', peers: [peer(2), peer(3)], known: [known(2), known(3)] })
    const { nonce } = ping(bench.gossip(1, suspect(2)))
    bench.receive(2, { type: 'ack', nonce, updates: [] })
    const own = ping(bench.feed({ type: 'linkDown', peer: peer(1), cause: 'reset' }))
    bench.fail(own.nonce)
    expect(bench.left(1)).toBe(18_000)
    bench.gossip(2, suspect(1))
    bench.gossip(2, dead(1))
    expect(bench.left(1)).toBeGreaterThan(3_000)
    bench.gossip(3, suspect(1))
    expect(bench.left(1)).toBe(3_000)
  })
})

describe('refutation', () => {
  it('is on disk, then signed, then sent to the accuser', () => {
    const bench = new Bench([1])
    const accused = bench.gossip(1, suspect(0))
    expect(sent(accused)).toEqual([])
    expect(accused).toContainEqual({
      type: 'persist',
      key: 'incarnation',
      value: incarnationToBytes(2),
    })
    const persisted = bench.feed({ type: 'persisted', key: 'incarnation' })
    expect(persisted).toEqual([{ type: 'emit', output: { type: 'describe', incarnation: 2 } }])
    const described = bench.feed({ type: 'described', self: known(0, 2) })
    const alive = { state: 'alive', known: known(0, 2) }
    expect(sent(described)).toEqual([
      { type: 'send', to: peer(1), message: { type: 'gossip', updates: [alive] } },
    ])
    expect(bench.machine.health).toBe(1)
  })

  it('is asked of one who is dead here with every answer to its pings', () => {
    const bench = new Bench([1])
    bench.run(10_000)
    expect(bench.machine.watches(peer(1))).toBe(false)
    const effects = bench.receive(1, { type: 'ping', nonce: 5, updates: [] })
    expect(sent(effects)).toMatchObject([{ message: { type: 'ack', updates: [dead(1)] } }])
  })

  it('happens at most once a period', () => {
    const bench = new Bench([1])
    bench.gossip(1, suspect(0))
    bench.feed({ type: 'persisted', key: 'incarnation' })
    bench.feed({ type: 'described', self: known(0, 2) })
    const persists = (effects: readonly SwimEffect[]): boolean => {
      return effects.some((effect) => effect.type === 'persist')
    }
    expect(persists(bench.gossip(1, suspect(0, 2)))).toBe(false)
    bench.now += config.probeIntervalMs
    expect(persists(bench.gossip(1, suspect(0, 2)))).toBe(true)
  })

  it('of an incarnation that is not proven is only an answer', () => {
    const bench = new Bench([1])
    const effects = bench.gossip(1, dead(0, 900))
    expect(effects.some((effect) => effect.type === 'persist')).toBe(false)
    expect(sent(effects)).toMatchObject([{ to: peer(1), message: { type: 'gossip' } }])
    const proven = bench.gossip(1, { state: 'alive', known: known(0, 900) })
    const value = incarnationToBytes(901)
    expect(proven).toContainEqual({ type: 'persist', key: 'incarnation', value })
  })

  it('clears a suspicion only with a later incarnation', () => {
    const bench = new Bench([1])
    bench.run(2 * config.probeIntervalMs)
    bench.gossip(1, { state: 'alive', known: known(1, 1) })
    expect(bench.machine.isSuspected(peer(1))).toBe(true)
    bench.gossip(1, { state: 'alive', known: known(1, 2) })
    expect(bench.machine.isSuspected(peer(1))).toBe(false)
  })

  it('is asked of one who was dead and shows an old descriptor', () => {
    const bench = new Bench([1])
    bench.run(10_000)
    expect(bench.machine.watches(peer(1))).toBe(false)
    const effects = bench.feed({ type: 'shown', known: known(1), later: undefined })
    const updates = [{ state: 'alive', known: known(1) }, dead(1)]
    expect(sent(effects)).toEqual([
      { type: 'send', to: peer(1), message: { type: 'gossip', updates } },
    ])
  })
})

describe('local health', () => {
  it('falls with failed probes and recovers with answered ones', () => {
    const bench = new Bench([1])
    bench.run(2 * config.probeIntervalMs)
    const worse = bench.machine.health
    expect(worse).toBeGreaterThan(0)
    const { nonce } = ping(bench.feed({ type: 'fired', key: 'swim/probe' }))
    bench.receive(1, { type: 'ack', nonce, updates: [] })
    expect(bench.machine.health).toBe(worse - 1)
  })

  it('worsens by each helper that is silent, and not at all when they fail too', () => {
    const silent = new Bench([1, 2, 3], false)
    const { nonce } = ping(silent.gossip(2, suspect(1)))
    silent.feed({ type: 'fired', key: `swim/direct/${nonce}` })
    silent.receive(2, { type: 'pingReply', nonce, reached: false })
    silent.fail(nonce)
    expect(silent.machine.health).toBe(1)
    const failing = new Bench([1, 2, 3], false)
    const probe = ping(failing.gossip(2, suspect(1)))
    failing.feed({ type: 'fired', key: `swim/direct/${probe.nonce}` })
    for (const helper of [2, 3]) {
      failing.receive(helper, { type: 'pingReply', nonce: probe.nonce, reached: false })
    }
    failing.fail(probe.nonce)
    expect(failing.machine.health).toBe(0)
    expect(failing.left(1)).toBe(3_000)
  })
})

describe('a persisted incarnation', () => {
  it('comes back as it was, and nothing else does', () => {
    for (const value of [0, 1, 2 ** 32, Number.MAX_SAFE_INTEGER]) {
      expect(incarnationFromBytes(incarnationToBytes(value))).toBe(value)
    }
    expect(incarnationFromBytes(new Uint8Array(7))).toBeUndefined()
    expect(incarnationFromBytes(new Uint8Array(8).fill(255))).toBeUndefined()
  })
})
