import {
  type ContentSymbol,
  decodePayloadId,
  encodePayloadId,
  type PayloadId,
} from '@kithnet/fountain'
import { type Bytes, equalBytes, fromHex, ok, type Result, toHex } from '@kithnet/kernel'
import {
  badShape,
  type CborValue,
  decodeCbor,
  encodeCbor,
  hash,
  hashBytes,
  idBytes,
  idToBytes,
  isBytes,
  isBytesUpTo,
  isTuple,
  type PeerId,
  peerIdFromBytes,
} from '@kithnet/types'
import type { ContentRef } from '../content/content-ref.ts'
import type { BodyFault } from '../faults.ts'

/** A peer is asked to show that it has a symbol of a content at this moment. */
export interface Challenge extends ContentRef {
  readonly type: 'challenge'
  /** One symbol of one share; the block is drawn, so a share that is not whole is found out. */
  readonly id: PayloadId
  /** Drawn for this question; 64 hex digits. */
  readonly nonce: string
  /** True when the challenger has no symbol to compare with: it wants to see the symbol itself. */
  readonly inFull: boolean
}

/** The answer to a challenge: what can be computed only from the whole symbol and the nonce. */
export interface PossessionAnswer {
  readonly type: 'answer'
  readonly nonce: string
  /** 32 bytes, of `possessionProof`. */
  readonly proof: Uint8Array
}

/** The answer to a challenge in full: the symbol, which its Merkle proof shows to be one of the content. */
export interface PossessionShown {
  readonly type: 'shown'
  readonly nonce: string
  readonly symbol: ContentSymbol
}

/** The messages of the exchange. They travel within a session, so none is signed. */
export type PossessionMessage = Challenge | PossessionAnswer | PossessionShown

/** Who asks whom. */
export interface PossessionParties {
  readonly challenger: PeerId
  readonly holder: PeerId
}

const version = 3
/** Source: RFC 6330 section 3.2. */
const payloadIdBytes = 4
/** Bytes of a nonce. Source: our choice, 256 bits. */
export const nonceBytes = 32
/** Longest symbol, and proof of one. Source: RFC 6330 section 3.3.2; one hash for each of 19 levels of a tree. */
const maxSymbolBytes = 65_535
const maxProofBytes = 608
/** Longest message. Source: sum of the parts of an answer in full. */
export const maxPossessionBytes = 66_200

/**
 * The proof: a hash of who asks whom, what for, the nonce and the symbol. It is of no use to another asker or holder, or
 * later. It does not keep a holder from fetching the symbol from a friend meanwhile; the time to answer bounds that.
 */
export function possessionProof(
  challenge: Challenge,
  parties: PossessionParties,
  symbol: Uint8Array,
): Bytes {
  return hash(
    'possession',
    fromHex(challenge.nonce)!,
    idToBytes(parties.challenger),
    idToBytes(parties.holder),
    fromHex(challenge.content)!,
    encodePayloadId(challenge.id),
    symbol,
  )
}

/** The answer of a holder that has the symbol. */
export function answerChallenge(
  challenge: Challenge,
  parties: PossessionParties,
  symbol: Uint8Array,
): PossessionAnswer {
  const proof = possessionProof(challenge, parties, symbol)
  return { type: 'answer', nonce: challenge.nonce, proof }
}

/** The bytes of a message: `[3, nonce, author, content, id, in full]`, `[3, nonce, proof]` or `[3, nonce, id, proof, symbol]`. */
export function encodePossession(message: PossessionMessage): Bytes {
  const head = [version, fromHex(message.nonce)!]
  switch (message.type) {
    case 'challenge': {
      const { author, content, id, inFull } = message
      const fields = [idToBytes(author), fromHex(content)!, encodePayloadId(id), inFull]
      return encodeCbor([...head, ...fields])
    }
    case 'answer':
      return encodeCbor([...head, message.proof])
    case 'shown': {
      const { id, proof, bytes } = message.symbol
      return encodeCbor([...head, encodePayloadId(id), proof, bytes])
    }
  }
}

/** The message of bytes from a peer. It keeps nothing of them. */
export function decodePossession(bytes: Uint8Array): Result<PossessionMessage, BodyFault> {
  const limits = { maxBytes: maxPossessionBytes, maxDepth: 1, maxItems: 7 }
  const decoded = decodeCbor(Uint8Array.from(bytes), 'signed', limits)
  if (!decoded.ok) return decoded
  const { value } = decoded
  if (isTuple(value, 6)) return readChallenge(value)
  if (isTuple(value, 5)) return readShown(value)
  if (!isTuple(value, 3)) return badShape('possession')
  const [kind, nonce, proof] = value
  if (kind !== version) return badShape('possession.version')
  if (!isBytes(nonce, nonceBytes)) return badShape('possession.nonce')
  if (!isBytes(proof, hashBytes)) return badShape('possession.proof')
  return ok({ type: 'answer', nonce: toHex(nonce), proof })
}

function readChallenge(value: readonly CborValue[]): Result<Challenge, BodyFault> {
  const [kind, nonce, author, content, id, inFull] = value
  if (kind !== version) return badShape('possession.version')
  if (!isBytes(nonce, nonceBytes)) return badShape('possession.nonce')
  if (!isBytes(author, idBytes)) return badShape('possession.author')
  if (!isBytes(content, hashBytes)) return badShape('possession.content')
  const payload = readId(id)
  if (payload === undefined) return badShape('possession.id')
  if (typeof inFull !== 'boolean') return badShape('possession.inFull')
  const ref = { author: peerIdFromBytes(author), content: toHex(content) }
  return ok({ type: 'challenge', nonce: toHex(nonce), ...ref, id: payload, inFull })
}

function readShown(value: readonly CborValue[]): Result<PossessionShown, BodyFault> {
  const [kind, nonce, id, proof, symbol] = value
  if (kind !== version) return badShape('possession.version')
  if (!isBytes(nonce, nonceBytes)) return badShape('possession.nonce')
  const payload = readId(id)
  if (payload === undefined) return badShape('possession.id')
  if (!isBytesUpTo(proof, maxProofBytes)) return badShape('possession.proof')
  if (!isBytesUpTo(symbol, maxSymbolBytes)) return badShape('possession.symbol')
  return ok({ type: 'shown', nonce: toHex(nonce), symbol: { id: payload, proof, bytes: symbol } })
}

function readId(value: CborValue | undefined): PayloadId | undefined {
  const id = isBytes(value, payloadIdBytes) ? decodePayloadId(value) : undefined
  return id?.ok === true ? id.value : undefined
}

/** Compares in the same time whichever byte differs. */
export function isProof(expected: Uint8Array, answer: PossessionAnswer): boolean {
  return equalBytes(expected, answer.proof)
}
