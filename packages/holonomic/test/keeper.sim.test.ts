import { describe, expect, it } from 'vitest'
import { filmOf, KeeperWorld, peerOf, peersOf } from './keeper-world.ts'

const minute = 60_000
const hour = 60 * minute
const author = peerOf('author')

function worldOf(seed: number, count: number): KeeperWorld {
  const world = new KeeperWorld(seed)
  world.add(author)
  const keepers = peersOf(count)
  for (const peer of keepers) world.add(peer)
  world.admit(keepers)
  world.network.run(1_000)
  return world
}

describe('a content among forty keepers', () => {
  it('is placed with thirty of them, who find and prove each other', async () => {
    const world = worldOf(1, 40)
    const film = await filmOf(author, 'film')
    world.put(film)
    world.network.run(minute)
    expect(world.placed).toHaveLength(1)
    expect(world.placed[0]!.holders.size).toBe(30)
    expect(world.placed[0]!.refused).toEqual([])
    expect(world.placed[0]!.wanted).toBe(26)
    expect(world.holders(film)).toHaveLength(30)
    expect(world.distinct(film)).toBe(26)
    world.disown(film)
    world.network.run(3 * hour)
    expect(world.notes).toEqual([])
    expect(world.rejects).toEqual([])
    for (const peer of world.holders(film)) {
      expect(new Set(world.proofs(film, peer).map((proof) => proof.peer)).size).toBe(29)
    }
  })

  it('is mended when holders go for good, and not when they are away for an hour', async () => {
    const world = worldOf(2, 40)
    const film = await filmOf(author, 'film')
    world.put(film)
    world.network.run(minute)
    world.disown(film)
    world.network.run(4 * hour)
    const holders = world.holders(film)
    // Every fifth is away for an hour: nobody makes anything.
    const away = holders.filter((_, index) => index % 5 === 0)
    for (const peer of away) world.network.crash(peer)
    world.network.run(hour)
    for (const peer of away) world.restart(peer)
    world.network.run(8 * hour)
    expect(world.notes).toEqual([])
    expect(world.rejects).toEqual([])
    for (const peer of away) world.network.crash(peer)
    world.network.run(12 * hour)
    expect(world.notes.filter(({ type }) => type !== 'missing')).toEqual([])
    expect(world.notes.length).toBeGreaterThan(0)
    expect(world.distinct(film)).toBeGreaterThanOrEqual(26)
    expect(world.holders(film).length).toBeGreaterThanOrEqual(30)
    expect(world.holders(film).length).toBeLessThanOrEqual(34)
  })

  it('is mended at once when its holders say that they go', async () => {
    const world = worldOf(3, 40)
    const film = await filmOf(author, 'film')
    world.put(film)
    world.network.run(4 * hour)
    world.disown(film)
    const leaving = world.holders(film).slice(0, 6)
    for (const peer of leaving) {
      world.inject(peer, { type: 'declined', ref: film.ref, isDeclined: true })
    }
    world.network.run(minute)
    expect(world.holders(film)).toHaveLength(24)
    world.network.run(2 * hour)
    expect(world.distinct(film)).toBeGreaterThanOrEqual(26)
    expect(world.holders(film).length).toBeGreaterThanOrEqual(28)
    expect(world.holders(film).some((peer) => leaving.includes(peer))).toBe(false)
  })

  it('is read while a fifth of its holders die', async () => {
    const world = worldOf(4, 40)
    const film = await filmOf(author, 'film', 700_000)
    expect(film.manifest.transfer.sourceBlocks).toBe(3)
    world.put(film)
    world.network.run(2 * minute)
    world.disown(film)
    const reader = peerOf('reader')
    world.add(reader)
    world.network.run(2_000)
    const token = world.get(film, reader)
    world.network.run(40)
    const holders = world.holders(film)
    for (const peer of holders.slice(0, 6)) world.network.crash(peer)
    world.network.run(minute)
    expect(world.readings.get(token)!.state).toBe('done')
  })

  it('is deleted everywhere when its author withdraws', async () => {
    const world = worldOf(5, 40)
    const film = await filmOf(author, 'film')
    world.put(film)
    world.network.run(minute)
    const [away] = world.holders(film)
    world.network.crash(away!)
    world.withdraw(film)
    world.network.run(100)
    expect(world.holders(film)).toEqual([])
    world.restart(away!)
    world.network.run(100)
    expect(world.holders(film)).toEqual([])
    const token = world.get(film, away!)
    world.network.run(minute)
    expect(world.readings.get(token)!.state).toBe('failed')
  })
})

describe('a survey', () => {
  it('of whoever holds nothing finds all holders, as soon as all have answered', async () => {
    const world = worldOf(10, 40)
    const film = await filmOf(author, 'film')
    world.put(film)
    world.network.run(minute)
    const reader = peerOf('reader')
    world.add(reader)
    world.network.run(2_000)
    world.survey(film, reader)
    world.network.run(1_000)
    expect(world.surveyed).toHaveLength(1)
    expect(new Set(world.surveyed[0]!.map(({ peer }) => peer)).size).toBe(30)
    const other = await filmOf(author, 'other')
    world.publish(other)
    world.network.run(1_000)
    world.network.crash(world.keepers[0]!, 'blackhole')
    world.survey(other, reader)
    world.network.run(12_000)
    expect(world.surveyed[1]).toEqual([])
  })
})

describe('a content among ten keepers', () => {
  it('survives the loss of any four', async () => {
    const world = worldOf(6, 10)
    const film = await filmOf(author, 'film')
    world.put(film)
    world.network.run(minute)
    world.disown(film)
    expect(world.placed[0]!.wanted).toBe(40)
    expect(world.distinct(film)).toBe(40)
    expect(world.network.livingPeers.map((peer) => world.sharesOf(film, peer).length)).toEqual([
      0,
      ...Array.from({ length: 10 }, () => 4),
    ])
    for (const peer of world.keepers.slice(3, 7)) world.network.crash(peer)
    const reader = peerOf('reader')
    world.add(reader)
    world.network.run(2_000)
    const token = world.get(film, reader)
    world.network.run(minute)
    expect(world.readings.get(token)!.state).toBe('done')
  })

  it('is kept by its author, too, when the author is one of them', async () => {
    const world = worldOf(17, 9)
    world.admit([...world.keepers, author])
    const film = await filmOf(author, 'film', 700_000)
    world.put(film)
    world.network.run(2 * minute)
    expect(world.placed[0]!.holders.size).toBe(10)
    expect(world.sharesOf(film, author)).toHaveLength(4)
    expect(world.distinct(film)).toBe(40)
  })

  it('goes to newcomers, too', async () => {
    const world = worldOf(7, 9)
    const film = await filmOf(author, 'film')
    world.put(film)
    world.network.run(4 * hour)
    const newcomer = peerOf('newcomer')
    world.add(newcomer)
    world.admit([...world.keepers, newcomer])
    world.network.run(hour)
    expect(world.sharesOf(film, newcomer)).toHaveLength(4)
    expect(world.distinct(film)).toBe(40)
  })
})

describe('keepers with too much', () => {
  it('leave: no more than the surplus, and nobody makes anything anew', async () => {
    const world = worldOf(8, 60)
    const film = await filmOf(author, 'film')
    world.put(film)
    world.network.run(minute)
    world.disown(film)
    const holders = new Set(world.holders(film))
    // A cut has healed: fifteen more peers hold a share each.
    const more = world.keepers.filter((peer) => !holders.has(peer)).slice(0, 15)
    for (const [index, peer] of more.entries()) {
      world.disks.get(peer)!.shares.set(film.key, new Map([[index, [...film.symbols[index]!]]]))
      world.network.crash(peer)
      world.restart(peer)
    }
    world.network.run(1_000)
    expect(world.holders(film)).toHaveLength(45)
    let least = 45
    for (let step = 0; step < 12; step++) {
      world.network.run(10 * minute)
      least = Math.min(least, world.holders(film).length)
    }
    // They look one after the other, and stop within the grace.
    expect(least).toBeGreaterThanOrEqual(30)
    expect(least).toBeLessThanOrEqual(34)
    const left = world.notes.filter(({ type }) => type === 'left')
    expect(left).toHaveLength(45 - least)
    expect(world.notes).toHaveLength(left.length)
    expect(world.distinct(film)).toBeGreaterThanOrEqual(26)
  })

  it('make room, repair shares of the lesser class first, and tell the others', async () => {
    const world = worldOf(9, 40)
    const films = await Promise.all([0, 1, 2].map((n) => filmOf(author, `film ${n}`)))
    for (const film of films) world.put(film)
    world.network.run(4 * hour)
    const peer = world.keepers.find((one) =>
      films.every((film) => world.sharesOf(film, one).length > 0),
    )!
    const { bytes } = world.disks.get(peer)!
    world.squeeze(peer, 1e9 - bytes + 1)
    world.network.run(1_000)
    const left = films.filter((film) => world.sharesOf(film, peer).length > 0)
    expect(left).toHaveLength(2)
    expect(world.disks.get(peer)!.bytes).toBeLessThan(bytes)
    expect(world.notes).toEqual([{ by: peer, type: 'crowded', shares: 1 }])
    world.network.run(4 * hour)
    for (const film of films) {
      expect(world.holders(film).length).toBeGreaterThanOrEqual(30)
      expect(world.distinct(film)).toBeGreaterThanOrEqual(26)
    }
    expect(world.disks.get(peer)!.bytes).toBeLessThan(bytes)
  })
})
