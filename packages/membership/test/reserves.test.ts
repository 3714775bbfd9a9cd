import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seededRng } from '@kithnet/kernel'
import type { KnownPeer } from '@kithnet/membership'
import { type Descriptor, networkId, type PeerId, peerIdFromBytes } from '@kithnet/types'
import type { Verified } from '@kithnet/types'
import { PeerDigest } from '../src/peer-digest.ts'
import { RankedReserves } from '../src/ranked-reserves.ts'
import { RecentReserves, type Reserves } from '../src/reserves.ts'

const network = networkId('reserves')

function idOf(number: number): PeerId {
  const bytes = new Uint8Array(32)
  new DataView(bytes.buffer).setUint32(0, Math.imul(number + 1, 0x9e3779b1) >>> 0)
  return peerIdFromBytes(bytes)
}

function someone(number: number): KnownPeer {
  const peer = idOf(number)
  const descriptor: Descriptor = { network, peer, incarnation: 1, addresses: [], epoch: 0 }
  const signed = { body: new Uint8Array(), signature: new Uint8Array() }
  return { descriptor: descriptor as Verified<Descriptor>, signed }
}

/** Tells reserves of a peer, whose address is known to be its own or not. */
function tell(reserves: Reserves, known: KnownPeer, isProven: boolean): void {
  if (!reserves.has(known.descriptor.peer)) reserves.take(known, isProven, [], [])
}

function idsIn(peers: Iterable<KnownPeer>): PeerId[] {
  return Array.from(peers, ({ descriptor }) => descriptor.peer).toSorted()
}

const honest = Array.from({ length: 180 }, (_, number) => someone(number))
const hostile = Array.from({ length: 20 }, (_, number) => someone(1_000 + number))

function hostileShare(reserves: Reserves): number {
  const ids = new Set(idsIn(hostile))
  const held = idsIn(reserves.values)
  return held.filter((peer) => ids.has(peer)).length / held.length
}

function pushed(reserves: Reserves, times: number): Reserves {
  for (const known of honest) tell(reserves, known, true)
  for (let push = 0; push < times; push++) {
    for (const known of hostile) tell(reserves, known, true)
  }
  return reserves
}

describe('who pushes often', () => {
  it('gains nothing where reserves are ranked', () => {
    const shares: number[] = []
    for (let seed = 1; seed <= 40; seed++) {
      const once = pushed(new RankedReserves(20, seededRng(seed)), 1)
      const often = pushed(new RankedReserves(20, seededRng(seed)), 100)
      expect(idsIn(often.values)).toEqual(idsIn(once.values))
      shares.push(hostileShare(often))
    }
    const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length
    // A tenth of the peers is hostile; 800 places, so three standard deviations are 0.03.
    expect(mean).toBeGreaterThan(0.07)
    expect(mean).toBeLessThan(0.13)
  })

  it('takes all places where the last one heard of stays', () => {
    expect(hostileShare(pushed(new RecentReserves(20, seededRng(1)), 100))).toBe(1)
  })
})

describe('ranked reserves', () => {
  it('hold the same peers in whatever order they were heard of', () => {
    const forth = new RankedReserves(30, seededRng(7))
    const back = new RankedReserves(30, seededRng(7))
    for (const known of honest) tell(forth, known, true)
    for (const known of honest.toReversed()) tell(back, known, true)
    expect(idsIn(back.values)).toEqual(idsIn(forth.values))
  })

  it('choose differently under another seed', () => {
    const [one, other] = [1, 2].map((seed) => pushed(new RankedReserves(30, seededRng(seed)), 1))
    expect(idsIn(one!.values)).not.toEqual(idsIn(other!.values))
  })

  it('keep who was reached when thousands are made up, and offer nobody else', () => {
    const reserves = new RankedReserves(30, seededRng(3))
    for (const known of honest) tell(reserves, known, true)
    const before = idsIn(reserves.offerable)
    for (let number = 0; number < 5_000; number++) tell(reserves, someone(10_000 + number), false)
    expect(idsIn(reserves.offerable)).toEqual(before)
    expect(reserves.size).toBeLessThanOrEqual(60)
    expect(reserves.size).toBeGreaterThan(30)
  })

  it('would be taken over by peers that are made up if nobody tried them', () => {
    const reserves = new RankedReserves(30, seededRng(3))
    for (const known of honest) tell(reserves, known, true)
    const before = new Set(idsIn(reserves.offerable))
    for (let number = 0; number < 5_000; number++) tell(reserves, someone(10_000 + number), true)
    const stayed = idsIn(reserves.offerable).filter((peer) => before.has(peer))
    expect(stayed.length).toBeLessThan(5)
  })

  it('give a challenger its slots once it was reached', () => {
    const slow = new RankedReserves(30, seededRng(5))
    const fast = new RankedReserves(30, seededRng(5))
    for (const known of honest) tell(fast, known, true)
    for (let round = 0; round < 40; round++) {
      for (const known of honest) tell(slow, known, false)
      for (const { descriptor } of slow.untried(seededRng(round), 50))
        slow.prove(descriptor.peer, [])
    }
    expect(idsIn(slow.offerable)).toEqual(idsIn(fast.offerable))
  })

  it('fill the slots of one that goes with the best of the others, and take it back', () => {
    const reserves = new RankedReserves(30, seededRng(9))
    for (const known of honest) tell(reserves, known, true)
    const before = idsIn(reserves.offerable)
    const [gone] = reserves.offerable.values
    reserves.delete(gone!.descriptor.peer)
    expect(reserves.has(gone!.descriptor.peer)).toBe(false)
    tell(reserves, gone!, true)
    expect(idsIn(reserves.offerable)).toEqual(before)
  })

  it('change some of their peers when seeds rotate, and all in time', () => {
    const reserves = pushed(new RankedReserves(30, seededRng(11)), 1)
    const before = new Set(idsIn(reserves.offerable))
    for (let turn = 0; turn < 5; turn++) {
      reserves.rotate([])
      for (const known of honest) tell(reserves, known, true)
    }
    const stayed = idsIn(reserves.offerable).filter((peer) => before.has(peer))
    expect(stayed.length).toBeLessThan(15)
  })

  it('are bounded and tell whom they let go, whatever happens', () => {
    const number = fc.integer({ min: 0, max: 40 })
    const step = fc.oneof(
      fc.record({ type: fc.constantFrom('told' as const, 'reached' as const), number }),
      fc.record({ type: fc.constantFrom('gone' as const, 'proven' as const), number }),
      fc.record({ type: fc.constant('rotate' as const), number }),
    )
    fc.assert(
      fc.property(fc.integer(), fc.array(step, { maxLength: 120 }), (seed, steps) => {
        const slots = 8
        const reserves = new RankedReserves(slots, seededRng(seed))
        const here = new Set<PeerId>()
        for (const { type, number: who } of steps) {
          const peer = idOf(who)
          const left: PeerId[] = []
          if (type === 'rotate') reserves.rotate(left)
          else if (type === 'gone') {
            expect(reserves.delete(peer)).toBe(here.delete(peer))
          } else if (type === 'proven') reserves.prove(peer, left)
          else if (!here.has(peer)) {
            const wanted = reserves.wants(peer)
            const taken = reserves.take(someone(who), type === 'reached', [], left)
            if (type === 'told') expect(taken).toBe(wanted)
            if (taken) here.add(peer)
          }
          for (const one of left) expect(here.delete(one)).toBe(true)
          expect(idsIn(reserves.values)).toEqual([...here].toSorted())
          expect(reserves.offerable.size).toBeLessThanOrEqual(slots)
          expect(reserves.size).toBeLessThanOrEqual(2 * slots)
        }
      }),
      { numRuns: 200 },
    )
  })
})

describe('the keyed digest of a peer', () => {
  it('is SipHash-2-4', () => {
    // Source: the reference implementation's test vectors, key 00 to 0f, input 00 to 0f.
    const key = Uint32Array.of(0x03020100, 0x07060504, 0x0b0a0908, 0x0f0e0d0c)
    const { low, high } = new PeerDigest(key).ofWords(key[0]!, key[1]!, key[2]!, key[3]!)
    expect([high, low]).toEqual([0x3f2acc7f, 0x57c29bdb])
  })
})
