import type { ContentSymbol } from '@kithnet/fountain'
import { toHex } from '@kithnet/kernel'
import { anyPeerId, bytesOf, codecLaw, listOf, pairOf, wholeNumber } from '@kithnet/testkit/suite'
import { encodeCbor } from '@kithnet/types'
import { describe, expect, it } from 'vitest'
import {
  type ContentMessage,
  decodeContentMessage,
  encodeContentMessage,
  maxContentMessageBytes,
  maxSymbolsGiven,
  symbolsPerMessage,
} from '../src/content/content-messages.ts'
import { parseRef, refText } from '../src/content/content-ref.ts'
import { peerOf } from './keeper-world.ts'

const refusals = ['not-allowed', 'absent', 'busy', 'no-room', 'declined', 'not-yet'] as const
const ref = pairOf(anyPeerId, bytesOf(32).map(toHex)).map(([author, content]) => ({
  author,
  content,
}))
const shares = listOf(wholeNumber(0, 2 ** 24 - 1), 6).map((list) =>
  [...new Set(list)].sort((a, b) => a - b),
)
const symbols = listOf(pairOf(bytesOf(40), wholeNumber(0, 255)), maxSymbolsGiven).map((list) =>
  list.map(([bytes, block]): ContentSymbol => ({ id: { block, symbol: 7 }, bytes, proof: bytes })),
)
const hints = listOf(anyPeerId, 4)
const why = wholeNumber(0, refusals.length).map((number) => refusals[number - 1])

const messages = pairOf(
  wholeNumber(0, 7),
  pairOf(pairOf(ref, shares), pairOf(pairOf(symbols, hints), pairOf(why, wholeNumber(0, 255)))),
).map(([kind, [[one, held], [[given, hinted], [refusal, number]]]]): ContentMessage => {
  const share = number * 1_000
  switch (kind) {
    case 0:
      return { type: 'ask-holding', ref: one, shares: held }
    case 1:
      return { type: 'holding', ref: one, shares: held, hints: hinted }
    case 2:
      return { type: 'keep', ref: one, shares: held }
    case 3:
      return { type: 'kept', ref: one, shares: held, why: refusal }
    case 4:
      return { type: 'want', ref: one, share, fromBlock: number, count: 1 + (number % 4) }
    case 5:
      return { type: 'symbols', ref: one, share, fromBlock: number, symbols: given, why: refusal }
    case 6:
      return { type: 'gone', ref: one, shares: held }
    default: {
      const id = { block: number, symbol: share }
      return { type: 'challenge', ...one, id, nonce: one.content, inFull: number % 2 === 0 }
    }
  }
})

describe('messages about contents', () => {
  it('are read as they were written, whole and in one way', () => {
    codecLaw({ encode: encodeContentMessage, decode: decodeContentMessage }, messages, { runs: 60 })
  })

  it('of another kind, length or order are refused, and nothing longer than the bound is read', () => {
    const [author, content] = [new Uint8Array(32), new Uint8Array(32)]
    const field = (fields: Parameters<typeof encodeCbor>[0]): string => {
      const read = decodeContentMessage(encodeCbor(fields))
      if (read.ok) return 'accepted'
      return 'field' in read.fault ? read.fault.field : read.fault.code
    }
    expect(field([9, author, content])).toBe('content.kind')
    expect(field([0, author, content])).toBe('content.kind')
    expect(field([1, author.subarray(1), content, []])).toBe('content.author')
    expect(field([1, author, content.subarray(1), []])).toBe('content.content')
    expect(field([1, author, content, [2, 1]])).toBe('content.shares')
    expect(field([1, author, content, [1, 1]])).toBe('content.shares')
    expect(field([1, author, content, [2 ** 24]])).toBe('content.shares')
    expect(field([1, author, content, [1], 1])).toBe('content.shares')
    expect(field([2, author, content, [1], [author.subarray(1)]])).toBe('content.hints')
    expect(field([2, author, content, [], Array.from({ length: 65 }, () => author)])).toBe(
      'content.hints',
    )
    expect(field([5, author, content, [1], 7])).toBe('content.why')
    expect(field([6, author, content, 1, 256, 1])).toBe('content.fromBlock')
    expect(field([6, author, content, 1, 0, 0])).toBe('content.count')
    expect(field([6, author, content, 1, 0, 5])).toBe('content.count')
    expect(field([7, author, content, 1, 0, [1], 0])).toBe('content.symbols')
    expect(field([3, author])).toBe('types/cbor-trailing')
    expect(field([3, author, content])).toBe('content.possession')
    expect(decodeContentMessage(new Uint8Array(maxContentMessageBytes + 1)).ok).toBe(false)
  })

  it('carry as many symbols as fit, and one at the least', () => {
    expect(symbolsPerMessage(64)).toBe(4)
    expect(symbolsPerMessage(16_384)).toBe(4)
    expect(symbolsPerMessage(65_532)).toBe(3)
    const id = { block: 0, symbol: 1 }
    const longest: ContentSymbol = { id, bytes: new Uint8Array(65_532), proof: new Uint8Array(608) }
    const message: ContentMessage = {
      type: 'symbols',
      ref: { author: peerOf('author'), content: '00'.repeat(32) },
      share: 1,
      fromBlock: 0,
      symbols: [longest, longest, longest],
      why: undefined,
    }
    const bytes = encodeContentMessage(message)
    expect(bytes.length).toBeLessThan(maxContentMessageBytes)
    expect(decodeContentMessage(bytes)).toEqual({ ok: true, value: message })
  })
})

describe('the name of a content', () => {
  it('is two times 64 hex digits', () => {
    const name = { author: peerOf('author'), content: 'ab'.repeat(32) }
    expect(parseRef(refText(name))).toEqual({ ok: true, value: name })
    for (const text of [
      '',
      name.author,
      `${name.author}/`,
      `${refText(name)}/`,
      `${refText(name)}0`,
      refText(name).toUpperCase(),
      `${name.author}/${'zz'.repeat(32)}`,
    ]) {
      expect(parseRef(text)).toMatchObject({ ok: false, fault: { code: 'holonomic/content-ref' } })
    }
  })
})
