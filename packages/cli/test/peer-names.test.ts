import type { PeerId } from 'kithnet'
import { peerIdOf } from 'kithnet/types'
import { expect, test } from 'vitest'
import { namedPeer } from '../src/peer-names.ts'

const known: readonly PeerId[] = [1, 2, 3].map((key) => peerIdOf(new Uint8Array(1952).fill(key)))

test('a peer is named by its id or by a beginning that only it has', () => {
  const other = peerIdOf(new Uint8Array(1952))
  expect(namedPeer(other, known)).toBe(other)
  for (const one of known) {
    expect(namedPeer(one.slice(0, 16), known)).toBe(one)
    expect(namedPeer(one.slice(0, 16), [...known, ...known])).toBe(one)
  }
})

test('none and several are told apart', () => {
  const twin = `${known[0]!.slice(0, 20)}${'0'.repeat(44)}` as PeerId
  expect(() => namedPeer(known[0]!.slice(0, 20), [...known, twin])).toThrow('give more digits')
  for (const text of ['', 'nobody', stranger(), 'ABCDEF']) {
    expect(() => namedPeer(text, known), text).toThrow('cli/peer')
  }
})

/** The beginning of an id that nobody has. */
function stranger(): string {
  return peerIdOf(new Uint8Array(1952)).slice(0, 16)
}
