import { epochMs } from '@kithnet/kernel'
import {
  admitNewcomer,
  encodeGrant,
  encodeRevocation,
  fullTrust,
  type Grant,
  grantKind,
  maxChainGrants,
  revocationKind,
} from '@kithnet/holonomic'
import { forAll, listOf, pairOf, wholeNumber } from '@kithnet/testkit/suite'
import type { Verified } from '@kithnet/types'
import { describe, expect, it } from 'vitest'
import { actors, hourMs, network, noon } from './actors.ts'

const people = actors(7, 'person')
const [root] = people

function chainOf(
  weights: readonly number[],
  part: Partial<Grant> = {},
): readonly Verified<Grant>[] {
  return weights.map((weight, index) =>
    people[index]!.say(
      grantKind,
      encodeGrant({
        network,
        granter: people[index]!.peer,
        grantee: people[index + 1]!.peer,
        kind: 'serve',
        weight,
        onward: 4,
        issuedAt: noon,
        expiresAt: epochMs(noon + hourMs),
        ...part,
      }),
    ),
  )
}

const asked = (chain: readonly Verified<Grant>[], now: number = noon) => ({
  network,
  newcomer: people[chain.length]!.peer,
  kind: 'serve',
  roots: [root!.peer],
  chain,
  revocations: [],
  now: epochMs(now),
})

const weights = listOf(wholeNumber(1, fullTrust), maxChainGrants).map((list) =>
  list.length === 0 ? [fullTrust] : list,
)

describe('admission', () => {
  it('passes the product of the weights on, and more trust never admits less', () => {
    forAll(
      pairOf(weights, pairOf(wholeNumber(0, 4), wholeNumber(0, fullTrust))),
      ([list, more]) => {
        const result = admitNewcomer(asked(chainOf(list)))
        const trust = list.reduce(
          (left, weight) => Math.floor((left * weight) / fullTrust),
          fullTrust,
        )
        expect(result.ok).toBe(trust >= 2_500)
        if (result.ok) expect(result.value).toMatchObject({ distance: list.length, trust })
        const [place, extra] = more
        const raised = list.map((weight, index) =>
          index === place ? Math.min(fullTrust, weight + extra) : weight,
        )
        if (result.ok) expect(admitNewcomer(asked(chainOf(raised))).ok).toBe(true)
      },
    )
  })

  it('fails when any one grant is left out, of another place, or void', () => {
    forAll(pairOf(wholeNumber(1, maxChainGrants), wholeNumber(0, 4)), ([length, place]) => {
      const at = place % length
      const chain = chainOf(Array.from({ length }, () => fullTrust))
      const newcomer = people[length]!.peer
      expect(admitNewcomer({ ...asked(chain), newcomer }).ok).toBe(true)
      const without = chain.filter((_, index) => index !== at)
      expect(admitNewcomer({ ...asked(chain), newcomer, chain: without }).ok).toBe(false)
      const twice = chain.toSpliced(at, 0, chain[at]!)
      expect(admitNewcomer({ ...asked(chain), newcomer, chain: twice }).ok).toBe(false)
      const { granter, grantee, kind } = chain[at]!
      const revocation = { network, granter, grantee, kind, issuedUntil: noon }
      const revocations = [people[at]!.say(revocationKind, encodeRevocation(revocation))]
      expect(admitNewcomer({ ...asked(chain), newcomer, revocations })).toMatchObject({
        ok: false,
        fault: { code: 'holonomic/not-trusted', why: 'revoked', at },
      })
    })
  })

  it('holds from the moment of the grants to their end, whatever the clocks', () => {
    const chain = chainOf([fullTrust])
    const why = (now: number): string => {
      const result = admitNewcomer(asked(chain, now))
      return result.ok ? 'admitted' : result.fault.why
    }
    expect(why(noon - 120_001)).toBe('not-yet')
    expect(why(noon - 120_000)).toBe('admitted')
    expect(why(noon + hourMs - 1)).toBe('admitted')
    expect(why(noon + hourMs)).toBe('expired')
  })

  it('says how far a grantee may vouch on, and how long a chain may be', () => {
    const why = (length: number, onward: number): string => {
      const list = Array.from({ length }, () => fullTrust)
      const result = admitNewcomer(asked(chainOf(list, { onward })))
      return result.ok ? 'admitted' : result.fault.why
    }
    expect([why(1, 0), why(2, 0), why(2, 1), why(5, 3), why(5, 4), why(6, 4)]).toEqual([
      'admitted',
      'onward',
      'admitted',
      'onward',
      'admitted',
      'too-long',
    ])
  })

  it('knows roots by themselves, and nobody else without a chain', () => {
    const [, other] = people
    const nobody = { ...asked([]), newcomer: other!.peer }
    expect(admitNewcomer(nobody)).toMatchObject({ ok: false, fault: { why: 'empty' } })
    expect(admitNewcomer({ ...nobody, newcomer: root!.peer })).toEqual({
      ok: true,
      value: { root: root!.peer, distance: 0, trust: fullTrust },
    })
  })
})
