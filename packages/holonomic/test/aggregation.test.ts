import { equalBytes, utf8 } from '@kithnet/kernel'
import {
  type AddedInV3,
  admitAggregation,
  type AggregationMeta,
  claimPreimage,
  effectiveCount,
  fixedMass,
  holdingPreimage,
  latestBudget,
  massCommitment,
  multiplicityOf,
  narrowCapacityPreimage,
  ownerBindingOf,
  readStorageBudget,
  readWitness,
  type SignedClaim,
  storageBudgetPreimage,
  verifyBoundText,
} from '@kithnet/holonomic/ciris'
import { describe, expect, it } from 'vitest'

describe('masses', () => {
  it('are committed in millionths', () => {
    expect([0, -1, Number.NaN, 1e-7, 5e-7, 0.5, 1.25].map(fixedMass)).toEqual([
      0n,
      0n,
      0n,
      0n,
      1n,
      500_000n,
      1_250_000n,
    ])
    expect(fixedMass(Infinity)).toBe(2n ** 64n - 1n)
    const members = [
      { id: 'a', mass: 1 },
      { id: 'b', mass: 2 },
    ]
    expect(equalBytes(massCommitment(members), massCommitment(members.toReversed()))).toBe(true)
    const [a, b] = members as [(typeof members)[0], (typeof members)[0]]
    expect(equalBytes(massCommitment([a, { ...b, mass: 3 }]), massCommitment(members))).toBe(false)
  })

  it('weigh as so many equal ones', () => {
    expect(effectiveCount([1, 1, 1])).toBe(3)
    expect(effectiveCount([1, 1, 0, -4])).toBe(2)
    expect(effectiveCount([1_000, 1])).toBe(1)
    expect(effectiveCount([])).toBe(0)
    expect(effectiveCount([3, 1])).toBe(2)
    // 36 / 8 is four and a half: away from zero.
    expect(effectiveCount([1, 1, 1, 1, 2])).toBe(5)
  })
})

describe('multiplicity', () => {
  const bytes = (...list: number[]): Uint8Array => Uint8Array.from(list)

  it('counts like members as one, whatever their lengths, and along chains', () => {
    expect(multiplicityOf([]).most).toBe(0)
    expect(multiplicityOf([bytes(1, 2)]).most).toBe(1)
    // Stretched, the short one is the long one.
    expect(multiplicityOf([bytes(10, 200), bytes(10, 10, 200, 200), bytes(250, 0)]).most).toBe(2)
    // Below 12.75 a byte is alike: the first and the last are not, but each is like the one between.
    expect(multiplicityOf([bytes(0), bytes(12), bytes(24)]).most).toBe(3)
    expect(multiplicityOf([bytes(0), bytes(13), bytes(26)]).most).toBe(1)
    expect(multiplicityOf([bytes(), bytes(0, 0)]).most).toBe(2)
  })

  it('shares masses by bytes', () => {
    expect(multiplicityOf([bytes(1, 1), bytes(6)]).masses).toEqual([0.25, 0.75])
    expect(multiplicityOf([bytes(0), bytes(0, 0)]).masses).toEqual([0.5, 0.5])
  })
})

describe('an aggregate', () => {
  const meta = (added: Partial<AddedInV3>, sourceCount = 10): AggregationMeta => ({
    contentId: 'c',
    corpusKind: 'trace',
    tier: 1,
    algorithmId: 'fountain-mean-v1',
    sourceCount,
    memberCommitment: new Uint8Array(32),
    noiseFloor: '',
    added: {
      version: 3,
      effectiveCount: 5,
      maxMultiplicity: 5,
      massCommitment: new Uint8Array(32),
      ...added,
    },
  })
  const why = (one: AggregationMeta, least?: number): string => {
    const result = admitAggregation(one, least)
    return result.ok ? 'admitted' : result.fault.why
  }

  it('is taken when no source outweighs it', () => {
    expect(why(meta({}))).toBe('admitted')
    expect(why(meta({ effectiveCount: 4 }))).toBe('dominated')
    expect(why(meta({ maxMultiplicity: 6 }))).toBe('multiplied')
    expect(why(meta({}), 3)).toBe('multiplied')
    const older: AggregationMeta = { ...meta({}), added: { version: 2, effectiveCount: 5 } }
    expect(why(older)).toBe('version')
    expect(why(meta({ effectiveCount: 0, maxMultiplicity: 0 }, 0))).toBe('admitted')
  })
})

describe('preimages from outside', () => {
  it('are refused for what is wrong with them', () => {
    const budget = {
      nodeId: 'n',
      epochId: 'e',
      revision: 1n,
      scopes: [{ scope: 'community', budgetBytes: 10n, pinReserveBytes: 10n }],
      classes: ['a', 'b'],
    }
    const why = (part: object): string => {
      const read = readStorageBudget(storageBudgetPreimage({ ...budget, ...part }))
      return read.ok ? 'read' : read.fault.why
    }
    const scope = budget.scopes[0]!
    expect(why({})).toBe('read')
    expect(why({ classes: ['b', 'a'] })).toBe('order')
    expect(why({ classes: ['a', 'a'] })).toBe('order')
    expect(why({ scopes: [scope, scope] })).toBe('order')
    expect(why({ scopes: [{ ...scope, scope: 'self' }] })).toBe('value')
    expect(why({ scopes: [{ ...scope, scope: 'family' }] })).toBe('value')
    expect(why({ scopes: [{ ...scope, pinReserveBytes: 11n }] })).toBe('value')
    const newer = { ...budget, revision: 2n }
    expect(latestBudget(budget, newer)).toBe(newer)
    expect(latestBudget(newer, budget)).toBe(newer)
  })

  it('promise no more than they have, and are not endless', () => {
    const bytes = storageBudgetPreimage({
      nodeId: '',
      epochId: '',
      revision: 0n,
      scopes: [],
      classes: [],
    })
    const greedy = bytes.slice()
    greedy.set([255, 255, 255, 255], bytes.length - 4)
    expect(readStorageBudget(greedy)).toMatchObject({ ok: false, fault: { why: 'truncated' } })
    expect(readWitness(new Uint8Array(2 ** 20 + 1))).toMatchObject({
      ok: false,
      fault: { code: 'holonomic/malformed', why: 'too-long', atByte: 0 },
    })
    expect(readWitness(bytes)).toMatchObject({ ok: false, fault: { why: 'domain' } })
  })

  it('are not made of what they cannot carry', () => {
    const claim = { peerId: 'p', contentId: 'c', symbolIds: [1], observedAtMs: 0n }
    for (const part of [
      { peerId: 'a\0b' },
      { peerId: '\ud800' },
      { symbolIds: [2 ** 32] },
      { symbolIds: [-1] },
      { observedAtMs: 2n ** 63n },
    ]) {
      expect(() => holdingPreimage({ ...claim, ...part })).toThrow(/width|well-formed/)
    }
  })
})

describe('claims and adverts', () => {
  it('bind an owner with all three parts or not at all', () => {
    const claim: SignedClaim = {
      kind: 'k',
      signerPeerId: 's',
      claim: utf8('c'),
      signedAtMs: 0n,
      version: 1,
      userOwner: 'u',
      delegatesTo: 'd',
    }
    expect(ownerBindingOf(claim)).toBeUndefined()
    const bound = { userOwner: 'u', delegatesTo: 'd', identityOccurrence: 'i' }
    expect(ownerBindingOf({ ...claim, ...bound })).toEqual(bound)
    expect(claimPreimage(claim).length).toBeLessThan(claimPreimage({ ...claim, ...bound }).length)
  })

  it('round what the narrow advert says as its release does', () => {
    const mbps = (uplinkMbps: number): number => {
      const bytes = narrowCapacityPreimage({
        advertiserKeyId: '',
        streamId: new Uint8Array(32),
        epoch: 0n,
        uplinkMbps,
        maxStreams: 0,
        maxSubscribers: 0,
        measuredAtMs: 0n,
        maxLayer: [0, 0, 0],
        commitments: [],
      })
      return new DataView(bytes.buffer).getUint32(20)
    }
    expect([12.5, 12.4, 0, -3, Number.NaN, Infinity].map(mbps)).toEqual([
      13, 12, 0, 0, 0, 0xffff_ffff,
    ])
  })
})

describe('a bound signature in text', () => {
  const key = { classical: new Uint8Array(32), postQuantum: new Uint8Array(1952) }
  const ed25519 = Buffer.alloc(64).toString('base64')
  const mlDsa65 = Buffer.alloc(3309).toString('base64')
  const check = (part: object): unknown => {
    const result = verifyBoundText(key, utf8('x'), { ed25519, mlDsa65, ...part })
    return result.ok ? true : result.fault
  }

  it('has both halves in strict base64, or is refused before anything is computed', () => {
    const text = (half: string) => ({ code: 'holonomic/signature-text', half })
    expect(check({ mlDsa65: '' })).toEqual({ code: 'identity/bound-signature', half: 'missing' })
    expect(check({ mlDsa65: mlDsa65.slice(4) })).toEqual(text('post-quantum'))
    expect(check({ ed25519: `${ed25519.slice(0, -2)}A=` })).toEqual(text('classical'))
    expect(check({ ed25519: ` ${ed25519.slice(1)}` })).toEqual(text('classical'))
    // The last character has bits to spare, which have to be zero.
    expect(check({ ed25519: `${ed25519.slice(0, -3)}B==` })).toEqual(text('classical'))
    expect(check({})).toEqual({ code: 'identity/bound-signature', half: 'both' })
  })
})
