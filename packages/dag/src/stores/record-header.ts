import { type Bytes, utf8 } from '@kithnet/kernel'
import { sha3_256 } from '@kithnet/wire'
import { chainPlaceOf } from '../author/author-chain.ts'
import type { RecordHeader, StoredRecord } from './record-store.ts'

/**
 * What an index needs to know of a stored record. Its byte arrays are the record's own. `hashOf` gives the SHA3-256 of a
 * creator's key; who asks for many headers remembers those of a few keys.
 */
export function recordHeader(
  { record, hash, firstSeen }: StoredRecord,
  hashOf: (key: Uint8Array) => Bytes = sha3_256,
): RecordHeader {
  const chain = chainPlaceOf(record.metadata)
  const zone = zoneOf(record.metadata)
  return {
    id: record.id,
    hash,
    parents: record.parents,
    timestamp: record.timestamp,
    classification: record.classification,
    contentHash: record.contentHash,
    creatorKeyHash: hashOf(record.creatorKey),
    firstSeen,
    ...(zone === undefined ? {} : { zone }),
    ...(chain === undefined ? {} : { chain }),
  }
}

/** The zone that metadata names; text that is empty or too long names none. */
function zoneOf(metadata: ReadonlyMap<string, unknown>): string | undefined {
  const zone = metadata.get('zone')
  if (typeof zone !== 'string' || zone === '') return undefined
  return utf8(zone).length <= maxZoneBytes ? zone : undefined
}

/** Bytes of a zone's name. Source: our choice, room for a path of a few words. */
export const maxZoneBytes = 64
