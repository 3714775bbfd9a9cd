import { createIdentity, verifySigned, verifySignedSync } from '@kithnet/identity'
import { concat, hasCode, toHex, utf8 } from '@kithnet/kernel'
import {
  checkpointId,
  checkpointKind,
  compareStates,
  cosignatureKind,
  cosignedBy,
  Cosigner,
  type CosignerOutput,
  cosignersOf,
  encodeCheckpoint,
  encodeCosignature,
  encodeForkProof,
  isFork,
  logIdOf,
  logLeaf,
  type Offered,
  provesInclusion,
  readForkProof,
  WitnessLog,
} from '@kithnet/holonomic'
import {
  AntiRollback,
  compareWitnesses,
  mayBeIngested,
  pairTreeRoot,
  type WholenessWitness,
  witnessedLeaves,
} from '@kithnet/holonomic/ciris'
import type { Change } from '@kithnet/types'
import { describe, expect, it } from 'vitest'
import { type Actor, actor, actors, noon, scheme } from './actors.ts'
import { name, notary, offer, owner, self, state } from './offers.ts'

/** Feeds a witness; what it wants on disk goes into `disk` and is answered at once. */
function put(witness: Cosigner, offered: Offered, disk: Map<string, Uint8Array>): CosignerOutput[] {
  const outputs: CosignerOutput[] = []
  const effects = [...witness.on(offered)]
  for (let effect = effects.shift(); effect !== undefined; effect = effects.shift()) {
    if (effect.type === 'emit') outputs.push(effect.output)
    if (effect.type !== 'persist') continue
    disk.set(effect.key, effect.value)
    effects.push(...witness.on({ type: 'persisted', key: effect.key }))
  }
  return outputs
}

const refusal = (why: string, knownEpoch: number): object => ({
  type: 'refuse',
  fault: { code: 'holonomic/not-cosigned', why, knownEpoch },
})

describe('a witness log', () => {
  it('holds every state and shows that it does', () => {
    const log = new WitnessLog(name)
    const commits = ['', 'a', 'ab', 'abc', 'bc'].map((text) => log.commit(state(text), noon))
    expect(commits.map(({ checkpoint }) => checkpoint.epoch)).toEqual([1, 2, 3, 4, 5])
    const last = commits.at(-1)!.checkpoint
    for (const { checkpoint, leaf } of commits) {
      expect(leaf).toEqual(logLeaf(checkpoint))
      const proof = log.inclusionProof(checkpoint.epoch)
      expect(provesInclusion(leaf, checkpoint.epoch - 1, 5, proof, last.logRoot)).toBe(true)
    }
    const again = new WitnessLog(
      name,
      commits.map(({ leaf }) => leaf),
    )
    expect(again.epoch).toBe(5)
    expect(again.commit(state('x'), noon)).toEqual(log.commit(state('x'), noon))
  })

  it('says nothing that nobody would read', () => {
    const unsorted = { ...name, namespaces: ['votes', 'records'] }
    const { checkpoint } = new WitnessLog(unsorted).commit(state('a'), noon)
    expect(() => encodeCheckpoint(checkpoint)).toThrow('checkpoint.namespaces')
  })

  it('compares states, whosever they are', () => {
    const other = new WitnessLog({ ...name, peer: actor('other').peer })
    const mine = new WitnessLog(name).commit(state('ab'), noon).checkpoint
    expect(compareStates(mine, other.commit(state('ba'), noon).checkpoint)).toBe('identical')
    expect(compareStates(mine, other.commit(state('abc'), noon).checkpoint)).toBe('divergent')
    const elsewhere = new WitnessLog({ ...name, namespaces: ['records', 'votes'] })
    expect(compareStates(mine, elsewhere.commit(state('ab'), noon).checkpoint)).toBe('unrelated')
  })
})

describe('a cosigner', () => {
  it('signs what goes on from what it signed, and nothing else', () => {
    const log = new WitnessLog(name)
    const [witness, disk] = [new Cosigner(self), new Map<string, Uint8Array>()]
    const first = offer(log, 'a', 0)
    const second = offer(log, 'ab', 1)
    const third = offer(log, 'abc', 2)
    expect(put(witness, first, disk)).toMatchObject([{ type: 'cosign', to: owner.peer }])
    expect(put(witness, third, disk)).toMatchObject([refusal('inconsistent', 1)])
    expect(put(witness, second, disk)).toMatchObject([{ type: 'cosign' }])
    expect(put(witness, second, disk)).toMatchObject([{ type: 'cosign' }])
    expect(put(witness, first, disk)).toMatchObject([refusal('rollback', 2)])
    expect(put(witness, { ...third, proof: [] }, disk)).toMatchObject([refusal('inconsistent', 2)])
    expect(put(witness, third, disk)).toMatchObject([{ type: 'cosign' }])
    // A log of another past has no proof.
    const other = new WitnessLog(name)
    for (const text of ['x', 'xy', 'xyz']) other.commit(state(text), noon)
    expect(put(witness, offer(other, 'xyzw', 3), disk)).toMatchObject([refusal('inconsistent', 3)])
    expect(witness.head(logIdOf(third.checkpoint))?.signed).toEqual(third.signed)
  })

  it('finds a fork, and what it found is evidence', () => {
    const [witness, disk] = [new Cosigner(self), new Map<string, Uint8Array>()]
    const one = offer(new WitnessLog(name), 'one', 0)
    const other = offer(new WitnessLog(name), 'other', 0)
    put(witness, one, disk)
    const [refused, fork] = put(witness, other, disk)
    expect(refused).toMatchObject(refusal('fork', 1))
    expect(isFork(one.checkpoint, other.checkpoint)).toBe(true)
    if (fork?.type !== 'fork') throw new Error('no fork was found')
    const proof = encodeForkProof(fork.publicKey, fork.one, fork.other)
    const read = readForkProof(proof, scheme)
    expect(read).toMatchObject({ ok: true, value: { one: { epoch: 1 }, other: { epoch: 1 } } })
    for (let cut = 0; cut < proof.length; cut += 97) {
      expect(readForkProof(proof.subarray(0, cut), scheme).ok).toBe(false)
    }
    for (let at = 0; at < proof.length; at += 61) {
      const changed = proof.with(at, proof[at]! ^ 1)
      expect(readForkProof(changed, scheme).ok, `byte ${at}`).toBe(false)
    }
  })

  it('signs nothing before it is on disk, and comes back with what is', () => {
    const log = new WitnessLog(name)
    const disk = new Map<string, Uint8Array>()
    const witness = new Cosigner(self)
    const first = offer(log, 'a', 0)
    const second = offer(log, 'ab', 1)
    const [kept] = witness.on(first)
    if (kept?.type !== 'persist') throw new Error('nothing was kept')
    expect(witness.on(first)).toMatchObject([{ output: refusal('busy', 1) }])
    expect(witness.on(second)).toMatchObject([{ output: refusal('busy', 1) }])
    expect(witness.on({ type: 'persisted', key: kept.key })).toMatchObject([
      { type: 'emit', output: { type: 'cosign' } },
    ])
    expect(witness.on({ type: 'persisted', key: kept.key })).toEqual([])
    disk.set(kept.key, kept.value)
    const restored = new Cosigner(self, disk)
    const rolledBack = offer(new WitnessLog(name), 'z', 0)
    expect(put(restored, rolledBack, disk)).toMatchObject([refusal('fork', 1), { type: 'fork' }])
    expect(put(restored, second, disk)).toMatchObject([{ type: 'cosign' }])
  })

  it('is told what it signed after its disk was restored from a backup', () => {
    const log = new WitnessLog(name)
    const disk = new Map<string, Uint8Array>()
    const first = offer(log, 'a', 0)
    put(new Cosigner(self, disk), first, disk)
    const backup = new Map(disk)
    const second = offer(log, 'ab', 1)
    put(new Cosigner(self, disk), second, disk)
    // The owner forks its log where the backup ends.
    const fork = new WitnessLog(name, [logLeaf(first.checkpoint)])
    const other = offer(fork, 'ax', 1)
    expect(put(new Cosigner(self, backup), other, new Map())).toMatchObject([{ type: 'cosign' }])

    const cosign = (by: Actor, { checkpoint }: Offered) =>
      by.say(
        cosignatureKind,
        encodeCosignature({
          cosigner: by.peer,
          log: logIdOf(checkpoint),
          epoch: checkpoint.epoch,
          checkpoint: checkpointId(checkpoint),
          at: noon,
        }),
      )
    const restored = new Cosigner(self, backup)
    const recall = (by: Actor, offered: Offered) =>
      restored.on({ type: 'recalled', cosignature: cosign(by, offered) })
    // Others' signatures, and those of what it knows, tell it nothing.
    recall(owner, second)
    recall(notary, first)
    expect(restored.knownEpoch(logIdOf(first.checkpoint))).toBe(1)
    recall(notary, second)
    expect(restored.knownEpoch(logIdOf(first.checkpoint))).toBe(2)
    expect(put(restored, other, backup)).toMatchObject([refusal('fork', 2)])
    expect(put(restored, first, backup)).toMatchObject([refusal('rollback', 2)])
    // It knows no more than a name: whoever offers shows what that was, and goes on from it.
    const third = offer(log, 'abc', 2)
    const basis = encodeCheckpoint(second.checkpoint)
    const wrong = encodeCheckpoint(other.checkpoint)
    expect(put(restored, third, backup)).toMatchObject([refusal('inconsistent', 2)])
    expect(put(restored, { ...third, basis: wrong }, backup)).toMatchObject([
      refusal('inconsistent', 2),
    ])
    fork.commit(state('axy'), noon)
    const aside = offer(fork, 'axyz', 2)
    expect(put(restored, { ...aside, basis }, backup)).toMatchObject([refusal('inconsistent', 2)])
    expect(put(restored, { ...third, basis }, backup)).toMatchObject([{ type: 'cosign' }])
  })

  it('signs nothing more of a log when two of one epoch are known', () => {
    const log = new WitnessLog(name)
    const disk = new Map<string, Uint8Array>()
    const one = offer(log, 'a', 0)
    const other = offer(new WitnessLog(name), 'x', 0)
    const witness = new Cosigner(self, disk)
    put(witness, one, disk)
    const cosignature = notary.say(
      cosignatureKind,
      encodeCosignature({
        cosigner: self,
        log: logIdOf(other.checkpoint),
        epoch: 1,
        checkpoint: checkpointId(other.checkpoint),
        at: noon,
      }),
    )
    witness.on({ type: 'recalled', cosignature })
    const next = { ...offer(log, 'ab', 1), basis: encodeCheckpoint(one.checkpoint) }
    expect(put(witness, next, disk)).toMatchObject([refusal('fork', 1)])
    expect(put(witness, one, disk)).toMatchObject([refusal('fork', 1)])
  })

  it('refuses a damaged disk, and one log too many', () => {
    let thrown: unknown
    try {
      void new Cosigner(self, [['log', utf8('damaged')]])
    } catch (error) {
      thrown = error
    }
    expect(hasCode(thrown, 'types/cbor-trailing') || hasCode(thrown, 'types/cbor-truncated')).toBe(
      true,
    )
    const disk = new Map<string, Uint8Array>()
    const witness = new Cosigner(self, [], 1)
    put(witness, offer(new WitnessLog(name), 'a', 0), disk)
    const second = actor('second owner')
    const other = offer(new WitnessLog({ ...name, peer: second.peer }), 'a', 0, second)
    expect(put(witness, other, disk)).toMatchObject([refusal('full', 0)])
  })
})

describe('cosignatures', () => {
  it('count once for each appointed witness, and for exactly one checkpoint', () => {
    const log = new WitnessLog(name)
    const { checkpoint } = offer(log, 'a', 0)
    const next = offer(log, 'ab', 1).checkpoint
    const witnesses = actors(6, 'witness')
    const id = logIdOf(checkpoint)
    const appointed = cosignersOf(
      id,
      witnesses.map(({ peer }) => peer),
      4,
    )
    expect(appointed).toHaveLength(4)
    expect(cosignersOf(id, witnesses.map(({ peer }) => peer).toReversed(), 4)).toEqual(appointed)
    const cosign = (by: Actor, of: typeof checkpoint): ReturnType<typeof signatureOf> =>
      signatureOf(by, of)
    const signatureOf = (by: Actor, of: typeof checkpoint) =>
      by.say(
        cosignatureKind,
        encodeCosignature({
          cosigner: by.peer,
          log: logIdOf(of),
          epoch: of.epoch,
          checkpoint: checkpointId(of),
          at: noon,
        }),
      )
    const all = witnesses.map((by) => cosign(by, checkpoint))
    expect(cosignedBy(checkpoint, [...all, ...all], appointed)).toEqual(appointed)
    expect(cosignedBy(next, all, appointed)).toEqual([])
    expect(cosignedBy(checkpoint, all.slice(0, 1), appointed).length).toBeLessThanOrEqual(1)
  })
})

describe('with real keys', () => {
  it('a checkpoint and a fork proof hold under ML-DSA-65', async () => {
    const identity = createIdentity(new Uint8Array(32).fill(7))
    const real = { ...name, peer: identity.peer }
    const sign = async (text: string) => {
      const body = encodeCheckpoint(new WitnessLog(real).commit(state(text), noon).checkpoint)
      return { body, signature: await identity.sign('checkpoint', body) }
    }
    const [one, other] = [await sign('one'), await sign('other')]
    const verified = await verifySigned(checkpointKind, one, identity.publicKey)
    expect(verified).toMatchObject({ ok: true, value: { peer: identity.peer, epoch: 1 } })
    const proof = encodeForkProof(identity.publicKey, other, one)
    expect(readForkProof(proof)).toMatchObject({ ok: true })
    // A signature for one kind of statement is none for another.
    const asCosignature = verifySignedSync(cosignatureKind, one, identity.publicKey)
    expect(asCosignature.ok).toBe(false)
    const wrongDomain = { body: one.body, signature: await identity.sign('grant', one.body) }
    expect(verifySignedSync(checkpointKind, wrongDomain, identity.publicKey)).toMatchObject({
      ok: false,
      fault: { code: 'identity/bad-signature' },
    })
  })
})

describe('the ancestor’s witness', () => {
  const witness: WholenessWitness = {
    peerId: 'peer',
    epoch: 5n,
    merkleRoot: new Uint8Array(32),
    leafCount: 0,
    namespaces: [],
    observedAtMs: 1n,
  }

  it('leaves out what is nobody else’s business', () => {
    const leaf = (at: number): Uint8Array => Uint8Array.of(at)
    const leaves = [
      { leaf: leaf(0), namespace: 'records', cohortScope: 'community' },
      { leaf: leaf(1), namespace: 'anonymous_votes', cohortScope: 'community' },
      { leaf: leaf(2), namespace: 'records', cohortScope: 'self' },
      { leaf: leaf(3), namespace: undefined, cohortScope: 'community' },
      { leaf: leaf(4), namespace: 'records', cohortScope: undefined },
      { leaf: leaf(5), namespace: 'selfie_index', cohortScope: 'family' },
    ]
    expect(witnessedLeaves(leaves)).toEqual([leaf(0), leaf(5)])
  })

  it('is not taken in for what is anonymous or private, or with other leaves', () => {
    const named = (...namespaces: string[]): WholenessWitness => ({ ...witness, namespaces })
    expect(mayBeIngested(named('records'))).toBe(true)
    expect(mayBeIngested(named())).toBe(false)
    expect(mayBeIngested(named('records', 'Selfie_index'))).toBe(false)
    expect(mayBeIngested(named('not_ANONYMOUS'))).toBe(false)
    const leaves = [utf8('a'), utf8('b')]
    const rooted = { ...named('records'), merkleRoot: pairTreeRoot(leaves) }
    expect(mayBeIngested(rooted, leaves.toReversed())).toBe(true)
    expect(mayBeIngested(rooted, leaves.slice(1))).toBe(false)
  })

  it('compares epochs before roots', () => {
    const later = { ...witness, epoch: 9n, merkleRoot: new Uint8Array(32).fill(1) }
    expect(compareWitnesses(witness, later)).toEqual({ type: 'behind', by: 4n })
    expect(compareWitnesses(later, witness)).toEqual({ type: 'ahead', by: 4n })
    expect(compareWitnesses(witness, { ...witness, peerId: 'other' })).toEqual({
      type: 'identical',
    })
    expect(compareWitnesses(witness, { ...later, epoch: 5n })).toEqual({ type: 'divergent' })
  })

  /** A disk that takes its time, and can fail. */
  function disk() {
    const values = new Map<string, Uint8Array>()
    const at = (space: string, key: Uint8Array): string => `${space} ${toHex(key)}`
    return {
      values,
      failing: false,
      async get(space: string, key: Uint8Array) {
        await Promise.resolve()
        const value = values.get(at(space, key))
        return value === undefined ? undefined : concat(value)
      },
      async write(changes: readonly Change[]) {
        await Promise.resolve()
        if (this.failing) throw new Error('the disk is full')
        for (const { space, key, value } of changes) values.set(at(space, key), value!)
      },
    }
  }

  it('is accepted once an epoch, upwards only, across restarts and races', async () => {
    const store = disk()
    const guard = new AntiRollback(store)
    expect(await guard.highest('a')).toBeUndefined()
    expect(await Promise.all([guard.accept('a', 5n), guard.accept('a', 5n)])).toEqual([true, false])
    expect(await Promise.all([4n, 6n, 6n, 5n].map((epoch) => guard.accept('a', epoch)))).toEqual([
      false,
      true,
      false,
      false,
    ])
    expect(await guard.accept('b', 0n)).toBe(true)
    const later = new AntiRollback(store)
    expect(await later.accept('a', 6n)).toBe(false)
    store.failing = true
    await expect(later.accept('a', 2n ** 60n)).rejects.toThrow('full')
    store.failing = false
    expect(await later.accept('a', 7n)).toBe(true)
    expect(await later.highest('a')).toBe(7n)
    for (const key of store.values.keys()) store.values.set(key, utf8('damaged'))
    expect(await later.accept('a', 8n)).toBe(false)
  })
})
