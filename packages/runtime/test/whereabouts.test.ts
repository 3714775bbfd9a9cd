import { fromHex, toHex } from '@kithnet/kernel'
import { type Address, encodeCbor, maxAddresses, type PeerId } from '@kithnet/types'
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

test('a neighbour that lies, and is first, does not keep a peer from being reached', async () => {
  const book = new AddressBook()
  const asked: string[] = []
  const [liar, honest, lost] = [peer('2'), peer('3'), peer('4')]
  const lies = Array.from({ length: maxAddresses }, (_, n) => `tls://127.0.0.1:${9_000 + n}`)
  const where = new Whereabouts({
    self: peer('1'),
    book,
    neighbours: () => [liar, honest],
    addresses: () => [],
    request: async (neighbour) => {
      asked.push(neighbour)
      if (neighbour === liar) return encodeCbor(lies)
      await new Promise((resolve) => setTimeout(resolve, 10))
      return encodeCbor([placeOf(lost)])
    },
  })
  await where.find(lost)
  expect(book.of(lost)).toEqual(lies)
  // Nobody is there: another try hears both.
  expect(where.misled(lost)).toBe(true)
  expect(book.of(lost)).toEqual([])
  await where.find(lost)
  expect(book.of(lost).slice(0, 2)).toEqual([lies[0], placeOf(lost)])
  expect(book.of(lost)).toHaveLength(maxAddresses)
  // It is down: it is not tried on and on, and what was said of it is not kept.
  expect(where.misled(lost)).toBe(false)
  expect(book.of(lost)).toEqual([])
  // What the peer itself says is not forgotten because a dial failed.
  await where.find(lost)
  book.learn(lost, [placeOf(lost)])
  expect(where.misled(lost)).toBe(false)
  expect(book.of(lost)).toEqual([placeOf(lost)])
})

test('what others ask does not keep a node from asking', async () => {
  const asked: PeerId[] = []
  const where = new Whereabouts({
    self: peer('1'),
    book: new AddressBook(),
    neighbours: () => [peer('2')],
    addresses: () => [],
    request: (_, message) => {
      asked.push(toHex(message.slice(3, 35)) as PeerId)
      return new Promise(() => {})
    },
  })
  for (let count = 0; count < 300; count++) {
    const sought = count.toString(16).padStart(64, '0')
    const question = encodeCbor([fromHex(sought)!, 1])
    where.answer(question, peer('3')).catch(() => {})
  }
  expect(asked).toHaveLength(256)
  void where.find(peer('9'))
  expect(asked.at(-1)).toBe(peer('9'))
})
