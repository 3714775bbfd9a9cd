import { createHash } from 'node:crypto'
import type { RecordStore, StoredRecord } from '@kithnet/dag'
import { epochMs, seededRng } from '@kithnet/kernel'
import { decodeRecord, recordHash } from '@kithnet/wire'
import { expect } from 'vitest'

/** A record as elara-runtime writes one, made field by field. */
export interface ForeignRecord {
  readonly id: string
  readonly wire: Buffer
  readonly contentHash: Buffer
  readonly key: Buffer
  readonly timestamp: number
  readonly parents: readonly string[]
  readonly classification: number
  readonly signature: Buffer
}

/** Bytes by the layout of wire format 1, for an id that need not be a UUID. */
export function foreignRecord(
  id: string,
  parents: readonly string[],
  timestamp: number,
  classification: number = 0,
): ForeignRecord {
  const contentHash = sha3(Buffer.from(`content of ${id}`))
  const key = Buffer.alloc(40, 0xa1)
  const signature = Buffer.alloc(24, 0xbb)
  const wire = Buffer.concat([
    Buffer.from('ELRA\u0000\u0001\u0001\u0000', 'latin1'),
    prefixed(1, Buffer.from(id)),
    contentHash,
    prefixed(2, key),
    float64(timestamp),
    uint(2, parents.length),
    ...parents.map((parent) => prefixed(1, Buffer.from(parent))),
    uint(1, classification),
    prefixed(4, Buffer.from('{}')),
    prefixed(4, Buffer.alloc(0)),
    prefixed(2, signature),
    prefixed(2, Buffer.alloc(0)),
  ])
  return { id, wire, contentHash, key, timestamp, parents, classification, signature }
}

/** What `index.bin` has for a record at an offset. */
export function indexEntry({ id, wire }: ForeignRecord, offset: number): Buffer {
  const entry = Buffer.alloc(20)
  idHash(id).copy(entry)
  entry.writeBigUInt64LE(BigInt(offset), 8)
  entry.writeUInt32LE(wire.length, 16)
  return entry
}

/** What `edges.bin` has for a record. */
export function edgeEntries({ id, parents }: ForeignRecord): Buffer {
  return Buffer.concat(parents.flatMap((parent) => [idHash(id), idHash(parent)]))
}

export function sha3(bytes: Buffer): Buffer {
  return createHash('sha3-256').update(bytes).digest()
}

function idHash(id: string): Buffer {
  return sha3(Buffer.from(id)).subarray(0, 8)
}

function prefixed(width: 1 | 2 | 4, bytes: Buffer): Buffer {
  return Buffer.concat([uint(width, bytes.length), bytes])
}

function uint(width: 1 | 2 | 4, value: number): Buffer {
  const bytes = Buffer.alloc(width)
  bytes.writeUIntBE(value, 0, width)
  return bytes
}

function float64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleBE(value)
  return bytes
}

/** How stores of these records are opened. */
export const compatible = {
  mode: 'compatible',
  host: { wall: () => epochMs(1_800_000_000_000), rng: seededRng(7) },
} as const

/** A root and two after it, of two classes. */
export const foreignRecords: readonly [ForeignRecord, ForeignRecord, ForeignRecord] = [
  foreignRecord('rec-a', [], 1_739_712_345),
  foreignRecord('rec-b', ['rec-a'], 1_739_712_346.5),
  foreignRecord('rec-c', ['rec-a', 'rec-b'], 1_739_712_347, 2),
]

/** The same record with another id of as many letters: it belongs to the same tile. */
export function renamed(record: ForeignRecord, id: string): ForeignRecord {
  const wire = Buffer.from(record.wire)
  wire.write(id, 9)
  return { ...record, id, wire }
}

/** A record for a store in compatible mode. */
export function storedOf({ wire }: ForeignRecord): StoredRecord {
  const decoded = decodeRecord(new Uint8Array(wire), 'compatible')
  if (!decoded.ok) throw new Error(decoded.fault.code)
  return { record: decoded.value, hash: recordHash(decoded.value), firstSeen: epochMs(2) }
}

/** What a scan gives. */
export async function idsOf(store: RecordStore): Promise<string[]> {
  const ids: string[] = []
  for await (const batch of store.scan()) for (const { record } of batch) ids.push(record.id)
  return ids
}

/** The three are there, byte for byte. */
export async function expectForeign(store: RecordStore): Promise<void> {
  for (const { id, wire, parents } of foreignRecords) {
    const stored = await store.get(id)
    expect(Buffer.from(stored!.record.bytes)).toEqual(wire)
    expect(Buffer.from(stored!.hash)).toEqual(sha3(wire))
    expect(stored!.record.parents).toEqual(parents)
  }
}
