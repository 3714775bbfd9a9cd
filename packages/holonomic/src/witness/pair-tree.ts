import { type Bytes, compareBytes, concat, utf8 } from '@kithnet/kernel'
import { sha256 } from '../digest.ts'

/**
 * The ancestor's Merkle root: leaves sorted by bytes, each hashed, an odd last node paired with itself. Leaves and
 * nodes are not told apart, so other leaves can have the same root: only with `leafCount` signed beside it is it of
 * use. `treeRoot` of the root module is the repaired tree. Source: CIRIS, holonomic v19, section 19.1.
 */
export function pairTreeRoot(leaves: readonly Uint8Array[]): Bytes {
  if (leaves.length === 0) return sha256(utf8('WW-v1-empty'))
  let nodes = leaves.toSorted(compareBytes).map((leaf) => sha256(leaf))
  while (nodes.length > 1) nodes = pairUp(nodes)
  return nodes[0]!
}

function pairUp(nodes: readonly Bytes[]): Bytes[] {
  const above: Bytes[] = []
  for (let index = 0; index < nodes.length; index += 2) {
    const left = nodes[index]!
    above.push(sha256(concat(left, nodes[index + 1] ?? left)))
  }
  return above
}
