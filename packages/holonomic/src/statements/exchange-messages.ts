import { type Bytes, ok, type Result } from '@kithnet/kernel'
import {
  badShape,
  type CborFault,
  type CborLimits,
  type CborValue,
  decodeCbor,
  encodeCbor,
  isBytes,
  isBytesUpTo,
  isList,
  isTuple,
  isUint,
  publicKeyBytes,
  type ShapeFault,
  signatureBytes,
} from '@kithnet/types'
import { maxForkProofBytes } from '../witness/fork-proof.ts'
import type { StatementItem } from './statement-item.ts'
import { statementKinds } from './statement-kinds.ts'

/** Statements with the public keys of their signers, each key once; fork proofs bring their own. */
export interface Parcel {
  readonly keys: readonly Uint8Array[]
  readonly items: readonly StatementItem[]
}

/** Which comparison of two peers a message belongs to. */
export interface ComparisonRef {
  /** The opener's number of it. */
  readonly number: number
  /** True when whoever opened it says this. */
  readonly byOpener: boolean
}

/** What is said in a comparison. */
export type ComparisonMessage =
  /** A message of `@kithnet/reconcile`; the opener's first one opens the comparison. */
  | { readonly type: 'coded'; readonly value: CborValue }
  /** What the other side lacks. `last`: there is no more. */
  | { readonly type: 'parcel'; readonly last: boolean; readonly parcel: Parcel }
  /** So many bytes of parcels are dealt with: as many more may come. */
  | { readonly type: 'credit'; readonly bytes: number }
  /** The sender has no time now, or a bound of it was met. */
  | { readonly type: 'end' }

/** What two peers say of their statements. */
export type ExchangeMessage = { readonly comparison: ComparisonRef } & ComparisonMessage

/** Why bytes are no message. */
export type ExchangeMessageFault = CborFault | ShapeFault

/** Bytes of a parcel after which no more is put in. Source: our choice: four to a window. */
export const parcelBytes = 131_072
/** Most items of a parcel. Source: our choice, above what fits 128 KiB of signatures. */
export const maxParcelItems = 64
/** Longest message: a parcel of full size, the longest item with its key behind it, and frames of CBOR. */
export const maxExchangeBytes: number = parcelBytes + maxForkProofBytes + publicKeyBytes + 2_048

const limits: CborLimits = {
  maxBytes: maxExchangeBytes,
  maxDepth: 8,
  // Source: a parcel has four values an item and one a key; messages of `reconcile` have at most some 2,000.
  maxItems: 4_096,
}
const kinds = { coded: 0, parcel: 1, credit: 2, end: 3 } as const

/** Bytes that an item takes of a parcel. */
export function sizeOfItem({ body, signature }: StatementItem): number {
  return body.length + signature.length
}

/** Canonical CBOR `[kind, number * 2 + by opener, …]`. */
export function encodeExchangeMessage(message: ExchangeMessage): Bytes {
  const { number, byOpener } = message.comparison
  const head = [kinds[message.type], number * 2 + (byOpener ? 1 : 0)]
  switch (message.type) {
    case 'coded':
      return encodeCbor([...head, message.value])
    case 'parcel':
      return encodeCbor([...head, message.last, ...fieldsOf(message.parcel)])
    case 'credit':
      return encodeCbor([...head, message.bytes])
    case 'end':
      return encodeCbor(head)
  }
}

/** Bytes within the message are views into the frame: copy before keeping them. */
export function decodeExchangeMessage(
  bytes: Uint8Array,
): Result<ExchangeMessage, ExchangeMessageFault> {
  const decoded = decodeCbor(bytes, 'signed', limits)
  if (!decoded.ok) return decoded
  if (!isList(decoded.value, 5)) return badShape('exchange')
  const [kind, place, ...fields] = decoded.value
  if (!isUint(place)) return badShape('exchange.comparison')
  const comparison = { number: Math.floor(place / 2), byOpener: place % 2 === 1 }
  const said = saidIn(kind, fields)
  return said === undefined ? badShape('exchange.message') : ok({ comparison, ...said })
}

/** What is broadcast: canonical CBOR `[keys, items]`. */
export function encodeParcel(parcel: Parcel): Bytes {
  return encodeCbor(fieldsOf(parcel))
}

/** Bytes within the parcel are views into `bytes`. */
export function decodeParcel(bytes: Uint8Array): Result<Parcel, ExchangeMessageFault> {
  const decoded = decodeCbor(bytes, 'signed', limits)
  if (!decoded.ok) return decoded
  const parcel = isTuple(decoded.value, 2) ? parcelOf(...twoOf(decoded.value)) : undefined
  return parcel === undefined ? badShape('parcel') : ok(parcel)
}

function saidIn(
  kind: CborValue | undefined,
  fields: readonly CborValue[],
): ComparisonMessage | undefined {
  const [first, second, third] = fields
  switch (kind) {
    case kinds.coded:
      return fields.length === 1 ? { type: 'coded', value: first! } : undefined
    case kinds.parcel: {
      const parcel = fields.length === 3 ? parcelOf(second, third) : undefined
      if (parcel === undefined || typeof first !== 'boolean') return undefined
      return { type: 'parcel', last: first, parcel }
    }
    case kinds.credit:
      return fields.length === 1 && isUint(first) ? { type: 'credit', bytes: first } : undefined
    case kinds.end:
      return fields.length === 0 ? { type: 'end' } : undefined
    default:
      return undefined
  }
}

function fieldsOf({ keys, items }: Parcel): readonly [CborValue, CborValue] {
  return [
    keys,
    items.map(({ kind, body, signature }) => [statementKinds.indexOf(kind), body, signature]),
  ]
}

function twoOf(value: readonly CborValue[]): [CborValue | undefined, CborValue | undefined] {
  return [value[0], value[1]]
}

function parcelOf(first: CborValue | undefined, second: CborValue | undefined): Parcel | undefined {
  if (!isList(first, maxParcelItems) || !isList(second, maxParcelItems)) return undefined
  const keys = first.filter((key) => isBytes(key, publicKeyBytes))
  const items = second.map(itemOf).filter((item) => item !== undefined)
  // A key that belongs to no item has no place here.
  if (keys.length < first.length || items.length < second.length || keys.length > items.length) {
    return undefined
  }
  return { keys, items }
}

function itemOf(value: CborValue): StatementItem | undefined {
  if (!isTuple(value, 3)) return undefined
  const [number, body, signature] = value
  const kind = isUint(number) ? statementKinds[number] : undefined
  if (kind === undefined || !isBytesUpTo(body, maxForkProofBytes)) return undefined
  if (!isBytes(signature, kind === 'fork' ? 0 : signatureBytes)) return undefined
  return { kind, body, signature }
}
