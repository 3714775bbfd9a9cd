import { createIdentity, SlhDsaSigner } from '@kithnet/identity'
import { epochMs, hasCode, seededRng, utf8 } from '@kithnet/kernel'
import { classifications, type ElraRecord, identityHash, type MetadataValue } from '@kithnet/wire'
import { describe, expect, it } from 'vitest'
import { chainMetadata, chainPlaceOf } from '../src/author/author-chain.ts'
import { type PlacedDraft, signDraft } from '../src/author/draft.ts'
import type { RecordHost } from '../src/host.ts'
import { memoryRecords } from '../src/stores/memory-records.ts'
import type { RecordStore } from '../src/stores/record-store.ts'
import { openRecords } from '../src/open-records.ts'
import type { Records, RecordsEvent, RecordsOptions } from '../src/records.ts'
import { mergeTips } from '../src/author/tip-merges.ts'

const alice = createIdentity(new Uint8Array(32).fill(1))
const bob = createIdentity(new Uint8Array(32).fill(2))
const carol = createIdentity(new Uint8Array(32).fill(3))
const startMs = 1_770_000_000_000

/** A clock that moves a second a call. */
function testHost(seed: string): RecordHost {
  let now = startMs
  return { wall: () => epochMs((now += 1_000)), rng: seededRng(seed) }
}

async function opened(
  seed = 'one',
  store: RecordStore = memoryRecords(),
  options: Partial<RecordsOptions> = {},
): Promise<Records> {
  return openRecords({ store, host: testHost(seed), ...options })
}

const draft = (text: string): { readonly content: Uint8Array } => ({ content: utf8(text) })

/** A record made outside any store. `number` makes its id. */
function made(number: number, fields: Partial<PlacedDraft> = {}, by = alice): Promise<ElraRecord> {
  const id = `01950f2e-7c1a-7abc-8def-${String(number).padStart(12, '0')}`
  const timestamp = startMs / 1000 - 1_000 + number
  return signDraft({ ...draft(`content ${number}`), id, timestamp, parents: [], ...fields }, by)
}

function place(stream: string, seq: number, prev?: string): ReadonlyMap<string, MetadataValue> {
  return new Map(chainMetadata({ stream: stream.repeat(32), seq, prev }))
}

describe('the nine operations', () => {
  it('write, find, place and check records', async () => {
    const records = await opened()
    const first = await records.witness(draft('one'), alice)
    const second = await records.witness(draft('two'), bob)
    const side = await records.merge([first.id], draft('three'), alice)
    const merged = await records.merge([second.id, side.id], draft('four'), bob)
    expect(records.graph.tips()).toEqual([merged.id])
    expect(records.size).toBe(4)
    expect(records.analyze(first.id)).toEqual({
      id: first.id,
      ancestors: 0,
      descendants: 3,
      parents: 0,
      children: 2,
      depth: 0,
      isTip: false,
      isRoot: true,
      complete: true,
    })
    expect(records.classify(first.id)).toBe(0)
    expect(first.record.contentHash).toEqual(records.hash(utf8('one')))
    expect((await records.verify(first.record.bytes)).ok).toBe(true)
    const found = await records.query({ limit: 2 })
    expect(found.map(({ record }) => record.id)).toEqual([merged.id, side.id])
    const ofBob = await records.query({ creatorKeyHash: records.hash(bob.publicKey) })
    expect(ofBob.map(({ record }) => record.id)).toEqual([merged.id, second.id])
  })

  it('say what is wrong with a question', async () => {
    const records = await opened()
    const absent = '01950f2e-7c1a-7abc-8def-000000000000'
    for (const ask of [() => records.classify(absent), () => records.analyze(absent)]) {
      expect(ask).toThrow('dag/not-found')
    }
    await expect(records.attest(absent, alice)).rejects.toThrow('dag/not-found')
    await expect(records.merge([absent], draft('x'), alice)).rejects.toThrow('dag/missing-parent')
    expect(await records.get(absent)).toBeUndefined()
    const long = { content: utf8('x'), metadata: new Map([['text', 'x'.repeat(20_000)]]) }
    await expect(records.witness(long, alice)).rejects.toThrow('wire/metadata-too-long')
  })

  it('sign without storing', async () => {
    const records = await opened()
    const record = await records.sign(draft('one'), alice)
    expect(records.size).toBe(0)
    expect(await records.insert(record)).toMatchObject({ status: 'inserted', id: record.id })
    expect(await records.insert(record)).toEqual({ status: 'known', id: record.id })
  })

  it('take a record with its content only when it is about that', async () => {
    const records = await opened()
    const record = await made(1)
    const other = await records.insert(record, utf8('something else'))
    expect(other).toMatchObject({ status: 'refused', fault: { code: 'dag/content-mismatch' } })
    expect(await records.insert(record.bytes, utf8('content 1'))).toMatchObject({
      status: 'inserted',
    })
    expect(await records.insert(new Uint8Array(3), utf8('x'))).toMatchObject({
      fault: { code: 'wire/truncated' },
    })
  })

  it('are the same after the store was opened again', async () => {
    const store = memoryRecords()
    const before = await opened('one', store)
    const { id } = await before.witness(draft('one'), alice)
    const tip = await before.witness(draft('two'), bob)
    await before.attest(id, bob)
    await before[Symbol.asyncDispose]()
    const after = await opened('two', store)
    expect(after.graph.tips()).toEqual([tip.id])
    expect((await after.attestations(id)).map(({ witness }) => witness)).toEqual([
      identityHash(bob.publicKey),
    ])
    expect((await after.witness(draft('three'), alice)).record.parents).toEqual([tip.id])
  })
})

describe('what comes in', () => {
  it('is refused when a signature is missing, changed or of another', async () => {
    const records = await opened()
    const record = await made(1)
    const signatureAt = record.bytes.length - 2 - 3_309
    const changed = record.bytes.slice()
    changed[signatureAt + 9]! ^= 1
    const retimed = record.bytes.slice()
    retimed[9 + 36 + 32 + 2 + 1_952 + 7]! ^= 1
    const unsigned = new Uint8Array(signatureAt + 2)
    unsigned.set(record.bytes.subarray(0, signatureAt - 2))
    const codes = (await records.insertMany([changed, retimed, unsigned, changed.subarray(1)])).map(
      (outcome) => (outcome.status === 'refused' ? outcome.fault.code : outcome.status),
    )
    expect(codes).toEqual(['dag/bad-signature', 'dag/bad-signature', 'dag/unsigned', 'wire/magic'])
    expect(records.size).toBe(0)
  })

  it('may come in any order; what lacks a parent waits', async () => {
    const records = await opened()
    const one = await made(1)
    const two = await made(2, { parents: [one.id] })
    const three = await made(3, { parents: [one.id, two.id] })
    expect((await records.insertMany([three, two])).map(({ status }) => status)).toEqual([
      'waiting',
      'waiting',
    ])
    expect(records.waiting).toEqual({ records: 2, missing: [one.id] })
    const events: string[] = []
    records.on((event) => {
      if (event.type === 'inserted') events.push(event.stored.record.id)
    })
    expect((await records.insert(one)).status).toBe('inserted')
    expect(events).toEqual([one.id, two.id, three.id])
    expect(records.waiting.records).toBe(0)
    const other = await opened('two')
    const outcomes = await other.insertMany([three, two, one, two])
    expect(outcomes.map(({ status }) => status)).toEqual([
      'inserted',
      'inserted',
      'inserted',
      'known',
    ])
  })

  it('goes on waiting when the store cannot take what it waited for', async () => {
    const store = memoryRecords()
    const records = await opened('one', store)
    const one = await made(1)
    const two = await made(2, { parents: [one.id] })
    await records.insert(two)
    const append = store.append.bind(store)
    store.append = () => Promise.reject(new Error('disk full'))
    await expect(records.insert(one)).rejects.toThrow('disk full')
    expect([records.size, records.waiting]).toEqual([0, { records: 1, missing: [one.id] }])
    store.append = append
    await records.insert(one)
    expect(records.size).toBe(2)
  })

  it('keeps to the times and the admission that the store asks for', async () => {
    const refusesBob = await opened('one', memoryRecords(), {
      policy: {
        admit: (record) => identityHash(record.creatorKey) !== identityHash(bob.publicKey),
      },
    })
    const parent = await made(10)
    const cases = [
      await made(1, {}, bob),
      parent,
      await made(9, { parents: [parent.id] }),
      await made(3_000, {}),
    ]
    const outcomes = await refusesBob.insertMany(cases)
    expect(
      outcomes.map((outcome) =>
        outcome.status === 'refused' ? outcome.fault.code : outcome.status,
      ),
    ).toEqual(['dag/not-admitted', 'inserted', 'dag/bad-time', 'dag/bad-time'])
  })

  it('is the same record under another of its valid signatures', async () => {
    const records = await opened()
    const [one, again] = [await made(1), await made(1)]
    expect(one.bytes).not.toEqual(again.bytes)
    expect(await records.insert(one)).toMatchObject({ status: 'inserted' })
    expect(await records.insert(again)).toMatchObject({ status: 'known' })
    expect(records.equivocators).toEqual([])
  })

  it('has its second signature checked under a key that is known, named or refused', async () => {
    await using signer = new SlhDsaSigner()
    const seed = alice.exportSeed('slh-dsa-sha2-192f')
    const secondKey = await signer.key('slh-dsa-sha2-192f', seed)
    const record = await made(1, { secondKey })
    expect(record.bytes.length).toBeGreaterThan(40_000)
    const named = await opened()
    expect((await named.insert(record)).status).toBe('inserted')
    const known = await opened('two', memoryRecords(), {
      verification: { secondKeyOf: () => secondKey.publicKey },
    })
    expect((await known.insert(record)).status).toBe('inserted')
    const other = await opened('three', memoryRecords(), {
      verification: { secondKeyOf: () => new Uint8Array(48) },
    })
    expect(await other.insert(record)).toMatchObject({ fault: { code: 'dag/bad-signature' } })
    const changed = record.bytes.slice()
    changed[changed.length - 1]! ^= 1
    expect(await named.verify(changed)).toMatchObject({ fault: { code: 'dag/bad-signature' } })
  })
})

describe('conflict', () => {
  it('of contents is told with every record that is part of it', async () => {
    const records = await opened()
    const first = await records.witness(draft('same'), alice)
    const second = await records.witness(draft('same'), bob)
    await records.witness(draft('other'), bob)
    const found = await records.query()
    expect(found.map(({ conflict }) => conflict?.ids)).toEqual([
      undefined,
      [first.id, second.id],
      [first.id, second.id],
    ])
    expect(found[1]?.conflict?.kind).toBe('different-creators')
  })

  it('of an author with itself becomes proof that others check alone', async () => {
    const stream = 'a'
    const first = await made(1, { metadata: place(stream, 0) })
    const forks = [
      [first, await made(2, { metadata: place(stream, 0) })],
      [first, await made(1, { content: utf8('else') })],
    ]
    for (const [one, other] of forks) {
      const records = await opened()
      const events: RecordsEvent[] = []
      records.on((event) => events.push(event))
      await records.insertMany([one!, other!])
      const author = identityHash(alice.publicKey)
      expect(records.equivocators).toEqual([author])
      expect(events.filter(({ type }) => type === 'evidence')).toHaveLength(1)
      const { bytes } = (await records.evidence(author))!
      const stranger = await opened('stranger')
      expect(await stranger.addEvidence(bytes)).toEqual({ ok: true, value: true })
      expect(await stranger.addEvidence(bytes)).toEqual({ ok: true, value: false })
      expect(stranger.equivocators).toEqual([author])
      const changed = bytes.slice()
      changed[changed.length - 100]! ^= 1
      expect(await stranger.addEvidence(changed)).toMatchObject({
        fault: { code: 'dag/bad-evidence' },
      })
      expect((await records.query())[0]?.equivocator).toBe(true)
    }
  })

  it('is found again when a crash came between the record and the proof', async () => {
    const store = memoryRecords()
    const records = await opened('one', store)
    await records.insertMany([
      await made(1, { metadata: place('b', 0) }),
      await made(2, { metadata: place('b', 0) }),
    ])
    const author = identityHash(alice.publicKey)
    const proof = await records.evidence(author)
    await store.setValue(`evidence/${author}`, undefined)
    expect(await (await opened('two', store)).evidence(author)).toEqual(proof)
  })
})

describe('a chain', () => {
  it('goes on record by record, also when many are asked for at once', async () => {
    const records = await opened()
    const chain = await Promise.all(
      Array.from({ length: 5 }, (_, index) =>
        records.merge([], draft(`${index}`), alice, { chained: true }),
      ),
    )
    const places = chain.map(({ record }) => chainPlaceOf(record.metadata)!)
    expect(places.map(({ seq }) => seq)).toEqual([0, 1, 2, 3, 4])
    expect(new Set(places.map(({ stream }) => stream)).size).toBe(1)
    expect(chain[3]!.record.parents).toEqual([chain[2]!.id])
    expect(records.equivocators).toEqual([])
  })

  it('begins anew after a failure', async () => {
    const store = memoryRecords()
    const records = await opened('one', store)
    const chained = { chained: true }
    const first = await records.witness(draft('one'), alice, chained)
    const append = store.append.bind(store)
    store.append = () => Promise.reject(new Error('disk full'))
    await expect(records.witness(draft('two'), alice, chained)).rejects.toThrow('disk full')
    store.append = append
    const third = await records.witness(draft('three'), alice, chained)
    const [a, c] = [first, third].map(({ record }) => chainPlaceOf(record.metadata)!)
    expect(c!.stream).not.toBe(a!.stream)
    expect(c!.seq).toBe(0)
    expect(records.size).toBe(2)
  })
})

describe('classes', () => {
  it('never name a record of a higher class to readers of a lower one, unless told to', async () => {
    const records = await opened()
    const open = await records.witness(draft('open'), alice)
    const secret = await records.witness(
      { ...draft('secret'), classification: classifications.private },
      alice,
    )
    expect(secret.record.parents).toEqual([open.id])
    const next = await records.witness(draft('next'), bob)
    expect(next.record.parents).toEqual([open.id])
    await expect(records.merge([secret.id], draft('x'), bob)).rejects.toThrow(
      'dag/classified-parent',
    )
    const told = await records.merge([secret.id], draft('x'), bob, { allowClassifiedParents: true })
    expect(told.record.parents).toEqual([secret.id])
    const sovereign = await records.witness(
      { ...draft('all'), classification: classifications.sovereign },
      bob,
    )
    expect(sovereign.record.parents.toSorted()).toEqual([next.id, told.id].toSorted())
    const after = await records.witness(draft('after'), bob)
    expect(after.record.parents.toSorted()).toEqual([next.id, told.id].toSorted())
  })

  it('have their tips merged', async () => {
    const records = await opened()
    const root = await records.witness(draft('root'), alice)
    const drafts = Array.from({ length: 9 }, (_, index) => draft(`${index}`))
    await Promise.all(drafts.map((one) => records.merge([root.id], one, alice)))
    expect(records.graph.tipCount).toBe(9)
    const merges = await mergeTips(records, bob)
    expect(merges).toHaveLength(1)
    expect(records.graph.tips()).toEqual([merges[0]!.id])
    expect(await mergeTips(records, bob)).toEqual([])
  })
})

describe('witnesses', () => {
  it('speak once of a record each, and not of their own', async () => {
    const records = await opened()
    const { id } = await records.witness(draft('one'), alice)
    const word = await records.attest(id, bob)
    await records.attest(id, carol)
    expect(await records.addAttestation(word)).toEqual({ ok: true, value: false })
    const kept = await records.attestations(id)
    expect(kept.map(({ timed }) => timed)).toEqual([true, true])
    await expect(records.attest(id, alice)).rejects.toThrow('dag/bad-attestation')
    const elsewhere = await opened('two')
    expect(await elsewhere.addAttestation(word)).toMatchObject({ fault: { code: 'dag/not-found' } })
    await elsewhere.insert((await records.get(id))!.record)
    expect(await elsewhere.addAttestation(word)).toEqual({ ok: true, value: true })
  })

  it('are kept only where the store admits them', async () => {
    const admitWitness = (witness: string): boolean => witness === identityHash(carol.publicKey)
    const records = await opened('one', memoryRecords(), { policy: { admitWitness } })
    const { id } = await records.witness(draft('one'), alice)
    await expect(records.attest(id, bob)).rejects.toThrow('dag/not-admitted')
    await records.attest(id, carol)
    expect(await records.attestations(id)).toHaveLength(1)
  })

  it('are believed for the time that they signed and for no other', async () => {
    const records = await opened()
    const { id } = await records.witness(draft('one'), alice)
    const other = await opened('two')
    await other.insert((await records.get(id))!.record)
    const word = await records.attest(id, bob)
    for (const at of [10, 50, 2_000, word.length - 1]) {
      const changed = word.slice()
      changed[at]! ^= 1
      const added = await other.addAttestation(changed)
      expect(added.ok).toBe(false)
    }
  })
})

it('errors carry their codes', async () => {
  const records = await opened()
  const error: unknown = await records.attest('nobody', alice).catch((cause: unknown) => cause)
  expect(hasCode(error, 'dag/not-found')).toBe(true)
})
