import { toHex } from '@kithnet/kernel'
import { type Address, encodeCbor, type PeerId } from '@kithnet/types'
import { expect, test } from 'vitest'
import { AddressBook } from '../src/address-book.ts'
import { Whereabouts } from '../src/whereabouts.ts'

const peer = (digit: string): PeerId => digit.repeat(64) as PeerId
const placeOf = (one: PeerId): Address => `tls://127.0.0.1:${4_000 + Number(one[0])}` as Address

/** Nodes that know their neighbours alone, each the one before and the one after it, and what they asked. */
function chain(length: number) {
  const nodes: { id: PeerId; book: AddressBook; where: Whereabouts }[] = []
  const asked: string[] = []
  for (let index = 0; index < length; index++) {
    const id = peer(String(index + 1))
    const book = new AddressBook()
    const neighbours = [index - 1, index + 1]
      .filter((one) => one >= 0 && one < length)
      .map((one) => peer(String(one + 1)))
    for (const one of neighbours) book.learn(one, [placeOf(one)])
    const where = new Whereabouts({
      self: id,
      book,
      neighbours: () => neighbours,
      addresses: () => [placeOf(id)],
      request: (neighbour, message) => {
        asked.push(`${id[0]}>${neighbour[0]}`)
        return nodes.find((one) => one.id === neighbour)!.where.answer(message, id)
      },
    })
    nodes.push({ id, book, where })
  }
  return { nodes, asked }
}

test('a peer is found two and three links away, and no farther', async () => {
  const { nodes, asked } = chain(6)
  const [{ where, book }] = nodes as [(typeof nodes)[0]]
  await where.find(peer('2'))
  expect(asked).toEqual([])
  await where.find(peer('3'))
  expect(book.of(peer('3'))).toEqual([placeOf(peer('3'))])
  expect(asked).toEqual(['1>2'])
  await Promise.all([where.find(peer('4')), where.find(peer('4'))])
  expect(book.of(peer('4'))).toEqual([placeOf(peer('4'))])
  expect(asked).toEqual(['1>2', '1>2', '2>3'])
  await where.find(peer('5'))
  expect(book.of(peer('5'))).toEqual([])
  expect(asked.length).toBe(5)
})

test('what is no question is refused, and what is no answer is nothing', async () => {
  const { nodes } = chain(2)
  const { where } = nodes[0]!
  for (const odd of [[], [new Uint8Array(31), 0], [new Uint8Array(32), 2], 7]) {
    await expect(where.answer(encodeCbor(odd), peer('2'))).rejects.toThrow('no question')
  }
  await expect(where.answer(new Uint8Array(1_000), peer('2'))).rejects.toThrow('no question')
  const answers = [Uint8Array.of(0xff), encodeCbor(['http://x', 4]), new Uint8Array(100_000)]
  for (const answer of answers) {
    const book = new AddressBook()
    const lied = new Whereabouts({
      self: peer('1'),
      book,
      neighbours: () => [peer('2')],
      addresses: () => [],
      request: () => Promise.resolve(answer),
    })
    await lied.find(peer('3'))
    expect(book.of(peer('3')), toHex(answer.subarray(0, 9))).toEqual([])
  }
})
