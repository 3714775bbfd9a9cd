import { assert, type Bytes, CodedError, type Signal } from '@kithnet/kernel'
import { BlockPool } from './block-pool.ts'
import type { ContentSymbol } from './content-symbol.ts'
import type { ContentFault } from './faults.ts'
import { contentIdOf, type Manifest, maxShares } from './manifest.ts'
import { checkPolicy, defaultPolicy, type FountainPolicy } from './policy.ts'
import { symbolHash, SymbolTree } from './symbol-tree.ts'
import { blockSpan, checkTransferInfo, type TransferInfo } from './transfer-info.ts'

/** Where the bytes of a content come from: a file, a blob, memory. Read block by block, twice. */
export interface ContentSource {
  /** Bytes, 1 at the least. */
  readonly length: number
  /** A fresh array with exactly these bytes. */
  read(start: number, length: number): Promise<Uint8Array<ArrayBuffer>>
}

/** How a content is made. */
export interface ContentOptions {
  readonly policy?: FountainPolicy
  /** Shares that can be handed out, ever. Default: twice as many as the policy hands out. */
  readonly shares?: number
  /** Class of service, 0 to 3. Default 1. */
  readonly service?: number
  /** Who computes. Default: this thread. */
  readonly pool?: BlockPool
  readonly signal?: Signal
  /** Told after each block. */
  readonly progress?: (blocks: number, of: number) => void
}

/** Source: our choice: a symbol with its proof in one frame of any link, and blocks of 320 KB with the default policy. */
const usualSymbolBytes = 16_384
/** The longest symbol that is a multiple of 4. Source: RFC 6330 section 3.3.2. */
const maxSymbolBytes = 65_532
/** Source: RFC 6330 section 3.3.3. */
const maxBlocks = 255
/** Source: our choice: as much again can be made anew before the content has to be published again. */
const spareShares = 2
const usualService = 1

/** A content in memory. */
export function memorySource(bytes: Uint8Array): ContentSource {
  return {
    length: bytes.length,
    read: (start, length) =>
      Promise.resolve(Uint8Array.from(bytes.subarray(start, start + length))),
  }
}

/**
 * Describes a content: reads it once, encodes every share of it and keeps their hashes, 64 bytes a symbol. Needs the memory of
 * one block and its symbols for each worker.
 *
 * @throws CodedError `fountain/content` when it is empty or longer than 255 blocks of its policy hold, `fountain/policy` for a
 * policy that does not fit together.
 */
export async function createContent(
  source: ContentSource,
  options: ContentOptions = {},
): Promise<Content> {
  const policy = options.policy ?? defaultPolicy
  const checked = checkPolicy(policy)
  if (!checked.ok) {
    throw new CodedError(
      checked.fault,
      'The numbers of this policy do not fit together: see checkPolicy.',
    )
  }
  const transfer = cut(source.length, policy)
  const handedOut = policy.sourceSymbols + policy.repairSymbols
  const shares = options.shares ?? Math.min(spareShares * handedOut, maxShares(transfer))
  assert(shares >= handedOut && shares <= maxShares(transfer), 'a possible number of shares')
  const pool = options.pool ?? new BlockPool({ workers: 0 })
  const leaves: Bytes[] = Array.from({ length: shares * transfer.sourceBlocks })
  const ids = Array.from({ length: shares }, (_, share) => share)
  for await (const { block, symbols } of encodedBlocks(source, transfer, ids, pool, options)) {
    for (const share of ids) {
      const bytes = symbolAt(symbols, share, transfer)
      leaves[share * transfer.sourceBlocks + block] = symbolHash({ block, symbol: share }, bytes)
    }
  }
  const tree = new SymbolTree(leaves)
  const service = options.service ?? usualService
  return new Content({ transfer, policy, shares, service, root: tree.root }, source, tree, pool)
}

/** A content that its publisher has: its manifest, and its symbols as often as they are wanted. */
export class Content {
  readonly manifest: Manifest
  readonly #source: ContentSource
  readonly #tree: SymbolTree
  readonly #pool: BlockPool

  /** Made by {@link createContent}. */
  constructor(manifest: Manifest, source: ContentSource, tree: SymbolTree, pool: BlockPool) {
    this.manifest = manifest
    this.#source = source
    this.#tree = tree
    this.#pool = pool
  }

  /** The hash of the manifest. */
  get id(): Bytes {
    return contentIdOf(this.manifest)
  }

  /** The symbols of these shares with their proofs, block after block. Reads the source again. */
  async *symbols(
    shares: readonly number[],
    options: Pick<ContentOptions, 'signal' | 'progress'> = {},
  ): AsyncGenerator<ContentSymbol, void, undefined> {
    const { transfer, shares: most } = this.manifest
    assert(
      shares.every((share) => Number.isInteger(share) && share >= 0 && share < most),
      'shares of this content',
    )
    const blocks = encodedBlocks(this.#source, transfer, shares, this.#pool, options)
    for await (const encoded of blocks) yield* this.#proven(encoded, shares)
  }

  /** The symbols of these shares that are of one block. Reads that block again. */
  async blockSymbols(block: number, shares: readonly number[]): Promise<readonly ContentSymbol[]> {
    const { transfer, shares: most } = this.manifest
    assert(
      shares.every((share) => Number.isInteger(share) && share >= 0 && share < most),
      'shares of this content',
    )
    const encoded = await encodedBlock(this.#source, transfer, shares, this.#pool, block)
    return [...this.#proven(encoded, shares)]
  }

  *#proven({ block, symbols }: EncodedBlock, shares: readonly number[]): Generator<ContentSymbol> {
    const { transfer } = this.manifest
    for (const [index, symbol] of shares.entries()) {
      const bytes = symbolAt(symbols, index, transfer)
      const proof = this.#tree.proof(symbol * transfer.sourceBlocks + block)
      yield { id: { block, symbol }, bytes, proof }
    }
  }
}

interface EncodedBlock {
  readonly block: number
  readonly symbols: Uint8Array
}

async function encodedBlock(
  source: ContentSource,
  transfer: TransferInfo,
  ids: readonly number[],
  pool: BlockPool,
  block: number,
): Promise<EncodedBlock> {
  const { start, bytes } = blockSpan(transfer, block)
  const read = await source.read(start, bytes)
  return { block, symbols: await pool.encode(read, transfer.symbolBytes, ids) }
}

/** Blocks in order, as many under way as the pool does at once. */
async function* encodedBlocks(
  source: ContentSource,
  transfer: TransferInfo,
  ids: readonly number[],
  pool: BlockPool,
  { signal, progress }: Pick<ContentOptions, 'signal' | 'progress'>,
): AsyncGenerator<EncodedBlock, void, undefined> {
  const encode = (block: number): Promise<EncodedBlock> =>
    encodedBlock(source, transfer, ids, pool, block)
  const underWay: Promise<EncodedBlock>[] = []
  let next = 0
  try {
    for (let done = 0; done < transfer.sourceBlocks; done++) {
      if (signal?.aborted === true) throw signal.reason
      while (next < transfer.sourceBlocks && underWay.length < pool.capacity) {
        underWay.push(encode(next++))
      }
      yield await underWay.shift()!
      progress?.(done + 1, transfer.sourceBlocks)
    }
  } finally {
    await Promise.allSettled(underWay)
  }
}

function symbolAt(symbols: Uint8Array, index: number, { symbolBytes }: TransferInfo): Uint8Array {
  return symbols.subarray(index * symbolBytes, (index + 1) * symbolBytes)
}

/** Blocks of N symbols each, as few as symbols of the usual length allow, all about as long. */
function cut(length: number, { sourceSymbols }: FountainPolicy): TransferInfo {
  const least = Math.ceil(length / (sourceSymbols * maxBlocks))
  const most = Math.min(maxSymbolBytes, Math.max(usualSymbolBytes, Math.ceil(least / 4) * 4))
  const sourceBlocks = Math.ceil(length / (sourceSymbols * most))
  const symbolBytes = Math.ceil(length / (sourceSymbols * sourceBlocks) / 4) * 4
  const transfer = { transferBytes: length, symbolBytes, sourceBlocks, subBlocks: 1, alignment: 4 }
  const info = checkTransferInfo(transfer)
  if (!info.ok) {
    throw new CodedError<ContentFault>(
      { code: 'fountain/content', bytes: length },
      `A content of ${length} bytes does not fit: from 1 to ${sourceSymbols * maxSymbolBytes * maxBlocks} do with this policy.`,
    )
  }
  return info.value
}
