import { describe, expect, test } from 'vitest'
import { type EchoNetwork, echoes } from './echo.ts'

/** Links a and b, so that what follows is not about dialling. */
function linked(...args: Parameters<typeof echoes>): ReturnType<typeof echoes> {
  const made = echoes(...args)
  made.network.inject('a', { type: 'say', to: 'b', text: 'ping' })
  made.network.run(100)
  return made
}

function say(network: EchoNetwork, count: number): void {
  for (let n = 0; n < count; n++) network.inject('a', { type: 'say', to: 'b', text: `${n}` }, n)
}

function heard(lines: readonly string[]): number[] {
  return lines.filter((line) => /^\d+ from a$/.test(line)).map((line) => Number.parseInt(line, 10))
}

describe('paths', () => {
  test('loss loses its share', () => {
    const { network, see } = linked(['a', 'b'])
    network.shape({ lossRate: 0.2 })
    say(network, 5000)
    network.run(10_000)
    expect(heard(see('b').seen).length / 5000).toBeCloseTo(0.8, 1)
    expect(network.counts.lostMessages).toBe(5000 - heard(see('b').seen).length)
  })

  test('burst loss loses the same share in longer runs', () => {
    const runs = (rates: Parameters<EchoNetwork['shape']>[0]): { lost: number; mean: number } => {
      const { network, see } = linked(['a', 'b'])
      network.shape(rates)
      say(network, 5000)
      network.run(10_000)
      const got = heard(see('b').seen)
      const gaps = got.map((n, at) => n - (got[at - 1] ?? -1) - 1).filter((gap) => gap > 0)
      return {
        lost: 5000 - got.length,
        mean: gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length,
      }
    }
    const even = runs({ lossRate: 0.1 })
    const burst = runs({ burstLoss: { goodToBad: 1 / 90, badToGood: 1 / 10, lossInBad: 1 } })
    expect(even.mean).toBeLessThan(1.3)
    expect(burst.mean).toBeGreaterThan(7)
    expect(burst.lost / 5000).toBeGreaterThan(0.05)
    expect(burst.lost / 5000).toBeLessThan(0.15)
  })

  test('duplication brings the same message twice', () => {
    const { network, see } = linked(['a', 'b'])
    network.shape({ duplicateRate: 0.5 })
    say(network, 1000)
    network.run(5000)
    const got = heard(see('b').seen)
    expect(new Set(got).size).toBe(1000)
    expect(got.length).toBeGreaterThan(1400)
    expect(got.length).toBeLessThan(1600)
  })

  test('reordering lets later messages overtake, and loses none', () => {
    const { network, see } = linked(['a', 'b'])
    network.shape({ reorderRate: 0.1, reorderMs: 20 })
    say(network, 500)
    network.run(5000)
    const got = heard(see('b').seen)
    expect(got).not.toEqual(got.toSorted((a, b) => a - b))
    expect(got.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 500 }, (_, n) => n))
  })

  test('bandwidth makes messages wait for those before them', () => {
    const { network, see } = linked(['a', 'b'], { sizeOf: () => 1000 })
    network.shape({ bytesPerSecond: 100_000 })
    for (let n = 0; n < 3; n++) network.inject('a', { type: 'say', to: 'b', text: `${n}` })
    network.run(1000)
    expect(see('b').diary.slice(-3)).toEqual(['120 0 from a', '130 1 from a', '140 2 from a'])
  })

  test('conditions may be those of one direction only', () => {
    const { network, see } = linked(['a', 'b'])
    network.shape({ lossRate: 1 }, (from) => from === 'b')
    network.inject('a', { type: 'say', to: 'b', text: 'ping' })
    network.run(1000)
    expect(see('b').seen.filter((line) => line === 'ping from a')).toHaveLength(2)
    expect(see('a').seen.filter((line) => line === 'pong from b')).toHaveLength(1)
    network.unshape()
    network.inject('a', { type: 'say', to: 'b', text: 'ping' })
    network.run(1000)
    expect(see('a').seen.filter((line) => line === 'pong from b')).toHaveLength(2)
  })
})

describe('partitions', () => {
  test('a one-way block lets the other direction through, also what is under way', () => {
    const { network, see } = linked(['a', 'b'])
    network.inject('a', { type: 'say', to: 'b', text: '7' })
    network.run(5)
    const heal = network.block(['a'], ['b'])
    network.inject('b', { type: 'say', to: 'a', text: 'free' })
    network.run(100)
    expect(see('b').seen).not.toContain('7 from a')
    expect(see('a').seen).toContain('free from b')
    heal()
    network.inject('a', { type: 'say', to: 'b', text: '8' })
    network.run(100)
    expect(see('b').seen).toContain('8 from a')
  })

  test('a bridge hears both sides', () => {
    const { network, see } = echoes(['a', 'b', 'bridge'], { dialTimeoutMs: 300 })
    const heal = network.partition(['a', 'bridge'], ['b', 'bridge'])
    for (const from of ['a', 'b', 'bridge']) {
      for (const to of ['a', 'b', 'bridge']) {
        if (from !== to) network.inject(from, { type: 'say', to, text: 'hello' })
      }
    }
    network.run(1000)
    expect(see('bridge').seen).toEqual(expect.arrayContaining(['hello from a', 'hello from b']))
    expect(see('a').seen).toContain('hello from bridge')
    expect(see('a').seen).toContain('down b unreachable')
    expect(see('b').seen).not.toContain('hello from a')
    heal()
    network.inject('a', { type: 'say', to: 'b', text: 'again' })
    network.run(1000)
    expect(see('b').seen).toContain('again from a')
  })

  test('a keepalive finds a partition, and not one that heals in time', () => {
    const { network, see } = linked(['a', 'b'], { keepaliveMs: 1000 })
    network.partition(['a'], ['b'])()
    const heal = network.partition(['a'], ['b'])
    network.run(900)
    heal()
    network.run(5000)
    expect(see('a').seen).not.toContain('down b reset')
    network.partition(['a'], ['b'])
    network.run(999)
    expect(see('a').seen).not.toContain('down b reset')
    network.run(2)
    expect(see('a').seen).toContain('down b reset')
    expect(see('b').seen).toContain('down a reset')
  })
})

describe('peers', () => {
  test('a crash with resets is seen after the latency, a black hole never', () => {
    const { network, see } = linked(['a', 'b', 'c'])
    network.inject('a', { type: 'say', to: 'c', text: 'ping' })
    network.run(100)
    network.crash('b')
    network.crash('c', 'blackhole')
    network.run(10_000)
    expect(see('a').diary.filter((line) => line.includes('down'))).toEqual(['210 down b reset'])
    network.inject('a', { type: 'say', to: 'c', text: 'ping' })
    network.run(10_000)
    expect(see('a').seen.filter((line) => line.includes('down c'))).toEqual([])
  })

  test('a peer that comes back from a black hole answers old links with a reset', () => {
    const { network, see } = linked(['a', 'b'])
    network.crash('b', 'blackhole')
    network.run(100)
    network.restart('b')
    network.inject('a', { type: 'say', to: 'b', text: 'old link' })
    network.run(100)
    expect(see('a').seen).toContain('down b reset')
    expect(see('b').seen).toEqual([])
    network.inject('a', { type: 'say', to: 'b', text: 'new link' })
    network.run(100)
    expect(see('b').seen).toEqual(['up a', 'new link from a'])
  })

  test('a half-open link swallows what the believer sends until a keepalive finds out', () => {
    const { network, see } = linked(['a', 'b'], { keepaliveMs: 3000 })
    network.halfOpen('b', 'a')
    network.inject('a', { type: 'say', to: 'b', text: '1' })
    network.run(1000)
    expect(see('b').seen.slice(-1)).toEqual(['down a reset'])
    expect(see('a').seen).not.toContain('down b reset')
    network.run(3000)
    expect(see('a').seen).toContain('down b reset')
  })

  test('a reset breaks a link for both', () => {
    const { network, see } = linked(['a', 'b'])
    network.resetLink('a', 'b')
    network.run(100)
    expect(see('a').diary.at(-1)).toBe('100 down b reset')
    expect(see('b').diary.at(-1)).toBe('110 down a reset')
  })

  test('a clog holds everything in order and loses nothing', () => {
    const { network, see } = linked(['a', 'b'])
    network.clog('b')
    say(network, 20)
    network.run(1000)
    expect(heard(see('b').seen)).toEqual([])
    network.clog('a')
    network.unclog('b')
    network.run(10)
    expect(heard(see('b').seen)).toEqual([])
    network.unclog('a')
    expect(heard(see('b').seen)).toEqual(Array.from({ length: 20 }, (_, n) => n))
  })
})
