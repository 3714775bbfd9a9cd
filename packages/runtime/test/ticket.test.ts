import { address, networkId, peerIdOf, type Address } from '@kithnet/types'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseTicket, ticketOf, ticketText } from '../src/ticket.ts'

function at(text: string): Address {
  const parsed = address(text)
  if (!parsed.ok) throw new Error(text)
  return parsed.value
}

const ticket = {
  network: networkId('test'),
  peer: peerIdOf(new Uint8Array(1952)),
  addresses: [at('tls://127.0.0.1:4000'), at('wss://example.org:443')],
}

test('goes to text and back, spaces around it or not', () => {
  const text = ticketText(ticket)
  expect(text).toMatch(/^kith1[a-z2-7]+$/)
  expect(parseTicket(`  ${text}\n`)).toEqual({ ok: true, value: ticket })
})

test('every mistyped, missing or added character is noticed', () => {
  const text = ticketText(ticket)
  for (let index = 0; index < text.length; index++) {
    const typo = text[index] === 'a' ? 'b' : 'a'
    expect(parseTicket(text.slice(0, index) + typo + text.slice(index + 1)).ok).toBe(false)
    expect(parseTicket(text.slice(0, index) + text.slice(index + 1)).ok).toBe(false)
  }
  expect(parseTicket(`${text}a`).ok).toBe(false)
})

test('any text gives a ticket or a fault', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(parseTicket(text).ok).toBe(false)
      expect(parseTicket(`kith1${text}`).ok).toBe(false)
    }),
  )
})

test('a text that is none is refused with a sentence', () => {
  expect(() => ticketOf('hello')).toThrow('does not begin with kith1')
})
