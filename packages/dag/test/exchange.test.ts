import { createIdentity, type Identity } from '@kithnet/identity'
import { assert, epochMs, hasCode, seededRng, utf8 } from '@kithnet/kernel'
import { classifications, recordHash } from '@kithnet/wire'
import { describe, expect, it } from 'vitest'
import { type Carried, readBundle, writeBundle } from '../src/bundles/bundle.ts'
import { checkpointMetadata, verifyChain } from '../src/proofs/checkpoints.ts'
import { exported, importCarried } from '../src/bundles/exchange.ts'
import { carriedOf, lineOf } from '../src/bundles/jsonl.ts'
import { memoryRecords } from '../src/stores/memory-records.ts'
import { verifyConsistency } from '../src/proofs/merkle.ts'
import { openRecords } from '../src/open-records.ts'
import { project } from '../src/bundles/projection.ts'
import { recordReadings } from '../src/proofs/readings.ts'
import type { Inserted, Records } from '../src/records.ts'
import { Seals } from '../src/proofs/seals.ts'
import { treeOf, verifyTreeProof } from '../src/proofs/tree-record.ts'
import { checkSignatures } from '../src/intake/verified-record.ts'

const alice = createIdentity(new Uint8Array(32).fill(1))
const bob = createIdentity(new Uint8Array(32).fill(2))

async function opened(seed: string): Promise<Records> {
  let now = 1_770_000_000_000
  const host = { wall: () => epochMs((now += 1_000)), rng: seededRng(seed) }
  return openRecords({ store: memoryRecords(), host })
}

/** Records of every class, attested, with a conflict and an author who contradicts itself. */
async function filled(seed: string, count = 12): Promise<Records> {
  const records = await opened(seed)
  for (let index = 0; index < count; index++) {
    const classification = (index % 5 === 4 ? 1 + (index % 3) : 0) as 0 | 1 | 2 | 3
    const by = index % 2 === 0 ? alice : bob
    const metadata = new Map([['text', `é\n"${index}"`]])
    const content = utf8(`content ${index % 10}`)
    const { id } = await records.witness({ content, classification, metadata }, by)
    if (index % 3 === 0) await records.attest(id, index % 2 === 0 ? bob : alice)
  }
  return records
}

async function list<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

const check = (record: Parameters<typeof checkSignatures>[0]) => checkSignatures(record)

describe('a bundle', () => {
  it('carries everything to an empty store', async () => {
    const from = await filled('from')
    const chunks = await list(writeBundle(exported(from)))
    const to = await opened('to')
    const report = await importCarried(to, readBundle(chunks))
    expect(report).toEqual({
      inserted: 12,
      known: 0,
      waiting: 0,
      attestations: 4,
      evidence: 0,
      refused: {},
    })
    expect(to.graph.tips()).toEqual(from.graph.tips())
    const again = await importCarried(to, readBundle(chunks))
    expect(again).toMatchObject({ inserted: 0, known: 16 })
    expect(await list(exported(to))).toEqual(await list(exported(from)))
  })

  it('may be cut into any chunks, and changed or cut nowhere', async () => {
    const entries: Carried[] = [1, 2, 3].map((fill) => ({
      kind: 'record',
      bytes: new Uint8Array(40).fill(fill),
    }))
    const chunks = await list(writeBundle(entries))
    const whole = Uint8Array.from(chunks.flatMap((chunk) => [...chunk]))
    const bytewise = Array.from(whole, (byte) => Uint8Array.of(byte))
    expect(await list(readBundle(bytewise))).toEqual(entries)
    for (let at = 0; at < whole.length; at++) {
      const changed = whole.slice()
      changed[at]! ^= 1
      const cut = whole.subarray(0, at)
      for (const bad of [changed, cut]) {
        const error: unknown = await list(readBundle([bad])).catch((cause: unknown) => cause)
        expect(hasCode(error, 'dag/bad-bundle')).toBe(true)
      }
    }
    const longer = await list(readBundle([whole, Uint8Array.of(0)])).catch(
      (cause: unknown) => cause,
    )
    expect(hasCode(longer, 'dag/bad-bundle')).toBe(true)
  })

  it('leaves out what a clearance may not know of, and whatever names it', async () => {
    const from = await filled('from')
    const entries = await list(exported(from, { clearance: classifications.public }))
    const to = await opened('to')
    await importCarried(to, entries)
    expect(to.waiting.records).toBe(0)
    const hidden = (await from.query({ limit: 100 })).filter(
      ({ record }) => record.classification > 0,
    )
    expect(hidden.length).toBeGreaterThan(1)
    const text = JSON.stringify(entries.map(({ bytes }) => Buffer.from(bytes).toString('latin1')))
    for (const { record } of hidden) expect(text).not.toContain(record.id)
    expect(to.size).toBe(from.size - hidden.length)
  })
})

describe('lines', () => {
  it('give the same bytes back', async () => {
    const from = await filled('from')
    for (const carried of await list(exported(from))) {
      const line = lineOf(carried)
      if (!line.ok) throw new Error(line.fault.why)
      expect(JSON.parse(line.value)).toMatchObject({ kind: carried.kind })
      expect(line.value).not.toContain('\n')
      expect(carriedOf(line.value)).toEqual({ ok: true, value: carried })
    }
  })

  it('are refused when what a person reads is not what the bytes say', async () => {
    const from = await filled('from', 2)
    const [carried] = await list(exported(from))
    const line = lineOf(carried!)
    if (!line.ok) throw new Error(line.fault.why)
    const text = line.value
    const changed = [
      text.replace('"public"', '"private"'),
      text.replace('{"kind', '{ "kind'),
      text.replace('"kind":"record"', '"kind":"attestation"'),
      text.replace('"kind":"record"', '"kind":"toString"'),
      text.slice(0, -1),
      text.replace(/"bytes":"../, '"bytes":"'),
      `${text} `,
      '[]',
      '{"kind":"record"}',
      'null',
    ]
    for (const one of changed) {
      expect(carriedOf(one)).toMatchObject({ ok: false, fault: { code: 'dag/bad-line' } })
    }
  })
})

describe('seals', () => {
  it('prove that a record was there, and that the list only grew', async () => {
    const records = await filled('sealed', 5)
    const seals = await Seals.open(records)
    const older = await seals.seal(alice)
    await records.witness({ content: utf8('later') }, bob)
    const newer = await seals.seal(alice)
    expect(treeOf(older.record)).toMatchObject({ kind: 'seal', size: 5 })
    expect(treeOf(newer.record)).toMatchObject({ kind: 'seal', size: 7 })
    for (const id of records.graph.ids()) {
      const { record } = (await records.get(id))!
      if (id === newer.id) {
        await expect(seals.prove(newer.id, id)).rejects.toThrow('dag/bad-seal')
        continue
      }
      const proof = await seals.prove(newer.id, id)
      expect(proof.length).toBeLessThan(6_000)
      const verified = await verifyTreeProof(proof, recordHash(record), check)
      expect(verified.ok).toBe(true)
      const other = await verifyTreeProof(proof, recordHash(newer.record), check)
      expect(other).toMatchObject({ ok: false, fault: { code: 'dag/bad-proof' } })
      const changed = proof.slice()
      changed[100]! ^= 1
      expect((await verifyTreeProof(changed, recordHash(record), check)).ok).toBe(false)
    }
    const { older: from, newer: to, path } = await seals.proveConsistency(older.id, newer.id)
    const claim = { oldSize: from.size, oldRoot: from.root, size: to.size, root: to.root, path }
    expect(verifyConsistency(claim)).toBe(true)
    await expect(seals.proveConsistency(newer.id, older.id)).rejects.toThrow('not the older')
  })

  it('go on when the store is opened again, and are no other store’s', async () => {
    const records = await filled('sealed', 3)
    const { id } = await (await Seals.open(records)).seal(alice)
    const root = records.graph.roots()[0]!
    const proof = await (await Seals.open(records)).prove(id, root)
    const { record } = (await records.get(root))!
    expect(await verifyTreeProof(proof, recordHash(record), check)).toMatchObject({ ok: true })
    const copy = await opened('copy')
    await importCarried(copy, exported(records))
    await expect((await Seals.open(copy)).prove(id, root)).rejects.toThrow('of another store')
    const empty = await Seals.open(await opened('empty'))
    await expect(empty.seal(alice)).rejects.toThrow('no record')
  })
})

describe('readings', () => {
  it('are thousands under one signature, each with a proof', async () => {
    const records = await opened('readings')
    const readings = Array.from({ length: 3_000 }, (_, index) => utf8(`21.${index} °C`))
    const recorded = await recordReadings(records, readings, alice, {
      metadata: new Map([['sensor', 'roof']]),
    })
    expect(records.size).toBe(1)
    for (const index of [0, 1, 1_499, 2_998, 2_999]) {
      const proof = recorded.prove(index)
      const verified = await verifyTreeProof(proof, readings[index]!, check)
      expect(verified).toMatchObject({ ok: true, value: { index, statement: { size: 3_000 } } })
      expect((await verifyTreeProof(proof, readings[index ^ 1]!, check)).ok).toBe(false)
    }
    await expect(recordReadings(records, [], alice)).rejects.toThrow('dag/bad-readings')
  })
})

describe('checkpoints', () => {
  async function chain(
    records: Records,
    depths: readonly number[],
    by: Identity = alice,
  ): Promise<Inserted> {
    let parents: string[] = []
    let last: Inserted | undefined
    for (const depth of depths) {
      const metadata = new Map(checkpointMetadata(depth))
      last = await records.merge(parents, { content: utf8(`state ${depth}`), metadata }, by)
      parents = [last.id]
    }
    assert(last !== undefined, 'a chain has a first')
    return last
  }
  const getFrom = (records: Records) => async (id: string) => (await records.get(id))?.record

  it('are a chain from the first to the tip', async () => {
    const records = await opened('chain')
    const tip = await chain(records, [0, 1, 2, 3])
    const verified = await verifyChain(tip.record, getFrom(records))
    expect(verified).toMatchObject({ ok: true, value: { length: 4 } })
  })

  it('are refused with a gap, another author or nothing below', async () => {
    const records = await opened('chain')
    for (const depths of [[0, 2], [1, 2], [1]]) {
      const tip = await chain(records, depths)
      expect(await verifyChain(tip.record, getFrom(records))).toMatchObject({
        ok: false,
        fault: { code: 'dag/bad-checkpoint' },
      })
    }
    const first = await chain(records, [0])
    const metadata = new Map(checkpointMetadata(1))
    const other = await records.merge([first.id], { content: utf8('x'), metadata }, bob)
    expect(await verifyChain(other.record, getFrom(records))).toMatchObject({
      fault: { why: expect.stringContaining('another author') },
    })
    const plain = await records.witness({ content: utf8('x') }, bob)
    expect((await verifyChain(plain.record, getFrom(records))).ok).toBe(false)
  })
})

describe('a projection', () => {
  it('shows more to a higher clearance and never less', async () => {
    const records = await filled('classes', 20)
    const secret = await records.witness({ content: utf8('s'), classification: 2 }, alice)
    const told = await records.merge([secret.id], { content: utf8('t') }, alice, {
      allowClassifiedParents: true,
    })
    const classOf = (id: string) => (records.graph.has(id) ? records.classify(id) : undefined)
    expect(project(told.record, 0, classOf)).toMatchObject({
      parents: [],
      hiddenParents: 1,
      record: undefined,
    })
    expect(project(told.record, 2, classOf)).toMatchObject({
      parents: [secret.id],
      record: told.record,
    })
    for await (const { record } of records.all()) {
      let seen = -1
      for (const clearance of [0, 1, 2, 3] as const) {
        const shown = project(record, clearance, classOf)
        const count = shown === undefined ? -1 : shown.parents.length
        expect(count).toBeGreaterThanOrEqual(seen)
        seen = count
      }
      expect(project(record, 3, classOf)?.record).toBe(record)
    }
  })
})
