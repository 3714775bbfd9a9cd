import { encodeConsent } from '@kithnet/holonomic'
import { epochMs, seededRng } from '@kithnet/kernel'
import { describe, expect, it } from 'vitest'
import { Comparison } from '../src/statements/comparison.ts'
import type { ExchangeMessage, Parcel } from '../src/statements/exchange-messages.ts'
import { actor, contentOf, hourMs, network } from './actors.ts'
import { bookOf, consentOfActor, itemOf, publicationOf } from './books.ts'
import { type Member, StatementWorld } from './statement-world.ts'

/** Two honest peers, and a third, of whom the first hears what a test makes it say. */
function world(): {
  readonly world: StatementWorld
  readonly alice: Member
  readonly mallory: Member
} {
  const made = new StatementWorld({ peers: 3, seed: 1, roots: [0] })
  const [alice, bob, mallory] = made.members as [Member, Member, Member]
  made.link(alice, bob)
  made.network.run(5_000)
  return { world: made, alice, mallory }
}

const parcelOf = (items: Parcel['items'], ...keys: readonly Uint8Array[]): Parcel => ({
  keys,
  items,
})

/** The first message of a comparison with somebody who has nothing. */
function opening(number: number): ExchangeMessage {
  const comparison = new Comparison(bookOf(actor('nobody')), seededRng(number))
  return { comparison: { number, byOpener: true }, ...comparison.open() }
}

const says = (from: Member, message: ExchangeMessage) =>
  ({ type: 'received', from: from.actor.peer, message }) as const

describe('somebody who', () => {
  it('plays old statements again makes nobody check a signature', () => {
    const { world: net, alice, mallory } = world()
    const author = actor('author')
    const consent = consentOfActor(author, 'a', net.wall, hourMs)
    const withdrawal = consentOfActor(author, 'a', net.wall + 1, 0)
    net.put(alice, withdrawal)
    for (let index = 0; index < 50; index++) {
      const parcel = parcelOf([consent], author.publicKey)
      net.feed(alice, { type: 'heard', author: mallory.actor.peer, parcel })
    }
    net.network.run(2_000)
    expect(alice.verified).toBe(0)
    expect(alice.book.get('consent', withdrawal.slot)?.statement.windowMs).toBe(0)
    expect(alice.rejected).toEqual([])
  })

  it('dates a consent ahead gets nothing for it until its time has come', () => {
    const { world: net, alice, mallory } = world()
    const author = actor('author')
    const held = consentOfActor(author, 'a', net.wall + 600_000, hourMs)
    const heard = {
      type: 'heard',
      author: mallory.actor.peer,
      parcel: parcelOf([held], author.publicKey),
    } as const
    net.feed(alice, heard)
    net.network.run(1_000)
    expect(alice.book.size).toBe(0)
    expect(alice.verified).toBe(0)
    net.network.run(600_000)
    net.feed(alice, heard)
    net.network.run(1_000)
    expect(alice.book.size).toBe(1)
  })

  it('gives a key of its own for a statement of another is avoided', () => {
    const { world: net, alice, mallory } = world()
    const author = actor('author')
    const body = encodeConsent({
      network,
      author: author.peer,
      content: contentOf('a'),
      at: epochMs(net.wall),
      windowMs: 1_000,
    })
    // Signed with its own key, in the name of the author.
    const forged = itemOf(mallory.actor, 'consent', body)
    const parcel = parcelOf([forged], mallory.actor.publicKey)
    net.feed(alice, { type: 'heard', author: mallory.actor.peer, parcel })
    net.network.run(100)
    expect(alice.rejected).toEqual([
      { peer: mallory.actor.peer, code: 'holonomic/exchange-forged' },
    ])
    expect(alice.book.size).toBe(0)
    // Nothing more of it is looked at.
    const real = consentOfActor(author, 'a', net.wall, hourMs)
    const checked = alice.verified
    net.feed(alice, {
      type: 'heard',
      author: mallory.actor.peer,
      parcel: parcelOf([real], author.publicKey),
    })
    net.network.run(100)
    expect(alice.verified).toBe(checked)
    // And the real one is not shut out by the forgery.
    net.feed(alice, {
      type: 'heard',
      author: actor('peer 1').peer,
      parcel: parcelOf([real], author.publicKey),
    })
    net.network.run(100)
    expect(alice.book.size).toBe(1)
  })

  it('broadcasts faster than signatures can be checked is not waited for', () => {
    const { world: net, alice, mallory } = world()
    const author = actor('author')
    for (let index = 0; index < 2_000; index++) {
      const one = publicationOf(author, `flood ${index % 300}`)
      net.feed(alice, {
        type: 'heard',
        author: mallory.actor.peer,
        parcel: parcelOf([one], author.publicKey),
      })
    }
    net.network.run(1)
    expect(alice.verified).toBeLessThanOrEqual(256)
  })

  it('gives what nobody asked for makes nobody check a signature', () => {
    const { world: net, alice, mallory } = world()
    const parcel = parcelOf([publicationOf(mallory.actor, 'x')], mallory.actor.publicKey)
    for (const byOpener of [true, false]) {
      const message = {
        comparison: { number: 1, byOpener },
        type: 'parcel',
        last: false,
        parcel,
      } as const
      net.feed(alice, says(mallory, message))
    }
    net.network.run(1_000)
    expect(alice.verified).toBe(0)
    expect(alice.book.size).toBe(0)
  })

  it('opens comparison after comparison is soon told that there is no time', () => {
    const { world: net, alice, mallory } = world()
    const answers: string[] = []
    net.heardBy(mallory, ({ type }) => answers.push(type))
    for (let number = 1; number <= 100; number++) net.feed(alice, says(mallory, opening(number)))
    net.network.run(2_000)
    expect(answers.filter((type) => type === 'end')).toHaveLength(84)
    expect(answers.filter((type) => type === 'coded')).toHaveLength(16)
  })

  it('says what is no message, or breaks the rules of comparing, is avoided', () => {
    const { world: net, alice, mallory } = world()
    const message = {
      comparison: { number: 1, byOpener: true },
      type: 'coded',
      value: [9, 9, 9],
    } as const
    net.feed(alice, says(mallory, message))
    net.network.run(100)
    const bob = net.members[1]!
    const fault = { code: 'types/shape', field: 'exchange' } as const
    net.feed(alice, { type: 'malformed', from: bob.actor.peer, fault })
    net.network.run(100)
    expect(alice.rejected.map(({ peer }) => peer)).toContain(bob.actor.peer)
    // It is a neighbour still, and nothing is compared with it.
    const before = alice.synced.length
    net.network.run(120_000)
    expect(alice.synced.length).toBe(before)
  })
})
