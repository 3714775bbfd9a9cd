import { assert, fail, ok, type Result } from '@kithnet/kernel'
import { maxBlockSymbols, paddedUpTo } from './block-code.ts'
import type { TransferFault } from './faults.ts'

/**
 * How an object is cut into source blocks, sub-blocks and symbols: all that a receiver must know beside the symbols.
 * Source: RFC 6330 section 3.3, the object transmission information.
 */
export interface TransferInfo {
  /** F: length of the object in bytes. */
  readonly transferBytes: number
  /** T: length of a symbol in bytes, a multiple of `alignment`. */
  readonly symbolBytes: number
  /** Z: source blocks. */
  readonly sourceBlocks: number
  /** N: sub-blocks of each source block. */
  readonly subBlocks: number
  /** Al: sub-symbols are as long as a multiple of this. */
  readonly alignment: number
}

/** The highest encoding symbol id. Source: RFC 6330 section 3.2, 24 bits. */
export const maxSymbolId = 0xff_ffff
/** Bytes of encoded transfer information. Source: RFC 6330 section 3.3. */
export const transferInfoBytes = 12
/** Bytes of an encoded payload id. Source: RFC 6330 section 3.2. */
export const payloadIdBytes = 4
/** The most blocks: 8 bits. Source: RFC 6330 section 3.3.3; 256 does not fit, whatever section 4.4.1.2 says. */
const maxSourceBlocks = 255
/** Source: RFC 6330 section 3.3.2, 16 bits. */
const maxSymbolBytes = 0xffff
/** The longest object. Source: RFC 6330 section 3.3.2, by its erratum: 56,403 x 255 x 65,535. */
const maxTransferBytes = maxBlockSymbols * maxSourceBlocks * maxSymbolBytes

/** How an object is to be cut. */
export interface TransferOptions {
  /** Length of a symbol, a multiple of `alignment`. */
  readonly symbolBytes: number
  /** Bytes of a block that a receiver is asked to keep in working memory: more makes sub-blocks. */
  readonly workingBytes?: number
  /** The most source symbols of a block. */
  readonly blockSymbols?: number
  readonly alignment?: number
}

/** Source: RFC 6330 section 4.3 recommends 4; symbols of odd lengths are allowed with 1. */
const usualAlignment = 4
/** The shortest sub-symbol, in alignments. Source: RFC 6330 section 4.3 leaves SS open; 8 is that of its examples. */
const leastSubSymbol = 8

/**
 * Cuts an object of some length. Source: RFC 6330 section 4.3, with a limit on the symbols of a block in the place of
 * K'_max where one is given.
 *
 * @returns `fountain/transfer` when the object does not fit, or a length is not allowed.
 */
export function transferInfo(
  transferBytes: number,
  options: TransferOptions,
): Result<TransferInfo, TransferFault> {
  const { symbolBytes, alignment = usualAlignment, blockSymbols = maxBlockSymbols } = options
  const whole = { transferBytes, symbolBytes, sourceBlocks: 1, subBlocks: 1, alignment }
  if (!hasSoundLengths(whole)) return fail({ code: 'fountain/transfer', info: whole })
  const symbols = Math.ceil(transferBytes / symbolBytes)
  const mostSubBlocks = Math.max(1, Math.floor(symbolBytes / (leastSubSymbol * alignment)))
  const fits = (subBlocks: number): number => {
    const longest = alignment * Math.ceil(symbolBytes / (alignment * subBlocks))
    const inMemory = Math.floor((options.workingBytes ?? Infinity) / longest)
    return paddedUpTo(Math.min(inMemory, blockSymbols, maxBlockSymbols))
  }
  const sourceBlocks = Math.max(1, Math.ceil(symbols / fits(mostSubBlocks)))
  const largest = Math.ceil(symbols / sourceBlocks)
  let subBlocks = 1
  while (subBlocks < mostSubBlocks && largest > fits(subBlocks)) subBlocks++
  return checkTransferInfo({ transferBytes, symbolBytes, sourceBlocks, subBlocks, alignment })
}

/** The same, if an object can be cut like that. */
export function checkTransferInfo(info: TransferInfo): Result<TransferInfo, TransferFault> {
  const { transferBytes, symbolBytes, sourceBlocks, subBlocks, alignment } = info
  const symbols = Math.ceil(transferBytes / symbolBytes)
  const sound =
    hasSoundLengths(info) &&
    isWithin(subBlocks, 1, symbolBytes / alignment) &&
    isWithin(sourceBlocks, 1, Math.min(maxSourceBlocks, symbols)) &&
    Math.ceil(symbols / sourceBlocks) <= maxBlockSymbols
  return sound ? ok(info) : fail({ code: 'fountain/transfer', info })
}

function hasSoundLengths({ transferBytes, symbolBytes, alignment }: TransferInfo): boolean {
  return (
    isWithin(transferBytes, 1, maxTransferBytes) &&
    isWithin(symbolBytes, 1, maxSymbolBytes) &&
    isWithin(alignment, 1, 255) &&
    symbolBytes % alignment === 0
  )
}

/** The 12 bytes of RFC 6330 section 3.3. */
export function encodeTransferInfo(info: TransferInfo): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(transferInfoBytes)
  const view = new DataView(bytes.buffer)
  view.setUint8(0, Math.floor(info.transferBytes / 2 ** 32))
  view.setUint32(1, info.transferBytes % 2 ** 32)
  view.setUint16(6, info.symbolBytes)
  view.setUint8(8, info.sourceBlocks)
  view.setUint16(9, info.subBlocks)
  view.setUint8(11, info.alignment)
  return bytes
}

/** The transfer information in 12 bytes, or the fault `fountain/transfer` or `fountain/length`. */
export function decodeTransferInfo(bytes: Uint8Array): Result<TransferInfo, TransferFault> {
  if (bytes.length !== transferInfoBytes) {
    return fail({ code: 'fountain/length', bytes: bytes.length, expected: transferInfoBytes })
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const info = {
    transferBytes: view.getUint8(0) * 2 ** 32 + view.getUint32(1),
    symbolBytes: view.getUint16(6),
    sourceBlocks: view.getUint8(8),
    subBlocks: view.getUint16(9),
    alignment: view.getUint8(11),
  }
  return view.getUint8(5) === 0
    ? checkTransferInfo(info)
    : fail({ code: 'fountain/transfer', info })
}

/** Which symbol it is: the block, and the encoding symbol id within it. Source: RFC 6330 section 3.2. */
export interface PayloadId {
  readonly block: number
  readonly symbol: number
}

/** The 4 bytes of RFC 6330 section 3.2. */
export function encodePayloadId({ block, symbol }: PayloadId): Uint8Array<ArrayBuffer> {
  assert(isWithin(block, 0, 255) && isWithin(symbol, 0, maxSymbolId), 'a payload id in range')
  const bytes = new Uint8Array(payloadIdBytes)
  new DataView(bytes.buffer).setUint32(0, block * 2 ** 24 + symbol)
  return bytes
}

/** The payload id in 4 bytes, or `fountain/length`. */
export function decodePayloadId(bytes: Uint8Array): Result<PayloadId, TransferFault> {
  if (bytes.length !== payloadIdBytes) {
    return fail({ code: 'fountain/length', bytes: bytes.length, expected: payloadIdBytes })
  }
  const word = new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(0)
  return ok({ block: word >>> 24, symbol: word & maxSymbolId })
}

/** Where a source block lies in the object. */
export interface BlockSpan {
  /** Its first byte. */
  readonly start: number
  /** Bytes of it that are the object's; the rest of its last symbol is padding. */
  readonly bytes: number
  readonly sourceSymbols: number
}

/** The span of a source block. Source: RFC 6330 section 4.4.1.2. */
export function blockSpan(info: TransferInfo, block: number): BlockSpan {
  const { transferBytes, symbolBytes, sourceBlocks } = info
  const total = Math.ceil(transferBytes / symbolBytes)
  const short = Math.floor(total / sourceBlocks)
  const longer = total - short * sourceBlocks
  const sourceSymbols = block < longer ? short + 1 : short
  const start = (block * short + Math.min(block, longer)) * symbolBytes
  const bytes = Math.min(sourceSymbols * symbolBytes, transferBytes - start)
  return { start, bytes, sourceSymbols }
}

/** Lengths of the parts of a symbol that belong to each sub-block. Source: RFC 6330 section 4.4.1.2. */
export function subSymbolBytes({ symbolBytes, subBlocks, alignment }: TransferInfo): number[] {
  const units = symbolBytes / alignment
  const short = Math.floor(units / subBlocks)
  const longer = units - short * subBlocks
  return Array.from(
    { length: subBlocks },
    (_, index) => (index < longer ? short + 1 : short) * alignment,
  )
}

function isWithin(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most
}
