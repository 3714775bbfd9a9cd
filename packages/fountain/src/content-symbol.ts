import { type Bytes, fail, ok, type Result } from '@kithnet/kernel'
import {
  badShape,
  type CborFault,
  decodeCbor,
  encodeCbor,
  hashBytes,
  isBytes,
  isBytesUpTo,
  isTuple,
  type ShapeFault,
} from '@kithnet/types'
import type { BadSymbolFault } from './faults.ts'
import type { Manifest } from './manifest.ts'
import { isInTree, maxProofHashes, symbolHash } from './symbol-tree.ts'
import {
  decodePayloadId,
  encodePayloadId,
  payloadIdBytes,
  type PayloadId,
} from './transfer-info.ts'

/** A symbol with what proves that it is one of a content. `symbol` of its id is the share that it belongs to. */
export interface ContentSymbol {
  readonly id: PayloadId
  readonly bytes: Uint8Array
  /** Hashes from the symbol to the root of the manifest, one after the other. */
  readonly proof: Uint8Array
}

/** Longest symbol with its proof. Source: 65,535 bytes, 19 hashes, the id and the frames of CBOR. */
export const maxContentSymbolBytes = 66_160
const version = 1

/** Canonical CBOR `[1, payload id, proof, bytes]`. */
export function encodeContentSymbol({ id, bytes, proof }: ContentSymbol): Bytes {
  return encodeCbor([version, encodePayloadId(id), proof, bytes])
}

/** The symbol in these bytes, which stay the caller's: the parts are views. Says nothing about the proof. */
export function decodeContentSymbol(
  bytes: Uint8Array,
): Result<ContentSymbol, CborFault | ShapeFault> {
  const limits = { maxBytes: maxContentSymbolBytes, maxDepth: 2, maxItems: 6 }
  const decoded = decodeCbor(bytes, 'signed', limits)
  if (!decoded.ok) return decoded
  if (!isTuple(decoded.value, 4)) return badShape('symbol')
  const [encodedVersion, encodedId, proof, symbol] = decoded.value
  if (encodedVersion !== version) return badShape('symbol.version')
  if (!isBytes(encodedId, payloadIdBytes)) return badShape('symbol.id')
  if (!isBytesUpTo(proof, maxProofHashes * hashBytes)) return badShape('symbol.proof')
  if (!isBytesUpTo(symbol, 0xffff)) return badShape('symbol.bytes')
  const id = decodePayloadId(encodedId)
  return id.ok ? ok({ id: id.value, bytes: symbol, proof }) : badShape('symbol.id')
}

/** The symbol itself when it is one of this content, else `fountain/bad-symbol`. */
export function checkContentSymbol(
  symbol: ContentSymbol,
  { transfer, shares, root }: Manifest,
): Result<ContentSymbol, BadSymbolFault> {
  const { id, bytes, proof } = symbol
  const isOne =
    id.block < transfer.sourceBlocks &&
    id.symbol < shares &&
    bytes.length === transfer.symbolBytes &&
    isInTree(
      symbolHash(id, bytes),
      id.symbol * transfer.sourceBlocks + id.block,
      shares * transfer.sourceBlocks,
      proof,
      root,
    )
  return isOne ? ok(symbol) : fail({ code: 'fountain/bad-symbol', id })
}
