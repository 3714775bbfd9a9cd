import { utf8 } from '@kithnet/kernel'
import { describe, expect, it } from 'vitest'
import {
  checkpointId,
  cosignersOf,
  encodeCheckpoint,
  isFork,
  type LogName,
  logIdOf,
  readForkProof,
  verifyWitnessBundle,
  WitnessLog,
} from '@kithnet/holonomic'
import { encodeWitnessBundle } from '../src/witness/witness-bundle.ts'
import { logLeaf } from '../src/witness/checkpoint.ts'
import type { WitnessOutput } from '../src/witness/witness-events.ts'
import { network, noon, scheme } from './actors.ts'
import { allOf, type Site, WitnessWorld } from './witness-world.ts'

const namespaces = ['notes']
const members = (text: string): Uint8Array[] => text.split('').map((letter) => utf8(letter))
const nameOf = (site: Site): LogName => ({ network, peer: site.actor.peer, namespaces })
const logOf = (site: Site): string => logIdOf(nameOf(site))
let token = 0
const commit = (world: WitnessWorld, site: Site, text: string): void =>
  world.feed(site, {
    type: 'commit',
    token: ++token,
    namespaces,
    members: members(text),
    at: world.wall,
  })
const told = <K extends WitnessOutput['type']>(
  site: Site,
  type: K,
): Extract<WitnessOutput, { readonly type: K }>[] =>
  site.outputs.filter(
    (one): one is Extract<WitnessOutput, { readonly type: K }> => one.type === type,
  )
const witnessesOf = (world: WitnessWorld, owner: Site): Site[] => {
  const others = world.sites
    .map(({ actor }) => actor.peer)
    .filter((one) => one !== owner.actor.peer)
  return cosignersOf(logOf(owner), others, 5).map((peer) => world.site(peer))
}

const whysOf = (world: WitnessWorld, by: Site): string[] =>
  world.sent.flatMap(({ from, message }) =>
    from === by.actor.peer && message.type === 'refused' ? [message.why] : [],
  )

describe('a log on a network', () => {
  it('is committed, signed, offered to the appointed alone, and cosigned by all of them', () => {
    const world = new WitnessWorld('commit', 9)
    const owner = world.sites[0]!
    commit(world, owner, 'ab')
    expect(told(owner, 'publish')).toEqual([])
    world.run(200)
    expect(told(owner, 'committed')).toMatchObject([{ checkpoint: { epoch: 1, stateSize: 2 } }])
    const appointed = witnessesOf(world, owner).map(({ actor }) => actor.peer)
    expect(told(owner, 'witnessed').at(-1)).toMatchObject({ epoch: 1, by: appointed })
    expect(world.cosigned.map(({ by }) => by).toSorted()).toEqual(appointed.toSorted())
    for (const text of ['abc', 'bc', '']) {
      commit(world, owner, text)
      world.run(200)
    }
    expect(told(owner, 'witnessed').at(-1)).toMatchObject({ epoch: 4, by: appointed })
    expect(world.cosigned).toHaveLength(20)
    // Nothing is left to be done.
    expect(world.sites.every(({ timers }) => timers.size === 0)).toBe(true)
  })

  it('nothing is committed before others were heard, nor two at once, nor beyond bounds', () => {
    const world = new WitnessWorld('early', 4)
    const owner = world.sites[0]!
    world.crash(owner)
    commit(world, owner, 'a')
    world.begin(owner)
    commit(world, owner, 'a')
    commit(world, owner, 'b')
    const at = world.wall
    const event = { type: 'commit', token: 99, at } as const
    world.feed(owner, { ...event, namespaces: ['b', 'a'], members: [] })
    world.feed(owner, { ...event, namespaces, members: [new Uint8Array(65_537)] })
    expect(told(owner, 'uncommitted').map(({ fault }) => fault)).toMatchObject([
      { why: 'not-ready' },
      { why: 'busy' },
      { why: 'namespaces' },
      { why: 'members' },
    ])
    for (let log = 1; log < 16; log++) {
      world.feed(owner, { ...event, namespaces: [`log ${log}`], members: [] })
    }
    world.feed(owner, { ...event, namespaces: ['one more'], members: [] })
    expect(told(owner, 'uncommitted').at(-1)).toMatchObject({ fault: { why: 'logs' } })
  })

  it('what could not be kept was not committed', () => {
    const world = new WitnessWorld('disk', 4)
    const owner = world.sites[0]!
    commit(world, owner, 'a')
    const [write] = owner.unwritten.splice(0)
    world.feed(owner, { type: 'unpersisted', key: write!.key })
    expect(told(owner, 'uncommitted')).toMatchObject([{ fault: { why: 'disk' } }])
    commit(world, owner, 'b')
    world.run(200)
    expect(told(owner, 'committed')).toMatchObject([{ checkpoint: { epoch: 1, stateSize: 1 } }])
    expect(told(owner, 'witnessed').at(-1)).toMatchObject({ epoch: 1 })
  })

  it('a process that died between keeping and signing signs the same after its start', () => {
    const world = new WitnessWorld('crash', 6)
    const owner = world.sites[0]!
    commit(world, owner, 'a')
    world.run(200)
    commit(world, owner, 'ab')
    const { key, value } = owner.unwritten.splice(0)[0]!
    owner.disk.set(key, value)
    world.crash(owner, owner.disk, owner.book)
    world.begin(owner)
    world.run(200)
    expect(told(owner, 'publish')).toMatchObject([{ checkpoint: { epoch: 2 } }])
    expect(told(owner, 'witnessed').at(-1)).toMatchObject({ epoch: 2 })
    commit(world, owner, 'abc')
    world.run(200)
    expect(told(owner, 'witnessed').at(-1)).toMatchObject({ epoch: 3 })
    expect(world.sites.every(({ book }) => allOf(book).every(({ kind }) => kind !== 'fork'))).toBe(
      true,
    )
  })

  it('a witness that is away is asked again; three of five are enough', () => {
    const world = new WitnessWorld('away', 8)
    const owner = world.sites[0]!
    const [away, ...others] = witnessesOf(world, owner)
    world.crash(away!)
    commit(world, owner, 'a')
    world.run(400)
    const peers = others.map(({ actor }) => actor.peer)
    expect(told(owner, 'witnessed').at(-1)!.by).toEqual(peers)
    world.begin(away!)
    world.run(60_000)
    expect(told(owner, 'witnessed').at(-1)!.by).toHaveLength(5)
  })
})

it('same seed and same events, same words', () => {
  const [one, other] = [0, 1].map(() => {
    const world = new WitnessWorld('again', 6)
    for (const [index, text] of ['a', 'ab', 'b'].entries()) {
      commit(world, world.sites[index % 2]!, text)
      world.run(30)
    }
    world.crash(world.sites[2]!)
    world.begin(world.sites[2]!)
    world.run(20_000)
    return world.sent
  })
  expect(one!.length).toBeGreaterThan(30)
  expect(other).toEqual(one)
})

describe('attacks and accidents', () => {
  it('an owner whose disk is from a backup refuses to go on, rather than fork its log', () => {
    const world = new WitnessWorld('backup', 6)
    const owner = world.sites[0]!
    commit(world, owner, 'a')
    world.run(200)
    const backup = new Map(owner.disk)
    commit(world, owner, 'ab')
    world.run(200)
    world.crash(owner, backup)
    world.begin(owner)
    commit(world, owner, 'ax')
    world.run(200)
    expect(told(owner, 'behind')).toMatchObject([
      { fault: { code: 'holonomic/log-behind', epoch: 1, knownEpoch: 2 } },
    ])
    expect(told(owner, 'uncommitted')).toMatchObject([{ fault: { code: 'holonomic/log-behind' } }])
    expect(told(owner, 'publish')).toEqual([])
  })

  it('two processes of one identity: nobody cosigns both, both stop, and all have evidence', () => {
    for (let seed = 0; seed < 12; seed++) {
      const world = new WitnessWorld(`race ${seed}`, 8)
      const [owner, twin] = world.sites
      // The twin runs under the owner's name: its machine, its book and its disk are its own.
      const other = twin as { actor: Site['actor'] } & Site
      const real = other.actor
      commit(world, owner!, 'a')
      world.run(200)
      const rival = new WitnessLog(nameOf(owner!), [
        ...owner!.machine.owner.proven(namespaces)!.log.leaves,
      ])
      const { checkpoint } = rival.commit(members('rival'), world.wall)
      commit(world, owner!, 'own')
      other.actor = owner!.actor
      const body = encodeCheckpoint(checkpoint)
      const held = world.signed(other, 'checkpoint', body)
      other.actor = real
      world.broadcast(other, held)
      world.run(10_000)
      const signed = world.cosigned.filter(({ checkpoint: one }) => one.epoch === 2)
      for (const { by } of signed) expect(signed.filter((one) => one.by === by)).toHaveLength(1)
      commit(world, owner!, 'more')
      world.run(200)
      expect(told(owner!, 'uncommitted').at(-1)).toMatchObject({
        fault: { code: 'holonomic/log-behind' },
      })
      // Whoever heard of the other before it signed has signed nothing that could convict it.
      const both = told(owner!, 'publish').some(({ checkpoint: one }) => one.epoch === 2)
      for (const { book } of world.sites) expect(book.isConvicted(owner!.actor.peer)).toBe(both)
    }
  })

  it('a witness whose disk is from a backup signs nothing before it was told what it had signed', () => {
    const world = new WitnessWorld('restored witness', 8)
    const owner = world.sites[0]!
    commit(world, owner, 'a')
    world.run(200)
    const witness = witnessesOf(world, owner)[0]!
    const backup = new Map(witness.disk)
    commit(world, owner, 'ab')
    world.run(200)
    // A fork from epoch 1, as the owner would put it to the witness that it brought back to that.
    const { log } = owner.machine.owner.proven(namespaces)!
    const fork = new WitnessLog(nameOf(owner), log.leaves.slice(0, 1))
    const { checkpoint } = fork.commit(members('ax'), world.wall)
    const held = world.signed(owner, 'checkpoint', encodeCheckpoint(checkpoint))
    const offer = {
      type: 'offer',
      checkpoint: held,
      basis: encodeCheckpoint(log.checkpointAt(1)),
      proof: fork.consistencyProof(1),
    } as const
    const before = world.cosigned.length
    world.crash(witness, backup)
    const from = owner.actor.peer
    const peers = world.sites
      .map(({ actor }) => actor.peer)
      .filter((one) => one !== witness.actor.peer)
    world.feed(witness, { type: 'admitted', peers })
    world.feed(witness, { type: 'neighbourUp', peer: from })
    // Only the owner is near, and says what suits it.
    world.feed(witness, { type: 'compared', peer: from })
    world.feed(witness, { type: 'ready' })
    world.feed(witness, { type: 'received', from, message: offer })
    world.run(50)
    expect(world.cosigned).toHaveLength(before)
    expect(told(witness, 'verify')).toEqual([])
    world.begin(witness, world.sites.slice(2, 5))
    world.feed(witness, { type: 'received', from, message: offer })
    world.run(50)
    expect(told(witness, 'verify')).toHaveLength(1)
    expect(world.cosigned).toHaveLength(before)
    expect(whysOf(world, witness).at(-1)).toBe('fork')
    world.run(500)
    // What it was offered convicts the owner, whoever holds the other.
    for (const { book } of world.sites) expect(book.isConvicted(from)).toBe(true)
  })

  it('a witness knows what it had signed by its name alone, and the true log goes on from it', () => {
    const world = new WitnessWorld('recalled witness', 8)
    const owner = world.sites[0]!
    commit(world, owner, 'a')
    world.run(200)
    const witness = witnessesOf(world, owner)[0]!
    const backup = new Map(witness.disk)
    commit(world, owner, 'ab')
    world.run(200)
    world.crash(witness, backup)
    // Others have its signature and the next checkpoint, but no longer the one that it is under.
    commit(world, owner, 'abc')
    world.run(200)
    world.begin(witness)
    commit(world, owner, 'abcd')
    world.run(20_000)
    const signed = world.cosigned.filter(({ by }) => by === witness.actor.peer)
    expect(signed.map(({ checkpoint: one }) => one.epoch)).toEqual([1, 2, 4])
    expect(told(owner, 'witnessed').at(-1)!.by).toHaveLength(5)
  })

  it('a forged proof, a replay, an offer of another’s log, a forged signature', () => {
    const world = new WitnessWorld('forged', 8)
    const owner = world.sites[0]!
    const from = owner.actor.peer
    commit(world, owner, 'a')
    world.run(200)
    const old = owner.machine.stateOf(namespaces)!.signed!
    commit(world, owner, 'ab')
    world.run(200)
    const witness = witnessesOf(world, owner)[0]!
    const before = world.cosigned.length
    // A log that does not go on from what was signed, with a proof of something else.
    const other = new WitnessLog(nameOf(owner))
    for (const text of ['x', 'xy', 'xyz']) other.commit(members(text), noon)
    const body = encodeCheckpoint(other.checkpointAt(3))
    const forged = world.signed(owner, 'checkpoint', body)
    const basis = new Uint8Array(0)
    for (const proof of [[], other.consistencyProof(2), other.consistencyProof(1)]) {
      const message = { type: 'offer', checkpoint: forged, basis, proof } as const
      world.feed(witness, { type: 'received', from, message })
    }
    const replay = { type: 'offer', checkpoint: old, basis, proof: [] } as const
    world.feed(witness, { type: 'received', from, message: replay })
    // Not the owner's to put: whoever passes it on is not answered with a signature.
    const thief = world.sites.find((one) => one !== owner && one !== witness)!
    world.feed(witness, { type: 'received', from: thief.actor.peer, message: replay })
    world.run(200)
    const unsigned = { ...forged, signature: new Uint8Array(forged.signature.length) }
    world.feed(witness, {
      type: 'received',
      from,
      message: { type: 'offer', checkpoint: unsigned, basis, proof: [] },
    })
    world.run(200)
    expect(world.cosigned).toHaveLength(before)
    expect(whysOf(world, witness).toSorted()).toEqual([
      'inconsistent',
      'inconsistent',
      'inconsistent',
      'not-appointed',
      'rollback',
    ])
    expect(told(witness, 'reject')).toMatchObject([{ fault: { code: 'holonomic/witness-forged' } }])
  })

  it('an owner that shows two states of one epoch to two witnesses is found out by all', () => {
    const world = new WitnessWorld('fork', 8)
    const owner = world.sites[0]!
    const sides = ['one', 'other'].map((text) => {
      const { checkpoint } = new WitnessLog(nameOf(owner)).commit(members(text), noon)
      return world.signed(owner, 'checkpoint', encodeCheckpoint(checkpoint))
    })
    const witnesses = witnessesOf(world, owner)
    for (const [index, site] of witnesses.slice(0, 2).entries()) {
      const message = {
        type: 'offer',
        checkpoint: sides[index]!,
        basis: new Uint8Array(0),
        proof: [],
      } as const
      world.feed(site, { type: 'received', from: owner.actor.peer, message })
    }
    // They tell nobody of the checkpoints, so it takes a third who hears of both.
    world.run(500)
    const third = witnesses[2]!
    for (const site of witnesses.slice(0, 2)) world.compare(third, site)
    world.run(500)
    for (const { book } of world.sites) {
      const proof = [...book.all('fork')][0]
      expect(proof?.signer).toBe(owner.actor.peer)
      expect(readForkProof(proof!.body, scheme)).toMatchObject({ ok: true })
    }
    for (const one of world.cosigned) {
      for (const two of world.cosigned) {
        if (one.by === two.by) expect(isFork(one.checkpoint, two.checkpoint)).toBe(false)
      }
    }
  })
})

describe('a bundle', () => {
  it('proves offline what was held, and nothing else', () => {
    const world = new WitnessWorld('bundle', 7)
    const owner = world.sites[0]!
    for (const text of ['a', 'ab', 'abc']) {
      commit(world, owner, text)
      world.run(300)
    }
    const { log, witnessed } = owner.machine.owner.proven(namespaces)!
    const parts = {
      checkpoint: witnessed!.signed,
      cosignatures: [...witnessed!.cosignatures.values()],
      leaf: logLeaf(log.checkpointAt(2)),
      inclusion: log.inclusionProof(2, 3),
    }
    const appointed = witnessesOf(world, owner).map(({ actor }) => actor.peer)
    const rules = { appointed, threshold: 3, scheme }
    const verified = verifyWitnessBundle(encodeWitnessBundle(parts), rules)
    expect(verified).toMatchObject({
      ok: true,
      value: { checkpoint: { epoch: 3 }, state: { epoch: 2, stateSize: 2 } },
    })
    const why = (
      changed: Partial<typeof parts>,
      changedRules: Partial<typeof rules> = {},
    ): unknown => {
      const result = verifyWitnessBundle(encodeWitnessBundle({ ...parts, ...changed }), {
        ...rules,
        ...changedRules,
      })
      return result.ok ? undefined : 'why' in result.fault ? result.fault.why : result.fault.code
    }
    const [first, second] = parts.cosignatures
    expect(why({ leaf: logLeaf(log.checkpointAt(1)) })).toBe('inclusion')
    expect(why({ inclusion: log.inclusionProof(1, 3) })).toBe('inclusion')
    expect(why({ cosignatures: [first!, first!, second!] })).toBe('cosignature')
    expect(why({ cosignatures: [{ ...first!, signature: second!.signature }] })).toBe('signature')
    expect(why({ cosignatures: [first!, second!] })).toBe('few')
    expect(why({}, { appointed: appointed.slice(0, 2) })).toBe('few')
    expect(why({}, { appointed: [appointed[0]!, appointed[0]!, appointed[1]!] })).toBe('few')
    const earlier = owner.book.get('checkpoint', logOf(owner))!
    expect(checkpointId(earlier.statement)).toBe(checkpointId(witnessed!.checkpoint))
    const bytes = encodeWitnessBundle(parts)
    for (let length = 0; length < bytes.length; length += 97) {
      expect(verifyWitnessBundle(bytes.subarray(0, length), rules).ok).toBe(false)
    }
  })
})
