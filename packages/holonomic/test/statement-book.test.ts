import { encodeCosignature, encodeForkProof } from '@kithnet/holonomic'
import { epochMs } from '@kithnet/kernel'
import { networkId, type PeerId } from '@kithnet/types'
import { describe, expect, it } from 'vitest'
import { forksAmong } from '../src/statements/fork-evidence.ts'
import type { AnyHeld, Held } from '../src/statements/held.ts'
import { readItem, verifyItemSync } from '../src/statements/statement-item.ts'
import { type Actor, actor, actors, contentOf, hourMs, noon, scheme } from './actors.ts'
import {
  bookOf,
  consentOfActor,
  grantOf,
  heldFork,
  heldOf,
  idsIn,
  judged,
  pledgeOf,
  publicationOf,
  revocationOf,
} from './books.ts'
import { checkpointBody } from './checkpoints.ts'

const alice = actor('alice')
const bob = actor('bob')
const dayMs = 24 * hourMs

const checkpointOf = (by: Actor, epoch: number, state = 'state'): Held<'checkpoint'> =>
  heldOf(by, 'checkpoint', checkpointBody(by, epoch, state))

function cosignatureOf(by: Actor, epoch: number, log = 'log'): Held<'cosignature'> {
  const body = {
    cosigner: by.peer,
    log: contentOf(log),
    epoch,
    checkpoint: contentOf('it'),
    at: noon,
  }
  return heldOf(by, 'cosignature', encodeCosignature(body))
}

describe('a book', () => {
  it('holds one statement for each slot, the later one, and names what was replaced', () => {
    const book = bookOf(alice)
    const first = consentOfActor(bob, 'a', noon, dayMs)
    const second = consentOfActor(bob, 'a', noon + 5, 0)
    expect(book.add(first, noon)).toEqual([{ type: 'held', held: first }])
    expect(book.add(second, noon)).toEqual([{ type: 'held', held: second, replaced: first }])
    expect(book.add(first, noon)).toEqual([])
    expect(book.add(second, noon)).toEqual([])
    expect(judged(book, first)).toBe('older')
    expect(judged(book, second)).toBe('known')
    expect([...book.all('consent')]).toEqual([second])
    expect(book.get('consent', `${bob.peer}/${contentOf('a')}`)).toEqual(second)
    expect(book.byId(second.id)).toEqual(second)
    expect(book.byId(first.id)).toBeUndefined()
    expect(idsIn(book)).toEqual([second.id])
    expect(book.keyOf(bob.peer)).toBe(bob.publicKey)
  })

  it.each<[string, AnyHeld, AnyHeld]>([
    [
      'of two consents of one time the narrower',
      consentOfActor(bob, 'a', noon, 9),
      consentOfActor(bob, 'a', noon, 5),
    ],
    ['of two pledges of one time the smaller', pledgeOf(bob, noon, 9), pledgeOf(bob, noon, 5)],
    [
      'of two grants of one time the weaker',
      grantOf(bob, alice.peer),
      grantOf(bob, alice.peer, { weight: 1 }),
    ],
    [
      'the later revocation',
      revocationOf(bob, alice.peer, noon),
      revocationOf(bob, alice.peer, noon + 1),
    ],
    ['the higher epoch', checkpointOf(bob, 1), checkpointOf(bob, 2)],
    ['the higher epoch that was cosigned', cosignatureOf(bob, 1), cosignatureOf(bob, 2)],
  ])('keeps %s', (_name, worse, better) => {
    for (const order of [
      [worse, better],
      [better, worse],
    ]) {
      const book = bookOf(alice)
      for (const one of order) book.add(one, noon)
      expect(idsIn(book)).toEqual([better.id])
    }
  })

  it('decides what nothing else decides by the bytes of the bodies', () => {
    const pair = [checkpointOf(bob, 3, 'one'), checkpointOf(bob, 3, 'other')]
    const books = [pair, pair.toReversed()].map((order) => {
      const book = bookOf(alice)
      for (const one of order) book.add(one, noon)
      return idsIn(book)
    })
    expect(books[0]).toHaveLength(1)
    expect(books[1]).toEqual(books[0])
  })

  it('refuses what is of another network, over, or of a time to come, before any signature is checked', () => {
    const book = bookOf(alice)
    const elsewhere = consentOfActor(bob, 'a', noon, 5, { network: networkId('elsewhere') })
    expect(judged(book, elsewhere)).toBe('network')
    expect(book.add(elsewhere, noon)).toEqual([])
    expect(judged(book, consentOfActor(bob, 'a', noon + 121_000, 5))).toBe('early')
    expect(judged(book, grantOf(bob, alice.peer, { issuedAt: epochMs(noon + 121_000) }))).toBe(
      'early',
    )
    expect(judged(book, pledgeOf(bob, noon + 121_000))).toBe('early')
    expect(judged(book, pledgeOf(bob, noon - 31 * dayMs))).toBe('expired')
    expect(book.size).toBe(0)
  })

  it('takes a withdrawal whenever it is dated', () => {
    const book = bookOf(alice)
    const withdrawal = consentOfActor(bob, 'a', noon + 900 * dayMs, 0)
    expect(judged(book, withdrawal)).toBe('news')
    book.add(withdrawal, noon)
    expect(judged(book, consentOfActor(bob, 'a', noon, dayMs))).toBe('older')
  })

  it('keeps what has expired for as long as an older one could come back in its place', () => {
    const book = bookOf(alice)
    const narrow = grantOf(bob, alice.peer, { issuedAt: noon, expiresAt: epochMs(noon + 1) })
    const wide = grantOf(bob, alice.peer, {
      issuedAt: epochMs(noon - 1),
      expiresAt: epochMs(noon + 300 * dayMs),
    })
    book.add(narrow, noon)
    expect(book.expire(epochMs(noon + 300 * dayMs))).toEqual([])
    expect(judged(book, wide, epochMs(noon + 200 * dayMs))).toBe('older')
    expect(book.expire(epochMs(noon + 366 * dayMs))).toEqual([{ type: 'gone', held: narrow }])
    expect(idsIn(book)).toEqual([])
    expect(book.keyOf(bob.peer)).toBeUndefined()
  })

  it('never forgets a consent, or an older one could be played again', () => {
    const book = bookOf(alice)
    book.add(consentOfActor(bob, 'a', noon, 5), noon)
    expect(book.expire(epochMs(noon * 10))).toEqual([])
  })

  it('does not look at whose kind a body could be, too: a kind has its own names', () => {
    const grant = grantOf(bob, alice.peer)
    const one = readItem({ kind: 'consent', body: grant.body, signature: grant.signature })
    expect(one.ok).toBe(false)
  })

  it('hands out what cannot be changed by whoever gave it', () => {
    const given = consentOfActor(bob, 'a', noon, dayMs)
    const frame = { kind: given.kind, body: given.body.slice(), signature: given.signature.slice() }
    const claimed = readItem(frame)
    const held = claimed.ok ? verifyItemSync(claimed.value, bob.publicKey, scheme) : claimed
    frame.body.fill(0)
    frame.signature.fill(0)
    expect(held).toEqual({ ok: true, value: given })
  })
})

describe('bounds of a book', () => {
  it('give each signer so much: the latest stay, and what was pushed out does not come back in an older form', () => {
    const book = bookOf(alice)
    const withdrawal = consentOfActor(bob, 'first', noon, 0)
    book.add(withdrawal, noon)
    for (let index = 0; index < 1_024; index++) {
      book.add(consentOfActor(bob, `more ${index}`, noon + 1 + index, dayMs), noon)
    }
    expect(book.size).toBe(1_024)
    expect(book.byId(withdrawal.id)).toBeUndefined()
    expect(judged(book, consentOfActor(bob, 'first', noon - 5, dayMs))).toBe('full')
    expect(judged(book, consentOfActor(bob, 'first', noon, dayMs))).toBe('full')
    // Another author has room of its own.
    expect(judged(book, consentOfActor(actor('carol'), 'first', noon - 5, dayMs))).toBe('news')
  })

  it('void the grants that a revocation was for when it is pushed out', () => {
    const book = bookOf(alice, undefined, { statements: 3 })
    const old = grantOf(bob, alice.peer)
    book.add(old, noon)
    book.add(revocationOf(bob, actor('dave').peer, noon + 1), noon)
    book.add(revocationOf(bob, actor('erin').peer, noon + 2), noon)
    book.add(revocationOf(bob, actor('frank').peer, noon + 3), noon)
    // The grant is missed least and goes first; then a revocation, and with it every grant until then.
    book.add(revocationOf(bob, actor('gus').peer, noon + 4), noon)
    expect([...book.all('revocation')]).toHaveLength(3)
    expect(judged(book, grantOf(bob, actor('dave').peer))).toBe('full')
    expect(judged(book, grantOf(bob, actor('dave').peer, { issuedAt: epochMs(noon + 2) }))).toBe(
      'news',
    )
  })

  it('take first from strangers, then from whoever has most, never from oneself', () => {
    const friends = actors(3, 'friend')
    const strangers = actors(8, 'stranger')
    const trusted = new Set<PeerId>(friends.map(({ peer }) => peer))
    const book = bookOf(alice, (peer) => trusted.has(peer), { statements: 10, ofStrangers: 4 })
    for (const one of strangers) book.add(publicationOf(one, 'flood'), noon)
    expect(book.size).toBe(4)
    for (let index = 0; index < 9; index++) book.add(publicationOf(friends[0]!, `a ${index}`), noon)
    book.add(publicationOf(friends[1]!, 'b'), noon)
    for (let index = 0; index < 3; index++) book.add(publicationOf(alice, `own ${index}`), noon)
    book.add(publicationOf(friends[2]!, 'c'), noon)
    const count = (one: Actor) =>
      [...book.all('publication')].filter(({ signer }) => signer === one.peer).length
    expect(book.size).toBe(10)
    expect(strangers.map(count)).toEqual(strangers.map(() => 0))
    expect(friends.map(count)).toEqual([5, 1, 1])
    expect(count(alice)).toBe(3)
  })

  it('do not let what was pushed out be verified again, until its signer is trusted', () => {
    const trusted = new Set<PeerId>()
    const book = bookOf(alice, (peer) => trusted.has(peer), { ofStrangers: 1 })
    const two = actors(2, 'stranger').map((one) => publicationOf(one, 'x'))
    for (const one of two) book.add(one, noon)
    const lost = two.find(({ id }) => book.byId(id) === undefined)!
    expect(judged(book, lost)).toBe('full')
    trusted.add(lost.signer)
    expect(judged(book, lost)).toBe('news')
    book.add(lost, noon)
    expect(book.size).toBe(2)
  })

  it('keep two proofs against a peer, the same everywhere', () => {
    const checkpoints = [0, 1, 2, 3].map((index) => checkpointOf(bob, 1, `state ${index}`))
    const proofs = checkpoints.slice(1).map((one) => heldFork(bob, checkpoints[0]!, one))
    const sets = [proofs, proofs.toReversed()].map((order) => {
      const book = bookOf(alice)
      for (const one of order) book.add(one, noon)
      expect(book.isConvicted(bob.peer)).toBe(true)
      return idsIn(book)
    })
    expect(sets[0]).toHaveLength(2)
    expect(sets[1]).toEqual(sets[0])
  })
})

describe('evidence of a fork', () => {
  const [one, other] = [checkpointOf(bob, 4, 'one'), checkpointOf(bob, 4, 'other')]

  it('is made of two checkpoints of one epoch, whether the book or one parcel has the first', () => {
    const book = bookOf(alice)
    expect(forksAmong([one], book)).toEqual([])
    const together = forksAmong([one, other], book)
    book.add(one, noon)
    expect(judged(book, other)).toBe('news')
    expect(forksAmong([other], book)).toEqual(together)
    expect(together).toEqual([heldFork(bob, one, other)])
    book.add(together[0]!, noon)
    expect(book.isConvicted(bob.peer)).toBe(true)
    expect(book.isConvicted(alice.peer)).toBe(false)
  })

  it('is not made of two epochs, of two logs or of one checkpoint that was signed twice', () => {
    const book = bookOf(alice)
    book.add(one, noon)
    expect(
      forksAmong([checkpointOf(bob, 5, 'other'), checkpointOf(alice, 4, 'other'), one], book),
    ).toEqual([])
  })

  it('is refused when a signature in it is forged', () => {
    const body = encodeForkProof(bob.publicKey, one, { ...other, signature: one.signature })
    const claimed = readItem({ kind: 'fork', body, signature: new Uint8Array(0) })
    expect(claimed.ok && verifyItemSync(claimed.value, bob.publicKey, scheme)).toMatchObject({
      fault: { code: 'holonomic/not-a-fork', why: 'signature' },
    })
  })
})
