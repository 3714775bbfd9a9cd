import type { Identity } from '@kithnet/identity'
import { type Bytes, CodedError, equalBytes, toHex } from '@kithnet/kernel'
import type { Classification, ElraRecord } from '@kithnet/wire'
import type { CarriedFault } from '../faults.ts'
import { type RecordHost, systemHost } from '../host.ts'
import type { Inserted, Records } from '../records.ts'
import { MerkleTree } from './merkle.ts'
import {
  encodeTreeProof,
  treeContent,
  treeMetadata,
  treeOf,
  type TreeStatement,
} from './tree-record.ts'

/** Two roots of one sealed list, and why the second goes on from the first. */
export interface SealConsistency {
  readonly older: TreeStatement
  readonly newer: TreeStatement
  readonly path: readonly Bytes[]
}

/**
 * Seals of a store: records that name the Merkle root over the hashes of all records that the store had, in the order in
 * which they came. Whoever keeps one seal can later be shown that a record was there, and that no record before it was
 * changed, removed or slipped in.
 */
export class Seals {
  readonly #records: Records
  readonly #log: string
  /** The last one that was made. */
  #tree: MerkleTree | undefined

  private constructor(records: Records, log: string) {
    this.#records = records
    this.#log = log
  }

  /** The seals of a store whose records are open. A store that has none yet draws the name of its list. */
  static async open(records: Records, host: RecordHost = systemHost()): Promise<Seals> {
    const known = await records.store.value(logName)
    const log = known ?? host.rng.bytes(logBytes)
    if (known === undefined) await records.store.setValue(logName, log)
    return new Seals(records, toHex(log))
  }

  /** Seals every record that is here, the seals before it too. */
  async seal(identity: Identity, classification: Classification = 0): Promise<Inserted> {
    const tree = this.#treeOf(this.#records.size)
    if (tree.size === 0) throw badSeal('there is no record to seal')
    const statement: TreeStatement = {
      kind: 'seal',
      size: tree.size,
      root: tree.root(),
      log: this.#log,
    }
    const metadata = new Map(treeMetadata(statement))
    const draft = { content: treeContent(statement), classification, metadata }
    return this.#records.witness(draft, identity)
  }

  /** Proof, for `verifyTreeProof` with the record's hash as entry, that a seal covers a record. */
  async prove(sealId: string, id: string): Promise<Bytes> {
    const { record, tree } = await this.#sealed(sealId)
    const index = this.#records.graph.indexOf(id)
    if (index === undefined || index >= tree.size) {
      throw badSeal(`record ${id} came after seal ${sealId}, or is not here`)
    }
    return encodeTreeProof(record, tree, index)
  }

  /** Why a newer seal goes on from an older one, for `verifyConsistency`. */
  async proveConsistency(olderId: string, newerId: string): Promise<SealConsistency> {
    const older = await this.#sealed(olderId)
    const newer = await this.#sealed(newerId)
    if (older.statement.size > newer.statement.size) {
      throw badSeal(`seal ${olderId} is not the older one`)
    }
    const path = newer.tree.consistencyProof(older.statement.size)
    return { older: older.statement, newer: newer.statement, path }
  }

  /** The seal, and the tree of what it covers, found to be the one that it names. */
  async #sealed(id: string): Promise<{
    readonly record: ElraRecord
    readonly statement: TreeStatement
    readonly tree: MerkleTree
  }> {
    const found = await this.#records.get(id)
    const statement = found === undefined ? undefined : treeOf(found.record)
    if (found === undefined || statement?.kind !== 'seal') throw badSeal(`${id} is no seal`)
    if (statement.log !== this.#log) throw badSeal(`seal ${id} is of another store`)
    if (statement.size > this.#records.size)
      throw badSeal(`seal ${id} covers records that are gone`)
    const tree = this.#treeOf(statement.size)
    if (!equalBytes(tree.root(), statement.root)) {
      throw badSeal(`the records are not those that seal ${id} covers`)
    }
    return { record: found.record, statement, tree }
  }

  /** Records are in the graph in the order in which the store has them. */
  #treeOf(size: number): MerkleTree {
    if (this.#tree?.size !== size) {
      const { graph } = this.#records
      const hashes = Array.from(
        { length: size },
        (_, index) => graph.entry(graph.idAt(index))!.hash,
      )
      this.#tree = new MerkleTree(hashes)
    }
    return this.#tree
  }
}

const logName = 'seal-log'
const logBytes = 16

function badSeal(why: string): CodedError<CarriedFault> {
  return new CodedError<CarriedFault>(
    { code: 'dag/bad-seal', why },
    `This cannot be sealed or proved: ${why}.`,
  )
}
