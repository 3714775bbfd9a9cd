import { utf8 } from '@kithnet/kernel'
import { cosignersOf, logIdOf } from '@kithnet/holonomic'
import { describe, expect, it } from 'vitest'
import type { WitnessOutput } from '../src/witness/witness-events.ts'
import { network } from './actors.ts'
import { type Site, WitnessWorld } from './witness-world.ts'

const namespaces = ['notes']
let token = 0
const commit = (world: WitnessWorld, site: Site, text: string): void => {
  const members = text.split('').map((letter) => utf8(letter))
  world.feed(site, { type: 'commit', token: ++token, namespaces, members, at: world.wall })
}
const witnessesOf = (world: WitnessWorld, { actor }: Site): Site[] => {
  const others = world.sites.map((site) => site.actor.peer).filter((one) => one !== actor.peer)
  const log = logIdOf({ network, peer: actor.peer, namespaces })
  return cosignersOf(log, others, 5).map((peer) => world.site(peer))
}
const isWitnessedBy = (owner: Site, { actor }: Site): boolean =>
  owner.outputs.some(
    (one: WitnessOutput) => one.type === 'witnessed' && one.by.includes(actor.peer),
  )

describe('a log', () => {
  it('is not offered again because somebody, of whom nothing follows, was granted something', () => {
    const world = new WitnessWorld('grants', 9)
    const owner = world.sites[0]!
    for (const site of witnessesOf(world, owner)) world.crash(site)
    commit(world, owner, 'a')
    world.run(200)
    const offers = (): number => world.sent.filter(({ message }) => message.type === 'offer').length
    const before = offers()
    expect(before).toBe(5)
    const peers = world.sites
      .map(({ actor }) => actor.peer)
      .filter((peer) => peer !== owner.actor.peer)
    world.feed(owner, { type: 'admitted', peers })
    const after = offers()
    for (let count = 0; count < 100; count++)
      world.feed(owner, { type: 'admitted', peers: [...peers] })
    world.run(1)
    expect(offers()).toBe(after)
  })

  it('a witness whose disk failed once keeps and cosigns what it is offered again', () => {
    const world = new WitnessWorld('witness disk', 6)
    const owner = world.sites[0]!
    commit(world, owner, 'a')
    const [witness] = witnessesOf(world, owner) as [Site]
    while (witness.unwritten.length === 0) world.run(1)
    const [write] = witness.unwritten.splice(0)
    world.feed(witness, { type: 'unpersisted', key: write!.key })
    world.run(200)
    expect(isWitnessedBy(owner, witness)).toBe(false)
    expect(witness.disk.has(write!.key)).toBe(false)
    world.run(60_000)
    expect(isWitnessedBy(owner, witness)).toBe(true)
    expect(witness.disk.has(write!.key)).toBe(true)
    const refusals = world.sent.filter(({ message }) => message.type === 'refused')
    expect(refusals).toEqual([])
  })

  it('a peer that opens comparisons without end is answered at a pace', () => {
    const world = new WitnessWorld('openings', 3)
    const [owner, asker] = world.sites as [Site, Site]
    commit(world, owner, 'abc')
    world.run(200)
    commit(world, asker, 'ab')
    world.run(200)
    world.feed(asker, {
      type: 'compare',
      token: ++token,
      peer: owner.actor.peer,
      namespaces,
      fetches: true,
    })
    const opening = world.sent.at(-1)!.message
    if (opening.type !== 'open') throw new Error('nothing was opened')
    const before = world.sent.length
    for (let number = 100; number < 1_100; number++) {
      const message = { ...opening, number }
      world.feed(owner, { type: 'received', from: asker.actor.peer, message })
    }
    const answers = world.sent.slice(before).map(({ message }) => message.type)
    expect(answers.filter((type) => type === 'coded')).toHaveLength(16)
    expect(answers.filter((type) => type === 'end')).toHaveLength(984)
  })
})
