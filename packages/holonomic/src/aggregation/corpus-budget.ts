import { type Bytes, type Result, utf8 } from '@kithnet/kernel'
import type { MalformedFault } from '../faults.ts'
import { FixedWidthReader, FixedWidthWriter, paddedDomain } from '../fixed-width.ts'
import { compareText } from '../text-order.ts'

/** How much a node keeps for whom. Source: CIRIS, holonomic v19, section 19.7. */
export interface StorageBudget {
  readonly nodeId: string
  readonly epochId: string
  /** A higher one of the same node replaces this. */
  readonly revision: bigint
  /** By scope, strictly ascending; never `self` or `family`. */
  readonly scopes: readonly ScopeBudget[]
  /** Strictly ascending. */
  readonly classes: readonly string[]
}

/** Bytes for one scope, of which some are reserved for what is pinned. */
export interface ScopeBudget {
  readonly scope: string
  readonly budgetBytes: bigint
  readonly pinReserveBytes: bigint
}

/** What a node would take of a scope. Source: as `StorageBudget`. */
export interface CorpusWant {
  readonly nodeId: string
  readonly epochId: string
  readonly scope: string
  readonly sizeCapBytes: bigint
  readonly remainingBytes: bigint
  /** Content ids, strictly ascending. */
  readonly want: readonly string[]
}

/** Both formats have this version. Source: CIRIS, holonomic v19. */
const budgetVersion = 1
const budgetDomain = utf8('CIRIS-STG-BUDGET')
const wantDomain = paddedDomain('CIRIS-WANT-HAVE')
/** What concerns one person or one household is announced to nobody. Source: CIRIS, holonomic v19, section 19.7. */
const privateScopes: ReadonlySet<string> = new Set(['self', 'family'])

/** The bytes that both halves of a budget's signature cover. */
export function storageBudgetPreimage(budget: StorageBudget): Bytes {
  const writer = new FixedWidthWriter()
    .bytes(budgetDomain)
    .u32(budgetVersion)
    .text32(budget.nodeId)
    .text32(budget.epochId)
    .u64(budget.revision)
    .u32(budget.scopes.length)
  for (const { scope, budgetBytes, pinReserveBytes } of budget.scopes) {
    writer.text32(scope).u64(budgetBytes).u64(pinReserveBytes)
  }
  writer.u32(budget.classes.length)
  for (const name of budget.classes) writer.text32(name)
  return writer.finish()
}

/** The budget of a preimage. */
export function readStorageBudget(preimage: Uint8Array): Result<StorageBudget, MalformedFault> {
  const reader = new FixedWidthReader(preimage)
  reader.domain(budgetDomain)
  if (reader.u32() !== budgetVersion) reader.refuse('version')
  const nodeId = reader.text32()
  const epochId = reader.text32()
  const revision = reader.u64()
  const scopes = Array.from({ length: reader.count(20) }, () => readScope(reader))
  reader.ordered(scopes, (a, b) => compareText(a.scope, b.scope), true)
  const classes = Array.from({ length: reader.count(4) }, () => reader.text32())
  reader.ordered(classes, compareText, true)
  return reader.finish({ nodeId, epochId, revision, scopes, classes })
}

/** The bytes that both halves of a want's signature cover. */
export function corpusWantPreimage(want: CorpusWant): Bytes {
  const writer = new FixedWidthWriter()
    .bytes(wantDomain)
    .u32(budgetVersion)
    .text32(want.nodeId)
    .text32(want.epochId)
    .text32(want.scope)
    .u64(want.sizeCapBytes)
    .u64(want.remainingBytes)
    .u32(want.want.length)
  for (const id of want.want) writer.text32(id)
  return writer.finish()
}

/** The want of a preimage. */
export function readCorpusWant(preimage: Uint8Array): Result<CorpusWant, MalformedFault> {
  const reader = new FixedWidthReader(preimage)
  reader.domain(wantDomain)
  if (reader.u32() !== budgetVersion) reader.refuse('version')
  const nodeId = reader.text32()
  const epochId = reader.text32()
  const scope = reader.text32()
  if (privateScopes.has(scope)) reader.refuse('value')
  const sizeCapBytes = reader.u64()
  const remainingBytes = reader.u64()
  const want = Array.from({ length: reader.count(4) }, () => reader.text32())
  reader.ordered(want, compareText, true)
  return reader.finish({ nodeId, epochId, scope, sizeCapBytes, remainingBytes, want })
}

/** The budget that counts of two by one node. */
export function latestBudget(a: StorageBudget, b: StorageBudget): StorageBudget {
  return b.revision > a.revision ? b : a
}

function readScope(reader: FixedWidthReader): ScopeBudget {
  const scope = reader.text32()
  const budgetBytes = reader.u64()
  const pinReserveBytes = reader.u64()
  if (privateScopes.has(scope) || pinReserveBytes > budgetBytes) reader.refuse('value')
  return { scope, budgetBytes, pinReserveBytes }
}
