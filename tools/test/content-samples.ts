import { createIdentity } from '@kithnet/identity'
import type { ContentSymbol } from '@kithnet/fountain'

/** A content that nobody has, whose symbols tell what they are. */
export const sampleRef = {
  author: createIdentity(new Uint8Array(32).fill(7)).peer,
  content: 'c5'.repeat(32),
}
export const sampleBlocks = 5

export function sampleSymbol(share: number, block: number): ContentSymbol {
  const proof = new Uint8Array(64).fill(block)
  return { id: { block, symbol: share }, bytes: new Uint8Array(900).fill(share), proof }
}
