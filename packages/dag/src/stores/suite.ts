/**
 * What every store of records must do, as tests for any runner that has `it`.
 *
 * @packageDocumentation
 */
import {
  assert,
  type Bytes,
  epochMs,
  equalBytes,
  hasCode,
  ok,
  seededRng,
  toHex,
  utf8,
} from '@kithnet/kernel'
import { decodeRecord, encodeRecord, recordHash, sha3_256 } from '@kithnet/wire'
import { chainMetadata } from '../author/author-chain.ts'
import { RecordGraph } from '../graph/record-graph.ts'
import { recordHeader } from './record-header.ts'
import type { RecordHeader, RecordStore, StoredRecord } from './record-store.ts'
import { maxAppendRecords, maxStoredValueBytes } from './store-limits.ts'

/** Registers a test: `it` of vitest or `test` of node:test. */
export type Register = (name: string, run: () => Promise<void>) => void

/** A way to get stores. `reopen` for durable ones: the same store again, after it was closed. */
export interface RecordStoreFixture {
  /** A fresh, empty store in strict mode. */
  create(): Promise<RecordStore>
  reopen?(): Promise<RecordStore>
}

type Check = (store: RecordStore) => Promise<void>

/** Registers the acceptance suite of the `RecordStore` contract. */
export function recordStoreSuite(register: Register, fixture: RecordStoreFixture): void {
  for (const [name, check] of Object.entries({ ...records, ...words, ...ends })) {
    register(name, async () => {
      await using store = await fixture.create()
      await check(store)
    })
  }
  const { reopen } = fixture
  if (reopen === undefined) return
  register('keeps everything across close and open', () => reopens(fixture.create, reopen))
  register('takes records again after it was opened again', () => goesOn(fixture.create, reopen))
}

/**
 * A well-formed record for tests, the same for the same number. Its signature is not one.
 */
export function sampleRecord(
  number: number,
  parents: readonly number[] = [],
  metadata: ReadonlyMap<string, string | bigint> = new Map(),
): StoredRecord {
  const encoded = encodeRecord({
    id: sampleId(number),
    version: 1,
    contentHash: sha3_256(utf8(`content ${number}`)),
    creatorKey: new Uint8Array(1952).fill(1 + (number % 3)),
    timestamp: 1_739_712_345.5 + number,
    parents: parents.map(sampleId),
    classification: number % 5 === 4 ? 1 : 0,
    metadata: new Map([['n', BigInt(number)], ...metadata]),
    signature: new Uint8Array(3309).fill(number),
  })
  assert(encoded.ok, 'a sample is well-formed')
  const decoded = decodeRecord(encoded.value)
  assert(decoded.ok, 'a sample is well-formed')
  return {
    record: decoded.value,
    hash: recordHash(decoded.value),
    firstSeen: epochMs(1_739_800_000_000 + number),
  }
}

/** The id of a sample. */
export function sampleId(number: number): string {
  const hex = number.toString(16).padStart(12, '0')
  return `01950f00-0000-7000-8000-${hex}`
}

const records: Readonly<Record<string, Check>> = {
  'gives back what was appended': async (store) => {
    await store.append([sampleRecord(1), sampleRecord(2, [1])])
    same(store.size, 2)
    sameRecord(await store.get(sampleId(1)), sampleRecord(1))
    sameRecord(await store.get(sampleId(2)), sampleRecord(2, [1]))
    same(await store.get(sampleId(3)), undefined)
  },
  'gives many in the order that was asked for': async (store) => {
    await store.append([sampleRecord(1), sampleRecord(2)])
    const found = await store.getMany([2, 9, 1, 2].map(sampleId))
    same(
      found.map((stored) => stored?.record.id),
      [sampleId(2), undefined, sampleId(1), sampleId(2)],
    )
  },
  'refuses an id that it has, and takes nothing of that call': async (store) => {
    await store.append([sampleRecord(1)])
    await rejects(store.append([sampleRecord(2), sampleRecord(1)]), 'dag/duplicate')
    await rejects(store.append([sampleRecord(3), sampleRecord(3)]), 'dag/duplicate')
    same(store.size, 1)
    same(await store.get(sampleId(2)), undefined)
    await store.append([sampleRecord(2), sampleRecord(3)])
    same(await scanned(store), [1, 2, 3])
  },
  'refuses an id that is on its way': async (store) => {
    const first = store.append([sampleRecord(1)])
    await rejects(store.append([sampleRecord(1)]), 'dag/duplicate')
    await first
    same(store.size, 1)
  },
  'takes concurrent calls in their order, and a failing one alone': async (store) => {
    const outcomes = await Promise.allSettled([
      store.append([sampleRecord(1)]),
      store.append([sampleRecord(5), sampleRecord(5)]),
      store.append([sampleRecord(3), sampleRecord(2)]),
      store.append([sampleRecord(4)]),
    ])
    same(
      outcomes.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled', 'fulfilled'],
    )
    same(await scanned(store), [1, 3, 2, 4])
  },
  'lets a reader see what was asked before it': async (store) => {
    const appended = store.append([sampleRecord(1)])
    sameRecord(await store.get(sampleId(1)), sampleRecord(1))
    await appended
  },
  'copies what it is given': async (store) => {
    const given = sampleRecord(1)
    const appended = store.append([given])
    given.record.bytes.fill(0)
    given.hash.fill(0)
    await appended
    sameRecord(await store.get(sampleId(1)), sampleRecord(1))
  },
  'takes an empty call': async (store) => {
    await store.append([])
    same(store.size, 0)
    same(await scanned(store), [])
  },
  'refuses too many, and what is no record in its mode': async (store) => {
    const one = sampleRecord(1)
    const many = Array.from({ length: maxAppendRecords + 1 }, () => one)
    await rejects(store.append(many), 'store/too-large')
    const odd = decodeRecord(withSpareByte(sampleRecord(1).record.bytes), 'compatible')
    assert(odd.ok, 'compatible takes bytes behind a record')
    const stored = { ...sampleRecord(1), record: odd.value }
    await rejects(store.append([sampleRecord(2), stored]), 'dag/unstorable')
    same(store.size, 0)
  },
  'scans from a position, over many batches': async (store) => {
    const count = 1_400
    const numbers = Array.from({ length: count }, (_, index) => index)
    await Promise.all([
      store.append(numbers.slice(0, 700).map((number) => sampleRecord(number))),
      store.append(numbers.slice(700).map((number) => sampleRecord(number, [number - 700]))),
    ])
    same(await scanned(store), numbers)
    same(await scanned(store, 1_300), numbers.slice(1_300))
    same(await scanned(store, count), [])
    same((await headersOf(store, 300)).length, 1_100)
  },
  'gives the headers of its records': async (store) => {
    const chain = { stream: 'ab'.repeat(16), seq: 1n, prev: 'cd'.repeat(32) }
    const expected = [
      sampleRecord(1),
      sampleRecord(2, [1, 7], new Map([['zone', 'earth']])),
      sampleRecord(3, [2], new Map<string, string | bigint>(Object.entries(chain))),
      sampleRecord(4, [3, 1]),
    ]
    await store.append(expected)
    same(plain(await headersOf(store)), plain(expected.map((stored) => recordHeader(stored))))
  },
}

const words: Readonly<Record<string, Check>> = {
  'keeps one attestation of a record and a witness, the first': async (store) => {
    const [a, b] = ['a', 'b'].map((digit) => digit.repeat(64)) as [string, string]
    const of = (witness: string, byte: number, recordId = sampleId(1)) => {
      return { recordId, witness, signature: new Uint8Array(9).fill(byte), timestamp: byte + 0.25 }
    }
    same(await store.attest([of(b, 1), of(a, 2)]), 2)
    same(await store.attest([of(b, 3), of(b, 4, sampleId(2)), of(b, 5, sampleId(2))]), 1)
    same(plain(await store.attestationsOf(sampleId(1))), plain([of(a, 2), of(b, 1)]))
    same(plain(await store.attestationsOf(sampleId(2))), plain([of(b, 4, sampleId(2))]))
    same(await store.attestationsOf(sampleId(3)), [])
    same(await store.attest([]), 0)
  },
  'counts what is new once when calls run at the same time': async (store) => {
    const word = {
      recordId: sampleId(1),
      witness: 'c'.repeat(64),
      signature: new Uint8Array(9),
      timestamp: 1,
    }
    const counts = await Promise.all([store.attest([word]), store.attest([word])])
    same(
      counts.toSorted((a, b) => a - b),
      [0, 1],
    )
  },
  'sets, finds, lists and removes small values': async (store) => {
    for (const name of ['mark/b', 'mark/a', 'marks', 'epoch/1']) {
      await store.setValue(name, utf8(name))
    }
    await store.setValue('mark/b', utf8('again'))
    same(plain(await store.value('mark/b')), plain(utf8('again')))
    same(
      (await store.values('mark/')).map(({ name }) => name),
      ['mark/a', 'mark/b'],
    )
    same((await store.values('')).length, 4)
    await store.setValue('mark/a', undefined)
    same(await store.value('mark/a'), undefined)
    same((await store.values('mark/')).length, 1)
    await store.setValue('empty', new Uint8Array(0))
    same((await store.value('empty'))?.length, 0)
  },
  'refuses a value or a name that is too long': async (store) => {
    await rejects(store.setValue('a', new Uint8Array(maxStoredValueBytes + 1)), 'store/too-large')
    await rejects(store.setValue('a'.repeat(257), utf8('')), 'store/too-large')
  },
}

const ends: Readonly<Record<string, Check>> = {
  'finishes what was asked before it closes, and refuses what comes after': async (store) => {
    const appended = store.append([sampleRecord(1)])
    const noted = store.setValue('a', utf8('one'))
    await store.close()
    await Promise.all([appended, noted])
    await rejects(store.append([sampleRecord(2)]), 'store/closed')
    await rejects(store.get(sampleId(1)), 'store/closed')
    await rejects(store.getMany([sampleId(1)]), 'store/closed')
    await rejects(scanned(store), 'store/closed')
    await rejects(headersOf(store), 'store/closed')
    await rejects(store.attest([]), 'store/closed')
    await rejects(store.attestationsOf(sampleId(1)), 'store/closed')
    await rejects(store.setValue('a', undefined), 'store/closed')
    await rejects(store.value('a'), 'store/closed')
    await rejects(store.values(''), 'store/closed')
    await store.close()
  },
}

async function reopens(
  create: () => Promise<RecordStore>,
  reopen: () => Promise<RecordStore>,
): Promise<void> {
  const place = { stream: '5a'.repeat(16), seq: 0, prev: undefined }
  const more = new Map([['zone', 'sea'], ...chainMetadata(place)])
  const expected = [sampleRecord(1), sampleRecord(3, [1]), sampleRecord(2, [3, 1], more)]
  const witness = 'd'.repeat(64)
  const word = { recordId: sampleId(1), witness, signature: utf8('signed'), timestamp: 7.5 }
  {
    await using store = await create()
    await store.append(expected)
    await store.attest([word])
    await store.setValue('epoch', utf8('one'))
  }
  await using store = await reopen()
  same(store.size, 3)
  for (const stored of expected) sameRecord(await store.get(stored.record.id), stored)
  same(await scanned(store), [1, 3, 2])
  same(plain(await headersOf(store)), plain(expected.map((stored) => recordHeader(stored))))
  same(plain(indexed(await filled(store))), plain(indexed(await filled(store, false))))
  same(plain(await store.attestationsOf(sampleId(1))), plain([word]))
  same(plain(await store.value('epoch')), plain(utf8('one')))
  await rejects(store.append([sampleRecord(3)]), 'dag/duplicate')
}

async function goesOn(
  create: () => Promise<RecordStore>,
  reopen: () => Promise<RecordStore>,
): Promise<void> {
  {
    await using store = await create()
    await store.append([sampleRecord(0)])
  }
  for (let number = 1; number < 4; number++) {
    await using store = await reopen()
    await store.append([sampleRecord(number, [number - 1])])
    same(
      await scanned(store),
      Array.from({ length: number + 1 }, (_, index) => index),
    )
  }
}

async function scanned(store: RecordStore, from?: number): Promise<number[]> {
  const numbers: number[] = []
  for await (const batch of store.scan(from)) {
    for (const { record } of batch) numbers.push(Number.parseInt(record.id.slice(-12), 16))
  }
  return numbers
}

async function headersOf(store: RecordStore, from?: number): Promise<readonly RecordHeader[]> {
  const found: RecordHeader[] = []
  for await (const batch of store.headers(from)) found.push(...batch)
  return found
}

/** A graph of all records: through `fillGraph`, where the store has it, or through headers alone. */
async function filled(store: RecordStore, packed = true): Promise<RecordGraph> {
  const graph = new RecordGraph(seededRng(1))
  const first = packed && store.fillGraph !== undefined ? await store.fillGraph(graph) : ok(0)
  assert(first.ok && first.value === graph.size, 'a graph takes what a store brings')
  for (const header of await headersOf(store, first.value)) {
    assert(graph.add(header).ok, 'a graph takes the headers of a store')
  }
  return graph
}

function indexed(graph: RecordGraph): readonly unknown[] {
  return [...graph.ids()].map((id) => [id, graph.parents(id), graph.entry(id)])
}

function withSpareByte(bytes: Bytes): Bytes {
  const longer = new Uint8Array(bytes.length + 1)
  longer.set(bytes)
  return longer
}

async function rejects(promise: Promise<unknown>, code: string): Promise<void> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!hasCode(error, code)) throw new Error(`expected ${code}, got ${String(error)}`)
}

function sameRecord(actual: StoredRecord | undefined, expected: StoredRecord): void {
  const isSame =
    actual !== undefined &&
    equalBytes(actual.record.bytes, expected.record.bytes) &&
    equalBytes(actual.hash, expected.hash) &&
    actual.firstSeen === expected.firstSeen
  if (!isSame) throw new Error(`record ${expected.record.id} is not what was stored`)
}

/** Bytes as hexadecimal, so that values can be compared as text. */
function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_, part: unknown) => (part instanceof Uint8Array ? toHex(part) : part)),
  )
}

function same(actual: unknown, expected: unknown): void {
  const [a, b] = [JSON.stringify(actual), JSON.stringify(expected)]
  if (a !== b) throw new Error(`expected ${b}, got ${a}`)
}
