import { epochMs, toHex } from '@kithnet/kernel'
import { runAdmission } from '../../../packages/holonomic/test/vector-subjects.ts'
import { grant, revocation } from './examples.ts'
import { alice, at, bob, carol, dave, network } from './people.ts'
import { write } from './vector-file.ts'

const chain = [grant(alice, bob), grant(bob, carol), grant(carol, dave, { onward: 0 })].map(toHex)
const asked = {
  network,
  newcomer: dave.peer,
  roots: [alice.peer],
  chain,
  revocations: [] as readonly string[],
  now: at,
}

/** Chains of grants. */
export function admissions(): Promise<void> {
  return write(
    'admissions',
    'docs/protocols/holonomic.md',
    runAdmission,
    [
      { name: 'chain of three', why: 'nine tenths each time', input: asked },
      {
        name: 'a root',
        why: 'needs nobody',
        input: { ...asked, newcomer: alice.peer, chain: [] },
      },
      {
        name: 'granted anew',
        why: 'a revocation is of what was before',
        input: {
          ...asked,
          newcomer: bob.peer,
          chain: [toHex(grant(alice, bob, { issuedAt: epochMs(at + 1) }))],
          revocations: [toHex(revocation)],
        },
      },
    ],
    [
      { name: 'nothing', why: 'a newcomer shows something', input: { ...asked, chain: [] } },
      {
        name: 'borrowed',
        why: 'a grant for somebody else',
        input: { ...asked, chain: chain.slice(0, 2) },
      },
      { name: 'unrooted', why: 'a chain begins at a root', input: { ...asked, roots: [bob.peer] } },
      {
        name: 'revoked',
        why: 'taken back',
        input: { ...asked, revocations: [toHex(revocation)] },
      },
      { name: 'expired', why: 'a day later', input: { ...asked, now: at + 86_400_000 } },
      { name: 'early', why: 'three minutes before', input: { ...asked, now: at - 180_000 } },
      {
        name: 'onward',
        why: 'nobody may vouch further than allowed',
        input: { ...asked, chain: [toHex(grant(alice, bob, { onward: 1 })), ...chain.slice(1)] },
      },
      {
        name: 'weak',
        why: 'less than a quarter is left',
        input: {
          ...asked,
          chain: [toHex(grant(alice, bob, { weight: 3_000 })), ...chain.slice(1)],
        },
      },
      {
        name: 'another kind',
        why: 'a grant is for one thing',
        input: {
          ...asked,
          chain: [toHex(grant(alice, bob, { kind: 'relay' })), ...chain.slice(1)],
        },
      },
      {
        name: 'circle',
        why: 'nobody stands in it twice',
        input: {
          ...asked,
          newcomer: alice.peer,
          chain: [...chain.slice(0, 1), toHex(grant(bob, alice))],
        },
      },
    ],
  )
}
