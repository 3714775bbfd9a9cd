import { type Bytes, concat, fromHex, ok, type Result, toHex } from '@kithnet/kernel'
import {
  badShape,
  type CborFault,
  type CborLimits,
  type CborValue,
  decodeCbor,
  encodeCbor,
  hashBytes,
  isBytes,
  isBytesUpTo,
  isList,
  isTuple,
  isUint,
  publicKeyBytes,
  type ShapeFault,
  type Signed,
  signatureBytes,
} from '@kithnet/types'
import type { CosignFault } from '../faults.ts'
import { isNamespaces, maxCheckpointBytes } from './checkpoint.ts'
import { maxProofHashes } from './log-tree.ts'

/** A statement with the key that it is checked under. */
export interface SignedBy extends Signed {
  readonly publicKey: Uint8Array
}

/** Which comparison of two peers a message belongs to. */
export interface StateSession {
  /** The opener's number of it. */
  readonly number: number
  /** True when whoever opened it says this. */
  readonly byOpener: boolean
}

/** About a log, between its owner and a witness. */
export type LogMessage =
  /** The owner puts a checkpoint to a witness. */
  | {
      readonly type: 'offer'
      readonly checkpoint: SignedBy
      /** The body of the checkpoint where the proof starts; empty when it starts from nothing. */
      readonly basis: Uint8Array
      readonly proof: readonly Uint8Array[]
    }
  | { readonly type: 'cosigned'; readonly cosignature: SignedBy }
  | {
      readonly type: 'refused'
      readonly log: string
      readonly epoch: number
      readonly why: CosignFault['why']
      readonly knownEpoch: number
    }

/** About states, between any two peers. Only who opens a session asks. */
export type StateMessage =
  /** Asks for the last checkpoint, and to compare states when there is an opening of `@kithnet/reconcile`. */
  | {
      readonly type: 'open'
      readonly number: number
      readonly namespaces: readonly string[]
      readonly opening: CborValue
    }
  /** Answers it; without a checkpoint there is no more. */
  | {
      readonly type: 'shown'
      readonly number: number
      readonly checkpoint: SignedBy | undefined
    }
  | ({ readonly type: 'coded'; readonly value: CborValue } & StateSession)
  /** Asks for members by the hashes of their leaves. */
  | { readonly type: 'want'; readonly number: number; readonly ids: readonly string[] }
  /** Members in the order in which they were asked for: the first so many of them. */
  | {
      readonly type: 'members'
      readonly number: number
      readonly members: readonly Uint8Array[]
    }
  /** The sender is done with it. */
  | ({ readonly type: 'end' } & StateSession)

/** What peers say to each other about what they hold. */
export type WitnessMessage = LogMessage | StateMessage

/** Why bytes are no message. */
export type WitnessMessageFault = CborFault | ShapeFault

/** Most members that are asked for at once. Source: our choice. */
export const maxWantedMembers = 256
/** Longest member of a state that is committed here. Source: our choice. */
export const maxMemberBytes = 65_536
/** A message of members has no more bytes of them, but for its last. Source: our choice. */
export const membersBytes = 196_608
/** Source: sum of its parts, and of the longest message of `@kithnet/reconcile`, 32 KiB. */
export const maxWitnessMessageBytes: number = membersBytes + maxMemberBytes + 2_048

const limits: CborLimits = { maxBytes: maxWitnessMessageBytes, maxDepth: 8, maxItems: 4_096 }

const kinds = {
  offer: 0,
  cosigned: 1,
  refused: 2,
  open: 3,
  shown: 4,
  coded: 5,
  want: 6,
  members: 7,
  end: 8,
} as const

/** By their number on the wire. */
const reasons: readonly CosignFault['why'][] = [
  'rollback',
  'inconsistent',
  'fork',
  'busy',
  'full',
  'not-ready',
  'not-appointed',
]

export function encodeWitnessMessage(message: WitnessMessage): Bytes {
  return encodeCbor([kinds[message.type], ...fieldsOf(message)])
}

function fieldsOf(message: WitnessMessage): CborValue[] {
  switch (message.type) {
    case 'offer':
      return [signedValue(message.checkpoint), message.basis, message.proof]
    case 'cosigned':
      return [signedValue(message.cosignature)]
    case 'refused': {
      const { log, epoch, why, knownEpoch } = message
      return [fromHex(log)!, epoch, reasons.indexOf(why), knownEpoch]
    }
    case 'open':
      return [message.number, message.namespaces, message.opening]
    case 'shown': {
      const { checkpoint, number } = message
      return [number, checkpoint === undefined ? null : signedValue(checkpoint)]
    }
    case 'coded':
      return [sessionValue(message), message.value]
    case 'want':
      return [message.number, concat(...message.ids.map((id) => fromHex(id)!))]
    case 'members':
      return [message.number, message.members]
    case 'end':
      return [sessionValue(message)]
  }
}

/** The message of bytes; byte strings in it are views into them. */
export function decodeWitnessMessage(
  bytes: Uint8Array,
): Result<WitnessMessage, WitnessMessageFault> {
  const decoded = decodeCbor(bytes, 'signed', limits)
  if (!decoded.ok) return decoded
  if (!isList(decoded.value, 5)) return badShape('witnessMessage')
  const [kind, ...fields] = decoded.value
  const message = isUint(kind, 2) ? logMessage(kind, fields) : stateMessage(kind, fields)
  return message === undefined ? badShape(`witnessMessage.${nameOf(kind)}`) : ok(message)
}

function logMessage(kind: number, fields: readonly CborValue[]): LogMessage | undefined {
  const [first, second, third, fourth] = fields
  switch (kind) {
    case kinds.offer: {
      const checkpoint = signedOf(first)
      if (fields.length !== 3 || checkpoint === undefined) return undefined
      if (!isBytesUpTo(second, maxCheckpointBytes) || !isList(third, maxProofHashes)) {
        return undefined
      }
      const proof = third.filter((one) => isBytes(one, hashBytes))
      if (proof.length < third.length) return undefined
      return { type: 'offer', checkpoint, basis: second, proof }
    }
    case kinds.cosigned: {
      const cosignature = signedOf(first)
      if (fields.length !== 1 || cosignature === undefined) return undefined
      return { type: 'cosigned', cosignature }
    }
    default: {
      if (fields.length !== 4 || !isBytes(first, hashBytes)) return undefined
      if (!isUint(second) || !isUint(third) || !isUint(fourth)) return undefined
      const why = reasons[third]
      if (why === undefined) return undefined
      return { type: 'refused', log: toHex(first), epoch: second, why, knownEpoch: fourth }
    }
  }
}

function stateMessage(
  kind: CborValue | undefined,
  fields: readonly CborValue[],
): StateMessage | undefined {
  const [first, second, third] = fields
  switch (kind) {
    case kinds.open:
      if (fields.length !== 3 || !isUint(first) || !isNamespaces(second)) return undefined
      return { type: 'open', number: first, namespaces: second, opening: third ?? null }
    case kinds.shown: {
      if (fields.length !== 2 || !isUint(first)) return undefined
      if (second === null) return { type: 'shown', number: first, checkpoint: undefined }
      const checkpoint = signedOf(second)
      return checkpoint && { type: 'shown', number: first, checkpoint }
    }
    case kinds.coded: {
      const session = sessionOf(first)
      if (fields.length !== 2 || session === undefined) return undefined
      return { type: 'coded', ...session, value: second ?? null }
    }
    case kinds.want: {
      if (fields.length !== 2 || !isUint(first)) return undefined
      const ids = idsOf(second)
      return ids && { type: 'want', number: first, ids }
    }
    case kinds.members: {
      if (fields.length !== 2 || !isUint(first) || !isList(second, maxWantedMembers)) {
        return undefined
      }
      const members = second.filter((one) => isBytesUpTo(one, maxMemberBytes))
      if (members.length < second.length) return undefined
      return { type: 'members', number: first, members }
    }
    case kinds.end: {
      const session = sessionOf(first)
      return fields.length === 1 && session !== undefined ? { type: 'end', ...session } : undefined
    }
    default:
      return undefined
  }
}

function nameOf(kind: CborValue | undefined): string {
  return Object.entries(kinds).find(([, number]) => number === kind)?.[0] ?? 'kind'
}

function signedValue({ publicKey, body, signature }: SignedBy): CborValue {
  return [publicKey, body, signature]
}

function signedOf(value: CborValue | undefined): SignedBy | undefined {
  if (!isTuple(value, 3)) return undefined
  const [publicKey, body, signature] = value
  if (!isBytes(publicKey, publicKeyBytes) || !isBytes(signature, signatureBytes)) return undefined
  return isBytesUpTo(body, maxCheckpointBytes) ? { publicKey, body, signature } : undefined
}

function sessionValue({ number, byOpener }: StateSession): number {
  return number * 2 + (byOpener ? 1 : 0)
}

function sessionOf(value: CborValue | undefined): StateSession | undefined {
  if (!isUint(value)) return undefined
  return { number: Math.floor(value / 2), byOpener: value % 2 === 1 }
}

function idsOf(value: CborValue | undefined): readonly string[] | undefined {
  if (!isBytesUpTo(value, maxWantedMembers * hashBytes)) return undefined
  if (value.length === 0 || value.length % hashBytes > 0) return undefined
  const text = toHex(value)
  return text.match(/.{64}/g) ?? undefined
}
