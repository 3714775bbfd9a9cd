import type { PeerId } from '@kithnet/types'
import { describe, expect, it } from 'vitest'
import type { ContentMessage } from '../src/content/content-messages.ts'
import { type Film, filmOf, KeeperWorld, peerOf, peersOf, type Stranger } from './keeper-world.ts'

const minute = 60_000
const hour = 60 * minute
const author = peerOf('author')
const keepers = peersOf(40)
const liars = keepers.filter((_, index) => index % 5 === 0)

/** Forty keepers, of whom every fifth is what `stranger` makes of it. */
function worldOf(seed: number, stranger: (peer: PeerId) => Stranger): KeeperWorld {
  const world = new KeeperWorld(seed)
  world.add(author)
  for (const peer of keepers)
    world.add(peer, 1e9, liars.includes(peer) ? stranger(peer) : undefined)
  world.admit(keepers)
  world.network.run(1_000)
  return world
}

/** Takes whatever it is asked to keep, keeps nothing, and answers challenges as it is told. */
function taker(answer: (message: ContentMessage) => readonly ContentMessage[]): () => Stranger {
  return () => {
    const claimed = new Map<string, readonly number[]>()
    return (_from, message) => {
      if (message.type === 'keep') {
        const { ref, shares } = message
        claimed.set(ref.content, shares)
        return [
          { type: 'kept', ref, shares, why: undefined },
          { type: 'ask-holding', ref, shares },
        ]
      }
      if (message.type === 'ask-holding') {
        const { ref } = message
        return [{ type: 'holding', ref, shares: claimed.get(ref.content) ?? [], hints: [] }]
      }
      return answer(message)
    }
  }
}

const wrong = (message: ContentMessage): readonly ContentMessage[] =>
  message.type === 'challenge'
    ? [{ type: 'answer', nonce: message.nonce, proof: new Uint8Array(32) }]
    : []

function honest(world: KeeperWorld, film: Film): readonly PeerId[] {
  return world.holders(film).filter((peer) => !liars.includes(peer))
}

describe('liars about possession', () => {
  it('that answer wrongly are replaced while a content is placed', async () => {
    const world = worldOf(11, taker(wrong))
    const film = await filmOf(author, 'film')
    world.put(film)
    world.network.run(minute)
    const [placed] = world.placed
    expect(placed!.holders.size).toBe(30)
    expect(honest(world, film)).toHaveLength(30)
    expect(placed!.refused.length).toBeGreaterThan(0)
    for (const { peer, why } of placed!.refused) {
      expect(liars).toContain(peer)
      expect(why).toBe('unproven')
    }
    expect(world.rejects.every(({ from }) => liars.includes(from))).toBe(true)
  })

  it('that do not answer are, too', async () => {
    const world = worldOf(
      12,
      taker(() => []),
    )
    const film = await filmOf(author, 'film')
    world.put(film)
    world.network.run(6 * minute)
    expect(world.placed[0]!.holders.size).toBe(30)
    expect(honest(world, film)).toHaveLength(30)
    expect(world.rejects.every(({ from }) => liars.includes(from))).toBe(true)
  })

  it('that claim a thousand shares are found out for some questions, and suppress no repair', async () => {
    let asked = 0
    const all = Array.from({ length: 1_024 }, (_, share) => share)
    const world = worldOf(13, () => (_from, message) => {
      if (message.type === 'challenge') asked++
      if (message.type !== 'ask-holding') return []
      return [{ type: 'holding', ref: message.ref, shares: all, hints: [] }]
    })
    const film = await filmOf(author, 'film')
    world.put(film)
    world.network.run(3 * hour)
    // Each of 31 peers asks each of eight liars four questions, twice, and again an hour later.
    expect(asked).toBeLessThanOrEqual(31 * 8 * 4 * 2 * 3)
    const leaving = honest(world, film).slice(0, 5)
    for (const peer of leaving) {
      world.inject(peer, { type: 'declined', ref: film.ref, isDeclined: true })
    }
    world.network.run(2 * hour)
    expect(world.distinct(film, honest(world, film))).toBeGreaterThanOrEqual(26)
  })
})

describe('liars about others', () => {
  it.each([
    ['one that says it again and again', 1, 64],
    ['many that say it and hold nothing', 30, 1],
  ])('stop no repair by a hint at a holder that is none: %s', async (_, tellers, times) => {
    const hints = Array.from({ length: times }, () => peerOf('ghost'))
    const world = new KeeperWorld(16)
    const tell: Stranger = (_from, message) =>
      message.type === 'ask-holding'
        ? [{ type: 'holding', ref: message.ref, shares: [51], hints }]
        : []
    const fair = peersOf(40)
    const unfair = peersOf(tellers, 'teller')
    world.add(author)
    for (const peer of fair) world.add(peer, 1e9)
    for (const peer of unfair) world.add(peer, 1e9, tell)
    world.admit([...fair, ...unfair])
    world.network.run(1_000)
    const film = await filmOf(author, 'film')
    world.put(film)
    world.network.run(4 * hour)
    const held = (): number => world.distinct(film, fair)
    for (const peer of world.holders(film).slice(0, 8)) {
      world.inject(peer, { type: 'declined', ref: film.ref, isDeclined: true })
    }
    world.network.run(1_000)
    expect(held()).toBeLessThan(26)
    world.network.run(2 * hour)
    expect(held()).toBeGreaterThanOrEqual(26)
  })
})

describe('holders of bad symbols', () => {
  it('are dropped and avoided, and the content is read from the others', async () => {
    const claims = taker((message) => {
      if (message.type !== 'want') return []
      const { ref, share, fromBlock, count } = message
      const symbols = Array.from({ length: count }, (_, index) => ({
        id: { block: fromBlock + index, symbol: share },
        bytes: new Uint8Array(64),
        proof: new Uint8Array(192),
      }))
      return [{ type: 'symbols', ref, share, fromBlock, symbols, why: undefined }]
    })
    const world = worldOf(14, claims)
    const film = await filmOf(author, 'film')
    world.put(film)
    world.network.run(minute)
    world.disown(film)
    const reader = peerOf('reader')
    world.add(reader)
    world.network.run(2_000)
    const token = world.get(film, reader)
    world.network.run(minute)
    expect(world.readings.get(token)!.state).toBe('done')
    const found = world.rejects.filter(({ by }) => by === reader)
    expect(found.length).toBeGreaterThan(0)
    for (const { from, code } of found) {
      expect(liars).toContain(from)
      expect(code).toBe('holonomic/bad-symbol')
    }
  })
})

describe('hints', () => {
  it('that name thousands lead to keepers alone, and to each of them once in a while', async () => {
    const strangers = peersOf(5_000, 'nobody')
    let next = 0
    let asked = 0
    const world = worldOf(15, () => (_from, message) => {
      if (message.type !== 'ask-holding') return []
      asked++
      const hints = Array.from({ length: 64 }, () => strangers[next++ % strangers.length]!)
      return [{ type: 'holding', ref: message.ref, shares: [], hints }]
    })
    for (const peer of strangers.slice(0, 50)) {
      world.add(peer, 1e9, () => {
        throw new Error('nobody asks who is no keeper')
      })
    }
    const film = await filmOf(author, 'film')
    world.put(film)
    world.network.run(2 * hour)
    // 31 peers, eight liars: at the start, with an announcement, and about once an hour.
    expect(asked).toBeLessThanOrEqual(31 * 8 * 8)
    expect(world.rejects).toEqual([])
  })
})

describe('a maker that does not deliver', () => {
  it('is passed over: the next one makes what is missing', async () => {
    const world = worldOf(16, taker(wrong))
    const film = await filmOf(author, 'film')
    world.put(film)
    world.network.run(4 * hour)
    world.disown(film)
    const before = honest(world, film)
    // Whoever is asked to make something first goes away for good while it does.
    for (const peer of before.slice(0, 4)) {
      world.inject(peer, { type: 'declined', ref: film.ref, isDeclined: true })
    }
    const isAsked = (): boolean => world.notes.some(({ type }) => type === 'missing')
    world.network.runWhile(() => !isAsked(), 2 * hour)
    const first = world.notes.find(({ type }) => type === 'missing')
    world.network.crash(first!.by)
    world.network.run(10 * hour)
    expect(world.notes.some(({ by, type }) => type === 'missing' && by !== first!.by)).toBe(true)
    expect(world.distinct(film, honest(world, film))).toBeGreaterThanOrEqual(26)
    expect(honest(world, film).length).toBeGreaterThanOrEqual(26)
  })
})
