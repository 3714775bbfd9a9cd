import { epochMs } from '@kithnet/kernel'
import {
  type Admission,
  admitNewcomer,
  encodeGrant,
  encodeRevocation,
  fullTrust,
  type Grant,
  grantKind,
  revocationKind,
} from '@kithnet/holonomic'
import * as ciris from '@kithnet/holonomic/ciris'
import { type Verified } from '@kithnet/types'
import { describe, expect, it } from 'vitest'
import { type Actor, actors, hourMs, network, noon } from './actors.ts'

describe('trust', () => {
  const [root, friend, guest, stranger] = actors(4) as [Actor, Actor, Actor, Actor]

  function grant(from: Actor, to: Actor, part: Partial<Grant> = {}): Verified<Grant> {
    const value: Grant = {
      network,
      granter: from.peer,
      grantee: to.peer,
      kind: 'serve',
      weight: fullTrust,
      onward: 4,
      issuedAt: noon,
      expiresAt: epochMs(noon + hourMs),
      ...part,
    }
    return from.say(grantKind, encodeGrant(value))
  }
  const admit = (
    newcomer: Actor,
    chain: readonly Verified<Grant>[],
    part: Partial<Admission> = {},
  ): ReturnType<typeof admitNewcomer> =>
    admitNewcomer({
      network,
      newcomer: newcomer.peer,
      kind: 'serve',
      roots: [root.peer],
      chain,
      revocations: [],
      now: noon,
      ...part,
    })
  const why = (fault: string): object => ({ ok: false, fault: { why: fault } })

  it('old: a borrowed claim of a root admits anybody; ours: only whom it names', () => {
    const graph = { roots: ['root'], grants: [], maxChainDepth: 5 }
    // The root once published a claim about something else; the stranger attaches it.
    const borrowed = [{ signer: 'root', verified: true }]
    expect(ciris.trustServe({ signer: 'stranger', verified: true }, graph, borrowed)).toEqual({
      type: 'admit',
      distance: 1,
      root: 'root',
    })
    expect(admit(stranger, [grant(root, guest)])).toMatchObject(why('unlinked'))
    expect(admit(stranger, [grant(root, friend), grant(friend, guest)])).toMatchObject(
      why('unlinked'),
    )
    expect(admit(guest, [grant(root, guest)])).toEqual({
      ok: true,
      value: { root: root.peer, distance: 1, trust: fullTrust },
    })
  })

  it('old: full trust on the way is refused and weak trust passes; ours: more trust never admits less', () => {
    const chain = [
      { signer: 'root', verified: true },
      { signer: 'friend', verified: true },
    ]
    const verdict = (depth: number): string =>
      ciris.trustServe(
        { signer: 'guest', verified: true },
        {
          roots: ['root'],
          grants: [{ granter: 'friend', chainDepth: depth, weight: ciris.weightOfDepth(depth) }],
          maxChainDepth: 5,
        },
        chain,
      ).type
    expect([verdict(0), verdict(3)]).toEqual(['refuse', 'admit'])
    const trust = (weight: number): boolean =>
      admit(guest, [grant(root, friend, { weight }), grant(friend, guest)]).ok
    expect([trust(fullTrust), trust(5_000), trust(100)]).toEqual([true, true, false])
  })

  it('old: whoever grants is an anchor, though nobody trusts it; ours: a chain begins at a root', () => {
    const graph = {
      roots: [],
      grants: [{ granter: 'nobody', chainDepth: 1, weight: 255 }],
      maxChainDepth: 5,
    }
    const chain = [{ signer: 'nobody', verified: true }]
    expect(ciris.trustServe({ signer: 'guest', verified: true }, graph, chain).type).toBe('admit')
    expect(admit(guest, [grant(stranger, guest)])).toMatchObject(why('unrooted'))
  })

  it('old: trust lasts for ever; ours: it expires, is taken back, and is for one thing', () => {
    const late = epochMs(noon + hourMs)
    expect(admit(guest, [grant(root, guest)], { now: late })).toMatchObject(why('expired'))
    const revocations = [
      root.say(
        revocationKind,
        encodeRevocation({
          network,
          granter: root.peer,
          grantee: guest.peer,
          kind: 'serve',
          issuedUntil: noon,
        }),
      ),
    ]
    expect(admit(guest, [grant(root, guest)], { revocations })).toMatchObject(why('revoked'))
    const anew = grant(root, guest, { issuedAt: epochMs(noon + 1) })
    expect(admit(guest, [anew], { revocations }).ok).toBe(true)
    expect(admit(guest, [grant(root, guest, { kind: 'relay' })])).toMatchObject(why('other'))
  })

  it('old: the newcomer may stand in its own chain; ours: nobody stands in it twice', () => {
    const graph = { roots: ['root'], grants: [], maxChainDepth: 5 }
    const chain = ['root', 'guest'].map((signer) => ({ signer, verified: true }))
    expect(ciris.trustServe({ signer: 'guest', verified: true }, graph, chain).type).toBe('admit')
    const loop = [grant(root, guest), grant(guest, friend), grant(friend, guest)]
    expect(admit(guest, loop)).toMatchObject(why('cycle'))
  })
})
