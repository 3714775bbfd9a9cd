import { type Bytes, ok, type Result } from '@kithnet/kernel'
import {
  badShape,
  type CborFault,
  decodeCbor,
  encodeCbor,
  hash,
  hashBytes,
  isBytes,
  isTuple,
  isUint,
  type ShapeFault,
} from '@kithnet/types'
import type { PolicyFault, TransferFault } from './faults.ts'
import { checkPolicy, type FountainPolicy, maxHolders, maxPolicySymbols } from './policy.ts'
import { maxTreeSymbols } from './symbol-tree.ts'
import {
  blockSpan,
  decodeTransferInfo,
  encodeTransferInfo,
  type TransferInfo,
  transferInfoBytes,
} from './transfer-info.ts'

/**
 * What a publisher says of a content, once and for all: how it is cut, how it is to be kept, and a root under which each
 * of its symbols can be checked alone. A *share* is the symbols of one id, one of each block: what one peer holds.
 */
export interface Manifest {
  readonly transfer: TransferInfo
  readonly policy: FountainPolicy
  /** Shares that the root is over: those handed out, and more that can be made anew and still be checked. */
  readonly shares: number
  /** Class of service, 0 (kept longest) to 3. */
  readonly service: number
  /** Of the tree over all symbols, share after share, block after block. */
  readonly root: Bytes
}

/** Longest manifest. Source: 12 and 32 bytes, five numbers of at most 3 and two of 1, and the frames of CBOR. */
export const maxManifestBytes = 80
const version = 1
const maxService = 3

/** Canonical CBOR `[1, transfer information, [N, K, least viable, holders], shares, service, root]`. */
export function encodeManifest({ transfer, policy, shares, service, root }: Manifest): Bytes {
  const { sourceSymbols, repairSymbols, minViableSymbols, targetHolders } = policy
  const numbers = [sourceSymbols, repairSymbols, minViableSymbols, targetHolders]
  return encodeCbor([version, encodeTransferInfo(transfer), numbers, shares, service, root])
}

/** What a content is called: the hash of its manifest. */
export function contentIdOf(manifest: Manifest): Bytes {
  return hash('manifest', encodeManifest(manifest))
}

/** The manifest in these bytes; whether it is the one wanted is told by {@link contentIdOf}. */
export function decodeManifest(
  bytes: Uint8Array,
): Result<Manifest, CborFault | ShapeFault | TransferFault | PolicyFault> {
  const limits = { maxBytes: maxManifestBytes, maxDepth: 3, maxItems: 12 }
  const decoded = decodeCbor(bytes, 'signed', limits)
  if (!decoded.ok) return decoded
  if (!isTuple(decoded.value, 6)) return badShape('manifest')
  const [encodedVersion, encodedTransfer, numbers, shares, service, root] = decoded.value
  if (encodedVersion !== version) return badShape('manifest.version')
  if (!isBytes(encodedTransfer, transferInfoBytes)) return badShape('manifest.transfer')
  if (!isTuple(numbers, 4)) return badShape('manifest.policy')
  const [sourceSymbols, repairSymbols, minViableSymbols, targetHolders] = numbers
  if (
    !isUint(sourceSymbols, maxPolicySymbols) ||
    !isUint(repairSymbols, maxPolicySymbols) ||
    !isUint(minViableSymbols, maxPolicySymbols) ||
    !isUint(targetHolders, maxHolders)
  ) {
    return badShape('manifest.policy')
  }
  if (!isUint(service, maxService)) return badShape('manifest.service')
  if (!isBytes(root, hashBytes)) return badShape('manifest.root')
  const transfer = decodeTransferInfo(encodedTransfer)
  if (!transfer.ok) return transfer
  const policy = checkPolicy({ sourceSymbols, repairSymbols, minViableSymbols, targetHolders })
  if (!policy.ok) return policy
  if (!isUint(shares, maxShares(transfer.value)) || shares < sourceSymbols + repairSymbols) {
    return badShape('manifest.shares')
  }
  if (blockSpan(transfer.value, 0).sourceSymbols > sourceSymbols) return badShape('manifest.blocks')
  return ok({ transfer: transfer.value, policy: policy.value, shares, service, root: root.slice() })
}

/** The most shares of a content that is cut like this. */
export function maxShares({ sourceBlocks }: TransferInfo): number {
  return Math.floor(maxTreeSymbols / sourceBlocks)
}
