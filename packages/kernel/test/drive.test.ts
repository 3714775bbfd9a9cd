import {
  after,
  drive,
  type Effect,
  type Fired,
  type Instant,
  instant,
  type Io,
} from '@kithnet/kernel'
import { expect, test } from 'vitest'

type Event = { readonly type: 'poke'; readonly depth: number }
type Step = Effect<string, string, string, number>

/** Answers a poke with one of each effect, so that the order in which they are performed shows. */
class Echo {
  on(event: Event | Fired<string>, now: Instant): readonly Step[] {
    if (event.type === 'fired') return [{ type: 'send', to: 'b', message: `fired ${event.key}` }]
    return [
      { type: 'arm', key: 'k', at: after(now, 5) },
      { type: 'emit', output: event.depth },
      { type: 'persist', key: 'n', value: new Uint8Array([event.depth]) },
      { type: 'release', peer: 'c' },
      { type: 'disarm', key: 'k' },
    ]
  }
}

function recorder(onEmit: (output: number) => void): {
  io: Io<string, string, string, number>
  log: string[]
} {
  const log: string[] = []
  return {
    log,
    io: {
      now: () => instant(7),
      send: (to, message) => log.push(`send ${to} ${message}`),
      arm: (key, at) => log.push(`arm ${key} ${at}`),
      disarm: (key) => log.push(`disarm ${key}`),
      release: (peer) => log.push(`release ${peer}`),
      persist: (key, value) => log.push(`persist ${key} ${value.join()}`),
      emit: (output) => {
        log.push(`emit ${output}`)
        onEmit(output)
      },
    },
  }
}

test('performs effects in order', () => {
  const { io, log } = recorder(() => {})
  drive(new Echo(), io)({ type: 'poke', depth: 1 })
  expect(log).toEqual(['arm k 12', 'emit 1', 'persist n 1', 'release c', 'disarm k'])
})

test('an event fed while effects are performed waits its turn', () => {
  let feed: (event: Event | Fired<string>) => void = () => {}
  const { io, log } = recorder((output) => {
    if (output === 1) feed({ type: 'fired', key: 'inner' })
  })
  feed = drive(new Echo(), io)
  feed({ type: 'poke', depth: 1 })
  expect(log.slice(-2)).toEqual(['disarm k', 'send b fired inner'])
})

test('the tap sees every event with its effects before they are performed', () => {
  const seen: string[] = []
  const { io, log } = recorder(() => {})
  const feed = drive(new Echo(), io, (now, event, effects) => {
    seen.push(`${now} ${event.type} ${effects.length} ${log.length}`)
  })
  feed({ type: 'poke', depth: 2 })
  expect(seen).toEqual(['7 poke 5 0'])
})

test('a host that throws does not leave the driver stuck', () => {
  let broken = true
  const { io, log } = recorder(() => {
    if (broken) throw new Error('host')
  })
  const feed = drive(new Echo(), io)
  expect(() => feed({ type: 'poke', depth: 1 })).toThrow('host')
  broken = false
  feed({ type: 'poke', depth: 3 })
  expect(log).toContain('emit 3')
})
