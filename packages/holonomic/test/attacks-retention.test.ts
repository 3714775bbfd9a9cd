import { defaultPolicy } from '@kithnet/fountain'
import { after, epochMs, instant, seededRng } from '@kithnet/kernel'
import {
  answerChallenge,
  type AuditOutput,
  Census,
  type Challenge,
  consentKind,
  consentOf,
  encodeConsent,
  keepingOf,
  planLeavers,
  planRepairs,
  PossessionAudit,
} from '@kithnet/holonomic'
import * as ciris from '@kithnet/holonomic/ciris'
import { describe, expect, it } from 'vitest'
import { type Actor, actors, contentOf, hourMs, network, noon } from './actors.ts'

describe('retention', () => {
  const content = contentOf('film')
  const soon = after(instant(0), 600_000)
  const holders = actors(40, 'holder').map(({ peer }) => peer)

  it('old: all forty holders leave at once; ours: exactly the ten that are too many', () => {
    const leaving = holders.filter(
      () => ciris.ejectionVerdict(holders.length, 30, 'Active', 20) === 'EjectToTier',
    )
    expect(leaving).toHaveLength(40)
    const census = new Census()
    holders.forEach((peer, index) => census.proven(peer, index % 26, soon))
    const view = census.view(instant(0))
    const verdicts = holders.map((self) => keepingOf(self, content, view, { isActive: true }))
    expect(verdicts.filter((verdict) => verdict === 'leave')).toHaveLength(10)
    const stayed = new Census()
    holders.forEach((peer, index) => {
      if (verdicts[index] === 'keep') stayed.proven(peer, index % 26, soon)
    })
    const after10 = stayed.view(instant(0))
    expect(after10.holdersByShare.size).toBe(26)
    expect(planLeavers(content, after10).size).toBe(0)
  })

  it('old: liars and half as many peers are enough; ours counts peers, and proofs alone', () => {
    const claim = (peerId: string): ciris.HoldingClaim => ({
      peerId,
      contentId: 'film',
      symbolIds: [3],
      observedAtMs: 0n,
    })
    const rarity = (count: number, check: ciris.ClaimCheck): string =>
      ciris.rarityWithConsent(
        'film',
        3,
        Array.from({ length: count }, (_, index) => ({ claim: claim(`peer ${index}`), check })),
        'Active',
      ).type
    expect(rarity(15, 'PossessionVerified')).toBe('evict')
    expect(rarity(30, 'SignatureOnly')).toBe('evict')
    const census = new Census()
    for (const peer of holders.slice(0, 15)) census.proven(peer, 3, soon)
    // However often it proves, a peer is one peer.
    for (let again = 0; again < 5; again++) census.proven(holders[0]!, again, soon)
    expect(planLeavers(content, census.view(instant(0))).size).toBe(0)
    expect(census.view(instant(0)).sharesByHolder.size).toBe(15)
    expect(census.view(soon).sharesByHolder.size).toBe(0)
  })

  it('ours: a proof is of no use to another holder, for another question, or later', () => {
    const [auditor, honest, liar] = actors(3, 'audited') as [Actor, Actor, Actor]
    const audit = new PossessionAudit(auditor.peer, seededRng('audit'))
    const symbol = seededRng('symbol').bytes(1_024)
    const ask = (holder: Actor): Challenge => {
      const effects = audit.on(
        {
          type: 'audit',
          holder: holder.peer,
          author: auditor.peer,
          content,
          id: { block: 0, symbol: 3 },
          against: { bytes: symbol },
        },
        instant(0),
      )
      const [sent] = effects
      if (sent?.type !== 'send') throw new Error('nothing was asked')
      return sent.message
    }
    const answer = (
      from: Actor,
      challenge: Challenge,
      as: Actor = from,
    ): readonly AuditOutput[] => {
      const parties = { challenger: auditor.peer, holder: as.peer }
      const message = answerChallenge(challenge, parties, symbol)
      return audit
        .on({ type: 'received', from: from.peer, message }, instant(1))
        .flatMap((effect) => (effect.type === 'emit' ? [effect.output] : []))
    }
    const [mine, theirs] = [ask(honest), ask(liar)]
    // The liar hands on what the honest holder would answer.
    expect(answer(liar, theirs, honest)).toMatchObject([{ type: 'unproven', why: 'wrong' }])
    expect(answer(liar, mine, honest)).toEqual([])
    expect(answer(honest, mine)).toMatchObject([{ type: 'proven', holder: honest.peer }])
    expect(answer(honest, mine)).toEqual([])
    const lapsed = ask(liar)
    expect(audit.on({ type: 'fired', key: 'audit' }, instant(5_000))).toMatchObject([
      { type: 'emit', output: { type: 'unproven', why: 'late' } },
    ])
    expect(answer(liar, lapsed)).toEqual([])
  })

  it('old: six holders of one symbol need no repair; ours: distinct symbols are counted and made', () => {
    // The runtime of the ancestor asks for repair below five holders, and nobody hears it.
    const six = holders.slice(0, 6)
    const claims = six.map((peerId) => ({
      peerId,
      contentId: 'film',
      symbolIds: [3],
      observedAtMs: 0n,
    }))
    expect(ciris.rarityOf('film', 3, claims)).toBeGreaterThan(5)
    const census = new Census()
    for (const peer of six) census.proven(peer, 3, soon)
    const view = census.view(instant(0))
    const manifest = { policy: defaultPolicy, shares: 52 }
    const repairs = planRepairs(content, view, manifest, six.slice(0, 2), holders)
    expect(repairs).toHaveLength(25)
    expect(new Set(repairs.map(({ share }) => share)).size).toBe(25)
    expect(new Set(repairs.map(({ keeper }) => keeper)).size).toBe(25)
    expect(repairs.every(({ share, keeper }) => share >= 20 && !six.includes(keeper))).toBe(true)
    for (const { share, keeper } of repairs) census.proven(keeper, share, soon)
    expect(planRepairs(content, census.view(instant(0)), manifest, six, holders)).toEqual([])
  })
})

describe('consent', () => {
  const [author, other] = actors(2, 'author') as [Actor, Actor]
  const about = { network, author: author.peer, content: contentOf('diary') }
  const view = new Census().view(instant(0))
  const allow = (
    at: number,
    windowMs: number,
    by: Actor = author,
  ): ReturnType<typeof consentOf> & object =>
    consentOf(
      about,
      [
        by.say(
          consentKind,
          encodeConsent({ ...about, author: by.peer, at: epochMs(at), windowMs }),
        ),
      ],
      noon,
    )

  it('old: consent that nobody knows passes for given; ours deletes', () => {
    expect(ciris.ejectionVerdict(10, 30, 'Unknown', 0)).toBe('Keep')
    expect(ciris.ejectionVerdict(40, 30, 'Unknown', 20)).toBe('EjectToTier')
    const unknown = consentOf(about, [], noon)
    expect(unknown.state).toBe('unknown')
    expect(keepingOf(author.peer, about.content, view, unknown)).toBe('delete')
  })

  it('old: what is admitted in the future is kept in full; ours: a consent from the future is none', () => {
    const future = BigInt(noon + 365 * 24 * hourMs)
    const schedule = { class: ciris.temporaryDecay, admittedAtMs: future }
    expect(ciris.decayTier(schedule, BigInt(noon))).toBe('Full')
    expect(allow(noon + hourMs, hourMs).state).toBe('unknown')
    expect(allow(noon - hourMs, hourMs).state).toBe('expired')
    expect(allow(noon - 1, hourMs).state).toBe('active')
  })

  it('ours: nobody but the author consents, and a withdrawal counts whenever it is dated', () => {
    expect(allow(noon, hourMs, other).state).toBe('unknown')
    expect(allow(noon + 1_000 * hourMs, 0).state).toBe('withdrawn')
    const both = [hourMs, 0].map((windowMs) =>
      author.say(consentKind, encodeConsent({ ...about, at: noon, windowMs })),
    )
    expect(consentOf(about, both, noon).state).toBe('withdrawn')
    expect(consentOf(about, both.toReversed(), noon).state).toBe('withdrawn')
    expect(keepingOf(author.peer, about.content, view, consentOf(about, both, noon))).toBe('delete')
  })
})
