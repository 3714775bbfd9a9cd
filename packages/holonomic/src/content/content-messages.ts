import {
  type ContentSymbol,
  decodeContentSymbol,
  encodeContentSymbol,
  maxContentSymbolBytes,
  maxSymbolId,
} from '@kithnet/fountain'
import { type Bytes, fromHex, ok, type Result, toHex } from '@kithnet/kernel'
import {
  badShape,
  type CborLimits,
  type CborValue,
  decodeCbor,
  encodeCbor,
  hashBytes,
  idBytes,
  idToBytes,
  isBytes,
  isBytesUpTo,
  isList,
  isUint,
  type PeerId,
  peerIdFromBytes,
} from '@kithnet/types'
import type { BodyFault } from '../faults.ts'
import { maxHoldingShares } from '../retention/holding.ts'
import {
  decodePossession,
  encodePossession,
  maxPossessionBytes,
  type PossessionMessage,
} from '../retention/possession.ts'
import type { ContentRef } from './content-ref.ts'
import { keeperLimits } from './keeper-events.ts'

/** Why a peer does not do what it was asked for. */
export type Refusal = (typeof refusals)[number]

/** In the order of their numbers on the wire. */
const refusals = ['not-allowed', 'absent', 'busy', 'no-room', 'declined', 'not-yet'] as const

/** What peers say to each other about contents that they keep. */
export type ContentMessage =
  /** Who holds it? The asker says what it holds itself. Answered by `holding`. */
  | { readonly type: 'ask-holding'; readonly ref: ContentRef; readonly shares: readonly number[] }
  /** What the sender holds whole, rising, and peers that have lately proven to it that they hold some. A claim, no proof. */
  | {
      readonly type: 'holding'
      readonly ref: ContentRef
      readonly shares: readonly number[]
      readonly hints: readonly PeerId[]
    }
  | PossessionMessage
  /** Keep these shares, which the sender has. Answered by `kept`; whoever keeps them fetches them from the sender. */
  | { readonly type: 'keep'; readonly ref: ContentRef; readonly shares: readonly number[] }
  /** Which of them are taken; when none is, why. */
  | {
      readonly type: 'kept'
      readonly ref: ContentRef
      readonly shares: readonly number[]
      readonly why: Refusal | undefined
    }
  /** Symbols of a share, of so many blocks from one on. Answered by `symbols`. */
  | {
      readonly type: 'want'
      readonly ref: ContentRef
      readonly share: number
      readonly fromBlock: number
      readonly count: number
    }
  /** Symbols of blocks that follow one another, from the one that was wanted: all or the first of them; when none, why. */
  | {
      readonly type: 'symbols'
      readonly ref: ContentRef
      readonly share: number
      readonly fromBlock: number
      readonly symbols: readonly ContentSymbol[]
      readonly why: Refusal | undefined
    }
  /** The sender no longer has these shares. */
  | { readonly type: 'gone'; readonly ref: ContentRef; readonly shares: readonly number[] }

/** Most symbols of one message, and their bytes. Source: our choice: some round trips' worth of a slow link. */
export const maxSymbolsGiven = 4
export const maxGivenBytes = 262_144
/** Longest message. Source: the symbols' bytes, and what stands around them. */
export const maxContentMessageBytes = 262_400
/** Source: 8 bits of a payload id. */
const maxBlock = 255

const kinds = {
  'ask-holding': 1,
  holding: 2,
  possession: 3,
  keep: 4,
  kept: 5,
  want: 6,
  symbols: 7,
  gone: 8,
} as const

const limits: CborLimits = {
  maxBytes: maxContentMessageBytes,
  maxDepth: 3,
  maxItems: 12 + maxHoldingShares + keeperLimits.hints,
}

/** How many symbols of so many bytes one message carries: 1 at the least. */
export function symbolsPerMessage(symbolBytes: number): number {
  const each = symbolBytes + (maxContentSymbolBytes - 65_535)
  return Math.max(1, Math.min(maxSymbolsGiven, Math.floor(maxGivenBytes / each)))
}

/** The bytes of a message: canonical CBOR, an array that begins with its kind. */
export function encodeContentMessage(message: ContentMessage): Bytes {
  switch (message.type) {
    case 'ask-holding':
    case 'keep':
    case 'gone':
      return encodeCbor([kinds[message.type], ...refFields(message.ref), message.shares])
    case 'holding': {
      const hints = message.hints.map(idToBytes)
      return encodeCbor([kinds.holding, ...refFields(message.ref), message.shares, hints])
    }
    case 'challenge':
    case 'answer':
    case 'shown':
      return encodeCbor([kinds.possession, encodePossession(message)])
    case 'kept': {
      const { ref, shares, why } = message
      return encodeCbor([kinds.kept, ...refFields(ref), shares, refusalNumber(why)])
    }
    case 'want': {
      const { ref, share, fromBlock, count } = message
      return encodeCbor([kinds.want, ...refFields(ref), share, fromBlock, count])
    }
    case 'symbols': {
      const { ref, share, fromBlock, symbols, why } = message
      const fields = [share, fromBlock, symbols.map(encodeContentSymbol), refusalNumber(why)]
      return encodeCbor([kinds.symbols, ...refFields(ref), ...fields])
    }
  }
}

/** The message of bytes from a peer. It keeps nothing of them. */
export function decodeContentMessage(bytes: Uint8Array): Result<ContentMessage, BodyFault> {
  if (bytes.length > limits.maxBytes) return badShape('content.bytes')
  const decoded = decodeCbor(Uint8Array.from(bytes), 'signed', limits)
  if (!decoded.ok) return decoded
  if (!isList(decoded.value, 7)) return badShape('content')
  const [kind, ...fields] = decoded.value
  if (kind === kinds.possession) {
    const [message] = fields
    const isOne = fields.length === 1 && isBytesUpTo(message, maxPossessionBytes)
    return isOne ? decodePossession(message) : badShape('content.possession')
  }
  const [author, content, ...rest] = fields
  if (!isBytes(author, idBytes)) return badShape('content.author')
  if (!isBytes(content, hashBytes)) return badShape('content.content')
  const ref = { author: peerIdFromBytes(author), content: toHex(content) }
  switch (kind) {
    case kinds['ask-holding']:
      return readShares('ask-holding', ref, rest)
    case kinds.keep:
      return readShares('keep', ref, rest)
    case kinds.gone:
      return readShares('gone', ref, rest)
    case kinds.holding:
      return readHolding(ref, rest)
    case kinds.kept:
      return readKept(ref, rest)
    case kinds.want:
      return readWant(ref, rest)
    case kinds.symbols:
      return readSymbols(ref, rest)
    default:
      return badShape('content.kind')
  }
}

function readShares(
  type: 'ask-holding' | 'keep' | 'gone',
  ref: ContentRef,
  fields: readonly CborValue[],
): Result<ContentMessage, BodyFault> {
  const shares = fields.length === 1 ? sharesOf(fields[0]) : undefined
  return shares === undefined ? badShape('content.shares') : ok({ type, ref, shares })
}

function readHolding(
  ref: ContentRef,
  fields: readonly CborValue[],
): Result<ContentMessage, BodyFault> {
  const shares = fields.length === 2 ? sharesOf(fields[0]) : undefined
  if (shares === undefined) return badShape('content.shares')
  const [, hinted] = fields
  if (!isList(hinted, keeperLimits.hints)) return badShape('content.hints')
  const ids = hinted.filter((hint) => isBytes(hint, idBytes))
  if (ids.length < hinted.length) return badShape('content.hints')
  return ok({ type: 'holding', ref, shares, hints: ids.map(peerIdFromBytes) })
}

function readKept(
  ref: ContentRef,
  fields: readonly CborValue[],
): Result<ContentMessage, BodyFault> {
  const shares = fields.length === 2 ? sharesOf(fields[0]) : undefined
  if (shares === undefined) return badShape('content.shares')
  const why = fields[1]
  if (!isRefusal(why)) return badShape('content.why')
  return ok({ type: 'kept', ref, shares, why: refusalOf(why) })
}

function readWant(
  ref: ContentRef,
  fields: readonly CborValue[],
): Result<ContentMessage, BodyFault> {
  const [share, fromBlock, count] = fields
  if (fields.length !== 3) return badShape('content.want')
  if (!isUint(share, maxSymbolId)) return badShape('content.share')
  if (!isUint(fromBlock, maxBlock)) return badShape('content.fromBlock')
  if (!isUint(count, maxSymbolsGiven) || count === 0) return badShape('content.count')
  return ok({ type: 'want', ref, share, fromBlock, count })
}

function readSymbols(
  ref: ContentRef,
  fields: readonly CborValue[],
): Result<ContentMessage, BodyFault> {
  const [share, fromBlock, encoded, why] = fields
  if (fields.length !== 4) return badShape('content.symbols')
  if (!isUint(share, maxSymbolId)) return badShape('content.share')
  if (!isUint(fromBlock, maxBlock)) return badShape('content.fromBlock')
  if (!isList(encoded, maxSymbolsGiven)) return badShape('content.symbols')
  if (!isRefusal(why)) return badShape('content.why')
  const symbols: ContentSymbol[] = []
  for (const bytes of encoded) {
    if (!isBytesUpTo(bytes, maxContentSymbolBytes)) return badShape('content.symbols')
    const symbol = decodeContentSymbol(bytes)
    if (!symbol.ok) return symbol
    symbols.push(symbol.value)
  }
  return ok({ type: 'symbols', ref, share, fromBlock, symbols, why: refusalOf(why) })
}

/** Ids of shares, rising; `undefined` for anything else. */
function sharesOf(value: CborValue | undefined): readonly number[] | undefined {
  if (!isList(value, maxHoldingShares)) return undefined
  const shares = value.filter((share) => isUint(share, maxSymbolId))
  const rises = shares.every((share, index) => index === 0 || shares[index - 1]! < share)
  return shares.length === value.length && rises ? shares : undefined
}

function refFields({ author, content }: ContentRef): readonly CborValue[] {
  return [idToBytes(author), fromHex(content)!]
}

/** 0 where nothing was refused. */
function refusalNumber(why: Refusal | undefined): number {
  return why === undefined ? 0 : 1 + refusals.indexOf(why)
}

function isRefusal(value: CborValue | undefined): value is number {
  return isUint(value, refusals.length)
}

function refusalOf(number: number): Refusal | undefined {
  return refusals[number - 1]
}
