import { subSymbolBytes, type TransferInfo } from './transfer-info.ts'

/**
 * Brings a source block from the order of the object, sub-block after sub-block, to that of its symbols, each of which
 * has a part of every sub-block; or back. Source: RFC 6330 section 4.4.1.2.
 *
 * @param to `symbols` or `object`.
 * @returns a fresh array, or the block itself when there is one sub-block.
 */
export function reorder(
  block: Uint8Array<ArrayBuffer>,
  info: TransferInfo,
  to: 'symbols' | 'object',
): Uint8Array<ArrayBuffer> {
  if (info.subBlocks === 1) return block
  const reordered = new Uint8Array(block.length)
  const symbols = block.length / info.symbolBytes
  let within = 0
  let start = 0
  for (const length of subSymbolBytes(info)) {
    for (let symbol = 0; symbol < symbols; symbol++) {
      const inObject = start + symbol * length
      const inSymbols = symbol * info.symbolBytes + within
      const [from, at] = to === 'symbols' ? [inObject, inSymbols] : [inSymbols, inObject]
      reordered.set(block.subarray(from, from + length), at)
    }
    within += length
    start += symbols * length
  }
  return reordered
}
