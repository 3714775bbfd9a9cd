import { type Bytes, ok, type Result, toHex } from '@kithnet/kernel'
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
  type ShapeFault,
} from '@kithnet/types'
import { maxRecordBytes } from '@kithnet/wire'
import { fingerprintBytes, maxCuts, maxListedKeys, type Outline } from './sync-cuts.ts'
import {
  beyondDepth,
  type ItemKind,
  keyBytes,
  keyDigits,
  nameDigits,
  type SyncItem,
} from './sync-keys.ts'

/** Which comparison of two peers a message belongs to. */
export interface SessionRef {
  /** The opener's number of it. */
  readonly number: number
  /** True when whoever opened it says this. */
  readonly byOpener: boolean
}

/** A message of a comparison. */
export type SessionMessage =
  | ({ readonly type: 'open' } & Outline)
  /** There is no difference, or no more of it; or the sender gives up. */
  | { readonly type: 'end'; readonly reason: EndReason }
  /** A message of `@kithnet/reconcile` over what lies at a depth or beyond; `from` counts in the first one. */
  | { readonly type: 'coded'; readonly from: number; readonly value: CborValue }
  /** Everything that the sender holds from a depth on, sorted by depth. */
  | { readonly type: 'list'; readonly from: number; readonly keys: Uint8Array }
  /** Asks for such a list. */
  | { readonly type: 'tell'; readonly from: number }
  /** Answers a list: a bit for each key of it, set where the sender lacks it. */
  | { readonly type: 'lacks'; readonly bits: Uint8Array }
  /** Items that the other side lacks, ancestors first. `last`: there are no more. */
  | { readonly type: 'chunk'; readonly last: boolean; readonly items: readonly SyncItem[] }
  /** So many bytes of chunks are dealt with: as many more may come. */
  | { readonly type: 'credit'; readonly bytes: number }

/** Why a side ends a comparison: it is over, a bound of the sender was met, or the sender has no time. */
export type EndReason = 'same' | 'bound' | 'busy'

/** What peers send each other about their records. */
export type SyncMessage =
  | ({ readonly session: SessionRef } & SessionMessage)
  /** Asks for items by key, or for records by name. */
  | { readonly type: 'want'; readonly keys: readonly string[] }
  /** Answers: those of them that the sender has, and then those that it has not. */
  | {
      readonly type: 'gift'
      readonly items: readonly SyncItem[]
      readonly absent: readonly string[]
    }

/** What is published: an item, or that there is one which is too long to be. */
export type Announcement =
  | { readonly type: 'item'; readonly item: SyncItem }
  | { readonly type: 'notice'; readonly key: string; readonly time: number }

/** Longest item: evidence that holds two of the longest records. */
export const maxItemBytes: number = 2 * maxRecordBytes + 16
/** Most items of a message. Source: our choice. */
export const maxItems = 256
/** Most keys of a `want`. Source: our choice. */
export const maxWanted = 64
/** Longest message: a chunk of full size with the longest item behind it. */
export const maxSyncMessageBytes: number = maxItemBytes + 262_144
/** Bytes of the salt of an opening. Source: our choice, 128 bits. */
export const outlineSaltBytes = 16

/** Why bytes are no message. */
export type SyncMessageFault = CborFault | ShapeFault

/** Source: a chunk has two values an item; the messages of `reconcile` have at most some 2,000. */
const limits: CborLimits = { maxBytes: maxSyncMessageBytes, maxDepth: 8, maxItems: 8_192 }

const endReasons: readonly EndReason[] = ['same', 'bound', 'busy']
/** Values of each kind, after its number and that of the session. */
const arities = [4, 1, 2, 2, 1, 1, 2, 1]
const kinds = {
  open: 0,
  end: 1,
  coded: 2,
  list: 3,
  tell: 4,
  lacks: 5,
  chunk: 6,
  credit: 7,
} as const
const wantKind = 8
const giftKind = 9
/** After the kinds of items. */
const noticeKind = 3

export function encodeSyncMessage(message: SyncMessage): Bytes {
  if (message.type === 'want') return encodeCbor([wantKind, message.keys.map(keyBytes)])
  if (message.type === 'gift') {
    return encodeCbor([giftKind, encodeItems(message.items), message.absent.map(keyBytes)])
  }
  const { number, byOpener } = message.session
  return encodeCbor([kinds[message.type], number * 2 + (byOpener ? 1 : 0), ...bodyOf(message)])
}

function bodyOf(message: SessionMessage): CborValue[] {
  switch (message.type) {
    case 'open':
      return [message.salt, message.count, message.depth, message.fingerprints]
    case 'end':
      return [endReasons.indexOf(message.reason)]
    case 'coded':
      return [message.from, message.value]
    case 'list':
      return [message.from, message.keys]
    case 'tell':
      return [message.from]
    case 'lacks':
      return [message.bits]
    case 'chunk':
      return [message.last, encodeItems(message.items)]
    case 'credit':
      return [message.bytes]
  }
}

/** Bytes within the message are views into the frame: copy before keeping them. */
export function decodeSyncMessage(bytes: Uint8Array): Result<SyncMessage, SyncMessageFault> {
  const decoded = decodeCbor(bytes, 'signed', limits)
  if (!decoded.ok) return decoded
  const { value } = decoded
  if (!isList(value, 6)) return badShape('sync')
  const [kind, first] = value
  if (kind === wantKind) {
    const keys = isTuple(value, 2) ? decodeKeys(first) : undefined
    return keys === undefined ? badShape('want') : ok({ type: 'want', keys })
  }
  if (kind === giftKind) return decodeGift(value)
  if (!isUint(first)) return badShape('sync.session')
  const session = { number: Math.floor(first / 2), byOpener: first % 2 === 1 }
  const body = decodeBody(kind, value.slice(2))
  return body === undefined ? badShape('sync.body') : ok({ session, ...body })
}

function decodeBody(
  kind: CborValue | undefined,
  body: readonly CborValue[],
): SessionMessage | undefined {
  if (!isUint(kind, arities.length - 1) || body.length !== arities[kind]) return undefined
  const [first, second] = body
  switch (kind) {
    case kinds.open:
      return decodeOpen(body)
    case kinds.end: {
      const reason = isUint(first) ? endReasons[first] : undefined
      return reason === undefined ? undefined : { type: 'end', reason }
    }
    case kinds.coded:
      return isDepth(first) ? { type: 'coded', from: first, value: second! } : undefined
    case kinds.list:
      if (!isDepth(first) || !isBytesUpTo(second, maxListedKeys * keyBytesEach)) return undefined
      if (second.length % keyBytesEach !== 0) return undefined
      return { type: 'list', from: first, keys: second }
    case kinds.tell:
      return isDepth(first) ? { type: 'tell', from: first } : undefined
    case kinds.lacks:
      return isBytesUpTo(first, maxListedKeys / 8) ? { type: 'lacks', bits: first } : undefined
    case kinds.chunk: {
      const items = decodeItems(second)
      if (typeof first !== 'boolean' || items === undefined) return undefined
      return { type: 'chunk', last: first, items }
    }
    case kinds.credit:
      return isUint(first) ? { type: 'credit', bytes: first } : undefined
    default:
      return undefined
  }
}

function decodeOpen([salt, count, depth, fingerprints]: readonly CborValue[]):
  SessionMessage | undefined {
  if (!isBytes(salt, outlineSaltBytes) || !isUint(count, 2 ** 32) || !isDepth(depth)) {
    return undefined
  }
  if (!isBytesUpTo(fingerprints, maxCuts * fingerprintBytes)) return undefined
  if (fingerprints.length % fingerprintBytes !== 0) return undefined
  return { type: 'open', salt, count, depth, fingerprints }
}

function isDepth(value: CborValue | undefined): value is number {
  return isUint(value, beyondDepth)
}

/** Bytes of a key. */
const keyBytesEach: number = keyDigits / 2

function decodeKeys(value: CborValue | undefined): readonly string[] | undefined {
  if (!isList(value, maxWanted)) return undefined
  const keys: string[] = []
  for (const key of value) {
    if (!isBytes(key, keyBytesEach) && !isBytes(key, nameDigits / 2)) return undefined
    keys.push(toHex(key))
  }
  return keys
}

function decodeGift(value: readonly CborValue[]): Result<SyncMessage, SyncMessageFault> {
  if (!isTuple(value, 3)) return badShape('gift')
  const items = decodeItems(value[1])
  const absent = decodeKeys(value[2])
  if (items === undefined || absent === undefined) return badShape('gift')
  return ok({ type: 'gift', items, absent })
}

function encodeItems(items: readonly SyncItem[]): CborValue {
  return items.flatMap(({ kind, bytes }) => [kind, bytes])
}

/** Kinds and bytes by turns. */
function decodeItems(value: CborValue | undefined): readonly SyncItem[] | undefined {
  if (!isList(value, maxItems * 2) || value.length % 2 !== 0) return undefined
  const items: SyncItem[] = []
  for (let at = 0; at < value.length; at += 2) {
    const item = decodeItem(value[at], value[at + 1])
    if (item === undefined) return undefined
    items.push(item)
  }
  return items
}

function decodeItem(
  kind: CborValue | undefined,
  bytes: CborValue | undefined,
): SyncItem | undefined {
  if (!isUint(kind, 2) || !isBytesUpTo(bytes, maxItemBytes)) return undefined
  return { kind: kind as ItemKind, bytes }
}

/** What is published of an item. */
export function encodeAnnouncement(announcement: Announcement): Bytes {
  if (announcement.type === 'notice') {
    return encodeCbor([noticeKind, keyBytes(announcement.key), announcement.time])
  }
  return encodeCbor([announcement.item.kind, announcement.item.bytes])
}

export function decodeAnnouncement(bytes: Uint8Array): Result<Announcement, SyncMessageFault> {
  const decoded = decodeCbor(bytes, 'signed', limits)
  if (!decoded.ok) return decoded
  const { value } = decoded
  if (isTuple(value, 3) && value[0] === noticeKind) {
    const [, key, time] = value
    if (!isBytes(key, keyBytesEach) || !isUint(time)) return badShape('notice')
    return ok({ type: 'notice', key: toHex(key), time })
  }
  const item = isTuple(value, 2) ? decodeItem(value[0], value[1]) : undefined
  return item === undefined ? badShape('announcement') : ok({ type: 'item', item })
}
