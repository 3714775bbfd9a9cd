import { instant, utf8 } from '@kithnet/kernel'
import { describe, expect, test } from 'vitest'
import { echoes } from './echo.ts'

describe('links', () => {
  test('a send dials, both sides are told, and the message follows', () => {
    const { network, see } = echoes(['a', 'b'])
    network.inject('a', { type: 'say', to: 'b', text: 'ping' })
    network.run(1000)
    // Two round trips of 20 ms; the acceptor is done half a round trip earlier.
    expect(see('b').diary).toEqual(['30 up a', '50 ping from a'])
    expect(see('a').diary).toEqual(['0 say', '40 up b', '60 pong from b'])
  })

  test('what is sent on one link arrives in order', () => {
    const { network, see } = echoes(['a', 'b'])
    network.shape({ jitterMs: 50 })
    for (let n = 0; n < 50; n++) network.inject('a', { type: 'say', to: 'b', text: `${n}` }, n)
    network.run(1000)
    const arrived = see('b').seen.filter((line) => line.endsWith('from a'))
    expect(arrived).toEqual(Array.from({ length: 50 }, (_, n) => `${n} from a`))
  })

  test('two dials at once become one link', () => {
    const { network, see } = echoes(['a', 'b'])
    network.inject('a', { type: 'say', to: 'b', text: 'hello' })
    network.inject('b', { type: 'say', to: 'a', text: 'hello' })
    network.run(1000)
    for (const [name, other] of [
      ['a', 'b'],
      ['b', 'a'],
    ] as const) {
      expect(see(name).seen.filter((line) => line === `up ${other}`)).toHaveLength(1)
      expect(see(name).seen).toContain(`hello from ${other}`)
    }
  })

  test('a link closes when both sides have let go, after what was sent', () => {
    const { network, see } = echoes(['a', 'b'])
    network.inject('a', { type: 'say', to: 'b', text: 'ping' })
    network.inject('a', { type: 'let-go', of: 'b' }, 100)
    network.run(200)
    expect(see('b').seen).not.toContain('down a closed')
    network.inject('b', { type: 'say', to: 'a', text: 'last' })
    network.inject('b', { type: 'let-go', of: 'a' })
    network.run(200)
    expect(see('a').seen.slice(-2)).toEqual(['last from b', 'down b closed'])
    // Whoever closes knows it.
    expect(see('b').seen).not.toContain('down a closed')
  })

  test('a network may close a link as soon as one side lets go', () => {
    const { network, see } = echoes(['a', 'b'], { closesWhenReleasedBy: 'either' })
    network.inject('a', { type: 'say', to: 'b', text: 'ping' })
    network.inject('a', { type: 'let-go', of: 'b' }, 100)
    network.run(200)
    expect(see('b').seen.at(-1)).toBe('down a closed')
  })

  test('a message sent and let go of at once still arrives', () => {
    const { network, see } = echoes(['a', 'b'])
    network.inject('a', { type: 'say', to: 'b', text: 'leaving' })
    network.inject('a', { type: 'let-go', of: 'b' })
    network.run(1000)
    expect(see('b').seen).toEqual(['up a', 'leaving from a', 'down a closed'])
  })

  test('a dial fails at once at a dead peer, and after the timeout at a vanished or unknown one', () => {
    const { network, see } = echoes(['a', 'dead', 'vanished'], { dialTimeoutMs: 700 })
    network.crash('dead')
    network.crash('vanished', 'blackhole')
    for (const to of ['dead', 'vanished', 'nobody', 'a']) {
      network.inject('a', { type: 'say', to, text: 'hello' })
    }
    network.run(2000)
    expect(see('a').diary.filter((line) => line.includes('down'))).toEqual([
      '0 down a unreachable',
      '40 down dead unreachable',
      '700 down vanished unreachable',
      '700 down nobody unreachable',
    ])
  })
})

describe('timers, disk and processor', () => {
  test('arming replaces, disarming forgets, and nothing fires early', () => {
    const { network, see } = echoes(['a'])
    network.inject('a', { type: 'alarm', key: 'x', at: instant(10.0001) })
    network.inject('a', { type: 'alarm', key: 'y', at: instant(20) })
    network.inject('a', { type: 'alarm', key: 'x', at: instant(30.0001) }, 5)
    network.inject('a', { type: 'calm', key: 'y' }, 6)
    network.run(100)
    expect(see('a').diary.filter((line) => line.includes('fired'))).toEqual(['30.001 fired x'])
  })

  test('a crash forgets timers and unfinished writes; the disk outlives it', () => {
    const { network, see } = echoes(['a'], { persistMs: 5 })
    network.inject('a', { type: 'write', key: 'k', value: utf8('one') })
    network.run(10)
    network.snapshot('a')
    network.inject('a', { type: 'write', key: 'k', value: utf8('two') })
    network.run(10)
    expect(see('a').seen.filter((line) => line === 'persisted k')).toHaveLength(2)
    network.inject('a', { type: 'write', key: 'k', value: utf8('three') })
    network.inject('a', { type: 'alarm', key: 'x', at: instant(100) })
    network.run(3)
    network.crash('a')
    network.restart('a')
    network.run(200)
    expect(see('a').seen).toEqual([])
    expect(see('a').boot.starts).toBe(2)
    expect(see('a').boot.disk.get('k')).toEqual(utf8('two'))
    network.crash('a')
    network.restart('a', 'old')
    expect(see('a').boot.disk.get('k')).toEqual(utf8('one'))
    network.crash('a')
    network.restart('a', 'lost')
    expect(see('a').boot.disk.size).toBe(0)
  })

  test('a stalled peer runs the timers that are due first, and then catches up in order', () => {
    const { network, see } = echoes(['a', 'b'])
    network.inject('a', { type: 'say', to: 'b', text: 'x' })
    network.run(100)
    network.inject('b', { type: 'alarm', key: 'late', at: instant(200) })
    network.run(1)
    network.stall('b', 500)
    network.inject('b', { type: 'calm', key: 'late' }, 50)
    network.inject('a', { type: 'say', to: 'b', text: 'y' }, 10)
    network.run(400)
    expect(see('b').seen.at(-1)).toBe('alarm')
    network.run(400)
    expect(see('b').diary.slice(-3)).toEqual(['601 fired late', '601 y from a', '601 calm'])
  })

  test('a timer that waits for the processor and is disarmed meanwhile does not fire', () => {
    const { network, see } = echoes(['a'])
    network.slow('a', 100)
    network.inject('a', { type: 'alarm', key: 'late', at: instant(50) })
    network.inject('a', { type: 'calm', key: 'late' }, 10)
    network.run(500)
    expect(see('a').diary).toEqual(['0 alarm', '100 calm'])
  })

  test('a timer that fires in a stall fires once, afterwards', () => {
    const { network, see } = echoes(['a'])
    network.inject('a', { type: 'alarm', key: 'x', at: instant(50) })
    network.run(10)
    network.stall('a', 90)
    network.run(500)
    expect(see('a').diary.filter((line) => line.includes('fired'))).toEqual(['100 fired x'])
  })

  test('a slow processor takes its time over each event', () => {
    const { network, see } = echoes(['a'])
    network.slow('a', 10)
    for (let n = 0; n < 4; n++) network.inject('a', { type: 'calm', key: 'x' })
    network.run(500)
    expect(see('a').diary).toEqual(['0 calm', '10 calm', '20 calm', '30 calm'])
  })

  test('wall clocks are as wrong as the skew says', () => {
    const { see } = echoes(['a', 'b'], { skewMs: (index) => index * 3_600_000 })
    expect(see('b').boot.epochAtZero - see('a').boot.epochAtZero).toBe(3_600_000)
  })
})
