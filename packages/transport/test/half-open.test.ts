import { describe, expect, it } from 'vitest'
import { HalfOpenCount } from '../src/half-open.ts'

const caps = { maxHalfOpen: 5, maxHalfOpenPerAddress: 2, handshakeTimeoutMs: 1_000 }

describe('the count of half-open connections', () => {
  it('holds its caps, in all and by address, and uncounts once', () => {
    const count = new HalfOpenCount(caps)
    const first = count.enter('192.0.2.1')
    expect(count.enter('192.0.2.1')).toBeDefined()
    expect(count.enter('192.0.2.1')).toBeUndefined()
    first!()
    first!()
    expect(count.size).toBe(1)
    expect(count.enter('192.0.2.1')).toBeDefined()
    for (const address of ['192.0.2.2', '192.0.2.3', '192.0.2.4']) {
      expect(count.enter(address)).toBeDefined()
    }
    expect(count.enter('192.0.2.5')).toBeUndefined()
    expect(count.size).toBe(5)
  })

  it('takes an IPv6 network for one, and a mapped address for what it maps', () => {
    for (const [one, two, other] of [
      ['2001:db8:1:2::1', '2001:db8:1:2:3:4:5:6', '2001:db8:1:3::1'],
      ['2001:db8::1', '2001:db8:0:0:9::', '2001:db8:0:1::1'],
      ['::ffff:192.0.2.1', '192.0.2.1', '::ffff:192.0.2.2'],
      ['fe80::1%eth0', 'fe80::2%eth0', 'fe81::1'],
    ] as const) {
      const count = new HalfOpenCount({ ...caps, maxHalfOpenPerAddress: 1 })
      expect(count.enter(one)).toBeDefined()
      expect(count.enter(two), two).toBeUndefined()
      expect(count.enter(other), other).toBeDefined()
    }
  })
})
