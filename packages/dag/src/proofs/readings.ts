import type { Identity } from '@kithnet/identity'
import { type Bytes, CodedError } from '@kithnet/kernel'
import type { Classification, MetadataValue } from '@kithnet/wire'
import type { Placement } from '../author/author.ts'
import type { CarriedFault } from '../faults.ts'
import type { Inserted, Records } from '../records.ts'
import { MerkleTree } from './merkle.ts'
import { encodeTreeProof, treeContent, treeMetadata, type TreeStatement } from './tree-record.ts'

/** One record that stands for many readings, and a proof for each. */
export interface RecordedReadings extends Inserted {
  /** Proof, for `verifyTreeProof` with the reading as entry, that a reading is one of these. */
  prove(index: number): Bytes
}

/** Settings of `recordReadings`. */
export interface ReadingsOptions {
  readonly classification?: Classification
  /** Said beside the root: what was measured, and where. */
  readonly metadata?: ReadonlyMap<string, MetadataValue>
  readonly placement?: Omit<Placement, 'parents'>
}

/**
 * Records many readings, of any bytes, with one signature. The readings themselves stay with the caller: who has one of them
 * and its proof needs neither the others nor the store.
 *
 * @throws CodedError `dag/bad-readings` when there are none, or more than a tree holds.
 */
export async function recordReadings(
  records: Records,
  readings: readonly Uint8Array[],
  identity: Identity,
  options: ReadingsOptions = {},
): Promise<RecordedReadings> {
  if (readings.length === 0 || readings.length > maxReadings) {
    const why = `there are ${readings.length} readings; a record stands for 1 to ${maxReadings}`
    throw new CodedError<CarriedFault>(
      { code: 'dag/bad-readings', why },
      `Nothing was recorded: ${why}.`,
    )
  }
  const tree = new MerkleTree(readings)
  const statement: TreeStatement = {
    kind: 'readings',
    size: tree.size,
    root: tree.root(),
    log: '',
  }
  const metadata = new Map([...(options.metadata ?? []), ...treeMetadata(statement)])
  const { classification = 0, placement } = options
  const draft = { content: treeContent(statement), classification, metadata }
  const inserted = await records.witness(draft, identity, placement)
  return { ...inserted, prove: (index) => encodeTreeProof(inserted.record, tree, index) }
}

/** Most readings of one record. Source: our choice; 64 MiB of hashes while the tree is made. */
export const maxReadings = 1_000_000
