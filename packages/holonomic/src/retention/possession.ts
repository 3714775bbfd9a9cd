import { decodePayloadId, encodePayloadId, type PayloadId } from '@kithnet/fountain'
import { type Bytes, equalBytes, fromHex, ok, type Result, toHex } from '@kithnet/kernel'
import {
  badShape,
  decodeCbor,
  encodeCbor,
  hash,
  hashBytes,
  idToBytes,
  isBytes,
  isTuple,
  type PeerId,
} from '@kithnet/types'
import type { BodyFault } from '../faults.ts'

/** A peer is asked to show that it has a symbol at this moment. */
export interface Challenge {
  readonly type: 'challenge'
  /** 64 hex digits. */
  readonly content: string
  /** One symbol of one share; the block is drawn, so a share that is not whole is found out. */
  readonly id: PayloadId
  /** Drawn for this question; 64 hex digits. */
  readonly nonce: string
}

/** The answer to a challenge: what can be computed only from the whole symbol and the nonce. */
export interface PossessionAnswer {
  readonly type: 'answer'
  readonly nonce: string
  /** 32 bytes, of `possessionProof`. */
  readonly proof: Uint8Array
}

/** Both messages of the exchange. They travel within a session, so neither is signed. */
export type PossessionMessage = Challenge | PossessionAnswer

/** Who asks whom. */
export interface PossessionParties {
  readonly challenger: PeerId
  readonly holder: PeerId
}

const version = 2
/** Source: RFC 6330 section 3.2. */
const payloadIdBytes = 4
/** Bytes of a nonce. Source: our choice, 256 bits. */
export const nonceBytes = 32
/** Longest message. Source: sum of the parts of a challenge. */
export const maxPossessionBytes = 80

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

/** The bytes of a message. */
export function encodePossession(message: PossessionMessage): Bytes {
  return message.type === 'challenge'
    ? encodeCbor([
        version,
        fromHex(message.nonce)!,
        fromHex(message.content)!,
        encodePayloadId(message.id),
      ])
    : encodeCbor([version, fromHex(message.nonce)!, message.proof])
}

/** The message of bytes from a peer. */
export function decodePossession(bytes: Uint8Array): Result<PossessionMessage, BodyFault> {
  const limits = { maxBytes: maxPossessionBytes, maxDepth: 1, maxItems: 5 }
  const decoded = decodeCbor(Uint8Array.from(bytes), 'signed', limits)
  if (!decoded.ok) return decoded
  const { value } = decoded
  const isChallenge = isTuple(value, 4)
  if (!isChallenge && !isTuple(value, 3)) return badShape('possession')
  const [kind, nonce, subject, symbol] = value
  if (kind !== version) return badShape('possession.version')
  if (!isBytes(nonce, nonceBytes)) return badShape('possession.nonce')
  if (!isBytes(subject, hashBytes)) return badShape('possession.subject')
  if (!isChallenge) return ok({ type: 'answer', nonce: toHex(nonce), proof: subject })
  const id = isBytes(symbol, payloadIdBytes) ? decodePayloadId(symbol) : badShape('possession.id')
  if (!id.ok) return badShape('possession.id')
  return ok({ type: 'challenge', nonce: toHex(nonce), content: toHex(subject), id: id.value })
}

/** Compares in the same time whichever byte differs. */
export function isProof(expected: Uint8Array, answer: PossessionAnswer): boolean {
  return equalBytes(expected, answer.proof)
}
