import { type PeerId, ticketText } from 'kithnet'
import { networkId, peerIdOf } from 'kithnet/types'
import { expect, test } from 'vitest'
import { refOf } from '../src/commands/content-ref.ts'
import { policyOfNumbers } from '../src/fountain-policy.ts'
import { keepTermsOf } from '../src/keep-terms.ts'

const peer = (key: number): PeerId => peerIdOf(new Uint8Array(1952).fill(key))
const self = peer(1)
const other = peer(2)
const third = peer(3)
const ticket = ticketText({ network: networkId('example'), peer: other, addresses: [] })

test('a node keeps nothing and trusts nobody unless it is told to', () => {
  expect(keepTermsOf({}, self)).toBeUndefined()
  expect(keepTermsOf({ join: [ticket] }, self)).toBeUndefined()
})

test('roots are the node itself and those that are named, or else the peers of its tickets', () => {
  expect(keepTermsOf({ keep: '2GB' }, self)).toEqual({ keepBytes: 2e9, roots: [self] })
  const joined = { keep: '0', join: [ticket, ticket, 'kith1nonsense'] }
  expect(keepTermsOf(joined, self)).toEqual({ keepBytes: 0, roots: [self, other] })
  const named = { root: [third, self], join: [ticket], checkpointEvery: '1m' }
  expect(keepTermsOf(named, self)).toEqual({
    keepBytes: 0,
    roots: [self, third],
    checkpointMs: 60_000,
  })
  expect(() => keepTermsOf({ root: [third.slice(0, 16)] }, self)).toThrow(
    'all of its 64 hex digits',
  )
})

test('a policy is four numbers that fit together', () => {
  expect(policyOfNumbers('20,6,5,30')).toEqual({
    sourceSymbols: 20,
    repairSymbols: 6,
    minViableSymbols: 5,
    targetHolders: 30,
  })
  for (const text of ['', '20,6,5', '20,6,5,30,1', '20, 6, 5, 30', '20,1,5,30', '20,6,20,30']) {
    expect(() => policyOfNumbers(text), text).toThrow('cli/usage')
  }
})

test('a content is named by its author and its id', () => {
  expect(refOf(`${self}/${other}`)).toBe(`${self}/${other}`)
  for (const text of [
    '',
    self,
    `${self}/`,
    `${self}/${other}/${third}`,
    `${self}/${'A'.repeat(64)}`,
  ]) {
    expect(() => refOf(text), text).toThrow('cli/usage')
  }
})
