import { CodedError, type Signal } from '@kithnet/kernel'
import { BlockPool } from './block-pool.ts'
import { checkContentSymbol, type ContentSymbol } from './content-symbol.ts'
import type { BadSymbolFault, IncompleteFault } from './faults.ts'
import type { Manifest } from './manifest.ts'
import { blockSpan } from './transfer-info.ts'

/** How a content is rebuilt. */
export interface RebuildOptions {
  /** Who computes. Default: this thread. */
  readonly pool?: BlockPool
  readonly signal?: Signal
  /** Told of each symbol that is dropped. */
  readonly onBadSymbol?: (fault: BadSymbolFault) => void
}

/** A part of a content. */
export interface ContentPart {
  /** Its first byte in the content. */
  readonly start: number
  readonly bytes: Uint8Array
}

/** Symbols of a block that is not complete, by id. */
type Gathered = Map<number, Uint8Array>

/**
 * Rebuilds a content from a stream of symbols in any order: each is checked, bad ones are dropped, and a block is given as soon as
 * it is complete, so blocks may come out of order. Keeps the symbols of incomplete blocks: one block, where symbols come block
 * after block.
 *
 * @throws CodedError `fountain/incomplete` when the symbols end before the content is complete.
 */
export async function* rebuildContent(
  manifest: Manifest,
  symbols: AsyncIterable<ContentSymbol> | Iterable<ContentSymbol>,
  options: RebuildOptions = {},
): AsyncGenerator<ContentPart, void, undefined> {
  const { transfer } = manifest
  const pool = options.pool ?? new BlockPool({ workers: 0 })
  const gatheredByBlock = new Map<number, Gathered>()
  const complete = new Set<number>()
  for await (const symbol of symbols) {
    if (options.signal?.aborted === true) throw options.signal.reason
    const { block } = symbol.id
    if (complete.has(block)) continue
    const checked = checkContentSymbol(symbol, manifest)
    if (!checked.ok) {
      options.onBadSymbol?.(checked.fault)
      continue
    }
    const gathered = gatheredByBlock.get(block) ?? new Map<number, Uint8Array>()
    gatheredByBlock.set(block, gathered)
    if (gathered.has(symbol.id.symbol)) continue
    gathered.set(symbol.id.symbol, symbol.bytes.slice())
    const bytes = await decoded(manifest, block, gathered, pool)
    if (bytes === undefined) continue
    complete.add(block)
    gatheredByBlock.delete(block)
    yield { start: blockSpan(transfer, block).start, bytes }
    if (complete.size === transfer.sourceBlocks) return
  }
  const missing = transfer.sourceBlocks - complete.size
  throw new CodedError<IncompleteFault>(
    { code: 'fountain/incomplete', blocks: missing },
    `The symbols ended before ${missing} of ${transfer.sourceBlocks} blocks were complete: bring more shares.`,
  )
}

/** The bytes of a block, once there are enough symbols of it. */
async function decoded(
  { transfer }: Manifest,
  block: number,
  gathered: Gathered,
  pool: BlockPool,
): Promise<Uint8Array | undefined> {
  const { bytes, sourceSymbols } = blockSpan(transfer, block)
  if (gathered.size < sourceSymbols) return undefined
  const ids = [...gathered.keys()]
  const joined = new Uint8Array(ids.length * transfer.symbolBytes)
  for (const [index, id] of ids.entries()) {
    joined.set(gathered.get(id)!, index * transfer.symbolBytes)
  }
  const whole = await pool.decode(sourceSymbols, transfer.symbolBytes, ids, joined)
  return whole?.subarray(0, bytes)
}
