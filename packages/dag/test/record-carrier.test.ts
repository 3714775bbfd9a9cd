import { createIdentity, type Identity } from '@kithnet/identity'
import { assert, epochMs, seededRng, toHex, utf8 } from '@kithnet/kernel'
import {
  type Classification,
  contentId,
  type ElraRecord,
  encodeRecord,
  type MetadataValue,
  signableBytes,
} from '@kithnet/wire'
import { dilithium3 } from '@kithnet/wire/round3'
import { expect, test } from 'vitest'
import { chainMetadata } from '../src/author/author-chain.ts'
import { type PlacedDraft, signDraft } from '../src/author/draft.ts'
import type { HeldItem } from '../src/sync/gossip-events.ts'
import { memoryRecords } from '../src/stores/memory-records.ts'
import { mergeRecords } from '../src/sync/merge-records.ts'
import { openRecords } from '../src/open-records.ts'
import { RecordCarrier } from '../src/sync/record-carrier.ts'
import type { Records } from '../src/records.ts'
import { itemKinds, recordKey, recordName } from '../src/sync/sync-keys.ts'

const alice = createIdentity(new Uint8Array(32).fill(1))
const bob = createIdentity(new Uint8Array(32).fill(2))
const startMs = 1_770_000_000_000

function made(
  number: number,
  fields: Partial<PlacedDraft> = {},
  by: Identity = alice,
): Promise<ElraRecord> {
  const id = `01950f2e-7c1a-7abc-8def-${String(number).padStart(12, '0')}`
  const timestamp = startMs / 1000 + number
  const content = utf8(`content ${number}`)
  return signDraft({ content, id, timestamp, parents: [], ...fields }, by)
}

async function opened(mode: 'strict' | 'compatible' = 'strict'): Promise<Records> {
  return openRecords({
    store: memoryRecords({ mode }),
    host: { wall: () => epochMs(startMs + 100_000), rng: seededRng('host') },
    verification: { mode },
  })
}

async function carrierOf(records: Records, highest: Classification = 0) {
  const held: HeldItem[] = []
  const carrier = await RecordCarrier.open({
    records,
    highest,
    mode: 'strict',
    onHeld: (items) => held.push(...items),
  })
  return { carrier, held, keys: () => held.map(({ key }) => key) }
}

const keyOf = (record: ElraRecord): string => recordKey(record.id, contentId(record))
const itemOf = ({ bytes }: { readonly bytes: Uint8Array }) => ({ kind: itemKinds.record, bytes })

test('what is here is told when it opens, and then what comes: one’s own with its bytes, others’ without', async () => {
  const records = await opened()
  const first = await made(1)
  await records.insert(first)
  const { carrier, held } = await carrierOf(records)
  expect(held).toEqual([{ time: 0, key: keyOf(first) }])
  const own = await made(2, { parents: [first.id] })
  await records.insert(own)
  expect(held.at(-1)).toEqual({ time: 1, key: keyOf(own), item: itemOf(own) })
  const given = await made(3, { parents: [own.id] })
  expect(await carrier.take([itemOf(given)])).toEqual({
    forged: 0,
    refused: 0,
    stored: [keyOf(given)],
    waiting: [],
    missing: [],
    known: [],
  })
  expect(held.at(-1)).toEqual({ time: 2, key: keyOf(given) })
  expect((await carrier.take([itemOf(given)])).known).toEqual([keyOf(given)])
})

test('parents that lack are named, and what waited for them is nobody’s news', async () => {
  const records = await opened()
  const { carrier, held } = await carrierOf(records)
  const parent = await made(1)
  const child = await made(2, { parents: [parent.id] })
  expect((await carrier.take([itemOf(child)])).missing).toEqual([recordName(parent.id)])
  await carrier.take([itemOf(parent)])
  expect(held).toEqual([
    { time: 0, key: keyOf(parent) },
    { time: 1, key: keyOf(child) },
  ])
})

test('items are read by key and by name, as many as fit and at least one', async () => {
  const records = await opened()
  const list = [await made(1), await made(2), await made(3)]
  await records.insertMany(list)
  const { carrier } = await carrierOf(records)
  const keys = list.map(keyOf)
  expect(await carrier.load(keys, 1)).toEqual([itemOf(list[0]!)])
  expect(await carrier.load(keys, 6_000)).toHaveLength(2)
  expect(await carrier.load([recordName(list[2]!.id)], 1)).toEqual([itemOf(list[2]!)])
  const other = keys[0]!.slice(0, 32) + '00'.repeat(16)
  expect(await carrier.load([other, '11'.repeat(32)], 1)).toEqual([undefined, undefined])
})

test('a forgery is counted, and a rule of this side is not held against who gave it', async () => {
  const records = await opened()
  const { carrier, keys } = await carrierOf(records)
  const good = await made(1)
  const bytes = good.bytes.slice()
  bytes[bytes.length - 10]! ^= 1
  const early = await made(2, { timestamp: startMs / 1000 + 10_000 })
  const secret = await made(3, { classification: 2 })
  const taken = await carrier.take([
    itemOf({ bytes }),
    itemOf(early),
    itemOf(secret),
    itemOf({ bytes: utf8('x') }),
  ])
  expect(taken).toMatchObject({ forged: 2, refused: 2, stored: [] })
  expect(keys()).toEqual([])
  expect(records.size).toBe(0)
})

test('of two records with one id the second counts as held, and both are evidence', async () => {
  const records = await opened()
  const { carrier, held } = await carrierOf(records)
  const one = await made(1)
  const two = await made(1, { content: utf8('something else') })
  await carrier.take([itemOf(one)])
  expect(await carrier.take([itemOf(two)])).toMatchObject({ forged: 0, refused: 1 })
  expect(held.slice(0, 2).map(({ key }) => key)).toEqual(expect.arrayContaining([keyOf(one)]))
  expect(held.map(({ key }) => key)).toContain(keyOf(two))
  expect(await carrier.load([keyOf(two)], 1)).toEqual([undefined])
  const evidence = held.find(({ item }) => item?.kind === itemKinds.evidence)
  const other = await opened()
  const there = await carrierOf(other)
  await there.carrier.take([evidence!.item!])
  expect(other.equivocators).toEqual(records.equivocators)
  expect(there.held).toEqual([{ time: evidence!.time, key: evidence!.key }])
  const [proof] = await there.carrier.load([evidence!.key], 1)
  expect(proof?.kind).toBe(itemKinds.evidence)
  expect(toHex(proof!.bytes)).toBe(toHex(evidence!.item!.bytes))
})

test('attestations have one key for each record and witness, and travel', async () => {
  const records = await opened()
  const record = await made(1)
  await records.insert(record)
  const { carrier, held } = await carrierOf(records)
  await records.attest(record.id, bob)
  const word = held.at(-1)!
  expect(word.item?.kind).toBe(itemKinds.attestation)
  const other = await opened()
  const there = await carrierOf(other)
  expect((await there.carrier.take([word.item!])).missing).toEqual([recordName(record.id)])
  await there.carrier.take([itemOf(record), word.item!])
  expect(there.held.at(-1)).toEqual({ time: word.time, key: word.key })
  expect(await there.carrier.load([word.key], 1)).toEqual(await carrier.load([word.key], 1))
  const again = await carrierOf(other)
  expect(again.keys().toSorted()).toEqual([keyOf(record), word.key].toSorted())
})

test('what is not public stays: records, what is said of them, and proofs that show them', async () => {
  const records = await opened()
  const secret = await made(1, { classification: 1 })
  await records.insert(secret)
  await records.attest(secret.id, bob)
  const metadata = new Map<string, MetadataValue>(
    chainMetadata({ stream: 'ab'.repeat(16), seq: 0, prev: undefined }),
  )
  await records.insertMany([
    await made(2, { classification: 1, metadata }),
    await made(3, { classification: 0, metadata }),
  ])
  expect(records.equivocators).toHaveLength(1)
  const { carrier, keys } = await carrierOf(records)
  const shown = await made(3, { classification: 0, metadata })
  expect(keys()).toEqual([keyOf(shown)])
  expect(await carrier.load([recordName(secret.id), keyOf(secret)], 1)).toEqual([
    undefined,
    undefined,
  ])
  expect((await carrierOf(records, 1)).keys()).toHaveLength(5)
})

test('old data that strict readers would refuse stays on a network, and merges with a store of its kind', async () => {
  const records = await opened('compatible')
  const keys = dilithium3.keyPair(new Uint8Array(32).fill(9))
  const fields = {
    id: 'of another form',
    version: 1,
    contentHash: new Uint8Array(32),
    creatorKey: keys.publicKey,
    timestamp: 1_739_712_345,
    parents: [],
    classification: 0,
    metadata: new Map(),
  } as const
  const signature = dilithium3.sign(keys.secretKey, signableBytes(fields, 'compatible'))
  const loose = encodeRecord({ ...fields, signature }, 'compatible')
  assert(loose.ok, 'old data can be written')
  const good = await made(1)
  const outcomes = await records.insertMany([loose.value, good.bytes])
  expect(outcomes.map(({ status }) => status)).toEqual(['inserted', 'inserted'])
  const { keys: carried } = await carrierOf(records)
  expect(carried()).toEqual([keyOf(good)])
  const other = await opened('compatible')
  expect(await mergeRecords(records, other)).toMatchObject({ toSecond: { items: 2, refused: 0 } })
  expect([...other.graph.ids()].toSorted()).toEqual([good.id, fields.id].toSorted())
  const strict = await opened()
  expect(await mergeRecords(records, strict)).toMatchObject({ toSecond: { refused: 1 } })
  expect([...strict.graph.ids()]).toEqual([good.id])
})
