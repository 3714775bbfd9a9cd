import { defaultPolicy } from '@kithnet/fountain'
import { epochMs, instant, seededRng, shuffled, utf8 } from '@kithnet/kernel'
import {
  type Audit,
  Census,
  type Consent,
  consentKind,
  consentOf,
  defaultAuditOptions,
  encodeConsent,
  planLeavers,
  planRepairs,
  PossessionAudit,
  type PossessionAnswer,
  standardMs,
} from '@kithnet/holonomic'
import * as ciris from '@kithnet/holonomic/ciris'
import { anyPeerId, machineLaw, pairOf, wholeNumber } from '@kithnet/testkit/suite'
import type { PeerId } from '@kithnet/types'
import { describe, expect, it } from 'vitest'
import { actor, actors, contentOf, network, noon } from './actors.ts'

const content = contentOf('film')
const holders = actors(80, 'holder').map(({ peer }) => peer)
const later = instant(1_000)
const manifest = { policy: defaultPolicy, shares: 52 }

function censusOf(held: readonly (readonly [PeerId, number])[]): Census {
  const census = new Census()
  for (const [peer, symbol] of held) census.proven(peer, symbol, later)
  return census
}

describe('a census', () => {
  it('counts distinct symbols and peers, and forgets what has expired or failed', () => {
    const [a, b] = holders as [PeerId, PeerId]
    const census = censusOf([
      [a, 1],
      [a, 2],
      [b, 2],
    ])
    expect([...census.view(instant(0)).holdersByShare]).toEqual([
      [1, 1],
      [2, 2],
    ])
    census.unproven(a, 1)
    census.unproven(b, 9)
    expect([...census.view(instant(0)).holdersByShare]).toEqual([[2, 2]])
    census.proven(b, 7, instant(5_000))
    expect([...census.view(later).sharesByHolder]).toEqual([[b, [7]]])
    census.forget(b)
    expect(census.view(later).sharesByHolder.size).toBe(0)
  })

  it('is bounded', () => {
    const census = new Census()
    for (let symbol = 0; symbol < 1_024; symbol++) {
      expect(census.proven(holders[0]!, symbol, later)).toBe(true)
    }
    expect(census.proven(holders[0]!, 1_024, later)).toBe(false)
    expect(census.proven(holders[0]!, 0, later)).toBe(true)
  })
})

describe('who leaves', () => {
  it('is the surplus exactly, the same for all, and never the last of a symbol that is needed', () => {
    const rng = seededRng('leavers')
    for (let round = 0; round < 60; round++) {
      const count = 20 + rng.below(60)
      const symbols = 20 + rng.below(16)
      const held = holders
        .slice(0, count)
        .map((peer, index) => [peer, index < symbols ? index : rng.below(symbols)] as const)
      const view = censusOf(held).view(instant(0))
      const leavers = planLeavers(content, view)
      expect(planLeavers(content, censusOf(shuffled(rng, held)).view(instant(0)))).toEqual(leavers)
      const kept = held.filter(([peer]) => !leavers.has(peer))
      const distinct = new Set(kept.map(([, symbol]) => symbol)).size
      expect(distinct).toBeGreaterThanOrEqual(Math.min(26, symbols, count))
      expect(leavers.size).toBe(count > 34 ? count - Math.max(30, distinct) : 0)
      // Another content asks other peers to leave.
      if (leavers.size > 10) expect(planLeavers(contentOf(`${round}`), view)).not.toEqual(leavers)
    }
  })
})

describe('repairs', () => {
  it('are fresh symbols, each by one maker and for one keeper that has little', () => {
    const view = censusOf([
      [holders[0]!, 3],
      [holders[1]!, 40],
    ]).view(instant(0))
    const makers = holders.slice(0, 3)
    const repairs = planRepairs(content, view, manifest, makers, holders.slice(0, 10))
    expect(repairs.map(({ share }) => share)).toEqual([
      41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31,
      32,
    ])
    const loads = holders
      .slice(0, 10)
      .map((peer) => repairs.filter(({ keeper }) => keeper === peer).length)
    expect(loads[0]! + 1 - Math.min(...loads)).toBeLessThanOrEqual(2)
    expect(Math.max(...loads)).toBeLessThanOrEqual(3)
    expect(repairs.every(({ maker }) => makers.includes(maker))).toBe(true)
    expect(planRepairs(content, view, manifest, makers.toReversed(), holders.slice(0, 10))).toEqual(
      repairs,
    )
    expect(planRepairs(content, view, manifest, [], holders)).toEqual([])
    expect(planRepairs(content, view, manifest, makers, [])).toEqual([])
  })

  it('are source shares where every repair share is held', () => {
    const held = Array.from({ length: 16 }, (_, index) => [holders[index]!, 20 + index] as const)
    const view = censusOf(held).view(instant(0))
    const few = { ...manifest, shares: 36 }
    expect(planRepairs(content, view, few, holders, holders).map(({ share }) => share)).toEqual([
      0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
    ])
  })
})

describe('an audit', () => {
  it('is the same for the same events, and throws on none', () => {
    const audit: Audit = {
      type: 'audit',
      holder: holders[0]!,
      author: holders[0]!,
      content,
      id: { block: 0, symbol: 1 },
      against: { bytes: utf8('symbol') },
    }
    const answer = (nonce: string): PossessionAnswer => ({
      type: 'answer',
      nonce,
      proof: new Uint8Array(32),
    })
    machineLaw(
      (rng) => new PossessionAudit(holders[1]!, rng),
      pairOf(wholeNumber(0, 2), pairOf(anyPeerId, wholeNumber(0, 5))).map(([what, [from, n]]) => {
        if (what === 0) return { ...audit, id: { block: n, symbol: 1 } }
        if (what === 1) return { type: 'received' as const, from, message: answer(`${n}`) }
        return { type: 'fired' as const, key: n % 2 === 0 ? 'audit' : `${n}` }
      }),
    )
  })

  it('asks one holder, and all of them, only so much at once', () => {
    const machine = new PossessionAudit(holders[0]!, seededRng(1), {
      ...defaultAuditOptions,
      maxOpen: 5,
      maxOpenPerHolder: 2,
    })
    const ask = (holder: PeerId): string => {
      const audit: Audit = {
        type: 'audit',
        holder,
        author: holder,
        content,
        id: { block: 0, symbol: 1 },
        against: { bytes: utf8('x') },
      }
      const [effect] = machine.on(audit, instant(0))
      return effect?.type === 'emit' ? effect.output.type : (effect?.type ?? 'none')
    }
    const [, a, b, c] = holders as [PeerId, PeerId, PeerId, PeerId]
    expect([a, a, a, b, b, c, c].map(ask)).toEqual([
      'send',
      'send',
      'unproven',
      'send',
      'send',
      'send',
      'unproven',
    ])
  })
})

describe('consent', () => {
  const author = actor('author')
  const about = { network, author: author.peer, content }
  const say = (part: Partial<Consent>) =>
    author.say(consentKind, encodeConsent({ ...about, at: noon, windowMs: standardMs, ...part }))

  it('lets go in four steps, each at a moment that is known', () => {
    let now = noon
    const seen: unknown[] = []
    for (;;) {
      const status = consentOf(about, [say({})], now)
      seen.push([status.state, status.tier, (now - noon) / standardMs])
      if (status.changesAt === undefined) break
      expect(consentOf(about, [say({})], epochMs(status.changesAt - 1)).tier).toBe(status.tier)
      now = status.changesAt
    }
    expect(seen).toEqual([
      ['active', 'full', 0],
      ['active', 'source', 0.25],
      ['active', 'reduced', 0.5],
      ['active', 'viable', 0.75],
      ['expired', 'nothing', 1],
    ])
  })

  it('is what the author said last', () => {
    const statements = [
      say({}),
      say({ at: epochMs(noon + 1), windowMs: 0 }),
      say({ at: epochMs(noon + 2), windowMs: 1_000 }),
    ]
    for (const order of [statements, statements.toReversed()]) {
      expect(consentOf(about, order, epochMs(noon + 500)).state).toBe('active')
      expect(consentOf(about, order, epochMs(noon + 1_002)).state).toBe('expired')
      expect(consentOf(about, order.slice(0, 2), epochMs(noon + 500)).isActive).toBe(
        order !== statements,
      )
    }
    expect(consentOf({ ...about, content: contentOf('other') }, statements, noon).state).toBe(
      'unknown',
    )
  })
})

describe('the ancestor’s retention', () => {
  it('decays by whole days', () => {
    const day = (days: number): string =>
      ciris.decayTier({ class: ciris.temporaryDecay, admittedAtMs: 0n }, BigInt(days * 86_400_000))
    expect([0, 3.99, 4, 7.99, 8, 11, 13.99, 14].map(day)).toEqual([
      'Full',
      'Full',
      'T2DropRepair',
      'T2DropRepair',
      'T3DropHighQuality',
      'T4MinViableOnly',
      'T4MinViableOnly',
      'EnvelopeOnly',
    ])
    const revoked = {
      class: ciris.standardDecay,
      admittedAtMs: 0n,
      revokedAtMs: 10n ** 15n,
    }
    expect(ciris.decayTier(revoked, 1n)).toBe('HardDelete')
    const kept = [
      { contentId: 'a', tier: 'Full', schedule: revoked },
      { contentId: 'b', tier: 'Full', schedule: { ...revoked, revokedAtMs: undefined } },
    ].map(({ schedule: { revokedAtMs, ...schedule }, ...rest }) => ({
      ...rest,
      tier: 'Full' as const,
      schedule: revokedAtMs === undefined ? schedule : { ...schedule, revokedAtMs },
    }))
    expect(ciris.decayChanges(kept, 1n)).toEqual([{ contentId: 'a', tier: 'HardDelete' }])
  })

  it('ejects above the grace, by consent and rarity', () => {
    const verdict = ciris.ejectionVerdict
    expect(verdict(34, 30, 'Active', 20)).toBe('Keep')
    expect(verdict(35, 30, 'Active', 15)).toBe('EjectToTier')
    expect(verdict(35, 30, 'Active', 14)).toBe('Keep')
    expect(verdict(1, 30, 'Revoked', 0)).toBe('EjectHardDelete')
    const diverse = ciris.ejectionVerdictWithDiversity
    expect(diverse('EjectToTier', 1, 2)).toBe('EjectToTier')
    expect(diverse('EjectToTier', 2, 2)).toBe('Keep')
    expect(diverse('EjectToTier', undefined, 2)).toBe('EjectToTier')
    expect(diverse('EjectHardDelete', 3, 2)).toBe('EjectHardDelete')
  })

  it('weighs claims by the strongest of each peer', () => {
    const claim = (peerId: string, contentId = 'c'): ciris.HoldingClaim => ({
      peerId,
      contentId,
      symbolIds: [1, 2],
      observedAtMs: 0n,
    })
    const claims: ciris.CheckedHolding[] = [
      { claim: claim('a'), check: 'SignatureOnly' },
      { claim: claim('a'), check: 'PossessionVerified' },
      { claim: claim('b'), check: 'Unverified' },
      { claim: claim('d', 'other'), check: 'PossessionVerified' },
    ]
    const rarity = ciris.rarityWithConsent
    expect(rarity('c', 1, claims, 'Active')).toEqual({ type: 'retain', weight: 2 })
    expect(rarity('c', 3, claims, 'Active')).toEqual({ type: 'retain', weight: 0 })
    expect(rarity('c', 1, claims, 'Revoked')).toEqual({ type: 'evict', reason: 'ConsentRevoked' })
    expect(rarity('c', 1, claims, 'Unknown')).toEqual({ type: 'evict', reason: 'ConsentUnknown' })
    expect(
      ciris.rarityOf(
        'c',
        2,
        claims.map(({ claim: one }) => one),
      ),
    ).toBe(2)
    // H("abc") of FIPS 180-4.
    const hash = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
    expect(ciris.symbolIsOf([hash], 0, utf8('abc'))).toBe(true)
    expect(ciris.symbolIsOf([hash], 1, utf8('abc'))).toBe(false)
  })
})
